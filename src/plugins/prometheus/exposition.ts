// The metrics as Prometheus reads them. The one door to prom-client: its registry and text format, and its metrics about
// the process and Node.
import { collectDefaultMetrics, Registry, type Metric } from 'prom-client'
import type { FamilySamples } from '../../metrics/family.ts'
import type { Metrics } from '../../metrics/metrics.ts'
import type { HttpReply } from '../../runtime/http.ts'

/**
 * How often the event loop's delay is sampled, in milliseconds. prom-client's own default, 10, wakes the process up a
 * hundred times a second.
 */
const LOOP_SAMPLE_MS = 1000

export class Exposition {
  readonly #metrics: Metrics
  readonly #process = new Registry()

  constructor(metrics: Metrics) {
    this.#metrics = metrics
    collectDefaultMetrics({ register: this.#process, eventLoopMonitoringPrecision: LOOP_SAMPLE_MS })
  }

  /** Everything there is to tell at this moment. */
  async read(): Promise<HttpReply> {
    // A registry for each reading: families without samples are not shown, and those come and go.
    const ours = new Registry()
    for (const family of this.#metrics.collect()) ours.registerMetric(asMetric(family))
    const registry = Registry.merge([ours, this.#process])
    return { status: 200, contentType: registry.contentType, body: await registry.metrics() }
  }
}

/** A family in the form that a registry prints. */
function asMetric(family: FamilySamples): Metric {
  const { name, help, type, samples } = family
  const values = samples.map(({ suffix, labels, value }) => ({
    metricName: name + suffix,
    labels: sorted(labels),
    value
  }))
  // What a registry asks of a metric: its name, and what `get` gives.
  return {
    name,
    help,
    get: () => Promise.resolve({ name, help, type, values, aggregator: 'sum' })
  } as unknown as Metric
}

/** By name, as CoreDNS's exposition has them; the bound of a bucket stands last. */
function sorted({ le, ...labels }: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const entries = Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(le === undefined ? entries : [...entries, ['le', le]])
}
