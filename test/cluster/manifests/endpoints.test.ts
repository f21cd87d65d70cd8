import t from 'tap'
import type { EndpointSlice } from '../../../src/cluster/objects.ts'
import { readTexts, type Mirror } from './harness.ts'

const namespace = 'apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n'
const service =
  'apiVersion: v1\nkind: Service\nmetadata: {name: db, namespace: shop}\nspec: {clusterIP: None}\n'

function endpoints(metadata = '', subsets = '[{addresses: [{ip: 10.1.0.1}]}]'): string {
  return `apiVersion: v1\nkind: Endpoints\nmetadata: {name: db, namespace: shop${metadata}}\nsubsets: ${subsets}\n`
}

function slice(name: string, serviceName: string): string {
  return (
    `apiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\nmetadata: {name: ${name}, namespace: shop, ` +
    `labels: {kubernetes.io/service-name: ${serviceName}}}\naddressType: IPv4\nendpoints: []\n`
  )
}

function slicesOf(mirror: Mirror): EndpointSlice[] {
  return [...mirror.objects.values()].filter(object => object.kind === 'EndpointSlice')
}

t.test('one slice a subset and family, labelled as the mirroring controller does', async t => {
  const subsets =
    '[{addresses: [{ip: 10.1.0.1, hostname: a, nodeName: n1, targetRef: {kind: Pod, name: p}}, {ip: "fd00::1"}], ' +
    'notReadyAddresses: [{ip: 10.1.0.2}], ports: [{name: sql, port: 3306, protocol: TCP}]}, {addresses: [{ip: 10.1.0.9}]}]'
  const { mirror, log } = await readTexts({
    'a.yaml': [namespace, service, endpoints(', labels: {app: db}', subsets)].join('---\n')
  })
  const labels = {
    app: 'db',
    'kubernetes.io/service-name': 'db',
    'endpointslice.kubernetes.io/managed-by': 'endpointslicemirroring-controller.k8s.io'
  }
  const none = { hostname: '', nodeName: '', targetName: '', zone: '' }
  t.strictSame(slicesOf(mirror), [
    {
      ...{
        kind: 'EndpointSlice',
        namespace: 'shop',
        name: 'db-mirrored-0-ipv4',
        labels,
        addressType: 'IPv4'
      },
      ports: [{ name: 'sql', port: 3306, protocol: 'TCP' }],
      endpoints: [
        { addresses: ['10.1.0.1'], ready: true, hostname: 'a', nodeName: 'n1', targetName: 'p', zone: '' },
        { addresses: ['10.1.0.2'], ready: false, ...none }
      ],
      lastChange: ''
    },
    {
      ...{
        kind: 'EndpointSlice',
        namespace: 'shop',
        name: 'db-mirrored-0-ipv6',
        labels,
        addressType: 'IPv6'
      },
      ports: [{ name: 'sql', port: 3306, protocol: 'TCP' }],
      endpoints: [{ addresses: ['fd00::1'], ready: true, ...none }],
      lastChange: ''
    },
    {
      ...{
        kind: 'EndpointSlice',
        namespace: 'shop',
        name: 'db-mirrored-1-ipv4',
        labels,
        addressType: 'IPv4'
      },
      ports: [],
      endpoints: [{ addresses: ['10.1.0.9'], ready: true, ...none }],
      lastChange: ''
    }
  ])
  t.strictSame(log.lines, ['info: manifests: 1 file: Endpoints 1, Namespace 1, Service 1'])
})

const cases: readonly (readonly [string, readonly string[], readonly string[]])[] = [
  ['mirrored', [namespace, service, endpoints()], ['db-mirrored-0-ipv4']],
  ['whatever the order', [endpoints(), service, namespace], ['db-mirrored-0-ipv4']],
  ['not without the Service', [namespace, endpoints()], []],
  ['not beside a slice of the Service', [namespace, endpoints(), service, slice('db-1', 'db')], ['db-1']],
  [
    'beside a slice of another Service',
    [namespace, endpoints(), service, slice('x', 'web')],
    ['db-mirrored-0-ipv4', 'x']
  ],
  [
    'not over a slice of that name',
    [namespace, endpoints(), service, slice('db-mirrored-0-ipv4', 'web')],
    ['db-mirrored-0-ipv4']
  ],
  [
    'not when labelled to be skipped',
    [namespace, service, endpoints(', labels: {endpointslice.kubernetes.io/skip-mirror: "true"}')],
    []
  ],
  [
    'not for a leader election',
    [namespace, service, endpoints(', annotations: {control-plane.alpha.kubernetes.io/leader: "{}"}')],
    []
  ],
  ['nothing without addresses', [namespace, service, endpoints('', '[]')], []]
]
for (const [name, documents, slices] of cases) {
  t.test(name, async t => {
    const { mirror } = await readTexts({ 'a.yaml': documents.join('---\n') })
    t.strictSame(
      slicesOf(mirror)
        .map(each => each.name)
        .sort(),
      slices
    )
    const own = mirror.objects.get('EndpointSlice/shop/db-mirrored-0-ipv4') as EndpointSlice | undefined
    if (name.includes('that name')) t.equal(own?.labels['kubernetes.io/service-name'], 'web')
  })
}
