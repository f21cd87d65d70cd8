// Services and slices against plain Maps, over random sequences of changes.
import t from 'tap'
import { Namespaces } from '../../../src/cluster/index/namespaces.ts'
import { ServiceType, type ServiceFields } from '../../../src/cluster/index/service-record.ts'
import { ServiceTable } from '../../../src/cluster/index/service-table.ts'
import { Slab } from '../../../src/cluster/index/slab.ts'
import type { Endpoint, EndpointSlice, SlicePort } from '../../../src/cluster/objects.ts'
import {
  Dice,
  endpoint,
  entryName,
  find,
  readService,
  readSlices,
  seededHasher,
  servicesAt,
  slice,
  slicesAt,
  type PlainService,
  type PlainSlice
} from './support.ts'

const SPACES = ['default', 'shop', '__proto__', 'constructor', 'a.b', 'Größe', 'n'.repeat(63)]
const NAMES = [
  'web',
  'db',
  '__proto__',
  'constructor',
  'toString',
  'a.b',
  'Größe',
  'x'.repeat(63),
  'y'.repeat(64),
  'z'.repeat(300)
]
const ADDRESSES = ['10.0.0.1', '10.0.0.2', '10.0.0.3', 'fd00::1', 'fd00::2']
const PORTS: readonly SlicePort[] = [
  { name: 'http', port: 80, protocol: 'TCP' },
  { name: '', port: 65_535, protocol: '' },
  { name: '__proto__', port: 1, protocol: 'UDP' },
  { name: 'p'.repeat(63), port: 8080, protocol: 'SCTP' }
]

function setUp(options = { podNames: false, zones: false }) {
  const slab = new Slab()
  const hasher = seededHasher(9)
  const namespaces = new Namespaces(hasher)
  return { slab, namespaces, table: new ServiceTable(slab, hasher, namespaces, options) }
}

/** A name as the table compares it: ASCII letters in one case, 255 octets at most. */
const key = (text: string) =>
  Buffer.from(text.replace(/[A-Z]/g, letter => letter.toLowerCase()))
    .subarray(0, 255)
    .toString()

const plainService = (fields: ServiceFields): PlainService => {
  const unique = [...new Set(fields.addresses)]
  return {
    type: fields.type,
    addresses: [...unique.filter(one => !one.includes(':')), ...unique.filter(one => one.includes(':'))],
    ports: fields.ports.map(port => `${port.name} ${port.port} ${port.protocol}`)
  }
}

const readyAddresses = (one: EndpointSlice) =>
  one.endpoints.flatMap(each => (each.ready ? each.addresses : []))

const plainSlice = (one: EndpointSlice): PlainSlice => ({
  name: key(one.name),
  ports: one.ports.map(port => `${port.name} ${port.port} ${port.protocol}`),
  endpoints: one.endpoints.flatMap(each =>
    each.ready ? each.addresses.map(address => `${address} ${each.hostname}`.trimEnd()) : []
  )
})

const byName = (a: PlainSlice, b: PlainSlice) => (a.name < b.name ? -1 : 1)

class Model {
  readonly services = new Map<string, ServiceFields>()
  readonly slices = new Map<string, { readonly owner: string; readonly object: EndpointSlice }>()

  servicesAt(address: string): string[] {
    return [...this.services]
      .filter(([, one]) => one.addresses.includes(address))
      .map(([id]) => id)
      .sort()
  }

  slicesAt(address: string): string[] {
    return [...this.slices]
      .flatMap(([id, { object }]) =>
        readyAddresses(object)
          .filter(one => one === address)
          .map(() => id)
      )
      .sort()
  }

  slicesOf(id: string): PlainSlice[] {
    return [...this.slices.values()]
      .filter(({ owner }) => owner === id)
      .map(({ object }) => plainSlice(object))
      .sort(byName)
  }
}

