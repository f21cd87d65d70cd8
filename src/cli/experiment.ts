// `labdns experiment`: names × ndots × search lists × resolvers × autopath × upstreams, and what each combination costs.
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { ExperimentMistake } from '../experiment/mistake.ts'
import { readNamesFile } from '../experiment/names-file.ts'
import { readSpec, type SpecParts } from '../experiment/read-spec.ts'
import type { ExperimentResult } from '../experiment/result.ts'
import { runExperiment, type Measured, type RunOptions } from '../experiment/run.ts'
import { LOOKUPS_MAX, settingsOf, type ExperimentSpec } from '../experiment/spec.ts'
import { printable } from '../runtime/printable.ts'
import type { Runtime } from '../runtime/runtime.ts'
import type { ExperimentArguments, ServeArguments } from './arguments.ts'
import { serverNetwork } from './explain/server-of.ts'
import { StateNetworks } from './experiment/state-networks.ts'
import { wantedRecipes } from './experiment/real/choose.ts'
import { RealPrograms } from './experiment/real/measured.ts'
import { planReal } from './experiment/real/plan.ts'
import { optionParts } from './experiment/wanted.ts'
import { OnceSources, printingRuntime } from './loaded-state.ts'
import { mistakeText } from './mistake.ts'
import { NAME_STATE, stateAndCorefile, withCurrentContext } from './named-state.ts'
import { printAll } from './output.ts'
import { buildInfo } from './version.ts'

/** What is varied where nobody says. */
const NDOTS = [1, 2, 3, 4, 5]
const RESOLVERS = ['glibc-2.36', 'musl-1.2.5']
const UPSTREAM = { delayMs: 20, loss: 0 }
const NETWORK_MS = 1
/** Lookups at once where a server is asked. */
const AT_ONCE = 16
const PROGRESS_MS = 200

/** Runs it, prints the table, writes the files; settles with 1 when an assertion doesn't hold or nothing could be run. */
export async function experiment(args: ServeArguments, words: ExperimentArguments): Promise<number> {
  const { runtime, flush } = printingRuntime()
  try {
    const result = await resultOf(args, words, runtime)
    await flush()
    const table = await writeOutputs(result, words)
    await printAll([table])
    for (const { text, failures } of result.assertions.filter(({ holds }) => !holds)) {
      process.stderr.write(`${text} does not hold:\n${failures.map(each => `  ${each}\n`).join('')}`)
    }
    return result.assertions.every(({ holds }) => holds) ? 0 : 1
  } catch (error) {
    await flush()
    process.stderr.write(`${mistakeText(error, runtime)}\n`)
    return 1
  }
}

async function resultOf(
  given: ServeArguments,
  words: ExperimentArguments,
  runtime: Runtime
): Promise<ExperimentResult> {
  const parts = { ...fromFile(words.file), ...optionParts(words) }
  const progress = progressOf(runtime)
  const common = {
    progress,
    madeBy: `labdns ${buildInfo().version}`,
    pause: () => new Promise<void>(setImmediate)
  }
  const wanted = words.real.length === 0 ? undefined : wantedRecipes(words.real)
  if (parts.server !== undefined) {
    const { server } = parts
    if (wanted !== undefined) throw new ExperimentMistake(REAL_WITH_SERVER)
    const spec = specOf(parts, words, 'cluster.local')
    const network = serverNetwork(server, runtime)
    const notes = ['autopath, upstream and exists are as the server has them']
    return runExperiment({
      ...common,
      spec,
      network: () => network,
      atOnce: AT_ONCE,
      state: `server ${server}`,
      notes
    })
  }
  const { args } = withCurrentContext(given, runtime)
  const autopaths = parts.autopath ?? [false]
  const sources = new OnceSources(args, runtime)
  const networks = await StateNetworks.start(args, autopaths, sources, runtime)
  if (networks === undefined) throw new ExperimentMistake(NO_STATE)
  let real: RealPrograms | undefined
  try {
    real = wanted === undefined ? undefined : await RealPrograms.open(wanted, complain)
    const spec = specOf(withModelsOf(real, parts), words, networks.zone)
    networks.exists = spec.exists ?? []
    const beyond = spec.exists ?? (await outside(spec, networks))
    networks.exists = beyond
    const notes = [
      'the cache is left out: every query that would be forwarded counts',
      spec.exists === undefined
        ? `taken to exist beyond the cluster, since nothing in it answers to them: ${listed(beyond)}`
        : `exist beyond the cluster: ${listed(beyond)}`
    ]
    const network: RunOptions['network'] = (setting, seed) => networks.for(setting, spec.networkMs, seed)
    const measured = real === undefined ? undefined : measuring(real, spec, networks, notes)
    return await runExperiment({
      ...common,
      spec,
      network,
      atOnce: 1,
      state: stateAndCorefile(args, networks.origin, runtime),
      notes,
      ...(measured === undefined ? {} : { measured })
    })
  } finally {
    await real?.close()
    await networks.stop()
  }
}

