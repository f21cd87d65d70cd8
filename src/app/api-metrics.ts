// What happens between us and API servers, as metrics.
import type { ApiObserver } from '../cluster/kube-api/observer.ts'
import {
  CLUSTER_EVENTS,
  CLUSTER_IGNORED,
  CLUSTER_LISTS,
  CLUSTER_REPAIRS,
  CLUSTER_REQUEST_FAILURES,
  DNS_PROGRAMMING_DURATION,
  REST_DURATION,
  REST_RATE_LIMITER_DURATION,
  REST_REQUESTS
} from '../metrics/families.ts'
import type { Metrics } from '../metrics/metrics.ts'

/** Counts into what `metrics` gives when something happens. */
export function apiMetrics(metrics: () => Metrics): ApiObserver {
  return {
    relisted: (resource, reason) => metrics().counter(CLUSTER_LISTS).with(resource, reason).increment(),
    repaired: (resource, count) => metrics().counter(CLUSTER_REPAIRS).with(resource).increment(count),
    event: (resource, type) => metrics().counter(CLUSTER_EVENTS).with(resource, type).increment(),
    ignored: (resource, reason) => metrics().counter(CLUSTER_IGNORED).with(resource, reason).increment(),
    requestFailed: (resource, kind) =>
      metrics().counter(CLUSTER_REQUEST_FAILURES).with(resource, kind).increment(),
    requested: (host, status) => {
      const code = status === 0 ? '<error>' : String(status)
      metrics().counter(REST_REQUESTS).with(code, host, 'GET').increment()
    },
    requestTook: (host, seconds) => {
      metrics().histogram(REST_DURATION).with(host, 'GET').observe(seconds)
      // Nothing here holds a request back; CoreDNS observes both for the same requests.
      metrics().histogram(REST_RATE_LIMITER_DURATION).with(host, 'GET').observe(0)
    },
    programmed: (serviceKind, seconds) =>
      metrics().histogram(DNS_PROGRAMMING_DURATION).with(serviceKind).observe(seconds)
  }
}
