// How often glibc does a lookup again because what it found doesn't fit. The figures were measured with the glibc of Debian 12
// (2.36-9+deb12u14) and of Debian 13 (2.41-12+deb13u4), which gave the same: a program in a namespace of its own, a server
// there that gives so many addresses to a name so long, and its messages counted (docs/experiment-real.md).
import t from 'tap'
import { replay, type Trace } from '../../support/resolver-traces.ts'

/** A name so long, without the dot at its end; no label is over 63 octets. */
function nameOf(octets: number): string {
  let name = ''
  while (name.length < octets) {
    const left = octets - name.length
    name += name === '' ? 'a'.repeat(Math.min(left, 40)) : `.${'a'.repeat(Math.min(left - 1, 40))}`
  }
  return name.endsWith('.') ? `${name.slice(0, -1)}a` : name
}

const v4 = (count: number) => Array.from({ length: count }, (_, at) => `10.1.${at >> 8}.${at & 255}`)
const v6 = (count: number) => Array.from({ length: count }, (_, at) => `fd00::${(at + 1).toString(16)}`)

interface Wanted {
  readonly client?: string
  readonly family: 'unspec' | 'inet' | 'inet6'
  readonly name: string
  readonly a: number
  readonly aaaa: number
  readonly target?: string
}

function lookup({ client = 'glibc-2.36', family, name, a, aaaa, target }: Wanted) {
  const rule = (type: string, data: readonly string[]) => {
    if (data.length === 0) return { name: '*', type, reply: 'NODATA' }
    return target === undefined
      ? { name: '*', type, reply: 'ANSWER', data }
      : { name: '*', type, reply: 'CNAME', data, target }
  }
  return replay({
    ...{ client, family, name: `${name}.`, resolvConf: 'nameserver 10.96.0.10\n' },
    zoneRules: [rule('A', v4(a)), rule('AAAA', v6(aaaa))] as unknown as Trace['zoneRules']
  } as Trace)!
}

/** How often the first question was asked. */
function asks(wanted: Wanted): number {
  const { queries } = lookup(wanted)
  return queries.filter(({ type }) => type === queries[0]!.type).length
}

/** The most addresses that were found with one walk, two, three. */
const measured: readonly (readonly [
  text: string,
  wanted: Omit<Wanted, 'a' | 'aaaa'>,
  most: readonly number[]
])[] = [
  ...(
    [
      [20, 25, 50, 101],
      [23, 25, 50, 101],
      [24, 24, 50, 101],
      [47, 24, 50, 101],
      [48, 24, 49, 101],
      [56, 24, 49, 100],
      [63, 24, 49, 100],
      [64, 23, 49, 100],
      [100, 23, 48, 99],
      [150, 21, 47, 98]
    ] as const
  ).map(
    ([octets, ...most]) =>
      [`A and AAAA, ${octets} octets`, { family: 'unspec', name: nameOf(octets) }, most] as const
  ),
  ['A and AAAA, by an alias', { family: 'unspec', name: nameOf(64), target: 'targ.test.' }, [25, 50, 102]],
  ...([[20, 82] as const, [30, 81] as const, [64, 78] as const, [100, 75] as const] as const).map(
    ([octets, ...most]) =>
      [`A alone, ${octets} octets`, { family: 'inet', name: nameOf(octets) }, most] as const
  ),
  ...(
    [[20, 41, 83] as const, [30, 40, 83] as const, [64, 39, 81] as const, [100, 37, 80] as const] as const
  ).map(
    ([octets, ...most]) =>
      [`AAAA alone, ${octets} octets`, { family: 'inet6', name: nameOf(octets) }, most] as const
  ),
  ['A alone, by an alias', { family: 'inet', name: nameOf(30), target: 'targ.test.' }, [79]],
  ['AAAA alone, by an alias', { family: 'inet6', name: nameOf(30), target: 'targ.test.' }, [39, 82]]
]

t.test('a lookup is done again, from its beginning, until the addresses fit', t => {
  for (const client of ['glibc-2.36', 'glibc-2.41', 'python-3.11']) {
    for (const [text, wanted, most] of measured) {
      for (const [before, count] of most.entries()) {
        const of = (addresses: number) =>
          wanted.family === 'inet6' ? { a: 0, aaaa: addresses } : { a: addresses, aaaa: 0 }
        t.equal(asks({ client, ...wanted, ...of(count) }), before + 1, `${client}, ${text}: ${count}`)
        t.equal(asks({ client, ...wanted, ...of(count + 1) }), before + 2, `${client}, ${text}: one more`)
      }
    }
  }
  t.equal(asks({ family: 'unspec', name: nameOf(30), a: 12, aaaa: 12 }), 1, 'both families count')
  t.equal(asks({ family: 'unspec', name: nameOf(30), a: 13, aaaa: 13 }), 2)
  t.end()
})

t.test('the whole walk is done again, and what is found is the same', t => {
  const result = replay({
    ...{ client: 'glibc-2.36', family: 'unspec', name: 'many' },
    resolvConf: 'nameserver 10.96.0.10\nsearch bad s1.test\n',
    zoneRules: [
      { name: '*.bad.', type: '*', reply: 'NXDOMAIN' },
      { name: '*', type: 'A', reply: 'ANSWER', data: v4(27) },
      { name: '*', type: 'AAAA', reply: 'NODATA' }
    ] as unknown as Trace['zoneRules']
  } as Trace)!
  const walk = ['many.bad. A', 'many.bad. AAAA', 'many.s1.test. A', 'many.s1.test. AAAA']
  t.same(
    result.queries.map(({ name, type }) => `${name!} ${type!}`),
    [...walk, ...walk]
  )
  t.equal(result.addresses.length, 27)
  t.equal(result.ok, true)
  t.end()
})

t.test('getent hosts has as much room; res_search gives the message and needs none', t => {
  const client = 'glibc-2.36-getent-hosts'
  const at = (a: number) =>
    lookup({ client, family: 'unspec', name: nameOf(30), a, aaaa: 0 }).queries.map(({ type }) => type)
  t.same(at(81), ['AAAA', 'A'])
  t.same(at(100), ['AAAA', 'A', 'A'])
  const plain = { client: 'glibc-2.36-res_search', family: 'inet', name: nameOf(30), aaaa: 0 } as const
  t.equal(asks({ ...plain, a: 200 }), 1)
  t.end()
})
