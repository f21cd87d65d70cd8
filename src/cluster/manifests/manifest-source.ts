// Cluster state from manifest files: objects exactly as they are written, kept equal to the files while those change.
//
// A change goes: an event names a path → `#changed` decides what to read again → `#pass` reads it, part by part, and lets
// `Catalog` say what follows → the sinks are told in one go → one log line. What a half-written file seems to have lost is
// removed only when a second look, some milliseconds later, finds the same text.
import { basename, dirname, resolve } from 'node:path'
import type { Timer } from '../../runtime/clock.ts'
import type { Log } from '../../runtime/log.ts'
import type { Runtime } from '../../runtime/runtime.ts'
import type { SimulationOptions } from '../apps/simulated.ts'
import type { ClusterObject } from '../objects.ts'
import type { ClusterSink, ClusterSource } from '../source.ts'
import { Catalog, type Change } from './catalog.ts'
import {
  expand,
  isManifestName,
  mayBelong,
  readInput,
  reasonOf,
  type Expansion,
  type Input
} from './inputs.ts'
import { lineOf, newFile, type ManifestFile } from './manifest-file.ts'
import { ManifestLog } from './manifest-log.ts'
import { Pace } from './pace.ts'
import { hashOf, NOTHING, readFile, type FileContents } from './read-file.ts'
import { keyOf } from './reading.ts'
import { startLine } from './report.ts'
import type { StartWatching, Watcher } from './watcher.ts'

export interface ManifestOptions {
  /** Files, folders, globs, and `-` for standard input, as they were given. */
  readonly paths: readonly string[]
  /** The same for manifests of applications: what a control plane adds to them is simulated. */
  readonly apps?: readonly string[]
  /** How; only with `apps`. */
  readonly simulation?: SimulationOptions
  readonly runtime: Pick<Runtime, 'clock' | 'files' | 'log'>
  /** What `-` stands for. */
  readonly standardInput?: Uint8Array
  /** How changes are noticed; without it the files are read once. */
  readonly watch?: StartWatching
}

/** Between an event and reading: the writer's other events, and mostly the rest of its writing, come in this time. */
const GATHER_MS = 5
/** Until a file that seems to have lost something is read a second time. */
const SETTLE_MS = 30
/** A file that never stops changing is taken as it is after this time. */
const SETTLE_MAX_MS = 500
/** Changes that are told in one go; more than these are told with pauses. */
const TOLD_AT_ONCE = 1000
/** Objects that are compared between two looks at the time. */
const SETTLED_AT_ONCE = 200

const STDIN = '<stdin>'

export class ManifestSource implements ClusterSource {
  readonly #options: ManifestOptions
  readonly #log: Log
  readonly #said: ManifestLog
  readonly #inputs: Input[] = []
  readonly #catalog = new Catalog()
  readonly #sinks = new Set<ClusterSink>()
  readonly #files = new Map<string, ManifestFile>()
  #folders: ReadonlySet<string> = new Set()
  /** Paths to read, and whether to look for files that came or went. */
  readonly #dirty = new Map<string, string>()
  #rescan = false
  #passing: Promise<void> | undefined
  #timer: Timer | undefined
  #watcher: Watcher | undefined
  #synced = false
  #closed = false
  #failures: readonly string[] = []

  constructor(options: ManifestOptions) {
    this.#options = options
    this.#log = options.runtime.log.own()
    this.#said = new ManifestLog(this.#log)
  }

