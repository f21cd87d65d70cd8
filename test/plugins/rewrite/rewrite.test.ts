// Rules on queries and their answers, beyond what was recorded.
import t from 'tap'
import { LookupDepthError } from '../../../src/dns/answer.ts'
import type { Handler } from '../../../src/dns/plugin.ts'
import { LOOKUP_DEPTH_MAX, derivedQuery, type Query } from '../../../src/dns/query.ts'
import { emptyAnswer, encodeResponse } from '../../../src/dns/response.ts'
import { writeSections } from '../../../src/dns/sections.ts'
import { rewritePlugin } from '../../../src/plugins/rewrite/setup.ts'
import { formatName } from '../../../src/wire/name.ts'
import { Flag, Rcode, rtypeName } from '../../../src/wire/numbers.ts'
import { parseRecord } from '../../../src/wire/rdata.ts'
import { lastHandler, setupBlocks, testRuntime, testShared } from '../../support/blocks.ts'
import { makeQuery, type QueryFields } from '../../support/messages.ts'
import { readReply } from '../../support/reply-text.ts'

/** What stands behind rewrite: records by question, `@NAME@` for the name asked. */
function bench(lines: string, script: Readonly<Record<string, readonly string[]>>, limit = LOOKUP_DEPTH_MAX) {
  const seen: string[] = []
  const behind: Handler = {
    answer(query: Query) {
      const question = `${formatName(query.name)} ${rtypeName(query.qtype)}`
      seen.push(question)
      const records = script[question] ?? script['*'] ?? []
      const answer = records.map(line => {
        const record = parseRecord(line.replaceAll('@NAME@', formatName(query.name)))
        return { ...record, owner: record.name }
      })
      return writeSections(query, { answer, authority: [], additional: [] }, Rcode.NOERROR, Flag.RA)
    }
  }
  let chain = behind
  const shared = testShared(testRuntime(), {
    lookup: (name, qtype, query) => {
      const inner = derivedQuery(query, name, qtype)
      if (inner.depth <= limit) return chain.answer(inner)
      const answer = emptyAnswer(inner, Rcode.SERVFAIL)
      answer.error = new LookupDepthError('in a circle')
      return answer
    }
  })
  chain = setupBlocks(`.:53 {\n${lines}\n}`, [rewritePlugin], shared, behind)[0]!.chain
  return {
    seen,
    ask: async (name: string, type = 'A', fields: QueryFields = {}) => {
      const query = makeQuery(name, type, fields)
      const answer = await chain.answer(query)
      return { ...readReply(encodeResponse(query, answer)), error: answer.error?.message }
    }
  }
}

const cases: readonly (readonly [
  about: string,
  lines: string,
  question: string,
  asked: readonly string[],
  answer: readonly string[]
])[] = [
  ['prefix', 'rewrite name prefix a. b. answer auto', 'a.org', ['b.org. A'], ['a.org. 60 IN A 10.0.0.1']],
  [
    'substring, everywhere',
    'rewrite name substring .x. .y.',
    'a.x.b.x.org',
    ['a.y.b.y.org. A'],
    ['a.y.b.y.org. 60 IN A 10.0.0.1']
  ],
  [
    'regex with auto',
    'rewrite name regex ^(.*)\\.a\\.$ {1}.b answer auto',
    'w.a',
    ['w.b. A'],
    ['w.a. 60 IN A 10.0.0.1']
  ],
  ['a suffix inside a label', 'rewrite name suffix org net', 'aorg', ['anet. A'], ['anet. 60 IN A 10.0.0.1']],
  [
    'continue',
    'rewrite continue name a.org b.org\nrewrite name b.org c.org',
    'a.org',
    ['c.org. A'],
    ['a.org. 60 IN A 10.0.0.1']
  ],
  ['type', 'rewrite type ANY A', 'a.org', ['a.org. A'], ['a.org. 60 IN A 10.0.0.1']],
  ['ttl, at least', 'rewrite ttl a.org 90-', 'a.org', ['a.org. A'], ['a.org. 90 IN A 10.0.0.1']],
  ['ttl, at most', 'rewrite ttl suffix .org -30', 'a.org', ['a.org. A'], ['a.org. 30 IN A 10.0.0.1']],
  ['the root', 'rewrite name exact a.org .', 'a.org', ['. A'], ['a.org. 60 IN A 10.0.0.1']]
]

