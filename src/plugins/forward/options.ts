// The options of one `forward` line and its block (corefile-and-plugins.md §8.7).
import { parseIp, splitHostPort } from '../../corefile/addresses.ts'
import type { Dispenser } from '../../corefile/dispenser.ts'
import type { Token } from '../../corefile/position.ts'
import {
  formatDuration,
  parseDuration,
  parseInteger,
  parseUnsigned,
  quoteText
} from '../../corefile/values.ts'
import { makeZone, readZones, type Zone } from '../../corefile/zones.ts'
import type { HttpMethod } from '../../upstream/https-channel.ts'
import type { PolicyName } from '../../upstream/policy.ts'
import { encodeName, parseName, type Name } from '../../wire/name.ts'
import { Rcode } from '../../wire/numbers.ts'

export interface ForwardOptions {
  /** The base zone, and the word it was read from. */
  from: Zone
  fromWord: string
  /** The words that name upstreams. */
  to: readonly Token[]
  except: Zone[]
  forceTcp: boolean
  preferUdp: boolean
  /** All times in milliseconds. */
  expireMs: number
  maxAgeMs: number
  /** Unused sockets to keep; 0: as many as there are. */
  idleMax: number
  readLimitMs: number
  /** Failed probes before an upstream counts as down; 0: never. */
  failsMax: number
  /** Failed attempts of one query; 0: no limit; undefined: two for each upstream. */
  attemptsMax: number | undefined
  policy: PolicyName
  probeIntervalMs: number
  probeRecursion: boolean
  probeDomain: Name
  /** Queries at once; 0: no limit of its own. */
  concurrentMax: number
  /** The limit as written. */
  concurrentText: string
  /** Rcodes with which the next line is asked. */
  next: Set<number>
  nextOnNodata: boolean
  failfast: boolean
  /** Rcodes with which the next upstream is asked. */
  failover: Set<number>
  sourceAddress: string | undefined
  /** Servers that host names among the upstreams are looked up with; the system's own way when empty. */
  resolver: readonly string[]
  /** How `https://` upstreams are asked. */
  httpMethod: HttpMethod
  /** Files of the `tls` line: none, CA, certificate and key, or all three. */
  tlsFiles: readonly Token[]
  tlsServerName: string
}

/** Reads one occurrence, from its name to the end of its block. Throws CorefileError. */
export function readForward(c: Dispenser): ForwardOptions {
  if (!c.nextArg()) throw c.argErr('forward takes a zone and the servers to ask: forward . 9.9.9.9')
  const fromWord = c.token()
  const [from] = readZones(fromWord.text)
  if (from === undefined) throw c.bareErr(`unable to normalize '${fromWord.text}'`, undefined, fromWord)
  const to = c.remainingTokens()
  if (to.length === 0) throw c.argErr('name at least one server, or a file such as /etc/resolv.conf')
  const options = defaults(from, fromWord.text, to)
  while (c.nextBlock()) readOption(c, options)
  if (options.maxAgeMs > 0 && options.maxAgeMs < options.expireMs) {
    const [age, expire] = [formatDuration(options.maxAgeMs), formatDuration(options.expireMs)]
    throw c.bareErr(`max_age (${age}) must not be less than expire (${expire})`)
  }
  return options
}

/** How many zones a FROM in CIDR notation stands for; all but the first are left out. */
export const zoneCount = (word: string): number => readZones(word).length

function defaults(from: Zone, fromWord: string, to: readonly Token[]): ForwardOptions {
  return {
    from,
    fromWord,
    to,
    except: [],
    forceTcp: false,
    preferUdp: false,
    expireMs: 10_000,
    maxAgeMs: 0,
    idleMax: 0,
    readLimitMs: 2000,
    failsMax: 2,
    attemptsMax: undefined,
    policy: 'random',
    probeIntervalMs: 500,
    probeRecursion: true,
    probeDomain: encodeName('.'),
    concurrentMax: 0,
    concurrentText: '',
    next: new Set(),
    nextOnNodata: false,
    failfast: false,
    failover: new Set(),
    sourceAddress: undefined,
    resolver: [],
    httpMethod: 'POST',
    tlsFiles: [],
    tlsServerName: ''
  }
}

type ReadOption = (c: Dispenser, options: ForwardOptions) => void

