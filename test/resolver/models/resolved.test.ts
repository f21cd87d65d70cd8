// What systemd-resolved 252.39 did, asked through nss-resolve and its stub, with replies that no recording holds.
import t from 'tap'
import { resolverModel } from '../../../src/resolver/registry.ts'
import { replay, type Trace } from '../../support/resolver-traces.ts'

type Rules = Trace['zoneRules']
const list = 'nameserver 10.96.0.10\nsearch a.test b.test c.test\n'
const any = (name: string, reply: Rules[number]['reply'], type = '*'): Rules[number] => ({
  name,
  type,
  reply
})
const found: Rules = [
  { name: 'foo.b.test.', type: 'A', reply: 'ANSWER', data: ['192.0.2.2'] },
  any('foo.b.test.', 'NODATA')
]

function lookUp(zoneRules: Rules, asked: Partial<Trace> = {}) {
  const trace = {
    client: 'systemd-resolved-252-nss',
    resolvConf: list,
    name: 'foo',
    family: 'unspec'
  } as Trace
  const result = replay({ ...trace, zoneRules, ...asked })!
  return {
    asked: result.queries
      .map(
        ({ name, type, edns, transport }) =>
          `${name} ${type}${edns === undefined ? '' : ' +'}${transport === 'tcp' ? ' tcp' : ''}`
      )
      .join(', '),
    error: result.error,
    addresses: result.addresses.join(' '),
    elapsedMs: result.elapsedMs
  }
}

t.test('one type is enough: the other gets its first retry and a second more', t => {
  for (const reply of ['ANSWER', 'NODATA'] as const) {
    const rules: Rules = [
      { ...any('foo.a.test.', reply, 'A'), data: ['192.0.2.1'] },
      any('foo.a.test.', 'DROP', 'AAAA')
    ]
    const result = lookUp(rules)
    t.equal(result.asked, 'foo.a.test. A +, foo.a.test. AAAA +, foo.a.test. AAAA +', reply)
    t.ok(result.elapsedMs > 6000 && result.elapsedMs <= 6250, `${result.elapsedMs} ms`)
    t.equal(result.error, reply === 'ANSWER' ? null : 'EAI_NONAME')
  }
  const nothing = lookUp([any('foo.a.test.', 'NXDOMAIN', 'A'), any('foo.a.test.', 'DROP', 'AAAA')])
  t.equal(nothing.elapsedMs, 120_000, 'NXDOMAIN is not enough')
  t.end()
})

t.test('FORMERR and NOTIMP are asked again without EDNS, SERVFAIL once more as it was', t => {
  const one = { family: 'inet', name: 'foo.example' } as const
  t.equal(lookUp([any('*', 'FORMERR')], one).asked, 'foo.example. A +, foo.example. A')
  t.equal(lookUp([any('*', 'NOTIMP')], one).asked, 'foo.example. A +, foo.example. A')
  t.equal(lookUp([any('*', 'SERVFAIL')], one).asked, 'foo.example. A +, foo.example. A +, foo.example. A')
  t.equal(lookUp([any('*', 'REFUSED')], one).asked, 'foo.example. A +')
  t.end()
})

t.test('an alias is followed, below a search domain even when its address came along', t => {
  const alias: Rules = [
    { name: '*.test.', type: '*', reply: 'CNAME', target: 'real.example.', data: ['192.0.2.7'] },
    { name: 'real.example.', type: 'A', reply: 'ANSWER', data: ['192.0.2.8'] },
    any('real.example.', 'NODATA')
  ]
  const below = lookUp(alias, { family: 'inet' })
  t.match(below, { asked: 'foo.a.test. A +, real.example. A +', addresses: '192.0.2.8' })
  const asIs = lookUp(alias, { family: 'inet', name: 'foo.a.test' })
  t.match(asIs, { asked: 'foo.a.test. A +', addresses: '192.0.2.7' })
  t.end()
})

t.test('a reply cut short over TCP too is a failure', t => {
  const result = lookUp([any('foo.a.test.', 'TC'), ...found], { family: 'inet' })
  t.match(result, { asked: 'foo.a.test. A +, foo.a.test. A + tcp, foo.b.test. A +', addresses: '192.0.2.2' })
  t.end()
})

t.test('names that classic DNS is not asked for', t => {
  const nss: [name: string, error: string | null][] = [
    ['foo.local', 'EAI_AGAIN'],
    ['foo.', 'EAI_AGAIN'],
    ['foo.invalid', 'EAI_NONAME'],
    ['-foo', 'EAI_NONAME'],
    ['foo-.bar', 'EAI_NONAME'],
    ['app.localhost', null],
    ['10.1', null]
  ]
  for (const [name, error] of nss) t.match(lookUp([], { name }), { asked: '', error }, name)
  const covered = lookUp([], {
    name: 'x.cluster.local',
    family: 'inet',
    resolvConf: `${list}search cluster.local\n`
  })
  t.equal(covered.asked, 'x.cluster.local. A +, x.cluster.local. A', 'a search domain covers .local')
  const stub = { client: 'systemd-resolved-252-stub' }
  for (const [name, error] of [
    ['foo', 'REFUSED'],
    ['foo.invalid', 'NXDOMAIN'],
    ['foo..', 'exit 10'],
    ['-foo', 'exit 8']
  ] as const)
    t.match(lookUp([], { ...stub, name }), { asked: '', error }, `stub ${name}`)
  t.end()
})

t.test('resolv.conf: lists add up, options are not read, dig has a word on it too', t => {
  const text =
    'nameserver 10.96.0.10 10.96.0.11\nsearch a.test\ndomain d.test e.test\nsearch A.test f.test\noptions ndots:5\n'
  t.match(resolverModel('systemd-resolved-252-nss')!.parse(text), {
    servers: ['10.96.0.10', '10.96.0.11'],
    search: ['a.test', 'd.test', 'e.test', 'f.test'],
    ndots: 1
  })
  const refused = lookUp([], {
    client: 'systemd-resolved-252-stub',
    name: 'foo.bar',
    resolvConf: `${list}options ndots:x\n`
  })
  t.match(refused, { asked: '', error: 'exit 1' })
  const ipv6 = replay({
    client: 'systemd-resolved-252-nss',
    resolvConf: 'nameserver fd00:10:96::a\n',
    zoneRules: [] as Rules,
    hostIPv6: true,
    name: 'foo.bar',
    family: 'inet'
  } as Trace)!
  t.equal(ipv6.queries[0]?.edns, 1452, 'a smaller payload is announced over IPv6')
  t.end()
})
