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
  return { states: new ClusterStates(testRuntime()), made, request }
}

t.test('equal sources and options share one index', t => {
  const { states, made, request } = setUp()
  const first = states.index(request('a'), PLAIN_INDEX)
  t.equal(states.index(request('a'), { ...PLAIN_INDEX }), first)
  const selector = () => LabelSelector.parse('app=web')
  const labelled = states.index(request('a'), { ...PLAIN_INDEX, labels: selector() })
  t.not(labelled, first)
  t.equal(
    states.index(request('a'), { ...PLAIN_INDEX, labels: selector() }),
    labelled,
    'selectors are equal by their text'
  )
  t.not(states.index(request('a'), { ...PLAIN_INDEX, namespaceLabels: selector() }), labelled)
  for (const option of ['pods', 'multicluster', 'endpointPodNames', 'zonal'] as const) {
    t.not(states.index(request('a'), { ...PLAIN_INDEX, [option]: true }), first, option)
  }
  t.equal(made.length, 1, 'one source for all of them')
  t.not(states.index(request('b'), PLAIN_INDEX), first)
  t.strictSame(
    made.map(({ key }) => key),
    ['a', 'b']
  )
  t.end()
})

t.test('every index hears of changes until the states are closed', async t => {
  const { states, made, request } = setUp()
  const plain = states.index(request('a'), PLAIN_INDEX)
  const labelled = states.index(request('a'), { ...PLAIN_INDEX, labels: LabelSelector.parse('app') })
  const [source] = made.map(one => one.source)
  t.notOk(plain.isSynced)
  await states.start()
  t.ok(plain.isSynced && labelled.isSynced)
  source!.put(service('default', 'a'))
  source!.put(service('default', 'b', { labels: { app: 'x' } }))
  t.equal(plain.services.serviceCount, 2)
  t.equal(labelled.services.serviceCount, 1)
  await states.close()
  source!.remove('Service', 'default', 'a')
  t.equal(plain.services.serviceCount, 2, 'nobody is told any more')
})

t.test('a source that cannot start fails the start', async t => {
  const { states } = setUp()
  const source = new MemorySource()
  source.start = () => Promise.reject(new Error('no such folder'))
  states.index({ key: 'a', make: () => source }, PLAIN_INDEX)
  await t.rejects(states.start(), { message: 'no such folder' })
  await states.close()
})
