import t from 'tap'
import fc from 'fast-check'
import { parseCidr } from '../../src/corefile/addresses.ts'
import { parseAddress, parsedAddress } from '../../src/wire/address.ts'
import { NetworkSet, networkHolds } from '../../src/wire/network-set.ts'

const holds = (networks: readonly string[], address: string): boolean => {
  const set = new NetworkSet(networks.map(text => parseCidr(text)!))
  return set.has(parsedAddress, 0, parseAddress(address))
}

const cases: readonly (readonly [networks: string, address: string, isIn: boolean])[] = [
  ['', '192.0.2.1', false],
  ['192.0.2.0/24', '192.0.2.255', true],
  ['192.0.2.0/24', '192.0.3.0', false],
  ['192.0.2.4/30', '192.0.2.7', true],
  ['192.0.2.4/30', '192.0.2.8', false],
  ['0.0.0.0/0', '255.255.255.255', true],
  ['0.0.0.0/0', '::', false],
  ['::/0', '0.0.0.0', false],
  ['2001:db8::/33', '2001:db8:7fff::', true],
  ['2001:db8::/33', '2001:db8:8000::', false],
  ['::1/128', '::1', true]
]

for (const [networks, address, isIn] of cases) {
  t.test(`${address} in ${networks}`, async t => {
    const few = networks.split(' ').filter(Boolean)
    t.equal(holds(few, address), isIn)
    const others = Array.from({ length: 20 }, (_, at) => `203.0.113.${at}/32`)
    t.equal(holds([...few, ...others], address), isIn, 'and among many')
  })
}

t.test('one by one and by their prefixes it is the same', async () => {
  const network = fc
    .tuple(fc.uint8Array({ minLength: 4, maxLength: 4 }), fc.integer({ min: 0, max: 32 }))
    .map(([octets, bits]) => parseCidr(`${octets.join('.')}/${bits}`)!)
  fc.assert(
    fc.property(
      fc.array(network, { minLength: 17, maxLength: 40 }),
      fc.uint8Array({ minLength: 4, maxLength: 4 }),
      (networks, address) => {
        const expected = networks.some(each => networkHolds(each, address, 0, 4))
        return new NetworkSet(networks).has(address, 0, 4) === expected
      }
    ),
    { numRuns: 200 }
  )
})
