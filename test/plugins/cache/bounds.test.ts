// How much is kept: entries, octets, and what of it outlives a configuration.
import t from 'tap'
import { Hasher } from '../../../src/cluster/index/hash.ts'
import { Arena, BLOCK_OCTETS } from '../../../src/plugins/cache/arena.ts'
import { effectiveCapacity } from '../../../src/plugins/cache/options.ts'
import { AnswerStore } from '../../../src/plugins/cache/answer-store.ts'
import { cachePlugin } from '../../../src/plugins/cache/setup.ts'
import { Survey } from '../../../src/plugins/cache/survey.ts'
import { KeptValues } from '../../../src/plugins/kept-values.ts'
import { systemRandom } from '../../../src/runtime/random.ts'
import { setupMessage } from '../../support/blocks.ts'
import { makeQuery, responseText } from '../../support/messages.ts'
import { a, CacheBench, type Script } from './support.ts'

const MIB = 1024 * 1024
const answers: Script = question => ({ answers: [a(question.split(' ')[0]!, 300)] })
/** An answer of about 60,000 octets. */
const large: Script = question => ({
  answers: Array.from({ length: 280 }, (_, i) => ({
    type: 'TXT' as const,
    name: question.split(' ')[0]!,
    ttl: 300,
    data: `${i} `.padEnd(200, 'x')
  }))
})

t.test('capacities are what CoreDNS makes of them', async t => {
  for (const [asked, effective] of [
    [10_000, 9984],
    [100, 1024],
    [0, 1024],
    [-5, 1024],
    [1279, 1024],
    [1280, 1280]
  ] as const)
    t.equal(effectiveCapacity(asked), effective)
})

t.test('the least recently used answer goes when its kind is full', async t => {
  const bench = new CacheBench('.:53 {\n cache {\n success 100\n }\n forward . 192.0.2.1\n}\n', answers)
  for (let i = 0; i < 1024; i++) await bench.ask(`n${i}.org`)
  await bench.ask('n0.org')
  for (let i = 1024; i < 1034; i++) await bench.ask(`n${i}.org`)
  t.match(bench.metrics(), { 'entries success': 1024, 'evictions_total success': 10 })
  bench.asked()
  await bench.ask('n0.org')
  await bench.ask('n11.org')
  t.same(bench.asked(), [], 'those used lately are there')
  await bench.ask('n1.org')
  t.same(bench.asked(), ['udp n1.org A ad'], 'the oldest is not')
})

t.test('octets are bounded over all stanzas and kinds together', async t => {
  const bench = new CacheBench(
    'a.org:53 {\n cache {\n max_octets 1MiB\n }\n forward . 192.0.2.1\n}\nb.org:53 {\n cache\n forward . 192.0.2.1\n}\n',
    large
  )
  const [first, second] = bench.blocks
  await first!.start()
  for (let i = 0; i < 60; i++) {
    bench.runtime.clock.advance(100)
    const query = makeQuery(`n${i}.b.org`, 'TXT', { transport: 'tcp' })
    if (i % 2 === 0) await bench.ask(`n${i}.a.org`, 'TXT', { transport: 'tcp' })
    else await second!.chain.answer(query)
    const octets = bench.metrics()['labdns_cache_octets']!
    t.ok(octets <= MIB, `${octets} octets`)
  }
  t.ok(bench.metrics()['labdns_cache_octets']! > MIB * 0.9, 'and used')
  bench.asked()
  t.equal((await bench.ask('n58.a.org', 'TXT', { transport: 'tcp' })).answer.length, 280)
  t.same(bench.asked(), [], 'the last one is there')
  await bench.ask('n0.a.org', 'TXT', { transport: 'tcp' })
  t.equal(bench.asked().length, 1, 'the first one is not')
})

t.test('max_octets', async t => {
  const message = (size: string) => setupMessage(`cache {\n max_octets ${size}\n }`, cachePlugin)
  t.equal(message('64MiB'), '')
  t.equal(message('1MiB'), '')
  t.match(message(''), /Wrong argument count/)
  t.match(message('1MiB 2MiB'), /Wrong argument count/)
  t.match(message('lots'), /invalid size "lots": expected a number of octets/)
  t.match(message('1KiB'), /max_octets must be between 1MiB and 1GiB: 1KiB/)
  t.match(message('2GiB'), /max_octets must be between 1MiB and 1GiB: 2GiB/)
  const stanza = (zone: string, size: string) =>
    `${zone}:53 {\n cache {\n max_octets ${size}\n }\n forward . 192.0.2.1\n}\n`
  t.throws(
    () => new CacheBench(stanza('a', '2MiB') + stanza('b', '3MiB'), answers),
    /max_octets is one bound for all caches: 3MiB here, 2MiB in Corefile:3/
  )
  t.doesNotThrow(() => new CacheBench(stanza('a', '2MiB') + stanza('b', '2MiB'), answers))
})

