// Nothing that a client sends may throw out of the responder or keep it busy: structured messages, damaged, against an odd
// cluster. LABDNS_FUZZ_RUNS and LABDNS_FUZZ_SEED run it for longer, or again.
import { Worker } from 'node:worker_threads'
import t from 'tap'
import type { FuzzReport, FuzzRun } from './fuzz/worker.ts'

const RUNS = Number(process.env['LABDNS_FUZZ_RUNS'] ?? 800)
const SEED = Number(process.env['LABDNS_FUZZ_SEED'] ?? Math.floor(Math.random() * 0x7fff_ffff))
/** A call that has not come back after so long never will. */
const HANG_MS = 5000
const CALL_MS_MAX = 100
const MESSAGE_OCTETS_MAX = 8192

class Hang extends Error {}

async function fuzz(seed: number): Promise<FuzzReport> {
  const shared = new SharedArrayBuffer(12 + MESSAGE_OCTETS_MAX)
  const counters = new Int32Array(shared, 0, 3)
  const workerData: FuzzRun = { seed, runs: RUNS, callMsMax: CALL_MS_MAX, shared }
  const worker = new Worker(new URL('./fuzz/worker.js', import.meta.url), { workerData })
  try {
    return await new Promise<FuzzReport>((resolve, reject) => {
      let seen = -1
      let since = performance.now()
      const watchdog = setInterval(() => {
        const count = Atomics.load(counters, 0)
        if (count !== seen || Atomics.load(counters, 1) === 0) {
          seen = count
          since = performance.now()
        } else if (performance.now() - since > HANG_MS) {
          const length = Math.min(Atomics.load(counters, 2), MESSAGE_OCTETS_MAX)
          reject(new Hang(`no response to ${Buffer.from(shared, 12, length).toString('hex')}`))
        }
      }, 100)
      worker.once('message', resolve)
      worker.once('error', reject)
      worker.once('exit', () => {
        clearInterval(watchdog)
        reject(new Error('the worker ended without a report'))
      })
    })
  } finally {
    await worker.terminate()
  }
}

t.test(`${RUNS} messages, seed ${SEED}`, async t => {
  const { failure, rcodes, withRecords, longestMs } = await fuzz(SEED)
  t.equal(failure, '')
  t.comment(
    `longest call ${longestMs.toFixed(1)} ms, rcodes ${JSON.stringify(rcodes)}, ${withRecords} with records`
  )
  for (const rcode of [0, 1, 3, 4, 5]) {
    t.ok((rcodes[rcode] ?? 0) > 0, `rcode ${rcode} is among them`)
  }
  t.ok(withRecords > RUNS / 100, 'records are among them')
})
