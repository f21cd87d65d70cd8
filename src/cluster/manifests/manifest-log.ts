// Tells people about manifests: what is wrong, what changed and what is missing, each once, and never without a bound.
import type { Log } from '../../runtime/log.ts'
import type { ObjectName, SimulatedNote, SimulatedProblem } from '../apps/simulated.ts'
import type { AppsSettled } from './apps-state.ts'
import type { Catalog } from './catalog.ts'
import type { Change, Changed } from './change.ts'
import type { Input } from './inputs.ts'
import { compareFiles, type Entry, type ManifestFile } from './manifest-file.ts'
import type { FileContents } from './read-file.ts'
import { keyOf } from '../object-key.ts'
import {
  addresslessLine,
  changeLine,
  duplicateLine,
  mendedLine,
  namespacesLine,
  noteLine,
  problemLine,
  someOf,
  troubleLine
} from './report.ts'

/** Troubles that are told of one file at a time. */
const TROUBLES_MAX = 20
/** Files whose changes get a line of their own at a time. */
const CHANGED_FILES_MAX = 5
/** Notes of the control plane that are told at a time. */
const NOTES_MAX = 10
/** Changes that are remembered to be told together. */
const UNTOLD_MAX = 20_000

export class ManifestLog {
  readonly #log: Log
  /** Namespaces that were reported as not declared, and still aren't. */
  #undeclared: ReadonlySet<string> = new Set()
  /** Keys that are declared twice for now: one of the files may be half written. */
  #doubts: string[] = []
  /** What changed among applications and was not told yet. */
  #changes: Changed[] = []
  #notes: SimulatedNote[] = []
  /** What the control plane found wrong and was told, by subject and text. */
  #problems: ReadonlyMap<string, SimulatedProblem> = new Map()

  constructor(log: Log) {
    this.#log = log
  }

  emptyInput(input: Input): void {
    const what = input.kind === 'glob' ? 'matches no file' : 'holds no *.yaml, *.yml or *.json file'
    this.#log.warn(`${input.option}: ${input.given}: ${what} yet`)
  }

  /** Odd but harmless sides of files, once a file. */
  notes(read: readonly { readonly file: ManifestFile; readonly contents: FileContents }[]): void {
    const notes = new Map<string, string[]>()
    for (const { file, contents } of [...read].sort((a, b) => compareFiles(a.file, b.file))) {
      if (file.noted) continue
      for (const note of contents.notes) notes.set(note, [...(notes.get(note) ?? []), file.shown])
      file.noted = contents.notes.length > 0
    }
    for (const [note, files] of notes) this.#log.info(`${someOf(files)}: ${note}`)
  }

  /** What is wrong in the parts of a file that were not told of before. */
  troubles(file: ManifestFile): void {
    if (file.unsettledSince !== undefined) return
    let said = 0
    let errors = 0
    for (const part of file.parts) {
      for (const trouble of part.troubles) {
        if (trouble.level === 'error') errors++
        if (part.told || said++ >= TROUBLES_MAX) continue
        const line = troubleLine(file, part, trouble)
        if (trouble.level === 'error') this.#log.error(line)
        else this.#log.warn(line)
      }
      part.told = true
    }
    if (said > TROUBLES_MAX) this.#log.error(`${file.shown}: ${said - TROUBLES_MAX} more troubles`)
    if (file.broken && errors === 0) this.#log.info(`${file.shown}: everything in it can be read again`)
    file.broken = errors > 0
  }

  /** Objects among these that are declared more than once. */
  duplicates(keys: readonly string[], catalog: Catalog): void {
    let said = 0
    const doubts = this.#doubts
    this.#doubts = []
    for (const key of new Set([...keys, ...doubts])) {
      const [first, ...others] = catalog.declarations(key)
      if (first === undefined || first.held === undefined) continue
      for (const entry of others) {
        if (entry.reported || entry.kept || first.kept) continue
        // Between a move's two events an object stands in both files: that is no mistake yet.
        if (first.file.unsettledSince !== undefined || entry.file.unsettledSince !== undefined) {
          this.#doubts.push(key)
          continue
        }
        entry.reported = true
        if (said++ < TROUBLES_MAX) this.#log.error(duplicateLine(entry, first))
      }
    }
    if (said > TROUBLES_MAX) {
      this.#log.error(`manifests: ${said - TROUBLES_MAX} more objects are declared a second time`)
    }
  }