const REAL_WITH_SERVER =
  '--real: programs are run against the state in a private namespace, from which no server can be reached; leave --server out'

const complain = (line: string): void => void process.stderr.write(`${printable(line)}\n`)

/** The models of the programs are always there, so that a row that is measured has the modelled one beside it. */
function withModelsOf(real: RealPrograms | undefined, parts: SpecParts): SpecParts {
  if (real === undefined) return parts
  const models = real.programs.map(({ model }) => model)
  return { ...parts, resolvers: [...(parts.resolvers ?? []), ...models] }
}

/** What real programs do of the experiment; `notes` is told of what they don't. */
function measuring(
  real: RealPrograms,
  spec: ExperimentSpec,
  networks: StateNetworks,
  notes: string[]
): Measured {
  const { programs, atOnce } = real
  const settings = (settingsOf(spec).length / spec.resolvers.length) * programs.length
  const plan = planReal(spec.names, settings)
  real.ask = (autopath, wire, transport) => networks.ask(autopath, wire, transport)
  notes.push(
    `measured here: ${programs.map(({ call, model }) => `${call}, beside ${model}`).join('; ')}`,
    ...plan.notes,
    ...(real.inet6 ? [] : ['measured without IPv6, which this machine lacks: getent asks for no AAAA'])
  )
  return {
    names: plan.names,
    atOnce,
    programs: programs.map(program => ({
      resolver: program.resolver,
      model: program.model,
      lookup: (name, setting, resolvConf, seed) => {
        const { family, networkMs } = spec
        return real.lookup(program, setting, { name, family, resolvConf, networkMs, seed })
      }
    }))
  }
}

const NO_STATE = `there is no state to experiment with: ${NAME_STATE}, or ask a server with --server ADDRESS`

function fromFile(file: string | undefined): SpecParts {
  if (file === undefined) return {}
  const text = readText(file)
  const parts = readSpec(text, file === '-' ? '(standard input)' : file)
  if (parts.namesFile === undefined || file === '-') return parts
  return { ...parts, namesFile: path.resolve(path.dirname(file), parts.namesFile) }
}

function specOf(parts: SpecParts, words: ExperimentArguments, zone: string): ExperimentSpec {
  const search = parts.search ?? new Map([['default', [`default.svc.${zone}`, `svc.${zone}`, zone]]])
  const names = namesOf(parts, words, search)
  const spec: ExperimentSpec = {
    title: parts.title ?? 'What ndots costs',
    names,
    ndots: [...new Set(parts.ndots ?? NDOTS)],
    search,
    resolvers: [...new Set(parts.resolvers ?? RESOLVERS)],
    family: parts.family ?? 'unspec',
    autopath: [...new Set(parts.autopath ?? [false])],
    upstreams: parts.upstreams ?? [UPSTREAM],
    exists: parts.exists,
    networkMs: parts.networkMs ?? NETWORK_MS,
    server: parts.server,
    assertions: parts.assertions ?? []
  }
  const lookups = settingsOf(spec).length * names.length
  if (lookups > LOOKUPS_MAX) {
    throw new ExperimentMistake(
      `${lookups} lookups (${names.length} names in ${settingsOf(spec).length} settings): at most ${LOOKUPS_MAX}; take names or settings out`
    )
  }
  return spec
}

