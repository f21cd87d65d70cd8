// k8s_external beyond what was recorded: mistakes, changes of Services, serials, bounds.
import t from 'tap'
import type { ClusterObject } from '../../../src/cluster/objects.ts'
import type { InternalLookup } from '../../../src/plugins/definition.ts'
import { k8sExternalPlugin } from '../../../src/plugins/k8s_external/setup.ts'
import { kubernetesPlugin } from '../../../src/plugins/kubernetes/setup.ts'
import { derivedQuery } from '../../../src/dns/query.ts'
import { emptyAnswer } from '../../../src/dns/response.ts'
import { Rcode } from '../../../src/wire/numbers.ts'
import { askHandler } from '../../support/ask.ts'
import { setupBlocks, setupMessage, testRuntime, testShared } from '../../support/blocks.ts'
import { MemorySource } from '../../support/memory-source.ts'
import { compareErrors } from '../../support/recorded-errors.ts'
import { endpoint, service, slice } from '../../cluster/index/support.ts'

t.test('what CoreDNS was seen to say', t => {
  compareErrors(t, k8sExternalPlugin, 4)
  t.equal(
    setupMessage('k8s_external a.org {\nttl 3601\n}', k8sExternalPlugin),
    'Corefile:3 - Error during parsing: ttl must be in range [0, 3600]: 3601'
  )
  t.equal(
    setupMessage('k8s_external a.org {\nttl x\n}', k8sExternalPlugin),
    'strconv.Atoi: parsing "x": invalid syntax'
  )
  t.end()
})

const http = { name: 'http', port: 80, protocol: 'TCP' }
const web = (externalIPs: readonly string[], ports = [http]) =>
  service('shop', 'web', { clusterIPs: ['10.96.0.7'], ports, externalIPs })

async function bench(
  lines: string,
  objects: readonly ClusterObject[],
  options: {
    readonly lookup?: InternalLookup
    readonly isSynced?: boolean
    readonly kubernetes?: string
  } = {}
) {
  const source = new MemorySource()
  source.put({ kind: 'Namespace', name: 'shop', labels: {} })
  for (const object of objects) source.put(object)
  const runtime = testRuntime()
  const shared = testShared(runtime, {
    clusterSource: () => ({ key: 'test', make: () => source }),
    ...(options.lookup === undefined ? {} : { lookup: options.lookup })
  })
  const text = `.:53 {\nkubernetes cluster.local {\n${options.kubernetes ?? ''}\n}\nk8s_external ${lines}\n}`
  const [block] = setupBlocks(text, [k8sExternalPlugin, kubernetesPlugin], shared)
  await block!.start()
  if (options.isSynced !== false) await shared.clusters.start()
  const ask = (name: string, type = 'A') => askHandler(block!.chain, name, type)
  return { source, ask, runtime }
}

/** The serial in a reply's SOA. */
async function serial(ask: Awaited<ReturnType<typeof bench>>['ask']): Promise<string> {
  return /serial=(\d+)/.exec((await ask('ext.test', 'SOA')).answer[0]!)![1]!
}

t.test('answers follow the Services, forwards and backwards', async t => {
  const { source, ask } = await bench('ext.test 0.0.0.0/0', [web(['203.0.113.1', '203.0.113.1'])])
  t.same((await ask('web.shop.ext.test')).answer, ['web.shop.ext.test 5 A 203.0.113.1'])
  t.same((await ask('1.113.0.203.in-addr.arpa', 'PTR')).answer, [
    '1.113.0.203.in-addr.arpa 5 PTR web.shop.ext.test'
  ])
  source.put(web(['203.0.113.2']))
  t.same((await ask('web.shop.ext.test')).answer, ['web.shop.ext.test 5 A 203.0.113.2'])
  t.equal((await ask('1.113.0.203.in-addr.arpa', 'PTR')).rcode, 'NXDOMAIN')
  source.put(web([]))
  t.equal((await ask('web.shop.ext.test')).rcode, 'NXDOMAIN')
  source.put(web(['203.0.113.3']))
  source.remove('Service', 'shop', 'web')
  t.equal((await ask('web.shop.ext.test')).rcode, 'NXDOMAIN')
  t.equal((await ask('3.113.0.203.in-addr.arpa', 'PTR')).rcode, 'NXDOMAIN')
})

