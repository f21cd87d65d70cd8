// Runs an experiment: every name in every setting, over whatever answers.
import type { LookupResult, ResolverModel } from '../resolver/model.ts'
import type { Eventual, ResolverNetwork } from '../resolver/network.ts'
import { resolverModel } from '../resolver/registry.ts'
import { holds, readAssertion, type Assertion } from './assertions.ts'
import { seededChance } from './network.ts'
import type {
  AssertionResult,
  ExperimentResult,
  LeastNdots,
  NameWalks,
  SettingResult,
  Walk,
  WalkQuery
} from './result.ts'
import { settingText, settingsOf, type ExperimentSpec, type Setting } from './spec.ts'
import { Tally, reachedBeyond } from './tally.ts'

/** What answers in one setting. `seed` makes its chance the same each time. */
export type NetworkFor = (setting: Setting, seed: number) => ResolverNetwork

/** A real program beside the models. */
export interface MeasuredProgram {
  /** As its rows call it. */
  readonly resolver: string
  /** The model whose rows it stands beside. */
  readonly model: string
  /** Looks a name up in a setting; `seed` as for `NetworkFor`. */
  readonly lookup: (name: string, setting: Setting, resolvConf: string, seed: number) => Promise<LookupResult>
}

/** What is measured besides what is modelled. */
export interface Measured {
  readonly programs: readonly MeasuredProgram[]
  /** Names of the experiment that the programs look up; all of them, or fewer. */
  readonly names: readonly string[]
  /** Lookups at once. */
  readonly atOnce: number
}

export interface RunOptions {
  readonly spec: ExperimentSpec
  readonly network: NetworkFor
  /** Lookups at once: 1 where answers come at once, more where a server is asked. */
  readonly atOnce: number
  readonly madeBy: string
  readonly state: string
  readonly notes: readonly string[]
  /** Told of every setting that is done. */
  readonly progress: (done: number, of: number) => void
  /** Lets others have a turn. */
  readonly pause: () => Promise<void>
  readonly measured?: Measured
}

/** Names whose walks are kept for pictures. */
const WALKS_MAX = 50
/** Settings named in a failed assertion. */
const FAILURES_MAX = 5
/** Lookups between two pauses. */
const TURN = 200

/** Runs it. Never rejects on account of what is answered. */
export async function runExperiment(options: RunOptions): Promise<ExperimentResult> {
  const { spec, progress, measured } = options
  const rows = rowsOf(spec, measured)
  const settings = rows.map(({ setting }) => setting)
  const walks = new WalkBook()
  const tallies: Tally[] = []
  for (const [number, { setting, program }] of rows.entries()) {
    const tally =
      program === undefined || measured === undefined
        ? await runSetting(setting, number, options, walks)
        : await measureSetting(setting, number, program, measured, spec, walks)
    tallies.push(tally)
    progress(number + 1, settings.length)
  }
  const broken = settings.map((setting, at) => brokenNames(setting, tallies[at] as Tally, settings, tallies))
  const results = rows.map(({ setting, program }, at) =>
    (tallies[at] as Tally).result(
      setting,
      program === undefined ? 'modelled' : 'measured',
      broken[at] as readonly string[]
    )
  )
  const { search, ...rest } = spec
  return {
    title: spec.title,
    madeBy: options.madeBy,
    state: options.state,
    spec: { ...rest, search: Object.fromEntries(search) },
    settings: results,
    least: leastNdots(results),
    walks: walks.all(),
    nowhere: foundNowhere(tallies),
    assertions: spec.assertions.map(text => judged(text, results, spec)),
    notes: options.notes
  }
}

/** One row of the result: a setting, and the real program that is run in it, if any. */
interface Row {
  readonly setting: Setting
  readonly program?: MeasuredProgram
}

/** All rows; those of a program follow those of its model. */
function rowsOf(spec: ExperimentSpec, measured: Measured | undefined): readonly Row[] {
  const rows: Row[] = []
  const modelled = settingsOf(spec)
  for (const resolver of spec.resolvers) {
    const own = modelled.filter(setting => setting.resolver === resolver)
    rows.push(...own.map(setting => ({ setting })))
    for (const program of measured?.programs ?? []) {
      if (program.model !== resolver) continue
      rows.push(...own.map(setting => ({ setting: { ...setting, resolver: program.resolver }, program })))
    }
  }
  return rows
}

async function measureSetting(
  setting: Setting,
  number: number,
  program: MeasuredProgram,
  { names, atOnce }: Measured,
  spec: ExperimentSpec,
  walks: WalkBook
): Promise<Tally> {
  const resolvConf = resolvConfOf(setting, spec)
  const results: LookupResult[] = []
  let next = 0
  const work = async () => {
    while (next < names.length) {
      const at = next++
      results[at] = await program.lookup(names[at] as string, setting, resolvConf, number + 1 + at)
    }
  }
  await Promise.all(Array.from({ length: atOnce }, work))
  const tally = new Tally()
  for (const [at, name] of names.entries()) {
    const result = results[at] as LookupResult
    if (at < WALKS_MAX) walks.add(name, number, result)
    tally.add(name, result)
  }
  return tally
}

