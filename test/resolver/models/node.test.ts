// What Node.js 20.20 did with replies and names that no recording holds: dns.resolve4 and resolve6, and dns.lookup.
import t from 'tap'
import { replay, type Trace } from '../../support/resolver-traces.ts'

type Rules = Trace['zoneRules']
const list = 'nameserver 10.96.0.10\nsearch a.test b.test c.test\noptions timeout:1 attempts:1\n'
const any = (name: string, reply: Rules[number]['reply']): Rules[number] => ({ name, type: '*', reply })

function lookUp(client: string, zoneRules: Rules, asked: Partial<Trace> = {}, drawn = 0) {
  const trace = { client, resolvConf: list, name: 'foo', family: 'inet' } as Trace
  const result = replay({ ...trace, zoneRules, ...asked }, drawn)!
  return {
    asked: result.queries.map(({ name, type, transport }) => `${name} ${type} ${transport}`).join(', '),
    times: result.queries.map(({ tMs }) => tMs),
    error: result.error,
    addresses: result.addresses.join(' ')
  }
}

t.test('resolve: errors are reported at once, in c-ares’ words', t => {
  for (const [reply, error] of [
    ['SERVFAIL', 'ESERVFAIL'],
    ['REFUSED', 'EREFUSED'],
    ['NOTIMP', 'ENOTIMP'],
    ['FORMERR', 'EFORMERR'],
    ['NODATA', 'ENODATA']
  ] as const)
    t.match(lookUp('node-20-resolve', [any('*', reply)]), { asked: 'foo. A udp', error })
  const alias: Rules = [{ name: 'foo.', type: '*', reply: 'CNAME', target: 'real.example.' }]
  t.match(lookUp('node-20-resolve', alias), { error: 'ENODATA' }, 'an alias without an address')
  t.end()
})

t.test('resolve: retries come on whole seconds, wherever the jitter falls', t => {
  t.same(lookUp('node-20-resolve', [any('*', 'DROP')]).times, [0, 1000, 3000, 7000])
  t.same(lookUp('node-20-resolve', [any('*', 'DROP')], {}, 0.99).times, [0, 1000, 3000, 6000])
  t.end()
})

t.test(
  'resolve: names go out in ASCII and lower case; addresses and localhost are names like any other',
  t => {
    const cases: [name: string, asked: string, error: string][] = [
      ['LOCALHOST', 'localhost. A udp', 'ENOTFOUND'],
      ['FOO.a.test', 'foo.a.test. A udp', 'ENOTFOUND'],
      ['münchen', 'xn--mnchen-3ya. A udp', 'ENOTFOUND'],
      ['192.0.2.55', '192.0.2.55. A udp', 'ENOTFOUND'],
      ['abc.onion', '', 'ENOTFOUND'],
      ['foo..', '', 'EBADNAME']
    ]
    for (const [name, asked, error] of cases)
      t.match(lookUp('node-20-resolve', [], { name }), { asked, error }, name)
    t.end()
  }
)

t.test('resolve: use-vc counts, unlike in c-ares by itself', t => {
  const resolvConf = `${list}options use-vc\n`
  t.equal(lookUp('node-20-resolve', [], { resolvConf }).asked, 'foo. A tcp')
  t.match(lookUp('cares-1.34.5', [], { resolvConf, name: 'foo.' }).asked, 'foo. A udp')
  t.end()
})

t.test('lookup: the C library’s walk, ENOTFOUND for what isn’t there, an address for every family', t => {
  const walk = 'foo.a.test. A udp, foo.b.test. A udp, foo.c.test. A udp, foo. A udp'
  t.match(lookUp('node-20-lookup', []), { asked: walk, error: 'ENOTFOUND' })
  t.match(lookUp('node-20-lookup', [any('foo.', 'NODATA')]), { asked: walk, error: 'ENOTFOUND' })
  t.match(lookUp('node-20-lookup', [any('foo.', 'SERVFAIL')]), { asked: walk, error: 'EAI_AGAIN' })
  t.match(lookUp('node-20-lookup', [], { name: '192.0.2.55', family: 'inet6' }), {
    asked: '',
    addresses: '192.0.2.55'
  })
  t.end()
})
