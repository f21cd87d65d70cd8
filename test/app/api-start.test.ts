// The state of the cluster comes late, never, or goes: what clients, probes, metrics and the log are told.
import t from 'tap'
import { askUdp } from '../support/ask-udp.ts'
import { AwaySource } from '../support/away-source.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { memoryLog } from '../support/memory-log.ts'
import { runApp, testRuntime } from '../support/running-app.ts'

const COREFILE = `.:53 {
  ready
  prometheus
  kubernetes cluster.local in-addr.arpa {
    startup_timeout 5s
    fallthrough in-addr.arpa
  }
  cache 30
  whoami
}
`
const WEB = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'web', namespace: 'default' },
  spec: { type: 'ClusterIP', clusterIP: '10.96.0.7', clusterIPs: ['10.96.0.7'] }
}
const NAMESPACE = { kind: 'Namespace', metadata: { name: 'default' } }

async function started(t: { teardown(task: () => Promise<void>): void }, corefile = COREFILE) {
  const clock = new FakeClock()
  const log = memoryLog()
  const source = new AwaySource()
  source.putRaw(NAMESPACE)
  const running = await runApp(corefile, source, testRuntime({ clock, log }))
  t.teardown(() => running.stop())
  const http = (name: 'ready' | 'metrics', path: string) => {
    const { address, port } = running.addresses.http[name]!
    return fetch(`http://${address === '::' ? '127.0.0.1' : address}:${port}${path}`)
  }
  return {
    ...{ clock, log, source, running },
    ask: (name: string, type = 'A', edns?: number) =>
      askUdp(running.port, name, type, edns === undefined ? {} : { edns }),
    ready: async () => {
      const reply = await http('ready', '/ready')
      return `${reply.status} ${await reply.text()}`
    },
    gauge: async (name: string) => {
      const text = await (await http('metrics', '/metrics')).text()
      return new RegExp(`^${name} (.*)$`, 'm').exec(text)?.[1]
    },
    lines: () => log.lines.filter(line => line.includes('plugin/kubernetes'))
  }
}

/** The text of an extended error, and its code. */
function extendedError(edns: { readonly options: readonly string[] } | undefined): string {
  const data = edns?.options.find(option => option.startsWith('15:'))?.slice(3) ?? ''
  return `${parseInt(data.slice(0, 4), 16)} ${Buffer.from(data.slice(4), 'hex').toString()}`
}

const WAITING = '[INFO] plugin/kubernetes: waiting for Kubernetes API before starting server'

t.test('names outside are answered at once; those of the cluster wait with the start', async t => {
  const { clock, source, running, ask, ready, gauge, lines } = await started(t)
  let isArrived = false
  const arrival = running.app.clusterArrival().then(() => (isArrived = true))
  t.equal((await ask('outside.example')).rcode, 'NOERROR')
  const web = ask('web.default.svc.cluster.local')
  const reverse = ask('2.2.0.192.in-addr.arpa', 'PTR')
  t.equal(await ready(), '503 kubernetes\nkubernetes: the state of the cluster is not loaded yet')
  clock.advance(600)
  source.trouble('services: the API server is being looked for')
  t.match(await ready(), /\nkubernetes: services: the API server is being looked for$/)
  t.equal(await gauge('labdns_cluster_synced'), '0')
  t.equal(await gauge('labdns_cluster_degraded'), '1')
  t.notOk(isArrived)
  source.putRaw(WEB)
  source.arrive()
  await arrival
  t.same((await web).answer, ['web.default.svc.cluster.local 5 A 10.96.0.7'])
  t.equal((await reverse).rcode, 'NOERROR', 'fell through then')
  t.same(lines(), [WAITING])
  t.equal(await ready(), '200 OK')
  t.equal(await gauge('labdns_cluster_synced'), '1')
  t.equal(await gauge('labdns_cluster_degraded'), '0')
  clock.advance(10_000)
  t.same(lines(), [WAITING], 'nothing is said any more')
})

