// What c-ares does with replies and files that no recording holds. Expected values are what the libraries themselves did,
// 1.18.1 and 1.34.5 asked by a small program, with the same replies.
import t from 'tap'
import { resolverModel } from '../../../src/resolver/registry.ts'
import { replay, type Trace } from '../../support/resolver-traces.ts'

type Rules = Trace['zoneRules']
const any = (name: string, reply: Rules[number]['reply'], type = '*'): Rules[number] => ({
  name,
  type,
  reply
})
const found: Rules = [
  { name: 'foo.b.test.', type: 'A', reply: 'ANSWER', data: ['192.0.2.2'] },
  any('foo.b.test.', 'NODATA')
]
const list = 'nameserver 10.96.0.10\nsearch a.test b.test c.test\n'
const once = 'options timeout:1 attempts:1\n'

function lookUp(client: string, asked: Partial<Trace>) {
  const trace = { resolvConf: list, zoneRules: found, name: 'foo', family: 'unspec', ...asked } as Trace
  const result = replay({ ...trace, client })!
  return {
    asked: result.queries
      .map(({ name, type, edns }) => `${name} ${type}${edns === undefined ? '' : ' +'}`)
      .join(', '),
    error: result.error,
    addresses: result.addresses.join(' '),
    elapsedMs: result.elapsedMs
  }
}

t.test('1.34: FORMERR is asked again without EDNS while a cookie went out', t => {
  const first = lookUp('cares-1.34.5', {
    resolvConf: list + once,
    zoneRules: [any('foo.a.test.', 'FORMERR')]
  })
  t.equal(first.asked, 'foo.a.test. A +, foo.a.test. AAAA +, foo.a.test. A, foo.a.test. AAAA')
  t.equal(first.error, 'ARES_EFORMERR')
  const last = lookUp('cares-1.34.5', {
    resolvConf: list + once,
    zoneRules: [any('foo.', 'FORMERR')],
    family: 'inet'
  })
  t.equal(
    last.asked,
    'foo.a.test. A +, foo.b.test. A +, foo.c.test. A +, foo. A +',
    'not once cookies are given up'
  )
  t.end()
})

t.test('1.34: SERVFAIL and REFUSED end the walk, unless the name has one label', t => {
  for (const reply of ['SERVFAIL', 'REFUSED'] as const) {
    const dotted = lookUp('cares-1.34.5-search', {
      resolvConf: list + once,
      zoneRules: [any('*', reply)],
      name: 'foo.bar'
    })
    t.equal(dotted.asked, 'foo.bar. A +')
    t.equal(dotted.error, `ARES_E${reply}`)
    const single = lookUp('cares-1.34.5', {
      resolvConf: `${list}options ndots:0 timeout:1 attempts:1\n`,
      zoneRules: [any('foo.', reply), ...found]
    })
    t.equal(single.addresses, '192.0.2.2')
  }
  t.end()
})

t.test('1.34: an IPv4 address ends the retries of AAAA, an IPv6 one not those of A', t => {
  const resolvConf = `${list}options timeout:1 attempts:2\n`
  const first = lookUp('cares-1.34.5', {
    resolvConf,
    zoneRules: [
      { name: 'foo.a.test.', type: 'A', reply: 'ANSWER', data: ['192.0.2.1'] },
      any('foo.a.test.', 'DROP', 'AAAA')
    ]
  })
  t.match(first, { asked: 'foo.a.test. A +, foo.a.test. AAAA +', addresses: '192.0.2.1', elapsedMs: 1000 })
  const second = lookUp('cares-1.34.5', {
    resolvConf,
    zoneRules: [
      { name: 'foo.a.test.', type: 'AAAA', reply: 'ANSWER', data: ['2001:db8::1'] },
      any('foo.a.test.', 'DROP', 'A')
    ]
  })
  t.match(second, { asked: 'foo.a.test. A +, foo.a.test. AAAA +, foo.a.test. A +', addresses: '2001:db8::1' })
  t.end()
})

t.test('1.34: the server with the fewest failures is asked next', t => {
  const rules: Rules = [
    { ...any('*', 'REFUSED'), server: '10.96.0.10' },
    { ...any('*', 'SERVFAIL'), server: '10.96.0.11' }
  ]
  const result = replay({
    client: 'cares-1.34.5',
    resolvConf: 'nameserver 10.96.0.10\nnameserver 10.96.0.11\noptions attempts:2\n',
    zoneRules: rules,
    name: 'foo.example.',
    family: 'inet'
  } as Trace)!
  t.same(
    result.queries.map(({ server }) => server),
    ['10.96.0.10', '10.96.0.11', '10.96.0.10', '10.96.0.11']
  )
  t.equal(result.error, 'ARES_ESERVFAIL', 'the last failure is reported')
  t.end()
})

