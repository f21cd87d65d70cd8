// Families that are there whatever the Corefile holds, and those that more than one part of the program counts in
// (corefile-and-plugins.md §9). Names and help texts are CoreDNS's.
import { PROGRAMMING_BUCKETS, REQUEST_BUCKETS, SLIM_TIME_BUCKETS, TIME_BUCKETS } from './buckets.ts'
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

/** labdns's own, as all names that begin with `labdns_`. */
export const FORWARD_REFUSED: FamilySpec = {
  name: 'labdns_forward_refused_total',
  help: 'Counter of queries refused because too many were in flight, by the bound: max_concurrent, in_flight, client.',
  labels: ['reason']
}

export const FORWARD_SHARED: FamilySpec = {
  name: 'labdns_forward_shared_total',
  help: 'Counter of queries answered with the reply to an identical one that was in flight already.'
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

// What is labdns's own, and CoreDNS has no family for.

export const IN_FLIGHT: FamilySpec = {
  name: 'labdns_forward_in_flight',
  help: 'Queries that wait for other servers at this moment.'
}

export const IN_FLIGHT_MAX: FamilySpec = {
  name: 'labdns_forward_in_flight_max',
  help: 'The most queries that may wait for other servers at one moment.'
}

export const TCP_CONNECTIONS: FamilySpec = {
  name: 'labdns_tcp_connections',
  help: 'TCP connections of clients that are open.'
}

/** Reasons are the program's own words; none comes from outside. */
export const DROPS: FamilySpec = {
  name: 'labdns_drops_total',
  help: 'What was given up or refused to stay within bounds, by reason.',
  labels: ['reason']
}

export const INDEX_OBJECTS: FamilySpec = {
  name: 'labdns_index_objects',
  help: 'Kubernetes objects that the indexes of the cluster hold, by kind.',
  labels: ['kind']
}

export const INDEX_OCTETS: FamilySpec = {
  name: 'labdns_index_octets',
  help: 'Octets that the indexes of the cluster take.'
}

export const WATCH_AGE: FamilySpec = {
  name: 'labdns_watch_age_seconds',
  help: 'Seconds since the state of the cluster was last read or confirmed; of several sources, the oldest.'
}

export const CLUSTER_SYNCED: FamilySpec = {
  name: 'labdns_cluster_synced',
  help: 'Whether the whole state of the cluster was loaded, by every source that can be away: 1 or 0.'
}

export const CLUSTER_DEGRADED: FamilySpec = {
  name: 'labdns_cluster_degraded',
  help: 'Whether a source of cluster state is in trouble now, and what was last known is served: 1 or 0.'
}

export const CLUSTER_LISTS: FamilySpec = {
  name: 'labdns_cluster_lists_total',
  help: 'Whole lists that were taken over from an API server, by resource and reason.',
  labels: ['resource', 'reason']
}

export const CLUSTER_REPAIRS: FamilySpec = {
  name: 'labdns_cluster_drift_total',
  help: 'Changes that a watch had missed and that a list made up for, by resource.',
  labels: ['resource']
}

export const CLUSTER_EVENTS: FamilySpec = {
  name: 'labdns_cluster_events_total',
  help: 'Events of watches, by resource and type.',
  labels: ['resource', 'type']
}

export const CLUSTER_IGNORED: FamilySpec = {
  name: 'labdns_cluster_ignored_total',
  help: 'Events and objects of an API server that changed nothing, by resource and reason.',
  labels: ['resource', 'reason']
}

export const CLUSTER_REQUEST_FAILURES: FamilySpec = {
  name: 'labdns_cluster_request_failures_total',
  help: 'Requests to an API server that failed, by resource and kind of failure.',
  labels: ['resource', 'kind']
}

export const DNS_PROGRAMMING_DURATION: HistogramSpec = {
  name: 'coredns_kubernetes_dns_programming_duration_seconds',
  help: 'Histogram of the time (in seconds) it took to program a dns instance.',
  labels: ['service_kind'],
  buckets: PROGRAMMING_BUCKETS
}

export const REST_REQUESTS: FamilySpec = {
  name: 'coredns_kubernetes_rest_client_requests_total',
  help: 'Number of HTTP requests, partitioned by status code, method, and host.',
  labels: ['code', 'host', 'method']
}

export const REST_DURATION: HistogramSpec = {
  name: 'coredns_kubernetes_rest_client_request_duration_seconds',
  help: 'Request latency in seconds. Broken down by verb and host.',
  labels: ['host', 'verb'],
  buckets: REQUEST_BUCKETS
}

export const REST_RATE_LIMITER_DURATION: HistogramSpec = {
  name: 'coredns_kubernetes_rest_client_rate_limiter_duration_seconds',
  help: 'Client side rate limiter latency in seconds. Broken down by verb and host.',
  labels: ['host', 'verb'],
  buckets: REQUEST_BUCKETS
}

export const SNAPSHOT_SERVED: FamilySpec = {
  name: 'labdns_snapshot_served',
  help: 'Whether answers are made from the snapshot, the API server having been away since the start: 1 or 0.'
}

export const SNAPSHOT_AGE: FamilySpec = {
  name: 'labdns_snapshot_age_seconds',
  help: 'Seconds since the snapshot was written.'
}

export const SNAPSHOT_WRITES: FamilySpec = {
  name: 'labdns_snapshot_writes_total',
  help: 'Attempts to write the snapshot, by result: ok, failed.',
  labels: ['result']
}
