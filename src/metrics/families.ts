// Families that are there whatever the Corefile holds, and those that more than one part of the program counts in
// (corefile-and-plugins.md §9). Names and help texts are CoreDNS's.
import { SLIM_TIME_BUCKETS, TIME_BUCKETS } from './buckets.ts'
import type { FamilySpec, HistogramSpec } from './family.ts'

export const PANICS: FamilySpec = {
  name: 'coredns_panics_total',
  help: 'A metrics that counts the number of panics.'
}

export const HEALTH_DURATION: HistogramSpec = {
  name: 'coredns_health_request_duration_seconds',
  help: 'Histogram of the time (in seconds) each request took.',
  buckets: SLIM_TIME_BUCKETS
}

export const HEALTH_FAILURES: FamilySpec = {
  name: 'coredns_health_request_failures_total',
  help: 'The number of times the health check failed.'
}

export const FORWARD_HEALTHCHECK_BROKEN: FamilySpec = {
  name: 'coredns_forward_healthcheck_broken_total',
  help: 'Counter of the number of complete failures of the healthchecks.'
}

export const FORWARD_REJECTS: FamilySpec = {
  name: 'coredns_forward_max_concurrent_rejects_total',
  help: 'Counter of the number of queries rejected because the concurrent queries were at maximum.'
}

export const RELOAD_FAILURES: FamilySpec = {
  name: 'coredns_reload_failed_total',
  help: 'Counter of the number of failed reload attempts.'
}

export const RELOAD_VERSION: FamilySpec = {
  name: 'coredns_reload_version_info',
  help: "A metric with a constant '1' value labeled by hash, and value which type of hash generated."
}

export const HTTPS_RESPONSES: FamilySpec = {
  name: 'coredns_dns_https_responses_total',
  help: 'Counter of DoH responses per server and http status code.',
  labels: ['server', 'status']
}

export const LOCALHOST_REQUESTS: FamilySpec = {
  name: 'coredns_local_localhost_requests_total',
  help: 'Counter of special localhost subdomain requests.'
}

export const HOSTS_RELOADED: FamilySpec = {
  name: 'coredns_hosts_reload_timestamp_seconds',
  help: 'The timestamp of the last reload of hosts file.'
}

/** Counters without labels are shown at 0 before anything happened, also for plugins that no block uses. */
export const ALWAYS_SHOWN: readonly FamilySpec[] = [
  PANICS,
  HEALTH_FAILURES,
  FORWARD_HEALTHCHECK_BROKEN,
  FORWARD_REJECTS,
  RELOAD_FAILURES,
  LOCALHOST_REQUESTS
]

export const PROXY_DURATION: HistogramSpec = {
  name: 'coredns_proxy_request_duration_seconds',
  help: 'Histogram of the time each request took.',
  labels: ['proxy_name', 'to', 'rcode'],
  buckets: TIME_BUCKETS
}

export const PROXY_HEALTHCHECK_FAILURES: FamilySpec = {
  name: 'coredns_proxy_healthcheck_failures_total',
  help: 'Counter of the number of failed healthchecks.',
  labels: ['proxy_name', 'to']
}

export const PROXY_CONNECTION_HITS: FamilySpec = {
  name: 'coredns_proxy_conn_cache_hits_total',
  help: 'Counter of connection cache hits per upstream and protocol.',
  labels: ['proxy_name', 'to', 'proto']
}

export const PROXY_CONNECTION_MISSES: FamilySpec = {
  name: 'coredns_proxy_conn_cache_misses_total',
  help: 'Counter of connection cache misses per upstream and protocol.',
  labels: ['proxy_name', 'to', 'proto']
}