t.test('1.18: every error is tried four times over and reported as ARES_ECONNREFUSED; silence is not', t => {
  const error = lookUp('cares-1.18.1', { zoneRules: [any('*', 'NOTIMP')], family: 'inet' })
  t.match(error, { asked: Array(4).fill('foo.a.test. A').join(', '), error: 'ARES_ECONNREFUSED' })
  const silence = lookUp('cares-1.18.1', { zoneRules: [any('*', 'DROP')], family: 'inet' })
  t.match(silence, { error: 'ARES_ETIMEOUT', elapsedMs: 75_000 })
  t.end()
})

t.test('literal addresses and names that are never asked', t => {
  const cases: [client: string, name: string, family: string, asked: string, outcome: string | null][] = [
    ['cares-1.34.5', '192.0.2.55', 'unspec', '', '192.0.2.55'],
    ['cares-1.34.5', '192.0.2.55', 'inet6', '', '192.0.2.55'],
    ['cares-1.18.1', '192.0.2.55', 'inet', '', '192.0.2.55'],
    ['cares-1.18.1', '192.0.2.55', 'unspec', '192.0.2.55. A, 192.0.2.55. AAAA', '192.0.2.55'],
    ['cares-1.34.5', 'app.localhost', 'unspec', '', '127.0.0.1 ::1'],
    ['cares-1.34.5', 'abc.onion', 'unspec', '', 'ARES_ENOTFOUND'],
    ['cares-1.34.5', 'foo..', 'unspec', '', 'ARES_EBADNAME'],
    ['cares-1.34.5', 'foo bar', 'unspec', '', 'ARES_EBADNAME'],
    ['cares-1.34.5-search', 'foo bar', 'inet', '', 'ARES_ENOMEM']
  ]
  for (const [client, name, family, asked, outcome] of cases) {
    const result = lookUp(client, { name, family: family as Trace['family'], zoneRules: [] })
    t.equal(result.asked, asked, `${client} ${name} ${family}`)
    t.equal(result.error ?? result.addresses, outcome, `${client} ${name} ${family}`)
  }
  t.end()
})

t.test('resolv.conf', t => {
  const server = 'nameserver 10.96.0.10\n'
  const cases: [text: string, variables: Record<string, string>, in118: object, in134: object][] = [
    ['search a.test,b.test\n', {}, { search: ['a.test', 'b.test'] }, { search: ['a.test', 'b.test'] }],
    ['search a.test#b c.test\n', {}, { search: ['a.test'] }, { search: ['a.test#b', 'c.test'] }],
    ['search a.test A.TEST\n', {}, { search: ['a.test'] }, { search: ['a.test'] }],
    ['search a.test\ndomain d.test\n', {}, { search: ['d.test'] }, { search: ['a.test'] }],
    ['domain a.test\ndomain d.test\n', {}, { search: ['d.test'] }, { search: ['a.test'] }],
    ['search a.test\tb.test\n', {}, { search: ['a.test\tb.test'] }, { search: [] }],
    ['search a.test\r\n', {}, { search: ['a.test'] }, { search: ['a.test'] }],
    [`search ${'x'.repeat(511)}\n`, {}, {}, { search: ['x'.repeat(511)] }],
    [`search ${'x'.repeat(512)}\n`, {}, {}, { search: [] }],
    ['options ndots:-1\n', {}, { ndots: 0x7fff_ffff }, { ndots: 0xffff_ffff }],
    ['options ndots: 3\n', {}, { ndots: 3 }, { ndots: 0 }],
    ['options ndots:2 ndots:4\n', {}, { ndots: 2 }, { ndots: 4 }],
    [
      'options timeout:0 attempts:0\n',
      {},
      { timeoutMs: 5000, attempts: 4 },
      { timeoutMs: 2000, attempts: 3 }
    ],
    ['options ndots:1\n', { RES_OPTIONS: 'ndots:3' }, { ndots: 3 }, { ndots: 3 }],
    ['search a.test\n', { LOCALDOMAIN: 'x y' }, { search: ['x', 'y'] }, { search: ['x'] }],
    ['search a.test\n', { LOCALDOMAIN: '' }, { search: ['a.test'] }, { search: [], servers: ['127.0.0.1'] }],
    [
      'nameserver 10.96.0.10, 10.96.0.11\n',
      {},
      { servers: ['10.96.0.10', '10.96.0.10', '10.96.0.11'] },
      { servers: ['10.96.0.10', '10.96.0.11'] }
    ],
    [
      'nameserver [10.96.0.11]:53\n',
      {},
      { servers: ['10.96.0.10'] },
      { servers: ['10.96.0.10', '10.96.0.11'] }
    ]
  ]
  for (const [text, variables, in118, in134] of cases) {
    const what = `${JSON.stringify(text.slice(0, 50))} ${JSON.stringify(variables)}`
    t.match(resolverModel('cares-1.18.1')!.parse(server + text, { variables }), in118, `1.18 ${what}`)
    t.match(resolverModel('cares-1.34.5')!.parse(server + text, { variables }), in134, `1.34 ${what}`)
  }
  t.end()
})
