import { readFileSync } from 'node:fs'
import t from 'tap'
import { QUERIED_CLUSTER, ServiceFacts, clusterObjects } from '../../bench/cluster.ts'
import { QUERY_FILE, makeQueries, queryText, type BenchQuery } from '../../bench/queries.ts'

const queries = makeQueries()
const count = (wanted: (query: BenchQuery) => boolean) => queries.filter(wanted).length

t.test('the committed query file is the one that is generated', async t => {
  t.equal(readFileSync(QUERY_FILE, 'utf8'), queryText(queries))
})

t.test('has the mix that the speed bounds speak of', async t => {
  const isMissing = (query: BenchQuery) => query.expected === 'name error'
  t.equal(queries.length, 50_000)
  t.equal(
    count(query => query.type === 'A' && !isMissing(query)),
    30_000
  )
  t.equal(
    count(query => query.type === 'AAAA' && !isMissing(query)),
    12_500
  )
  t.equal(count(isMissing), 5000)
  t.equal(
    count(query => query.type === 'SRV' || query.type === 'PTR'),
    2500
  )
  const mixed = count(query => query.name !== query.name.toLowerCase())
  t.ok(mixed > 24_000 && mixed < 26_000, 'about half of the names have letters of both cases')
  const firstHalf = queries.slice(0, 25_000).filter(query => query.type === 'A').length
  t.ok(firstHalf > 15_900 && firstHalf < 16_600, 'they are shuffled')
})

t.test('asks for what exists, and for what does not', async t => {
  const services = new Set<string>()
  const namespaces = new Set<string>()
  const addresses = new Set<string>()
  for (const object of clusterObjects(QUERIED_CLUSTER)) {
    if (object.kind === 'Namespace') namespaces.add(object.name)
    if (object.kind === 'Service') services.add(`${object.name}.${object.namespace}`)
    if (object.kind === 'Service') object.clusterIPs.forEach(address => addresses.add(address))
    if (object.kind === 'EndpointSlice')
      object.endpoints.forEach(({ addresses: [address] }) => addresses.add(address!))
  }
  t.equal(namespaces.size, 20)
  t.equal(services.size, 10_000)
  const wrong = queries.filter(query => {
    const labels = query.name.toLowerCase().split('.')
    if (query.type === 'PTR') return !addresses.has(labels.slice(0, 4).reverse().join('.'))
    const exists = services.has(labels.slice(-5, -3).join('.'))
    return exists === (query.expected === 'name error')
  })
  t.same(wrong, [])
})

t.test('addresses are written as numbers from 0 to 255, each once', async t => {
  const seen = new Set<string>()
  for (const number of [0, 9999, 50_000, 99_999]) {
    const facts = new ServiceFacts(number, { services: 100_000, namespaces: 100 })
    for (const address of [facts.podIP(0), facts.podIP(2), facts.podIP(0, 1)]) {
      t.match(address, /^10(\.(\d|[1-9]\d|1\d\d|2[0-4]\d|25[0-5])){3}$/)
      t.notOk(seen.has(address))
      seen.add(address)
    }
  }
})
