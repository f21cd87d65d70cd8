// The resolver of musl: getaddrinfo of Alpine and of static programs. resolver-semantics.md §2.2.
import type { Reply } from '../network.ts'
import type { ResolverModel, Source, StepEnd } from '../model.ts'
import { absolute, inetAton, isIPv6, isWireName, octetsOf, scopedAddress } from '../names.ts'
import { processOf, type Finding, type Lookup } from '../process.ts'
import type { Draft, Grammar } from '../resolv-conf/grammar.ts'
import { digits } from '../resolv-conf/numbers.ts'
import { parseResolvConf, shown } from '../resolv-conf/parse.ts'
import { Socket, type Arrival, type SentQuery, type Steps } from '../session.ts'
import {
  candidates,
  joinPlainly,
  nothingFound,
  walk,
  type Candidate,
  type Outcome,
  type WalkRules
} from '../walk.ts'

const BLANKS = ' \t\n\v\f\r'
const SERVFAIL = 2
const NXDOMAIN = 3
/** Of a process that died of signal 8, as a shell gives it. */
const SIGFPE_EXIT_CODE = 136
/** Octets of a name and of what a search domain makes of it. */
const NAME_OCTETS_MAX = 254

/** What changed between 1.2.3 and 1.2.5. */
interface MuslVersion {
  /** A truncated answer is asked for again over TCP (1.2.4); before, what is in it is used. */
  readonly tcp: boolean
  /** A name that can't be put into a query does not exist; before, the whole lookup fails at once. */
  readonly badNamesAreMissing: boolean
  /** A name of two trailing dots is put on the wire as octets that no server can read (before 1.2.4: `search .`). */
  readonly malformsRoot: boolean
  readonly noDataError: 'EAI_NODATA' | 'EAI_NONAME'
}

const versions: Readonly<Record<'1.2.3' | '1.2.5', MuslVersion>> = {
  '1.2.3': { tcp: false, badNamesAreMissing: false, malformsRoot: true, noDataError: 'EAI_NONAME' },
  '1.2.5': { tcp: true, badNamesAreMissing: true, malformsRoot: false, noDataError: 'EAI_NODATA' }
}

const grammar: Grammar = {
  defaults: { ndots: 1, timeoutMs: 5000, attempts: 2 },
  blanksBeforeKeyword: false,
  // No comments as such: an unknown first word makes a line of no effect.
  comments: { characters: '', place: 'column 0' },
  separators: BLANKS,
  lineOctets: { max: 255, beyond: 'passed over' },
  nul: 'passes over its line and the next',
  search: { empty: 'clears' },
  domain: { words: 'all', afterSearch: 'replaces' },
  withoutSearch: 'nothing',
  servers: { max: 3, read: readServer, none: ['127.0.0.1'] },
  options: readOptions,
  environment: {}
}

function readServer(word: string): string | undefined {
  return inetAton(word) ?? (isIPv6(word) ? scopedAddress(word) : undefined)
}

/** Each number is looked for anywhere in the line, once; where no digit follows it, it stays what it was. */
function readOptions(text: string, draft: Draft, warn: (message: string) => void): void {
  const number = (key: string, most: number): number | undefined => {
    const at = text.indexOf(key)
    if (at < 0) return undefined
    const value = digits(text.slice(at + key.length))
    if (value === undefined) warn(`${shown([text.slice(at, at + 20)])}: no number, nothing changes`)
    else if (value > most) warn(`${key}${value} is over ${most}: ${most} is used`)
    return value === undefined ? undefined : Math.min(value, most)
  }
  draft.ndots = number('ndots:', 15) ?? draft.ndots
  draft.attempts = number('attempts:', 10) ?? draft.attempts
  const seconds = number('timeout:', 60)
  if (seconds !== undefined) draft.timeoutMs = seconds * 1000
  if (draft.attempts === 0) warn('attempts:0: the program divides by zero and dies')
  if (seconds === 0) warn('timeout:0: no query is ever sent')
  for (const word of text.split(/\s+/))
    if (word !== '' && !/^(ndots|attempts|timeout):/.test(word)) warn(`unknown option ${shown([word])}`)
}

