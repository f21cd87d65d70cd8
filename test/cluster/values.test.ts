import fc from 'fast-check'
import t from 'tap'
import ipaddr from 'ipaddr.js'
import { addressFamily, badAddress, badHostName, badName, oddName } from '../../src/cluster/values.ts'

const families: readonly (readonly [string, 'IPv4' | 'IPv6' | undefined])[] = [
  ['10.96.0.1', 'IPv4'],
  ['0.0.0.0', 'IPv4'],
  ['255.255.255.255', 'IPv4'],
  ['256.0.0.1', undefined],
  ['10.96.0', undefined],
  ['10.96.0.1.', undefined],
  ['010.96.0.1', undefined],
  ['10.96.0.1 ', undefined],
  ['::', 'IPv6'],
  ['::1', 'IPv6'],
  ['fd00::1', 'IPv6'],
  ['FD00::A', 'IPv6'],
  ['2001:db8:0:0:0:0:0:1', 'IPv6'],
  ['2001:db8::', 'IPv6'],
  ['fd00:0040:0:0::0007', 'IPv6'],
  ['::ffff:10.40.0.6', 'IPv6'],
  ['1:2:3:4:5:6:10.0.0.1', 'IPv6'],
  ['1:2:3:4:5:6:7:8:9', undefined],
  ['1:2:3:4:5:6:7', undefined],
  ['1::2::3', undefined],
  ['1:2:3:4:5:6:7:8::', undefined],
  [':::', undefined],
  [':1:2:3:4:5:6:7', undefined],
  ['12345::', undefined],
  ['fe80::1%eth0', undefined],
  ['10.0.0.1::', undefined],
  ['', undefined],
  ['web', undefined]
]

for (const [text, family] of families) {
  t.equal(addressFamily(text), family, JSON.stringify(text))
}

t.test('every address that another library writes is an address', async t => {
  const octets = fc.uint8Array({ minLength: 16, maxLength: 16 })
  fc.assert(
    fc.property(octets, bytes => {
      const six = ipaddr.fromByteArray([...bytes])
      const four = ipaddr.fromByteArray([...bytes.subarray(0, 4)])
      return (
        addressFamily(six.toString()) === 'IPv6' &&
        addressFamily(six.toNormalizedString()) === 'IPv6' &&
        addressFamily(four.toString()) === 'IPv4'
      )
    })
  )
  t.pass()
})

t.test('no text of address characters is judged otherwise than by another library', async t => {
  const text = fc.string({ unit: fc.constantFrom(...Array.from(':.0123456789af')), maxLength: 24 })
  fc.assert(
    fc.property(text, text => {
      // The library is generous with IPv4 in a way that Kubernetes is not: 1.2, 0x1 and 01.
      if (text.includes('.')) return true
      return (addressFamily(text) === 'IPv6') === ipaddr.IPv6.isValid(text)
    }),
    { numRuns: 2000 }
  )
  t.pass()
})

const judged: readonly (readonly [string, string | undefined, string | undefined])[] = [
  ['address', badAddress('10.0.0.1'), undefined],
  ['address over 255', badAddress('10.0.0.999'), '"10.0.0.999" is not an IP address (999 is over 255)'],
  ['address with a zone', badAddress('fe80::1%eth0'), '"fe80::1%eth0" is not an IP address (no zone here)'],
  ['name', badName('web', 63), undefined],
  ['name like a property', badName('__proto__', 63), undefined],
  ['name with a dot', badName('a.b', 63), undefined],
  ['empty name', badName('', 63), 'is empty; expected a name'],
  [
    'name with a slash',
    badName('a/b', 63),
    '"a/b" is not a name; expected lower-case letters, digits and "-"'
  ],
  ['long name', badName('abcd', 3), '"abcd" has 4 characters; expected at most 3'],
  ['host name', badHostName('db.example.org.'), undefined],
  ['host name that is an address', badHostName('192.0.2.1'), undefined],
  ['root', badHostName('.'), '"." is not a domain name'],
  [
    'long label',
    badHostName(`${'a'.repeat(64)}.org`),
    `"${'a'.repeat(59)}… has a label of 64 characters (at most 63)`
  ],
  [
    'long host name',
    badHostName(`${'a.'.repeat(127)}a`),
    `"${'a.'.repeat(29)}a… has 255 characters, which is no domain name (at most 253)`
  ]
]
for (const [name, found, expected] of judged) t.equal(found, expected, name)

t.notOk(oddName('web-1'))
t.notOk(oddName('a.b'))
t.ok(oddName('Web'))
t.ok(oddName('-web'))
t.ok(oddName('__proto__'))
