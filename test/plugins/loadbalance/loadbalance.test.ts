import t from 'tap'
import packet, { type Answer as PacketAnswer } from 'dns-packet'
import { foreignAnswer } from '../../../src/dns/foreign-answer.ts'
import type { Answer } from '../../../src/dns/answer.ts'
import type { Query } from '../../../src/dns/query.ts'
import { emptyAnswer } from '../../../src/dns/response.ts'
import { Loadbalance } from '../../../src/plugins/loadbalance/loadbalance.ts'
import { loadbalancePlugin } from '../../../src/plugins/loadbalance/setup.ts'
import { parseWeights } from '../../../src/plugins/loadbalance/weights.ts'
import { setupBlocks, testRuntime, testShared } from '../../support/blocks.ts'
import { makeQuery, responseText, type ResponseText } from '../../support/messages.ts'

const a = (name: string, data: string): PacketAnswer => ({ type: 'A', name, ttl: 60, data })
const aaaa = (name: string, data: string): PacketAnswer => ({ type: 'AAAA', name, ttl: 60, data })
const cname = (name: string, data: string): PacketAnswer => ({ type: 'CNAME', name, ttl: 60, data })
const mx = (name: string, exchange: string): PacketAnswer => ({
  type: 'MX',
  name,
  ttl: 60,
  data: { preference: 10, exchange }
})
const txt = (name: string): PacketAnswer => ({ type: 'TXT', name, ttl: 60, data: 'x' })
const srv = (name: string, target: string): PacketAnswer => ({
  type: 'SRV',
  name,
  ttl: 60,
  data: { priority: 0, weight: 0, port: 80, target }
})

type Sections = Readonly<Record<'answers' | 'authorities' | 'additionals', readonly PacketAnswer[]>>

/** A compressed message, as an upstream sends it. */
function upstreamAnswer(
  query: Query,
  name: string,
  type: string,
  sections: Partial<Sections>,
  rcode = 0
): Answer {
  const { answers = [], authorities = [], additionals = [] } = sections
  const wire = packet.encode({
    type: 'response',
    id: query.id,
    flags: packet.RECURSION_DESIRED | rcode,
    questions: [{ type: type as 'A', name }],
    answers: [...answers],
    authorities: [...authorities],
    additionals: [...additionals]
  })
  return foreignAnswer(query, wire)!
}

interface Asked {
  readonly name?: string
  readonly type?: string
  readonly rcode?: number
  /** What chance says, in turn; 0 behind the last. */
  readonly picks?: readonly number[]
  readonly options?: Partial<ConstructorParameters<typeof Loadbalance>[0]>
  readonly later?: boolean
}

async function balanced(sections: Partial<Sections>, asked: Asked = {}): Promise<ResponseText> {
  const { name = 'a.org', type = 'A', rcode = 0, picks = [], options = {}, later = false } = asked
  const left = [...picks]
  const plugin = new Loadbalance(
    { weights: undefined, preferred: [], ...options },
    { integer: limit => Math.min(left.shift() ?? 0, limit - 1) }
  )
  const query = makeQuery(name, type, { transport: 'tcp' })
  const answer = upstreamAnswer(query, name, type, sections, rcode)
  const before = answer.plainLength
  const made = await plugin.answer(query, { answer: () => (later ? Promise.resolve(answer) : answer) })
  t.equal(made.plainLength, before)
  return responseText(query, made)
}

const last = (lines: readonly string[]) => lines.map(line => line.split(' ').slice(2).join(' '))
const three = ['192.0.2.1', '192.0.2.2', '192.0.2.3'].map(data => a('a.org', data))

t.test('addresses of one family in each order, each as often', async t => {
  const seen = new Map<string, number>()
  for (let first = 0; first < 3; first++) {
    for (let second = 0; second < 2; second++) {
      for (const later of [false, true]) {
        const { answer } = await balanced({ answers: three }, { picks: [first, second], later })
        const key = answer.map(line => line.at(-1)).join('')
        seen.set(key, (seen.get(key) ?? 0) + 1)
      }
    }
  }
  t.same([...seen.keys()].sort(), ['123', '132', '213', '231', '312', '321'])
  t.same([...seen.values()], [2, 2, 2, 2, 2, 2])
})

t.test('both families together, and IPv6 alone', async t => {
  const both = [a('a.org', '192.0.2.1'), aaaa('a.org', '2001:db8::1')]
  t.same(last((await balanced({ answers: both }, { type: 'ANY' })).answer), [
    'AAAA 2001:db8::1',
    'A 192.0.2.1'
  ])
  const ipv6 = [aaaa('a.org', '2001:db8::1'), aaaa('a.org', '2001:db8::2')]
  t.same(last((await balanced({ answers: ipv6 }, { type: 'AAAA' })).answer), [
    'AAAA 2001:db8::2',
    'AAAA 2001:db8::1'
  ])
  t.same(last((await balanced({ answers: ipv6 }, { type: 'AAAA', picks: [1] })).answer), [
    'AAAA 2001:db8::1',
    'AAAA 2001:db8::2'
  ])
})

