import t from 'tap'
import { readFileSync } from 'node:fs'
import { metricsOf } from '../../../src/metrics/metrics.ts'
import type { PluginDefinition } from '../../../src/plugins/definition.ts'
import type { Answer } from '../../../src/dns/answer.ts'
import type { Query } from '../../../src/dns/query.ts'
import { emptyAnswer } from '../../../src/dns/response.ts'
import { prometheusPlugin } from '../../../src/plugins/prometheus/setup.ts'
import { setupBlocks, testRuntime, testShared } from '../../support/blocks.ts'
import { makeQuery, testListener, type QueryFields } from '../../support/messages.ts'
import { parseMetrics, type FamilyText } from '../../support/metrics-text.ts'

/** A plugin that answers as a test says; `undefined` asks the next. */
function answering(name: string, answer?: (query: Query) => Answer | Promise<Answer>): PluginDefinition {
  return { name, setup: () => ({ name, answer: (query, next) => (answer ?? (q => next.answer(q)))(query) }) }
}

const data = (rcode: number, plainLength: number) => (query: Query) => {
  const answer = emptyAnswer(query, rcode)
  answer.byServer = false
  answer.plainLength = plainLength
  return answer
}

async function started(text: string, definitions: readonly PluginDefinition[]) {
  const runtime = testRuntime()
  const shared = testShared(runtime)
  const blocks = setupBlocks(text, [prometheusPlugin, ...definitions], shared)
  for (const block of blocks) await block.start()
  const read = async (key = ':9153'): Promise<Map<string, FamilyText>> => {
    const reply = await runtime.http.listeners.get(key)!({ method: 'GET', path: '/metrics' })
    t.equal(reply.contentType, 'text/plain; version=0.0.4; charset=utf-8')
    return parseMetrics(reply.body)
  }
  const ask = (name: string, type = 'A', fields: QueryFields = {}, at = 0) =>
    blocks[at]!.chain.answer(makeQuery(name, type, fields))
  return { runtime, shared, blocks, read, ask }
}

const server = 'server="dns://:53"'

t.test('counts as CoreDNS does after the same queries (process.json, metrics-all)', async t => {
  const text = `.:53 {\n prometheus :9153\n errors\n log\n}\nexample.org:53 {\n prometheus :9153\n template\n}`
  const { ask, read } = await started(text, [
    answering('errors'),
    answering('log', query => {
      if (query.qtype === 1 && query.qclass === 1) return data(0, 44)(query)
      return data(query.qclass === 3 || query.qtype === 28 ? 0 : 3, 70)(query)
    }),
    answering('template', query => (query.qtype === 1 ? data(0, 50)(query) : emptyAnswer(query, 2)))
  ])
  // The queries of that recording that reach a chain, in its order.
  ask('a.org')
  ask('a.org')
  ask('a.org', 'AAAA', { edns: 1232, dnssecOk: true })
  ask('h.org')
  ask('a.org', 'A', { transport: 'tcp' })
  ask('x.example.org', 'A', {}, 1)
  ask('x.example.org', 'TXT', {}, 1)
  ask('a.org', 'TYPE65280')
  ask('nx.org', 'MX')
  ask('a.org', 'A', { rclass: 'CH' })
  ask('EXAMPLE.org', 'A', {}, 1)
  const metrics = await read()
  const samples = (name: string) => metrics.get(name)!.samples
  t.same(samples('coredns_dns_requests_total'), {
    [`family="1",proto="tcp",${server},type="A",view="",zone="."`]: 1,
    [`family="1",proto="udp",${server},type="A",view="",zone="."`]: 4,
    [`family="1",proto="udp",${server},type="A",view="",zone="example.org."`]: 2,
    [`family="1",proto="udp",${server},type="AAAA",view="",zone="."`]: 1,
    [`family="1",proto="udp",${server},type="MX",view="",zone="."`]: 1,
    [`family="1",proto="udp",${server},type="TXT",view="",zone="example.org."`]: 1,
    [`family="1",proto="udp",${server},type="other",view="",zone="."`]: 1
  })
  t.same(samples('coredns_dns_responses_total'), {
    [`plugin="",rcode="SERVFAIL",${server},view="",zone="example.org."`]: 1,
    [`plugin="errors",rcode="NOERROR",${server},view="",zone="."`]: 6,
    [`plugin="errors",rcode="NXDOMAIN",${server},view="",zone="."`]: 2,
    [`plugin="template",rcode="NOERROR",${server},view="",zone="example.org."`]: 2
  })
  t.same(samples('coredns_dns_do_requests_total'), { [`${server},view="",zone="."`]: 1 })
  t.same(samples('coredns_dns_request_duration_seconds'), {
    [`${server},view="",zone="."`]: 8,
    [`${server},view="",zone="example.org."`]: 3
  })
  const sizes = {
    [`proto="tcp",${server},view="",zone="."`]: 1,
    [`proto="udp",${server},view="",zone="."`]: 7,
    [`proto="udp",${server},view="",zone="example.org."`]: 3
  }
  t.same(samples('coredns_dns_request_size_bytes'), sizes)
  t.same(samples('coredns_dns_response_size_bytes'), sizes)
  t.same(metrics.get('coredns_dns_response_size_bytes')!.sums, {
    [`proto="tcp",${server},view="",zone="."`]: 44,
    [`proto="udp",${server},view="",zone="."`]: 44 + 44 + 70 + 44 + 70 + 70 + 70,
    [`proto="udp",${server},view="",zone="example.org."`]: 100
  })
  t.same(samples('coredns_plugin_enabled'), {
    [`name="errors",${server},view="",zone="."`]: 1,
    [`name="log",${server},view="",zone="."`]: 1,
    [`name="prometheus",${server},view="",zone="."`]: 1,
    [`name="prometheus",${server},view="",zone="example.org."`]: 1,
    [`name="template",${server},view="",zone="example.org."`]: 1
  })
  t.same(samples('coredns_build_info'), {
    [`goversion="${process.version}",revision="abcdef0",version="1.2.3"`]: 1
  })
  t.notOk(metrics.has('coredns_proxy_healthcheck_failures_total'), 'what was never counted is not shown')
})

