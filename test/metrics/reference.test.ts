// Every metric family of corefile-and-plugins.md §9: its type, labels and buckets as a server shows them that was asked
// for everything; and that no client can make their series grow.
import t, { type Test } from 'tap'
import { createSocket } from 'node:dgram'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { apiMetrics } from '../../src/app/api-metrics.ts'
import { Reloader } from '../../src/app/reloader.ts'
import {
  PROGRAMMING_BUCKETS,
  REQUEST_BUCKETS,
  SIZE_BUCKETS,
  SLIM_TIME_BUCKETS,
  TIME_BUCKETS
} from '../../src/metrics/buckets.ts'
import { HTTPS_RESPONSES } from '../../src/metrics/families.ts'
import { CacheMeter } from '../../src/plugins/cache/cache-meter.ts'
import { ForwardMeter } from '../../src/plugins/forward/forward-meter.ts'
import { exchangeUdp } from '../support/ask-udp.ts'
import { MemorySource } from '../support/memory-source.ts'
import { queryWire, type QueryFields } from '../support/messages.ts'
import { parseMetrics, type FamilyText } from '../support/metrics-text.ts'
import { runApp, testRuntime, type RunningApp } from '../support/running-app.ts'
import { a, reply, ScriptedUpstream } from '../support/scripted-upstream.ts'

type Row = readonly [name: string, type: string, labels: string, buckets?: readonly number[]]

/** As the table has them; the values of labels are other tests' business. */
const TABLE: readonly Row[] = [
  ['coredns_build_info', 'gauge', 'version revision goversion'],
  ['coredns_panics_total', 'counter', ''],
  ['coredns_plugin_enabled', 'gauge', 'server zone view name'],
  ['coredns_dns_requests_total', 'counter', 'server zone view proto family type'],
  ['coredns_dns_request_duration_seconds', 'histogram', 'server zone view', TIME_BUCKETS],
  ['coredns_dns_request_size_bytes', 'histogram', 'server zone view proto', SIZE_BUCKETS],
  ['coredns_dns_response_size_bytes', 'histogram', 'server zone view proto', SIZE_BUCKETS],
  ['coredns_dns_do_requests_total', 'counter', 'server zone view'],
  ['coredns_dns_responses_total', 'counter', 'server zone view rcode plugin'],
  ['coredns_dns_https_responses_total', 'counter', 'server status'],
  ['coredns_cache_entries', 'gauge', 'server type zones view'],
  ['coredns_cache_hits_total', 'counter', 'server type zones view'],
  ['coredns_cache_misses_total', 'counter', 'server zones view'],
  ['coredns_cache_requests_total', 'counter', 'server zones view'],
  ['coredns_cache_prefetch_total', 'counter', 'server zones view'],
  ['coredns_cache_served_stale_total', 'counter', 'server zones view'],
  ['coredns_cache_evictions_total', 'counter', 'server type zones view'],
  ['coredns_forward_healthcheck_broken_total', 'counter', ''],
  ['coredns_forward_max_concurrent_rejects_total', 'counter', ''],
  ['coredns_proxy_request_duration_seconds', 'histogram', 'proxy_name to rcode', TIME_BUCKETS],
  ['coredns_proxy_healthcheck_failures_total', 'counter', 'proxy_name to'],
  ['coredns_proxy_conn_cache_hits_total', 'counter', 'proxy_name to proto'],
  ['coredns_proxy_conn_cache_misses_total', 'counter', 'proxy_name to proto'],
  ['coredns_health_request_duration_seconds', 'histogram', '', SLIM_TIME_BUCKETS],
  ['coredns_health_request_failures_total', 'counter', ''],
  ['coredns_reload_failed_total', 'counter', ''],
  ['coredns_reload_version_info', 'gauge', 'hash value'],
  ['coredns_hosts_entries', 'gauge', 'hostsfile'],
  ['coredns_hosts_reload_timestamp_seconds', 'gauge', ''],
  ['coredns_template_matches_total', 'counter', 'server zone view class type'],
  ['coredns_template_template_failures_total', 'counter', 'server zone view class type section template'],
  ['coredns_template_rr_failures_total', 'counter', 'server zone view class type section template'],
  ['coredns_autopath_success_total', 'counter', 'server'],
  ['coredns_acl_blocked_requests_total', 'counter', 'server zone view'],
  ['coredns_acl_filtered_requests_total', 'counter', 'server zone view'],
  ['coredns_acl_dropped_requests_total', 'counter', 'server zone view'],
  ['coredns_acl_allowed_requests_total', 'counter', 'server view'],
  ['coredns_dns64_requests_translated_total', 'counter', 'server'],
  ['coredns_local_localhost_requests_total', 'counter', ''],
  ['coredns_kubernetes_dns_programming_duration_seconds', 'histogram', 'service_kind', PROGRAMMING_BUCKETS],
  ['coredns_kubernetes_rest_client_request_duration_seconds', 'histogram', 'host verb', REQUEST_BUCKETS],
  ['coredns_kubernetes_rest_client_rate_limiter_duration_seconds', 'histogram', 'host verb', REQUEST_BUCKETS],
  ['coredns_kubernetes_rest_client_requests_total', 'counter', 'code host method']
]