for (const seed of [1, 2, 3]) {
  t.test(`random changes, seed ${seed}`, t => {
    const { slab, namespaces, table } = setUp()
    const dice = new Dice(seed * 104_729)
    const model = new Model()
    // Half of the runs meet the same name in several spellings.
    const spelled = (name: string) =>
      seed !== 2 && dice.below(4) === 0 ? name.replace(/[a-z]/g, c => c.toUpperCase()) : name
    const randomEndpoint = (): Endpoint =>
      endpoint(dice.some(ADDRESSES, 3), {
        ready: dice.below(4) !== 0,
        hostname: dice.pick(['', '', 'db-0', '__proto__'])
      })
    const check = (step: number) => {
      const found: string[] = []
      for (const space of SPACES) {
        for (const name of NAMES) {
          const id = `${space}/${key(name)}`
          const entry = find(table, namespaces, space, Buffer.from(name).subarray(0, 255).toString())
          const expected = model.services.get(id)
          const actual = readService(table, entry)
          if (JSON.stringify(actual) !== JSON.stringify(expected && plainService(expected)))
            found.push(`service ${id}`)
          const slices = model.slicesOf(id)
          const held = readSlices(table, entry)
            .map(one => ({ ...one, name: key(one.name) }))
            .sort(byName)
          if (JSON.stringify(held) !== JSON.stringify(slices)) found.push(`slices of ${id}`)
          if (entry >= 0 !== (expected !== undefined || slices.length > 0)) found.push(`entry ${id}`)
        }
      }
      for (const address of ADDRESSES) {
        if (
          servicesAt(table, namespaces, address).map(key).sort().join() !==
          model.servicesAt(address).map(key).sort().join()
        )
          found.push(`services at ${address}`)
        if (
          slicesAt(table, namespaces, address).map(key).sort().join() !==
          model.slicesAt(address).map(key).sort().join()
        )
          found.push(`slices at ${address}`)
      }
      if (table.serviceCount !== model.services.size) found.push('number of Services')
      if (table.sliceObjectCount !== model.slices.size) found.push('number of slices')
      const entries = new Set([...table.entries()].map(entry => key(entryName(table, namespaces, entry))))
      const owners = new Set(
        [...model.services.keys(), ...[...model.slices.values()].map(({ owner }) => owner)].map(key)
      )
      if ([...entries].sort().join() !== [...owners].sort().join()) found.push('entries')
      t.strictSame(found, [], `step ${step}`)
    }
    for (let step = 0; step < 4000; step++) {
      const space = dice.pick(SPACES)
      const name = dice.pick(NAMES)
      const id = `${space}/${key(name)}`
      // Objects come and stay for a while, then most go again.
      const isGrowing = Math.floor(step / 600) % 2 === 0
      const removes = dice.below(10) < (isGrowing ? 3 : 8)
      if (dice.below(2) === 0) {
        if (removes) {
          t.equal(table.removeService(space, spelled(name)), model.services.delete(id) ? 'added' : 'none')
        } else {
          const fields = {
            type: dice.pick([ServiceType.ADDRESS, ServiceType.HEADLESS]),
            addresses: dice.some(ADDRESSES, 4),
            ports: dice.some(PORTS, 3),
            externalName: ''
          }
          const isNew = !model.services.has(id)
          t.equal(table.putService(space, spelled(name), fields) === 'added', isNew, `step ${step}`)
          model.services.set(id, fields)
        }
      } else if (removes) {
        t.equal(table.removeSlice(space, spelled(name)), model.slices.delete(id) ? 'added' : 'none')
      } else {
        const endpoints = Array.from({ length: dice.below(4) }, randomEndpoint)
        const object = slice(space, spelled(name), '', endpoints, { ports: dice.some(PORTS, 2) })
        const owner = dice.pick(NAMES)
        const isNew = !model.slices.has(id)
        const before = model.slices.get(id)
        t.equal(
          table.putSlice(object, spelled(owner), '') === 'added',
          isNew,
          `step ${step}, moved from ${before?.owner ?? ''}`
        )
        model.slices.set(id, { owner: `${space}/${key(owner)}`, object })
      }
      if (step % 20 === 0) check(step)
    }
    for (const id of model.services.keys())
      table.removeService(id.slice(0, id.indexOf('/')), id.slice(id.indexOf('/') + 1))
    for (const id of model.slices.keys())
      table.removeSlice(id.slice(0, id.indexOf('/')), id.slice(id.indexOf('/') + 1))
    t.equal(slab.octetsUsed, 0, 'room is given back')
    t.strictSame([...table.entries()], [], 'no entry is left')
    for (const space of SPACES) {
      const octets = Buffer.from(space)
      t.equal(namespaces.find(octets, 0, octets.length), -1, `${space} is not used any more`)
    }
    t.end()
  })
}

