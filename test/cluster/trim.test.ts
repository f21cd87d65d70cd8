import fc from 'fast-check'
import t from 'tap'
import { shownPath, type Flaw } from '../../src/cluster/fields.ts'
import type { ClusterKind, ClusterObject } from '../../src/cluster/objects.ts'
import { trims } from '../../src/cluster/trim.ts'

const trimmed: readonly { name: string; kind: ClusterKind; raw: unknown; object: ClusterObject }[] = [
  {
    name: 'a Service as kubectl prints it',
    kind: 'Service',
    raw: {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'web', namespace: 'shop', uid: 'x', labels: { app: 'web' }, annotations: { a: 'b' } },
      spec: {
        type: 'LoadBalancer',
        clusterIP: '10.96.0.7',
        clusterIPs: ['10.96.0.7', 'fd00::7'],
        externalIPs: ['192.0.2.1'],
        externalName: 'ignored.example.org',
        ports: [{ name: 'http', port: 80, protocol: 'TCP', targetPort: 'web', nodePort: 30080 }, { port: 53 }]
      },
      status: {
        loadBalancer: {
          ingress: [{ ip: '192.0.2.2', hostname: 'x.example.org' }, { hostname: 'lb.example.org' }, {}]
        }
      }
    },
    object: {
      kind: 'Service',
      namespace: 'shop',
      name: 'web',
      labels: { app: 'web' },
      type: 'LoadBalancer',
      clusterIPs: ['10.96.0.7', 'fd00::7'],
      externalName: '',
      ports: [
        { name: 'http', port: 80, protocol: 'TCP' },
        { name: '', port: 53, protocol: '' }
      ],
      externalIPs: ['192.0.2.1', '192.0.2.2', 'lb.example.org']
    }
  },
  {
    name: 'a Service with nothing but clusterIP: nothing is defaulted',
    kind: 'Service',
    raw: {
      metadata: { name: 'db', namespace: 'shop', labels: null },
      spec: { clusterIP: 'None' },
      status: {}
    },
    object: {
      ...{ kind: 'Service', namespace: 'shop', name: 'db', labels: {}, type: '' },
      ...{ clusterIPs: ['None'], externalName: '', ports: [], externalIPs: [] }
    }
  },
  {
    name: 'an ExternalName Service',
    kind: 'Service',
    raw: {
      metadata: { name: 'ext', namespace: 'shop' },
      spec: { type: 'ExternalName', externalName: 'db.example.org.' }
    },
    object: {
      ...{ kind: 'Service', namespace: 'shop', name: 'ext', labels: {}, type: 'ExternalName' },
      ...{ clusterIPs: [], externalName: 'db.example.org.', ports: [], externalIPs: [] }
    }
  },
  {
    name: 'a slice: absent readiness is ready, an absent port is -1',
    kind: 'EndpointSlice',
    raw: {
      metadata: {
        name: 'web-1',
        namespace: 'shop',
        labels: { 'kubernetes.io/service-name': 'web' },
        annotations: { 'endpoints.kubernetes.io/last-change-trigger-time': '2025-01-01T00:00:00Z' }
      },
      addressType: 'IPv4',
      ports: [{ name: 'http', port: 8080, protocol: 'TCP', appProtocol: 'http' }, {}],
      endpoints: [
        {
          addresses: ['10.1.0.1', '10.1.0.2'],
          hostname: 'a',
          nodeName: 'n1',
          zone: 'z1',
          targetRef: { kind: 'Pod', name: 'p' }
        },
        { addresses: ['10.1.0.3'], conditions: { ready: false, serving: true } },
        { addresses: ['10.1.0.4'], conditions: {} }
      ]
    },
    object: {
      ...{
        kind: 'EndpointSlice',
        namespace: 'shop',
        name: 'web-1',
        labels: { 'kubernetes.io/service-name': 'web' }
      },
      addressType: 'IPv4',
      ports: [
        { name: 'http', port: 8080, protocol: 'TCP' },
        { name: '', port: -1, protocol: '' }
      ],
      endpoints: [
        {
          addresses: ['10.1.0.1', '10.1.0.2'],
          ready: true,
          hostname: 'a',
          nodeName: 'n1',
          targetName: 'p',
          zone: 'z1'
        },
        { addresses: ['10.1.0.3'], ready: false, hostname: '', nodeName: '', targetName: '', zone: '' },
        { addresses: ['10.1.0.4'], ready: true, hostname: '', nodeName: '', targetName: '', zone: '' }
      ],
      lastChange: '2025-01-01T00:00:00Z'
    }
  },
  {
    name: 'a slice without endpoints or ports, as the controller leaves it',
    kind: 'EndpointSlice',
    raw: { metadata: { name: 's', namespace: 'shop' }, addressType: 'IPv6', endpoints: null, ports: null },
    object: {
      ...{ kind: 'EndpointSlice', namespace: 'shop', name: 's', labels: {}, addressType: 'IPv6' },
      ...{ ports: [], endpoints: [], lastChange: '' }
    }
  },
  {
    name: 'a Namespace',
    kind: 'Namespace',
    raw: {
      metadata: { name: 'shop', labels: { a: 'b' } },
      spec: { finalizers: ['kubernetes'] },
      status: { phase: 'Active' }
    },
    object: { kind: 'Namespace', name: 'shop', labels: { a: 'b' } }
  },
  {
    name: 'a Pod that is being deleted',
    kind: 'Pod',
    raw: {
      metadata: { name: 'p', namespace: 'shop', deletionTimestamp: '2025-01-01T00:00:00Z' },
      status: { phase: 'Running', podIP: 'fd00::5', podIPs: [{ ip: 'fd00::5' }] }
    },
    object: {
      kind: 'Pod',
      namespace: 'shop',
      name: 'p',
      labels: {},
      podIP: 'fd00::5',
      phase: 'Running',
      deleting: true
    }
  },
  {
    name: 'a Pod that has no address yet',
    kind: 'Pod',
    raw: { metadata: { name: 'p', namespace: 'shop' } },
    object: { kind: 'Pod', namespace: 'shop', name: 'p', labels: {}, podIP: '', phase: '', deleting: false }
  },
  {
    name: 'a ServiceImport',
    kind: 'ServiceImport',
    raw: {
      metadata: { name: 'web', namespace: 'shop' },
      spec: {
        type: 'ClusterSetIP',
        ips: ['10.97.0.1'],
        ports: [{ port: 80, name: 'http', protocol: 'TCP' }]
      },
      status: { clusters: [{ cluster: 'a' }] }
    },
    object: {
      ...{ kind: 'ServiceImport', namespace: 'shop', name: 'web', labels: {}, type: 'ClusterSetIP' },
      ...{ ips: ['10.97.0.1'], ports: [{ name: 'http', port: 80, protocol: 'TCP' }] }
    }
  }
]