const rules: WalkRules = {
  enoughDots: 'as-is',
  fewDots: 'the list, then as-is',
  join: (name, domain) => (octetsOf(name) + octetsOf(domain) < 255 ? joinPlainly(name, domain) : undefined)
}

interface MuslOutcome extends Outcome {
  /** `undefined` for an answer; `missing` lets the walk go on, all else ends it. */
  readonly error: 'missing' | 'EAI_AGAIN' | 'EAI_FAIL' | 'EAI_NODATA' | 'EAI_NONAME' | undefined
}

function* getaddrinfo(lookup: Lookup, version: MuslVersion): Steps<Finding> {
  const { session, config, request } = lookup
  const { name, family } = request
  const octets = octetsOf(name)
  if (octets === 0 || octets > NAME_OCTETS_MAX) return { error: 'EAI_NONAME' }
  const literal = readServer(name)
  if (literal !== undefined) {
    const fits = family === 'unspec' || isIPv6(literal) === (family === 'inet6')
    return fits ? { error: null, addresses: [literal], canonicalName: name } : { error: version.noDataError }
  }
  const types = family === 'unspec' ? ['A', 'AAAA'] : family === 'inet' ? ['A'] : ['AAAA']
  // Letter case counts in /etc/hosts.
  const known = (config.hosts.get(name) ?? nothingFound).filter(address =>
    types.includes(isIPv6(address) ? 'AAAA' : 'A')
  )
  if (known.length > 0) return { error: null, addresses: known, canonicalName: name }
  if (config.attempts === 0) return { error: 'SIGFPE', exitCode: SIGFPE_EXIT_CODE }
  const bare = name.endsWith('.') ? name.slice(0, -1) : name
  if (bare === '' || bare.endsWith('.')) return { error: 'EAI_NONAME' }
  let last: MuslOutcome | undefined
  const found = yield* walk(
    session,
    lookup.steps,
    candidates(name, config.ndots, config.search, rules),
    candidate => askFor(lookup, candidate, types, version),
    outcome => {
      last = outcome
      if (outcome.error === undefined) return 'found'
      return outcome.error === 'missing' ? 'next' : 'stop'
    }
  )
  if (found === undefined) {
    const error = last?.error ?? 'missing'
    return { error: error === 'missing' ? 'EAI_NONAME' : error }
  }
  const canonical = absolute(found.alias ?? '').slice(0, -1)
  return { error: null, addresses: found.addresses, canonicalName: canonical }
}

/** Asks for one name, and judges: every query must have been answered, A before AAAA (`name_from_dns`). */
function* askFor(
  lookup: Lookup,
  { name }: Candidate,
  types: readonly string[],
  version: MuslVersion
): Steps<MuslOutcome> {
  const stripped = name.endsWith('.') ? name.slice(0, -1) : name
  const twoDots = stripped.endsWith('.')
  const malformed = twoDots && version.malformsRoot
  if (!isWireName(stripped) || (twoDots && !malformed)) {
    const error = version.badNamesAreMissing ? 'missing' : 'EAI_NONAME'
    return { end: 'not a name', addresses: nothingFound, error }
  }
  const replies = yield* exchange(lookup, absolute(stripped), types, version, malformed)
  let addresses: readonly string[] = nothingFound
  let alias: string | undefined
  for (const reply of replies) {
    if (reply === undefined || reply.rcode === SERVFAIL)
      return {
        end: reply === undefined ? 'timeout' : 'SERVFAIL',
        addresses: nothingFound,
        error: 'EAI_AGAIN'
      }
    if (reply.rcode === NXDOMAIN) return { end: 'NXDOMAIN', addresses: nothingFound, error: 'missing' }
    if (reply.rcode !== 0) return { end: 'other', addresses: nothingFound, error: 'EAI_FAIL' }
    addresses = [...addresses, ...reply.addresses]
    alias ??= reply.alias
  }
  if (addresses.length > 0) return { end: 'answer', addresses, alias: alias ?? name, error: undefined }
  const end: StepEnd = alias === undefined ? 'NODATA' : 'alias only'
  return { end, addresses: nothingFound, error: version.noDataError }
}

/**
 * Every query to every server at once, again every `timeout / attempts` for those without an answer (`res_msend`). Only
 * NOERROR and NXDOMAIN are answers; SERVFAIL is asked again at once, a few times; all else is as if nothing had come.
 */
