// Tells people about manifests: what is wrong, what changed and what is missing, each once, and never without a bound.
import type { Log } from '../../runtime/log.ts'
import type { Catalog, Change } from './catalog.ts'
import type { Input } from './inputs.ts'
import { compareFiles, type Entry, type ManifestFile } from './manifest-file.ts'
import type { FileContents } from './read-file.ts'
import { addresslessLine, changeLine, duplicateLine, namespacesLine, someOf, troubleLine } from './report.ts'

/** Troubles that are told of one file at a time. */
const TROUBLES_MAX = 20
/** Files whose changes get a line of their own at a time. */
const CHANGED_FILES_MAX = 5

export class ManifestLog {
  readonly #log: Log
  /** Namespaces that were reported as not declared, and still aren't. */
  #undeclared: ReadonlySet<string> = new Set()
  /** Keys that are declared twice for now: one of the files may be half written. */
  #doubts: string[] = []

  constructor(log: Log) {
    this.#log = log
  }

  emptyInput(input: Input): void {
    const what = input.kind === 'glob' ? 'matches no file' : 'holds no *.yaml, *.yml or *.json file'
    this.#log.warn(`manifests: ${input.given}: ${what} yet`)
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
  changes(changes: readonly Change[]): void {
    const files = new Map<string, Change[]>()
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

  /** What answers will miss: namespaces that are not declared, addresses of new Services. */
  missing(changes: readonly Change[], catalog: Catalog): void {
    const undeclared = catalog.undeclaredNamespaces()
    const fresh = undeclared.filter(name => !this.#undeclared.has(name))
    this.#undeclared = new Set(undeclared)
    if (fresh.length > 0) this.#log.warn(namespacesLine(fresh, firstIn(catalog, fresh[0] ?? '')))
    const addressless = addresslessLine(changes)
    if (addressless !== undefined) this.#log.warn(addressless)
  }
}

function firstIn(catalog: Catalog, namespace: string): Entry | undefined {
  for (const [entry] of catalog.entries()) {
    if (entry?.held !== undefined && entry.found.namespace === namespace) return entry
  }
  return undefined
}
