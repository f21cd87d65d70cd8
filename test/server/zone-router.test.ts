import t from 'tap'
import type { Handler } from '../../src/dns/plugin.ts'
import type { Query } from '../../src/dns/query.ts'
import { emptyAnswer } from '../../src/dns/response.ts'
import { ZoneRouter } from '../../src/server/zone-router.ts'
import { encodeName } from '../../src/wire/name.ts'
import { makeQuery } from '../support/messages.ts'

const names = new Map<Handler, string>()
const chain = (name: string): Handler => {
  const handler: Handler = { answer: query => emptyAnswer(query, 0) }
  names.set(handler, name)
  return handler
}
const router = (zones: readonly string[]) =>
  new ZoneRouter(zones.map(zone => [encodeName(zone), chain(zone)] as const))
/** Zones that make the router look names up instead of comparing them. */
const many = Array.from({ length: 30 }, (_, i) => `other-${i}.test`)

t.test('which block answers', async t => {
  const zones = ['.', 'org', 'a.org', 'b.a.org', 'cluster.local']
  const cases: readonly (readonly [name: string, type: string, zone: string])[] = [
    ['a.org', 'A', 'a.org'],
    ['x.a.org', 'A', 'a.org'],
    ['X.B.A.ORG', 'A', 'b.a.org'],
    ['xa.org', 'A', 'org'],
    ['a.com', 'A', '.'],
    ['.', 'NS', '.'],
    ['b.a.org', 'DS', 'org'],
    ['x.b.a.org', 'DS', 'org'],
    ['org', 'DS', 'org'],
    ['a.com', 'DS', '.'],
    ['.', 'DS', '.'],
    ['cluster.local', 'DS', 'cluster.local']
  ]
  for (const more of [[], many]) {
    const routes = router([...zones, ...more])
    for (const [name, type, zone] of cases) {
      const found = routes.handlerFor(makeQuery(name, type))
      t.equal(
        found === undefined ? undefined : names.get(found),
        zone,
        `${name} ${type}, ${more.length} more zones`
      )
    }
  }
  t.equal(router(['org']).handlerFor(makeQuery('a.com', 'DS')), undefined)
  t.equal(router([]).handlerFor(makeQuery('a.com', 'A')), undefined)
})

t.test('blocks that share a zone are asked in order, then those of the next shorter zone', async t => {
  const org = encodeName('org')
  const [first, second, everything] = [chain('first'), chain('second'), chain('everything')]
  const isA = (query: Query) => query.qtype === 1
  const routes = new ZoneRouter([
    [org, first, query => isA(query) && query.id === 1],
    [org, second, isA],
    [encodeName('.'), everything]
  ])
  const found = (type: string, id: number) =>
    names.get(routes.handlerFor(makeQuery('a.org', type, { id })) ?? everything)
  t.equal(found('A', 1), 'first')
  t.equal(found('A', 2), 'second')
  t.equal(found('MX', 1), 'everything')
  t.equal(found('DS', 1), 'everything')
  t.equal(new ZoneRouter([[org, first, () => false]]).handlerFor(makeQuery('a.org', 'A')), undefined)
})
