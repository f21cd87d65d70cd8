// A log format, compiled once into its parts (corefile-and-plugins.md §8.2).
import type { Answer } from '../../dns/answer.ts'
import type { LogFields } from '../../runtime/log.ts'
import { queryLength, queryNameText } from '../../dns/query-text.ts'
import type { Query } from '../../dns/query.ts'
import { rclassName, rcodeName, rtypeName } from '../../wire/numbers.ts'

export const COMMON_FORMAT =
  '{remote}:{port} - {>id} "{type} {class} {name} {proto} {size} {>do} {>bufsize}" {rcode} {>rflags} {rsize} {duration}'
export const COMBINED_FORMAT = `${COMMON_FORMAT} "{>opcode}"`

/** One query and its answer. */
export interface LogEntry {
  readonly query: Query
  readonly answer: Answer
  readonly durationMs: number
}

type Part = string | ((entry: LogEntry) => string)

const placeholders: Readonly<Record<string, (entry: LogEntry) => string>> = {
  '{type}': ({ query }) => rtypeName(query.qtype),
  '{class}': ({ query }) => rclassName(query.qclass),
  '{name}': ({ query }) => queryNameText(query),
  '{proto}': ({ query }) => protocol(query),
  '{size}': ({ query }) => String(queryLength(query)),
  '{remote}': ({ query }) => bracketed(query.peer.address),
  '{port}': ({ query }) => String(query.peer.port),
  '{local}': ({ query }) => query.listener.address,
  '{>id}': ({ query }) => String(query.id),
  '{>opcode}': ({ query }) => String(query.opcode),
  '{>do}': ({ query }) => String(query.dnssecOk),
  '{>bufsize}': ({ query }) => String(query.sizeMax),
  '{rcode}': ({ answer }) => (answer.dropped ? '-' : rcodeText(answer.rcode)),
  '{>rflags}': ({ answer }) => (answer.dropped ? '-' : flagsText(answer.flags)),
  '{rsize}': ({ answer }) => String(responseLength(answer)),
  '{duration}': ({ durationMs }) => `${secondsText(durationMs)}s`
}

/** The default format: what nearly all lines are written with, so in one go. */
function commonText({ query, answer, durationMs }: LogEntry): string {
  const { peer } = query
  const sent = !answer.dropped
  return (
    `${bracketed(peer.address)}:${peer.port} - ${query.id} "${rtypeName(query.qtype)} ${rclassName(query.qclass)} ` +
    `${queryNameText(query)} ${protocol(query)} ${queryLength(query)} ${query.dnssecOk} ${query.sizeMax}" ` +
    `${sent ? rcodeText(answer.rcode) : '-'} ${sent ? flagsText(answer.flags) : '-'} ${responseLength(answer)} ` +
    `${secondsText(durationMs)}s`
  )
}

/** Compiles a format: placeholders that nobody knows stay as they are typed, `{/label}` reads metadata. */
export function compileFormat(format: string): (entry: LogEntry) => string {
  if (format === COMMON_FORMAT) return commonText
  const parts: Part[] = []
  let end = 0
  for (const match of format.matchAll(/\{[^{}]*\}/g)) {
    const [word] = match
    const value = word.startsWith('{/') ? metadata(word.slice(2, -1)) : placeholders[word]
    if (value === undefined) continue
    parts.push(format.slice(end, match.index), value)
    end = match.index + word.length
  }
  parts.push(format.slice(end))
  return entry => {
    let line = ''
    for (const part of parts) line += typeof part === 'string' ? part : part(entry)
    return line
  }
}

/** The same as fields of a JSON line. Their names stay as they are. */
export function logFields({ query, answer, durationMs }: LogEntry): LogFields {
  const sent = !answer.dropped
  return {
    client: query.peer.address,
    port: query.peer.port,
    id: query.id,
    name: queryNameText(query),
    type: rtypeName(query.qtype),
    class: rclassName(query.qclass),
    proto: protocol(query),
    opcode: query.opcode,
    size: queryLength(query),
    do: query.dnssecOk,
    bufsize: query.sizeMax,
    rcode: sent ? rcodeText(answer.rcode) : undefined,
    rflags: sent ? flagsText(answer.flags) : undefined,
    rsize: responseLength(answer),
    duration: Math.max(0, Math.round(durationMs * 1e6)) / 1e9,
    server: query.listener.label
  }
}

const metadata =
  (label: string) =>
  ({ query }: LogEntry): string =>
    query.metadata?.get(label) ?? '-'

const protocol = (query: Query): string => (query.transport === 'udp' ? 'udp' : 'tcp')

const bracketed = (address: string): string => (address.includes(':') ? `[${address}]` : address)

/** `NXDOMAIN`, or the number of an rcode without a name. */
function rcodeText(rcode: number): string {
  const name = rcodeName(rcode)
  return name.startsWith('RCODE') ? String(rcode) : name
}

const FLAG_NAMES: readonly (readonly [number, string])[] = [
  [0x0400, 'aa'],
  [0x0200, 'tc'],
  [0x0100, 'rd'],
  [0x0080, 'ra'],
  [0x0040, 'z'],
  [0x0020, 'ad'],
  [0x0010, 'cd']
]

/** By the seven bits that have names. */
const flagsTexts: readonly string[] = Array.from({ length: 128 }, (_, bits) =>
  FLAG_NAMES.reduce((text, [bit, name]) => ((bits << 4) & bit ? `${text},${name}` : text), 'qr')
)

const flagsText = (flags: number): string => flagsTexts[(flags >> 4) & 0x7f] as string

/** As CoreDNS counts: without compression, and without an OPT that the server itself adds. */
export function responseLength(answer: Answer): number {
  if (answer.dropped) return 0
  if (answer.opt === undefined) return answer.plainLength
  return answer.opt.options.reduce((total, option) => total + 4 + option.data.length, answer.plainLength + 11)
}

/** Seconds as a decimal number in its shortest form, from milliseconds; to the nanosecond. */
export function secondsText(ms: number): string {
  const nanoseconds = Math.max(0, Math.round(ms * 1e6))
  const whole = Math.floor(nanoseconds / 1e9)
  let fraction = nanoseconds % 1e9
  if (fraction === 0) return String(whole)
  let digits = 9
  for (; fraction % 10 === 0; fraction /= 10) digits--
  return `${whole}.${String(fraction).padStart(digits, '0')}`
}
