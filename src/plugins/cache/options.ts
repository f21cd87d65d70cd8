// The options of a `cache` line and its block (corefile-and-plugins.md §8.8), with CoreDNS's defaults.
import type { Dispenser } from '../../corefile/dispenser.ts'
import type { Token } from '../../corefile/position.ts'
import { parseDuration, parseInteger, parseSize } from '../../corefile/values.ts'
import { makeZone, readZones, zonesOrKeys, type Zone } from '../../corefile/zones.ts'

/** One of the two kinds of answers. All times in seconds. */
export interface CacheKind {
  capacity: number
  ttlMax: number
  ttlMin: number
  /** Zones of which no such answers are kept; the root for all. */
  disabled: readonly Zone[]
}

export interface CacheOptions {
  zones: readonly Zone[]
  readonly success: CacheKind
  readonly denial: CacheKind
  /** Hits that make an answer worth refreshing; 0: none is. */
  prefetchAmount: number
  prefetchMs: number
  prefetchPercent: number
  /** How long answers are served beyond their time; undefined: not at all. */
  staleMs: number | undefined
  staleVerify: boolean
  staleVerifyMs: number
  staleTtlSeconds: number
  staleRecheckMs: number
  preferPositive: boolean
  servfailMs: number
  keepTtl: boolean
  /** The most octets that all caches of the process take together, and the word that said so; labdns's own option. */
  octetsMax: { readonly octets: number; readonly word: Token } | undefined
}

/** The bound on octets where no stanza names one. */
export const OCTETS_MAX_DEFAULT = 32 * 1024 * 1024
/** Below this, one answer of 64 KiB would push most others out; above it, one buffer can't hold them. */
const OCTETS_MAX_LEAST = 1024 * 1024
const OCTETS_MAX_MOST = 1024 * 1024 * 1024

const HOUR_MS = 3_600_000
const RECHECK_MAX_MS = 300_000
const SERVFAIL_MAX_MS = 300_000

export function readCache(c: Dispenser, keys: readonly Zone[]): CacheOptions {
  const options = defaults(keys)
  let occurrences = 0
  while (c.next()) {
    if (occurrences++ > 0) throw c.onceErr()
    readLine(c, options, keys)
    let policyGiven = false
    while (c.nextBlock()) {
      if (c.val() === 'serve_stale_policy') {
        if (policyGiven) throw c.bareErr('serve_stale_policy can only be specified once')
        policyGiven = true
      }
      const read = Object.hasOwn(readers, c.val()) ? readers[c.val()] : undefined
      if (read === undefined) throw c.argErr(`cache knows ${Object.keys(readers).join(', ')}`)
      read(c, options)
    }
    if (policyGiven && options.staleMs === undefined)
      throw c.bareErr('serve_stale_policy requires serve_stale')
  }
  return options
}

function defaults(zones: readonly Zone[]): CacheOptions {
  return {
    zones,
    success: { capacity: 10_000, ttlMax: 3600, ttlMin: 5, disabled: [] },
    denial: { capacity: 10_000, ttlMax: 1800, ttlMin: 5, disabled: [] },
    prefetchAmount: 0,
    prefetchMs: 60_000,
    prefetchPercent: 10,
    staleMs: undefined,
    staleVerify: false,
    staleVerifyMs: 0,
    staleTtlSeconds: 0,
    staleRecheckMs: 0,
    preferPositive: false,
    servfailMs: 5000,
    keepTtl: false,
    octetsMax: undefined
  }
}

/** `cache [TTL] [ZONES…]`: the first word is a TTL when it is a whole number. */
function readLine(c: Dispenser, options: CacheOptions, keys: readonly Zone[]): void {
  const words = c.remainingTokens()
  const [first] = words
  const ttl = first === undefined ? undefined : parseInteger(first.text)
  if (ttl?.error === undefined && ttl !== undefined) {
    options.success.ttlMax = options.denial.ttlMax = positive(c, ttl.value, first)
    words.shift()
  }
  options.zones = zonesOrKeys(
    words.map(word => word.text),
    keys
  )
}