async function runSetting(
  setting: Setting,
  number: number,
  { spec, network, atOnce, pause }: RunOptions,
  walks: WalkBook
): Promise<Tally> {
  const model = resolverModel(setting.resolver) as ResolverModel
  const config = model.parse(resolvConfOf(setting, spec))
  const chance = seededChance(number + 1)
  const net = network(setting, number + 1)
  const tally = new Tally()
  const results: Eventual<LookupResult>[] = []
  const settle = async () => {
    for (const eventual of results) {
      const result = eventual instanceof Promise ? await eventual : eventual
      const name = spec.names[tally.lookups] as string
      if (tally.lookups < WALKS_MAX) walks.add(name, number, result)
      tally.add(name, result)
    }
    results.length = 0
  }
  for (const name of spec.names) {
    // A program of its own for each: nothing is remembered from one lookup to the next.
    const process = model.start(config, chance)
    results.push(process.lookup({ name, family: spec.family }, net))
    if (results.length >= Math.max(atOnce, atOnce === 1 ? TURN : 1)) {
      await settle()
      if (atOnce === 1) await pause()
    }
  }
  await settle()
  return tally
}

/** The resolv.conf of a setting. */
export function resolvConfOf({ ndots, search }: Setting, spec: ExperimentSpec): string {
  const list = spec.search.get(search) ?? []
  const searchLine = list.length === 0 ? '' : `search ${list.join(' ')}\n`
  return `${searchLine}nameserver 10.96.0.10\noptions ndots:${ndots}\n`
}

/** Settings that differ in ndots alone. */
const siblings = (a: Setting, b: Setting): boolean =>
  a.resolver === b.resolver && a.search === b.search && a.autopath === b.autopath && a.upstream === b.upstream

function brokenNames(
  setting: Setting,
  { missing }: Tally,
  settings: readonly Setting[],
  tallies: readonly Tally[]
): readonly string[] {
  const others = settings.flatMap((other, at) =>
    other !== setting && siblings(setting, other) ? [new Set((tallies[at] as Tally).missing)] : []
  )
  return missing.filter(name => others.some(set => !set.has(name)))
}

function leastNdots(results: readonly SettingResult[]): readonly LeastNdots[] {
  const groups: SettingResult[][] = []
  for (const result of results) {
    const group = groups.find(([first]) => first !== undefined && siblings(first.setting, result.setting))
    if (group === undefined) groups.push([result])
    else group.push(result)
  }
  return groups.map(group => {
    const { resolver, search, autopath, upstream } = (group[0] as SettingResult).setting
    const best = group
      .filter(({ broken }) => broken.length === 0)
      .sort((a, b) => a.setting.ndots - b.setting.ndots)[0]
    return {
      ...{ resolver, search, autopath, upstream },
      ndots: best?.setting.ndots,
      queriesPerLookup: best?.figures.queries_per_lookup
    }
  })
}

/** A name that a program wasn't given says nothing. */
function foundNowhere(tallies: readonly Tally[]): readonly string[] {
  const [first, ...rest] = tallies
  return (first?.missing ?? []).filter(name => rest.every(({ foundNames }) => !foundNames.has(name)))
}

function judged(text: string, results: readonly SettingResult[], spec: ExperimentSpec): AssertionResult {
  const assertion = readAssertion(text) as Assertion
  const failing = results.filter(({ figures }) => !holds(assertion, figures[assertion.figure]))
  const failures = failing
    .slice(0, FAILURES_MAX)
    .map(
      ({ setting, figures }) =>
        `${settingText(setting, spec)}: ${assertion.figure} is ${Number(figures[assertion.figure].toFixed(3))}`
    )
  if (failing.length > FAILURES_MAX) failures.push(`and ${failing.length - FAILURES_MAX} more`)
  return { text: assertion.text, holds: failing.length === 0, failures }
}

/** Walks by name; equal ones once, with their settings. */
class WalkBook {
  readonly #names = new Map<string, Map<string, Walk & { settings: number[] }>>()

  add(name: string, setting: number, { ok, error, elapsedMs, queries }: LookupResult): void {
    let walks = this.#names.get(name)
    if (walks === undefined) this.#names.set(name, (walks = new Map<string, Walk & { settings: number[] }>()))
    const shown: WalkQuery[] = queries.map(query => ({
      ...{ name: query.name ?? '(unreadable)', type: query.type ?? '?', reply: query.reply },
      ...{ upstream: reachedBeyond(query.answer?.detail), atMs: query.tMs }
    }))
    const key = JSON.stringify([error, shown.map(query => ({ ...query, atMs: 0 }))])
    const known = walks.get(key)
    if (known === undefined) walks.set(key, { settings: [setting], ok, error, elapsedMs, queries: shown })
    else known.settings.push(setting)
  }

  all(): readonly NameWalks[] {
    return [...this.#names].map(([name, walks]) => ({ name, walks: [...walks.values()] }))
  }
}
