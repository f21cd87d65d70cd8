// Replays what was recorded of CoreDNS's plugins through server processes. What fails is tried once more alone, patiently:
// these cases hold times, and a machine may be busy. What is excepted is named here with its reason; an exception that
// passes is a failure, so that the list can't rot. Usage: plugin-vectors.mjs RUNNER FOLDER [SOURCE]. SOURCE is where the
// state of the cluster comes from: `manifests` (default), or `api`. Last line: N passed, N failed.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'

const [runner, folder, source = 'manifests'] = process.argv.slice(2)
const work = mkdtempSync(path.join(os.tmpdir(), 'labdns-plugin-vectors-'))

/** Case: why it can't pass. */
const EXCEPTIONS = new Map()

/** All cases, by `set/id`, with the text that the runner needs to leave one out. */
const cases = new Map(
  readdirSync(folder)
    .filter(file => file.endsWith('.json'))
    .flatMap(file => {
      const { set, cases } = JSON.parse(readFileSync(path.join(folder, file), 'utf8'))
      return (cases ?? []).map(one => [`${set}/${one.id}`, one])
    })
)

const literally = text => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')

/** Runs these cases, all without `only`; the failed ones with what was wrong, and how many the runner skipped. */
function run(jobs, only) {
  const out = path.join(work, 'failures.json')
  rmSync(out, { force: true })
  const command = `${process.execPath} build/src/cli/labdns.js serve`
  const args = [
    '--server',
    'labdns',
    '--cmd',
    command,
    ...(source === 'api' ? [] : ['--source', source]),
    '--jobs',
    `${jobs}`
  ]
  const chosen = only === undefined ? [] : ['--only', `^(${only.map(literally).join('|')})$`]
  const { stdout, stderr } = spawnSync(
    process.execPath,
    [runner, ...args, '--slow', '6', '--out', out, ...chosen, folder],
    { encoding: 'utf8', maxBuffer: 1 << 28 }
  )
  const end = /^(\d+) passed, (\d+) failed, (\d+) skipped$/m.exec(stdout)
  if (end === null) throw new Error(`the runner ended without a result:\n${stdout}\n${stderr}`)
  const failures = new Map(JSON.parse(readFileSync(out, 'utf8')).map(one => [one.case, one.bad]))
  return { passed: Number(end[1]), failures, skipped: Number(end[3]) }
}

let failed = 0
const fail = (name, lines) => {
  failed++
  console.log(`FAIL ${name}`)
  for (const line of lines) console.log(`  ${line}`)
}
const first = run(4)
const again = [...first.failures.keys()].filter(name => !EXCEPTIONS.has(name))
const second = again.length === 0 ? { failures: new Map() } : run(1, again)
for (const name of again) {
  if (second.failures.has(name)) fail(name, second.failures.get(name))
  else console.log(`passed alone: ${name} (with others: ${first.failures.get(name)[0]})`)
}
for (const [name, why] of EXCEPTIONS) {
  if (!cases.has(name)) fail(name, ['is excepted, and there is no such case'])
  else if (!first.failures.has(name)) fail(name, [`passes, so it is no exception any more (${why})`])
  else console.log(`excepted ${name}: ${why}`)
}
if (first.skipped > 0) {
  console.log(`excepted ${first.skipped}: left out by the runner (state that never comes, root's ports)`)
}
if (first.passed + first.failures.size + first.skipped !== cases.size) {
  fail('the runner', [`${cases.size} cases are recorded, it knows of others`])
}
rmSync(work, { recursive: true, force: true })
const retried = again.length - [...second.failures.keys()].length
console.log(`${first.passed + retried} passed, ${failed} failed`)
process.exit(failed > 0 ? 1 : 0)
