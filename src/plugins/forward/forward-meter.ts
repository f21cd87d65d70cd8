// What forwarding counts (corefile-and-plugins.md §9).
import {
  DROPS,
  FORWARD_HEALTHCHECK_BROKEN,
  FORWARD_REJECTS,
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

  constructor(metrics: Metrics, to: string) {
    this.#metrics = metrics
    this.#to = to
  }

  reusedChannel(network: Network): void {
    this.#metrics.counter(PROXY_CONNECTION_HITS).with('forward', this.#to, network).increment()
  }

  openedChannel(network: Network): void {
    this.#metrics.counter(PROXY_CONNECTION_MISSES).with('forward', this.#to, network).increment()
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

/** Counters that all lines share. */
export class ForwardMeter {
  readonly broken: Value
  readonly #rejects: Value
  /** Of `#rejects`, those over the bound of all lines together. */
  readonly #inFlightRejects: Value
  readonly #concurrentRejects: Value
  readonly #metrics: Metrics

  constructor(metrics: Metrics) {
    this.#metrics = metrics
    this.broken = metrics.counter(FORWARD_HEALTHCHECK_BROKEN).with()
    this.#rejects = metrics.counter(FORWARD_REJECTS).with()
    this.#inFlightRejects = metrics.counter(DROPS).with('forward_in_flight')
    this.#concurrentRejects = metrics.counter(DROPS).with('forward_max_concurrent')
  }

  /** A query was refused over a bound: of all lines together, or of its own. */
  rejected(bound: 'in_flight' | 'max_concurrent'): void {
    this.#rejects.increment()
    const drops = bound === 'in_flight' ? this.#inFlightRejects : this.#concurrentRejects
    drops.increment()
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
