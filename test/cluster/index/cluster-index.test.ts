// What of a cluster one stanza sees, and what moves its serials.
import t from 'tap'
import { ClusterIndex, PLAIN_INDEX, type IndexOptions } from '../../../src/cluster/index/cluster-index.ts'
import { ServiceType } from '../../../src/cluster/index/service-record.ts'
import type { ClusterObject, ServiceImport } from '../../../src/cluster/objects.ts'
import { LabelSelector } from '../../../src/cluster/selector.ts'
import { testRuntime } from '../../support/blocks.ts'
import { Dice, endpoint, find, pod, readService, readSlices, service, slice, slicesAt } from './support.ts'

function setUp(options: Partial<IndexOptions> = {}) {
  const runtime = testRuntime()
  return { index: new ClusterIndex({ ...PLAIN_INDEX, ...options }, runtime), clock: runtime.clock }
}

const serviceImport = (name: string, more: Partial<ServiceImport> = {}): ServiceImport => ({
  kind: 'ServiceImport',
  namespace: 'default',
  name,
  labels: {},
  type: 'ClusterSetIP',
  ips: ['10.97.0.1'],
  ports: [],
  ...more
})

const imported = {
  'multicluster.kubernetes.io/service-name': 'web',
  'multicluster.kubernetes.io/source-cluster': 'east'
}
const http = { name: 'http', port: 80, protocol: 'TCP' }

t.test('types of Services', t => {
  const cases: readonly (readonly [string, Parameters<typeof service>[2], number])[] = [
    ['ClusterIP', {}, ServiceType.ADDRESS],
    ['NodePort', { type: 'NodePort' }, ServiceType.ADDRESS],
    ['LoadBalancer', { type: 'LoadBalancer' }, ServiceType.ADDRESS],
    ['headless', { clusterIPs: ['None'] }, ServiceType.HEADLESS],
    ['no cluster IP yet', { clusterIPs: [] }, ServiceType.ADDRESS],
    [
      'ExternalName',
      { type: 'ExternalName', clusterIPs: [], externalName: 'a.example' },
      ServiceType.EXTERNAL_NAME
    ],
    [
      'ExternalName, an address',
      { type: 'ExternalName', clusterIPs: [], externalName: '192.0.2.1' },
      ServiceType.NONEXISTENT
    ]
  ]
  const { index } = setUp()
  for (const [what, more, type] of cases) {
    index.put(service('default', 'web', more))
    t.equal(
      readService(index.services, find(index.services, index.namespaces, 'default', 'web'))?.type,
      type,
      what
    )
  }
  t.end()
})

