// What happens between us and API servers, and to the snapshot, as metrics: names, labels, and that they count.
import t from 'tap'
import { apiMetrics } from '../../src/app/api-metrics.ts'
import { addOwnGauges } from '../../src/app/own-gauges.ts'
import type { ApiObserver } from '../../src/cluster/kube-api/observer.ts'
import type { ClusterSurvey } from '../../src/cluster/cluster-states.ts'
import { Metrics } from '../../src/metrics/metrics.ts'

/** `name{label="value"} value`, of one family. */
function shown(metrics: Metrics, name: string): string[] {
  return metrics
    .collect()
    .filter(family => family.name === name)
    .flatMap(({ samples }) =>
      samples
        .filter(({ suffix }) => suffix !== '_bucket')
        .map(({ suffix, labels, value }) => {
          const text = Object.entries(labels).map(([label, given]) => `${label}="${given}"`)
          return `${suffix}{${text.join(',')}} ${value}`
        })
    )
}

const counters: readonly {
  readonly name: string
  readonly count: (api: ApiObserver) => void
  readonly shows: readonly string[]
}[] = [
  {
    name: 'labdns_cluster_lists_total',
    count(api) {
      api.relisted('services', 'start')
      api.relisted('services', 'gone')
      api.relisted('services', 'gone')
    },
    shows: ['{resource="services",reason="start"} 1', '{resource="services",reason="gone"} 2']
  },
  {
    name: 'labdns_cluster_drift_total',
    count(api) {
      api.repaired('pods', 3)
      api.repaired('pods', 4)
    },
    shows: ['{resource="pods"} 7']
  },
  {
    name: 'labdns_cluster_events_total',
    count(api) {
      api.event('services', 'ADDED')
      api.event('services', 'BOOKMARK')
    },
    shows: ['{resource="services",type="ADDED"} 1', '{resource="services",type="BOOKMARK"} 1']
  },
  {
    name: 'labdns_cluster_ignored_total',
    count: api => api.ignored('endpointslices', 'old'),
    shows: ['{resource="endpointslices",reason="old"} 1']
  },
  {
    name: 'labdns_cluster_request_failures_total',
    count(api) {
      api.requestFailed('namespaces', 'forbidden')
      api.requestFailed('namespaces', 'forbidden')
    },
    shows: ['{resource="namespaces",kind="forbidden"} 2']
  },
  {
    name: 'coredns_kubernetes_dns_programming_duration_seconds',
    count(api) {
      api.programmed('headless_with_selector', 0.5)
      api.programmed('headless_with_selector', 1)
    },
    shows: [
      '_sum{service_kind="headless_with_selector"} 1.5',
      '_count{service_kind="headless_with_selector"} 2'
    ]
  }
]

for (const { name, count, shows } of counters) {
  t.test(name, async t => {
    const metrics = new Metrics()
    t.same(shown(metrics, name), [], 'nothing before anything happened')
    count(apiMetrics(() => metrics))
    t.same(shown(metrics, name), shows)
  })
}

const NOTHING: ClusterSurvey = {
  objects: new Map(),
  octets: 0,
  ageMs: undefined,
  statuses: [],
  snapshot: undefined
}
const well = { isSynced: true, problems: [] }
const snapshot = { isServed: false, ageMs: 1500, writes: { ok: 3, failed: 1 } }

const gauges: readonly {
  readonly name: string
  readonly survey: Partial<ClusterSurvey>
  readonly shows: readonly string[]
}[] = [
  { name: 'labdns_cluster_synced', survey: {}, shows: [] },
  { name: 'labdns_cluster_synced', survey: { statuses: [well] }, shows: ['{} 1'] },
  {
    name: 'labdns_cluster_synced',
    survey: { statuses: [well, { isSynced: false, problems: [] }] },
    shows: ['{} 0']
  },
  { name: 'labdns_cluster_degraded', survey: {}, shows: [] },
  { name: 'labdns_cluster_degraded', survey: { statuses: [well] }, shows: ['{} 0'] },
  {
    name: 'labdns_cluster_degraded',
    survey: { statuses: [well, { isSynced: true, problems: ['away'] }] },
    shows: ['{} 1']
  },
  { name: 'labdns_snapshot_served', survey: {}, shows: [] },
  { name: 'labdns_snapshot_served', survey: { snapshot }, shows: ['{} 0'] },
  { name: 'labdns_snapshot_served', survey: { snapshot: { ...snapshot, isServed: true } }, shows: ['{} 1'] },
  { name: 'labdns_snapshot_age_seconds', survey: { snapshot }, shows: ['{} 1.5'] },
  { name: 'labdns_snapshot_age_seconds', survey: { snapshot: { ...snapshot, ageMs: undefined } }, shows: [] },
  {
    name: 'labdns_snapshot_writes_total',
    survey: { snapshot },
    shows: ['{result="ok"} 3', '{result="failed"} 1']
  },
  { name: 'labdns_snapshot_writes_total', survey: {}, shows: [] }
]

for (const { name, survey, shows } of gauges) {
  t.test(`${name}: ${shows.join(' ') || 'not shown'}`, async t => {
    const metrics = new Metrics()
    const clusters = { survey: () => ({ ...NOTHING, ...survey }) }
    const drops = { udp_receive_error: 0, udp_send_error: 0, tcp_evicted: 0, tcp_expired: 0, tcp_shed: 0 }
    addOwnGauges(metrics, clusters, { connections: 0, drops: () => drops }, {})
    t.same(shown(metrics, name), shows)
  })
}
