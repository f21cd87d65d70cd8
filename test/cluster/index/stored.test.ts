// What an index gives to be kept makes an index that answers the same.
import fc from 'fast-check'
import t from 'tap'
import { ClusterIndex, PLAIN_INDEX, type IndexOptions } from '../../../src/cluster/index/cluster-index.ts'
import { storedObjects } from '../../../src/cluster/index/stored.ts'
import type { ClusterObject } from '../../../src/cluster/objects.ts'
import { LabelSelector } from '../../../src/cluster/selector.ts'
import { anyObject } from '../../support/any-objects.ts'
import { testRuntime } from '../../support/blocks.ts'
import { endpoint, service, slice } from './support.ts'

const FULL: IndexOptions = { ...PLAIN_INDEX, pods: true, multicluster: true, zonal: true, external: true }

function indexOf(objects: readonly ClusterObject[], options: IndexOptions): ClusterIndex {
  const index = new ClusterIndex(options, testRuntime())
  for (const object of objects) index.put(object)
  index.synced()
  return index
}

function again(index: ClusterIndex): ClusterIndex {
  const restored = new ClusterIndex(index.options, testRuntime())
  // Through text, as a file holds it.
  for (const object of storedObjects(index)) {
    restored.restore(JSON.parse(JSON.stringify(object)) as ClusterObject)
  }
  restored.synced()
  return restored
}

const texts = (index: ClusterIndex) => [...storedObjects(index)].map(each => JSON.stringify(each)).sort()

t.test('objects of every shape come back as they were kept', t => {
  for (const options of [PLAIN_INDEX, FULL, { ...FULL, endpointPodNames: true }]) {
    fc.assert(
      fc.property(fc.array(anyObject, { maxLength: 12 }), objects => {
        const index = indexOf(objects, options)
        const restored = again(index)
        t.strictSame(restored.objectCounts(), index.objectCounts())
        t.strictSame(texts(restored), texts(index))
      }),
      { numRuns: 60 }
    )
  }
  t.end()
})

t.test('what selectors left out stays out, and the rest needs no labels', t => {
  const options = {
    ...PLAIN_INDEX,
    labels: LabelSelector.parse('app=web'),
    namespaceLabels: LabelSelector.parse('dns=yes')
  }
  const index = indexOf(
    [
      { kind: 'Namespace', name: 'default', labels: { dns: 'yes' } },
      { kind: 'Namespace', name: 'hidden', labels: {} },
      service('default', 'in', { labels: { app: 'web' } }),
      service('default', 'out', {})
    ],
    options
  )
  t.match(again(index).objectCounts(), { Namespace: 1, Service: 1 })
  t.same(texts(again(index)), texts(index))
  t.end()
})

t.test('an endpoint keeps its name, and an address the way it was spelled', t => {
  const index = indexOf(
    [
      service('default', 'web', { clusterIPs: ['None'] }),
      slice('default', 'web-1', 'web', [
        endpoint(['FD00::1']),
        endpoint(['fd00::2'], { hostname: 'two' }),
        endpoint(['10.0.0.3'])
      ])
    ],
    PLAIN_INDEX
  )
  const [stored] = [...storedObjects(index)].filter(each => each.kind === 'EndpointSlice')
  t.match(stored, {
    labels: { 'kubernetes.io/service-name': 'web' },
    endpoints: [
      { addresses: ['FD00:0000:0000:0000:0000:0000:0000:0001'], hostname: 'FD00--1' },
      { addresses: ['fd00::2'], hostname: 'two' },
      { addresses: ['10.0.0.3'], hostname: '' }
    ]
  })
  t.same(texts(again(index)), texts(index))
  t.end()
})
