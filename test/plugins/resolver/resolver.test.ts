// resolver: whose walk it is, what is asked, what is answered.
import t from 'tap'
import type { Handler } from '../../../src/dns/plugin.ts'
import { emptyAnswer } from '../../../src/dns/response.ts'
import { writeSections } from '../../../src/dns/sections.ts'
import { metricsOf } from '../../../src/metrics/metrics.ts'
import { kubernetesPlugin } from '../../../src/plugins/kubernetes/setup.ts'
import { resolverPlugin } from '../../../src/plugins/resolver/setup.ts'
import { formatName } from '../../../src/wire/name.ts'
import { Flag, Rcode, rtypeName } from '../../../src/wire/numbers.ts'
import { parseRecord } from '../../../src/wire/rdata.ts'
import { askHandler } from '../../support/ask.ts'
import { setupBlocks, setupMessage, testRuntime, testShared } from '../../support/blocks.ts'
import { MemorySource } from '../../support/memory-source.ts'
import { service } from '../../cluster/index/support.ts'

/** By name and type: an address, `NODATA`, `SERVFAIL`; NXDOMAIN for others. */
type Script = Readonly<Record<string, string>>

function behind(script: Script, seen: string[], later: boolean): Handler {
  const answerNow: Handler['answer'] = query => {
    const name = formatName(query.name)
    const type = rtypeName(query.qtype)
    seen.push(`${name} ${type}`)
    const found = script[`${name} ${type}`] ?? (script[name] === undefined ? 'NXDOMAIN' : 'NODATA')
    if (found === 'SERVFAIL') return emptyAnswer(query, Rcode.SERVFAIL)
    const record = /^[A-Z]+$/.test(found) ? undefined : parseRecord(`${name} 60 IN ${type} ${found}`)
    const answer = record === undefined ? [] : [{ ...record, owner: record.name }]
    const rcode = found === 'NXDOMAIN' ? Rcode.NXDOMAIN : Rcode.NOERROR
    return writeSections(query, { answer, authority: [], additional: [] }, rcode, Flag.AA)
  }
  return { answer: query => (later ? Promise.resolve().then(() => answerNow(query)) : answerNow(query)) }
}

function walking(lines: string, script: Script, later: boolean) {
  const seen: string[] = []
  const shared = testShared(testRuntime())
  const last = behind(script, seen, later)
  const [block] = setupBlocks(
    `.:53 {\nresolver {\nsearch a.org b.org\n${lines}\n}\n}`,
    [resolverPlugin],
    shared,
    last
  )
  return { seen, chain: block!.chain, metrics: metricsOf(shared) }
}

// What each program asks: resolver-semantics.md §0.
const cases: readonly (readonly [
  about: string,
  lines: string,
  name: string,
  script: Script,
  seen: readonly string[],
  rcode: string,
  answer: readonly string[]
])[] = [
  [
    'fewer dots: the list first',
    'ndots 2',
    'x.y',
    { 'x.y.b.org. A': '10.0.0.1' },
    ['x.y.a.org. A', 'x.y.b.org. A'],
    'NOERROR',
    ['x.y 60 CNAME x.y.b.org', 'x.y.b.org 60 A 10.0.0.1']
  ],
  [
    'dots enough: the name itself first',
    'ndots 1',
    'x.y',
    { 'x.y.b.org. A': '10.0.0.1' },
    ['x.y. A', 'x.y.a.org. A', 'x.y.b.org. A'],
    'NOERROR',
    ['x.y 60 CNAME x.y.b.org', 'x.y.b.org 60 A 10.0.0.1']
  ],
  [
    'ndots is 1 when nobody says',
    '',
    'x.y',
    { 'x.y. A': '10.0.0.1' },
    ['x.y. A'],
    'NOERROR',
    ['x.y 60 A 10.0.0.1']
  ],
  [
    'musl: dots enough, and no list',
    'like musl',
    'x.y',
    { 'x.y.b.org. A': '10.0.0.1' },
    ['x.y. A'],
    'NXDOMAIN',
    []
  ],
  ['dig: the same', 'like dig', 'x.y', { 'x.y.b.org. A': '10.0.0.1' }, ['x.y. A'], 'NXDOMAIN', []],
  [
    'glibc passes a name without data',
    '',
    'x',
    { 'x.a.org. TXT': 'a', 'x.a.org.': '', 'x.b.org. A': '10.0.0.1' },
    ['x.a.org. A', 'x.a.org. AAAA', 'x.b.org. A'],
    'NOERROR',
    ['x 60 CNAME x.b.org', 'x.b.org 60 A 10.0.0.1']
  ],
  [
    'but not one with an address of the other family',
    '',
    'x',
    { 'x.a.org. AAAA': '2001:db8::1', 'x.a.org.': '', 'x.b.org. A': '10.0.0.1' },
    ['x.a.org. A', 'x.a.org. AAAA'],
    'NOERROR',
    ['x 5 CNAME x.a.org']
  ],
  [
    'musl stops at a name without data',
    'like musl',
    'x',
    { 'x.a.org.': '', 'x.b.org. A': '10.0.0.1' },
    ['x.a.org. A'],
    'NOERROR',
    ['x 5 CNAME x.a.org']
  ],
  [
    'nothing but a name without data',
    'like go',
    'x',
    { 'x.b.org.': '' },
    ['x.a.org. A', 'x.b.org. A', 'x.b.org. AAAA', 'x. A'],
    'NOERROR',
    ['x 5 CNAME x.b.org']
  ],
  [
    'go passes a failure',
    'like go',
    'x',
    { 'x.a.org. A': 'SERVFAIL', 'x.b.org. A': '10.0.0.1' },
    ['x.a.org. A', 'x.b.org. A'],
    'NOERROR',
    ['x 60 CNAME x.b.org', 'x.b.org 60 A 10.0.0.1']
  ],
  [
    'c-ares does not',
    'like c-ares',
    'x',
    { 'x.a.org. A': 'SERVFAIL', 'x.b.org. A': '10.0.0.1' },
    ['x.a.org. A'],
    'SERVFAIL',
    []
  ],
  [
    'a failure and nothing else is no name error',
    'like glibc',
    'x',
    { 'x.b.org. A': 'SERVFAIL' },
    ['x.a.org. A', 'x.b.org. A', 'x. A'],
    'SERVFAIL',
    []
  ],
  ['nothing anywhere', '', 'x', {}, ['x.a.org. A', 'x.b.org. A', 'x. A'], 'NXDOMAIN', []],
  [
    'the name itself at last',
    'ndots 3',
    'x.y',
    { 'x.y. A': '10.0.0.1' },
    ['x.y.a.org. A', 'x.y.b.org. A', 'x.y. A'],
    'NOERROR',
    ['x.y 60 A 10.0.0.1']
  ]
]