const readers: Readonly<Record<string, ReadOption>> = {
  except: (c, options) => {
    options.except.push(...some(c).flatMap(word => readZones(word.text)))
  },
  force_tcp: (c, options) => {
    options.forceTcp = alone(c)
  },
  prefer_udp: (c, options) => {
    options.preferUdp = alone(c)
  },
  expire: (c, options) => {
    options.expireMs = duration(c, 'expire')
  },
  max_age: (c, options) => {
    options.maxAgeMs = duration(c, 'max_age')
  },
  max_idle_conns: (c, options) => {
    options.idleMax = notNegative(c, 'max_idle_conns').value
  },
  read_timeout: (c, options) => {
    const word = one(c)
    const ms = durationOf(c, word)
    if (ms <= 0) throw c.bareErr(`read_timeout must be positive: ${formatDuration(ms)}`, undefined, word)
    options.readLimitMs = ms
  },
  max_fails: (c, options) => {
    options.failsMax = unsigned(c)
  },
  max_connect_attempts: (c, options) => {
    options.attemptsMax = unsigned(c)
  },
  doh_method: (c, options) => {
    const word = one(c)
    if (word.text !== 'POST' && word.text !== 'GET') {
      throw c.bareErr('doh_method must be either POST or GET', undefined, word)
    }
    options.httpMethod = word.text
  },
  tls: (c, options) => {
    const words = c.remainingTokens()
    if (words.length > 3) throw c.argErr('tls takes a CA, a certificate and a key, or all three')
    options.tlsFiles = words
  },
  tls_servername: (c, options) => {
    options.tlsServerName = one(c).text
  },
  policy: (c, options) => {
    const { text } = one(c)
    if (text !== 'random' && text !== 'round_robin' && text !== 'sequential') {
      throw c.errf(`unknown policy '${text}'`, 'it is random, round_robin or sequential')
    }
    options.policy = text
  },
  health_check: readHealthCheck,
  max_concurrent: (c, options) => {
    const { value, text } = notNegative(c, 'max_concurrent')
    options.concurrentMax = value
    options.concurrentText = text
  },
  next: (c, options) => {
    for (const word of some(c)) options.next.add(rcode(c, word))
  },
  next_on_nodata: (c, options) => {
    options.nextOnNodata = alone(c)
  },
  failfast_all_unhealthy_upstreams: (c, options) => {
    if (c.remainingArgs().length > 0) throw c.argErr()
    options.failfast = true
  },
  failover: (c, options) => {
    for (const word of some(c)) {
      const number = rcode(c, word)
      if (number === Rcode.NOERROR) throw c.bareErr('NoError cannot be used in failover', undefined, word)
      options.failover.add(number)
    }
  },
  source_address: (c, options) => {
    const { text } = one(c)
    if (parseIp(text) === undefined) throw c.errf(`invalid IP address: ${text}`)
    options.sourceAddress = text
  },
  resolver: (c, options) => {
    const words = some(c)
    for (const word of words) {
      const split = splitHostPort(word.text)
      if (parseIp(split.error === undefined ? split.value.host : word.text) === undefined) {
        throw c.bareErr(`resolver must be an IP address or IP:port: ${quoteText(word.text)}`, undefined, word)
      }
    }
    options.resolver = words.map(word => word.text)
  }
}

function readOption(c: Dispenser, options: ForwardOptions): void {
  const read = Object.hasOwn(readers, c.val()) ? readers[c.val()] : undefined
  if (read === undefined) throw c.unknownProperty(Object.keys(readers))
  read(c, options)
}

/** `health_check DURATION [no_rec] [domain FQDN]` */
function readHealthCheck(c: Dispenser, options: ForwardOptions): void {
  const word = one(c)
  const ms = durationOf(c, word)
  // CoreDNS prints the number of nanoseconds here.
  if (ms < 0) throw c.bareErr(`health_check can't be negative: ${Math.round(ms * 1e6)}`, undefined, word)
  options.probeIntervalMs = ms
  options.probeDomain = encodeName('.')
  while (c.nextArg()) {
    if (c.val() === 'no_rec') options.probeRecursion = false
    else if (c.val() === 'domain') {
      if (!c.nextArg()) throw c.argErr('domain takes the name to ask for')
      const name = parseName(makeZone(c.val()).zone)
      if (name === undefined) throw c.bareErr(`health_check: invalid domain name ${c.val()}`)
      options.probeDomain = name
    } else throw c.bareErr(`health_check: unknown option ${c.val()}`, 'it knows no_rec and domain')
  }
}

/** The next word of the line, which must be there. */
function one(c: Dispenser): Token {
  if (!c.nextArg()) throw c.argErr()
  return c.token()
}

/** All words of the line, of which there must be one. */
function some(c: Dispenser): Token[] {
  const words = c.remainingTokens()
  if (words.length === 0) throw c.argErr()
  return words
}

/** An option without words: it is on. */
function alone(c: Dispenser): true {
  if (c.nextArg()) throw c.argErr()
  return true
}

function durationOf(c: Dispenser, word: Token): number {
  const parsed = parseDuration(word.text)
  if (parsed.error !== undefined) throw c.bareErr(parsed.error, 'write it with a unit, such as 2s', word)
  return parsed.value
}

function duration(c: Dispenser, option: string): number {
  const word = one(c)
  const ms = durationOf(c, word)
  if (ms < 0) throw c.bareErr(`${option} can't be negative: ${formatDuration(ms)}`, undefined, word)
  return ms
}

function unsigned(c: Dispenser): number {
  const word = one(c)
  const parsed = parseUnsigned(word.text, 32)
  if (parsed.error !== undefined) throw c.bareErr(parsed.error, undefined, word)
  return parsed.value
}

function notNegative(c: Dispenser, option: string): { readonly value: number; readonly text: string } {
  const word = one(c)
  const parsed = parseInteger(word.text)
  if (parsed.error !== undefined) throw c.bareErr(parsed.error, undefined, word)
  if (parsed.value < 0) throw c.bareErr(`${option} can't be negative: ${parsed.value}`, undefined, word)
  return { value: parsed.value, text: word.text }
}

/** Names only; numbers are none. */
function rcode(c: Dispenser, word: Token): number {
  const name = word.text.toUpperCase()
  if (Object.hasOwn(Rcode, name)) return Rcode[name as keyof typeof Rcode]
  throw c.bareErr(`${word.text} is not a valid rcode`, undefined, word)
}
