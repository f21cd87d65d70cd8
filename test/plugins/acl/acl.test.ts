import t from 'tap'
import { aclPlugin } from '../../../src/plugins/acl/setup.ts'
import { metricsOf } from '../../../src/metrics/metrics.ts'
import { emptyAnswer } from '../../../src/dns/response.ts'
import type { Handler } from '../../../src/dns/plugin.ts'
import { setupBlocks, testRuntime, testShared, type TestRuntime } from '../../support/blocks.ts'
import { makeQuery, responseText } from '../../support/messages.ts'

const next: Handler = { answer: query => Object.assign(emptyAnswer(query, 0), { byServer: false }) }

/** `allow`, `block`, `filter` or `drop`, as a client sees it. */
async function decision(
  acl: string,
  name: string,
  type: string,
  from: string,
  runtime: TestRuntime = testRuntime()
): Promise<string> {
  const [block] = setupBlocks(`org example.net {\n${acl}\n}\n`, [aclPlugin], testShared(runtime), next)
  const query = makeQuery(name, type, { from })
  const answer = await block!.chain.answer(query)
  if (answer.dropped) return 'drop'
  const { rcode, edns, flags } = responseText(query, answer)
  t.equal(flags, 'qr rd')
  if (edns === undefined) return rcode === 'NOERROR' ? 'allow' : rcode
  t.has(edns, { size: 4096, do: true })
  const codes: Record<string, string> = { 'REFUSED 15:000f': 'block', 'NOERROR 15:0011': 'filter' }
  return codes[`${rcode} ${edns.options.join()}`] ?? 'something else'
}

const many = Array.from({ length: 40 }, (_, at) => `10.${at}.0.0/16 2001:db8:${at.toString(16)}::/48`).join(
  ' '
)

const cases: readonly (readonly [
  acl: string,
  question: readonly [name: string, type: string, from: string],
  decision: string
])[] = [
  ['acl', ['a.org', 'A', '192.0.2.1'], 'allow'],
  ['acl {\n block\n }', ['a.org', 'A', '192.0.2.1'], 'block'],
  ['acl {\n filter\n }', ['a.org', 'A', '2001:db8::1'], 'filter'],
  ['acl {\n drop\n }', ['a.org', 'A', '192.0.2.1'], 'drop'],
  // Zones: the block's own unless the line names some.
  ['acl {\n block\n }', ['a.net', 'A', '192.0.2.1'], 'allow'],
  ['acl x.org {\n block\n }', ['a.org', 'A', '192.0.2.1'], 'allow'],
  ['acl x.org {\n block\n }', ['a.X.org', 'A', '192.0.2.1'], 'block'],
  // Networks.
  ['acl {\n block net 192.0.2.0/24\n }', ['a.org', 'A', '192.0.2.255'], 'block'],
  ['acl {\n block net 192.0.2.0/24\n }', ['a.org', 'A', '192.0.3.0'], 'allow'],
  ['acl {\n block net 192.0.2.128/25\n }', ['a.org', 'A', '192.0.2.127'], 'allow'],
  ['acl {\n block net 192.0.2.1\n }', ['a.org', 'A', '192.0.2.1'], 'block'],
  ['acl {\n block net 0.0.0.0/0\n }', ['a.org', 'A', '2001:db8::1'], 'allow'],
  ['acl {\n block net ::/0\n }', ['a.org', 'A', '192.0.2.1'], 'allow'],
  ['acl {\n block net fe80::/10\n }', ['a.org', 'A', 'fe80::1%eth0'], 'block'],
  ['acl {\n block net ::ffff:192.0.2.0/120\n }', ['a.org', 'A', '192.0.2.9'], 'block'],
  ['acl {\n block net 10.0.0.0/8 * \n }', ['a.org', 'A', '192.0.2.1'], 'block'],
  [`acl {\n block net ${many}\n }`, ['a.org', 'A', '10.39.200.7'], 'block'],
  [`acl {\n block net ${many}\n }`, ['a.org', 'A', '10.40.0.1'], 'allow'],
  [`acl {\n block net ${many}\n }`, ['a.org', 'A', '2001:db8:27::5'], 'block'],
  [`acl {\n block net ${many}\n }`, ['a.org', 'A', '2001:db8:28::5'], 'allow'],
  // Types.
  ['acl {\n block type AAAA MX\n }', ['a.org', 'MX', '192.0.2.1'], 'block'],
  ['acl {\n block type AAAA MX\n }', ['a.org', 'A', '192.0.2.1'], 'allow'],
  ['acl {\n block type * net 192.0.2.1\n }', ['a.org', 'TYPE65280', '192.0.2.1'], 'block'],
  ['acl {\n block type A net 192.0.2.1\n }', ['a.org', 'AAAA', '192.0.2.1'], 'allow'],
  // The first line of a block that fits decides; an allow ends it all, and no match goes on with the next block.
  ['acl {\n allow net 192.0.2.1\n block\n }', ['a.org', 'A', '192.0.2.1'], 'allow'],
  ['acl {\n allow net 192.0.2.1\n block\n }', ['a.org', 'A', '192.0.2.2'], 'block'],
  ['acl {\n allow net 192.0.2.1\n }\n acl {\n block\n }', ['a.org', 'A', '192.0.2.1'], 'allow'],
  ['acl {\n allow net 192.0.2.1\n }\n acl {\n block\n }', ['a.org', 'A', '192.0.2.2'], 'block'],
  ['acl x.org {\n filter\n }\n acl {\n drop\n }', ['x.org', 'A', '192.0.2.1'], 'filter']
]

for (const [acl, [name, type, from], expected] of cases) {
  t.test(`${acl.slice(0, 60)}: ${name} ${type} from ${from}`, async t => {
    t.equal(await decision(acl, name, type, from), expected)
  })
}

t.test('a source that is no address is blocked, and logged', async t => {
  const runtime = testRuntime()
  t.equal(await decision('acl {\n allow\n }', 'a.org', 'A', 'nowhere', runtime), 'block')
  t.same(runtime.log.lines, ['[ERROR] plugin/acl: Blocking request. Unable to parse source address: nowhere'])
})

t.test('counts by the zone that matched', async t => {
  const shared = testShared(testRuntime())
  const [block] = setupBlocks('org {\n acl x.org {\n drop\n }\n}\n', [aclPlugin], shared, next)
  for (const name of ['a.x.org', 'x.org', 'y.org']) await block!.chain.answer(makeQuery(name, 'A'))
  const values = metricsOf(shared)
    .collect()
    .filter(({ name }) => name.startsWith('coredns_acl'))
    .map(({ name, samples }) => [name, samples.map(({ labels, value }) => ({ ...labels, value }))])
  t.same(values, [
    ['coredns_acl_allowed_requests_total', [{ server: 'dns://:53', view: '', value: 1 }]],
    ['coredns_acl_dropped_requests_total', [{ server: 'dns://:53', zone: 'x.org.', view: '', value: 2 }]]
  ])
})
