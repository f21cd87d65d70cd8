// Counts every query of its block (corefile-and-plugins.md §8.6). On the way of each query, so it allocates nothing and
// leaves names and labels for when somebody asks.
import type { Answer } from '../../dns/answer.ts'
import type { Eventual, Handler, Plugin } from '../../dns/plugin.ts'
import type { ListenerInfo, Query } from '../../dns/query.ts'
import { ZoneTable } from '../../dns/zone.ts'
import type { QuerySeries, ZoneCounter } from '../../metrics/query-series.ts'
import type { Clock } from '../../runtime/clock.ts'
import { HEADER_OCTETS } from '../../wire/numbers.ts'
import type { Name } from '../../wire/name.ts'

/** A zone of the block, for the `zone` label. */
export interface CountedZone {
  readonly zone: string
  readonly name: Name | undefined
}

/** Octets of an OPT record without options. */
const OPT_OCTETS = 11

/** The counters of one listener, by the place of their zone. */
interface ServerCounters {
  readonly zones: readonly ZoneCounter[]
  /** For names outside the block's zones, which hardly ever get here. */
  readonly other: ZoneCounter
}

export class Prometheus implements Plugin {
  readonly name = 'prometheus'
  readonly #series: QuerySeries
  readonly #clock: Clock
  readonly #zones: readonly CountedZone[]
  /** Places in `#zones`. With one zone every query of the block is in it, and nothing is looked for. */
  readonly #table: ZoneTable<number> | undefined
  /** The `plugin` label: the first plugin behind this one. */
  #pluginLabel = ''
  #viewLabel = ''
  readonly #servers = new Map<string, ServerCounters>()
  #lastListener: ListenerInfo | undefined
  #lastCounters: ServerCounters | undefined

  constructor(series: QuerySeries, clock: Clock, zones: readonly CountedZone[]) {
    this.#series = series
    this.#clock = clock
    this.#zones = zones
    this.#table =
      zones.length === 1
        ? undefined
        : new ZoneTable(zones.flatMap(({ name }, at) => (name === undefined ? [] : [[name, at] as const])))
  }

  /** Told once all plugins of the block are set up, before the first query. `view` is the name of the block's view. */
  setLabels(plugin: string, view: string): void {
    this.#pluginLabel = plugin
    this.#viewLabel = view
  }

  answer(query: Query, next: Handler): Eventual<Answer> {
    // Before other plugins change the query. Whoever reads the clock first leaves the time for the others.
    let start = query.receivedAt
    if (start === 0) query.receivedAt = start = this.#clock.now()
    const counter = this.#counterFor(query)
    const answer = next.answer(query)
    if (answer instanceof Promise) return this.#later(counter, query, answer, start)
    this.#count(counter, query, answer, start)
    return answer
  }

  #later(counter: ZoneCounter, query: Query, answer: Promise<Answer>, start: number): Promise<Answer> {
    return answer.then(value => {
      this.#count(counter, query, value, start)
      return value
    })
  }

  #count(counter: ZoneCounter, query: Query, answer: Answer, start: number): void {
    const durationMs = this.#clock.now() - start
    // What the server answers by itself CoreDNS counts as 0 octets, and what is dropped as NOERROR.
    if (answer.dropped) counter.count(query, 0, 0, true, durationMs)
    else if (answer.byServer) counter.count(query, answer.rcode, 0, true, durationMs)
    else counter.count(query, answer.rcode, sizeOf(answer), false, durationMs)
  }

  #counterFor(query: Query): ZoneCounter {
    const { listener } = query
    let counters = this.#lastCounters
    if (listener !== this.#lastListener || counters === undefined) {
      counters = this.#countersOf(listener.label)
      this.#lastListener = listener
      this.#lastCounters = counters
    }
    const at = this.#table === undefined ? 0 : this.#table.find(query.wire, HEADER_OCTETS, query.nameEnd)
    return at === undefined ? counters.other : (counters.zones[at] as ZoneCounter)
  }

  #countersOf(server: string): ServerCounters {
    let counters = this.#servers.get(server)
    if (counters === undefined) {
      const counter = (zone: string) => this.#series.counter(server, zone, this.#pluginLabel, this.#viewLabel)
      counters = { zones: this.#zones.map(({ zone }) => counter(zone)), other: counter('.') }
      this.#servers.set(server, counters)
    }
    return counters
  }
}

function sizeOf(answer: Answer): number {
  const { opt } = answer
  if (opt === undefined) return answer.plainLength
  let octets = answer.plainLength + OPT_OCTETS
  for (const option of opt.options) octets += 4 + option.data.length
  return octets
}
