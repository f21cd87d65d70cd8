// `npm run bench [-- section… --save --rounds N --seconds N --rest N]`: measures, prints tables, says which bounds hold.
// A benchmark, not a test: a missed bound is printed, and does not fail it; a server that answers wrongly does.
import { readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { runningNs, source } from './child.ts'
import { buildLoad } from './load.ts'
import { Quiet, commitText, machineText } from './machine.ts'
import { makeQueries, queryText, QUERY_FILE } from './queries.ts'
import { sectionText } from './report.ts'
import type { Section } from './section.ts'
import { changes } from './sections/changes.ts'
import { edits } from './sections/edits.ts'
import { engine } from './sections/engine.ts'
import { explain } from './sections/explain.ts'
import { kubeadm } from './sections/kubeadm.ts'
import { latency } from './sections/latency.ts'
import { memory } from './sections/memory.ts'
import { method } from './sections/method.ts'
import { speed } from './sections/speed.ts'
import { start } from './sections/start.ts'
import { tcp } from './sections/tcp.ts'
import { Workspace, hasServer } from './targets.ts'

const SECTIONS: readonly Section[] = [
  method,
  engine,
  speed,
  kubeadm,
  explain,
  tcp,
  latency,
  changes,
  memory,
  start,
  edits
]
/** Above this share of one core, other programs are named as a doubt. */
const OTHERS_MAX = 0.1

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    save: { type: 'boolean', default: false },
    rounds: { type: 'string', default: '7' },
    seconds: { type: 'string', default: '2' },
    rest: { type: 'string', default: '60' }
  }
})

const chosen = positionals.map(name => SECTIONS.find(section => section.name === name) ?? name)
const unknown = chosen.find(section => typeof section === 'string')
if (unknown !== undefined) {
  console.error(`no section '${unknown}'; there are: ${SECTIONS.map(({ name }) => name).join(' ')}`)
  process.exit(2)
}
if (readFileSync(QUERY_FILE, 'utf8') !== queryText(makeQueries())) {
  console.error('bench/queries.txt is not what bench/queries.ts makes: run `node build/bench/queries.js`')
  process.exit(2)
}

const head = `${machineText()}; commit ${commitText()}`
console.log(`${head}\n`)
const sections = chosen.length === 0 ? SECTIONS : (chosen as Section[])
const noLoad = sections.some(({ needs }) => needs.load) ? await buildLoad() : undefined
if (noLoad !== undefined) console.log(`${noLoad}\n`)
const workspace = new Workspace()
try {
  for (const section of sections) await measure(section)
} finally {
  workspace.remove()
}
if (options.save) saveReport()

async function measure(section: Section): Promise<void> {
  const lacks =
    section.needs.load && noLoad !== undefined
      ? 'no load generator'
      : section.needs.server && !hasServer()
        ? 'this build has no server'
        : undefined
  if (lacks !== undefined) {
    console.log(`left out: ${section.name} (${lacks})\n`)
    return
  }
  const quiet = new Quiet(runningNs)
  const result = await section.run({
    workspace,
    rounds: Number(options.rounds),
    seconds: Number(options.seconds),
    restSeconds: Number(options.rest)
  })
  const others = quiet.othersShare()
  const doubt =
    others > OTHERS_MAX ? [`Other programs used ${(others * 100).toFixed(0)}% of a core meanwhile.`] : []
  const text = sectionText({ ...result, notes: [...result.notes, ...doubt] })
  console.log(text)
  if (!options.save) return
  const record = { section: section.name, on: head, others, text, ...result }
  writeFileSync(source(`bench/results/${section.name}.json`), `${JSON.stringify(record, null, 1)}\n`)
}

/** Puts the last result of every section on one page. */
function saveReport(): void {
  const folder = source('bench/results')
  const records = SECTIONS.flatMap(({ name }) => {
    if (!readdirSync(folder).includes(`${name}.json`)) return []
    return [JSON.parse(readFileSync(`${folder}/${name}.json`, 'utf8')) as { on: string; text: string }]
  })
  const text = records
    .map(({ on, text: section }) => section.replace('\n', `\n\nMeasured on: ${on}.\n`))
    .join('\n')
  writeFileSync(`${folder}/latest.md`, `# The last results of the benchmark\n\n${text}`)
}