  subscribe(sink: ClusterSink): () => void {
    for (const object of this.#catalog.objects()) sink.put(object)
    if (this.#synced) sink.synced()
    this.#sinks.add(sink)
    return () => void this.#sinks.delete(sink)
  }

  /** The objects in service, mirrored slices included. */
  objects(): Iterable<ClusterObject> {
    return this.#catalog.objects()
  }

  /**
   * Where an object is declared, lines from 1; also for kinds that no answer needs. The namespace of cluster-wide kinds
   * is empty. A kind of another API group that shares its name with one of ours is `Service.serving.knative.dev`.
   */
  origin(
    kind: string,
    namespace: string,
    name: string
  ): { readonly file: string; readonly line: number } | undefined {
    const entry = this.#catalog.declarations(keyOf({ kind, namespace, name }))[0]
    return entry === undefined ? undefined : { file: entry.file.shown, line: lineOf(entry.part, entry.found) }
  }

  /** Reads everything. Rejects when a path or folder can't be read; what is wrong inside of files is only logged. */
  async start(): Promise<void> {
    const { files } = this.#options.runtime
    for (const given of this.#options.paths) this.#inputs.push(readInput(given, files))
    const { failures, unknown } = this.#scan()
    if (failures.length > 0) throw new Error(`manifests: cannot read ${failures.join('; ')}`)
    for (const [path, shown] of unknown) this.#dirty.set(path, shown)
    for (const input of this.#inputs) {
      if (input.kind !== 'stdin' && expand(input, files).files.size === 0) this.#said.emptyInput(input)
    }
    this.#startWatching()
    await this.#pass()
    if (this.#closed) return
    const read = [...this.#files.values()].filter(file => file.hash !== '').length
    this.#log.info(startLine(read, this.#catalog.entries()))
    this.#synced = true
    for (const sink of this.#sinks) sink.synced()
    // What changed between reading and the first event that would have told.
    void this.#watcher?.ready().then(() => this.#readAllAgain())
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#timer?.cancel()
    await this.#watcher?.close()
    await this.#passing
  }

  #startWatching(): void {
    this.#watcher = this.#options.watch?.({
      changed: path => this.#changed(path),
      degraded: reason => {
        this.#log.warn(`manifests: changes are noticed late, within seconds: ${reason}`)
      }
    })
    this.#watcher?.keep(this.#files.keys(), this.#folders)
  }

  /** Decides what an event means. Cheap: a folder of logs next to a manifest may send thousands. */
  #changed(path: string): void {
    if (this.#closed) return
    const file = this.#files.get(path)
    const name = basename(path)
    if (file !== undefined) this.#dirty.set(path, file.shown)
    else if (name.startsWith('..')) {
      // A ConfigMap volume: `..data` points to another folder now, and with it every file here.
      this.#readFolderAgain(dirname(path))
    } else if (this.#folders.has(path)) {
      this.#rescan = true
      this.#readFolderAgain(path)
    } else if (this.#inputs.some(input => mayBelong(input, path)) && this.#isInteresting(path))
      this.#rescan = true
    else return
    this.#schedule(GATHER_MS)
  }

  #isInteresting(path: string): boolean {
    if (isManifestName(basename(path)) || this.#inputs.some(input => input.kind !== 'folder')) return true
    return this.#options.runtime.files.kind(path) === 'directory'
  }

  #readFolderAgain(folder: string): void {
    for (const [path, file] of this.#files) if (dirname(path) === folder) this.#dirty.set(path, file.shown)
  }

  #readAllAgain(): void {
    if (this.#closed) return
    this.#rescan = true
    for (const [path, file] of this.#files) if (path !== STDIN) this.#dirty.set(path, file.shown)
    this.#schedule(0)
  }

  #schedule(delayMs: number): void {
    if (!this.#synced || this.#timer !== undefined || this.#closed) return
    this.#timer = this.#options.runtime.clock.after(delayMs, () => {
      this.#timer = undefined
      // A pass that is under way takes what came up meanwhile.
      this.#passing ??= this.#pass().finally(() => {
        this.#passing = undefined
      })
    })
  }

  /** Reads what is to be read, until nothing is. Never rejects. */
  async #pass(): Promise<void> {
    const pace = new Pace(this.#options.runtime.clock)
    while (!this.#closed && (this.#dirty.size > 0 || this.#rescan)) {
      if (this.#rescan) this.#rescanInputs()
      const batch = [...this.#dirty]
      this.#dirty.clear()
      try {
        await this.#readBatch(batch, pace)
      } catch (error) {
        // A mistake of ours must not end the watching; the state before stays in service.
        this.#log.error(
          `manifests: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`
        )
      }
    }
  }

  async #readBatch(batch: readonly (readonly [string, string])[], pace: Pace): Promise<void> {
    const read: { file: ManifestFile; contents: FileContents; settled: boolean }[] = []
    for (const [path, shown] of batch) {
      const file = this.#files.get(path) ?? newFile(path, shown, this.#orderOf(path))
      const octets = this.#octetsOf(file)
      if (octets === 'unreadable') {
        // Remembered, so that it is said once.
        this.#files.set(path, file)
        continue
      }
      const hash = octets === undefined ? '' : hashOf(octets)
      const known = this.#files.has(path)
      if (!known && octets === undefined) continue
      if (known && hash === file.hash && file.unsettledSince === undefined) continue
      this.#files.set(path, file)
      const same = known && hash === file.hash
      // An event between may ask too early; the timer of this reading will ask again.
      if (same && this.#options.runtime.clock.now() - file.readAt < SETTLE_MS) continue
      let contents: FileContents = { hash, parts: file.parts, notes: [] }
      if (!same) contents = octets === undefined ? NOTHING : await readFile(octets, hash, file, pace)
      read.push({ file, contents, settled: same || this.#isOverdue(file) || !this.#synced })
      if (pace.due) await pace.pause()
    }
    if (this.#closed || read.length === 0) return
    for (const { file, contents, settled } of read) await this.#apply(file, contents, settled, pace)
    const changes = await this.#settleCatalog(pace)
    this.#said.notes(read)
    for (const { file } of read) this.#said.troubles(file)
    await this.#tell(changes, pace)
    if (this.#synced) this.#said.changes(changes)
    this.#said.missing(changes, this.#catalog)
    this.#watcher?.keep(this.#files.keys(), this.#folders)
  }

  #octetsOf(file: ManifestFile): Buffer | undefined | 'unreadable' {
    if (file.path === STDIN) return Buffer.from(this.#options.standardInput ?? [])
    try {
      const octets = this.#options.runtime.files.read(file.path)
      if (file.failure !== '') this.#log.info(`${file.shown}: can be read again`)
      file.failure = ''
      return octets
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : ''
      if (code === 'ENOENT' && this.#failures.length === 0) return undefined
      const reason = reasonOf(error)
      if (file.failure !== reason && code !== 'ENOENT') {
        const rest = file.hash === '' ? 'it is left out' : 'what it gave before stays in service'
        this.#log.warn(`${file.shown}: cannot be read: ${reason}; ${rest}`)
      }
      file.failure = reason
      return 'unreadable'
    }
  }

  #isOverdue(file: ManifestFile): boolean {
    const since = file.unsettledSince
    return since !== undefined && this.#options.runtime.clock.now() - since > SETTLE_MAX_MS
  }

  /** Takes over what a file says. What it doesn't say any more is kept while it may only be unfinished or broken. */
  async #apply(file: ManifestFile, contents: FileContents, settled: boolean, pace: Pace): Promise<void> {
    const stay = new Set(contents.parts)
    const leave = [...file.parts.filter(part => !stay.has(part)).flatMap(part => part.entries), ...file.kept]
    const before = new Set(file.parts)
    for (const part of contents.parts) {
      if (before.has(part)) continue
      for (const entry of part.entries) this.#catalog.declare(entry)
      if (pace.due) await pace.pause()
    }
    const troubles = contents.parts.flatMap(part => part.troubles)
    const unreadable = troubles.some(trouble => trouble.costs === 'document')
    const bad = new Set(troubles.map(trouble => trouble.key))
    file.kept = []
    for (const entry of leave) {
      const replaced = this.#catalog
        .declarations(entry.key)
        .some(each => each.file === file && stay.has(each.part))
      if (!replaced && (!settled || unreadable || bad.has(entry.key))) {
        entry.kept = true
        file.kept.push(entry)
        this.#catalog.touch(entry)
      } else this.#catalog.withdraw(entry)
      if (pace.due) await pace.pause()
    }
    file.parts = [...contents.parts]
    if (file.hash !== contents.hash || !settled) file.readAt = this.#options.runtime.clock.now()
    file.hash = contents.hash
    const waits =
      !settled &&
      (file.kept.length > 0 || contents.parts.some(part => !part.told && part.troubles.length > 0))
    this.#settleLater(file, waits)
    // A file that is gone has no contents, not even empty ones.
    if (settled && contents.hash === '') this.#files.delete(file.path)
  }

  #settleLater(file: ManifestFile, waits: boolean): void {
    if (!waits) {
      file.unsettledSince = undefined
      return
    }
    const { clock } = this.#options.runtime
    file.unsettledSince ??= clock.now()
    clock.after(SETTLE_MS + 1, () => {
      if (this.#closed) return
      this.#dirty.set(file.path, file.shown)
      this.#schedule(0)
    })
  }

  async #settleCatalog(pace: Pace): Promise<Change[]> {
    const keys = this.#catalog.touchedKeys()
    const changes: Change[] = []
    while (this.#catalog.unsettled) {
      for (const change of this.#catalog.settle(SETTLED_AT_ONCE)) changes.push(change)
      if (pace.due) await pace.pause()
    }
    this.#said.duplicates(keys, this.#catalog)
    return changes
  }

  /** One go, so that no query sees half a change; with pauses when it is a whole cluster. */
  async #tell(changes: readonly Change[], pace: Pace): Promise<void> {
    for (const [index, { action, object }] of changes.entries()) {
      if (changes.length > TOLD_AT_ONCE && index % 50 === 49 && pace.due) await pace.pause()
      for (const sink of this.#sinks) {
        if (action !== 'removed') sink.put(object)
        else if (object.kind === 'Namespace') sink.remove(object.kind, '', object.name)
        else sink.remove(object.kind, object.namespace, object.name)
      }
    }
  }

  /** Looks for files that came or went, and says once when a folder can't be looked at. */
  #rescanInputs(): void {
    this.#rescan = false
    const { failures, unknown, missing } = this.#scan()
    for (const [path, shown] of unknown) this.#dirty.set(path, shown)
    for (const file of missing) this.#dirty.set(file.path, file.shown)
    for (const failure of failures) {
      if (!this.#failures.includes(failure)) {
        this.#log.warn(`manifests: cannot read ${failure}; what it gave before stays in service`)
      }
    }
    if (failures.length === 0 && this.#failures.length > 0) {
      this.#log.info('manifests: everything can be read again')
      // Files that went meanwhile were kept.
      for (const [path, file] of this.#files) this.#dirty.set(path, file.shown)
    }
    this.#failures = failures
    this.#watcher?.keep(this.#files.keys(), this.#folders)
  }

  /** The files that are there but not known, and those that are known but not there. */
  #scan(): { failures: string[]; unknown: Map<string, string>; missing: ManifestFile[] } {
    const failures: string[] = []
    const there = new Map<string, string>()
    const folders = new Set<string>()
    for (const input of this.#inputs) {
      if (input.kind === 'stdin') {
        if (this.#options.standardInput === undefined) failures.push('-: nothing was given on standard input')
        else there.set(STDIN, STDIN)
        continue
      }
      const found: Expansion = expand(input, this.#options.runtime.files)
      // A file that is deleted while serving is no failure: its objects go with it.
      if (!this.#synced || input.kind !== 'file') failures.push(...found.failures)
      for (const [path, shown] of found.files) if (!there.has(path)) there.set(path, shown)
      for (const folder of found.folders) folders.add(folder)
    }
    this.#folders = folders
    const unknown = new Map([...there].filter(([path]) => !this.#files.has(path)))
    const missing = [...this.#files.values()].filter(file => !there.has(file.path))
    return { failures, unknown, missing }
  }

  #orderOf(path: string): number {
    const index = this.#inputs.findIndex(input => {
      return input.kind === 'stdin' ? path === STDIN : resolve(input.base) === path || mayBelong(input, path)
    })
    return index < 0 ? this.#inputs.length : index
  }
}
