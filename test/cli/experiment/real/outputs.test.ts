// What programs print is read as the recordings read it: their own output, beside what was found in it.
import { readFileSync } from 'node:fs'
import t from 'tap'
import { readDig, readHost, readNslookup } from '../../../../src/cli/experiment/real/bind-tools.ts'
import { readProbe } from '../../../../src/cli/experiment/real/probes.ts'
import type { Outcome, Output } from '../../../../src/cli/experiment/real/program.ts'

interface Recorded {
  readonly id: string
  readonly result: {
    readonly error: string | null
    readonly addresses: readonly string[]
    readonly stdout?: string
    readonly exitCode: number
  }
}

const root = new URL('../../../../../test/fixtures/vectors/resolver-traces/', import.meta.url)
const recordings: [file: string, read: (output: Output) => Outcome, least: number][] = [
  ['dig-9.18', readDig, 30],
  ['dig-9.18-search-ndots', readDig, 4],
  ['host-9.18', readHost, 30],
  ['nslookup-9.18', readNslookup, 30],
  ['busybox-1.35-nslookup', readNslookup, 30],
  ['busybox-1.37-nslookup', readNslookup, 30]
]

for (const [file, read, least] of recordings) {
  t.test(`the recorded output of ${file}`, t => {
    const traces = JSON.parse(readFileSync(new URL(`${file}.json`, root), 'utf8')) as readonly Recorded[]
    let found = 0
    for (const { id, result } of traces) {
      if (result.stdout === undefined) continue
      found++
      const outcome = read({ exitCode: result.exitCode, stdout: result.stdout, stderr: '' })
      t.equal(outcome.error, result.error, `${id}: the error`)
      t.same([...outcome.addresses].sort(), [...result.addresses].sort(), `${id}: the addresses`)
    }
    t.ok(found >= least, `${found} recordings have output`)
    t.end()
  })
}

t.test('a probe that says nothing is told by its last line, or by its exit code', t => {
  const read = (stdout: string, stderr: string, exitCode: number | null) =>
    readProbe({ stdout, stderr, exitCode })
  t.same(read('{"error":null,"addresses":["::1","::1"]}\n', '', 0), { error: null, addresses: ['::1'] })
  t.same(read('{"error":"ENOTFOUND","addresses":[]}', '', 0), { error: 'ENOTFOUND', addresses: [] })
  t.same(read('', 'Error: no memory\n', 134), { error: 'Error: no memory', addresses: [] })
  t.same(read('not JSON', '', 3), { error: 'exit 3', addresses: [] })
  t.same(read('null', '', 0), { error: 'exit 0', addresses: [] })
  t.end()
})