const address = (addresses: readonly string[], more: Partial<ServiceFields> = {}): ServiceFields => ({
  type: ServiceType.ADDRESS,
  addresses,
  ports: [],
  externalName: '',
  ...more
})

t.test('ten thousand slices with one address', t => {
  const { slab, namespaces, table } = setUp()
  const started = process.hrtime.bigint()
  const count = 10_000
  for (let i = 0; i < count; i++)
    table.putSlice(slice('default', `s-${i}`, `web-${i}`, [endpoint(['192.0.2.1'])]), `web-${i}`, '')
  for (let i = 0; i < count; i++) {
    const changed = slice('default', `s-${i}`, `web-${i}`, [endpoint(['192.0.2.1'], { hostname: 'h' })])
    table.putSlice(changed, `web-${i}`, '')
  }
  t.equal(slicesAt(table, namespaces, '192.0.2.1').length, count)
  for (let i = 0; i < 1000; i++)
    table.putService('default', `other-${i}`, address([`10.1.${i >> 8}.${i & 255}`]))
  for (let i = 0; i < count; i++) table.removeSlice('default', `s-${i}`)
  t.equal(slicesAt(table, namespaces, '192.0.2.1').length, 0)
  for (let i = 0; i < 1000; i++) table.removeService('default', `other-${i}`)
  t.equal(slab.octetsUsed, 0)
  const seconds = Number(process.hrtime.bigint() - started) / 1e9
  // About 0.5 s; walking every slot for every slice would take minutes.
  t.ok(seconds < 20, `${seconds} s`)
  t.end()
})

t.test('ten thousand slices of one Service', t => {
  const { slab, namespaces, table } = setUp()
  for (let i = 0; i < 10_000; i++)
    table.putSlice(slice('default', `s-${i}`, 'web', [endpoint([`10.${i >> 8}.${i & 255}.1`])]), 'web', '')
  t.equal(readSlices(table, find(table, namespaces, 'default', 'web')).length, 10_000)
  for (let i = 0; i < 10_000; i++) table.removeSlice('default', `s-${i}`)
  t.equal(slab.octetsUsed, 0)
  t.end()
})

t.test('one slice with more octets than a chunk', t => {
  const { slab, namespaces, table } = setUp()
  const endpoints = Array.from({ length: 20_000 }, (_, i) =>
    endpoint([`10.${i >> 8}.${i & 255}.1`], { hostname: `host-${i}` })
  )
  table.putSlice(slice('default', 's', 'web', endpoints), 'web', '')
  const [held] = readSlices(table, find(table, namespaces, 'default', 'web'))
  t.equal(held?.endpoints.length, 20_000)
  t.equal(held?.endpoints.at(-1), '10.78.31.1 host-19999')
  t.strictSame(slicesAt(table, namespaces, '10.78.31.1'), ['default/s'])
  table.removeSlice('default', 's')
  t.equal(slab.octetsUsed, 0)
  t.end()
})

t.test('a hundred thousand changes take no more room than the first thousands', t => {
  const { slab, table } = setUp()
  const dice = new Dice(77)
  let octets = 0
  for (let cycle = 0; cycle < 100_000; cycle++) {
    const i = dice.below(300)
    switch (dice.below(4)) {
      case 0:
        table.putService(
          `ns-${i % 7}`,
          `web-${i}`,
          address(dice.some(ADDRESSES, 4), { ports: dice.some(PORTS, 3) })
        )
        break
      case 1:
        table.removeService(`ns-${i % 7}`, `web-${i}`)
        break
      case 2:
        table.putSlice(
          slice(`ns-${i % 7}`, `s-${i}`, '', [endpoint(dice.some(ADDRESSES, 5))]),
          `web-${dice.below(300)}`,
          ''
        )
        break
      default:
        table.removeSlice(`ns-${i % 7}`, `s-${i}`)
    }
    if (cycle === 40_000) octets = slab.octetsReserved + table.octets
  }
  t.equal(slab.octetsReserved + table.octets, octets)
  t.end()
})

