// Objects that fill what names can hold, or that no API server would take: every answer stays readable, within its bounds,
// and quick.
import packet from 'dns-packet'
import t from 'tap'
import {
  MULTICLUSTER_SERVICE_LABEL,
  SOURCE_CLUSTER_LABEL,
  type ClusterObject,
  type ServiceImport
} from '../../../src/cluster/objects.ts'
import { linkPlugins } from '../../../src/dns/plugin.ts'
import { LOOKUP_DEPTH_MAX, derivedQuery } from '../../../src/dns/query.ts'
import { emptyAnswer, encodeResponse } from '../../../src/dns/response.ts'
import { Kubernetes } from '../../../src/plugins/kubernetes/kubernetes.ts'
import { transferPlugin } from '../../../src/plugins/transfer/setup.ts'
import { readMessage } from '../../../src/wire/message.ts'
import { formatName } from '../../../src/wire/name.ts'
import { Rcode, Rtype, rcodeName } from '../../../src/wire/numbers.ts'
import { formatRecord } from '../../../src/wire/rdata.ts'
import { endpoint, service, slice } from '../../cluster/index/support.ts'
import { lastHandler } from '../../support/blocks.ts'
import { makeQuery } from '../../support/messages.ts'
import { serve, type Served } from './support.ts'

const LONG = 'l'.repeat(63)
const http = { name: 'http', port: 80, protocol: 'TCP' }
const namespace = (name: string): ClusterObject => ({ kind: 'Namespace', name, labels: {} })

const serviceImport = (space: string, name: string, more: Partial<ServiceImport>): ServiceImport => ({
  kind: 'ServiceImport',
  namespace: space,
  name,
  labels: {},
  type: 'ClusterSetIP',
  ips: [],
  ports: [],
  ...more
})

/** Rcode and records of all sections but SOAs, read by two decoders. */
async function records(served: Served, name: string, type: string): Promise<string[]> {
  const query = makeQuery(name, type, { transport: 'tcp' })
  const answer = await served.raw(name, type, { transport: 'tcp' })
  const texts = [rcodeName(answer.rcode)]
  for (const one of [answer, ...(answer.more ?? [])]) {
    const wire = encodeResponse(query, one)
    const message = readMessage(wire)
    if (message === undefined) throw new Error(`can't be read: ${wire.toString('hex')}`)
    packet.decode(wire)
    for (const record of [...message.answers, ...message.authority, ...message.additional]) {
      if (record.rtype !== Rtype.SOA) texts.push(formatRecord(record))
    }
  }
  return texts
}

t.test('endpoints whose names are over 255 octets below a long zone', async t => {
  // The Service's own name has 254 octets.
  const zone = `${LONG}.${'z'.repeat(56)}.`
  const web = `${LONG}.${LONG}.svc.${zone}`
  const s = `s.${LONG}.svc.${zone}`
  const served = await serve(
    `${zone} in-addr.arpa`,
    [
      namespace(LONG),
      service(LONG, LONG, { clusterIPs: ['None'] }),
      slice(LONG, 'a', LONG, [endpoint(['10.0.0.1']), endpoint(['10.0.0.2'], { hostname: LONG })], {
        ports: [http]
      }),
      service(LONG, 's', { clusterIPs: ['None'] }),
      slice(LONG, 'b', 's', [endpoint(['10.0.0.3'])], { ports: [http] })
    ],
    { more: [transferPlugin], lines: 'transfer {\nto *\n}' }
  )
  t.same(await records(served, web, 'A'), ['NOERROR', `${web} 5 IN A 10.0.0.1`, `${web} 5 IN A 10.0.0.2`])
  t.same(await records(served, web, 'SRV'), ['NOERROR'], 'no target can be written')
  t.same(await records(served, '1.0.0.10.in-addr.arpa', 'PTR'), ['NXDOMAIN'])
  t.same(await records(served, s, 'SRV'), [
    'NOERROR',
    `${s} 5 IN SRV 0 100 80 10-0-0-3.${s}`,
    `10-0-0-3.${s} 5 IN A 10.0.0.3`
  ])
  t.same(await records(served, '3.0.0.10.in-addr.arpa', 'PTR'), [
    'NOERROR',
    `3.0.0.10.in-addr.arpa. 5 IN PTR 10-0-0-3.${s}`
  ])
  const transferred = await records(served, zone, 'AXFR')
  t.same(
    transferred.sort(),
    [
      'NOERROR',
      `${web} 5 IN A 10.0.0.1`,
      `${web} 5 IN A 10.0.0.2`,
      `10-0-0-3.${s} 5 IN A 10.0.0.3`,
      `_http._tcp.${s} 5 IN SRV 0 100 80 10-0-0-3.${s}`,
      `${s} 5 IN A 10.0.0.3`
    ].sort()
  )
})

