// Names and addresses as resolvers read them.
import t from 'tap'
import {
  absolute,
  countDots,
  inetAton,
  isWireName,
  octetsOf,
  plainAddress,
  reverseName,
  scopedAddress
} from '../../src/resolver/names.ts'

t.test('which names a message can carry', t => {
  const label = (octets: number) => 'x'.repeat(octets)
  const cases: [name: string, carried: boolean][] = [
    ['web', true],
    ['web.', true],
    ['.', true],
    ['', true],
    ['web..', false],
    ['..', false],
    ['.web', false],
    ['a..b', false],
    ['_x._tcp.a_b', true],
    [label(63), true],
    [label(64), false],
    [`${`${label(49)}.`.repeat(5)}abc`, true],
    [`${`${label(49)}.`.repeat(5)}abc.`, true],
    [`${`${label(49)}.`.repeat(5)}abcd`, false],
    // 32 letters of two octets are 64.
    ['é'.repeat(31), true],
    ['é'.repeat(32), false]
  ]
  for (const [name, carried] of cases) t.equal(isWireName(name), carried, name.slice(0, 80))
  t.end()
})

t.test('octets are those of UTF-8', t => {
  for (const text of ['', 'abc', 'é', '☃', '😀x', 'a\u{10ffff}'])
    t.equal(octetsOf(text), Buffer.byteLength(text), text)
  t.end()
})

t.test('inet_aton', t => {
  const cases: [text: string, address: string | undefined][] = [
    ['10.96.0.10', '10.96.0.10'],
    ['127.1', '127.0.0.1'],
    ['10', '0.0.0.10'],
    ['1.2.3', '1.2.0.3'],
    ['1.2.65535', '1.2.255.255'],
    ['1.2.65536', undefined],
    ['0x7f000001', '127.0.0.1'],
    ['017.0.0.1', '15.0.0.1'],
    ['4294967295', '255.255.255.255'],
    ['4294967296', undefined],
    ['08.0.0.1', undefined],
    ['1.2.3.4.5', undefined],
    ['256.1.1.1', undefined],
    ['1.2.3.', undefined],
    ['', undefined],
    ['::1', undefined]
  ]
  for (const [text, address] of cases) t.equal(inetAton(text), address, text)
  t.end()
})

t.test('addresses in their usual form', t => {
  t.equal(plainAddress('FD00:0:0:0::A'), 'fd00::a')
  t.equal(plainAddress('10.96.0.10'), '10.96.0.10')
  t.equal(plainAddress('10.96.10'), undefined)
  t.equal(scopedAddress('fe80::1%eth0'), 'fe80::1%eth0')
  t.equal(scopedAddress('10.0.0.1%eth0'), undefined)
  t.equal(reverseName('192.0.2.55'), '55.2.0.192.in-addr.arpa.')
  t.equal(
    reverseName('2001:db8::1'),
    '1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa.'
  )
  t.equal(reverseName('web'), undefined)
  t.end()
})

t.test('dots', t => {
  t.equal(countDots('a.b.c.'), 3)
  t.equal(countDots(''), 0)
  t.equal(absolute('a'), 'a.')
  t.equal(absolute('a.'), 'a.')
  t.end()
})