t.test('names, help texts, types and buckets are CoreDNS’s', async t => {
  const { ask, read, shared } = await started('.:53 {\n prometheus :9153\n whoami\n}', [
    answering('whoami', data(0, 9))
  ])
  ask('a.org', 'A', { dnssecOk: true })
  const { forwardMeterFamilies } = await touchEverything(shared)
  const metrics = await read()
  const recorded = JSON.parse(
    readFileSync(new URL('../../../../test/fixtures/coredns/metric-families.json', import.meta.url), 'utf8')
  ) as Record<string, { help: string; type: string; le?: string }>
  const shown = [...metrics.keys()].filter(name => name.startsWith('coredns_'))
  t.ok(shown.length >= 17 && forwardMeterFamilies > 0)
  for (const name of shown) {
    const expected = recorded[name]
    if (expected === undefined) {
      t.fail(`${name} is not a family of CoreDNS`)
      continue
    }
    const family = metrics.get(name)!
    t.equal(family.help, expected.help, `${name}: help`)
    t.equal(family.type, expected.type, `${name}: type`)
    if (expected.le !== undefined) t.equal(family.buckets.join(' '), expected.le, `${name}: buckets`)
  }
})

/** Counts once in every family that exists only when something was counted. */
async function touchEverything(
  shared: ReturnType<typeof testShared>
): Promise<{ forwardMeterFamilies: number }> {
  const { ForwardMeter } = await import('../../../src/plugins/forward/forward-meter.ts')
  const metrics = metricsOf(shared)
  const server = new ForwardMeter(metrics).server('192.0.2.1:53')
  server.answered(0, 1)
  server.reusedChannel('udp')
  server.openedChannel('udp')
  server.probeFailed()
  return { forwardMeterFamilies: metrics.collect().filter(family => family.name.includes('proxy')).length }
}

t.test('what is shown at 0 before anything happened', async t => {
  const { read } = await started('.:53 {\n prometheus :9153\n}', [])
  const metrics = await read()
  for (const name of [
    'coredns_panics_total',
    'coredns_forward_healthcheck_broken_total',
    'coredns_forward_max_concurrent_rejects_total',
    'coredns_health_request_duration_seconds',
    'coredns_health_request_failures_total',
    'coredns_reload_failed_total'
  ]) {
    t.same(metrics.get(name)?.samples, { '': 0 }, name)
  }
  for (const name of metrics.keys()) t.notMatch(name, /coredns_dns_/)
  for (const name of [
    'process_resident_memory_bytes',
    'process_cpu_seconds_total',
    'process_start_time_seconds'
  ]) {
    t.ok(Object.values(metrics.get(name)?.samples ?? {})[0]! > 0, name)
  }
  t.ok(metrics.has('nodejs_heap_size_used_bytes'))
})

