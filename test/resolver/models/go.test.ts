// What Go's own resolver did with replies and names that no recording holds (go 1.26, whose net package reads as 1.24's).
import t from 'tap'
import { resolverModel } from '../../../src/resolver/registry.ts'
import { replay, type Trace } from '../../support/resolver-traces.ts'

type Rules = Trace['zoneRules']
const list = 'nameserver 10.96.0.10\nsearch a.test b.test c.test\noptions timeout:1 attempts:1\n'
const any = (name: string, reply: Rules[number]['reply'], type = '*'): Rules[number] => ({
  name,
  type,
  reply
})

function lookUp(zoneRules: Rules, asked: Partial<Trace> = {}) {
  const trace = { client: 'go-1.24', resolvConf: list, name: 'foo', family: 'inet' } as Trace
  const result = replay({ ...trace, zoneRules, ...asked })!
  const text = result.queries.map(
    ({ name, type, transport }) => `${name} ${type}${transport === 'tcp' ? ' tcp' : ''}`
  )
  return {
    asked: text.join(', '),
    error: result.error,
    addresses: result.addresses.join(' '),
    elapsedMs: result.elapsedMs
  }
}
const whole = 'foo.a.test. A, foo.b.test. A, foo.c.test. A, foo. A'

t.test('every failure goes on; the error of the name as typed is reported, or else the first', t => {
  const timeout = 'read udp *->10.96.0.10:53: i/o timeout'
  t.match(lookUp([any('foo.a.test.', 'SERVFAIL')]), { asked: whole, error: 'no such host' })
  t.match(lookUp([any('foo.', 'SERVFAIL')]), { asked: whole, error: 'server misbehaving' })
  t.match(lookUp([any('foo.', 'FORMERR')]), { asked: whole, error: 'server misbehaving' })
  t.match(lookUp([any('foo.', 'DROP')]), { asked: whole, error: timeout, elapsedMs: 1000 })
  const rooted = lookUp([any('*', 'DROP')], { name: 'foo.bar.' })
  t.match(rooted, { asked: 'foo.bar. A', error: timeout })
  t.end()
})

t.test('an empty reply that carries an OPT record is no lame referral: it is final', t => {
  const twice = list.replace('attempts:1', 'attempts:2')
  t.equal(lookUp([any('foo.a.test.', 'LAME')], { resolvConf: twice }).asked, whole)
  t.end()
})

t.test('over TCP from the start, one type after the other', t => {
  t.equal(
    lookUp([any('*', 'NODATA')], { name: 'foo.', resolvConf: `${list}options use-vc\n` }).asked,
    'foo. A tcp'
  )
  const slow = lookUp([any('*', 'DROP')], {
    name: 'foo.',
    family: 'unspec',
    resolvConf: `${list}options single-request\n`
  })
  t.match(slow, { asked: 'foo. A, foo. AAAA', elapsedMs: 2000 })
  t.end()
})

t.test('names', t => {
  const cases: [name: string, asked: string, outcome: string][] = [
    ['192.0.2.55', '', '192.0.2.55'],
    ['2001:db8::5', '', 'address 2001:db8::5: no suitable address found'],
    ['10.1', '', 'no such host'],
    ['localhost', '', '127.0.0.1'],
    ['localhost.', 'localhost. A', 'no such host'],
    ['foo..', '', 'no such host'],
    ['-foo', '', 'no such host'],
    ['foo bar', '', 'no such host'],
    ['abc.onion.', '', 'address abc.onion.: no suitable address found'],
    ['abc.onion', 'abc.onion.a.test. A, abc.onion.b.test. A, abc.onion.c.test. A', 'no such host'],
    ['x'.repeat(64), '', 'no such host']
  ]
  for (const [name, asked, outcome] of cases) {
    const result = lookUp([], { name })
    t.equal(result.asked, asked, name)
    t.equal(result.error ?? result.addresses, outcome, name)
  }
  t.end()
})

t.test('resolv.conf', t => {
  const cases: [text: string, read: object][] = [
    ['  search a.test\n', { search: ['a.test'] }],
    ['search a.test\nsearch\n', { search: ['corp.test'] }],
    ['search .\n', { search: ['corp.test'] }],
    ['search a.test\ndomain d.test e.test\n', { search: ['d.test'] }],
    ['options ndots:-1\n', { ndots: 0 }],
    ['options ndots:16 timeout:0 attempts:0\n', { ndots: 15, timeoutMs: 1000, attempts: 1 }],
    ['', { servers: ['127.0.0.1', '::1'] }],
    [
      'nameserver a\nnameserver 1.1.1.1\nnameserver ::1%lo\nnameserver 1.1.1.2\nnameserver 1.1.1.3\n',
      { servers: ['1.1.1.1', '::1%lo', '1.1.1.2'] }
    ]
  ]
  const go = resolverModel('go-1.24')!
  for (const [text, read] of cases)
    t.match(go.parse(text, { hostName: 'node1.corp.test' }), read, JSON.stringify(text))
  t.end()
})