for (const later of [false, true]) {
  for (const [about, lines, name, script, seen, rcode, answer] of cases) {
    t.test(`${about}${later ? ', answers that come later' : ''}`, async t => {
      const bench = walking(lines, script, later)
      const reply = await askHandler(bench.chain, name)
      t.same(bench.seen, seen)
      t.has(reply, { rcode, question: `${name} A` })
      t.same(reply.answer, answer)
    })
  }
}

t.test('reverse names and other types are left alone', async t => {
  const { chain, seen } = walking('', {}, false)
  await askHandler(chain, 'x', 'PTR')
  await askHandler(chain, 'x', 'NS')
  t.same(seen, ['x. PTR', 'x. NS'])
})

t.test('other clients are left alone', async t => {
  const { chain, seen } = walking('clients 192.0.2.0/25 2001:db8::7', {}, false)
  await askHandler(chain, 'x', 'A', { from: '192.0.2.200' })
  t.same(seen.splice(0), ['x. A'])
  for (const from of ['192.0.2.7', '2001:db8::7']) {
    await askHandler(chain, 'x', 'A', { from })
    t.equal(seen.splice(0).length, 3, from)
  }
})

t.test('names that would be too long are passed over', async t => {
  const { chain, seen } = walking('', {}, false)
  const long = `${'x'.repeat(60)}.`.repeat(4).slice(0, -1)
  await askHandler(chain, `${long}.yyyyyy`)
  t.equal(seen.length, 1)
})

t.test('walks are counted, and a client with EDNS is told', async t => {
  const { chain, metrics } = walking('', { 'x.b.org. A': '10.0.0.1', 'y.b. A': '10.0.0.2' }, false)
  const reply = await askHandler(chain, 'x', 'A', { edns: 1232 })
  // RFC 8914 §2: option 15, the code, then text.
  const text = Buffer.from('resolver: found as x.b.org.').toString('hex')
  t.same(reply.edns?.options, [`15:0000${text}`])
  t.same((await askHandler(chain, 'y.b', 'A', { edns: 1232 })).edns?.options ?? [], [])
  await askHandler(chain, 'z')
  const family = metrics.collect().find(({ name }) => name === 'labdns_resolver_walks_total')
  t.same(
    family?.samples.map(({ labels, value }) => [labels['end'], value]),
    [
      ['found', 1],
      ['name itself', 1],
      ['not found', 1]
    ]
  )
})