type ReadOption = (c: Dispenser, options: CacheOptions) => void

const readers: Readonly<Record<string, ReadOption>> = {
  success: (c, options) => readKind(c, options.success),
  denial: (c, options) => readKind(c, options.denial),
  prefetch: readPrefetch,
  serve_stale: readStale,
  serve_stale_policy: (c, options) => {
    const words = c.remainingTokens()
    const [policy] = words
    if (policy === undefined || words.length > 1) throw c.argErr()
    if (policy.text.toLowerCase() !== 'prefer_positive') {
      throw c.bareErr(`invalid serve_stale_policy: ${policy.text}`, 'it is prefer_positive', policy)
    }
    options.preferPositive = true
  },
  servfail: (c, options) => {
    const words = c.remainingTokens()
    const [word] = words
    if (word === undefined || words.length > 1) throw c.argErr()
    const ms = durationOf(c, word)
    if (ms < 0) throw c.bareErr('invalid negative ttl for servfail', undefined, word)
    if (ms > SERVFAIL_MAX_MS) {
      throw c.bareErr('caching SERVFAIL responses over 5 minutes is not permitted', undefined, word)
    }
    options.servfailMs = ms
  },
  disable: readDisable,
  keepttl: (c, options) => {
    if (c.remainingArgs().length > 0) throw c.argErr()
    options.keepTtl = true
  },
  max_octets: readOctets
}

/** `max_octets SIZE` */
function readOctets(c: Dispenser, options: CacheOptions): void {
  const [word, more] = c.remainingTokens()
  if (word === undefined || more !== undefined) throw c.argErr('max_octets takes one size, such as 32MiB')
  const parsed = parseSize(word.text)
  if (parsed.error !== undefined) throw c.bareErr(parsed.error, undefined, word)
  if (parsed.value < OCTETS_MAX_LEAST || parsed.value > OCTETS_MAX_MOST) {
    throw c.bareErr(`max_octets must be between 1MiB and 1GiB: ${word.text}`, undefined, word)
  }
  options.octetsMax = { octets: parsed.value, word }
}

/** How many answers CoreDNS keeps where this many are asked for: 256 parts of equal size, four each at least. */
export function effectiveCapacity(capacity: number): number {
  return Math.max(Math.floor(capacity / 256), 4) * 256
}

/** `success|denial CAPACITY [TTL] [MINTTL]` */
function readKind(c: Dispenser, kind: CacheKind): void {
  const [capacity, ttl, minimum] = c.remainingTokens()
  if (capacity === undefined) throw c.argErr()
  kind.capacity = integer(c, capacity)
  if (ttl === undefined) return
  kind.ttlMax = positive(c, integer(c, ttl), ttl)
  if (minimum === undefined) return
  kind.ttlMin = integer(c, minimum)
  if (kind.ttlMin < 0)
    throw c.bareErr(`cache min TTL can not be negative: ${kind.ttlMin}`, undefined, minimum)
}

/** `prefetch AMOUNT [DURATION] [PERCENTAGE%]` */
function readPrefetch(c: Dispenser, options: CacheOptions): void {
  const words = c.remainingTokens()
  const [amount, duration, percentage] = words
  if (amount === undefined || words.length > 3) throw c.argErr()
  options.prefetchAmount = integer(c, amount)
  if (options.prefetchAmount < 0) {
    throw c.bareErr(`prefetch amount should be positive: ${options.prefetchAmount}`, undefined, amount)
  }
  if (duration !== undefined) options.prefetchMs = durationOf(c, duration)
  if (percentage === undefined) return
  const last = percentage.text.at(-1) ?? ''
  if (last !== '%') {
    throw c.bareErr(`last character of percentage should be \`%\`, but is: '${last}'`, undefined, percentage)
  }
  const percent = integer(c, { ...percentage, text: percentage.text.slice(0, -1) })
  if (percent < 10 || percent > 90) {
    throw c.bareErr(`percentage should fall in range [10, 90]: ${percent}`, undefined, percentage)
  }
  options.prefetchPercent = percent
}

