import t from 'tap'
import { rdataShape, startOfNames } from '../../src/wire/rdata-names.ts'
import { Rtype } from '../../src/wire/numbers.ts'

t.test('types whose data holds names have a shape, others have none', async t => {
  for (const type of [Rtype.NS, Rtype.SOA, Rtype.SRV, Rtype.NAPTR, Rtype.RRSIG, Rtype.HTTPS])
    t.ok(rdataShape(type))
  for (const type of [Rtype.A, Rtype.AAAA, Rtype.TXT, Rtype.DS, Rtype.CAA, 65_280])
    t.equal(rdataShape(type), undefined)
  t.equal(rdataShape(Rtype.MX)!.mayCompress, true)
  t.equal(rdataShape(Rtype.SRV)!.mayCompress, false, 'RFC 2782')
})

t.test('names begin behind the prefix and the strings', async t => {
  const naptr = rdataShape(Rtype.NAPTR)!
  const data = Buffer.from('0001000201750173052161216221'.concat('00'), 'hex')
  t.equal(startOfNames(naptr, data, 0, data.length), 14)
  t.equal(startOfNames(naptr, data, 0, 9), -1, 'a string is cut')
  t.equal(startOfNames(naptr, data, 0, 4), -1, 'strings are missing')
  t.equal(startOfNames(rdataShape(Rtype.SRV)!, data, 0, 5), -1, 'the prefix is cut')
})