for (const { name, kind, raw, object } of trimmed) {
  t.test(name, async t => {
    const flaws: Flaw[] = []
    t.strictSame(trims[kind](raw, flaws), object)
    t.strictSame(flaws, [])
  })
}

const metadata = { name: 'x', namespace: 'shop' }
const refused: readonly (readonly [ClusterKind, unknown, readonly string[]])[] = [
  ['Service', [], ['']],
  ['Service', {}, ['metadata.name', 'metadata.namespace']],
  ['Service', { metadata: 'x' }, ['metadata', 'metadata.name', 'metadata', 'metadata.namespace']],
  [
    'Service',
    { metadata, spec: { clusterIPs: ['10.0.0.1', 'x'], ports: [{ port: 0 }, 3] } },
    ['spec.clusterIPs[1]', 'spec.ports[0].port', 'spec.ports[1]']
  ],
  [
    'Service',
    { metadata, status: { loadBalancer: { ingress: [{ ip: 'x' }, { hostname: 'a..b' }] } } },
    ['status.loadBalancer.ingress[0].ip', 'status.loadBalancer.ingress[1].hostname']
  ],
  [
    'EndpointSlice',
    { metadata, addressType: 'FQDN', endpoints: [{ addresses: ['a b'] }] },
    ['endpoints[0].addresses[0]']
  ],
  [
    'EndpointSlice',
    {
      metadata,
      addressType: 'IPv6',
      ports: [{ port: 99999 }],
      endpoints: [{ addresses: ['10.0.0.1'], hostname: 'a b' }]
    },
    ['ports[0].port', 'endpoints[0].addresses[0]', 'endpoints[0].hostname']
  ],
  ['Namespace', { metadata: { name: 'x'.repeat(64) } }, ['metadata.name']],
  ['Pod', { metadata, status: { podIP: 1, phase: 'Gone' } }, ['status.podIP', 'status.phase']],
  [
    'ServiceImport',
    { metadata, spec: { ips: ['x'], ports: [{ port: '80' }] } },
    ['spec.ips[0]', 'spec.ports[0].port']
  ]
]
for (const [kind, raw, paths] of refused) {
  t.test(`${kind} ${JSON.stringify(raw).slice(0, 60)}`, async t => {
    const flaws: Flaw[] = []
    t.equal(trims[kind](raw, flaws), undefined)
    t.strictSame([...new Set(flaws.map(flaw => shownPath(flaw.path)))].sort(), [...new Set(paths)].sort())
  })
}

t.test('no value throws', async t => {
  const key = fc.constantFrom(
    'metadata',
    'name',
    'namespace',
    'labels',
    'spec',
    'ports',
    'endpoints',
    'addresses',
    'status',
    '__proto__',
    'clusterIPs'
  )
  const value = fc.letrec(tie => ({
    value: fc.oneof(
      { depthSize: 'medium' },
      fc.jsonValue({ maxDepth: 2 }),
      fc.dictionary(key, tie('value')),
      fc.array(tie('value'), { maxLength: 3 })
    )
  })).value
  fc.assert(
    fc.property(value, raw => {
      for (const trim of Object.values(trims)) {
        const flaws: Flaw[] = []
        const object = trim(raw, flaws)
        // Either an object or a reason.
        if (object === undefined && !flaws.some(flaw => flaw.level === 'error')) return false
      }
      return true
    })
  )
  t.pass()
})