t.test('an arena gives back what it gave out', async t => {
  const arena = new Arena(MIB)
  const chains = [1, BLOCK_OCTETS, BLOCK_OCTETS + 1, 5000].map(octets => {
    t.ok(arena.makeRoom(octets, 0, 0))
    return { first: arena.allocate(octets), octets }
  })
  const source = Buffer.from(Array.from({ length: 5000 }, (_, i) => i % 251))
  for (const { first, octets } of chains) arena.write(first, 0, source, octets)
  for (const { first, octets } of chains) {
    for (const from of [0, Math.floor(octets / 2), octets - 1]) {
      const target = Buffer.alloc(octets)
      arena.read(first, from, target, 0, octets - from)
      t.ok(target.subarray(0, octets - from).equals(source.subarray(from, octets)), `${octets} from ${from}`)
    }
  }
  const used = arena.octetsUsed
  t.equal(used, (1 + 1 + 2 + 27) * (BLOCK_OCTETS + 4))
  for (const { first } of chains) arena.release(first)
  t.equal(arena.octetsUsed, 0)
  const again = [27, 2, 1, 1].map(blocks => arena.allocate(blocks * BLOCK_OCTETS))
  t.ok(Math.max(...again) < 31, 'blocks are used again')
  t.notOk(arena.makeRoom(2 * MIB, 0, 0), 'what is larger than all of it has no room')
})

t.test('names that share a hash are told apart', async t => {
  const arena = new Arena(MIB)
  const store = new AnswerStore(arena, new Hasher(systemRandom()), { successMax: 64, denialMax: 64 })
  const bench = new CacheBench('.:53 {\n forward . 192.0.2.1\n}\n', answers)
  const survey = new Survey()
  const put = async (name: string) => {
    const query = makeQuery(name, 'A')
    const answer = await bench.block.chain.answer(query)
    survey.read(query, answer, () => 0)
    store.add(store.success, query, 7, answer, survey, 60, 0)
  }
  await put('a.org')
  t.ok(store.find(store.success, makeQuery('A.org', 'A'), 7) >= 0)
  for (const [name, type] of [
    ['b.org', 'A'],
    ['a.orgx', 'A'],
    ['a.org', 'AAAA'],
    ['x.a.org', 'A'],
    [`${'l'.repeat(63)}.${'m'.repeat(63)}.${'n'.repeat(60)}.org`, 'A']
  ] as const)
    t.equal(store.find(store.success, makeQuery(name, type), 7), -1, name)
  await put('b.org')
  t.equal(store.find(store.success, makeQuery('a.org', 'A'), 7), -1, 'and the later one stays')
  t.equal(store.success.size, 1)
  const long = `${'l'.repeat(63)}.${'m'.repeat(63)}.${'n'.repeat(60)}.org`
  await put(long)
  const query = makeQuery(long.toUpperCase(), 'A')
  const entry = store.find(store.success, query, 7)
  t.ok(entry >= 0, 'a question over two blocks')
  t.same(responseText(query, store.answer(entry, query, 9)).answer, [`${long} 9 A 10.0.0.1`])
  store.close()
  t.equal(arena.octetsUsed, 0)
  await put(long)
  t.equal(arena.octetsUsed, 0, 'nothing comes in any more')
})

t.test('values are handed on to the configuration that asks for them', async t => {
  const dropped: string[] = []
  const keep = (values: KeptValues, key: string) =>
    values.keep(
      key,
      () => ({ key }),
      value => void dropped.push(value.key)
    )
  const first = new KeptValues()
  const one = keep(first, 'one')
  keep(first, 'two')
  t.equal(keep(first, 'one'), one)
  const second = new KeptValues(first)
  t.equal(keep(second, 'one'), one)
  keep(second, 'three')
  second.settle()
  t.same(dropped, ['two'])
  const third = new KeptValues(second)
  keep(third, 'three')
  keep(third, 'four')
  third.abandon()
  t.same(dropped, ['two', 'four'], 'what was made for nothing goes, the rest stays')
})

t.test('an unchanged block finds its answers again', async t => {
  const text = '.:53 {\n cache\n forward . 192.0.2.1\n}\n'
  const kept = new KeptValues()
  const before = new CacheBench(text, answers, [], kept)
  await before.ask('a.org')
  const changed = new KeptValues(kept)
  const after = new CacheBench(text, answers, [], changed)
  await after.ask('a.org')
  t.same(after.asked(), [])
  const other = new CacheBench(text.replace('192.0.2.1', '192.0.2.2'), answers, [], changed)
  await other.ask('a.org')
  t.equal(other.asked().length, 1)
})
