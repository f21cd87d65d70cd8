// AXFR and IXFR of a cluster's zone: who gets them, and what comes in which order.
import t from 'tap'
import type { ClusterObject } from '../../../src/cluster/objects.ts'
import { transferPlugin } from '../../../src/plugins/transfer/setup.ts'
import { accept } from '../../../src/dns/accept.ts'
import type { Answer } from '../../../src/dns/answer.ts'
import { linkPlugins } from '../../../src/dns/plugin.ts'
import { clientSerial, Transfer } from '../../../src/plugins/transfer/transfer.ts'
import { ZoneTable } from '../../../src/dns/zone.ts'
import { encodeName } from '../../../src/wire/name.ts'
import { lastHandler, testRuntime } from '../../support/blocks.ts'
import { makeQuery, queryWire, responseText, testListener } from '../../support/messages.ts'
import { endpoint, service, slice } from '../../cluster/index/support.ts'
import { serve } from '../kubernetes/support.ts'

const http = { name: 'http', port: 80, protocol: 'TCP' }
const objects: readonly ClusterObject[] = [
  { kind: 'Namespace', name: 'shop', labels: {} },
  service('shop', 'web', { clusterIPs: ['10.96.0.1'], ports: [http] }),
  service('hidden', 'web', { clusterIPs: ['10.96.0.9'], ports: [http] }),
  service('shop', 'db', { clusterIPs: ['None'] }),
  service('shop', 'out', { type: 'ExternalName', clusterIPs: [], externalName: 'a.example' }),
  service('shop', 'literal', { type: 'ExternalName', clusterIPs: [], externalName: '192.0.2.1' }),
  slice('shop', 'db-1', 'db', [endpoint(['10.0.0.1'], { hostname: 'db-0' }), endpoint(['10.0.0.2'])], {
    ports: [http]
  })
]

const setUp = (to = '*', isSynced = true) =>
  serve('cluster.local', objects, {
    more: [transferPlugin],
    lines: `transfer cluster.local {\nto ${to}\n}`,
    isSynced
  })

/** `OWNER TYPE DATA` of every record, message by message. */
function sequence(answer: Answer, type = 'AXFR'): string[] {
  const query = makeQuery('cluster.local', type, { transport: 'tcp' })
  const first = responseText(query, answer)
  const all = [first, ...[...(answer.more ?? [])].map(one => responseText(query, one))]
  return all.flatMap(reply =>
    reply.answer.map(line =>
      line
        .split(' ')
        .filter((_, i) => i !== 1)
        .join(' ')
    )
  )
}

/** An IXFR query of a client that has this serial. */
function ixfr(serial: number) {
  const wire = queryWire('cluster.local', 'IXFR')
  wire.writeUInt16BE(1, 8)
  const soa = Buffer.alloc(32)
  soa.writeUInt16BE(6, 0)
  soa.writeUInt16BE(1, 2)
  soa.writeUInt16BE(22, 8)
  soa.writeUInt32BE(serial, 12)
  const whole = Buffer.concat([wire, encodeName('cluster.local'), soa])
  const query = accept(whole, 'tcp', { address: '192.0.2.7', port: 40_000 }, testListener)
  if (typeof query === 'string') throw new Error(query)
  return query
}

t.test('AXFR: SOA, every record of exposed namespaces, SOA', async t => {
  const { raw } = await setUp()
  const records = sequence(await raw('cluster.local', 'AXFR', { transport: 'tcp' }))
  t.match(records[0], /^cluster\.local SOA /)
  t.equal(records.at(-1), records[0])
  const web = 'web.shop.svc.cluster.local'
  const db = 'db.shop.svc.cluster.local'
  const srv = (weight: number, target: string) => `SRV priority=0 weight=${weight} port=80 target=${target}`
  t.strictSame(
    records.slice(1, -1).sort(),
    [
      `${web} A 10.96.0.1`,
      `${web} ${srv(100, web)}`,
      `_http._tcp.${web} ${srv(100, web)}`,
      `${db} A 10.0.0.1`,
      `${db} A 10.0.0.2`,
      `db-0.${db} A 10.0.0.1`,
      `10-0-0-2.${db} A 10.0.0.2`,
      `_http._tcp.${db} ${srv(50, `db-0.${db}`)}`,
      `_http._tcp.${db} ${srv(50, `10-0-0-2.${db}`)}`,
      'out.shop.svc.cluster.local CNAME a.example'
    ].sort()
  )
})

