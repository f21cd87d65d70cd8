import fc from 'fast-check'
import t from 'tap'
import { WrittenAddresses } from '../../../src/plugins/kubernetes/written-addresses.ts'

/** Writes what is new as records of `stride` octets, as an answer does, and says which addresses those were. */
function writtenOf(seen: WrittenAddresses, addresses: readonly Uint8Array[], family: number): string[] {
  const stride = 12 + family
  const message = Buffer.alloc(40 + stride * addresses.length, 0xc0)
  let end = 40
  const found: string[] = []
  seen.reset()
  for (const address of addresses) {
    const source = Buffer.concat([Buffer.of(9, 9, 9), address])
    if (!seen.isNew(source, 3, family, message, end, stride)) continue
    message.set(address, end + 12)
    end += stride
    found.push(Buffer.from(address).toString('hex'))
  }
  return found
}

for (const family of [4, 16]) {
  t.test(`each address of ${family} octets once, in order of appearance`, t => {
    const seen = new WrittenAddresses()
    // Few different octets, so that addresses repeat; several answers one after another with the same table.
    const octet = fc.integer({ min: 0, max: 2 })
    const address = fc
      .array(octet, { minLength: family, maxLength: family })
      .map(octets => Uint8Array.from(octets))
    fc.assert(
      fc.property(fc.array(address, { maxLength: 120 }), addresses => {
        const texts = addresses.map(each => Buffer.from(each).toString('hex'))
        t.same(writtenOf(seen, addresses, family), [...new Set(texts)])
      }),
      { numRuns: 60 }
    )
    t.end()
  })
}

t.test('as many as a message has room for', t => {
  const addresses = Array.from({ length: 4090 }, (_, n) => Uint8Array.of(10, 244, n >> 8, n & 255))
  const seen = new WrittenAddresses()
  t.equal(writtenOf(seen, [...addresses, ...addresses], 4).length, 4090)
  t.equal(writtenOf(seen, addresses.slice(0, 20), 4).length, 20, 'an answer after it begins anew')
  t.end()
})