t.test("what an upstream's OPT says stays, and nothing is cut for the reason", async t => {
  const records = (count: number) =>
    Array.from({ length: count }, (_, at) => parseRecord(`x.b.org. 60 IN A 10.0.1.${at}`)).map(record => ({
      ...record,
      owner: record.name
    }))
  const cookie = { code: 10, data: Buffer.from('0123456789abcdef', 'hex') }
  const upstream = (count: number): Handler => ({
    answer: query => {
      if (formatName(query.name) !== 'x.b.org.') return emptyAnswer(query, Rcode.NXDOMAIN)
      const sections = { answer: records(count), authority: [], additional: [] }
      const answer = writeSections(query, sections, Rcode.NOERROR, Flag.AA)
      answer.opt = { size: 1400, dnssecOk: true, options: [cookie] }
      return answer
    }
  })
  const chain = (count: number) => {
    const text = '.:53 {\nresolver {\nsearch a.org b.org\n}\n}'
    return setupBlocks(text, [resolverPlugin], testShared(testRuntime()), upstream(count))[0]!.chain
  }
  const told = await askHandler(chain(1), 'x', 'A', { edns: 1232 })
  const text = Buffer.from('resolver: found as x.b.org.').toString('hex')
  t.same(told.edns?.options, ['10:0123456789abcdef', `15:0000${text}`])
  t.equal(told.edns?.do, true)
  // 512 octets: header, question, CNAME, addresses of 16 octets, OPT with its option, and 33 for the reason.
  const full = await askHandler(chain(27), 'x', 'A', { edns: 512 })
  t.notOk(full.flags.includes('tc'))
  t.equal(full.answer.length, 28)
  t.same(full.edns?.options, ['10:0123456789abcdef'], 'a reason that has no room is left out')
  const plain = await askHandler(chain(1), 'x')
  t.equal(plain.edns?.options.some(option => option.startsWith('15:')) ?? false, false, 'no EDNS: no reason')
})

t.test('a namespace is its list', async t => {
  const source = new MemorySource()
  source.put({ kind: 'Namespace', name: 'shop', labels: {} })
  source.put(service('shop', 'web', { clusterIPs: ['10.96.0.7'] }))
  const shared = testShared(testRuntime(), { clusterSource: () => ({ key: 'test', make: () => source }) })
  const seen: string[] = []
  const definitions = [resolverPlugin, kubernetesPlugin]
  const text = '.:53 {\nresolver shop {\nsearch b.org\n}\nkubernetes cluster.local\n}'
  const [block] = setupBlocks(text, definitions, shared, behind({}, seen, false))
  await block!.start()
  await shared.clusters.start()
  const found = ['web.shop.svc.cluster.local 5 A 10.96.0.7']
  t.same((await askHandler(block!.chain, 'web')).answer, ['web 5 CNAME web.shop.svc.cluster.local', ...found])
  t.same((await askHandler(block!.chain, 'web.shop')).answer, [
    'web.shop 5 CNAME web.shop.svc.cluster.local',
    ...found
  ])
  t.same((await askHandler(block!.chain, 'web.shop.svc.cluster.local')).answer, found)
  t.equal((await askHandler(block!.chain, 'none')).rcode, 'NXDOMAIN')
  t.same(seen.slice(-2), ['none.b.org. A', 'none. A'])
  const [alone] = setupBlocks('.:53 {\nresolver shop\n}', definitions, shared)
  await t.rejects(alone!.start(), /resolver shop needs the kubernetes plugin/)
})

const mistakes: readonly (readonly [string, RegExp])[] = [
  ['resolver', /no search list: write `resolver NAMESPACE`/],
  ['resolver a b', /Wrong argument count/],
  ['resolver A_b', /"A_b" is no namespace/],
  ['resolver a.b', /"a.b" is no namespace/],
  ['resolver {\nsearch\n}', /Wrong argument count/],
  ['resolver {\nsearch a..b\n}', /"a..b" is no domain name/],
  [`resolver {\nsearch ${'a '.repeat(33)}\n}`, /33 domains in the search list: at most 32/],
  ['resolver a {\nndots\n}', /Wrong argument count/],
  ['resolver a {\nndots 16\n}', /ndots 16: expected a number from 0 to 15/],
  ['resolver a {\nndots -1\n}', /ndots -1: expected/],
  ['resolver a {\nndots five\n}', /ndots five: expected/],
  ['resolver a {\nlike bind\n}', /like bind: expected one of glibc, musl, go, c-ares, dig/],
  ['resolver a {\nlike\n}', /like : expected one of/],
  ['resolver a {\nclients\n}', /Wrong argument count/],
  ['resolver a {\nclients 10.0.0.0/33\n}', /illegal CIDR notation "10.0.0.0\/33"/],
  ['resolver a {\nsearches b\n}', /unknown property 'searches'/],
  ['resolver a\nresolver b', /can only be used once/]
]
for (const [text, message] of mistakes) {
  t.test(`mistake: ${text.slice(0, 40)}`, async t => t.match(setupMessage(text, resolverPlugin), message))
}
