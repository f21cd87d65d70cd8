// Reasons say what is true under the options of the stanza: an object that an option leaves out is not called missing.
import t from 'tap'
import {
  MULTICLUSTER_SERVICE_LABEL,
  SOURCE_CLUSTER_LABEL,
  type ClusterObject
} from '../../../src/cluster/objects.ts'
import { endpoint, pod, service, slice } from '../../cluster/index/support.ts'
import { serve } from './support.ts'

const http = { name: 'http', port: 80, protocol: 'TCP' }
const namespace = (name: string): ClusterObject => ({ kind: 'Namespace', name, labels: { name } })

const objects: readonly ClusterObject[] = [
  namespace('shop'),
  namespace('other'),
  service('shop', 'web', { clusterIPs: ['10.96.0.1'], ports: [http], labels: { app: 'web' } }),
  service('shop', 'bare', { clusterIPs: ['10.96.0.2'], ports: [http] }),
  service('shop', 'db', { clusterIPs: ['None'], labels: { app: 'db' } }),
  service('shop', 'cold', { clusterIPs: ['None'] }),
  service('shop', 'out', {
    type: 'ExternalName',
    clusterIPs: [],
    externalName: 'gone.shop.svc.cluster.local'
  }),
  slice('shop', 'db-1', 'db', [endpoint(['10.0.0.1'], { zone: 'eu.a' })], { ports: [http] }),
  slice('shop', 'cold-1', 'cold', [endpoint(['10.0.0.2'], { ready: false, zone: 'eu.a' })]),
  pod('shop', 'db-0', '10.0.0.1'),
  { kind: 'ServiceImport', namespace: 'shop', name: 'all', labels: {}, type: 'Headless', ips: [], ports: [] },
  {
    kind: 'ServiceImport',
    namespace: 'shop',
    name: 'one',
    labels: {},
    type: 'ClusterSetIP',
    ips: ['10.112.0.1'],
    ports: [http]
  },
  slice('shop', 'all-1', '', [endpoint(['10.1.0.1'])], {
    labels: { [MULTICLUSTER_SERVICE_LABEL]: 'all', [SOURCE_CLUSTER_LABEL]: 'east' }
  })
]

type Case = readonly [question: string, rcode: string, rule: string, words: string]