t.test(
  'without its state the start gives up, and names of the cluster are SERVFAIL until it comes',
  async t => {
    const { clock, source, running, ask, ready, lines } = await started(t)
    const web = ask('web.default.svc.cluster.local', 'A', 1232)
    source.reasons = ['services: the API server cannot be reached']
    source.trouble('services: connection refused', 'namespaces: connection refused')
    await ask('outside.example')
    clock.advance(5000)
    await running.app.clusterArrival()
    t.match(lines(), [...Array<string>(9).fill(WAITING), /starting server with unsynced Kubernetes API$/])
    const failed = await web
    t.match(failed, { rcode: 'SERVFAIL', flags: 'qr aa rd', answer: [] })
    t.equal(
      extendedError(failed.edns),
      '14 the state of the cluster is not loaded yet: services: the API server cannot be reached'
    )
    t.equal(
      (await ask('web.default.svc.cluster.local')).edns,
      undefined,
      'a client without EDNS is told the code alone'
    )
    for (const [name, type] of [
      ['nothing.default.svc.cluster.local', 'A'],
      ['nothing.nowhere.svc.cluster.local', 'AAAA'],
      ['2.2.0.192.in-addr.arpa', 'PTR']
    ] as const) {
      t.equal((await ask(name, type)).rcode, 'SERVFAIL', `${name}: not NXDOMAIN, and nobody else is asked`)
    }
    t.equal((await ask('cluster.local', 'SOA')).rcode, 'NOERROR')
    t.match(await ready(), /^503 kubernetes\n.*\nkubernetes: services: connection refused\n/)
    source.putRaw(WEB)
    source.arrive()
    t.same(
      (await ask('web.default.svc.cluster.local')).answer,
      ['web.default.svc.cluster.local 5 A 10.96.0.7'],
      'at once, whatever the cache holds'
    )
    t.equal((await ask('nothing.default.svc.cluster.local')).rcode, 'NXDOMAIN')
    t.equal(await ready(), '200 OK')
  }
)

t.test('a source that goes later leaves its state in service, and says so', async t => {
  const { source, ask, ready, gauge } = await started(t)
  source.putRaw(WEB)
  source.arrive()
  t.equal(await ready(), '200 OK')
  source.trouble('services: connection refused', 'services: connection refused')
  t.equal(await ready(), '200 OK\ndegraded:\nkubernetes: services: connection refused')
  t.equal(await gauge('labdns_cluster_degraded'), '1')
  t.equal((await ask('web.default.svc.cluster.local')).rcode, 'NOERROR')
  t.equal((await ask('nothing.default.svc.cluster.local')).rcode, 'NXDOMAIN')
  source.trouble()
  t.equal(await ready(), '200 OK')
})

t.test('a reload waits in the new configuration; the state that is there stays', async t => {
  const { source, running, ask, lines } = await started(t)
  source.putRaw(WEB)
  source.arrive()
  await running.reload(COREFILE.replace('cache 30', 'cache 10'))
  t.same(lines(), [])
  t.equal((await ask('web.default.svc.cluster.local')).rcode, 'NOERROR')
})

t.test('at most a thousand questions wait', async t => {
  const { source, running, ask } = await started(t, COREFILE.replace('  cache 30\n', ''))
  const waiting = Array.from({ length: 1100 }, (_, at) => ask(`n${at}.default.svc.cluster.local`))
  const early = await Promise.any(waiting)
  t.equal(early.rcode, 'SERVFAIL', 'the ones above that are answered at once')
  await ask('outside.example')
  source.arrive()
  await running.app.clusterArrival()
  const rcodes = (await Promise.all(waiting)).map(({ rcode }) => rcode)
  t.equal(rcodes.filter(rcode => rcode === 'NXDOMAIN').length, 1000)
  t.equal(rcodes.filter(rcode => rcode === 'SERVFAIL').length, 100)
})
