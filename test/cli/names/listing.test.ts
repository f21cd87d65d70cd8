// Every name that a server answers, found from its objects and asked of the server.
import t from 'tap'
import { App } from '../../../src/app.ts'
import { rowsOf, type Wanted } from '../../../src/cli/names/listing.ts'
import type { ClusterObject } from '../../../src/cluster/objects.ts'
import { interpretCorefile } from '../../../src/corefile/load.ts'
import { directives } from '../../../src/plugins/order.ts'
import { encodeName, readName, formatName } from '../../../src/wire/name.ts'
import { rtypeName } from '../../../src/wire/numbers.ts'
import { formatRdata } from '../../../src/wire/rdata.ts'
import { endpoint, service, slice } from '../../cluster/index/support.ts'
import { MemorySource } from '../../support/memory-source.ts'
import { testRuntime } from '../../support/running-app.ts'

const EVERYTHING: Wanted = { zone: undefined, namespace: undefined }
const tcp = (port: number, name = '') => ({ name, port, protocol: 'TCP' })
const shop = { kind: 'Namespace', name: 'shop', labels: {} } as const
const pod = (name: string, podIP: string) =>
  ({ kind: 'Pod', namespace: 'shop', name, labels: {}, podIP, phase: 'Running', deleting: false }) as const

async function loaded(corefile: string, objects: readonly ClusterObject[]) {
  const runtime = testRuntime({ localAddresses: ['192.0.2.53'] })
  const options = { files: runtime.files, environment: {}, knownDirectives: directives }
  const { blocks } = interpretCorefile(corefile, 'Corefile', options)
  const source = new MemorySource()
  for (const object of objects) source.put(object)
  const app = await App.create({
    blocks,
    runtime,
    build: { version: 'test', revision: '' },
    clusterSource: () => ({ key: 'test', make: () => source }),
    offline: true
  })
  const stanzas = await app.load()
  await app.discard()
  return stanzas
}

/** `NAME TYPE DATA`, without the apex of each zone. */
async function listed(
  stanza: string,
  objects: readonly ClusterObject[],
  wanted: Partial<Wanted> = {}
): Promise<string[]> {
  const stanzas = await loaded(`. {\nbind 127.0.0.1\nkubernetes ${stanza}\nforward . 192.0.2.1\n}\n`, objects)
  const rows = [...rowsOf(stanzas, objects, { ...EVERYTHING, ...wanted })]
  return rows
    .filter(({ object }) => object !== undefined)
    .map(({ name, type, data }) => `${name} ${type} ${data}`)
}

const web = service('shop', 'web', {
  clusterIPs: ['10.96.0.7', 'fd00::7'],
  ports: [tcp(80, 'http'), tcp(8080)]
})
const db = service('shop', 'db', { clusterIPs: ['None'] })
const dbSlice = slice(
  'shop',
  'db-1',
  'db',
  [
    endpoint(['10.1.0.1'], { hostname: 'db-0' }),
    endpoint(['10.1.0.2']),
    endpoint(['10.1.0.3'], { ready: false })
  ],
  { ports: [tcp(3306, 'mysql')] }
)