/** Families of the table that no server of ours shows, and why. */
const MISSING: Readonly<Record<string, string>> = {
  coredns_cache_drops_total: 'answers to another question are never handed to the cache',
  coredns_dns_https3_responses_total: 'https3 is no plugin of ours',
  coredns_dns_quic_responses_total: 'quic is no plugin of ours',
  coredns_shed_dropped_total: 'shed is no plugin of ours',
  coredns_dnssec_cache_entries: 'dnssec is no plugin of ours',
  coredns_dnssec_cache_hits_total: 'dnssec is no plugin of ours',
  coredns_dnssec_cache_misses_total: 'dnssec is no plugin of ours'
}

/** What is ours alone. */
const OWN: readonly Row[] = [
  ['labdns_autopath_queries_total', 'counter', 'server outcome'],
  ['labdns_cache_octets', 'gauge', ''],
  ['labdns_cache_octets_max', 'gauge', ''],
  ['labdns_cluster_degraded', 'gauge', ''],
  ['labdns_cluster_drift_total', 'counter', 'resource'],
  ['labdns_cluster_events_total', 'counter', 'resource type'],
  ['labdns_cluster_ignored_total', 'counter', 'reason resource'],
  ['labdns_cluster_lists_total', 'counter', 'reason resource'],
  ['labdns_cluster_request_failures_total', 'counter', 'kind resource'],
  ['labdns_cluster_synced', 'gauge', ''],
  ['labdns_drops_total', 'counter', 'reason'],
  ['labdns_forward_in_flight', 'gauge', ''],
  ['labdns_forward_in_flight_max', 'gauge', ''],
  ['labdns_forward_refused_total', 'counter', 'reason'],
  ['labdns_forward_shared_total', 'counter', ''],
  ['labdns_index_objects', 'gauge', 'kind'],
  ['labdns_index_octets', 'gauge', ''],
  ['labdns_tcp_connections', 'gauge', ''],
  ['labdns_watch_age_seconds', 'gauge', '']
]

async function metricsOf({ addresses }: RunningApp): Promise<Map<string, FamilyText>> {
  const { address, port } = addresses.http['metrics']!
  const response = await fetch(`http://${address === '' ? '127.0.0.1' : address}:${port}/metrics`)
  return parseMetrics(await response.text())
}

/** A server in which every family has something to count. */
async function server(t: Test) {
  const upstream = await ScriptedUpstream.open(asked => {
    const isA = asked.question.endsWith(' A')
    asked.send(reply(asked, isA ? [a(asked, '192.0.2.9')] : []))
  })
  const folder = t.testdir({
    hosts: '10.0.0.1 h.test\n',
    resolv: 'search found.test\nnameserver 192.0.2.1\n'
  })
  const source = Object.assign(new MemorySource(), {
    confirmedAt: 0,
    status: () => ({ isSynced: true, problems: [] })
  })
  source.putRaw({ kind: 'Namespace', metadata: { name: 'default' } })
  const app = await runApp(
    [
      '.:1053 {',
      '    prometheus',
      '    health',
      '    acl blocked.test {',
      '        block',
      '    }',
      '    acl filtered.test {',
      '        filter',
      '    }',
      '    acl dropped.test {',
      '        drop',
      '    }',
      '    local',
      '    dns64 {',
      '        allow_ipv4',
      '    }',
      `    autopath found.test ${folder}/resolv`,
      '    cache',
      `    hosts ${folder}/hosts h.test {`,
      '        fallthrough',
      '    }',
      '    template IN A t.test {',
      '        answer "{{ .Name }} 60 IN A 192.0.2.7"',
      '    }',
      '    template IN A wrong.test {',
      '        answer "{{ .Name }} 60 IN A no-address"',
      '    }',
      '    template IN A fails.test {',
      '        answer "{{ index .Match 9 }} 60 IN A 192.0.2.7"',
      '    }',
      '    kubernetes cluster.local {',
      '        fallthrough',
      '    }',
      `    forward . 127.0.0.1:${upstream.port}`,
      '}'
    ].join('\n'),
    source
  )
  t.teardown(async () => {
    await app.stop()
    await upstream.close()
  })
  const ask = (name: string, type = 'A', fields: QueryFields = {}) =>
    exchangeUdp(app.port, queryWire(name, type, fields))
  return { app, ask }
}