t.test('endpoints of imported Services with labels of 63 octets', async t => {
  const name = `${LONG}.${LONG}.svc.clusterset.local.`
  const served = await serve('clusterset.local cluster.local {\nmulticluster clusterset.local\n}', [
    namespace(LONG),
    serviceImport(LONG, LONG, { type: 'Headless', ports: [http] }),
    slice(LONG, 'a', '', [endpoint(['10.0.0.1'], { hostname: LONG })], {
      ports: [http],
      labels: { [MULTICLUSTER_SERVICE_LABEL]: LONG, [SOURCE_CLUSTER_LABEL]: LONG }
    })
  ])
  t.same(await records(served, name, 'A'), ['NOERROR', `${name} 5 IN A 10.0.0.1`])
  t.same(await records(served, name, 'SRV'), ['NOERROR'])
})

t.test('a transfer of a name that leaves no room for its SOA', async t => {
  const served = await serve(
    'cluster.local',
    [namespace('shop'), service('shop', 'web', { ports: [http] })],
    {
      more: [transferPlugin],
      lines: 'transfer {\nto *\n}'
    }
  )
  const below = (octets: number) =>
    `${`${'a'.repeat(49)}.`.repeat(4)}${'b'.repeat(octets - 216)}.cluster.local.`
  t.same(
    (await records(served, below(244), 'AXFR')).slice(0, 1),
    ['NOERROR'],
    'the longest that is transferred'
  )
  t.same(await records(served, below(245), 'AXFR'), ['REFUSED'])
})

t.test('objects that no API server takes', async t => {
  const over = 'x'.repeat(64)
  const longPort = { name: 'p'.repeat(63), port: 1, protocol: 'TCP' }
  const odd = ['', over, 'a.b', 'ümlaut', '\u0000', 'x'.repeat(300)]
  const objects: ClusterObject[] = []
  let last = 0
  for (const space of odd) {
    objects.push(namespace(space))
    for (const name of odd) {
      last++
      objects.push(
        service(space, name, { clusterIPs: [`10.96.0.${last}`], ports: [longPort, { ...http, name: over }] }),
        slice(space, `s${last}`, name, [endpoint([`10.0.0.${last}`], { hostname: name })], {
          ports: [longPort]
        }),
        service(space, `h${name}`, { clusterIPs: ['None'] }),
        slice(space, `h${last}`, `h${name}`, [endpoint([`10.0.1.${last}`], { hostname: `é${over}` })], {
          ports: [longPort, { ...http, name: over, protocol: over }, { ...http, protocol: '' }]
        })
      )
    }
  }
  const served = await serve('cluster.local in-addr.arpa', objects, {
    more: [transferPlugin],
    lines: 'transfer {\nto *\n}'
  })
  const found = new Set<string>()
  for (let host = 1; host <= last; host++) {
    for (const net of ['96.10', '0.10', '1.0.10']) {
      const address = net === '1.0.10' ? `${host}.1.0.10` : `${host}.0.${net}`
      for (const text of await records(served, `${address}.in-addr.arpa`, 'PTR'))
        found.add(text.split(' ').at(-1)!)
    }
  }
  t.ok(found.has('a\\.b.a\\.b.svc.cluster.local.'), 'a dot in a label is no end of it')
  t.ok(found.has('\\000.\\195\\188mlaut.svc.cluster.local.'))
  t.ok((await records(served, 'cluster.local', 'AXFR')).length > 50)
  for (const type of ['A', 'SRV', 'TXT', 'NS', 'ANY']) {
    await records(served, 'h\\195\\188mlaut.a\\.b.svc.cluster.local', type)
  }
  const [, ...services] = await records(served, 'h\\195\\188mlaut.a\\.b.svc.cluster.local', 'SRV')
  t.equal(services.length, 3, 'two port numbers and an address')
})