t.test('serials: what moves them and what does not', t => {
  const base = service('default', 'web', { ports: [http] })
  const part = slice('default', 's', 'web', [endpoint(['10.0.0.1'])], { ports: [http] })
  const importBase = serviceImport('web', { ports: [http] })
  const importPart = { ...part, labels: imported }
  type Step = (index: ClusterIndex) => void
  const put =
    (object: ClusterObject): Step =>
    (index: ClusterIndex) =>
      index.put(object)
  const cases: readonly (readonly [string, readonly Step[], Step, boolean, boolean])[] = [
    ['a Namespace comes', [], put({ kind: 'Namespace', name: 'shop', labels: {} }), false, false],
    ['a Service comes', [], put(base), true, false],
    ['the same Service again', [put(base)], put(base), false, false],
    ['other labels', [put(base)], put({ ...base, labels: { a: 'b' } }), false, false],
    ['other cluster IPs', [put(base)], put({ ...base, clusterIPs: ['10.96.0.2'] }), false, false],
    ['other ports', [put(base)], put({ ...base, ports: [] }), true, false],
    ['a Service goes', [put(base)], index => index.remove('Service', 'default', 'web'), true, false],
    [
      'a Service goes that was never there',
      [],
      index => index.remove('Service', 'default', 'web'),
      false,
      false
    ],
    ['a slice comes', [], put(part), true, false],
    ['the same slice again', [put(part)], put(part), false, false],
    ['another address', [put(part)], put({ ...part, endpoints: [endpoint(['10.0.0.2'])] }), true, false],
    [
      'a hostname',
      [put(part)],
      put({ ...part, endpoints: [endpoint(['10.0.0.1'], { hostname: 'a' })] }),
      true,
      false
    ],
    [
      'an endpoint is not ready any more',
      [put(part)],
      put({ ...part, endpoints: [endpoint(['10.0.0.1'], { ready: false })] }),
      true,
      false
    ],
    [
      'an endpoint that is not ready comes',
      [put(part)],
      put({ ...part, endpoints: [...part.endpoints, endpoint(['10.0.0.2'], { ready: false })] }),
      false,
      false
    ],
    [
      'a node name',
      [put(part)],
      put({ ...part, endpoints: [endpoint(['10.0.0.1'], { nodeName: 'n' })] }),
      false,
      false
    ],
    [
      'a topology zone',
      [put(part)],
      put({ ...part, endpoints: [endpoint(['10.0.0.1'], { zone: 'z' })] }),
      false,
      false
    ],
    ['a slice goes', [put(part)], index => index.remove('EndpointSlice', 'default', 's'), true, false],
    ['a Pod comes that nobody watches', [], put(pod('default', 'p', '10.0.0.9')), false, false],
    ['an import comes', [], put(importBase), true, false],
    ['an import has other ports', [put(importBase)], put({ ...importBase, ports: [] }), false, true],
    ['an import is headless now', [put(importBase)], put({ ...importBase, type: 'Headless' }), false, true],
    [
      'an import has another address',
      [put(importBase)],
      put({ ...importBase, ips: ['10.9.9.9'] }),
      false,
      true
    ],
    ['an import is told again', [put(importBase)], put({ ...importBase }), false, false],
    ['an imported slice comes', [], put(importPart), true, false],
    [
      'an imported slice has another address',
      [put(importPart)],
      put({ ...importPart, endpoints: [endpoint(['10.0.0.2'])] }),
      false,
      true
    ],
    [
      'an import goes',
      [put(importBase)],
      index => index.remove('ServiceImport', 'default', 'web'),
      true,
      false
    ]
  ]
  for (const [what, before, change, moves, movesMulticluster] of cases) {
    const { index, clock } = setUp({ multicluster: true })
    for (const step of before) step(index)
    const { serial, multiclusterSerial } = index
    clock.advance(5000)
    change(index)
    const now = Math.floor(clock.wallMs() / 1000)
    t.equal(index.serial, moves ? now : serial, what)
    t.equal(index.multiclusterSerial, movesMulticluster ? now : multiclusterSerial, `${what}: multicluster`)
  }
  const { index } = setUp()
  t.equal(index.serial, 0, 'before the first change')
  t.end()
})

t.test('labels decide what is taken in, also when they change', t => {
  const { index } = setUp({ labels: LabelSelector.parse('app=web'), pods: true })
  const label = { app: 'web' }
  const part = slice('default', 's', 'web', [endpoint(['10.0.0.1'])])
  const objects = [service('default', 'web'), part, pod('default', 'p', '10.0.0.1')]
  const counts = () => [index.services.serviceCount, index.services.sliceObjectCount, index.pods.podCount]
  for (const object of objects) index.put(object)
  t.strictSame(counts(), [0, 0, 0])
  for (const object of objects) index.put({ ...object, labels: { ...object.labels, ...label } })
  t.strictSame(counts(), [1, 1, 1])
  for (const object of objects) index.put(object)
  t.strictSame(counts(), [0, 0, 0])
  t.end()
})

