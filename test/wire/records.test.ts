import t from 'tap'
import { endOfQuestion, endOfRecord, read16, read32, write16, write32 } from '../../src/wire/records.ts'

const octets = (hex: string): Buffer => Buffer.from(hex.replace(/\s+/g, ''), 'hex')

t.test('the end of a record', async t => {
  const head = '0001 0001 0000003c'
  const cases: readonly (readonly [string, string, number])[] = [
    ['with data', `00 ${head} 0004 0a000001 ffff`, 15],
    ['without data', `00 ${head} 0000`, 11],
    ['with a compressed owner', `c00c ${head} 0000`, 12],
    ['with a name', `01 61 00 ${head} 0001 ff`, 14],
    ['one octet of data short', `00 ${head} 0004 0a0000`, -1],
    ['the data length cut', `00 ${head} 00`, -1],
    ['only a name', '00', -1],
    ['half a name', '01', -1],
    ['65,535 octets promised', `00 ${head} ffff 00`, -1],
    ['nothing', '', -1]
  ]
  for (const [what, hex, end] of cases) t.equal(endOfRecord(octets(hex), 0), end, what)
  const two = octets(`00 ${head} 0004 0a000001 00 ${head} 0000`)
  t.equal(endOfRecord(two, 15), 26, 'further in')
  t.equal(endOfRecord(two, 15, 25), -1, 'past a length that is given')
  t.equal(endOfRecord(two, 0, 14), -1)
  t.equal(endOfRecord(two, 0, 15), 15)
})

t.test('the end of a question', async t => {
  const cases: readonly (readonly [string, string, number])[] = [
    ['whole', '01 61 00 0001 0001 ff', 7],
    ['compressed', 'c00c 0001 0001', 6],
    ['cut in its class', '01 61 00 0001 00', -1],
    ['cut behind its name', '01 61 00', -1],
    ['nothing', '', -1]
  ]
  for (const [what, hex, end] of cases) t.equal(endOfQuestion(octets(hex), 0), end, what)
  t.equal(endOfQuestion(octets('01 61 00 0001 0001'), 0, 6), -1, 'past a length that is given')
})

t.test('numbers', async t => {
  const wire = Buffer.alloc(8)
  for (const value of [0, 1, 0x7fff, 0x8000, 0xff00, 0xffff]) {
    write16(wire, 1, value)
    t.equal(wire.readUInt16BE(1), value)
    t.equal(read16(wire, 1), value)
  }
  for (const value of [0, 1, 0x7fffffff, 0x80000000, 0xff000000, 0xffffffff]) {
    write32(wire, 3, value)
    t.equal(wire.readUInt32BE(3), value)
    t.equal(read32(wire, 3), value, 'unsigned')
  }
})
