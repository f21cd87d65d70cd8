// Directives that CoreDNS has and labdns has not: what is said about them (docs/differences.md).
import type { Directive } from '../corefile/load.ts'
import { CorefileError, type Position } from '../corefile/position.ts'
import type { ServerKey } from '../corefile/server-key.ts'

/** What watches queries and has no part in their answers: a configuration serves the same without it. */
const WATCHERS: ReadonlySet<string> = new Set(['pprof', 'trace', 'dnstap'])

/** What to do without a plugin, where there is something better to say than to leave it out. */
const REPLACEMENTS: Readonly<Record<string, string>> = {
  grpc: 'forward reaches upstreams over UDP, TCP, TLS and HTTPS',
  grpc_server: 'tls:// and https:// keys are served',
  https3: 'https:// keys are served over HTTP/2',
  quic: 'tls:// keys are served',
  sign: 'a zone file that is signed already can be served by file',
  dnssec: 'a zone file that is signed already can be served by file'
}

/** Whether answers stay the same when a directive is left out. */
export const changesNoAnswer = (name: string): boolean => WATCHERS.has(name)

/**
 * `Corefile:3 - labdns does not have the plugin 'geoip': take out Corefile:3-6`. The lines of each occurrence, to the end
 * of its block.
 */
export function missingPlugin(directive: Directive): CorefileError {
  const { name, starts } = directive
  const at = starts[0]
  const place = at === undefined ? '' : `${at.file}:${at.line} - `
  const message = `${place}labdns does not have the plugin '${name}': take out ${linesOf(directive)}`
  return new CorefileError('UNKNOWN_DIRECTIVE', message, at, hint(name))
}

/** Whether a key's transport is one that labdns serves. */
export const isServed = ({ transport }: ServerKey): boolean =>
  transport === 'dns' || transport === 'tls' || transport === 'https'

/** `Corefile:1 - labdns does not serve 'quic://.': take out this key`. */
export function missingTransport({ transport, token }: ServerKey): CorefileError {
  const { file, line } = token.at
  const message = `${file}:${line} - labdns does not serve '${token.text}': take out this key`
  const instead =
    transport === 'https3' ? 'https:// keys are served over HTTP/2' : 'tls:// and https:// keys are served'
  return new CorefileError('BAD_VALUE', message, token.at, instead)
}

/** The warning where a directive is left out instead. */
export const leftOut = (directive: Directive): string =>
  `there is no plugin '${directive.name}' here, and it changes no answer: ${linesOf(directive)} left out`

function hint(name: string): string {
  if (changesNoAnswer(name)) return `it changes no answer: with --lenient labdns warns and goes on without it`
  const replacement = REPLACEMENTS[name]
  const otherwise = 'or serve this block with CoreDNS'
  return replacement === undefined ? `without these lines the rest can be served, ${otherwise}` : replacement
}

/** `Corefile:3-6, Corefile:9`: every line that belongs to the directive. */
function linesOf(directive: Directive): string {
  const ranges: { readonly first: Position; last: number }[] = []
  const c = directive.dispenser()
  while (c.next()) {
    const { at, text } = c.token()
    const begins = directive.starts.some(
      start => start.file === at.file && start.line === at.line && start.column === at.column
    )
    if (begins) ranges.push({ first: at, last: at.line })
    const range = ranges.at(-1)
    // A quoted word may span lines.
    if (range?.first.file === at.file)
      range.last = Math.max(range.last, at.line + text.split('\n').length - 1)
  }
  return ranges
    .map(({ first, last }) => `${first.file}:${first.line}${last > first.line ? `-${last}` : ''}`)
    .join(', ')
}