t.test('refused over UDP, and for addresses that `to` does not name', async t => {
  const cases: readonly (readonly [to: string, from: string, transport: 'udp' | 'tcp', rcode: string])[] = [
    ['*', '192.0.2.7', 'tcp', 'NOERROR'],
    ['*', '192.0.2.7', 'udp', 'REFUSED'],
    ['192.0.2.7', '192.0.2.7', 'tcp', 'NOERROR'],
    ['192.0.2.7', '192.0.2.7', 'udp', 'REFUSED'],
    ['192.0.2.7:5353', '192.0.2.7', 'tcp', 'NOERROR'],
    ['192.0.2.7', '192.0.2.70', 'tcp', 'REFUSED'],
    ['192.0.2.7', '2001:db8::7', 'tcp', 'REFUSED'],
    ['[2001:db8::7]:53', '2001:db8::7', 'tcp', 'NOERROR'],
    ['2001:DB8:0::7', '2001:db8::7', 'tcp', 'NOERROR']
  ]
  for (const [to, from, transport, rcode] of cases) {
    const { ask } = await setUp(to)
    for (const type of ['AXFR', 'IXFR']) {
      const reply = await ask('cluster.local', type, { from, transport })
      t.equal(reply.rcode, rcode, `to ${to}: ${type} from ${from} over ${transport}`)
      if (rcode === 'REFUSED') t.strictSame(reply.answer, [])
    }
  }
})

t.test('IXFR: one SOA when up to date, all of it otherwise', async t => {
  const { plugin } = await setUp()
  const { serial } = plugin.index
  const transfer = new Transfer(
    new ZoneTable([[encodeName('cluster.local'), { allows: () => true, targets: [] }]]),
    () => [plugin],
    testRuntime()
  )
  const chain = linkPlugins([transfer], lastHandler)
  for (const [client, isWhole] of [
    [serial, false],
    [serial - 1, true],
    [serial + 1, true],
    [0, true]
  ] as const) {
    const query = ixfr(client)
    t.equal(clientSerial(query), client)
    const records = sequence(await chain.answer(query), 'IXFR')
    t.equal(records.length, isWhole ? 12 : 1, `${client - serial} ahead`)
    t.match(records[0], / SOA /)
  }
  t.equal(clientSerial(makeQuery('cluster.local', 'IXFR', { transport: 'tcp' })), -1, 'no SOA in the query')
})

t.test('other queries, other zones, and a zone that is not loaded', async t => {
  const { ask, fellThrough } = await setUp()
  t.strictSame((await ask('web.shop.svc.cluster.local')).rcode, 'NOERROR')
  t.equal((await ask('example.org', 'AXFR', { transport: 'tcp' })).rcode, 'SERVFAIL')
  t.equal(fellThrough(), 1)
  const unsynced = await setUp('*', false)
  t.equal(
    (await unsynced.ask('cluster.local', 'AXFR', { transport: 'tcp' })).rcode,
    'REFUSED',
    'kubernetes itself refuses'
  )
})

t.test('a large zone comes in several messages, each of a size that can be sent', async t => {
  const { raw, source } = await setUp()
  for (let i = 0; i < 2000; i++)
    source.put(service('shop', `service-${i}`, { clusterIPs: [`10.97.${i >> 8}.${i & 255}`] }))
  const answer = await raw('cluster.local', 'AXFR', { transport: 'tcp' })
  const rest = [...(answer.more ?? [])]
  t.ok(rest.length > 2)
  for (const one of [answer, ...rest]) t.ok(one.length < 0x1_0000)
  const count = [answer, ...rest].reduce((sum, one) => sum + one.answerCount, 0)
  t.equal(count, 12 + 2000 * 2, 'an address and one SRV record for each')
})