t.test('the serial moves with external addresses and ports, not with new Services', async t => {
  const { source, ask, runtime } = await bench('ext.test', [web(['203.0.113.1'])])
  t.equal(await serial(ask), '0')
  source.put(service('shop', 'api', { externalIPs: ['203.0.113.9'] }))
  t.equal(await serial(ask), '0', 'new')
  source.put({ ...web(['203.0.113.1']), clusterIPs: ['10.96.0.8'] })
  t.equal(await serial(ask), '0', 'a cluster IP')
  runtime.clock.advance(5000)
  source.put({ ...web(['203.0.113.2']), clusterIPs: ['10.96.0.8'] })
  const first = Number(await serial(ask))
  t.ok(first > 0)
  runtime.clock.advance(5000)
  source.put({ ...web(['203.0.113.2'], [{ ...http, port: 81 }]), clusterIPs: ['10.96.0.8'] })
  t.equal(Number(await serial(ask)), first + 5, 'a port')
})

t.test('while state is not loaded: SERVFAIL for what may exist', async t => {
  const { ask } = await bench('ext.test {\nfallthrough\n}', [], { isSynced: false })
  t.equal((await ask('web.shop.ext.test')).rcode, 'SERVFAIL')
})

t.test('fallthrough goes on for names that do not exist, and only for them', async t => {
  const { ask } = await bench('ext.test {\nfallthrough\n}', [web(['203.0.113.1'])])
  // The chain's end says SERVFAIL without a SOA.
  t.has(await ask('nope.shop.ext.test'), { rcode: 'SERVFAIL', authority: [] })
  t.has(await ask('nope.dns.ext.test'), { rcode: 'NXDOMAIN' }, 'not below the apex label')
  t.has(await ask('web.shop.ext.test', 'AAAA'), { rcode: 'NOERROR' })
})

t.test('namespaces that kubernetes does not show, and labels too many', async t => {
  const objects: ClusterObject[] = [
    web(['203.0.113.1']),
    { kind: 'Namespace', name: 'hidden', labels: {} },
    service('hidden', 'web', { externalIPs: ['203.0.113.2'] })
  ]
  const { ask } = await bench('ext.test', objects, { kubernetes: 'namespaces shop' })
  t.equal((await ask('web.hidden.ext.test')).rcode, 'NXDOMAIN')
  t.equal((await ask('web.shop.ext.test')).rcode, 'NOERROR')
  t.equal((await ask('a.b.c.web.shop.ext.test')).rcode, 'NXDOMAIN')
  t.equal((await ask('_http._udp.web.shop.ext.test', 'SRV')).rcode, 'NXDOMAIN')
  t.equal((await ask('_HTTP._tcp.web.shop.ext.test', 'SRV')).answer.length, 1)
})

t.test('endpoints only with headless', async t => {
  const objects = [
    service('shop', 'db', { clusterIPs: ['None'] }),
    slice('shop', 'db-1', 'db', [endpoint(['10.0.0.1'], { hostname: 'db-0' })], { ports: [http] })
  ]
  const plain = await bench('ext.test', objects)
  t.equal((await plain.ask('db.shop.ext.test')).rcode, 'NXDOMAIN')
  const { ask } = await bench('ext.test {\nheadless\n}', objects)
  t.same((await ask('db-0.db.shop.ext.test')).answer, ['db-0.db.shop.ext.test 5 A 10.0.0.1'])
  t.equal((await ask('db-1.db.shop.ext.test')).rcode, 'NXDOMAIN')
})

t.test('another apex label', async t => {
  const { ask } = await bench('ext.test {\napex own\n}', [])
  t.match((await ask('ext.test', 'NS')).answer, [/NS ns1\.own\.ext\.test$/])
  t.equal((await ask('own.ext.test')).rcode, 'NOERROR')
  t.equal((await ask('dns.ext.test')).rcode, 'NXDOMAIN')
})

t.test('many load balancers make few lookups', async t => {
  let lookups = 0
  const lookup: InternalLookup = (name, qtype, query) => {
    lookups++
    return emptyAnswer(derivedQuery(query, name, qtype), Rcode.NXDOMAIN)
  }
  const names = Array.from({ length: 100 }, (_, at) => `lb-${at}.example.org`)
  const { ask } = await bench('ext.test', [web(names)], { lookup })
  await ask('web.shop.ext.test')
  t.equal(lookups, 16)
})