// Expected as the Kubernetes DNS specification 1.1.0 (§2.3, §2.4) and kubernetes-records.md name them.
const cases: readonly (readonly [
  what: string,
  stanza: string,
  objects: readonly ClusterObject[],
  rows: readonly string[],
  wanted?: Partial<Wanted>
])[] = [
  [
    'a Service with two families, its port and its addresses',
    'cluster.local in-addr.arpa ip6.arpa',
    [shop, web],
    [
      'web.shop.svc.cluster.local. A 10.96.0.7',
      'web.shop.svc.cluster.local. AAAA fd00::7',
      'web.shop.svc.cluster.local. SRV 0 25 80 web.shop.svc.cluster.local.',
      'web.shop.svc.cluster.local. SRV 0 25 8080 web.shop.svc.cluster.local.',
      '_http._tcp.web.shop.svc.cluster.local. SRV 0 50 80 web.shop.svc.cluster.local.',
      '7.0.96.10.in-addr.arpa. PTR web.shop.svc.cluster.local.',
      '7.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.d.f.ip6.arpa. PTR web.shop.svc.cluster.local.'
    ]
  ],
  [
    'a headless Service with a hostname, an address for a name, and an endpoint that is not ready',
    'cluster.local 0.1.10.in-addr.arpa',
    [shop, db, dbSlice],
    [
      'db.shop.svc.cluster.local. A 10.1.0.1',
      'db.shop.svc.cluster.local. A 10.1.0.2',
      'db.shop.svc.cluster.local. SRV 0 50 3306 10-1-0-2.db.shop.svc.cluster.local.',
      'db.shop.svc.cluster.local. SRV 0 50 3306 db-0.db.shop.svc.cluster.local.',
      '10-1-0-2.db.shop.svc.cluster.local. A 10.1.0.2',
      '10-1-0-2.db.shop.svc.cluster.local. SRV 0 100 3306 10-1-0-2.db.shop.svc.cluster.local.',
      '_mysql._tcp.db.shop.svc.cluster.local. SRV 0 50 3306 10-1-0-2.db.shop.svc.cluster.local.',
      '_mysql._tcp.db.shop.svc.cluster.local. SRV 0 50 3306 db-0.db.shop.svc.cluster.local.',
      'db-0.db.shop.svc.cluster.local. A 10.1.0.1',
      'db-0.db.shop.svc.cluster.local. SRV 0 100 3306 db-0.db.shop.svc.cluster.local.',
      '1.0.1.10.in-addr.arpa. PTR db-0.db.shop.svc.cluster.local.',
      '2.0.1.10.in-addr.arpa. PTR 10-1-0-2.db.shop.svc.cluster.local.'
    ]
  ],
  [
    'an ExternalName: its CNAME, and nobody else is asked',
    'cluster.local',
    [
      shop,
      service('shop', 'mail', { type: 'ExternalName', clusterIPs: [], externalName: 'smtp.example.org' })
    ],
    ['mail.shop.svc.cluster.local. CNAME smtp.example.org.']
  ],
  [
    'what falls through to another server, which is not asked',
    'cluster.local in-addr.arpa {\nnamespaces shop\nfallthrough\n}',
    [shop, service('hidden', 'web'), service('shop', 'api', { clusterIPs: ['None'] })],
    []
  ],
  [
    'no name in a namespace that is not declared',
    'cluster.local',
    [web, db, dbSlice, pod('p', '10.1.0.1')],
    []
  ],
  ['Pods are disabled unless asked for', 'cluster.local', [shop, pod('p', '10.1.0.1')], []],
  [
    'Pods of both families',
    'cluster.local {\npods insecure\n}',
    [shop, pod('p', '10.1.0.1'), pod('q', 'fd00::1')],
    ['10-1-0-1.shop.pod.cluster.local. A 10.1.0.1', 'fd00--1.shop.pod.cluster.local. AAAA fd00::1']
  ],
  [
    'only verified Pods',
    'cluster.local {\npods verified\n}',
    [shop, { ...pod('p', '10.1.0.1'), phase: 'Succeeded' }],
    []
  ],
  ['without endpoints', 'cluster.local {\nnoendpoints\n}', [shop, db, dbSlice], []],
  [
    'names of Pods for endpoints',
    'cluster.local {\nendpoint_pod_names\n}',
    [shop, db, slice('shop', 's', 'db', [endpoint(['10.1.0.2'], { targetName: 'db-x7k' })])],
    ['db.shop.svc.cluster.local. A 10.1.0.2', 'db-x7k.db.shop.svc.cluster.local. A 10.1.0.2']
  ],
  [
    'topology zones',
    'cluster.local {\nzonal\n}',
    [shop, db, slice('shop', 's', 'db', [endpoint(['10.1.0.2'], { zone: 'eu-1', hostname: 'a' })])],
    [
      'db.shop.svc.cluster.local. A 10.1.0.2',
      'eu-1.pin._zone.db.shop.svc.cluster.local. A 10.1.0.2',
      'eu-1.prefer._zone.db.shop.svc.cluster.local. A 10.1.0.2',
      'a.db.shop.svc.cluster.local. A 10.1.0.2'
    ]
  ],
  [
    'imports of other clusters, in their zone alone',
    'cluster.local clusterset.local {\nmulticluster clusterset.local\n}',
    [
      shop,
      {
        kind: 'ServiceImport',
        namespace: 'shop',
        name: 'web',
        labels: {},
        type: 'ClusterSetIP',
        ips: ['10.42.0.1'],
        ports: [tcp(80, 'http')]
      },
      {
        kind: 'ServiceImport',
        namespace: 'shop',
        name: 'db',
        labels: {},
        type: 'Headless',
        ips: [],
        ports: []
      },
      slice('shop', 's', '', [endpoint(['10.1.0.2'], { hostname: 'db-0' })], {
        labels: {
          'multicluster.kubernetes.io/service-name': 'db',
          'multicluster.kubernetes.io/source-cluster': 'east'
        }
      })
    ],
    [
      'db.shop.svc.clusterset.local. A 10.1.0.2',
      'db-0.east.db.shop.svc.clusterset.local. A 10.1.0.2',
      'web.shop.svc.clusterset.local. A 10.42.0.1',
      'web.shop.svc.clusterset.local. SRV 0 100 80 web.shop.svc.clusterset.local.',
      '_http._tcp.web.shop.svc.clusterset.local. SRV 0 100 80 web.shop.svc.clusterset.local.'
    ]
  ],
  [
    'a dot in a name makes no label',
    'cluster.local',
    [shop, service('shop', 'a.b'), service('shop', '__proto__', { clusterIPs: ['10.96.0.2'] })],
    ['__proto__.shop.svc.cluster.local. A 10.96.0.2', 'a\\.b.shop.svc.cluster.local. A 10.96.0.1']
  ],
  ['one namespace', 'cluster.local', [shop, web, db, dbSlice], [], { namespace: 'other' }],
  [
    'one zone',
    'cluster.local in-addr.arpa',
    [shop, service('shop', 'api')],
    ['1.0.96.10.in-addr.arpa. PTR api.shop.svc.cluster.local.'],
    { zone: encodeName('96.10.in-addr.arpa') }
  ]
]