t.test('name servers with names that can be written, each slice once', async t => {
  const served = await serve('cluster.local', [
    namespace('kube-system'),
    service('kube-system', 'dns', { clusterIPs: ['None'] }),
    service('kube-system', 'x'.repeat(64), { clusterIPs: ['10.96.0.11'] }),
    slice('kube-system', 'a', 'dns', [
      endpoint(['10.0.0.1', '10.0.0.1']),
      endpoint(['10.0.0.1'], { hostname: 'b' })
    ]),
    slice('kube-system', 'b', 'x'.repeat(63), [endpoint(['10.0.0.1'])])
  ])
  const options = { ...served.plugin.options, localAddresses: ['10.0.0.1'] }
  const plugin = new Kubernetes(served.index, options, (_, _qtype, query) => lastHandler.answer(query))
  const asked = {
    ...served,
    raw: async () => linkPlugins([plugin], lastHandler).answer(makeQuery('cluster.local', 'NS'))
  }
  t.same(await records(asked, 'cluster.local', 'NS'), [
    'NOERROR',
    'cluster.local. 5 IN NS 10-0-0-1.dns.kube-system.svc.cluster.local.',
    'cluster.local. 5 IN NS b.dns.kube-system.svc.cluster.local.',
    '10-0-0-1.dns.kube-system.svc.cluster.local. 5 IN A 10.0.0.1',
    '10-0-0-1.dns.kube-system.svc.cluster.local. 5 IN A 10.0.0.1',
    'b.dns.kube-system.svc.cluster.local. 5 IN A 10.0.0.1'
  ])
})

t.test('endpoints that are domain names are looked up a few at a time, each once', async t => {
  const asked: string[] = []
  const names = (count: number) => Array.from({ length: count }, (_, i) => endpoint([`h${i}.example.org`]))
  const served = await serve(
    'cluster.local',
    [
      namespace('shop'),
      service('shop', 'few', { clusterIPs: ['None'] }),
      slice('shop', 'a', 'few', [...names(2), endpoint(['H1.Example.ORG.', 'h0.example.org'])]),
      slice('shop', 'b', 'few', names(3)),
      service('shop', 'many', { clusterIPs: ['None'] }),
      slice('shop', 'c', 'many', names(1000))
    ],
    {
      lookup: (name, _qtype, query) => {
        asked.push(formatName(name))
        return lastHandler.answer(query)
      }
    }
  )
  t.equal((await records(served, 'few.shop.svc.cluster.local', 'A')).length, 1 + 3)
  t.same(asked.map(name => name.toLowerCase()).sort(), [
    'h0.example.org.',
    'h1.example.org.',
    'h2.example.org.'
  ])
  asked.length = 0
  t.equal((await records(served, 'many.shop.svc.cluster.local', 'AAAA')).length, 1 + 16)
  t.equal(asked.length, 16)
})

/** Milliseconds of the fastest of three. */
async function fastest(task: () => Promise<unknown>): Promise<number> {
  let best = Infinity
  for (let round = 0; round < 3; round++) {
    const start = performance.now()
    await task()
    best = Math.min(best, performance.now() - start)
  }
  return best
}

