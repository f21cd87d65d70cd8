// Sends the odd messages, and holds each outcome against what CoreDNS did with the same octets, except where
// docs/differences.md says otherwise. Usage: probe.mjs TOOLS PORT. Last line: N passed, N failed.
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import path from 'node:path'

const [tools, port] = process.argv.slice(2)
const out = path.join(tools, 'probe.json')
const run = spawnSync(
  process.execPath,
  [path.join(tools, 'wire-probe.mjs'), '--port', port, '--check', '--json', out],
  {
    encoding: 'utf8',
    maxBuffer: 1 << 26
  }
)
const cases = JSON.parse(readFileSync(out, 'utf8'))
const reference = new Map(
  JSON.parse(readFileSync(path.join(tools, 'wire-probe-reference.json'), 'utf8')).cases.map(one => [
    one.case,
    one.coredns
  ])
)

const cut = 'what the counts promise is not there'
const classes = 'cluster names exist in class IN only'
const packing = 'how many records fit depends on compression'
/** The differences that docs/differences.md names: the outcome we mean. */
const differences = {
  'hdr/header only, QD=1': [/^FORMERR rd 0\/0\/0\/0$/, 'a cut question'],
  'hdr/NOTIFY (4)': [/^REFUSED 1\/0\/0\/0$|^REFUSED (rd )?1\/0\/0\/0$/, 'no secondary here'],
  'cnt/AN=1 missing': [/^FORMERR rd 1\/0\/0\/0$/, cut],
  'cnt/NS=1 missing': [/^FORMERR rd 1\/0\/0\/0$/, cut],
  'cnt/AR=1 missing': [/^FORMERR rd 1\/0\/0\/0$/, cut],
  'q/no type/class': [/^FORMERR rd 0\/0\/0\/0$/, 'a cut question'],
  'q/class 0': [/^REFUSED rd 1\/0\/0\/0$/, classes],
  'q/class CH': [/^REFUSED rd 1\/0\/0\/0$/, classes],
  'q/class HS': [/^REFUSED rd 1\/0\/0\/0$/, classes],
  'q/class NONE': [/^REFUSED rd 1\/0\/0\/0$/, classes],
  'q/class ANY': [/^REFUSED rd 1\/0\/0\/0$/, classes],
  'edns/unknown option 65001, 1000 bytes': [
    /^NOERROR aa rd 1\/1\/0\/1 opt=1232$/,
    'queries over 512 octets are read'
  ],
  'edns/two OPTs': [/^FORMERR rd 1\/0\/0\/0$/, 'two OPTs'],
  'edns/OPT owner not root': [/^FORMERR rd 1\/0\/0\/0$/, 'an OPT whose owner is not the root'],
  'size/big answer, no EDNS': [/^NOERROR aa tc rd 1\/(2[89]|3\d)\/0\/0$/, packing],
  'size/big answer, 512': [/^NOERROR aa tc rd 1\/(2[89]|3\d)\/0\/1 opt=512$/, packing],
  'size/big answer, 0': [/^NOERROR aa tc rd 1\/(2[89]|3\d)\/0\/1 opt=0$/, packing],
  'size/big answer, 600': [/^NOERROR aa tc rd 1\/3\d\/0\/1 opt=600$/, packing]
}

let passed = 0
let failed = 0
for (const { case: name, outcome, ok, alive } of cases) {
  const difference = differences[name]
  const expected = difference === undefined ? reference.get(name) : String(difference[0])
  const isExpected = difference === undefined ? outcome === expected : difference[0].test(outcome)
  if (ok && alive && isExpected) passed++
  else {
    failed++
    console.log(
      `FAIL ${name}: ${outcome}, expected ${expected}${ok ? '' : ', breaks its rule'}${alive ? '' : ', server deaf'}`
    )
  }
}
if (cases.length !== 146) {
  failed++
  console.log(`${cases.length} messages were sent, 146 expected\n${run.stdout}\n${run.stderr}`)
}
console.log(`${passed} passed, ${failed} failed`)
process.exit(failed > 0 ? 1 : 0)
