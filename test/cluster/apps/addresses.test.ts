import t from 'tap'
import { AddressPool, AddressRange } from '../../../src/cluster/apps/addresses.ts'
import { Nodes } from '../../../src/cluster/apps/nodes.ts'

t.test('a range knows its addresses', async t => {
  const cases: [cidr: string, offset: number, address: string][] = [
    ['10.96.0.0/12', 0, '10.96.0.0'],
    ['10.96.0.0/12', 256, '10.96.1.0'],
    ['10.96.0.0/12', 2 ** 20 - 1, '10.111.255.255'],
    // Host bits in the text don't count.
    ['10.96.7.9/12', 10, '10.96.0.10'],
    ['250.0.0.0/8', 2 ** 24 - 1, '250.255.255.255'],
    ['fd00:10:96::/112', 1, 'fd00:10:96::1'],
    ['fd00:10:96::/112', 65535, 'fd00:10:96::ffff'],
    ['fd00:10:244::/56', 0x1_0002, 'fd00:10:244::1:2'],
    ['fd00::1:0/120', 255, 'fd00::1:ff']
  ]
  for (const [cidr, offset, address] of cases)
    t.equal(new AddressRange(cidr).at(offset), address, `${cidr} ${offset}`)
})

t.test('network and broadcast addresses belong to nobody', async t => {
  const cases: [cidr: string, address: string, contained: boolean][] = [
    ['10.96.0.0/24', '10.96.0.0', false],
    ['10.96.0.0/24', '10.96.0.1', true],
    ['10.96.0.0/24', '10.96.0.254', true],
    ['10.96.0.0/24', '10.96.0.255', false],
    ['10.96.0.0/24', '10.96.1.1', false],
    ['10.96.0.0/24', 'fd00::1', false],
    ['fd00::/112', 'fd00::', false],
    ['fd00::/112', 'fd00:0:0:0:0:0:0:1', true],
    // IPv6 has no broadcast.
    ['fd00::/112', 'fd00::ffff', true],
    ['fd00::/112', 'fd00::1:0', false]
  ]
  for (const [cidr, address, contained] of cases) {
    t.equal(new AddressRange(cidr).contains(address), contained, `${address} in ${cidr}`)
  }
})

t.test('what is no range is refused', async t => {
  for (const text of ['', '10.96.0.0', '10.96.0.0/33', 'shop'])
    t.throws(() => new AddressRange(text), RangeError)
})

t.test('a pool gives out all its addresses once, the reserved ones last', async t => {
  for (const cidr of ['10.0.0.0/26', 'fd00::/122']) {
    const pool = new AddressPool(new AddressRange(cidr), 16)
    const count = cidr.startsWith('fd') ? 63 : 62
    const given = Array.from({ length: count }, (_, index) => pool.take(`s${index}`, `s${index}`))
    t.equal(new Set(given).size, count, `${cidr}: each once`)
    t.notOk(given.includes(undefined))
    const reserved = new Set(Array.from({ length: 16 }, (_, index) => pool.range.at(index + 1)))
    t.strictSame(new Set(given.slice(count - 16)), reserved, `${cidr}: the first 16 addresses come last`)
    t.ok(pool.full)
    t.equal(pool.take('one more', 'one more'), undefined)
    pool.release(given[7] as string, 's7')
    t.equal(pool.take('one more', 'one more'), given[7], 'the only one that is free')
  }
})

t.test('ranges of one or two addresses have none to give', async t => {
  for (const cidr of ['10.0.0.0/31', '10.0.0.0/32', 'fd00::/128']) {
    t.equal(new AddressPool(new AddressRange(cidr)).take('a', 'a'), undefined, cidr)
  }
})

t.test('nodes stay out of the ranges of Pods and Services', async t => {
  const cases: [ranges: string[], address: string][] = [
    [['10.96.0.0/12', '10.244.0.0/16'], '172.18.0.2'],
    [['172.16.0.0/12', '10.244.0.0/16'], '192.168.0.2'],
    [['172.18.200.0/24', '192.168.1.0/24'], '172.31.0.2'],
    [['172.16.0.0/12', '192.168.0.0/16'], '10.255.0.2']
  ]
  for (const [ranges, address] of cases) {
    const nodes = new Nodes(
      2,
      ['IPv4'],
      ranges.map(range => new AddressRange(range))
    )
    t.equal(nodes.address(0, 'IPv4'), address, ranges.join(' '))
    t.equal(nodes.name(1), 'node-2')
    t.equal(nodes.address(1, 'IPv4'), address.replace(/2$/, '3'))
  }
})