function* exchange(
  { session, config }: Lookup,
  name: string,
  types: readonly string[],
  version: MuslVersion,
  malformed: boolean
): Steps<readonly (Reply | undefined)[]> {
  const { servers, timeoutMs, attempts } = config
  const intervalMs = Math.trunc(timeoutMs / attempts)
  const endMs = session.nowMs + timeoutMs
  const sockets = servers.map(() => new Socket())
  const replies: (Reply | undefined)[] = types.map(() => undefined)
  const overTcp = new Set<number>()
  let left = types.length
  const send = (query: number, server: number, transport: 'udp' | 'tcp', socket: Socket) => {
    const type = types[query] as string
    const message = malformed
      ? { name: null, type: null, malformed: malformedQuestion(name, type) }
      : { name, type }
    asked.set(session.send({ ...message, transport, server: servers[server] as string }, socket), query)
  }
  // Which of `types` the messages stand for: a malformed one does not say.
  const asked = new Map<SentQuery, number>()
  for (let round = 1; round <= attempts && session.nowMs < endMs && left > 0; round++) {
    for (let query = 0; query < types.length; query++)
      if (replies[query] === undefined && !overTcp.has(query))
        for (let server = 0; server < servers.length; server++)
          send(query, server, 'udp', sockets[server] as Socket)
    let servfailRetries = 2 * types.length
    // What is left of the division belongs to the last round: a wait is never early, so there is no round more.
    const untilMs = round === attempts ? endMs : session.nowMs + intervalMs
    let arrival: Arrival | undefined
    while (left > 0 && (arrival = yield { untilMs }) !== undefined) {
      const query = asked.get(arrival.query) ?? -1
      const { reply } = arrival
      if (query < 0 || reply === undefined || replies[query] !== undefined) continue
      const server = servers.indexOf(arrival.query.server)
      if (reply.rcode === SERVFAIL && servfailRetries > 0 && arrival.query.transport === 'udp') {
        servfailRetries--
        send(query, server, 'udp', arrival.socket)
        continue
      }
      if (reply.rcode !== 0 && reply.rcode !== NXDOMAIN) continue
      if (reply.truncated && version.tcp && arrival.query.transport === 'udp') {
        if (overTcp.has(query)) continue
        overTcp.add(query)
        send(query, server, 'tcp', new Socket())
        continue
      }
      replies[query] = reply
      left--
    }
  }
  for (const socket of sockets) socket.close()
  return replies
}

const typeNumbers: Readonly<Record<string, number>> = { A: 1, AAAA: 28 }

/** The octets after the message id of a question for a name whose last label is empty (`search .` before 1.2.4). */
function malformedQuestion(name: string, type: string): string {
  const hex = (value: number) => value.toString(16).padStart(2, '0')
  const labels = name.slice(0, -1).split('.')
  const octets = labels
    .map(label => hex(label.length) + Buffer.from(label, 'latin1').toString('hex'))
    .join('')
  return `01000001000000000000${octets}2e00${hex(typeNumbers[type] ?? 0)}000100`
}

const sources: readonly Source[] = [
  {
    behaviour: 'grammar and limits of resolv.conf',
    recorded: ['search-*', 'domain-*', 'options-*', 'opt-*']
  },
  { behaviour: 'search walk', recorded: ['k8s-*', 'ndots*', 'trailing-*'] },
  { behaviour: 'what ends a walk, and the error', recorded: ['stop-*', 'mix-*', 'family-*'] },
  { behaviour: 'all servers at once, retries', recorded: ['ns*'] },
  { behaviour: 'truncation', recorded: ['tc-*'] },
  { behaviour: 'AI_ADDRCONFIG drops nothing', recorded: ['hints-*'] },
  { behaviour: 'lengths of joined names', rule: 'resolver-semantics.md §1.5' }
]

export const muslModels: readonly ResolverModel[] = (['1.2.3', '1.2.5'] as const).map(version => ({
  name: `musl-${version}`,
  program: `musl ${version}, getaddrinfo`,
  sources,
  parse: (text, environment) => parseResolvConf(text, grammar, environment),
  start: (config, chance) => processOf(config, chance, lookup => getaddrinfo(lookup, versions[version]))
}))
