// Cluster objects of every shape that reading a manifest can give, for fast-check: odd names, labels of any characters,
// fields that are empty, ports without a number, endpoints that aren't ready.
import fc from 'fast-check'
import type { ClusterObject } from '../../src/cluster/objects.ts'

const ODD_NAMES = [
  ...[
    '__proto__',
    'constructor',
    'toString',
    'null',
    'true',
    'No',
    '~',
    '1e3',
    '0x1f',
    '08',
    '1.10',
    '-',
    '--'
  ],
  ...[
    'a:b',
    ':',
    '#x',
    '&a',
    '*a',
    '!x',
    '%',
    '@',
    '`',
    '{',
    '[]',
    '?',
    '|',
    '>',
    '"',
    "'",
    'a.b',
    '=',
    'A_b',
    '.'
  ],
  ...['-a', ',', 'y', '2001-01-01', '.inf', '<<', '\\', '1_0', '0b1', '+1', '1:30']
]
const ODD_TEXTS = [
  ...[
    '',
    ' ',
    'a: b',
    'a #b',
    '- a',
    ' lead',
    'trail ',
    '\n',
    'two\nlines\n',
    '\t',
    '\r\n',
    '\u0000',
    '\u0007'
  ],
  ...[
    '\u0085',
    '\u00a0',
    '\u2028',
    '\u2029',
    '\ufeff',
    '\ufffe',
    '\uffff',
    '\ud800',
    'größe',
    '日本語',
    '🙂',
    '“q”'
  ],
  ...['---', '...', '%YAML', 'items:', 'kind: List', '{}', '[]', 'x'.repeat(1200)]
]

const record = <T>(fields: { [K in keyof T]: fc.Arbitrary<T[K]> }) =>
  fc.record(fields, { noNullPrototype: true })

const name = (maxLength: number) =>
  fc.oneof(
    fc.constantFrom('web', 'db', 'api-v2', 'a', ...ODD_NAMES),
    fc.stringMatching(/^[a-z0-9]([-a-z0-9]{0,20}[a-z0-9])?$/),
    fc.stringMatching(/^[!-.0-~]{1,63}$/).filter(text => text.length <= maxLength)
  )
const text = fc.oneof(
  fc.constantFrom(...ODD_TEXTS, ...ODD_NAMES),
  fc.string({ unit: 'binary', maxLength: 12 })
)
const labels = fc
  .array(
    fc.tuple(
      fc.oneof(
        fc.constantFrom('app', 'kubernetes.io/service-name', 'multicluster.kubernetes.io/service-name'),
        text
      ),
      text
    ),
    { maxLength: 4 }
  )
  .map(pairs => {
    const made: Record<string, string> = {}
    for (const [key, value] of pairs)
      Object.defineProperty(made, key, { value, enumerable: true, configurable: true, writable: true })
    return made
  })
const ipv4 = fc.constantFrom('10.96.0.1', '0.0.0.0', '255.255.255.255', '192.0.2.1')
const ipv6 = fc.constantFrom('::', 'fd00:10:96::1', '::ffff:10.0.0.1', '2001:DB8::A', '0:0:0:0:0:0:0:1')
const ip = fc.oneof(ipv4, ipv6)
const host = fc.constantFrom(
  'smtp.example.org',
  'lb.example.org.',
  '_x.Y_z',
  'a',
  '192.0.2.9',
  'true',
  '1e3',
  '0x1'
)
const protocol = fc.constantFrom('', 'TCP', 'UDP', 'SCTP')
const optional = (maxLength: number) => fc.oneof({ weight: 1, arbitrary: fc.constant('') }, name(maxLength))
const few = <T>(one: fc.Arbitrary<T>, minLength = 0) => fc.array(one, { minLength, maxLength: 3 })

/** An empty namespace is one that objects can have. */
const namespace = fc.oneof(fc.constantFrom('default', 'shop', ''), name(63))
const servicePorts = few(record({ name: optional(63), port: fc.integer({ min: 1, max: 65535 }), protocol }))

const service: fc.Arbitrary<ClusterObject> = record({
  kind: fc.constant('Service' as const),
  namespace,
  name: name(63),
  labels,
  type: fc.constantFrom('', 'ClusterIP', 'NodePort', 'LoadBalancer', 'ExternalName'),
  clusterIPs: few(fc.oneof(ip, fc.constant('None'))),
  externalName: host,
  ports: servicePorts,
  externalIPs: few(fc.oneof(ip, host))
}).map(object => (object.type === 'ExternalName' ? object : { ...object, externalName: '' }))

const addressTypes: Readonly<Record<string, fc.Arbitrary<string>>> = {
  IPv4: ipv4,
  IPv6: ipv6,
  FQDN: host,
  '': text
}
const slice: fc.Arbitrary<ClusterObject> = fc.constantFrom(...Object.keys(addressTypes)).chain(addressType =>
  record({
    kind: fc.constant('EndpointSlice' as const),
    namespace,
    name: name(253),
    labels,
    addressType: fc.constant(addressType),
    ports: few(
      record({
        name: optional(63),
        port: fc.oneof(fc.constant(-1), fc.integer({ min: 1, max: 65535 })),
        protocol
      })
    ),
    endpoints: few(
      record({
        addresses: few(addressTypes[addressType]!, 1),
        ready: fc.boolean(),
        hostname: optional(63),
        nodeName: text,
        targetName: text,
        zone: text
      })
    ),
    lastChange: text
  })
)

const pod: fc.Arbitrary<ClusterObject> = record({
  kind: fc.constant('Pod' as const),
  namespace,
  name: name(253),
  labels,
  podIP: fc.oneof(fc.constant(''), ip),
  phase: fc.constantFrom('', 'Pending', 'Running', 'Succeeded', 'Failed', 'Unknown'),
  deleting: fc.boolean()
})

const serviceImport: fc.Arbitrary<ClusterObject> = record({
  kind: fc.constant('ServiceImport' as const),
  namespace,
  name: name(63),
  labels,
  type: fc.constantFrom('', 'ClusterSetIP', 'Headless'),
  ips: few(ip),
  ports: servicePorts
})

const namespaceObject: fc.Arbitrary<ClusterObject> = record({
  kind: fc.constant('Namespace' as const),
  name: name(63),
  labels
})

export const anyObject = fc.oneof(service, slice, pod, serviceImport, namespaceObject)

/** Objects of which no two are the same. */
export const anyObjects = fc.uniqueArray(anyObject, {
  maxLength: 8,
  selector: object => `${object.kind}/${object.kind === 'Namespace' ? '' : object.namespace}/${object.name}`
})
