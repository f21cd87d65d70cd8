// Zone-file text and octets of records; the octets are written by hand from the RFCs that define the types.
import t from 'tap'
import { encodeName } from '../../src/wire/name.ts'
import { rtypeNumber } from '../../src/wire/numbers.ts'
import { formatRdata, formatRecord, parseRecord } from '../../src/wire/rdata.ts'

const octets = (hex: string): Buffer => Buffer.from(hex.replace(/\s+/g, ''), 'hex')
const hexOf = (wire: Uint8Array): string => Buffer.from(wire).toString('hex')

const A_ORG = '01 61 03 6f7267 00'

t.test('text and octets of each type', async t => {
  const cases: readonly (readonly [type: string, text: string, hex: string])[] = [
    ['A', '10.96.0.1', '0a600001'],
    ['AAAA', '2001:db8::1', '20010db8000000000000000000000001'],
    ['AAAA', '::ffff:a00:1', '00000000000000000000ffff0a000001'],
    ['NS', 'a.org.', A_ORG],
    ['CNAME', 'a.org.', A_ORG],
    ['PTR', 'a.org.', A_ORG],
    ['DNAME', '.', '00'],
    ['MX', '10 a.org.', `000a ${A_ORG}`],
    ['TXT', '"v=1" ""', '03 763d31 00'],
    ['TXT', '"a \\"b\\" \\\\ ; \\000\\255"', '0c 61 20 22 62 22 20 5c 20 3b 20 00 ff'],
    ['SPF', '"x"', '01 78'],
    ['SRV', '0 100 443 a.org.', `0000 0064 01bb ${A_ORG}`],
    [
      'SOA',
      'a.org. . 1 7200 1800 86400 4294967295',
      `${A_ORG} 00 00000001 00001c20 00000708 00015180 ffffffff`
    ],
    ['HINFO', '"arm64" "linux"', '05 61726d3634 05 6c696e7578'],
    ['CAA', '128 issue "ca.org; x=1"', '80 05 6973737565 63612e6f72673b20783d31'],
    [
      'NAPTR',
      '100 10 "u" "E2U+sip" "!^.*$!sip:a@b!" .',
      '0064 000a 01 75 07 4532552b736970 0e 215e2e2a24217369703a6140622100'
    ],
    ['DS', '60485 5 1 2BB183AF', 'ec45 05 01 2bb183af'],
    ['DNSKEY', '256 3 5 AQPSKmynfzW4', '0100 03 05 0103d22a6ca77f35b8'],
    ['TLSA', '3 1 1 D2ABDE24', '03 01 01 d2abde24'],
    ['SSHFP', '2 1 123456', '02 01 123456'],
    ['TYPE65280', '\\# 3 abcdef', 'abcdef'],
    ['HTTPS', '\\# 0', ''],
    // Data that doesn't have its type's form.
    ['A', '\\# 3 0a0000', '0a0000'],
    ['A', '\\# 5 0a00000101', '0a00000101'],
    ['NS', '\\# 2 c00c', 'c00c'],
    ['NS', '\\# 4 016100ff', '016100ff'],
    ['TXT', '\\# 0', ''],
    ['TXT', '\\# 2 0561', '0561'],
    ['DS', '\\# 4 ec450501', 'ec450501'],
    ['CAA', '\\# 3 000120', '000120']
  ]
  for (const [type, text, hex] of cases) {
    const rtype = rtypeNumber(type)!
    t.equal(formatRdata(rtype, octets(hex)), text, `${type} ${hex}`)
    t.equal(hexOf(parseRecord(`a.org. 5 IN ${type} ${text}`).rdata), hexOf(octets(hex)), `${type} ${text}`)
  }
})

t.test('a line', async t => {
  const text = (line: string) => formatRecord(parseRecord(line))
  const cases: readonly (readonly [string, string])[] = [
    ['A.org 5 IN A 10.0.0.1', 'A.org. 5 IN A 10.0.0.1'],
    ['a.org. in 1h30m a 10.0.0.1', 'a.org. 5400 IN A 10.0.0.1'],
    ['a.org. A 10.0.0.1', 'a.org. 3600 IN A 10.0.0.1'],
    ['a.org. CH TXT x', 'a.org. 3600 CH TXT "x"'],
    ['a.org. CLASS77 TYPE1 \\# 4 0a000001', 'a.org. 3600 CLASS77 A 10.0.0.1'],
    ['a.org. 4294967295 AAAA ::1', 'a.org. 4294967295 IN AAAA ::1'],
    ['a.org. 5 IN AAAA ::ffff:10.0.0.1', 'a.org. 5 IN AAAA ::ffff:a00:1'],
    ['a.org.\t5  TXT a b "c d" ; note', 'a.org. 5 IN TXT "a" "b" "c d"'],
    ['a.org. SOA n.org h.org (\n 1 ; serial\n 2 3 4 5 )', 'a.org. 3600 IN SOA n.org. h.org. 1 2 3 4 5'],
    ['a.org. DS 1 2 3 AB CD', 'a.org. 3600 IN DS 1 2 3 ABCD'],
    ['a\\.b.org. TXT a\\ b\\;c', 'a\\.b.org. 3600 IN TXT "a b;c"'],
    ['1.org. 5 A 10.0.0.1', '1.org. 5 IN A 10.0.0.1'],
    ['. NS a', '. 3600 IN NS a.']
  ]
  for (const [line, formatted] of cases) t.equal(text(line), formatted, JSON.stringify(line))
  t.same(parseRecord('a.org A 10.0.0.1').name, encodeName('a.org'))
})

t.test('what is wrong is said', async t => {
  const cases: readonly (readonly [string, RegExp])[] = [
    ['', /expected an owner name, found the end/],
    ['a.org.', /expected a type, found the end/],
    ['a..org. A 10.0.0.1', /expected an owner name, found "a\.\.org\."/],
    ['a.org. 5 5 A 10.0.0.1', /expected a type such as A or TYPE65280, found "5"/],
    ['a.org. 4294967296 A 10.0.0.1', /found "4294967296"/],
    ['a.org. NOPE x', /found "NOPE"/],
    ['a.org. A', /expected an IPv4 address, found the end/],
    ['a.org. A ::1', /expected an IPv4 address, found "::1"/],
    ['a.org. A ::ffff:10.0.0.1', /expected an IPv4 address/],
    ['a.org. AAAA 10.0.0.1', /expected an IPv6 address/],
    ['a.org. A 10.0.0.1 x', /expected nothing more, found "x"/],
    ['a.org. MX 65536 b', /expected a number up to 65535, found "65536"/],
    ['a.org. MX -1 b', /found "-1"/],
    ['a.org. TXT', /expected a string, found the end/],
    [`a.org. TXT ${'x'.repeat(256)}`, /255 octets at most, found "256 octets"/],
    ['a.org. TXT "x', /without its end/],
    ['a.org. DS 1 2 3 ABC', /pairs of hex digits, found "ABC"/],
    ['a.org. DS 1 2 3', /pairs of hex digits/],
    ['a.org. DNSKEY 256 3 5 A===', /expected base64/],
    ['a.org. HTTPS 1 . alpn=h2', /HTTPS has no form of its own, found "1"/],
    ['a.org. TYPE65280 \\# 2 ab', /expected 2 octets in hex, found "1"/],
    ['a.org. CAA 0 i-s x', /expected a tag/]
  ]
  for (const [line, message] of cases)
    t.throws(() => parseRecord(line), { name: 'RangeError', message }, line.slice(0, 40))
})