t.test('CNAMEs first, then others, addresses, MX', async t => {
  const answers = [
    a('z.org', '192.0.2.1'),
    mx('a.org', 'm1.a.org'),
    txt('a.org'),
    cname('a.org', 'b.org'),
    cname('b.org', 'z.org'),
    mx('a.org', 'm2.a.org')
  ]
  const { answer } = await balanced({ answers })
  t.same(last(answer), [
    'CNAME b.org',
    'CNAME z.org',
    'TXT "x"',
    'A 192.0.2.1',
    'MX preference=10 exchange=m2.a.org',
    'MX preference=10 exchange=m1.a.org'
  ])
})

t.test('each section for itself; names that others lean on stay readable', async t => {
  const sections = {
    answers: [srv('a.org', 'x.deep.a.org'), srv('a.org', 'y.deep.a.org')],
    authorities: [a('n1.zone.org', '192.0.2.1'), a('n2.zone.org', '192.0.2.2')],
    additionals: [a('x.deep.a.org', '192.0.2.3'), a('y.deep.a.org', '192.0.2.4')]
  }
  const { answer, authority, additional } = await balanced(sections, { type: 'SRV' })
  t.same(
    answer.map(line => line.split('target=')[1]),
    ['x.deep.a.org', 'y.deep.a.org'],
    'in their own order'
  )
  t.same(authority, ['n2.zone.org 60 A 192.0.2.2', 'n1.zone.org 60 A 192.0.2.1'])
  t.same(additional, ['y.deep.a.org 60 A 192.0.2.4', 'x.deep.a.org 60 A 192.0.2.3'])
})

t.test('other answers stay as they are', async t => {
  for (const asked of [{ rcode: 3 }, { type: 'AXFR' }, { type: 'IXFR' }]) {
    const { answer } = await balanced({ answers: three }, asked)
    t.same(
      answer.map(line => line.at(-1)),
      ['1', '2', '3'],
      JSON.stringify(asked)
    )
  }
  const query = makeQuery('a.org', 'A')
  const failed = emptyAnswer(query, 2)
  const plugin = new Loadbalance({ weights: undefined, preferred: [] }, { integer: () => 0 })
  t.equal(plugin.answer(query, { answer: () => failed }), failed)
})

t.test('an OPT and a small message of our own', async t => {
  const query = makeQuery('a.org', 'A', { edns: 1232 })
  const answer = upstreamAnswer(query, 'a.org', 'A', { answers: three })
  const made = new Loadbalance({ weights: undefined, preferred: [] }, { integer: () => 0 }).answer(query, {
    answer: () => answer
  })
  t.notOk(made instanceof Promise, 'answers at once')
  t.equal(responseText(query, await made).edns?.size, 1232)
})

t.test('preferred networks go first, in their order', async t => {
  const [block] = setupBlocks(
    '. {\n loadbalance round_robin {\n prefer 10.0.1.0/24 2001:db8::/32\n }\n}\n',
    [loadbalancePlugin],
    testShared(testRuntime())
  )
  const plugin = block!.plugins[0]!
  const answers = [
    txt('a.org'),
    a('a.org', '10.0.0.1'),
    aaaa('a.org', '2001:db8::1'),
    a('a.org', '10.0.1.2'),
    aaaa('a.org', '2001:db9::1'),
    cname('a.org', 'b.org')
  ]
  for (let round = 0; round < 10; round++) {
    const query = makeQuery('a.org', 'A', { transport: 'tcp' })
    const given = upstreamAnswer(query, 'a.org', 'A', { answers })
    const { answer } = responseText(query, await plugin.answer(query, { answer: () => given }))
    const texts = last(answer)
    t.same(texts.slice(0, 3), ['CNAME b.org', 'A 10.0.1.2', 'AAAA 2001:db8::1'])
    t.same(texts.slice(3, 5).sort(), ['A 10.0.0.1', 'AAAA 2001:db9::1'])
    t.equal(texts[5], 'TXT "x"')
  }
})

const FILE = '# weights\nA.org\n192.0.2.1 3\n192.0.2.2 1\n\n  other.org.\n2001:db8::1 255\n'