  /** One line a file that changed something. */
  changes(changes: readonly Changed[]): void {
    const files = new Map<string, Changed[]>()
    for (const change of changes) {
      if (change.file === undefined) continue
      const same = files.get(change.file.shown)
      if (same === undefined) files.set(change.file.shown, [change])
      else same.push(change)
    }
    const lines = [...files]
    for (const [shown, each] of lines.slice(0, CHANGED_FILES_MAX)) this.#log.info(changeLine(shown, each))
    const rest = lines.slice(CHANGED_FILES_MAX)
    const others = rest.flatMap(([, each]) => each)
    if (rest.length > 0) this.#log.info(changeLine(`${rest.length} more files`, others))
  }

  /** Remembers what changed among applications until `appChanges`: of many files that are saved at once, one by one. */
  noteAppChanges(changes: readonly Changed[], { written, notes }: AppsSettled): void {
    if (this.#changes.length + this.#notes.length > UNTOLD_MAX) return
    this.#changes.push(...changes, ...written)
    this.#notes.push(...notes)
  }

  /** What changed among applications: what the control plane has to say of it, and a line a file for the rest. */
  appChanges(catalog: Catalog): void {
    const [changes, notes] = [this.#changes, this.#notes]
    if (changes.length === 0 && notes.length === 0) return
    this.#changes = []
    this.#notes = []
    const files = new Map(changes.map(({ object, file }) => [keyOf(object), file]))
    for (const note of notes.slice(0, NOTES_MAX)) {
      const { subject } = note
      this.#log.info(noteLine(note, declared(catalog, subject), files.get(keyOf(subject))))
    }
    if (notes.length > NOTES_MAX) this.#log.info(`apps: ${notes.length - NOTES_MAX} more objects changed`)
    const noted = new Set(notes.map(note => keyOf(note.subject)))
    this.changes(changes.filter(change => !noted.has(keyOf(change.object))))
  }

  /** What the control plane finds wrong: each once, and again when it is mended. */
  problems(problems: readonly SimulatedProblem[], catalog: Catalog): void {
    if (problems.length === 0 && this.#problems.size === 0) return
    const before = this.#problems
    const now = new Map<string, SimulatedProblem>(
      problems.map(problem => [`${keyOf(problem.subject)} ${problem.text}`, problem] as const)
    )
    this.#problems = now
    let said = 0
    for (const [key, problem] of now) {
      if (before.has(key) || said++ >= TROUBLES_MAX) continue
      const line = problemLine(problem, declared(catalog, problem.subject))
      if (problem.level === 'error') this.#log.error(line)
      else this.#log.warn(line)
    }
    if (said > TROUBLES_MAX) this.#log.error(`apps: ${said - TROUBLES_MAX} more troubles`)
    const wrong = new Set([...now.values()].map(({ subject }) => keyOf(subject)))
    for (const [key, problem] of before) {
      const entry = declared(catalog, problem.subject)
      // Whatever is gone needs no word, nor what is wrong in another way now.
      if (now.has(key) || entry === undefined || wrong.has(keyOf(problem.subject))) continue
      if (said++ < TROUBLES_MAX) this.#log.info(mendedLine(problem, entry))
    }
  }

  /** What answers will miss: namespaces that are not declared, addresses of new Services. */
  missing(changes: readonly Change[], catalog: Catalog): void {
    const undeclared = catalog.undeclaredNamespaces()
    const fresh = undeclared.filter(name => !this.#undeclared.has(name))
    this.#undeclared = new Set(undeclared)
    if (fresh.length > 0) this.#log.warn(namespacesLine(fresh, firstIn(catalog, fresh[0] ?? '')))
    this.addressless(changes)
  }

  addressless(changes: readonly Change[]): void {
    const addressless = addresslessLine(changes)
    if (addressless !== undefined) this.#log.warn(addressless)
  }
}

function declared(catalog: Catalog, subject: ObjectName): Entry | undefined {
  return catalog.declarations(keyOf(subject))[0]
}

function firstIn(catalog: Catalog, namespace: string): Entry | undefined {
  for (const [entry] of catalog.entries()) {
    if (entry?.held !== undefined && entry.found.namespace === namespace) return entry
  }
  return undefined
}
