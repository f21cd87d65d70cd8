// EDNS options: RFC 6891 §6.1.2, RFC 7871 §6, RFC 7314 §2, RFC 7828 §3.1, RFC 8914 §2.
import t from 'tap'
import { echoedLength, isEchoed, optionsAreWellFormed } from '../../src/wire/edns.ts'

const octets = (hex: string): Buffer => Buffer.from(hex.replace(/\s+/g, ''), 'hex')

t.test('which options can be read', async t => {
  const cases: readonly (readonly [string, string, boolean])[] = [
    ['none', '', true],
    ['an unknown one, empty', '0064 0000', true],
    ['an unknown one', '0064 0002 abcd', true],
    ['two', '0064 0000 0003 0000', true],
    ['a cut header', '0064 00', false],
    ['a cut header behind a whole option', '0064 0000 00', false],
    ['a length past the end', '0064 0190 00000000', false],
    ['a length one past the end', '0064 0001', false],
    ['a client subnet', '0008 0007 0001 18 00 0a0000', true],
    ['a client subnet 0.0.0.0/0', '0008 0004 0001 00 00', true],
    ['a client subnet of 1 octet', '0008 0001 00', false],
    ['a client subnet of 3 octets', '0008 0003 000100', false],
    ['a client subnet of family 0', '0008 0004 0000 00 00', true],
    ['a client subnet of family 0 with a length', '0008 0004 0000 01 00', false],
    ['a client subnet of family 9', '0008 0007 0009 18 00 010203', false],
    ['a client subnet of 33 IPv4 bits', '0008 0004 0001 21 00', false],
    ['a client subnet with a scope of 33 IPv4 bits', '0008 0004 0001 20 21', false],
    ['a client subnet of 128 IPv6 bits', `0008 0014 0002 80 00 ${'00'.repeat(16)}`, true],
    ['a client subnet of 129 IPv6 bits', '0008 0004 0002 81 00', false],
    ['EXPIRE without a value', '0009 0000', true],
    ['EXPIRE', '0009 0004 00000e10', true],
    ['a cut EXPIRE', '0009 0003 000e10', false],
    ['keepalive without a value', '000b 0000', true],
    ['keepalive', '000b 0002 0064', true],
    ['a cut keepalive', '000b 0001 64', false],
    ['a long keepalive', '000b 0003 000064', false],
    ['an extended error', '000f 0002 000f', true],
    ['a cut extended error', '000f 0001 0f', false],
    ['a cookie of any length', '000a 0007 01010101010101', true],
    ['padding', '000c 0002 0000', true]
  ]
  for (const [what, hex, isWell] of cases) {
    const framed = Buffer.concat([octets('ffff'), octets(hex), octets('00000000')])
    t.equal(optionsAreWellFormed(framed, 2, framed.length - 4), isWell, what)
  }
})

t.test('which options are repeated', async t => {
  const repeated = Array.from({ length: 0x10000 }, (_, code) => code).filter(isEchoed)
  t.same(repeated, [3, 9, 10, 11, 12], 'NSID, EXPIRE, COOKIE, TCP-KEEPALIVE, PADDING')
  const length = (hex: string) => echoedLength(octets(hex), 0, octets(hex).length)
  t.equal(length(''), 0)
  t.equal(length('0064 0002 abcd'), 0)
  t.equal(length('0003 0000'), 4)
  t.equal(length('000a 0008 0102030405060708'), 12)
  t.equal(length('0064 0002 abcd 000c 0003 000000 0008 0004 00010000 0003 0000'), 11)
})
