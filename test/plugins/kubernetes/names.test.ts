// Which names exist, what they have, and the reason that is given for it.
import t from 'tap'
import type { ClusterObject } from '../../../src/cluster/objects.ts'
import { srvWeight } from '../../../src/dns/srv-weight.ts'
import { endpoint, service, slice } from '../../cluster/index/support.ts'
import { serve } from './support.ts'

const http = { name: 'http', port: 80, protocol: 'TCP' }
const namespace = (name: string): ClusterObject => ({ kind: 'Namespace', name, labels: {} })
const external = (name: string, externalName: string) =>
  service('shop', name, { type: 'ExternalName', clusterIPs: [], externalName })

const objects: readonly ClusterObject[] = [
  namespace('shop'),
  namespace('hidden'),
  namespace('__proto__'),
  service('shop', 'web', {
    clusterIPs: ['10.96.0.1'],
    ports: [http, { ...http, name: 'dns', protocol: 'UDP', port: 53 }]
  }),
  service('shop', 'bare', { clusterIPs: ['10.96.0.2'] }),
  service('shop', 'waiting', { clusterIPs: [], ports: [http] }),
  service('shop', 'db', { clusterIPs: ['None'] }),
  service('shop', 'empty', { clusterIPs: ['None'] }),
  service('shop', '__proto__', { clusterIPs: ['10.96.0.3'] }),
  service('__proto__', 'constructor', { clusterIPs: ['10.96.0.4'] }),
  service('hidden', 'web'),
  service('gone', 'web'),
  external('out', 'a.example'),
  external('literal', '192.0.2.1'),
  slice('shop', 'db-1', 'db', [endpoint(['10.0.0.1'], { hostname: 'db-0' }), endpoint(['10.0.0.2'])], {
    ports: [http]
  }),
  slice('shop', 'db-2', 'db', [endpoint(['fd00::'])], { ports: [http] }),
  slice('shop', 'web-1', 'web', [endpoint(['10.0.0.3'])], { ports: [http] }),
  slice('shop', 'empty-1', 'empty', [endpoint(['10.0.0.4'], { ready: false })])
]

const STANZA = 'cluster.local in-addr.arpa ip6.arpa {\nnamespaces shop gone __proto__\n}'

type Expected = readonly [
  name: string,
  type: string,
  rcode: string,
  answer: string,
  rule: string,
  words: string | RegExp
]

