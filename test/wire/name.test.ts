// Names by RFC 1035 §2.3.4, §3.1, §4.1.4, §5.1 and RFC 4343; expected octets are written by hand.
import t from 'tap'
import {
  ROOT,
  countLabels,
  encodeName,
  endOfName,
  formatName,
  isSubdomain,
  joinNames,
  lowerName,
  nameKey,
  parseName,
  readName,
  sameName,
  type Name
} from '../../src/wire/name.ts'

const octets = (hex: string): Buffer => Buffer.from(hex.replace(/\s+/g, ''), 'hex')
const hexOf = (name: Uint8Array | undefined): string | undefined =>
  name === undefined ? undefined : Buffer.from(name).toString('hex')
const L63 = 'a'.repeat(63)
const L62 = 'a'.repeat(62)
const L61 = 'a'.repeat(61)
/** Wire length: 3 × 64 + 62 + 1. */
const NAME_255 = [L63, L63, L63, L61].join('.')
const NAME_256 = [L63, L63, L63, L62].join('.')

t.test('text to octets', async t => {
  const cases: readonly (readonly [string, string | undefined])[] = [
    ['.', '00'],
    ['org', '03 6f7267 00'],
    ['a.org.', '01 61 03 6f7267 00'],
    ['A.oRg', '01 41 03 6f5267 00'],
    ['_dns._udp', '04 5f646e73 04 5f756470 00'],
    ['a\\.b.org', '03 612e62 03 6f7267 00'],
    ['a\\\\b', '03 615c62 00'],
    ['a\\046b', '03 612e62 00'],
    ['\\000\\255', '02 00ff 00'],
    ['a\\ b', '03 612062 00'],
    // Two digits are no octal code: the first is the escaped character.
    ['a\\12b', '04 61313262 00'],
    ['a\\1', '02 6131 00'],
    ['é', '02 c3a9 00'],
    ['', undefined],
    ['..', undefined],
    ['.a', undefined],
    ['a..b', undefined],
    ['a..', undefined],
    ['\\256', undefined],
    ['\\999', undefined],
    ['a\\', undefined]
  ]
  for (const [text, hex] of cases)
    t.equal(hexOf(parseName(text)), hex?.replace(/\s+/g, ''), JSON.stringify(text))
})

t.test('sizes', async t => {
  const length = (text: string) => parseName(text)?.length
  t.equal(length(L63), 65)
  t.equal(length(`${L63}a`), undefined, 'a label of 64')
  t.equal(length(`${L62}\\097`), 65, 'an escape is one octet')
  t.equal(length(NAME_255), 255)
  t.equal(length(`${NAME_255}.`), 255)
  t.equal(length(NAME_256), undefined)
  t.equal(length(`${NAME_256}.`), undefined)
  t.equal(length(Array(127).fill('a').join('.')), 255)
  t.equal(length(Array(128).fill('a').join('.')), undefined)
  t.equal(length('x'.repeat(100_000)), undefined)
  t.throws(() => encodeName(NAME_256), RangeError)
  t.throws(() => encodeName('a..b'), { message: 'not a domain name: a..b' })
})

t.test('octets to text', async t => {
  const cases: readonly (readonly [string, string])[] = [
    ['00', '.'],
    ['01 61 03 6f7267 00', 'a.org.'],
    ['01 41 00', 'A.'],
    ['03 612e62 00', 'a\\.b.'],
    ['03 615c62 00', 'a\\\\b.'],
    ['01 22 00', '\\".'],
    ['01 40 00', '\\@.'],
    ['01 24 00', '\\$.'],
    ['03 28293b 00', '\\(\\)\\;.'],
    ['02 002000', '\\000\\032.'],
    ['03 7eff7f 00', '~\\255\\127.'],
    ['02 0a09 00', '\\010\\009.']
  ]
  for (const [hex, text] of cases) {
    t.equal(formatName(octets(hex)), text)
    t.equal(hexOf(parseName(text)), hex.replace(/\s+/g, ''), `${text} reads back`)
  }
  t.equal(formatName(octets('01 61 03 6f7267 00'), 2), 'org.', 'from a label inside')
  t.equal(formatName(octets('01 61 00'), 3), '.', 'from its end')
  for (let octet = 0; octet < 256; octet++) {
    const name = Uint8Array.of(1, octet, 0)
    t.equal(hexOf(parseName(formatName(name))), hexOf(name))
  }
})

t.test('the end of a name', async t => {
  const cases: readonly (readonly [string, string, number, number])[] = [
    ['root', '00', 0, 1],
    ['labels', '01 61 03 6f7267 00 ff', 0, 7],
    ['inside', 'ff 01 61 00', 1, 4],
    ['a pointer', 'c0 00 ff', 0, 2],
    ['a label and a pointer', '01 61 c0 00', 0, 4],
    ['half a pointer', '01 61 c0', 0, -1],
    ['a pointer anywhere is whole', 'ff ff', 0, 2],
    ['no end', '01 61', 0, -1],
    ['a cut label', '05 61', 0, -1],
    ['nothing', '', 0, -1],
    ['a start beyond the end', '00', 1, -1],
    ['label type 01', '41 61 00', 0, -1],
    ['label type 10', '81 61 00', 0, -1]
  ]
  for (const [what, hex, start, end] of cases) t.equal(endOfName(octets(hex), start), end, what)
  t.equal(endOfName(encodeName(NAME_255), 0), 255)
  const long = Buffer.concat([...Array<Buffer>(4).fill(octets(`3f${'61'.repeat(63)}`)), octets('00')])
  t.equal(endOfName(long, 0), -1, '257 octets')
  t.equal(endOfName(Buffer.concat([encodeName(NAME_255).subarray(0, 254), octets('c000')]), 0), 256)
})