function namesOf(
  parts: SpecParts,
  words: ExperimentArguments,
  search: ReadonlyMap<string, readonly string[]>
): readonly string[] {
  const file = words.namesFile ?? parts.namesFile
  const given = words.namesFile === undefined ? (parts.names ?? []) : words.name
  const read = file === undefined ? [] : readNamesFile(readText(file), file, search.values()).names
  const names = [...new Set([...given, ...read])]
  if (names.length === 0) {
    throw new ExperimentMistake(
      'there are no names to look up: write names: in the file, or give --name NAME or --names FILE'
    )
  }
  return names
}

/** Names with a dot that nothing in the cluster answers to, below any domain of any list: who writes them means the world. */
async function outside(
  { names, search }: ExperimentSpec,
  networks: StateNetworks
): Promise<readonly string[]> {
  const domains = [...new Set([...search.values()].flat()), '']
  const found: string[] = []
  for (const name of names) {
    const plain = name.replace(/\.$/, '')
    if (!plain.includes('.') || plain.endsWith(`.${networks.zone}`)) continue
    let isInside = false
    for (const domain of domains) {
      isInside ||= await networks.has(`${plain}${domain === '' ? '' : `.${domain.replace(/\.$/, '')}`}.`)
    }
    if (!isInside) found.push(plain)
  }
  return found
}

const LISTED_MAX = 20
function listed(names: readonly string[]): string {
  if (names.length === 0) return 'none'
  const more = names.length > LISTED_MAX ? ` and ${names.length - LISTED_MAX} more` : ''
  return `${names.slice(0, LISTED_MAX).join(', ')}${more}`
}

/** A line on standard error that says how far it is, where a person watches. */
function progressOf({ clock }: Runtime): (done: number, of: number) => void {
  if (!process.stderr.isTTY) return () => undefined
  let last = 0
  return (done, of) => {
    if (done < of && clock.now() - last < PROGRESS_MS) return
    last = clock.now()
    process.stderr.write(done < of ? `\r${done} of ${of} settings` : '\r\u001b[K')
  }
}

/** Writes what is asked for; settles with the text for standard output. */
async function writeOutputs(
  result: ExperimentResult,
  { json, csv, html }: ExperimentArguments
): Promise<string> {
  const written: [string, () => string | Promise<string>][] = []
  if (json !== undefined)
    written.push([json, async () => (await import('../experiment/report/json.ts')).jsonReport(result)])
  if (csv !== undefined) {
    written.push([csv, async () => (await import('../experiment/report/csv.ts')).settingsCsv(result)])
  }
  if (html !== undefined) {
    written.push([html, async () => (await import('../experiment/report/html.ts')).htmlReport(result)])
  }
  let toStandardOutput: string | undefined
  for (const [file, make] of written) {
    const text = await make()
    if (file === '-') toStandardOutput = (toStandardOutput ?? '') + text
    else writeText(file, text)
  }
  if (toStandardOutput !== undefined) return toStandardOutput
  const { tableReport } = await import('../experiment/report/table.ts')
  const { columns, isTTY } = process.stdout
  const plain = process.env['NO_COLOR'] !== undefined
  return tableReport(result, { width: isTTY ? columns : undefined, colour: isTTY && !plain, unicode: isTTY })
}

function readText(file: string): string {
  try {
    return readFileSync(file === '-' ? 0 : file, 'utf8')
  } catch (error) {
    throw new ExperimentMistake(
      `${file}: cannot be read: ${error instanceof Error ? error.message : String(error)}`
    )
  }
}

function writeText(file: string, text: string): void {
  try {
    writeFileSync(file, text)
  } catch (error) {
    throw new ExperimentMistake(
      `${file}: cannot be written: ${error instanceof Error ? error.message : String(error)}`
    )
  }
}