t.test('more addresses than a Service can have', t => {
  const { slab, namespaces, table } = setUp()
  const many = Array.from({ length: 300 }, (_, i) => `10.7.${i >> 8}.${i & 255}`)
  table.putService('default', 'web', address(many))
  const held = readService(table, find(table, namespaces, 'default', 'web'))?.addresses ?? []
  t.strictSame(held, many.slice(0, 255), 'as many as a count of one octet tells')
  t.strictSame(
    many.filter(one => servicesAt(table, namespaces, one).length > 0),
    held,
    'those are found'
  )
  table.putService('default', 'web', address(['10.8.0.1']))
  t.strictSame(
    many.filter(one => servicesAt(table, namespaces, one).length > 0),
    [],
    'and no others afterwards'
  )
  table.removeService('default', 'web')
  t.equal(slab.octetsUsed, 0)
  t.end()
})

t.test('what a change of a Service touches', t => {
  const http = { name: 'http', port: 80, protocol: 'TCP' }
  const base = address(['10.0.0.1'], { ports: [http] })
  const cases: readonly (readonly [string, Partial<ServiceFields>, string])[] = [
    ['nothing', {}, 'none'],
    ['cluster IPs', { addresses: ['10.0.0.2'] }, 'other'],
    ['one more cluster IP', { addresses: ['10.0.0.1', 'fd00::1'] }, 'other'],
    ['the type', { type: ServiceType.HEADLESS }, 'other'],
    ['a port', { ports: [{ ...http, port: 81 }] }, 'answers'],
    ['a port name', { ports: [{ ...http, name: 'web' }] }, 'answers'],
    ['ports gone', { ports: [] }, 'answers'],
    ['a port more', { ports: [http, { ...http, protocol: 'UDP' }] }, 'answers'],
    ['cluster IPs and a port', { addresses: [], ports: [] }, 'answers']
  ]
  for (const [what, change, expected] of cases) {
    const { table } = setUp()
    t.equal(table.putService('default', 'web', base), 'added')
    t.equal(table.putService('default', 'web', { ...base, ...change }), expected, what)
  }
  const { table } = setUp()
  const external = (externalName: string) => address([], { type: ServiceType.EXTERNAL_NAME, externalName })
  table.putService('default', 'out', external('a.example'))
  t.equal(table.putService('default', 'out', external('b.example')), 'answers', 'the external name')
  t.equal(table.putService('default', 'out', external('b.example')), 'none')
  t.end()
})

t.test('external names that are no domain name make a Service that does not exist', t => {
  const cases: readonly (readonly [string, number])[] = [
    ['db.example.com', ServiceType.EXTERNAL_NAME],
    ['db.example.com.', ServiceType.EXTERNAL_NAME],
    ['192.0.2.1', ServiceType.NONEXISTENT],
    ['2001:db8::1', ServiceType.NONEXISTENT],
    [`${'a'.repeat(64)}.example`, ServiceType.NONEXISTENT],
    ['a..b', ServiceType.NONEXISTENT]
  ]
  const { table, namespaces } = setUp()
  for (const [externalName, type] of cases) {
    table.putService('default', 'out', address([], { type: ServiceType.EXTERNAL_NAME, externalName }))
    t.equal(readService(table, find(table, namespaces, 'default', 'out'))?.type, type, externalName)
  }
  t.end()
})

t.test('addresses that are not written canonically are served and not found', t => {
  const { table, namespaces } = setUp()
  table.putService('default', 'web', address(['FD00:0::9', '::ffff:10.0.0.9']))
  t.strictSame(readService(table, find(table, namespaces, 'default', 'web'))?.addresses, [
    '10.0.0.9',
    'fd00::9'
  ])
  t.strictSame(servicesAt(table, namespaces, 'fd00::9'), [])
  t.strictSame(servicesAt(table, namespaces, '10.0.0.9'), [])
  table.putService('default', 'web', address(['fd00::9', '10.0.0.9']))
  t.strictSame(servicesAt(table, namespaces, 'fd00::9'), ['default/web'], 'until they are')
  t.strictSame(servicesAt(table, namespaces, '10.0.0.9'), ['default/web'])
  table.removeService('default', 'web')
  t.strictSame(servicesAt(table, namespaces, 'fd00::9'), [])
  t.end()
})

