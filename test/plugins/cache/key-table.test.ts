// What tables of keys are said to take, against what V8 says that Maps take.
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import t from 'tap'
import { KeyTable } from '../../../src/plugins/cache/key-table.ts'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

function heapOctets(): number {
  collect()
  collect()
  return process.memoryUsage().heapUsed
}

/** A Map, and the table that stands for it, with the same keys. */
class Both {
  readonly map = new Map<number, number>()
  readonly table = new KeyTable()

  insert(from: number, to: number): this {
    for (let key = from; key < to; key++) {
      this.map.set(key, 0)
      this.table.insert()
    }
    return this
  }

  remove(from: number, to: number): this {
    for (let key = from; key < to; key++) {
      this.map.delete(key)
      this.table.remove()
    }
    return this
  }

  /** As a cache that is full: the oldest key goes for each that comes. */
  churn(keys: number, times: number): this {
    for (let key = keys; key < keys * times; key++) {
      this.remove(key - keys, key - keys + 1)
      this.insert(key, key + 1)
    }
    return this
  }
}

const cases: readonly (readonly [about: string, use: (both: Both) => Both])[] = [
  ['just below a doubling', both => both.insert(0, 131_000)],
  ['just after it', both => both.insert(0, 131_073)],
  ['after churn', both => both.insert(0, 100_000).churn(100_000, 8)],
  ['after churn, at half of the room', both => both.insert(0, 66_000).churn(66_000, 8)],
  ['emptied by and by', both => both.insert(0, 300_000).remove(0, 240_000)]
]

for (const [about, use] of cases) {
  t.test(about, async t => {
    const before = heapOctets()
    const both = new Both()
    use(both)
    const grown = heapOctets() - before
    const { octets } = both.table
    t.ok(both.map.size > 0)
    t.ok(Math.abs(octets - grown) < 0.03 * grown + 50_000, `${octets} of ${grown} octets`)
  })
}

t.test('what the next key takes is known before', async t => {
  const table = new KeyTable()
  const wrong: number[] = []
  for (let key = 0; key < 5000; key++) {
    const next = table.octetsNext
    table.insert()
    if (table.octets !== next) wrong.push(key)
    if (key % 3 === 0) table.remove()
  }
  t.same(wrong, [])
  t.ok(table.octets > 4096 * 28)
})
