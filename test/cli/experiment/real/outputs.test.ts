// What programs print is read as the recordings read it: their own output, beside what was found in it.
import { readFileSync } from 'node:fs'
import t from 'tap'
import { readDig, readHost, readNslookup } from '../../../../src/cli/experiment/real/bind-tools.ts'
import { readProbe } from '../../../../src/cli/experiment/real/probes.ts'
import type { Outcome, Output } from '../../../../src/cli/experiment/real/program.ts'

/** What a program printed, and what the recordings say that it found; `id` is the scenario. */
interface Recorded {
  readonly id: string
  readonly exitCode: number
  readonly stdout: string
  readonly error: string | null
  readonly addresses: readonly string[]
}

const file = new URL('../../../../../test/fixtures/program-output.json', import.meta.url)
const recordings = JSON.parse(readFileSync(file, 'utf8')) as Readonly<Record<string, readonly Recorded[]>>
const readers: Readonly<Record<string, (output: Output) => Outcome>> = {
  'dig-9.18': readDig,
  'host-9.18': readHost,
  'nslookup-9.18': readNslookup,
  'busybox-1.35-nslookup': readNslookup,
  'busybox-1.37-nslookup': readNslookup
}

t.test('what the tools printed when they were recorded', t => {
  t.same(Object.keys(recordings).sort(), Object.keys(readers).sort())
  for (const [program, outputs] of Object.entries(recordings)) {
    for (const { id, exitCode, stdout, error, addresses } of outputs) {
      const found = readers[program]?.({ exitCode, stdout, stderr: '' })
      t.same(found, { error, addresses }, `${program} ${id}`)
    }
  }
  t.end()
})

t.test('a tool that was ended, or that says something else', t => {
  for (const read of [readDig, readHost, readNslookup]) {
    t.same(read({ exitCode: null, stdout: '', stderr: '' }), { error: 'exit null', addresses: [] })
    t.same(read({ exitCode: 1, stdout: '', stderr: 'parse of /etc/resolv.conf failed' }).error, 'exit 1')
  }
  t.end()
})

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
