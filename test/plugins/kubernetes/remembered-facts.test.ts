// What is told of names that aren't there follows every change, though it is remembered.
import t from 'tap'
import { reasonIn } from '../../explain/lab.ts'
import { decodeText, queryWire } from '../../support/messages.ts'
import { MemorySource } from '../../support/memory-source.ts'
import { engineOf, testRuntime } from '../../support/running-app.ts'

const Z = 'svc.cluster.local'

t.test('remembered reasons are those of now', async t => {
  const source = new MemorySource()
  for (const name of ['shop', 'other']) source.putRaw({ kind: 'Namespace', metadata: { name } })
  const engine = await engineOf('.:53 {\nexplain\nkubernetes cluster.local\n}\n', source, testRuntime())
  const why = async (name: string, type = 'A') => {
    const from = { address: '192.0.2.7', port: 4711 }
    const wire = await engine.respond(queryWire(name, type, { edns: 1232 }), 'udp', from)
    return Buffer.isBuffer(wire) ? reasonIn(decodeText(wire)) : ''
  }
  const service = (name: string, namespace: string, clusterIP = '10.96.0.9') => ({
    kind: 'Service',
    metadata: { name, namespace },
    spec: { type: 'ClusterIP', clusterIP, clusterIPs: [clusterIP] }
  })

  const bare = '0 there is no Service shop/web'
  for (const time of ['worked out', 'remembered']) t.equal(await why(`web.shop.${Z}`), bare, time)
  t.equal(await why(`web.shop.${Z}`, 'AAAA'), bare, 'another type')
  t.equal(await why(`web.other.${Z}`), '0 there is no Service other/web', 'another name')

  source.putRaw(service('web', 'other'))
  const elsewhere = await why(`web.shop.${Z}`)
  t.match(elsewhere, new RegExp(`^${bare}.*web\\.other\\.${Z}`), 'a Service elsewhere came')
  t.equal(await why(`web.shop.${Z}`), elsewhere)
  source.remove('Service', 'other', 'web')
  t.equal(await why(`web.shop.${Z}`), bare, 'and went')

  source.putRaw(service('web', 'shop'))
  t.equal(await why(`web.shop.${Z}`), '', 'it came itself')
  const noData = await why(`web.shop.${Z}`, 'AAAA')
  t.match(noData, /^0 .*IPv4/, 'no data instead of no name')
  t.equal(await why(`web.shop.${Z}`, 'AAAA'), noData)
  source.remove('Namespace', '', 'shop')
  t.match(await why(`web.shop.${Z}`, 'AAAA'), /^0 there is no namespace shop/)
  await engine.close()
})

t.test('more names than are remembered are told all the same', async t => {
  const source = new MemorySource()
  source.putRaw({ kind: 'Namespace', metadata: { name: 'shop' } })
  const engine = await engineOf('.:53 {\nexplain\nkubernetes cluster.local\n}\n', source, testRuntime())
  for (let at = 0; at < 2500; at++) {
    const name = `web${at % 1300}.shop.${Z}`
    const wire = await engine.respond(queryWire(name, 'A', { edns: 1232 }), 'udp', {
      ...{ address: '192.0.2.7', port: 4711 }
    })
    const said = Buffer.isBuffer(wire) ? reasonIn(decodeText(wire)) : ''
    if (said !== `0 there is no Service shop/web${at % 1300}`) t.fail(`${name}: ${said}`)
  }
  t.pass('each has its own')
  await engine.close()
})
