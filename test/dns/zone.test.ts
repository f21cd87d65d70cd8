// The two forms of a zone table, compared one by one and by map, must give the same.
import fc from 'fast-check'
import t from 'tap'
import { ZoneTable } from '../../src/dns/zone.ts'
import { encodeName, formatName, isSubdomain, type Name } from '../../src/wire/name.ts'

/** Zones that no question in these tests lies in: enough of them make a table use its map. */
const others = Array.from({ length: 20 }, (_, i) => `other-${i}.test`)
const tables = (zones: readonly string[]) =>
  [[], others].map(more => new ZoneTable([...zones, ...more].map(zone => [encodeName(zone), zone] as const)))

/** What `find` gives, and where: the name stands behind two octets and before two. */
function find(table: ZoneTable<string>, name: Uint8Array, shorterThan?: number): string {
  const wire = Buffer.concat([Buffer.of(1, 1), name, Buffer.of(1, 1)])
  const zone = table.find(wire, 2, 2 + name.length, shorterThan)
  return zone === undefined ? 'none' : `${zone} at ${table.zoneAt - 2}`
}

t.test('the longest zone that a name lies in', async t => {
  const zones = ['cluster.local', 'svc.cluster.local', 'org', 'In-Addr.ARPA']
  const cases: readonly (readonly [string, string])[] = [
    ['cluster.local', 'cluster.local at 0'],
    ['CLUSTER.Local', 'cluster.local at 0'],
    ['a.cluster.local', 'cluster.local at 2'],
    ['svc.cluster.local', 'svc.cluster.local at 0'],
    ['a.b.SVC.cluster.local', 'svc.cluster.local at 4'],
    ['xsvc.cluster.local', 'cluster.local at 5'],
    ['1.in-addr.arpa', 'In-Addr.ARPA at 2'],
    ['local', 'none'],
    ['.', 'none'],
    ['xorg', 'none'],
    ['x\\003org', 'none'],
    ['org.example', 'none'],
    ['svc\\.cluster.local', 'none']
  ]
  for (const [form, table] of tables(zones).entries()) {
    for (const [name, found] of cases) t.equal(find(table, encodeName(name)), found, `${name}, form ${form}`)
  }
})

t.test('the root zone takes what is left', async t => {
  for (const table of tables(['.', 'org'])) {
    t.equal(find(table, encodeName('a.com')), '. at 6')
    t.equal(find(table, encodeName('.')), '. at 0')
    t.equal(find(table, encodeName('a.org')), 'org at 2')
  }
})

t.test('only shorter zones', async t => {
  for (const table of tables(['a.org', 'org', '.'])) {
    const name = encodeName('x.a.org')
    t.equal(find(table, name), 'a.org at 2')
    t.equal(find(table, name, 7), 'org at 4')
    t.equal(find(table, name, 5), '. at 8')
    t.equal(find(table, name, 1), 'none')
  }
})

t.test('the first of equal zones counts, and values come longest first', async t => {
  const table = new ZoneTable([
    [encodeName('org'), 'first'],
    [encodeName('ORG'), 'second'],
    [encodeName('a.org'), 'longer']
  ])
  t.equal(table.size, 2)
  t.same(table.values, ['longer', 'first'])
  t.equal(find(table, encodeName('org')), 'first at 0')
  t.equal(new ZoneTable<string>([]).find(encodeName('org'), 0, 5), undefined)
})

t.test('both forms agree with the definition on any names', async () => {
  const label = fc.constantFrom('a', 'B', 'b', 'ab', '\\001a', '\\.', 'org')
  const name = fc.array(label, { maxLength: 5 }).map(labels => (labels.length === 0 ? '.' : labels.join('.')))
  fc.assert(
    fc.property(
      fc.array(name, { maxLength: 8 }),
      name,
      fc.integer({ min: 0, max: 30 }),
      (zones, text, shorterThan) => {
        const question: Name = encodeName(text)
        let best = 'none'
        let bestLength = -1
        for (const zone of zones) {
          const octets = encodeName(zone)
          if (octets.length >= shorterThan || octets.length <= bestLength || !isSubdomain(question, octets))
            continue
          best = `${zone} at ${question.length - octets.length}`
          bestLength = octets.length
        }
        for (const table of tables(zones)) {
          const found = find(table, question, shorterThan)
          if (found !== best) throw new Error(`${formatName(question)}: ${found}, expected ${best}`)
        }
      }
    ),
    { numRuns: 500 }
  )
})