/** `serve_stale [DURATION] [immediate [TTL [RECHECK]] | verify [TIMEOUT [TTL [RECHECK]]]]` */
function readStale(c: Dispenser, options: CacheOptions): void {
  const words = c.remainingTokens()
  if (words.length > 5) throw c.argErr()
  const [duration, mode, ...rest] = words
  options.staleMs = duration === undefined ? HOUR_MS : durationOf(c, duration)
  if (options.staleMs < 0) throw c.bareErr('invalid negative duration for serve_stale', undefined, duration)
  options.staleVerifyMs = options.staleTtlSeconds = options.staleRecheckMs = 0
  options.staleVerify = false
  if (mode === undefined) return
  const name = mode.text.toLowerCase()
  if (name !== 'immediate' && name !== 'verify') {
    throw c.bareErr(`invalid value for serve_stale refresh mode: ${name}`, 'it is immediate or verify', mode)
  }
  options.staleVerify = name === 'verify'
  if (!options.staleVerify && words.length > 4) throw c.argErr()
  if (options.staleVerify) {
    const timeout = rest.shift()
    if (timeout !== undefined) {
      options.staleVerifyMs = durationOf(c, timeout, 'invalid serve_stale verify timeout: ')
      if (options.staleVerifyMs < 0) {
        throw c.bareErr('invalid negative timeout for serve_stale verify', undefined, timeout)
      }
    }
  }
  const [ttl, recheck] = rest
  if (ttl !== undefined) options.staleTtlSeconds = staleTtl(c, ttl)
  if (recheck !== undefined) options.staleRecheckMs = staleRecheck(c, recheck)
}

function staleTtl(c: Dispenser, word: Token): number {
  const ms = durationOf(c, word, 'invalid serve_stale response TTL: ')
  if (ms < 0) throw c.bareErr('invalid negative response TTL for serve_stale', undefined, word)
  if (ms % 1000 !== 0)
    throw c.bareErr('serve_stale response TTL must be a whole number of seconds', undefined, word)
  if (ms / 1000 > 0xffff_ffff)
    throw c.bareErr('serve_stale response TTL exceeds the DNS TTL range', undefined, word)
  return ms / 1000
}

function staleRecheck(c: Dispenser, word: Token): number {
  const ms = durationOf(c, word, 'invalid serve_stale failure recheck: ')
  if (ms < 0) throw c.bareErr('invalid negative failure recheck for serve_stale', undefined, word)
  if (ms > RECHECK_MAX_MS)
    throw c.bareErr('serve_stale failure recheck cannot exceed 5 minutes', undefined, word)
  return ms
}

/** `disable success|denial [ZONES…]`: of several lines for one kind the last counts. */
function readDisable(c: Dispenser, options: CacheOptions): void {
  const [kind, ...names] = c.remainingTokens()
  if (kind === undefined) throw c.argErr()
  const zones = names.length === 0 ? readZones('.') : names.map(name => makeZone(name.text))
  if (kind.text === 'success') options.success.disabled = zones
  else if (kind.text === 'denial') options.denial.disabled = zones
  else throw c.bareErr('cache type for disable must be "success" or "denial"', undefined, kind)
}

function positive(c: Dispenser, ttl: number, word?: Token): number {
  if (ttl <= 0) throw c.bareErr(`cache TTL can not be zero or negative: ${ttl}`, undefined, word)
  return ttl
}

function integer(c: Dispenser, word: Token): number {
  const parsed = parseInteger(word.text)
  if (parsed.error !== undefined) throw c.bareErr(parsed.error, undefined, word)
  return parsed.value
}

function durationOf(c: Dispenser, word: Token, context = ''): number {
  const parsed = parseDuration(word.text)
  if (parsed.error !== undefined)
    throw c.bareErr(context + parsed.error, 'write it with a unit, such as 5s', word)
  return parsed.value
}
