// What kept answers cost the process, beside what the cache says they cost: `node build/bench/cache-memory.js`. Each row
// fills a cache of its own in a process of its own: first until it is full, then with twenty times as many names. What counts
// is the process's resident memory after collections; “with garbage” is without them.
import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { Hasher } from '../src/cluster/index/hash.ts'
import { Answer } from '../src/dns/answer.ts'
import { Query } from '../src/dns/query.ts'
import { AnswerStore } from '../src/plugins/cache/answer-store.ts'
import { Arena } from '../src/plugins/cache/arena.ts'
import { Survey } from '../src/plugins/cache/survey.ts'
import { keepHeapSmall } from '../src/runtime/heap.ts'
import { systemRandom } from '../src/runtime/random.ts'
import { encodeName } from '../src/wire/name.ts'

const MIB = 1024 * 1024
const TIMES = 20
/** How far what the cache says may be from what the process grew by, as a share of that. */
const OFF_MOST = 0.15
/** How long V8 may take to give freed pages back. */
const SETTLE_MS = 300
/**
 * What other threads of the collector and the compiler put aside for themselves, and what malloc doesn't give back at once,
 * comes and goes by megabytes: without them, growth is the cache's.
 */
const FLAGS = ['--expose-gc', '--single-threaded']
const MALLOC = { MALLOC_ARENA_MAX: '1', MALLOC_MMAP_THRESHOLD_: '131072', MALLOC_TRIM_THRESHOLD_: '131072' }
const peer = { address: '127.0.0.1', port: 40_000 }
const listener = { label: 'dns://:53', address: '127.0.0.1', port: 53 }

/** Entries asked for, octets of the answers' records, the bound in MiB. */
const rows: readonly (readonly [entries: number, recordOctets: number, boundMiB: number])[] = [
  [9984, 16, 32],
  [9984, 160, 32],
  [9984, 1600, 32],
  [100_000, 16, 32],
  [100_000, 160, 32],
  [500_000, 48, 128],
  [10_000, 4000, 32],
  [20_000, 64_000, 32]
]

const [entriesWord, octetsWord, boundWord] = process.argv.slice(2)
if (entriesWord === undefined) {
  console.log(
    'asked for  records  bound │ entries  says of grown, full     after 20 times as many    with garbage'
  )
  const env = { ...process.env, ...MALLOC }
  for (const row of rows) {
    const words = [fileURLToPath(import.meta.url), ...row.map(String)]
    process.stdout.write(execFileSync(process.execPath, [...FLAGS, ...words], { encoding: 'utf8', env }))
  }
} else {
  await measure(Number(entriesWord), Number(octetsWord), Number(boundWord))
}

async function measure(entriesMax: number, recordOctets: number, boundMiB: number): Promise<void> {
  keepHeapSmall()
  // A small cache first, so that what any busy process takes is there already.
  fill(
    new AnswerStore(new Arena(MIB), new Hasher(systemRandom()), { successMax: 8, denialMax: 8 }),
    0,
    400_000,
    recordOctets
  )
  const before = await resident()
  const arena = new Arena(boundMiB * MIB)
  const store = new AnswerStore(arena, new Hasher(systemRandom()), {
    successMax: entriesMax,
    denialMax: entriesMax
  })
  fill(store, 0, entriesMax, recordOctets)
  const full = { says: arena.octetsUsed, grown: (await resident()) - before }
  const { size } = store.success
  fill(store, entriesMax, Math.min(entriesMax * TIMES, 2_000_000), recordOctets)
  const busy = process.memoryUsage.rss() - before
  const later = { says: arena.octetsUsed, grown: (await resident()) - before }
  const mib = (octets: number) => (octets / MIB).toFixed(1).padStart(6)
  const part = ({ says, grown }: { says: number; grown: number }) => {
    const share = says / grown
    const mark = Math.abs(share - 1) <= OFF_MOST ? ' ' : '!'
    return `${mib(says)} of ${mib(grown)} (${(share * 100).toFixed(0).padStart(3)}%)${mark}`
  }
  console.log(
    `${String(entriesMax).padStart(9)} ${String(recordOctets).padStart(8)} ${String(boundMiB).padStart(6)} │ ` +
      `${String(size).padStart(7)}  ${part(full)}  ${part(later)}  ${mib(busy)}`
  )
}

/** Adds answers under names of their own. Makes next to no garbage, so that what grows is the cache. */
function fill(store: AnswerStore, from: number, count: number, recordOctets: number): void {
  const survey = new Survey()
  const name = encodeName('host-00000000.shop.example.com.')
  const octets = Buffer.concat([
    Buffer.from('010201000001000100000000', 'hex'),
    name,
    Buffer.from([0, 16, 0, 1]),
    Buffer.from('c00c00100001000000ff0000', 'hex'),
    Buffer.alloc(recordOctets - 12, 0x61)
  ])
  octets.writeUInt16BE(recordOctets - 12, 12 + name.length + 4 + 10)
  const query = new Query(octets, 12 + name.length, -1, 'udp', peer, listener)
  const answer = new Answer(octets, octets.length, 0, 0, octets.length)
  survey.read(query, answer, () => 0)
  for (let i = from; i < from + count; i++) {
    for (let digit = 0, left = i; digit < 8; digit++, left = Math.floor(left / 10))
      octets[12 + 13 - digit] = 0x30 + (left % 10)
    store.add(store.success, query, store.hash(query), answer, survey, 30, i)
  }
}

async function resident(): Promise<number> {
  for (let i = 0; i < 3; i++) {
    ;(globalThis as { gc?: () => void }).gc?.()
    await new Promise(resolve => setTimeout(resolve, SETTLE_MS))
  }
  return process.memoryUsage.rss()
}