for (const [about, lines, name, asked, answer] of cases) {
  t.test(about, async t => {
    const { seen, ask } = bench(lines, { '*': ['@NAME@ 60 IN A 10.0.0.1'] })
    const reply = await ask(name, about === 'type' ? 'ANY' : 'A')
    t.same(seen, asked)
    t.same(reply.answer, answer)
    t.equal(reply.question.split(' ')[0], `${name}.`, "the question is the client's")
  })
}

t.test('a result that is no name', async t => {
  const { seen, ask } = bench('rewrite name regex (.*) {1}.', {})
  const reply = await ask('a.org')
  t.same(seen, [])
  t.has(reply, { rcode: 'SERVFAIL', error: 'invalid name after rewrite: a.org..' })
})

t.test('a name that grows over 255 octets', async t => {
  const { seen, ask } = bench('rewrite name suffix .a .' + 'b.'.repeat(60), {})
  t.equal((await ask(`${'x.'.repeat(100)}a`)).rcode, 'SERVFAIL')
  t.same(seen, [])
})

t.test('names in answers are mapped back whatever their case, and names that grow too long stay', async t => {
  const long = `${'y.'.repeat(123)}b.org.`
  const { ask } = bench('rewrite name exact aaaaaaa.org b.org', {
    'b.org. A': ['B.oRg. 60 IN CNAME www.B.org.', `www.b.org. 60 IN CNAME ${long}`]
  })
  t.same((await ask('aaaaaaa.org')).answer, [
    'aaaaaaa.org. 60 IN CNAME www.aaaaaaa.org.',
    `www.aaaaaaa.org. 60 IN CNAME ${long}`
  ])
})

t.test('cname rules that lead in a circle end', async t => {
  const { seen, ask } = bench('rewrite cname exact a.org b.org', { '*': ['@NAME@ 60 IN CNAME a.org.'] })
  const reply = await ask('x.org')
  t.has(reply, { rcode: 'SERVFAIL', error: 'in a circle' })
  t.equal(reply.answer, undefined)
  t.equal(seen.length, LOOKUP_DEPTH_MAX + 1, 'one lookup for each step')
})

t.test('options stay where a rule cannot give data', async t => {
  const { ask } = bench('rewrite edns0 local set 0xffee {kubernetes/namespace}', { '*': [] })
  t.equal((await ask('a.org')).edns, undefined)
})

t.test('answers of this server repeat options that rules set', async t => {
  const { ask } = bench('rewrite edns0 local set 0xffee abc', { '*': [] })
  t.same((await ask('a.org', 'A', { edns: 1232 })).edns, {
    size: 1232,
    do: false,
    opts: [[0xffee, '616263']]
  })
  const { ask: reverted } = bench('rewrite edns0 local set 0xffee abc revert', { '*': [] })
  t.same((await reverted('a.org', 'A', { edns: 1232 })).edns, { size: 1232, do: false })
})

t.test('an IPv6 client gives an IPv6 subnet, cut at the bit', async t => {
  const seen: Query[] = []
  const shared = testShared(testRuntime())
  const [block] = setupBlocks('.:53 {\nrewrite edns0 subnet set 24 57\n}', [rewritePlugin], shared, {
    answer: query => (seen.push(query), lastHandler.answer(query))
  })
  await block!.chain.answer(makeQuery('a.org', 'A', { from: '2001:db8:1:ffff::1' }))
  const { wire, optionsStart, optionsEnd } = seen[0]!
  t.equal(
    wire.toString('hex', optionsStart, optionsEnd),
    '0008000c' + '0002' + '39' + '00' + '20010db80001ff80'
  )
  t.end()
})

t.test('no rule applies: the query goes on as it came', async t => {
  const queries: Query[] = []
  const lines = '.:53 {\nrewrite name a.org b.org\nrewrite ttl c.org 5\n}'
  const [block] = setupBlocks(lines, [rewritePlugin], testShared(testRuntime()), {
    answer: query => (queries.push(query), lastHandler.answer(query))
  })
  const query = makeQuery('other.org', 'A')
  await block!.chain.answer(query)
  t.equal(queries[0], query)
})

t.test('a pattern takes linear time', async t => {
  const { ask } = bench('rewrite name regex ^(a+)+$ b.org', { '*': ['@NAME@ 60 IN A 10.0.0.1'] })
  const labels = Array.from({ length: 3 }, () => 'a'.repeat(60)).join('.')
  t.equal((await ask(`${labels}.b`)).rcode, 'NOERROR')
})