const stanzas: readonly (readonly [stanza: string, cases: readonly Case[]])[] = [
  [
    'cluster.local {\nlabels app in (web)\n}',
    [
      [
        'db.shop.svc.cluster.local A',
        'NXDOMAIN',
        'no-such-service',
        'there is no Service shop/db that the option labels selects'
      ],
      ['gone.svc.cluster.local A', 'NXDOMAIN', 'no-such-namespace', 'there is no namespace gone']
    ]
  ],
  [
    'cluster.local in-addr.arpa {\nnamespace_labels name=shop\n}',
    [
      [
        'web.other.svc.cluster.local A',
        'NXDOMAIN',
        'no-such-namespace',
        'there is no namespace other that the option namespace_labels selects'
      ],
      ['none.shop.svc.cluster.local A', 'NXDOMAIN', 'no-such-service', 'there is no Service shop/none'],
      [
        '9.0.0.10.in-addr.arpa PTR',
        'NXDOMAIN',
        'no-such-address',
        'no Service and no ready endpoint has the address'
      ]
    ]
  ],
  [
    'cluster.local in-addr.arpa {\nnamespaces other\n}',
    [
      [
        'web.shop.svc.cluster.local A',
        'NXDOMAIN',
        'namespace-not-exposed',
        'namespace shop is not listed in the option namespaces'
      ],
      [
        '1.0.96.10.in-addr.arpa PTR',
        'NXDOMAIN',
        'no-such-address',
        'no Service and no ready endpoint has the address, in the namespaces that are exposed'
      ]
    ]
  ],
  [
    'cluster.local {\nnoendpoints\n}',
    [
      [
        'db.shop.svc.cluster.local A',
        'NXDOMAIN',
        'no-ready-endpoint',
        'headless Service shop/db has no ready endpoint: the option noendpoints leaves them out'
      ],
      [
        'x.web.shop.svc.cluster.local A',
        'NXDOMAIN',
        'no-such-endpoint',
        'Service shop/web has no ready endpoint named x: the option noendpoints leaves them out'
      ]
    ]
  ],
  [
    'cluster.local {\nignore empty_service\npods insecure\n}',
    [
      [
        'web.shop.svc.cluster.local A',
        'NXDOMAIN',
        'empty-service-ignored',
        'Service shop/web has no ready endpoint and the option ignore empty_service hides it'
      ],
      ['1-2-3.shop.pod.cluster.local A', 'NXDOMAIN', 'no-such-pod', '1-2-3 does not spell an IP address'],
      [
        '1-2-3-4.shop.pod.cluster.local A',
        'NOERROR',
        'pod',
        'the address is spelled in the name of a pod in namespace shop'
      ],
      [
        '1-2-3-4.shop.pod.cluster.local AAAA',
        'NOERROR',
        'no-data',
        '1-2-3-4.shop.pod.cluster.local. exists and has no AAAA record'
      ]
    ]
  ],
  [
    'cluster.local {\npods verified\n}',
    [
      [
        '10-0-0-9.shop.pod.cluster.local A',
        'NXDOMAIN',
        'no-such-pod',
        '10-0-0-9 is not the address of a pod in namespace shop'
      ],
      [
        '10-0-0-1.other.pod.cluster.local A',
        'NXDOMAIN',
        'no-such-pod',
        '10-0-0-1 is not the address of a pod in namespace other'
      ],
      [
        '10-0-0-1.shop.pod.cluster.local A',
        'NOERROR',
        'pod',
        'the address is spelled in the name of a pod in namespace shop'
      ]
    ]
  ],
  [
    'cluster.local {\nzonal\n}',
    [
      [
        'eu.a.pin._zone.db.shop.svc.cluster.local A',
        'NOERROR',
        'endpoints',
        'these are ready endpoints of Service shop/db'
      ],
      [
        'eu.b.pin._zone.db.shop.svc.cluster.local A',
        'NOERROR',
        'no-endpoint-in-zone',
        'headless Service shop/db has no ready endpoint in zone eu.b'
      ],
      [
        'eu.b.prefer._zone.db.shop.svc.cluster.local A',
        'NOERROR',
        'endpoints',
        'these are ready endpoints of Service shop/db'
      ],
      [
        'eu.a.prefer._zone.cold.shop.svc.cluster.local A',
        'NOERROR',
        'no-endpoint-in-zone',
        'headless Service shop/cold has no ready endpoint'
      ],
      [
        'eu.a.pin._zone.cold.shop.svc.cluster.local TXT',
        'NOERROR',
        'no-data',
        'eu.a.pin._zone.cold.shop.svc.cluster.local. exists and has no TXT record'
      ],
      [
        'eu.a.pin._zone.web.shop.svc.cluster.local A',
        'NXDOMAIN',
        'not-headless',
        'Service shop/web is not headless: it has no names for zones'
      ],
      [
        'eu.a.pin._zone.out.shop.svc.cluster.local A',
        'NXDOMAIN',
        'not-headless',
        'Service shop/out is not headless: it has no names for zones'
      ],
      [
        'eu.a.pin._zone.none.shop.svc.cluster.local A',
        'NXDOMAIN',
        'no-such-service',
        'there is no Service shop/none'
      ]
    ]
  ],
  [
    'cluster.local clusterset.local {\nmulticluster clusterset.local\n}',
    [
      [
        'all.shop.svc.clusterset.local A',
        'NOERROR',
        'endpoints',
        'these are ready endpoints of ServiceImport shop/all'
      ],
      [
        'one.shop.svc.clusterset.local A',
        'NOERROR',
        'service',
        'ServiceImport shop/one has these cluster IPs'
      ],
      [
        'web.shop.svc.clusterset.local A',
        'NXDOMAIN',
        'no-such-service',
        'there is no ServiceImport shop/web'
      ],
      [
        '10-1-0-1.east.all.shop.svc.clusterset.local A',
        'NOERROR',
        'endpoints',
        'these are ready endpoints of ServiceImport shop/all'
      ],
      [
        '10-1-0-1.west.all.shop.svc.clusterset.local A',
        'NXDOMAIN',
        'no-such-endpoint',
        'ServiceImport shop/all has no ready endpoint named 10-1-0-1 in cluster west'
      ],
      [
        '10-1-0-1.all.shop.svc.clusterset.local A',
        'NXDOMAIN',
        'no-such-endpoint',
        'ServiceImport shop/all has no ready endpoint named 10-1-0-1'
      ]
    ]
  ],
  [
    'cluster.local',
    [
      [
        '_._sctp.web.shop.svc.cluster.local A',
        'NXDOMAIN',
        'no-such-port',
        'Service shop/web has no port over sctp'
      ],
      [
        '_dns._.web.shop.svc.cluster.local A',
        'NXDOMAIN',
        'no-such-port',
        'Service shop/web has no port named dns'
      ],
      [
        '_http._udp.db.shop.svc.cluster.local SRV',
        'NXDOMAIN',
        'no-such-port',
        'Service shop/db has no port named http over udp'
      ],
      [
        'out.shop.svc.cluster.local A',
        'NOERROR',
        'external-name',
        'Service shop/out is of type ExternalName'
      ],
      [
        'svc.cluster.local TXT',
        'NXDOMAIN',
        'no-text',
        'svc.cluster.local. has no records of its own, and for TXT that makes it a name that does not exist, as in CoreDNS'
      ],
      ['cluster.local SOA', 'NOERROR', 'apex', 'cluster.local. is the apex of the zone'],
      ['ns.dns.cluster.local A', 'NOERROR', 'no-data', 'ns.dns.cluster.local. exists and has no A record'],
      ['CLUSTER.local NS', 'NOERROR', 'no-data', 'CLUSTER.local. exists and has no NS record']
    ]
  ]
]

for (const [stanza, cases] of stanzas) {
  t.test(stanza.replaceAll('\n', ' '), async t => {
    const { ask, why } = await serve(stanza, objects)
    for (const [question, rcode, rule, words] of cases) {
      const [name, type] = question.split(' ') as [string, string]
      t.equal((await ask(name, type)).rcode, rcode, question)
      t.strictSame(await why(name, type), [rule, words], question)
    }
  })
}

t.test('before the state is loaded', async t => {
  const { why } = await serve('cluster.local', objects, { isSynced: false })
  t.strictSame(await why('none.shop.svc.cluster.local'), [
    'not-synced',
    'the state of the cluster is not loaded yet'
  ])
  t.equal((await why('web.shop.svc.cluster.local'))[0], 'service')
})
