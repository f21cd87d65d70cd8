// What the cluster's objects say is never kept: a change shows in the next answer, whatever the cache holds.
import t, { type Test } from 'tap'
import { askUdp } from '../../support/ask-udp.ts'
import { MemorySource } from '../../support/memory-source.ts'
import { runApp, testRuntime } from '../../support/running-app.ts'
import { a, reply, ScriptedUpstream } from '../../support/scripted-upstream.ts'

const service = (name: string, clusterIP: string, more: object = {}) => ({
  kind: 'Service',
  metadata: { name, namespace: 'shop' },
  spec: {
    clusterIP,
    clusterIPs: [clusterIP],
    type: 'ClusterIP',
    ports: [{ port: 80, protocol: 'TCP' }],
    ...more
  }
})

/** A server with the namespace `shop`, a cache of 300 seconds, and an upstream that knows every name. */
async function start(t: Test) {
  const source = new MemorySource()
  source.putRaw({ kind: 'Namespace', metadata: { name: 'shop' } })
  const upstream = await ScriptedUpstream.open(asked => {
    const { type, name } = asked.query.questions![0]!
    if (type === 'PTR')
      asked.send(reply(asked, [{ type: 'PTR', name, ttl: 300, data: 'outside.example.org' }]))
    else asked.send(reply(asked, [a(asked, '198.51.100.1')]))
  })
  const corefile = `.:53 {
    kubernetes cluster.local in-addr.arpa {
      ttl 300
      fallthrough in-addr.arpa
    }
    cache 300
    forward . ${upstream.text}
  }`
  const server = await runApp(corefile, source, testRuntime())
  t.teardown(async () => {
    await server.stop()
    await upstream.close()
  })
  const line = async (name: string, type = 'A') => {
    const { rcode, answer } = await askUdp(server.port, name, type)
    return [rcode, ...answer].join(' | ')
  }
  return { source, upstream, server, corefile, line }
}

t.test('a new, a changed and a deleted service show at once', async t => {
  const { source, line } = await start(t)
  const name = 'web.shop.svc.cluster.local'
  t.equal(await line(name), 'NXDOMAIN')
  source.putRaw(service('web', '10.96.0.7'))
  t.equal(await line(name), `NOERROR | ${name} 300 A 10.96.0.7`)
  source.putRaw(service('web', '10.96.0.8'))
  t.equal(await line(name), `NOERROR | ${name} 300 A 10.96.0.8`)
  source.remove('Service', 'shop', 'web')
  t.equal(await line(name), 'NXDOMAIN')
})

t.test('what an upstream said of an address yields to a service that gets it', async t => {
  const { source, upstream, line } = await start(t)
  const name = '7.0.96.10.in-addr.arpa'
  const outside = `NOERROR | ${name} 300 PTR outside.example.org`
  t.equal(await line(name, 'PTR'), outside)
  t.equal(await line(name, 'PTR'), outside)
  t.same(upstream.seen, [`udp ${name} PTR`], 'kept')
  source.putRaw(service('web', '10.96.0.7'))
  t.equal(await line(name, 'PTR'), `NOERROR | ${name} 300 PTR web.shop.svc.cluster.local`)
  source.remove('Service', 'shop', 'web')
  t.equal(await line(name, 'PTR'), outside)
  t.equal(upstream.seen.length, 1)
})

t.test('of an alias to the outside, the outside is kept and the alias is not', async t => {
  const { source, upstream, line } = await start(t)
  const name = 'out.shop.svc.cluster.local'
  const alias = (externalName: string) =>
    source.putRaw(
      service('out', '', { type: 'ExternalName', clusterIPs: undefined, clusterIP: undefined, externalName })
    )
  alias('one.example.org')
  const first = `NOERROR | ${name} 60 CNAME one.example.org | one.example.org 60 A 198.51.100.1`
  t.equal(await line(name), first, 'the least TTL of all')
  t.equal(await line(name), first)
  t.same(upstream.seen, ['udp one.example.org A'])
  alias('two.example.org')
  t.match(await line(name), /two\.example\.org 60 A/)
  t.same(upstream.seen, ['udp one.example.org A', 'udp two.example.org A'])
})

t.test('names in the cluster take no room', async t => {
  const { server, line } = await start(t)
  const octets = () => {
    const families = server.app.metrics.collect()
    return families.find(({ name }) => name === 'labdns_cache_octets')?.samples[0]?.value
  }
  t.equal(octets(), 0)
  for (let i = 0; i < 300; i++) await line(`no-${i}.shop.svc.cluster.local`)
  t.equal(octets(), 0)
  await line('www.example.org')
  t.ok(octets()! > 0)
})

t.test('answers outlive a reload that does not change the block, and no other', async t => {
  const { server, upstream, corefile, line } = await start(t)
  await line('www.example.org')
  await server.reload(corefile)
  await line('www.example.org')
  t.equal(upstream.seen.length, 1)
  await server.reload(corefile.replace('cache 300', 'cache 200'))
  await line('www.example.org')
  t.equal(upstream.seen.length, 2)
  const shown = server.app.metrics.collect().find(({ name }) => name === 'labdns_cache_octets')
  t.equal(shown!.samples.length, 1, 'one gauge, however many configurations there were')
})

t.test(
  "answers from the cluster have the letters that kept ones have, where CoreDNS's cache would keep them",
  async t => {
    for (const [disabled, owner] of [
      ['', 'web.shop.svc.cluster.local'],
      ['disable success cluster.local', 'WEB.shop.svc.cluster.local']
    ] as const) {
      const source = new MemorySource()
      source.putRaw({ kind: 'Namespace', metadata: { name: 'shop' } })
      source.putRaw(service('web', '10.96.0.7'))
      const corefile = `.:53 {\n kubernetes cluster.local\n cache 30 {\n ${disabled}\n }\n}`
      const server = await runApp(corefile, source, testRuntime())
      t.teardown(() => server.stop())
      const asked = 'WEB.shop.svc.cluster.local'
      const { question, answer, flags } = await askUdp(server.port, asked)
      t.equal(question, `${asked} A`, 'the question is the one asked')
      t.strictSame(answer, [`${owner} 5 A 10.96.0.7`])
      t.equal(flags, 'qr aa rd')
      const srv = await askUdp(server.port, `_tcp.${asked}`, 'SRV')
      t.equal(srv.question, `_tcp.${asked} SRV`)
      const denied = await askUdp(server.port, 'NONE.shop.svc.Cluster.local')
      t.match(denied.authority, [/^cluster\.local 5 SOA mname=ns\.dns\.cluster\.local /])
      t.equal(denied.question, 'NONE.shop.svc.Cluster.local A')
    }
  }
)
