// Stanzas that ask for the same get the same state, and everything that was opened is closed.
import t from 'tap'
import { ClusterStates } from '../../src/cluster/cluster-states.ts'
import { PLAIN_INDEX } from '../../src/cluster/index/cluster-index.ts'
import { LabelSelector } from '../../src/cluster/selector.ts'
import type { ClusterSource } from '../../src/cluster/source.ts'
import { testRuntime } from '../support/blocks.ts'
import { MemorySource } from '../support/memory-source.ts'
import { service } from './index/support.ts'

function setUp() {
  const made: { readonly key: string; readonly source: MemorySource }[] = []
  const request = (key: string) => ({
    key,
    make: (): ClusterSource => {
      const source = new MemorySource()
      made.push({ key, source })
      return source
    }
  })
  const states = new ClusterStates(testRuntime())
  return { states, lease: states.lease(), made, request }
}

t.test('equal sources and options share one index', t => {
  const { lease, made, request } = setUp()
  const first = lease.index(request('a'), PLAIN_INDEX)
  t.equal(lease.index(request('a'), { ...PLAIN_INDEX }), first)
  const selector = () => LabelSelector.parse('app=web')
  const labelled = lease.index(request('a'), { ...PLAIN_INDEX, labels: selector() })
  t.not(labelled, first)
  t.equal(
    lease.index(request('a'), { ...PLAIN_INDEX, labels: selector() }),
    labelled,
    'selectors are equal by their text'
  )
  t.not(lease.index(request('a'), { ...PLAIN_INDEX, namespaceLabels: selector() }), labelled)
  for (const option of ['pods', 'multicluster', 'endpointPodNames', 'zonal'] as const) {
    t.not(lease.index(request('a'), { ...PLAIN_INDEX, [option]: true }), first, option)
  }
  t.equal(made.length, 1, 'one source for all of them')
  t.not(lease.index(request('b'), PLAIN_INDEX), first)
  t.strictSame(
    made.map(({ key }) => key),
    ['a', 'b']
  )
  t.end()
})

t.test('every index hears of changes until the states are closed', async t => {
  const { lease, made, request } = setUp()
  const plain = lease.index(request('a'), PLAIN_INDEX)
  const labelled = lease.index(request('a'), { ...PLAIN_INDEX, labels: LabelSelector.parse('app') })
  const [source] = made.map(one => one.source)
  t.notOk(plain.isSynced)
  await lease.start()
  t.ok(plain.isSynced && labelled.isSynced)
  source!.put(service('default', 'a'))
  source!.put(service('default', 'b', { labels: { app: 'x' } }))
  t.equal(plain.services.serviceCount, 2)
  t.equal(labelled.services.serviceCount, 1)
  await lease.release()
  source!.remove('Service', 'default', 'a')
  t.equal(plain.services.serviceCount, 2, 'nobody is told any more')
})

t.test('a source that cannot start fails the start', async t => {
  const { lease } = setUp()
  const source = new MemorySource()
  source.start = () => Promise.reject(new Error('no such folder'))
  lease.index({ key: 'a', make: () => source }, PLAIN_INDEX)
  await t.rejects(lease.start(), { message: 'no such folder' })
  await lease.release()
})

t.test('what the next lease asks for too stays as it is; the rest is closed', async t => {
  const { states, lease, made, request } = setUp()
  const closed: string[] = []
  const index = lease.index(request('a'), PLAIN_INDEX)
  lease.index(request('a'), PLAIN_INDEX)
  lease.index(request('b'), PLAIN_INDEX)
  for (const { key, source } of made) {
    source.close = () => {
      closed.push(key)
      return Promise.resolve()
    }
  }
  await lease.start()
  const next = states.lease()
  t.equal(next.index(request('a'), PLAIN_INDEX), index)
  await next.start()
  t.equal(made.length, 2, 'no source was made or started again')
  await lease.release()
  t.strictSame(closed, ['b'])
  made[0]?.source.put(service('default', 'a'))
  t.equal(index.services.serviceCount, 1, 'it still hears of changes')
  await lease.release()
  await next.release()
  t.strictSame(closed, ['b', 'a'])
  t.not(states.lease().index(request('a'), PLAIN_INDEX), index, 'afterwards everything begins anew')
})
