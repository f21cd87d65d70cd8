// What forwarding counts (corefile-and-plugins.md §9).
import {
  FORWARD_HEALTHCHECK_BROKEN,
  FORWARD_REFUSED,
  FORWARD_REJECTS,
  FORWARD_SHARED,
  PROXY_CONNECTION_HITS,
  PROXY_CONNECTION_MISSES,
  PROXY_DURATION,
  PROXY_HEALTHCHECK_FAILURES
} from '../../metrics/families.ts'
import type { Histogram, Value } from '../../metrics/family.ts'
import type { Metrics } from '../../metrics/metrics.ts'
import type { Network, UpstreamMeter } from '../../upstream/upstream.ts'
import { rcodeName } from '../../wire/numbers.ts'

/** The counters of one upstream; made when there is something to count, as in CoreDNS. */
export class ServerMeter implements UpstreamMeter {
  readonly #metrics: Metrics
  readonly #to: string
  readonly #durations = new Map<number, Histogram>()
  readonly #hits: Partial<Record<Network, Value>> = {}
  readonly #misses: Partial<Record<Network, Value>> = {}

  constructor(metrics: Metrics, to: string) {
    this.#metrics = metrics
    this.#to = to
  }

  reusedChannel(network: Network): void {
    this.#hits[network] ??= this.#metrics.counter(PROXY_CONNECTION_HITS).with('forward', this.#to, network)
    this.#hits[network].increment()
  }

  openedChannel(network: Network): void {
    this.#misses[network] ??= this.#metrics
      .counter(PROXY_CONNECTION_MISSES)
      .with('forward', this.#to, network)
    this.#misses[network].increment()
  }

  probeFailed(): void {
    this.#metrics.counter(PROXY_HEALTHCHECK_FAILURES).with('forward', this.#to).increment()
  }

  /** An attempt that was answered, and how long it took. */
  answered(rcode: number, ms: number): void {
    let duration = this.#durations.get(rcode)
    if (duration === undefined) {
      duration = this.#metrics.histogram(PROXY_DURATION).with('forward', this.#to, rcodeLabel(rcode))
      this.#durations.set(rcode, duration)
    }
    duration.observe(ms / 1000)
  }
}

/** The bound for which a query is refused: the line's own, that on all queries, that on one client's. */
export type RejectReason = (typeof REJECT_REASONS)[number]
const REJECT_REASONS = ['max_concurrent', 'in_flight', 'client'] as const

/** Counters that all lines share. */
export class ForwardMeter {
  readonly broken: Value
  /** Queries that waited for the answer to another's question. */
  readonly shared: Value
  readonly #rejects: Value
  readonly #metrics: Metrics

  constructor(metrics: Metrics) {
    this.#metrics = metrics
    this.broken = metrics.counter(FORWARD_HEALTHCHECK_BROKEN).with()
    this.shared = metrics.counter(FORWARD_SHARED).with()
    this.#rejects = metrics.counter(FORWARD_REJECTS).with()
    // Shown at 0 before anything happened.
    for (const reason of REJECT_REASONS) metrics.counter(FORWARD_REFUSED).with(reason)
  }

  rejected(reason: RejectReason): void {
    this.#rejects.increment()
    this.#metrics.counter(FORWARD_REFUSED).with(reason).increment()
  }

  server(to: string): ServerMeter {
    return new ServerMeter(this.#metrics, to)
  }
}

/** `NXDOMAIN`, or the bare number of an rcode without a name. */
function rcodeLabel(rcode: number): string {
  const name = rcodeName(rcode)
  return name.startsWith('RCODE') ? String(rcode) : name
}
