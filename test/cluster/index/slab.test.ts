// Records keep their octets while others come and go, and room is given back.
import t from 'tap'
import { Slab } from '../../../src/cluster/index/slab.ts'
import { Dice } from './support.ts'

const CHUNK = 1 << 18

t.test('records never overlap, whatever comes and goes', t => {
  const dice = new Dice(42)
  const slab = new Slab()
  const held: { readonly ref: number; readonly size: number; readonly mark: number }[] = []
  const isIntact = ({ ref, size, mark }: (typeof held)[number]) => {
    const at = slab.offset(ref)
    return slab
      .octets(ref)
      .subarray(at, at + size)
      .every(octet => octet === mark)
  }
  for (let step = 0; step < 6000; step++) {
    if (held.length < 50 || dice.below(2) === 0) {
      const size =
        dice.pick([1, 15, 16, 17, 48, 256, 257, 288, 289, 1000, 5000, 70_000, CHUNK - 1, CHUNK]) +
        dice.below(3)
      const ref = slab.allocate(size)
      if (ref === 0) return t.fail('0 is never a record')
      const mark = step & 0xff
      const at = slab.offset(ref)
      if (at + size > slab.octets(ref).length) return t.fail(`${size} octets do not fit at ${at}`)
      slab.octets(ref).fill(mark, at, at + size)
      // As tables keep it: signed, in 32 bits.
      held.push({ ref: ref | 0, size, mark })
    } else {
      const [gone] = held.splice(dice.below(held.length), 1)
      if (!isIntact(gone!)) return t.fail(`step ${step}: a record of ${gone!.size} octets was overwritten`)
      slab.free(gone!.ref, gone!.size)
    }
    if (held.length > 120)
      for (const one of held.splice(0)) {
        if (!isIntact(one)) return t.fail(`step ${step}: a record of ${one.size} octets was overwritten`)
        slab.free(one.ref, one.size)
      }
  }
  t.ok(held.every(isIntact), 'all that is held is intact')
  for (const { ref, size } of held) slab.free(ref, size)
  t.equal(slab.octetsUsed, 0, 'nothing is used any more')
  return t.end()
})

t.test('rounding costs at most 15 octets, or an eighth', t => {
  for (let size = 1; size < 400_000; size = Math.ceil(size * 1.07)) {
    const slab = new Slab()
    slab.allocate(size)
    t.ok(
      slab.octetsUsed >= size && slab.octetsUsed <= Math.max(size + 15, size * 1.125 + 1),
      `${size}: ${slab.octetsUsed}`
    )
  }
  t.end()
})

t.test('a freed record is used again, whatever exact size of its class is asked for', t => {
  const slab = new Slab()
  const first = slab.allocate(33)
  slab.free(first, 33)
  t.equal(slab.allocate(48), first)
  t.end()
})

t.test('a record larger than a chunk is given back at once, and its number is used again', t => {
  const slab = new Slab()
  const small = slab.allocate(16)
  const before = slab.octetsReserved
  for (let i = 0; i < 5000; i++) {
    const ref = slab.allocate(CHUNK + 1)
    if (slab.offset(ref) !== 0 || slab.octets(ref).length <= CHUNK) return t.fail('not a chunk of its own')
    slab.free(ref, CHUNK + 1)
  }
  t.equal(slab.octetsReserved, before)
  t.equal(slab.octets(small).length, CHUNK, 'the others are where they were')
  return t.end()
})

t.test('a hundred thousand cycles take no more room than the first ones', t => {
  const dice = new Dice(5)
  const slab = new Slab()
  const held = Array.from({ length: 500 }, () => ({ ref: slab.allocate(40), size: 40 }))
  let reserved = 0
  for (let cycle = 0; cycle < 100_000; cycle++) {
    const at = dice.below(held.length)
    const old = held[at]!
    slab.free(old.ref, old.size)
    const size = 20 + dice.below(400)
    held[at] = { ref: slab.allocate(size), size }
    if (cycle === 30_000) reserved = slab.octetsReserved
  }
  t.ok(slab.octetsReserved <= reserved + CHUNK, `${reserved} octets, then ${slab.octetsReserved}`)
  t.end()
})