const cases: readonly Expected[] = [
  [
    '',
    'A',
    'NOERROR',
    '',
    'empty-name',
    'cluster.local. exists so that names can lie below it, and has no records of its own'
  ],
  ['svc', 'A', 'NOERROR', '', 'empty-name', /^svc\.cluster\.local\. exists/],
  ['pod', 'A', 'NOERROR', '', 'empty-name', /^pod\.cluster\.local\. exists/],
  ['shop.svc', 'A', 'NOERROR', '', 'empty-name', /^shop\.svc/],
  ['shop.svc', 'TXT', 'NXDOMAIN', '', 'no-text', /^shop\.svc\.cluster\.local\. has no records of its own/],
  ['nowhere.svc', 'A', 'NXDOMAIN', '', 'no-such-namespace', 'there is no namespace nowhere'],
  [
    'hidden.svc',
    'A',
    'NXDOMAIN',
    '',
    'namespace-not-exposed',
    'namespace hidden is not listed in the option namespaces'
  ],
  ['web.gone.svc', 'A', 'NXDOMAIN', '', 'no-such-namespace', 'there is no namespace gone'],
  ['web.shop.svc', 'A', 'NOERROR', '10.96.0.1', 'service', 'Service shop/web has these cluster IPs'],
  [
    'web.shop.svc',
    'AAAA',
    'NOERROR',
    '',
    'no-data',
    'web.shop.svc.cluster.local. exists and has no AAAA record'
  ],
  ['WEB.Shop.SVC', 'A', 'NOERROR', '10.96.0.1', 'service', /^Service /],
  ['web.shop.svc', 'MX', 'NOERROR', '', 'no-data', 'web.shop.svc.cluster.local. exists and has no MX record'],
  ['bare.shop.svc', 'A', 'NOERROR', '10.96.0.2', 'service', 'Service shop/bare has these cluster IPs'],
  ['waiting.shop.svc', 'A', 'NXDOMAIN', '', 'no-cluster-ip', 'Service shop/waiting has no cluster IP yet'],
  ['nothing.shop.svc', 'A', 'NXDOMAIN', '', 'no-such-service', 'there is no Service shop/nothing'],
  [
    'nothing.shop.svc',
    'SOA',
    'NOERROR',
    '',
    'no-such-type',
    'nothing.shop.svc.cluster.local. has no SOA record'
  ],
  ['*.shop.svc', 'A', 'NXDOMAIN', '', 'no-such-service', 'there is no Service shop/*'],
  [
    '_http._tcp.web.shop.svc',
    'A',
    'NOERROR',
    '10.96.0.1',
    'service',
    'Service shop/web has these cluster IPs'
  ],
  ['http.tcp.web.shop.svc', 'A', 'NOERROR', '10.96.0.1', 'service', /^Service /],
  ['_._udp.web.shop.svc', 'A', 'NOERROR', '10.96.0.1', 'service', /^Service /],
  [
    '_http._udp.web.shop.svc',
    'A',
    'NXDOMAIN',
    '',
    'no-such-port',
    'Service shop/web has no port named http over udp'
  ],
  [
    '_80._tcp.web.shop.svc',
    'A',
    'NXDOMAIN',
    '',
    'no-such-port',
    'Service shop/web has no port named 80 over tcp'
  ],
  ['_http._tcp.bare.shop.svc', 'A', 'NXDOMAIN', '', 'no-such-port', /^Service shop\/bare has no port/],
  [
    '10-0-0-3.web.shop.svc',
    'A',
    'NOERROR',
    '10.0.0.3',
    'endpoints',
    'these are ready endpoints of Service shop/web'
  ],
  [
    '_tcp.web.shop.svc',
    'A',
    'NXDOMAIN',
    '',
    'no-such-endpoint',
    'Service shop/web has no ready endpoint named _tcp'
  ],
  [
    'a.b.c.web.shop.svc',
    'A',
    'NXDOMAIN',
    '',
    'invalid-name',
    /is not of a form that names in the cluster have$/
  ],
  [
    'db.shop.svc',
    'A',
    'NOERROR',
    '10.0.0.1 10.0.0.2',
    'endpoints',
    'these are ready endpoints of Service shop/db'
  ],
  ['db.shop.svc', 'AAAA', 'NOERROR', 'fd00::', 'endpoints', /^these/],
  ['db-0.db.shop.svc', 'A', 'NOERROR', '10.0.0.1', 'endpoints', /^these/],
  ['DB-0.db.shop.svc', 'A', 'NOERROR', '10.0.0.1', 'endpoints', /^these/],
  ['10-0-0-1.db.shop.svc', 'A', 'NXDOMAIN', '', 'no-such-endpoint', /named 10-0-0-1$/],
  ['10-0-0-2.db.shop.svc', 'A', 'NOERROR', '10.0.0.2', 'endpoints', /^these/],
  ['fd00--0.db.shop.svc', 'AAAA', 'NOERROR', 'fd00::', 'endpoints', /^these/],
  ['fd00--0.db.shop.svc', 'A', 'NOERROR', '', 'no-data', /has no A record$/],
  ['fd00--.db.shop.svc', 'AAAA', 'NXDOMAIN', '', 'no-such-endpoint', /named fd00--$/],
  [
    'empty.shop.svc',
    'A',
    'NXDOMAIN',
    '',
    'no-ready-endpoint',
    'headless Service shop/empty has no ready endpoint'
  ],
  [
    'out.shop.svc',
    'CNAME',
    'NOERROR',
    'a.example',
    'external-name',
    'Service shop/out is of type ExternalName'
  ],
  ['x.out.shop.svc', 'A', 'NXDOMAIN', '', 'below-external-name', /no name exists below it$/],
  ['_a._b.out.shop.svc', 'CNAME', 'NXDOMAIN', '', 'below-external-name', /no name exists below it$/],
  ['literal.shop.svc', 'A', 'NXDOMAIN', '', 'external-name-is-address', /so the Service is passed over$/],
  [
    '__proto__.shop.svc',
    'A',
    'NOERROR',
    '10.96.0.3',
    'service',
    'Service shop/__proto__ has these cluster IPs'
  ],
  ['constructor.__proto__.svc', 'A', 'NOERROR', '10.96.0.4', 'service', /^Service __proto__\/constructor/],
  ['constructor.shop.svc', 'A', 'NXDOMAIN', '', 'no-such-service', 'there is no Service shop/constructor'],
  ['toString.svc', 'A', 'NXDOMAIN', '', 'no-such-namespace', 'there is no namespace toString'],
  ['10-0-0-1.shop.pod', 'A', 'NXDOMAIN', '', 'pods-disabled', 'names of pods are disabled (option pods)'],
  ['a.svcs', 'A', 'NXDOMAIN', '', 'invalid-name', /is not of a form/],
  ['dns', 'A', 'NXDOMAIN', '', 'invalid-name', /is not of a form/],
  ['dns-version', 'TXT', 'NOERROR', '"1.1.0"', 'version', 'the version of the Kubernetes DNS specification'],
  ['dns-version', 'A', 'NXDOMAIN', '', 'invalid-name', /is not of a form/],
  ['a.pin._zone.db.shop.svc', 'A', 'NXDOMAIN', '', 'invalid-name', /exists only with the option zonal$/],
  ['a.b._zone.db.shop.svc', 'A', 'NXDOMAIN', '', 'invalid-name', /is not of a form/],
  ['', 'AXFR', 'REFUSED', '', 'transfer-refused', 'zone transfers need the transfer plugin']
]

