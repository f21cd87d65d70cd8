// What the cache counts, for each listener (corefile-and-plugins.md §9). Series are made when there is something to count,
// as in CoreDNS.
import type { FamilySpec, Value } from '../../metrics/family.ts'
import type { Metrics } from '../../metrics/metrics.ts'

const LABELS = ['server', 'zones', 'view']
const TYPED_LABELS = ['server', 'type', 'zones', 'view']

const ENTRIES: FamilySpec = {
  name: 'coredns_cache_entries',
  help: 'The number of elements in the cache.',
  labels: TYPED_LABELS
}
const REQUESTS: FamilySpec = {
  name: 'coredns_cache_requests_total',
  help: 'The count of cache requests.',
  labels: LABELS
}
const HITS: FamilySpec = {
  name: 'coredns_cache_hits_total',
  help: 'The count of cache hits.',
  labels: TYPED_LABELS
}
const MISSES: FamilySpec = {
  name: 'coredns_cache_misses_total',
  help: 'The count of cache misses. Deprecated, derive misses from cache hits/requests counters.',
  labels: LABELS
}
const PREFETCHES: FamilySpec = {
  name: 'coredns_cache_prefetch_total',
  help: 'The number of times the cache has prefetched a cached item.',
  labels: LABELS
}
const SERVED_STALE: FamilySpec = {
  name: 'coredns_cache_served_stale_total',
  help: 'The number of requests served from stale cache entries.',
  labels: LABELS
}
const EVICTIONS: FamilySpec = {
  name: 'coredns_cache_evictions_total',
  help: 'The count of cache evictions.',
  labels: TYPED_LABELS
}

/** What all caches of the process take together, and may take. */
export const OCTETS: FamilySpec = {
  name: 'labdns_cache_octets',
  help: 'The octets that all caches take, keys and bookkeeping included.'
}
export const OCTETS_MAX: FamilySpec = {
  name: 'labdns_cache_octets_max',
  help: 'The octets that all caches may take together.'
}

export type EntryType = 'success' | 'denial'

/** The series of one listener. */
export class CacheMeter {
  readonly #metrics: Metrics
  readonly #server: string
  readonly #zones: string
  #requests: Value | undefined
  #misses: Value | undefined
  #successHits: Value | undefined
  #denialHits: Value | undefined
  #successEntries: Value | undefined
  #denialEntries: Value | undefined

  constructor(metrics: Metrics, server: string, zones: string) {
    this.#metrics = metrics
    this.#server = server
    this.#zones = zones
  }

  request(): void {
    ;(this.#requests ??= this.#of(REQUESTS)).value++
  }

  miss(): void {
    ;(this.#misses ??= this.#of(MISSES)).value++
  }

  hit(type: EntryType): void {
    if (type === 'success') (this.#successHits ??= this.#ofType(HITS, type)).value++
    else (this.#denialHits ??= this.#ofType(HITS, type)).value++
  }

  prefetch(): void {
    this.#of(PREFETCHES).increment()
  }

  servedStale(): void {
    this.#of(SERVED_STALE).increment()
  }

  evicted(type: EntryType, count: number): void {
    if (count > 0) this.#ofType(EVICTIONS, type).increment(count)
  }

  /** How many entries there are now. */
  entries(success: number, denial: number): void {
    ;(this.#successEntries ??= this.#entries('success')).value = success
    ;(this.#denialEntries ??= this.#entries('denial')).value = denial
  }

  #entries(type: EntryType): Value {
    return this.#metrics.gauge(ENTRIES).with(this.#server, type, this.#zones, '')
  }

  #of(spec: FamilySpec): Value {
    return this.#metrics.counter(spec).with(this.#server, this.#zones, '')
  }

  #ofType(spec: FamilySpec, type: EntryType): Value {
    return this.#metrics.counter(spec).with(this.#server, type, this.#zones, '')
  }
}
