// What happens between us and API servers, and to the snapshot, as metrics: names, labels, and that they count.
import t from 'tap'
import { apiMetrics } from '../../src/app/api-metrics.ts'
import { addOwnGauges } from '../../src/app/own-gauges.ts'
import type { ApiObserver } from '../../src/cluster/kube-api/observer.ts'
import type { ClusterSurvey } from '../../src/cluster/cluster-states.ts'
import { inClusterConnection } from '../../src/cluster/kube-connection/in-cluster.ts'
import { Metrics } from '../../src/metrics/metrics.ts'
import { placeFor, start } from '../support/api-place.ts'
import { fakeFiles } from '../support/fake-files.ts'

const MOUNT = '/var/run/secrets/kubernetes.io/serviceaccount'

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
    name: 'coredns_kubernetes_rest_client_requests_total',
    count(api) {
      api.requested('10.96.0.1:443', 200)
      api.requested('10.96.0.1:443', 200)
      api.requested('10.96.0.1:443', 401)
      api.requested('10.96.0.1:443', 0)
    },
    shows: [
      '{code="200",host="10.96.0.1:443",method="GET"} 2',
      '{code="401",host="10.96.0.1:443",method="GET"} 1',
      '{code="<error>",host="10.96.0.1:443",method="GET"} 1'
    ]
  },
  {
    name: 'coredns_kubernetes_rest_client_request_duration_seconds',
    count(api) {
      api.requestTook('10.96.0.1:443', 0.25)
      api.requestTook('10.96.0.1:443', 2)
    },
    shows: ['_sum{host="10.96.0.1:443",verb="GET"} 2.25', '_count{host="10.96.0.1:443",verb="GET"} 2']
  },
  {
    name: 'coredns_kubernetes_rest_client_rate_limiter_duration_seconds',
    count(api) {
      api.requestTook('10.96.0.1:443', 0.25)
      api.requestTook('10.96.0.1:443', 2)
    },
    shows: ['_sum{host="10.96.0.1:443",verb="GET"} 0', '_count{host="10.96.0.1:443",verb="GET"} 2']
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

// By hand, of what the help texts, labels and bounds of CoreDNS 1.14.7 were seen to be.
const BOUNDS = '0.005 0.01 0.025 0.05 0.1 0.25 0.5 1 2.5 5 10 +Inf'
const REST = 'coredns_kubernetes_rest_client_'

t.test('requests to an API server, as a server shows them', async t => {
  const place = await placeFor(t)
  const host = place.at
  const { metrics, until, clock } = await start(t, `kubeconfig ${place.folder}/config`)
  const codes = async () =>
    Object.entries((await metrics()).get(`${REST}requests_total`)?.samples ?? {}).map(
      ([labels, count]) => `${/code="([^"]*)"/.exec(labels)![1]!} ${count}`
    )
  await until(async () => (await codes()).join() === '200 6', 'three lists, three watches', 1)
  const shown = await metrics()
  const requests = shown.get(`${REST}requests_total`)!
  t.equal(requests.type, 'counter')
  t.equal(requests.help, 'Number of HTTP requests, partitioned by status code, method, and host.')
  t.same(requests.samples, { [`code="200",host="${host}",method="GET"`]: 6 })
  for (const [name, help] of [
    ['request_duration_seconds', 'Request latency in seconds. Broken down by verb and host.'],
    [
      'rate_limiter_duration_seconds',
      'Client side rate limiter latency in seconds. Broken down by verb and host.'
    ]
  ] as const) {
    const family = shown.get(`${REST}${name}`)!
    t.equal(family.type, 'histogram', name)
    t.equal(family.help, help)
    t.equal(family.buckets.join(' '), BOUNDS)
    t.same(family.samples, { [`host="${host}",verb="GET"`]: 3 }, 'lists alone have a duration')
  }
  t.same(shown.get(`${REST}rate_limiter_duration_seconds`)!.sums, { [`host="${host}",verb="GET"`]: 0 })
  // Whatever a server answers, there is one series for each status.
  let status = 500
  place.api.respond = (_request, response) => {
    response.writeHead(status, { 'x-any': String(Math.random()) })
    response.end()
  }
  clock.advance(2000)
  place.api.endWatches()
  await until(async () => (await codes()).some(each => /^500 [3-9]/.test(each)), 'it refuses')
  status = 503
  await until(async () => (await codes()).some(each => each.startsWith('503 ')), 'and again')
  await place.api.close()
  await until(async () => (await codes()).some(each => each.startsWith('<error> ')), 'it is away')
  t.same((await codes()).map(each => each.split(' ')[0]).sort(), ['200', '500', '503', '<error>'])
})

t.test("the host is written as a Pod's environment has it", t => {
  const files = fakeFiles({ [`${MOUNT}/token`]: 'x', [`${MOUNT}/ca.crt`]: 'CA' })
  const hosts = [
    ['10.96.0.1', '443', '10.96.0.1:443'],
    ['fd00::1', '6443', '[fd00::1]:6443']
  ] as const
  for (const [host, port, shown] of hosts) {
    const environment = { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port }
    t.equal(inClusterConnection({ files, environment }).host, shown)
  }
  t.end()
})

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
