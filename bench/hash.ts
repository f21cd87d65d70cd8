// What hashing one label costs: `node build/bench/hash.js`.
import { Hasher } from '../src/cluster/index/hash.ts'
import { systemRandom } from '../src/runtime/random.ts'

const TURNS = 3_000_000
const hasher = new Hasher(systemRandom())

for (const label of ['db', 'cart-api', 'recommendation-frontend', 'x'.repeat(63)]) {
  const octets = Buffer.from(label)
  let best = Infinity
  let sum = 0
  for (let round = 0; round < 4; round++) {
    const from = performance.now()
    for (let turn = 0; turn < TURNS; turn++) sum ^= hasher.hash(octets, 0, octets.length, turn)
    best = Math.min(best, performance.now() - from)
  }
  console.log(`${((best * 1e6) / TURNS).toFixed(1).padStart(6)} ns  ${label.length} octets  (${sum & 1})`)
}