const datas = (lines: readonly string[]) =>
  lines
    .map(line => line.split(' ').slice(3).join(' '))
    .sort()
    .join(' ')

t.test('names, answers and reasons', async t => {
  const { ask, why } = await serve(STANZA, objects)
  for (const [left, type, rcode, answer, rule, words] of cases) {
    const name = left === '' ? 'cluster.local' : `${left}.cluster.local`
    const reply = await ask(name, type, type === 'AXFR' ? { transport: 'tcp' } : {})
    t.equal(reply.rcode, rcode, `${name} ${type}`)
    t.equal(datas(reply.answer), answer, `${name} ${type}`)
    t.equal(reply.authority.length, rcode === 'REFUSED' || answer !== '' ? 0 : 1, `${name} ${type}: SOA`)
    const [found, said] = await why(name, type)
    t.equal(found, rule, `${name} ${type}`)
    t.match(said, words, `${name} ${type}`)
  }
})

t.test('a class other than IN', async t => {
  const { ask } = await serve(STANZA, objects)
  t.equal((await ask('web.shop.svc.cluster.local', 'A', { rclass: 'CH' })).rcode, 'REFUSED')
})

t.test('reverse names', async t => {
  const { ask, why } = await serve(STANZA, [
    ...objects,
    service('shop', 'twin', { clusterIPs: ['10.96.0.1'] }),
    slice('shop', 'twin-1', 'twin', [endpoint(['10.0.0.1'], { hostname: 'x' })]),
    slice('hidden', 'h', 'web', [endpoint(['10.0.0.9'])])
  ])
  const ip6 = (nibbles: string) => `${Array.from(nibbles.padEnd(32, '0')).reverse().join('.')}.ip6.arpa`
  const reverse: readonly (readonly [string, string, readonly string[]])[] = [
    ['3.0.0.10.in-addr.arpa', 'NOERROR', ['10-0-0-3.web.shop.svc.cluster.local']],
    ['1.0.0.10.in-addr.arpa', 'NOERROR', ['db-0.db.shop.svc.cluster.local', 'x.twin.shop.svc.cluster.local']],
    [ip6('fd00'), 'NOERROR', ['fd00--0.db.shop.svc.cluster.local']],
    [ip6('fd00').toUpperCase(), 'NOERROR', ['fd00--0.db.shop.svc.cluster.local']],
    ['9.0.0.10.in-addr.arpa', 'NXDOMAIN', []],
    ['4.0.0.10.in-addr.arpa', 'NXDOMAIN', []],
    ['003.0.0.10.in-addr.arpa', 'NXDOMAIN', []],
    ['0.0.10.in-addr.arpa', 'NXDOMAIN', []],
    ['3.0.0.10.3.in-addr.arpa', 'NXDOMAIN', []],
    ['256.0.0.10.in-addr.arpa', 'NXDOMAIN', []],
    ['f.ip6.arpa', 'NXDOMAIN', []],
    ['in-addr.arpa', 'NOERROR', []]
  ]
  for (const [name, rcode, names] of reverse) {
    const reply = await ask(name, 'PTR')
    t.equal(reply.rcode, rcode, name)
    t.strictSame(reply.answer.map(line => line.split(' ')[3]).sort(), names, name)
  }
  const shared = (await ask('1.0.96.10.in-addr.arpa', 'PTR')).answer
  t.equal(shared.length, 1, 'of several Services with the address, one is named')
  t.match(shared[0], /(web|twin)\.shop\.svc\.cluster\.local/)
  t.equal((await why('3.0.0.10.in-addr.arpa', 'PTR'))[0], 'ptr')
  t.strictSame(await why('9.0.0.10.in-addr.arpa', 'PTR'), [
    'no-such-address',
    'no Service and no ready endpoint has the address, in the namespaces that are exposed'
  ])
  t.equal((await ask('3.0.0.10.in-addr.arpa', 'A')).rcode, 'NXDOMAIN')
})

t.test('weights of SRV records', async t => {
  for (const [count, weight] of [
    [1, 100],
    [2, 50],
    [3, 33],
    [6, 16],
    [7, 14],
    [100, 1],
    [101, 1],
    [5000, 1]
  ] as const) {
    t.equal(srvWeight(count), weight, `${count} candidates`)
  }
  const { ask } = await serve(STANZA, objects)
  const reply = await ask('db.shop.svc.cluster.local', 'SRV')
  t.strictSame(
    reply.answer.map(line => line.split(' ').slice(3).join(' ')).sort(),
    ['10-0-0-2.db', 'db-0.db', 'fd00--0.db'].map(
      one => `priority=0 weight=33 port=80 target=${one}.shop.svc.cluster.local`
    )
  )
  t.equal(reply.additional.length, 3)
  t.equal((await ask('bare.shop.svc.cluster.local', 'SRV')).answer.length, 0, 'no port, no SRV')
  t.equal((await ask('web.shop.svc.cluster.local', 'SRV')).answer.length, 2)
})