t.test('namespaces come and go by their labels; what is in them stays known', t => {
  const { index } = setUp({ namespaceLabels: LabelSelector.parse('public') })
  const exists = () => {
    const octets = Buffer.from('shop')
    const id = index.namespaces.find(octets, 0, octets.length)
    return id >= 0 && index.namespaces.isDeclared(id)
  }
  index.put(service('shop', 'web'))
  t.notOk(exists())
  index.put({ kind: 'Namespace', name: 'shop', labels: { public: '' } })
  t.ok(exists())
  index.put({ kind: 'Namespace', name: 'shop', labels: {} })
  t.notOk(exists())
  index.put({ kind: 'Namespace', name: 'shop', labels: { public: '' } })
  index.remove('Namespace', '', 'shop')
  t.notOk(exists())
  t.ok(find(index.services, index.namespaces, 'shop', 'web') >= 0)
  t.end()
})

t.test('slices belong where their label says', t => {
  const { index } = setUp()
  const { services, namespaces } = index
  const names = (owner: string) =>
    readSlices(services, find(services, namespaces, 'default', owner)).map(one => one.name)
  index.put(slice('default', 's', 'web', [endpoint(['10.0.0.1'])]))
  index.put(slice('default', 's', 'db', [endpoint(['10.0.0.1'])]))
  t.strictSame([names('web'), names('db')], [[], ['s']], 'it moved')
  t.strictSame(slicesAt(services, namespaces, '10.0.0.1'), ['default/s'])
  for (const owner of ['', 'x'.repeat(64), 'ö'.repeat(32)]) {
    index.put(slice('default', 's', 'db', [endpoint(['10.0.0.1'])]))
    index.put(slice('default', 's', owner, [endpoint(['10.0.0.1'])]))
    t.strictSame(slicesAt(services, namespaces, '10.0.0.1'), [], `no Service can have the name "${owner}"`)
  }
  index.put(slice('default', 's', 'x'.repeat(63), [endpoint(['10.0.0.1'])]))
  t.strictSame(names('x'.repeat(63)), ['s'])
  index.put({ ...slice('default', 's', '', [endpoint(['10.0.0.1'])]), labels: {} })
  t.strictSame(slicesAt(services, namespaces, '10.0.0.1'), [], 'no label')
  t.end()
})

t.test('options that leave things out', t => {
  const part = slice('default', 's', 'web', [endpoint(['10.0.0.1'])])
  const without = setUp({ endpoints: false, multicluster: true }).index
  without.put(part)
  without.put({ ...part, name: 'i', labels: { ...part.labels, ...imported } })
  t.equal(without.services.sliceObjectCount, 0, 'noendpoints')
  t.equal(without.imports.sliceObjectCount, 1, 'imported slices are watched nevertheless')
  const plain = setUp().index
  plain.put(serviceImport('web'))
  plain.put({ ...part, labels: imported })
  plain.put(pod('default', 'p', '10.0.0.1'))
  t.strictSame([plain.imports.serviceCount, plain.imports.sliceObjectCount, plain.pods.podCount], [0, 0, 0])
  t.end()
})

t.test('a cluster that changes all day does not grow', t => {
  const { index } = setUp({ pods: true, multicluster: true })
  const dice = new Dice(4242)
  let octets = 0
  for (let cycle = 0; cycle < 100_000; cycle++) {
    const i = dice.below(200)
    const space = `ns-${i % 9}`
    const objects: readonly (() => void)[] = [
      () => index.put(service(space, `web-${i}`, { clusterIPs: [`10.96.0.${dice.below(250)}`] })),
      () => index.remove('Service', space, `web-${i}`),
      () =>
        index.put(slice(space, `s-${i}`, `web-${dice.below(200)}`, [endpoint([`10.0.0.${dice.below(9)}`])])),
      () => index.remove('EndpointSlice', space, `s-${i}`),
      () => index.put(pod(space, `p-${i}`, `10.0.0.${dice.below(250)}`)),
      () => index.remove('Pod', space, `p-${i}`),
      () => index.put({ kind: 'Namespace', name: space, labels: {} }),
      () => index.remove('Namespace', '', space)
    ]
    dice.pick(objects)()
    if (cycle === 30_000) octets = index.octets
  }
  t.equal(index.octets, octets)
  t.end()
})