t.test('labels', async t => {
  const text = 'org:53 example.org:53 b.example.org:53 {\n prometheus :9153\n log\n}'
  const { ask, read, shared } = await started(text, [answering('log', data(0, 40))])
  const other = { ...testListener, label: 'tls://[::1]:853' }
  ask('x.B.Example.ORG')
  ask('example.org')
  ask('xexample.org')
  ask('net')
  ask('example.org', 'HTTPS', { from: '2001:db8::1', transport: 'tls', listener: other })
  ask('example.org', 'ANY', { from: '::ffff:192.0.2.1', transport: 'https', listener: other })
  metricsOf(shared).countDropped(makeQuery('com', 'A', { edns: 1232 }), 5)
  const { samples } = (await read()).get('coredns_dns_requests_total')!
  const tls = 'server="tls://[::1]:853"'
  t.same(samples, {
    [`family="1",proto="udp",${server},type="A",view="",zone="b.example.org."`]: 1,
    [`family="1",proto="udp",${server},type="A",view="",zone="example.org."`]: 1,
    [`family="1",proto="udp",${server},type="A",view="",zone="org."`]: 1,
    [`family="1",proto="udp",${server},type="A",view="",zone="."`]: 1,
    [`family="2",proto="tcp",${tls},type="HTTPS",view="",zone="example.org."`]: 1,
    [`family="1",proto="tcp",${tls},type="ANY",view="",zone="example.org."`]: 1,
    [`family="1",proto="udp",${server},type="A",view="",zone="dropped"`]: 1
  })
  const responses = (await read()).get('coredns_dns_responses_total')!.samples
  t.equal(responses[`plugin="",rcode="REFUSED",${server},view="",zone="dropped"`], 1)
})

t.test('durations, dropped answers, rare rcodes and answers with an OPT', async t => {
  let answer: (query: Query) => Answer | Promise<Answer> = data(0, 40)
  const { ask, read, runtime } = await started('.:53 {\n prometheus :9153\n log\n}', [
    answering('log', query => answer(query))
  ])
  answer = query => {
    runtime.clock.advance(0.25)
    return data(0, 40)(query)
  }
  ask('a.org')
  answer = async query => {
    await Promise.resolve()
    runtime.clock.advance(9000)
    return data(0, 40)(query)
  }
  await ask('a.org')
  answer = query => Object.assign(data(0, 40)(query), { dropped: true })
  ask('a.org')
  answer = query =>
    Object.assign(data(16, 40)(query), {
      opt: { size: 1232, dnssecOk: false, options: [{ code: 15, data: Buffer.alloc(2) }] }
    })
  ask('a.org')
  for (let rcode = 3000; rcode < 3100; rcode++) {
    answer = data(rcode, 40)
    ask('a.org')
  }
  const metrics = await read()
  const key = `${server},view="",zone="."`
  const durations = metrics.get('coredns_dns_request_duration_seconds')!
  t.equal(durations.samples[key], 104)
  t.equal(durations.sums[key], 9.00025)
  const responses = metrics.get('coredns_dns_responses_total')!.samples
  t.equal(responses[`plugin="",rcode="NOERROR",${key}`], 1, 'dropped: NOERROR, and no plugin')
  t.equal(responses[`plugin="log",rcode="BADVERS",${key}`], 1)
  t.equal(responses[`plugin="log",rcode="RCODE3000",${key}`], 1)
  t.equal(Object.keys(responses).length, 3 + 32, 'an upstream cannot make series without end')
  t.equal(
    metrics.get('coredns_dns_response_size_bytes')!.sums[`proto="udp",${key}`],
    40 + 40 + 0 + (40 + 11 + 6) + 4000
  )
})

t.test('a synchronous chain stays synchronous, and errors pass', async t => {
  const thrown = new Error('a mistake of ours')
  let answer: (query: Query) => Answer | Promise<Answer> = data(0, 40)
  const { ask, read } = await started('.:53 {\n prometheus :9153\n log\n}', [
    answering('log', query => answer(query))
  ])
  t.notOk(ask('a.org') instanceof Promise)
  answer = () => Promise.reject(thrown)
  await t.rejects(Promise.resolve(ask('a.org')), thrown)
  answer = () => {
    throw thrown
  }
  t.throws(() => ask('a.org'), thrown)
  t.equal(Object.values((await read()).get('coredns_dns_requests_total')!.samples)[0], 1)
})

t.test('several addresses show the same, and all close', async t => {
  const text = 'a:53 {\n prometheus :9153\n log\n}\nb:53 {\n prometheus :9154\n log\n}'
  const { ask, read, blocks, runtime } = await started(text, [answering('log', data(0, 40))])
  ask('a')
  ask('b', 'A', {}, 1)
  t.same(
    (await read(':9153')).get('coredns_dns_requests_total'),
    (await read(':9154')).get('coredns_dns_requests_total')
  )
  t.equal(Object.keys((await read()).get('coredns_dns_requests_total')!.samples).length, 2)
  await blocks[0]!.stop()
  t.same([...runtime.http.listeners.keys()], [':9154'])
  const enabled = (await read(':9154')).get('coredns_plugin_enabled')!.samples
  t.same(Object.keys(enabled), [
    `name="prometheus",${server},view="",zone="b."`,
    `name="log",${server},view="",zone="b."`
  ])
})
