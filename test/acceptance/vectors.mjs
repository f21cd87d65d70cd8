// Replays the recorded answers through a server process. What is excepted is named here with its reason; an exception that
// passes is a failure, so that the list can't rot. Usage: vectors.mjs RUNNER FOLDER [SOURCE]. SOURCE is where the state
// comes from: `manifests` (default), `api` for the runner's own API server, or the path of the program in ../shared/kube-api
// (sets with ServiceImports or `multicluster` excepted: it has none). Last line: N passed, N failed.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'

const [runner, folder, source = 'manifests'] = process.argv.slice(2)
const isReal = source.includes('/')
const work = mkdtempSync(path.join(os.tmpdir(), 'labdns-vectors-'))
const report = path.join(work, 'report.json')
const run = spawnSync(
  process.execPath,
  [
    runner,
    '--server',
    'labdns',
    '--cmd',
    isReal
      ? `${process.execPath} test/acceptance/behind-kube-api.mjs ${source}`
      : `${process.execPath} build/src/cli/labdns.js serve`,
    '--source',
    isReal ? 'api' : source,
    '--json',
    report,
    ...(isReal ? ['--wait', '30000', ...sets(folder)] : [folder])
  ],
  { encoding: 'utf8', maxBuffer: 1 << 28 }
)
/** The files of sets whose objects the real API server has the kinds of. */
function sets(folder) {
  return readdirSync(folder)
    .filter(file => file.endsWith('.cases.json'))
    .map(file => path.join(folder, file))
    .filter(file => {
      const { manifests, corefile } = JSON.parse(readFileSync(file, 'utf8'))
      if (/^ *multicluster /m.test(corefile)) return false
      return !/^kind: ServiceImport$/m.test(readFileSync(path.join(folder, manifests), 'utf8'))
    })
}

const { cases } = JSON.parse(readFileSync(report, 'utf8'))
rmSync(work, { recursive: true, force: true })

let passed = 0
let failed = 0
const excepted = new Map()
const count = why => excepted.set(why, (excepted.get(why) ?? 0) + 1)
for (const one of cases) {
  if (one.status === 'passed') passed++
  else if (one.status === 'skipped') count(one.detail ?? 'skipped by the runner')
  else {
    failed++
    console.log(`FAIL ${one.set}#${one.index} ${one.qname} ${one.qtype}: ${one.detail}`)
  }
}
for (const [why, number] of excepted) console.log(`excepted ${number}: ${why}`)
if (cases.length === 0) {
  console.log(run.stdout, run.stderr)
  failed++
}
console.log(`${passed} passed, ${failed} failed`)
process.exit(failed > 0 ? 1 : 0)
