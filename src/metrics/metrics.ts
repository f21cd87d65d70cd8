// Everything the process counts, in one place that plugins share and the *prometheus* plugin shows.
import type { Query } from '../dns/query.ts'
import {
  Family,
  Histogram,
  histogramSamples,
  Value,
  valueSamples,
  type FamilySamples,
  type FamilySpec,
  type HistogramSpec
} from './family.ts'
import { ALWAYS_SHOWN, HEALTH_DURATION, HOSTS_RELOADED, PANICS } from './families.ts'
import { QuerySeries } from './query-series.ts'

/** Families by name: asking for one twice gives the same one, so two server blocks count into the same series. */
export class Metrics {
  /** Counts of queries, filled on the hot path. */
  readonly queries = new QuerySeries()
  readonly #families = new Map<string, Family<Value> | Family<Histogram>>()
  readonly #collectors = new Set<() => FamilySamples>()
  readonly #panics: Value

  constructor() {
    for (const spec of ALWAYS_SHOWN) this.counter(spec)
    this.histogram(HEALTH_DURATION)
    this.gauge(HOSTS_RELOADED)
    this.#panics = this.counter(PANICS).with()
  }

  counter(spec: FamilySpec): Family<Value> {
    return this.#family(spec.name, () => new Family(spec, 'counter', () => new Value(), valueSamples))
  }

  gauge(spec: FamilySpec): Family<Value> {
    return this.#family(spec.name, () => new Family(spec, 'gauge', () => new Value(), valueSamples))
  }

  histogram(spec: HistogramSpec): Family<Histogram> {
    return this.#family(
      spec.name,
      () =>
        new Family(
          spec,
          'histogram',
          () => new Histogram(spec.buckets),
          (series, labels) => histogramSamples(series.bounds, series.counts, series.sum, labels)
        )
    )
  }

  /** Adds a family whose samples are made when they are asked for. Returns how to take it away again. */
  addCollector(collect: () => FamilySamples): () => void {
    this.#collectors.add(collect)
    return () => void this.#collectors.delete(collect)
  }

  /** A query that no plugin got to see, with the rcode that it was given: counted under `zone="dropped"`. */
  countDropped(query: Query, rcode: number): void {
    this.queries.countDropped(query, rcode)
  }

  /** A plugin threw. */
  countPanic(): void {
    this.#panics.increment()
  }

  /** Every family that has a sample. Collectors that name the same family are joined. */
  collect(): readonly FamilySamples[] {
    const byName = new Map<string, FamilySamples>()
    const add = (family: FamilySamples) => {
      if (family.samples.length === 0) return
      const known = byName.get(family.name)
      byName.set(
        family.name,
        known === undefined ? family : { ...known, samples: [...known.samples, ...family.samples] }
      )
    }
    for (const family of this.queries.collect()) add(family)
    for (const family of this.#families.values()) add(family.collect())
    for (const collect of this.#collectors) add(collect())
    return [...byName.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
  }

  #family<T extends Family<Value> | Family<Histogram>>(name: string, make: () => T): T {
    let family = this.#families.get(name)
    if (family === undefined) {
      family = make()
      this.#families.set(name, family)
    }
    return family as T
  }
}

/** The metrics of a process, the same for every plugin and for the server. */
export function metricsOf(shared: { keep<T>(key: string, make: () => T): T }): Metrics {
  return shared.keep('metrics', () => new Metrics())
}