t.test('every family of the table, and ours', async t => {
  const { app, ask } = await server(t)
  await ask('a.test', 'A', { edns: 1232, dnssecOk: true })
  await ask('b.test')
  await ask('b.test')
  await ask('b.test', 'AAAA')
  await ask('blocked.test')
  await ask('filtered.test')
  void ask('dropped.test').catch(() => undefined)
  await ask('localhost.a.test')
  await ask('h.test')
  await ask('x.t.test')
  await ask('x.wrong.test')
  await ask('x.fails.test')
  await ask('b.found.test')
  // What would take time or damage to bring about.
  const meter = new CacheMeter(app.app.metrics, 'dns://:53', '.')
  meter.prefetch()
  meter.servedStale()
  meter.evicted('success', 1)
  new ForwardMeter(app.app.metrics).server('192.0.2.1:53').probeFailed()
  app.app.metrics.counter(HTTPS_RESPONSES).with('https://:443', '200').increment()
  const api = apiMetrics(() => app.app.metrics)
  api.relisted('services', 'start')
  api.repaired('services', 1)
  api.event('services', 'ADDED')
  api.ignored('services', 'old')
  api.requestFailed('services', 'dial')
  api.requested('10.96.0.1:443', 200)
  api.requestTook('10.96.0.1:443', 0.1)
  api.programmed('cluster_ip', 0.1)
  const nothing = { blocks: [], warnings: [], notes: [] }
  const interpret = () => {
    throw new Error('broken')
  }
  const read = () => Promise.resolve({ outline: () => nothing, interpret })
  await new Reloader({ app: app.app, runtime: testRuntime(), read }).reload()

  const shown = await metricsOf(app)
  for (const [name, type, labels, buckets] of [...TABLE, ...OWN]) {
    const family = shown.get(name)
    if (family === undefined) {
      t.fail(`${name} is not shown`)
      continue
    }
    t.equal(family.type, type, `${name}: type`)
    t.ok(family.help.length > 10, `${name}: help`)
    const keys = Object.keys(family.samples)
    t.ok(keys.length > 0, `${name}: samples`)
    const expected = labels.split(' ').sort().join(' ').trim()
    for (const key of keys) {
      t.equal([...key.matchAll(/([a-z_]+)="/g)].map(found => found[1]).join(' '), expected, `${name}: labels`)
    }
    if (buckets !== undefined)
      t.equal(family.buckets.join(' '), [...buckets, '+Inf'].join(' '), `${name}: buckets`)
  }
  const known = new Set([...TABLE, ...OWN].map(([name]) => name))
  const more = [...shown.keys()].filter(name => /^(?:coredns|labdns)_/.test(name) && !known.has(name))
  t.same(more, [], 'nothing that the table has not')
  for (const name of Object.keys(MISSING)) t.notOk(shown.has(name), `${name} is named as missing`)
  t.ok(shown.has('nodejs_eventloop_lag_seconds') && shown.has('process_open_fds'))
})

t.test('the table is whole', async t => {
  const path = fileURLToPath(new URL('../../../test/fixtures/coredns/metric-families.json', import.meta.url))
  const recorded = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>
  const known = new Set([...TABLE.map(([name]) => name), ...Object.keys(MISSING)])
  t.same(
    Object.keys(recorded).filter(name => !known.has(name)),
    []
  )
})

t.test('values of what is ours', async t => {
  const { app, ask } = await server(t)
  await ask('a.test')
  const shown = await metricsOf(app)
  const value = (name: string, labels = '') => shown.get(name)!.samples[labels]
  t.equal(value('labdns_index_objects', 'kind="Namespace"'), 1)
  t.equal(value('labdns_index_objects', 'kind="Service"'), 0)
  t.ok(value('labdns_index_octets')! > 0)
  t.ok(value('labdns_watch_age_seconds')! > 0)
  t.equal(value('labdns_forward_in_flight'), 0)
  t.equal(value('labdns_forward_in_flight_max'), 10_000)
  t.equal(value('labdns_tcp_connections'), 0)
  t.same(
    Object.keys(shown.get('labdns_drops_total')!.samples).sort(),
    ['log_line', 'tcp_evicted', 'tcp_expired', 'tcp_shed', 'udp_receive_error', 'udp_send_error'].map(
      reason => `reason="${reason}"`
    )
  )
})

t.test('10,000 names, types and classes make no series', async t => {
  const { app } = await server(t)
  const series = async () => {
    const shown = await metricsOf(app)
    return [...shown].reduce((sum, [, { samples }]) => sum + Object.keys(samples).length, 0)
  }
  const zones = ['test', 't.test', 'x.t.test', 'svc.cluster.local', 'filtered.test', 'found.test']
  const socket = createSocket('udp4')
  t.teardown(() => new Promise<void>(resolve => socket.close(() => resolve())))
  let answers = 0
  socket.on('message', () => answers++)
  const round = async (from: number, to: number) => {
    for (let at = from; at < to; at += 100) {
      for (let number = at; number < at + 100; number++) {
        const zone = `${number}.${zones[number % zones.length]!}`
        const type = number % 7 === 0 ? `TYPE${1000 + number}` : 'A'
        socket.send(queryWire(`n${number}.z${zone}`, type), app.port, '127.0.0.1')
      }
      const end = Date.now() + 2000
      while (answers < at + 100 && Date.now() < end) await new Promise(setImmediate)
    }
  }
  await round(0, 100)
  const first = await series()
  await round(100, 10_000)
  const last = await series()
  t.equal(answers, 10_000)
  t.ok(last - first < 10, `${first} series, then ${last}`)
})
