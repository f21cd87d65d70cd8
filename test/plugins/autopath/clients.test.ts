// `autopath @name` under real clients: every recorded lookup with a Pod's search path, asked of labdns by the client's model.
import t from 'tap'
import { SimulatedUpstream } from '../../../src/experiment/upstream.ts'
import { queryOctets, replyOf } from '../../../src/cli/explain/reply.ts'
import { silence, type ResolverNetwork } from '../../../src/resolver/network.ts'
import { readTraces, replay, type Trace } from '../../support/resolver-traces.ts'
import { engineOf } from '../../support/running-app.ts'
import { MemorySource } from '../../support/memory-source.ts'
import { endpoint, service, slice } from '../../cluster/index/support.ts'

const folder = new URL('../../../../test/fixtures/vectors/resolver-traces/', import.meta.url).pathname

/** The cluster and the world of the recordings `k8s-*` (their `zoneRules`). */
function cluster(): MemorySource {
  const source = new MemorySource()
  source.put({ kind: 'Namespace', name: 'default', labels: {} })
  source.put(service('default', 'web', { clusterIPs: ['10.96.0.100'] }))
  source.put(service('default', 'mysql-headless', { clusterIPs: ['None'] }))
  source.put(
    slice('default', 'mysql-headless-1', 'mysql-headless', [
      endpoint(['10.244.1.7'], { hostname: 'mysql-0' })
    ])
  )
  return source
}

/** A replica, and how many questions a client sent it. All clients have one address, as behind address translation. */
async function replica(autopath: string): Promise<ResolverNetwork> {
  const upstream = new SimulatedUpstream()
  upstream.exists = new Set(['www.example.com.'])
  const engine = await engineOf(
    `.:53 {\n${autopath}\nkubernetes cluster.local\nforward . 192.0.2.1\n}`,
    cluster(),
    undefined,
    '.',
    { offline: true, beyond: upstream }
  )
  t.teardown(() => engine.close())
  return {
    send: message => {
      const wire = queryOctets(message, 7, message.edns)
      if (wire === undefined) return silence
      const response = engine.respond(wire, message.transport, { address: '203.0.113.9', port: 40_000 })
      if (!Buffer.isBuffer(response)) return silence
      const reply = replyOf(response, undefined)
      return reply === undefined ? silence : { kind: 'reply', afterMs: 0, reply }
    }
  }
}

const isOfPods = ({ id, resolvConf, zoneRules }: Trace) =>
  id.startsWith('k8s-') && resolvConf.includes('svc.cluster.local') && zoneRules.length > 2

t.test('every recorded lookup of a Pod comes to the same, with no more questions', async t => {
  const [without, with1, with2] = [
    await replica(''),
    await replica('autopath @name'),
    await replica('autopath @name')
  ]
  let compared = 0
  let saved = 0
  for (const [file, traces] of readTraces(folder)) {
    for (const trace of traces.filter(isOfPods)) {
      const id = `${file} ${trace.id}`
      const plain = replay(trace, 0, without)!
      const one = replay(trace, 0, with1)!
      const other = replay(trace, 0, with2)!
      compared++
      t.equal(plain.ok, trace.result.ok, `${id}: without autopath as recorded`)
      t.equal(one.ok, trace.result.ok, `${id}: with autopath as recorded`)
      // What the world outside has is not what was recorded there.
      const isOutside = trace.name.startsWith('www.example.com')
      if (!isOutside) t.same([...one.addresses].sort(), [...trace.result.addresses].sort(), id)
      t.same(one.addresses, plain.addresses, id)
      t.ok(
        one.queries.length <= plain.queries.length,
        `${id}: ${one.queries.length} of ${plain.queries.length}`
      )
      t.same(
        [other.queries, other.addresses],
        [one.queries, one.addresses],
        `${id}: two replicas say the same`
      )
      if (one.queries.length < plain.queries.length) saved++
    }
  }
  t.equal(compared, 419, 'all of them')
  t.ok(saved > 100, `${saved} lookups take fewer questions`)
})

// resolver-semantics.md §4.2.
const table: readonly (readonly [file: string, id: string, without: number, withAutopath: number])[] = [
  ['glibc-2.36', 'k8s-ndots5-www.example.com', 8, 2],
  ['musl-1.2.5', 'k8s-ndots5-www.example.com', 8, 2],
  ['go-1.24', 'k8s-ndots5-www.example.com', 8, 2],
  ['cares-1.34.5', 'k8s-ndots5-www.example.com', 8, 2],
  ['glibc-2.36', 'k8s-ndots5-web.default.svc', 6, 2],
  ['glibc-2.36', 'k8s-ndots5-nosuch.example.com', 8, 8],
  ['glibc-2.36', 'k8s-ndots1-www.example.com', 2, 2],
  ['node-20-resolve', 'k8s-ndots5-www.example.com', 1, 1]
]
t.test('how many questions it saves', async t => {
  const [without, withAutopath] = [await replica(''), await replica('autopath @name')]
  const files = readTraces(folder)
  for (const [client, id, before, after] of table) {
    const trace = files.get(`${client}.json`)!.find(each => each.id === id)!
    t.equal(replay(trace, 0, without)!.queries.length, before, `${client} ${id}`)
    t.equal(replay(trace, 0, withAutopath)!.queries.length, after, `${client} ${id} with autopath`)
  }
})
