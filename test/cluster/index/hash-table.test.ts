// The table against a Map of lists, over random sequences of changes.
import t from 'tap'
import { HashTable, grown } from '../../../src/cluster/index/hash-table.ts'
import { Dice } from './support.ts'

const valuesOf = (table: HashTable, hash: number) => {
  const values: number[] = []
  for (let node = table.first(hash); node !== 0; node = table.next(node)) values.push(table.value(node))
  return values.sort((a, b) => a - b)
}

const sorted = (values: readonly number[] | undefined) => [...(values ?? [])].sort((a, b) => a - b)

for (const seed of [1, 2, 3, 4]) {
  t.test(`random changes, seed ${seed}`, t => {
    const dice = new Dice(seed * 7919)
    const table = new HashTable()
    const model = new Map<number, number[]>()
    // Few hashes that share slots (equal low bits), negative ones and the largest: every path of closing gaps is taken.
    const hashes = Array.from({ length: 400 }, (_, i) =>
      seed % 2 === 0 ? dice.below(0xffff_ffff) | 0 : (i % 20) | ((i - 200) << 20)
    )
    for (let step = 0; step < 20_000; step++) {
      const hash = dice.pick(hashes)
      const value = dice.below(8)
      const list = model.get(hash) ?? []
      // Grows for a while, then shrinks to nothing, several times over.
      const isGrowing = Math.floor(step / 2500) % 2 === 0
      if (dice.below(10) < (isGrowing ? 7 : 2)) {
        table.add(hash, value)
        model.set(hash, [...list, value])
      } else {
        const at = list.indexOf(value)
        if (table.remove(hash, value) !== at >= 0) return t.fail(`step ${step}: remove says otherwise`)
        if (at >= 0) model.set(hash, list.toSpliced(at, 1))
      }
      if (step % 97 !== 0) continue
      const wrong = hashes.filter(one => valuesOf(table, one).join() !== sorted(model.get(one)).join())
      t.strictSame(wrong, [], `step ${step}: hashes whose values differ`)
      t.equal(
        table.size,
        [...model.values()].reduce((sum, list) => sum + list.length, 0)
      )
    }
    for (const [hash, list] of model) {
      for (const value of list) if (!table.remove(hash, value)) return t.fail(`${value} is not there`)
    }
    t.equal(table.size, 0)
    t.ok(
      hashes.every(hash => table.first(hash) === 0),
      'nothing is left'
    )
    return t.end()
  })
}

t.test('a hash that is not there, beside one that shares its slot', t => {
  const table = new HashTable()
  t.equal(table.first(64), 0)
  t.notOk(table.remove(64, 1))
  table.add(0, 1)
  t.equal(table.first(64), 0)
  t.notOk(table.remove(64, 1))
  t.notOk(table.remove(0, 2), 'another value')
  t.strictSame(valuesOf(table, 0), [1])
  t.end()
})

t.test('slots are given back when values go, and used again', t => {
  const table = new HashTable()
  const empty = table.octets
  const fill = () => {
    for (let i = 0; i < 20_000; i++) table.add(Math.imul(i, 0x9e37_79b1), i)
  }
  const drain = () => {
    for (let i = 0; i < 20_000; i++)
      if (!table.remove(Math.imul(i, 0x9e37_79b1), i)) throw new Error(`${i} is gone`)
  }
  fill()
  const full = table.octets
  t.ok(full > empty)
  drain()
  t.ok(table.octets < full, 'slots are given back')
  const drained = table.octets
  for (let round = 0; round < 3; round++) {
    fill()
    t.equal(table.octets, full, 'filling again takes no more')
    drain()
    t.equal(table.octets, drained)
  }
  t.end()
})

t.test('grown keeps what is there', t => {
  t.strictSame([...grown(Int32Array.of(1, 2, 3))], [1, 2, 3, 0, 0])
  t.end()
})
