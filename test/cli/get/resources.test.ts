// The columns of each kind, as kubectl's printers fill them.
import t from 'tap'
import { kindsOf } from '../../../src/cli/get/kinds.ts'
import { COLUMNS, resourcesOf, type Beyond } from '../../../src/cli/get/resources.ts'
import type { ClusterObject, Service } from '../../../src/cluster/objects.ts'
import { endpoint, service, slice } from '../../cluster/index/support.ts'

const UNKNOWN = '<unknown>'
const nothing: Beyond = {
  selectorOf: () => undefined,
  podFacts: () => undefined,
  complete: (_, manifest) => manifest
}

function rows(word: string, objects: readonly ClusterObject[], beyond: Beyond = nothing, isWide = false) {
  const [kind] = kindsOf(word)!
  const [columns, wideColumns] = COLUMNS[kind!.kind]
  return resourcesOf(kind!, objects, beyond).map(resource => {
    const cells = isWide ? resource.wideCells() : resource.cells()
    t.equal(cells.length, columns.length + (isWide ? wideColumns.length : 0), 'a cell for each column')
    return [resource.name, ...cells]
  })
}

const tcp = (port: number, name = '') => ({ name, port, protocol: 'TCP' })
const udp = (port: number, name = '') => ({ name, port, protocol: 'UDP' })

const services: readonly (readonly [fields: Partial<Service>, cells: readonly string[], wide?: string])[] = [
  [{ clusterIPs: ['10.9.8.7'], ports: [tcp(80)] }, ['ClusterIP', '10.9.8.7', '<none>', '80/TCP']],
  [{ type: '', clusterIPs: ['None'] }, ['ClusterIP', 'None', '<none>', '<none>']],
  [
    {
      clusterIPs: ['10.96.0.10'],
      ports: [udp(53), tcp(53), tcp(9153)],
      externalIPs: ['192.0.2.1', '192.0.2.2']
    },
    ['ClusterIP', '10.96.0.10', '192.0.2.1,192.0.2.2', '53/UDP,53/TCP,9153/TCP']
  ],
  [
    { type: 'NodePort', clusterIPs: ['10.9.8.7'], ports: [{ ...tcp(80), protocol: '' }] },
    ['NodePort', '10.9.8.7', '<none>', '80/TCP']
  ],
  [
    { type: 'LoadBalancer', clusterIPs: ['10.9.8.7'], ports: [tcp(80)] },
    ['LoadBalancer', '10.9.8.7', '<pending>', '80/TCP']
  ],
  [
    { type: 'LoadBalancer', clusterIPs: ['10.9.8.7'], ports: [tcp(80)], externalIPs: ['3.3.3.3', '2.2.2.2'] },
    ['LoadBalancer', '10.9.8.7', '2.2.2.2,3.3.3.3', '80/TCP']
  ],
  [
    {
      type: 'LoadBalancer',
      clusterIPs: ['10.9.8.7'],
      ports: [tcp(80)],
      externalIPs: ['a1b2.elb.example.org']
    },
    ['LoadBalancer', '10.9.8.7', 'a1b2.elb.exam...', '80/TCP'],
    'a1b2.elb.example.org'
  ],
  [
    { type: 'ExternalName', clusterIPs: [], externalName: 'smtp.example.org' },
    ['ExternalName', '<none>', 'smtp.example.org', '<none>']
  ]
]

t.test('Services', t => {
  for (const [fields, cells, wide] of services) {
    const object = service('shop', 'web', { externalIPs: [], ports: [], ...fields })
    t.strictSame(rows('svc', [object]), [['web', ...cells, UNKNOWN]], cells.join(' '))
    if (wide !== undefined) t.equal(rows('svc', [object], nothing, true)[0]?.[3], wide)
  }
  const selected = { ...nothing, selectorOf: () => ({ tier: 'front', app: 'web' }) }
  t.equal(rows('svc', [service('shop', 'web')], selected, true)[0]?.at(-1), 'app=web,tier=front')
  t.equal(
    rows('svc', [service('shop', 'web')], { ...nothing, selectorOf: () => ({}) }, true)[0]?.at(-1),
    '<none>'
  )
  t.equal(rows('svc', [service('shop', 'web')], nothing, true)[0]?.at(-1), UNKNOWN, 'nobody asks for it')
  t.end()
})

