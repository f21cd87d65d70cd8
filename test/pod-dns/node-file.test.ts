// The node's file as the kubelet reads it: the table of Kubernetes' TestParseResolvConf (resolver-semantics.md §3.3), and
// files that nobody should have.
import t from 'tap'
import { isFlaw, readNodeFile, type NodeSettings } from '../../src/pod-dns/node-file.ts'
import { octetsOf } from '../../src/pod-dns/octet-text.ts'
import { CURRENT_RULES, rulesOf, type KubernetesRules } from '../../src/pod-dns/versions.ts'

const read = (text: string | Uint8Array, rules: KubernetesRules = CURRENT_RULES): NodeSettings => {
  const settings = readNodeFile(typeof text === 'string' ? Buffer.from(text) : text, rules)
  if (isFlaw(settings)) throw new Error(settings.text)
  return settings
}

const cases: readonly (readonly [string, Partial<NodeSettings>])[] = [
  ['', {}],
  [' ', {}],
  ['\n', {}],
  ['\t\n\t', {}],
  ['#comment\n', {}],
  [' #comment\n', {}],
  ['#comment\n#comment', {}],
  ['comment', {}],
  [' nameserver 1.2.3.4', { nameservers: ['1.2.3.4'] }],
  ['\tnameserver\t1.2.3.4', { nameservers: ['1.2.3.4'] }],
  ['nameserver \t 1.2.3.4', { nameservers: ['1.2.3.4'] }],
  ['nameserver 1.2.3.4 #comment', { nameservers: ['1.2.3.4'] }],
  ['nameserver 1.2.3.4\r\nsearch a.test\r\n', { nameservers: ['1.2.3.4'], searches: ['a.test'] }],
  ['nameserver 1.2.3.4 5.6.7.8', { nameservers: ['1.2.3.4'] }],
  ['nameserver not-an-address', { nameservers: ['not-an-address'] }],
  ['nameserver fe80::1%eth0', { nameservers: ['fe80::1%eth0'] }],
  ['nameservers 1.2.3.4', {}],
  ['NAMESERVER 1.2.3.4', {}],
  ['search ', { searches: [] }],
  ['search foo', { searches: ['foo'] }],
  ['search foo bar', { searches: ['foo', 'bar'] }],
  ['search foo. bar', { searches: ['foo', 'bar'] }],
  ['search foo bar bat\n', { searches: ['foo', 'bar', 'bat'] }],
  ['search foo\nsearch bar', { searches: ['bar'] }],
  ['search foo\nsearch', { searches: [] }],
  ['search foo #comment', { searches: ['foo', '#comment'] }],
  ['search .a.test a.test..', { searches: ['.a.test', 'a.test.'] }],
  [
    'nameserver 1.2.3.4\nsearch foo\nnameserver 5.6.7.8',
    { nameservers: ['1.2.3.4', '5.6.7.8'], searches: ['foo'] }
  ],
  ['options', { options: [] }],
  ['options ndots:1 attempts:2', { options: ['ndots:1', 'attempts:2'] }],
  ['options ndots:1\noptions ndots:5 attempts:3', { options: ['ndots:5', 'attempts:3'] }],
  ['options ndots:1\nnameserver 1.2.3.4\noptions', { nameservers: ['1.2.3.4'], options: [] }],
  ['domain corp.example\nsortlist 130.155.160.0\n; nameserver 9.9.9.9', {}],
  ['search a.test\u00a0b.test\u3000c.test', { searches: ['a.test', 'b.test', 'c.test'] }]
]

t.test('lines', t => {
  for (const [text, expected] of cases) {
    t.same(read(text), { nameservers: [], searches: [], options: [], ...expected }, JSON.stringify(text))
  }
  t.end()
})

t.test('a nameserver line without an address', t => {
  for (const [text, line] of [
    ['nameserver', 1],
    ['#comment\nnameserver', 2],
    ['#comment\nnameserver\n', 2],
    ['nameserver 1.2.3.4\n\n \tnameserver \r\nnameserver', 3]
  ] as const) {
    t.match(
      readNodeFile(Buffer.from(text), CURRENT_RULES),
      { line, text: /without an address/ },
      JSON.stringify(text)
    )
  }
  t.end()
})

t.test('a lone dot in the search list, by version (§3.6)', t => {
  const text = 'search . corp.example\n'
  for (const [version, searches] of [
    ['1.24', ['', 'corp.example']],
    ['v1.25.0', ['.', 'corp.example']],
    ['1.25.4', ['corp.example']],
    ['1.26', ['corp.example']],
    ['1.34.1-gke.100', ['corp.example']]
  ] as const) {
    t.same(read(text, rulesOf(version)).searches, searches, version)
  }
  t.same(read(text).searches, ['corp.example'], 'now')
  t.end()
})

t.test('limits and features, by version', t => {
  const facts = (version: string) => {
    const rules = rulesOf(version)
    return [rules?.searchPathsMax, rules?.searchOctetsMax, rules?.relaxedSearch]
  }
  t.same(facts('1.21'), [6, 256, false])
  t.same(facts('1.25'), [6, 256, false])
  t.same(facts('1.26'), [32, 2048, false])
  t.same(facts('1.32'), [32, 2048, false])
  t.same(facts('1.33'), [32, 2048, true])
  t.same(facts('1.34'), [
    CURRENT_RULES.searchPathsMax,
    CURRENT_RULES.searchOctetsMax,
    CURRENT_RULES.relaxedSearch
  ])
  for (const bad of [
    '',
    '1',
    '2.0',
    '1.x',
    '1.24.x',
    '1.24 ',
    'latest',
    '1.1234',
    `1.24-${'a'.repeat(200)}`
  ]) {
    t.equal(rulesOf(bad), undefined, JSON.stringify(bad))
  }
  t.end()
})

t.test('octets that are no text go through as they are', t => {
  const octets = Buffer.concat([
    Buffer.from('search '),
    Buffer.from([0xff, 0xfe, 0x00, 0x80]),
    Buffer.from('.test\nnameserver '),
    Buffer.from([0xc0, 0xaf]),
    Buffer.from('\n')
  ])
  const { searches, nameservers } = read(octets)
  t.same([...octetsOf(searches[0] ?? '')], [0xff, 0xfe, 0x00, 0x80, ...Buffer.from('.test')])
  t.same([...octetsOf(nameservers[0] ?? '')], [0xc0, 0xaf])
  t.same(read(Buffer.from([0x00, 0xff, 0x0a, 0x80])), { nameservers: [], searches: [], options: [] })
  t.end()
})

t.test('a file of 1 MB, 10,000 options, 100,000 lines', t => {
  const options = Array.from({ length: 10_000 }, (_, at) => `option-${at}:${at}`)
  t.same(read(`options ${options.join(' ')}\n`).options, options)
  t.equal(read('x'.repeat(1 << 20)).searches.length, 0, 'one line without a meaning')
  t.equal(read(`search ${'a.test '.repeat(150_000)}`).searches.length, 150_000)
  const { nameservers } = read('nameserver 192.0.2.1\n'.repeat(50_000))
  t.equal(nameservers.length, 50_000)
  t.end()
})

t.test('the most that the kubelet reads', t => {
  const limit = 10 * 1024 * 1024
  t.match(readNodeFile(Buffer.alloc(limit, '#'), CURRENT_RULES), {
    line: undefined,
    text: /10485760 octets.*the read limit is reached/
  })
  t.notOk(isFlaw(readNodeFile(Buffer.alloc(limit - 1, '#'), CURRENT_RULES)), 'one octet less')
  t.end()
})