t.test('reading a name', async t => {
  const cases: readonly (readonly [string, string, number, string | undefined])[] = [
    ['root', '00', 0, '.'],
    ['letter case is kept', '01 41 00', 0, 'A.'],
    ['a pointer backward', '03 6f7267 00 01 61 c000', 5, 'a.org.'],
    ['a pointer forward', 'c002 03 6f7267 00', 0, 'org.'],
    ['a pointer to the root', '00 c000', 1, '.'],
    ['a pointer to a pointer', '01 61 00 c000 c003', 5, 'a.'],
    ['a pointer into a name', '01 61 01 62 00 c002', 5, 'b.'],
    ['a pointer to itself', 'c000', 0, undefined],
    ['two pointers in a circle', 'c002 c000', 0, undefined],
    ['a label and a pointer back to it', '01 61 c000', 0, undefined],
    ['a pointer past the end', 'c002', 0, undefined],
    ['half a pointer', 'c0', 0, undefined],
    ['a cut label', '02 61', 0, undefined],
    ['no root label', '01 61', 0, undefined],
    ['label type 01', '41 61 00', 0, undefined],
    ['label type 10', '81 61 00', 0, undefined],
    ['nothing', '', 0, undefined]
  ]
  for (const [what, hex, start, text] of cases) {
    const name = readName(octets(hex), start)
    t.equal(name === undefined ? undefined : formatName(name), text, what)
  }
})

t.test('reading a name stays within its bounds', async t => {
  /** A root label, then `count` pointers, each to the one before. */
  const chain = (count: number) =>
    Buffer.concat([
      octets('00'),
      ...Array.from({ length: count }, (_, i) => {
        const target = i === 0 ? 0 : 1 + (i - 1) * 2
        return Buffer.of(0xc0 | (target >> 8), target)
      })
    ])
  t.same(readName(chain(126), 1 + 125 * 2), ROOT, '126 pointers')
  t.equal(readName(chain(127), 1 + 126 * 2), undefined, '127 pointers')

  const whole = encodeName(NAME_255)
  t.same(readName(whole, 0), whole, '255 octets')
  // One more label before a pointer to 254 octets of name.
  const almost = encodeName([L63, L63, L63, 'a'.repeat(60)].join('.'))
  t.equal(almost.length, 254)
  t.equal(
    readName(Buffer.concat([almost, octets('01 61 c000')]), 254),
    undefined,
    '256 octets through a pointer'
  )
  t.equal(readName(Buffer.concat([encodeName(NAME_255), octets('c000')]), 255)?.length, 255)

  const wire = octets('01 61 00')
  const copy = readName(wire, 0) as Name
  wire[1] = 0x62
  t.equal(formatName(copy), 'a.', 'the name is a copy')
  readName(octets('01 63 00'), 0)
  t.equal(formatName(copy), 'a.', 'and no other reader writes into it')
})

t.test('subdomains', async t => {
  const cases: readonly (readonly [string, string, boolean])[] = [
    ['a.org', 'org', true],
    ['org', 'org', true],
    ['b.a.org', 'org', true],
    ['a.ORG', 'oRg', true],
    ['a.org', '.', true],
    ['.', '.', true],
    ['.', 'org', false],
    ['org', 'a.org', false],
    ['xorg', 'org', false],
    ['a.com', 'org', false],
    // The octets of the last label end like the zone, length octet included: 04 78 03 6f 72 67.
    ['x\\003org', 'org', false]
  ]
  for (const [name, zone, is] of cases)
    t.equal(isSubdomain(encodeName(name), encodeName(zone)), is, `${name} in ${zone}`)
})

t.test('comparing, joining, counting', async t => {
  t.ok(sameName(encodeName('a.Org'), encodeName('A.org')))
  t.notOk(sameName(encodeName('a.org'), encodeName('b.org')))
  t.notOk(sameName(encodeName('a.org'), encodeName('a.org.org')))
  t.notOk(sameName(encodeName('@'), encodeName('`')), 'only letters have case: 0x40 and 0x60')
  t.notOk(sameName(encodeName('['), encodeName('{')), '0x5b and 0x7b')
  t.notOk(sameName(encodeName('\\193'), encodeName('\\225')), '0xc1 and 0xe1')
  t.equal(nameKey(encodeName('A.oRg')), '\x01a\x03org\x00')
  t.equal(nameKey(encodeName('A.oRg'), 2), '\x03org\x00')
  t.equal(nameKey(encodeName('\\255')), '\x01\xff\x00')
  t.equal(formatName(lowerName(encodeName('A.oRg'))), 'a.org.')

  const join = (a: string, b: string) => {
    const joined = joinNames(encodeName(a), encodeName(b))
    return joined === undefined ? undefined : formatName(joined)
  }
  t.equal(join('a.b', 'org'), 'a.b.org.')
  t.equal(join('.', 'org'), 'org.')
  t.equal(join('a', '.'), 'a.')
  t.equal(joinNames(encodeName([L63, L63, L63].join('.')), encodeName(L61))?.length, 255)
  t.equal(join([L63, L63, L63].join('.'), L62), undefined)

  t.equal(countLabels(ROOT), 0)
  t.equal(countLabels(encodeName('a\\.b.org')), 2)
  t.equal(countLabels(encodeName(Array(127).fill('a').join('.'))), 127)
})