t.test('one address in every endpoint of a slice', async t => {
  const one = endpoint(Array.from({ length: 100 }, () => '10.0.0.1'))
  const served = await serve('cluster.local in-addr.arpa', [
    namespace('shop'),
    service('shop', 'web', { clusterIPs: ['None'] }),
    slice(
      'shop',
      'a',
      'web',
      Array.from({ length: 200 }, () => one),
      { ports: [http] }
    )
  ])
  const name = '1.0.0.10.in-addr.arpa'
  t.same(await records(served, name, 'PTR'), [
    'NOERROR',
    `${name}. 5 IN PTR 10-0-0-1.web.shop.svc.cluster.local.`
  ])
  t.same(await records(served, 'web.shop.svc.cluster.local', 'A'), [
    'NOERROR',
    'web.shop.svc.cluster.local. 5 IN A 10.0.0.1'
  ])
  // 20,000 endpoints, looked at once; looking again for each of them, these queries took minutes.
  t.ok((await fastest(() => records(served, name, 'PTR'))) < 500)
})

t.test('one address in ten thousand slices', async t => {
  const objects = Array.from({ length: 10_000 }, (_, i) =>
    slice('shop', `s${i}`, `s${i}`, [endpoint(['10.0.0.1'])])
  )
  const served = await serve('cluster.local in-addr.arpa', [namespace('shop'), ...objects])
  const found = await records(served, '1.0.0.10.in-addr.arpa', 'PTR')
  const query = makeQuery('1.0.0.10.in-addr.arpa', 'PTR', { transport: 'tcp' })
  t.ok(found.length > 1000 && found.length < 2000, 'as many as one message holds')
  t.equal(new Set(found).size, found.length)
  const wire = encodeResponse(query, await served.raw('1.0.0.10.in-addr.arpa', 'PTR', { transport: 'tcp' }))
  t.equal(wire[2]! & 2, 2, 'and TC')
  for (const { namespace: space, name } of objects) served.source.remove('EndpointSlice', space, name)
  t.same(await records(served, '1.0.0.10.in-addr.arpa', 'PTR'), ['NXDOMAIN'])
})

t.test('a name so long that a short zone begins beyond octet 255 of the message', async t => {
  const served = await serve('k8s', [])
  const labels = 'b.'.repeat(124)
  const query = makeQuery(`${labels}k8s`, 'A', { transport: 'tcp' })
  const message = readMessage(
    encodeResponse(query, await served.raw(`${labels}k8s`, 'A', { transport: 'tcp' }))
  )
  const soa = message?.authority.map(formatRecord)
  t.equal(soa?.length, 1)
  t.match(soa?.[0], /^k8s\. 5 IN SOA ns\.dns\.k8s\. hostmaster\.k8s\. /)
})

t.test('endpoints that are names of their own Service, in another zone', async t => {
  const zones = ['cluster.local', 'k8s']
  const names = zones.flatMap(zone =>
    ['', '_._.', '_http._.', 'http._.'].map(prefix => `${prefix}web.shop.svc.${zone}`)
  )
  let lookups = 0
  const served: Served = await serve(
    zones.join(' '),
    [
      namespace('shop'),
      service('shop', 'web', { clusterIPs: ['None'] }),
      slice('shop', 'a', 'web', [endpoint(names)], { ports: [http], addressType: 'FQDN' })
    ],
    {
      lookup: (name, qtype, query) => {
        const inner = derivedQuery(query, name, qtype)
        if (++lookups > 10_000) throw new Error('this does not end')
        return inner.depth > LOOKUP_DEPTH_MAX
          ? emptyAnswer(inner, Rcode.SERVFAIL)
          : served.plugin.answer(inner, lastHandler)
      }
    }
  )
  const found = await records(served, 'web.shop.svc.cluster.local', 'A')
  t.equal(found[0], 'NOERROR')
  t.ok(lookups >= names.length, 'each of the names is looked up')
  t.ok(lookups <= 1000, `${lookups} lookups`)
})