t.test('objects have these names', async t => {
  for (const [what, stanza, objects, rows, wanted] of cases)
    t.strictSame(await listed(stanza, objects, wanted), rows, what)
})

t.test('each zone has its apex, its name server and the version', async t => {
  const stanzas = await loaded('. {\nkubernetes cluster.local in-addr.arpa {\nttl 30\n}\n}\n', [])
  const rows = [...rowsOf(stanzas, [], EVERYTHING)]
  t.strictSame(
    rows.map(
      ({ name, type, data, ttl }) => `${name} ${ttl} ${type} ${data.replace(/ \d+ 7200/, ' SERIAL 7200')}`
    ),
    ['cluster.local.', 'in-addr.arpa.'].flatMap(zone => [
      `${zone} 30 SOA ns.dns.${zone} hostmaster.${zone} SERIAL 7200 1800 86400 30`,
      `${zone} 30 NS ns.dns.${zone}`,
      `ns.dns.${zone} 30 A 192.0.2.53`,
      `dns-version.${zone} 28800 TXT "1.1.0"`
    ])
  )
  t.match(stanzas[0]?.at, { file: 'Corefile', line: 2 })
})

t.test('what stands before kubernetes in a block counts: names are asked of the whole chain', async t => {
  const objects = [shop, service('shop', 'web')]
  const two = '. {\nkubernetes cluster.local\n}\nlab.test {\nkubernetes lab.test\n}\n'
  const names = [...rowsOf(await loaded(two, objects), objects, EVERYTHING)].filter(
    ({ type }) => type === 'A'
  )
  t.strictSame(
    names.map(({ name }) => name),
    ['ns.dns.cluster.local.', 'web.shop.svc.cluster.local.', 'ns.dns.lab.test.', 'web.shop.svc.lab.test.']
  )
  const twice = '.:53 {\nkubernetes cluster.local\n}\n.:1053 {\nkubernetes cluster.local\n}\n'
  const once = [...rowsOf(await loaded(twice, objects), objects, { ...EVERYTHING, namespace: 'shop' })]
  t.strictSame(
    once.map(({ type }) => type),
    ['A'],
    'two listeners that say the same'
  )
  // A longer zone of another block hides what lies in it.
  const hidden = '. {\nkubernetes cluster.local\n}\nshop.svc.cluster.local {\nwhoami\n}\n'
  t.strictSame([...rowsOf(await loaded(hidden, objects), objects, { ...EVERYTHING, namespace: 'shop' })], [])
})

t.test('everything that a zone transfer holds is listed', async t => {
  const objects: readonly ClusterObject[] = [
    ...[shop, web, db, dbSlice, service('shop', 'bare', { ports: [tcp(1)] })],
    service('shop', 'mail', { type: 'ExternalName', clusterIPs: [], externalName: 'smtp.example.org' }),
    slice('shop', 'web-1', 'web', [endpoint(['10.2.0.1'])], { ports: [tcp(80, 'http')] })
  ]
  const stanzas = await loaded('. {\nkubernetes cluster.local\n}\n', objects)
  const rows = new Set(
    [...rowsOf(stanzas, objects, EVERYTHING)].map(
      ({ name, type, data }) => `${name} ${type} ${unweighed(data)}`
    )
  )
  const transfer = stanzas[0]!.plugin.transfer(encodeName('cluster.local'))!
  let count = 0
  for (const octets of transfer.records()) {
    const record = octets
    const name = readName(record, 0)!
    const view = Buffer.from(record)
    const rtype = view.readUInt16BE(name.length)
    const text = `${formatName(name)} ${rtypeName(rtype)} ${unweighed(formatRdata(rtype, record.subarray(name.length + 10)))}`
    t.ok(rows.has(text), text)
    count++
  }
  t.ok(count >= 15, `${count} records`)
})

/** Weights of SRV records differ in transfers, as in CoreDNS. */
const unweighed = (data: string) => data.replace(/^0 \d+ /, '')