t.test('weights choose which address goes first', async t => {
  const texts: Record<string, string> = { '/w': FILE }
  const runtime = testRuntime(texts)
  const firsts = new Map<string, number>()
  let pick = 0
  const random = {
    integer: (limit: number) => {
      t.equal(limit, 5, 'the sum of all weights')
      return pick
    }
  }
  const shared = testShared({ ...runtime, random })
  const [block] = setupBlocks('. {\n loadbalance weighted /w\n}\n', [loadbalancePlugin], shared)
  await block!.start()
  t.same(runtime.log.lines, ['[INFO] plugin/loadbalance: Successfully reloaded weight file /w'])
  for (pick = 0; pick < 5; pick++) {
    const query = makeQuery('a.org', 'A')
    const given = upstreamAnswer(query, 'a.org', 'A', { answers: three })
    const { answer } = responseText(query, await block!.plugins[0]!.answer(query, { answer: () => given }))
    firsts.set(answer[0]!, (firsts.get(answer[0]!) ?? 0) + 1)
    t.equal(new Set(answer).size, 3)
  }
  // 192.0.2.3 has no line, and so the weight 1.
  t.same(Object.fromEntries(firsts), {
    'a.org 60 A 192.0.2.1': 3,
    'a.org 60 A 192.0.2.2': 1,
    'a.org 60 A 192.0.2.3': 1
  })
  const query = makeQuery('a.org', 'TXT')
  const given = upstreamAnswer(query, 'a.org', 'TXT', { answers: three })
  const { answer } = responseText(query, await block!.plugins[0]!.answer(query, { answer: () => given }))
  t.same(
    answer.map(line => line.at(-1)),
    ['1', '2', '3'],
    'other types stay as they are'
  )
  await block!.stop()
  t.equal(runtime.clock.pending, 0)
})

t.test('the weight file is read again when it has changed', async t => {
  const texts: Record<string, string> = {}
  const runtime = testRuntime(texts)
  const [block] = setupBlocks(
    '. {\n loadbalance weighted /w {\n reload 10s\n }\n}\n',
    [loadbalancePlugin],
    testShared(runtime)
  )
  await block!.start()
  const { lines } = runtime.log
  t.same(lines.splice(0), [
    '[WARNING] plugin/loadbalance: Failed to open weight file:weight file open error. Will try again in 10s'
  ])
  runtime.clock.advance(10_000)
  t.same(lines.splice(0), ['[ERROR] plugin/loadbalance: weight file open error'])
  texts['/w'] = FILE
  runtime.clock.advance(20_000)
  t.same(lines.splice(0), ['[INFO] plugin/loadbalance: Successfully reloaded weight file /w'])
  texts['/w'] = 'a.org\n192.0.2.1 x\n'
  runtime.clock.advance(20_000)
  t.same(lines.splice(0), ['[ERROR] plugin/loadbalance: wrong weight value:"x" in weight file /w'])
})

t.test('at the start a file that is wrong, or missing for good, is an error', async t => {
  const start = async (block: string, texts: Record<string, string>) => {
    const shared = testShared(testRuntime(texts))
    const [made] = setupBlocks(`. {\n ${block}\n}\n`, [loadbalancePlugin], shared)
    return made!.start().then(
      () => '',
      (error: unknown) => (error as Error).message
    )
  }
  t.equal(
    await start('loadbalance weighted /w', { '/w': '192.0.2.1\n' }),
    'plugin/loadbalance: wrong domain name:"192.0.2.1" in weight file /w. (Maybe a missing weight value?)'
  )
  t.equal(
    await start('loadbalance weighted /w {\n reload 0\n }', {}),
    'plugin/loadbalance: weight file open error'
  )
})

const bad: readonly (readonly [text: string, message: string])[] = [
  ['192.0.2.1 1\n', 'missing domain name in weight file /w'],
  ['a.org\n192.0.2.1 1 # why\n', 'could not parse weight line:"192.0.2.1 1 # why" in weight file /w'],
  ['a.org\nb.org 1\n', 'wrong IP address:"b.org" in weight file /w'],
  ['a.org\n192.0.2.1 0\n', 'wrong weight value:"0" in weight file /w'],
  ['a.org\n192.0.2.1 256\n', 'wrong weight value:"256" in weight file /w'],
  ['a.org\n192.0.2.1 -1\n', 'wrong weight value:"-1" in weight file /w']
]

for (const [text, message] of bad) {
  t.test(JSON.stringify(text), async t => t.throws(() => parseWeights(text, '/w'), { message }))
}

t.test('lines of a name add up, and the first about an address counts', async t => {
  const table = parseWeights('a.org\n192.0.2.1 3\nb.org\nA.ORG.\n192.0.2.1 9\n::1 4\n', '/w')
  t.same(
    [...table.values()].map(weights => [...weights.values()]),
    [[3, 4], []]
  )
})
