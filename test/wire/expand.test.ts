// Names inside record data are written out (RFC 3597 §4) so that a record can stand in another message.
import t from 'tap'
import { expandRdata, expandRecord } from '../../src/wire/expand.ts'
import { rtypeNumber } from '../../src/wire/numbers.ts'

const octets = (hex: string): Buffer => Buffer.from(hex.replace(/\s+/g, ''), 'hex')
const hexOf = (wire: Uint8Array | undefined): string | undefined =>
  wire === undefined ? undefined : Buffer.from(wire).toString('hex')

/** `a.org.` at octet 0, `org.` at octet 2. */
const NAMES = '01 61 03 6f7267 00'
const A_ORG = '01 61 03 6f7267 00'
const ORG = '03 6f7267 00'
const HEAD = '0001 0000003c'

t.test('names in the data of every type that may hold them compressed', async t => {
  const cases: readonly (readonly [string, string, string])[] = [
    ['NS', 'c000', A_ORG],
    ['MD', 'c000', A_ORG],
    ['MF', 'c000', A_ORG],
    ['CNAME', '01 78 c002', `01 78 ${ORG}`],
    ['SOA', `c000 01 78 c002 ${'00000001'.repeat(5)}`, `${A_ORG} 01 78 ${ORG} ${'00000001'.repeat(5)}`],
    ['MB', 'c000', A_ORG],
    ['MG', 'c000', A_ORG],
    ['MR', 'c000', A_ORG],
    ['PTR', 'c002', ORG],
    ['MINFO', 'c000 c002', `${A_ORG} ${ORG}`],
    ['MX', '000a c000', `000a ${A_ORG}`],
    ['RP', 'c000 c002', `${A_ORG} ${ORG}`],
    ['AFSDB', '0001 c000', `0001 ${A_ORG}`],
    ['RT', '0001 c000', `0001 ${A_ORG}`],
    ['PX', '0001 c000 c002', `0001 ${A_ORG} ${ORG}`],
    ['SRV', '0001 0002 0035 c000', `0001 0002 0035 ${A_ORG}`],
    ['KX', '0001 c000', `0001 ${A_ORG}`],
    ['DNAME', 'c002', ORG],
    ['SIG', `${'ab'.repeat(18)} c000 0102`, `${'ab'.repeat(18)} ${A_ORG} 0102`],
    ['NXT', 'c000 40000001', `${A_ORG} 40000001`],
    ['NAPTR', '0001 0002 0161 00 02 6263 c000', `0001 0002 0161 00 02 6263 ${A_ORG}`],
    ['RRSIG', `${'ab'.repeat(18)} c002 0102`, `${'ab'.repeat(18)} ${ORG} 0102`],
    ['NSEC', 'c000 0001 40', `${A_ORG} 0001 40`],
    ['SVCB', '0001 c000 0003 0002 01bb', `0001 ${A_ORG} 0003 0002 01bb`],
    ['HTTPS', '0000 c002', `0000 ${ORG}`],
    // Types without names are copied as they are, whatever their octets look like.
    ['A', 'c000c002', 'c000c002'],
    ['TXT', '02 c000', '02 c000'],
    ['TYPE65280', 'c000', 'c000']
  ]
  for (const [type, compressed, expanded] of cases) {
    const rtype = rtypeNumber(type)!.toString(16).padStart(4, '0')
    const rdata = octets(compressed)
    const rdlength = rdata.length.toString(16).padStart(4, '0')
    const wire = octets(`${NAMES} c000 ${rtype} ${HEAD} ${rdlength} ${compressed}`)
    const plain = octets(expanded)
    const plainLength = plain.length.toString(16).padStart(4, '0')
    const record = octets(`${A_ORG} ${rtype} ${HEAD} ${plainLength} ${expanded}`)
    t.equal(hexOf(expandRecord(wire, 7, wire.length)), hexOf(record), type)
    t.equal(
      hexOf(expandRdata(wire, rtypeNumber(type)!, 19, wire.length)),
      hexOf(plain),
      `${type}, data alone`
    )
    t.equal(hexOf(expandRecord(record, 0, record.length)), hexOf(record), `${type}, nothing to write out`)
  }
})

t.test('what cannot be written out', async t => {
  const cases: readonly (readonly [string, string])[] = [
    ['a cut record', `c000 0001 ${HEAD} 0004 0a0000`],
    ['an owner past the end', `ffff 0001 ${HEAD} 0000`],
    ['an owner that points at itself', `c007 0001 ${HEAD} 0000`],
    ['a target that points at itself', `00 0002 ${HEAD} 0002 c012`],
    ['a target past the end', `00 0002 ${HEAD} 0002 ffff`],
    ['a target that runs out of its data', `00 0002 ${HEAD} 0001 01 6100`],
    ['a second name that is missing', `00 000e ${HEAD} 0002 c000`],
    ['data shorter than its fixed part', `00 000f ${HEAD} 0001 00`],
    ['data shorter than its strings', `00 0023 ${HEAD} 0006 0001 0002 0561`],
    ['an owner of half a pointer', `c0`],
    ['nothing', '']
  ]
  for (const [what, hex] of cases) {
    const wire = octets(`${NAMES} ${hex}`)
    t.equal(expandRecord(wire, 7, wire.length), undefined, what)
  }
  t.equal(
    hexOf(expandRecord(octets(`00 0002 ${HEAD} 0000`), 0, 11)),
    hexOf(octets(`00 0002 ${HEAD} 0000`)),
    'no data at all is whole (RFC 2136 §2.4)'
  )
})

t.test('data that would be longer than its length field can say', async t => {
  // The largest message there can be, one NXT record, whose name is a pointer to 255 octets of its own bitmap.
  const label = `3f${'61'.repeat(63)}`
  const bitmap = octets(`${label} ${label} ${label} 3d${'61'.repeat(61)} 00`)
  const wire = Buffer.alloc(0xffff)
  octets(`00 001e ${HEAD}`).copy(wire, 12)
  wire.writeUInt16BE(wire.length - 12 - 11, 12 + 9)
  wire.writeUInt16BE(0xc000 | (12 + 11 + 2), 12 + 11)
  bitmap.copy(wire, 12 + 11 + 2)
  t.equal(expandRecord(wire, 12, wire.length), undefined)
})

t.test('what stands behind the message is not read', async t => {
  // 20 octets of message, then the octets of a name that were there before.
  const wire = octets(`00 0005 ${HEAD} 0002 c00d ${A_ORG}`)
  t.equal(hexOf(expandRecord(wire, 0, wire.length)), hexOf(octets(`00 0005 ${HEAD} 0007 ${A_ORG}`)))
  t.equal(expandRecord(wire, 0, 13), undefined, 'a target behind the end')
  t.equal(
    expandRecord(octets(`c00c 0001 ${HEAD} 0000 ${A_ORG}`), 0, 12),
    undefined,
    'an owner behind the end'
  )
  t.equal(expandRecord(octets(`01 61 0001 ${HEAD} 0000`), 0, 2), undefined, 'a name that runs over the end')
})