t.test('endpoints whose addresses are not written canonically', t => {
  const { slab, table, namespaces } = setUp()
  const put = (...addresses: readonly string[]) =>
    table.putSlice(slice('shop', 's', '', [endpoint(addresses)]), 'web', '')
  const odd = ['FD00:0::9', '::ffff:10.0.0.9', '2001:db8::0']
  const canonical = ['fd00::9', '10.0.0.9', '2001:db8::']
  const found = () => canonical.map(one => slicesAt(table, namespaces, one).length)
  const held = () =>
    readSlices(table, find(table, namespaces, 'shop', 'web'))[0]?.endpoints.map(one => one.split(' ')[0])
  t.equal(put(...odd), 'added')
  t.strictSame(held(), ['fd00::9', '10.0.0.9', '2001:db8::'])
  t.strictSame(found(), [0, 0, 0])
  t.equal(put(...odd), 'none')
  t.equal(put(...canonical), 'answers', 'reverse lookups find them now')
  t.strictSame(found(), [1, 1, 1])
  t.equal(put(...odd, ...canonical), 'answers')
  t.strictSame(found(), [1, 1, 1])
  t.equal(put(...odd), 'answers')
  t.strictSame(found(), [0, 0, 0])
  table.removeSlice('shop', 's')
  t.equal(slab.octetsUsed, 0)
  t.end()
})

t.test('endpoints that come, go and move within a long slice', t => {
  const { slab, table, namespaces } = setUp()
  const dice = new Dice(4711)
  const addresses = Array.from({ length: 60 }, (_, i) => (i % 3 === 0 ? `fd00::${i + 1}` : `10.0.1.${i}`))
  const odd = addresses.map(one => (one.includes(':') ? one.toUpperCase() : `::ffff:${one}`))
  let list: string[] = []
  for (let step = 0; step < 2000; step++) {
    for (let edits = dice.below(4); edits > 0; edits--) {
      const at = dice.below(list.length + 1)
      const one = dice.pick(dice.below(8) === 0 ? odd : addresses)
      switch (dice.below(8)) {
        case 0:
          list.push(...list.splice(at))
          break
        case 1:
          list.splice(at, dice.below(30))
          break
        case 2:
        case 3:
          list.splice(at, 1)
          break
        case 4:
          list.splice(at, 1, one)
          break
        default:
          list.splice(at, 0, one)
      }
    }
    list = list.slice(0, 100)
    table.putSlice(
      slice(
        'shop',
        's',
        '',
        list.map(one => endpoint([one]))
      ),
      'web',
      ''
    )
    const wrong = addresses.filter(
      one => slicesAt(table, namespaces, one).length !== list.filter(other => other === one).length
    )
    if (wrong.length > 0) {
      t.strictSame(wrong, [], `step ${step}`)
      break
    }
  }
  table.removeSlice('shop', 's')
  t.strictSame(
    addresses.filter(one => slicesAt(table, namespaces, one).length > 0),
    [],
    'all are gone in the end'
  )
  t.equal(slab.octetsUsed, 0)
  t.end()
})

t.test('names of endpoints', t => {
  const options = { podNames: true, zones: true }
  const cases: readonly (readonly [string, Endpoint, string])[] = [
    ['hostname first', endpoint(['10.1.2.3'], { hostname: 'db-0', targetName: 'pod' }), '10.1.2.3 db-0'],
    ['then the Pod', endpoint(['10.1.2.3'], { targetName: 'pod' }), '10.1.2.3 pod'],
    [
      '63 octets are a label',
      endpoint(['10.1.2.3'], { targetName: 'p'.repeat(63) }),
      `10.1.2.3 ${'p'.repeat(63)}`
    ],
    ['64 are none', endpoint(['10.1.2.3'], { targetName: 'p'.repeat(64) }), '10.1.2.3'],
    ['the address is not kept', endpoint(['2001:db8::']), '2001:db8::'],
    ['odd spelling is', endpoint(['2001:DB8::']), '2001:db8:: 2001-DB8--0'],
    ['mapped', endpoint(['::ffff:10.40.0.6']), '10.40.0.6 ::ffff:10-40-0-6'],
    ['zone in lower case', endpoint(['10.1.2.3'], { hostname: 'a', zone: 'EU-1a' }), '10.1.2.3 a eu-1a'],
    [
      'too long, cut between characters',
      endpoint(['10.1.2.3'], { hostname: `${'h'.repeat(62)}ö` }),
      `10.1.2.3 ${'h'.repeat(62)}`
    ]
  ]
  for (const [what, one, expected] of cases) {
    const { table, namespaces } = setUp(options)
    table.putSlice(slice('default', 's', 'web', [one]), 'web', '')
    t.strictSame(readSlices(table, find(table, namespaces, 'default', 'web'))[0]?.endpoints, [expected], what)
  }
  t.end()
})
