import t from 'tap'
import { localPlugin } from '../../../src/plugins/local/setup.ts'
import { metricsOf } from '../../../src/metrics/metrics.ts'
import { setupBlocks, testRuntime, testShared } from '../../support/blocks.ts'
import { askHandler } from '../../support/ask.ts'

const soa = (zone: string) => [
  `${zone} 604800 SOA mname=localhost rname=root.localhost serial=1 refresh=0 retry=0 expire=0 minimum=604800`
]
const PTR = '1.0.0.127.in-addr.arpa'

/** What corefile-and-plugins.md §8.21 says; SERVFAIL: the next plugin is asked. */
const cases: readonly (readonly [
  name: string,
  type: string,
  rcode: string,
  answer: readonly string[],
  authority: readonly string[]
])[] = [
  ['localhost', 'A', 'NOERROR', ['localhost 604800 A 127.0.0.1'], []],
  ['LocalHost', 'AAAA', 'NOERROR', ['LocalHost 604800 AAAA ::1'], []],
  ['localhost', 'NS', 'NOERROR', ['localhost 604800 NS localhost'], []],
  ['localhost', 'SOA', 'NOERROR', soa('localhost'), []],
  ['localhost', 'MX', 'NOERROR', [], soa('localhost')],
  ['a.b.localhost', 'A', 'NOERROR', ['a.b.localhost 604800 A 127.0.0.1'], []],
  ['a.localhost', 'TXT', 'NOERROR', [], soa('a.localhost')],
  [
    'localhost.shop.svc.cluster.local',
    'A',
    'NOERROR',
    ['localhost.shop.svc.cluster.local 604800 A 127.0.0.1'],
    []
  ],
  ['LOCALHOST.org', 'AAAA', 'NOERROR', ['LOCALHOST.org 604800 AAAA ::1'], []],
  ['localhost.org', 'SOA', 'NOERROR', [], soa('localhost.org')],
  ['notlocalhost.org', 'A', 'SERVFAIL', [], []],
  ['xlocalhost', 'A', 'SERVFAIL', [], []],
  ['localhosts.org', 'A', 'SERVFAIL', [], []],
  ['0.in-addr.arpa', 'A', 'NOERROR', [], soa('0.in-addr.arpa')],
  ['127.in-addr.arpa', 'NS', 'NOERROR', ['127.in-addr.arpa 604800 NS localhost'], []],
  ['255.in-addr.arpa', 'SOA', 'NOERROR', soa('255.in-addr.arpa'), []],
  [PTR, 'PTR', 'NOERROR', [`${PTR} 604800 PTR localhost`], []],
  [PTR, 'A', 'NOERROR', [], soa('127.in-addr.arpa')],
  ['2.0.0.127.in-addr.arpa', 'PTR', 'NXDOMAIN', [], soa('127.in-addr.arpa')],
  ['1.in-addr.arpa', 'PTR', 'SERVFAIL', [], []]
]

const shared = testShared(testRuntime())
const [block, plain] = setupBlocks(
  '.:53 {\n local\n}\norg:53 {\n local {\n localhost_prefix off\n }\n}\n',
  [localPlugin],
  shared
)

for (const [name, type, rcode, answer, authority] of cases) {
  t.test(`${name} ${type}`, async t => {
    const flags = 'qr rd' // never authoritative
    t.has(await askHandler(block!.chain, name, type), { rcode, flags, answer, authority, additional: [] })
  })
}

t.test('localhost in front of another domain can be left alone', async t => {
  t.equal((await askHandler(plain!.chain, 'localhost.org', 'A')).rcode, 'SERVFAIL')
  t.equal((await askHandler(plain!.chain, 'a.localhost', 'A')).rcode, 'NOERROR')
})

t.test('counts names below localhost and beginning with it', async t => {
  const spec = { name: 'coredns_local_localhost_requests_total', help: '' }
  const counter = metricsOf(shared).counter(spec).with()
  const before = counter.value
  for (const name of ['localhost', 'a.localhost', 'localhost.a', '127.in-addr.arpa']) {
    await askHandler(block!.chain, name, 'A')
  }
  t.equal(counter.value - before, 2)
})
