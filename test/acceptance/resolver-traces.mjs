// Replays recorded lookups of real resolvers through their models. Usage: resolver-traces.mjs FOLDER [CLIENT…].
// Prints what differs, a count for each file, and last: N passed, N failed.
import { differences, readTraces } from '../../build/test/support/resolver-traces.js'

const [folder, ...clients] = process.argv.slice(2)
if (folder === undefined) {
  console.error('usage: resolver-traces.mjs FOLDER [CLIENT…]')
  process.exit(2)
}
let passed = 0
let failed = 0
for (const [file, traces] of readTraces(folder)) {
  const asked = traces.filter(trace => clients.length === 0 || clients.includes(trace.client))
  if (asked.length === 0) continue
  let passedHere = 0
  for (const trace of asked) {
    const found = differences(trace)
    if (found.length === 0) passedHere++
    else console.log(`FAIL ${trace.client} ${trace.id}: ${found.join('; ')}`)
  }
  console.log(`${file}: ${passedHere} of ${asked.length}`)
  passed += passedHere
  failed += asked.length - passedHere
}
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed === 0 ? 0 : 1
