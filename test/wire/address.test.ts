// Addresses as Go's net.ParseIP takes them and RFC 5952 writes them.
import t from 'tap'
import { formatAddress, formatIPv4, formatIPv6, parseAddress, parsedAddress } from '../../src/wire/address.ts'

const read = (text: string): string | undefined => {
  const length = parseAddress(text)
  return length === 0 ? undefined : Buffer.from(parsedAddress.subarray(0, length)).toString('hex')
}

t.test('text to octets', async t => {
  const cases: readonly (readonly [string, string | undefined])[] = [
    ['0.0.0.0', '00000000'],
    ['10.96.0.1', '0a600001'],
    ['255.255.255.255', 'ffffffff'],
    ['::', '0'.repeat(32)],
    ['::1', `${'0'.repeat(31)}1`],
    ['1::', `0001${'0'.repeat(28)}`],
    ['2001:db8::1', '20010db8000000000000000000000001'],
    ['2001:DB8:0:0:8:800:200C:417A', '20010db80000000000080800200c417a'],
    ['1:2:3:4:5:6:7:8', '00010002000300040005000600070008'],
    ['1:2:3:4:5:6:7::', '00010002000300040005000600070000'],
    ['::2:3:4:5:6:7:8', '00000002000300040005000600070008'],
    ['64:ff9b::10.0.0.1', '0064ff9b00000000000000000a000001'],
    ['1:2:3:4:5:6:10.0.0.1', '0001000200030004000500060a000001'],
    ['::10.0.0.1', '0000000000000000000000000a000001'],
    // IPv4-mapped counts as IPv4, however it is written.
    ['::ffff:10.0.0.1', '0a000001'],
    ['::FFFF:a00:1', '0a000001'],
    ['0:0:0:0:0:ffff:0a00:0001', '0a000001'],
    ['::fffe:10.0.0.1', '00000000000000000000fffe0a000001'],
    // Neither.
    ['', undefined],
    ['1', undefined],
    ['1.2.3', undefined],
    ['1.2.3.4.5', undefined],
    ['1.2.3.4.', undefined],
    ['.1.2.3.4', undefined],
    ['1..3.4', undefined],
    ['256.0.0.1', undefined],
    ['1.2.3.1000', undefined],
    ['01.2.3.4', undefined],
    ['1.2.3.00', undefined],
    ['1.2.3.4 ', undefined],
    ['1.2.3.4/24', undefined],
    ['1.2.3.-4', undefined],
    ['0x1.2.3.4', undefined],
    ['１.2.3.4', undefined],
    [':', undefined],
    [':::', undefined],
    ['1:', undefined],
    [':1', undefined],
    ['1::2::3', undefined],
    ['1:::2', undefined],
    ['1:2:3:4:5:6:7', undefined],
    ['1:2:3:4:5:6:7:8:9', undefined],
    // A gap stands for at least one word.
    ['1:2:3:4:5:6:7:8::', undefined],
    ['::1:2:3:4:5:6:7:8', undefined],
    ['1:2:3:4::5:6:7:8', undefined],
    ['12345::', undefined],
    ['00001::', undefined],
    ['g::', undefined],
    ['fe80::1%eth0', undefined],
    ['[::1]', undefined],
    ['::1.2.3', undefined],
    ['::01.2.3.4', undefined],
    ['::1.2.3.4:5', undefined],
    ['1:2:3:4:5:6:7:1.2.3.4', undefined],
    ['1:2:3:4:5:1.2.3.4', undefined],
    ['::1 ', undefined]
  ]
  for (const [text, hex] of cases) t.equal(read(text), hex, JSON.stringify(text))
})

t.test('octets to text (RFC 5952)', async t => {
  const cases: readonly (readonly [string, string])[] = [
    ['20010db8000000000000000000000001', '2001:db8::1'],
    ['00000000000000000000000000000000', '::'],
    ['00000000000000000000000000000001', '::1'],
    ['00010000000000000000000000000000', '1::'],
    // §4.2.2: one zero word is written.
    ['20010db8000000010001000100010001', '2001:db8:0:1:1:1:1:1'],
    // §4.2.3: the longest run; of equal ones the first.
    ['20010000000000010000000000000001', '2001:0:0:1::1'],
    ['20010db8000000000001000000000001', '2001:db8::1:0:0:1'],
    // §4.3: lower case, no leading zeros.
    ['abcd000a00b000000c00d0000e000f0f', 'abcd:a:b0:0:c00:d000:e00:f0f'],
    ['00010002000300040005000600070008', '1:2:3:4:5:6:7:8'],
    ['00010002000300040005000600000000', '1:2:3:4:5:6::'],
    ['00000000000300040005000600070008', '::3:4:5:6:7:8']
  ]
  for (const [hex, text] of cases) {
    t.equal(formatIPv6(Buffer.from(hex, 'hex')), text)
    t.equal(read(text), hex, `${text} reads back`)
  }
  t.equal(formatIPv4(Buffer.from('ff0a600001', 'hex'), 1), '10.96.0.1')
  t.equal(formatAddress(Buffer.from('ff0a600001', 'hex'), 1, 4), '10.96.0.1')
  t.equal(formatAddress(Buffer.concat([Buffer.of(9), Buffer.alloc(15), Buffer.of(1)]), 1, 16), '::1')
})
