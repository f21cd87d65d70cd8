// What reading one query costs, from octets to a Query: `node build/bench/accept.js`.
import { accept } from '../src/dns/accept.ts'
import { encodeName } from '../src/wire/name.ts'
import { Rtype } from '../src/wire/numbers.ts'

const TURNS = 3_000_000
const peer = { address: '127.0.0.1', port: 40_000 }
const listener = { label: 'dns://:53', address: '127.0.0.1', port: 53 }

const question = Buffer.concat([
  encodeName('cart-api.shop.svc.cluster.local'),
  Buffer.from([0, Rtype.A, 0, 1])
])
const opt = Buffer.from([0, 0, Rtype.OPT, 4, 208, 0, 0, 0, 0, 0, 0])
const cookie = Buffer.from([0, 0, Rtype.OPT, 4, 208, 0, 0, 0, 0, 0, 12, 0, 10, 0, 8, 1, 2, 3, 4, 5, 6, 7, 8])

for (const [name, extra] of [
  ['no EDNS', Buffer.alloc(0)],
  ['EDNS', opt],
  ['EDNS with a cookie, as dig sends it', cookie]
] as const) {
  const wire = Buffer.concat([
    Buffer.from([1, 2, 1, 0, 0, 1, 0, 0, 0, 0, 0, extra.length > 0 ? 1 : 0]),
    question,
    extra
  ])
  let best = Infinity
  let accepted = 0
  for (let round = 0; round < 4; round++) {
    const from = performance.now()
    for (let turn = 0; turn < TURNS; turn++)
      if (typeof accept(wire, 'udp', peer, listener) !== 'string') accepted++
    best = Math.min(best, performance.now() - from)
  }
  if (accepted !== 4 * TURNS) throw new Error('a good query was not accepted')
  console.log(`${((best * 1e6) / TURNS).toFixed(1).padStart(6)} ns  ${wire.length} octets, ${name}`)
}