t.test('objects stand in the order of namespace and name', t => {
  const objects = [service('shop', 'b'), service('app', 'z'), service('shop', 'a'), service('shop', 'B')]
  t.strictSame(
    rows('svc', objects).map(([name]) => name),
    ['z', 'B', 'a', 'b']
  )
  t.end()
})

t.test('endpoints', t => {
  const web = service('shop', 'web', { clusterIPs: ['10.96.0.1'] })
  const of = (...objects: ClusterObject[]) => rows('ep', [web, ...objects])[0]?.[1]
  const ready = (...addresses: string[]) => addresses.map(address => endpoint([address]))
  t.equal(
    of(slice('shop', 'w', 'web', ready('10.1.0.2', '10.1.0.1'), { ports: [tcp(80)] })),
    '10.1.0.1:80,10.1.0.2:80'
  )
  t.equal(
    of(
      slice('shop', 'w', 'web', ready('10.1.0.1', '10.1.0.2', '10.1.0.3', '10.1.0.4', '10.1.0.5'), {
        ports: [tcp(80)]
      })
    ),
    '10.1.0.1:80,10.1.0.2:80,10.1.0.3:80 + 2 more...'
  )
  t.equal(
    of(
      slice('shop', 'w', 'web', ready('10.1.0.1', '10.1.0.2'), {
        ports: [udp(53, 'dns'), tcp(53, 'dns-tcp')]
      })
    ),
    '10.1.0.1:53,10.1.0.2:53,10.1.0.1:53 + 1 more...'
  )
  t.equal(of(slice('shop', 'w', 'web', ready('10.1.0.1'), { ports: [] })), '10.1.0.1')
  t.equal(
    of(slice('shop', 'w', 'web', [endpoint(['10.1.0.1'], { ready: false })], { ports: [tcp(80)] })),
    '',
    'none is ready'
  )
  t.equal(of(slice('shop', 'w', 'web', [], { ports: [] })), '<none>')
  const six = slice('shop', 'w6', 'web', ready('fd00::1'), { ports: [tcp(80)], addressType: 'IPv6' })
  t.equal(of(six), '<none>', 'the family of the Service counts')
  const headless = service('shop', 'web', { clusterIPs: ['None'] })
  t.equal(rows('ep', [headless, six])[0]?.[1], '[fd00::1]:80')
  t.strictSame(rows('ep', [web]), [], 'a Service that nobody knows to have endpoints')
  t.strictSame(rows('ep', [web], { ...nothing, selectorOf: () => ({ app: 'web' }) }), [
    ['web', '<none>', UNKNOWN]
  ])
  t.end()
})

t.test('slices, Pods, namespaces and imports', t => {
  const ports = [tcp(80), { ...tcp(-1), name: 'any' }, tcp(-1)]
  t.strictSame(rows('endpointslices', [slice('shop', 'w', 'web', [endpoint(['10.1.0.1'])], { ports })]), [
    ['w', 'IPv4', '80,any,*', '10.1.0.1', UNKNOWN]
  ])
  t.strictSame(rows('endpointslices', [slice('shop', 'w', 'web', [], { ports: [] })]), [
    ['w', 'IPv4', '<unset>', '<unset>', UNKNOWN]
  ])
  const pod = {
    kind: 'Pod',
    namespace: 'shop',
    name: 'web-0',
    labels: {},
    podIP: '10.1.0.1',
    phase: 'Running',
    deleting: false
  } as const
  t.strictSame(rows('po', [pod], nothing, true), [
    ['web-0', UNKNOWN, 'Running', '0', UNKNOWN, '10.1.0.1', '<none>', '<none>', '<none>']
  ])
  const facts = { ...nothing, podFacts: () => ({ ready: false, nodeName: 'node-1' }) }
  t.strictSame(rows('po', [{ ...pod, podIP: '', deleting: true }], facts, true), [
    ['web-0', '0/1', 'Terminating', '0', UNKNOWN, '<none>', 'node-1', '<none>', '<none>']
  ])
  t.strictSame(rows('ns', [{ kind: 'Namespace', name: 'shop', labels: {} }]), [['shop', 'Active', UNKNOWN]])
  const imported = {
    kind: 'ServiceImport',
    namespace: 'shop',
    name: 'web',
    labels: {},
    type: 'ClusterSetIP',
    ips: ['10.42.42.42'],
    ports: []
  } as const
  t.strictSame(rows('serviceimports', [imported]), [['web', 'ClusterSetIP', '["10.42.42.42"]', UNKNOWN]])
  t.end()
})
