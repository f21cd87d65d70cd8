// Cluster state from manifest files, kept equal to the files while those change: objects exactly as they are written,
// and, with `apps`, what a control plane makes of those of an application.
//
// A change goes: an event names a path → `#changed` decides what to read again → `#pass` reads it, part by part, and lets
// `Catalog` say what follows → the sinks are told in one go → one log line. What a half-written file seems to have lost is
// removed only when a second look, some milliseconds later, finds the same text.
import { basename, dirname } from 'node:path'
import type { Timer } from '../../runtime/clock.ts'
import type { Log } from '../../runtime/log.ts'
import type { Runtime } from '../../runtime/runtime.ts'
import {
  DEFAULT_SIMULATION,
  type ControlPlane,
  type ObjectName,
  type SimulationOptions
} from '../apps/simulated.ts'
import type { ClusterObject } from '../objects.ts'
import type { ClusterSink, ClusterSource } from '../source.ts'
import type { AppsSettled } from './apps-state.ts'
import { Catalog } from './catalog.ts'
import type { Change } from './change.ts'
import { InputFiles, STDIN } from './input-files.ts'
import { reasonOf } from './inputs.ts'
import { MANIFEST_KINDS } from './kinds.ts'
import { lineOf, newFile, type ManifestFile } from './manifest-file.ts'
import { ManifestLog } from './manifest-log.ts'
import { Pace } from './pace.ts'
import { hashOf, NOTHING, readFile, type FileContents } from './read-file.ts'
import type { WrittenPolicy } from './network-policy-in.ts'
import type { WrittenPodDns } from './pod-dns-in.ts'
import { keyOf } from '../object-key.ts'
import { startLine } from './report.ts'
import type { SimulatedApps } from './simulated-apps.ts'
import type { StartWatching, Watcher } from './watcher.ts'

export interface ManifestOptions {
  /** Files, folders, globs, and `-` for standard input, as they were given. */
  readonly paths: readonly string[]
  /** The same for manifests of applications: what a control plane adds to them is simulated. */
  readonly apps?: readonly string[]
  /** How; only with `apps`. */
  readonly simulation?: SimulationOptions
  readonly runtime: Pick<Runtime, 'clock' | 'files' | 'log'>
  /** Whether `podDns` and `networkPolicies` are going to be asked. */
  readonly podDns?: boolean
  /** Whether Services keep their selectors, which no answer needs. Simulated ones always have them. */
  readonly selectors?: boolean
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

/** Files of applications that are read before what follows from them is settled, while serving. */
const APP_FILES_AT_ONCE = 20
/** Longer files are read as manifests whatever they are. */
const FOREIGN_OCTETS_MAX = 4 << 20

export class ManifestSource implements ClusterSource {
  readonly #options: ManifestOptions
  readonly #log: Log
  readonly #said: ManifestLog
  readonly #inputs: InputFiles
  readonly #catalog = new Catalog()
  readonly #sinks = new Set<ClusterSink>()
  readonly #files = new Map<string, ManifestFile>()
  /** Paths to read, and whether to look for files that came or went. */
  readonly #dirty = new Map<string, string>()
  #rescan = false
  #passing: Promise<void> | undefined
  #timer: Timer | undefined
  #watcher: Watcher | undefined
  #synced = false
  #closed = false
  #failures: readonly string[] = []
  #confirmedAt: number | undefined
  /** Where applications are served: how their objects are read, and what is simulated. */
  #apps: SimulatedApps | undefined

  constructor(options: ManifestOptions) {
    this.#options = options
    this.#log = options.runtime.log.own()
    this.#said = new ManifestLog(this.#log)
    this.#inputs = new InputFiles(options.runtime.files, options.standardInput !== undefined)
  }

  subscribe(sink: ClusterSink): () => void {
    for (const object of this.objects()) sink.put(object)
    if (this.#synced) sink.synced()
    this.#sinks.add(sink)
    return () => void this.#sinks.delete(sink)
  }

  /** The objects in service, mirrored slices and what is simulated included. */
  *objects(): Iterable<ClusterObject> {
    yield* this.#catalog.objects()
    if (this.#apps !== undefined) yield* this.#apps.state.objects()
  }

  /** When everything was last read that was known to have changed. */
  get confirmedAt(): number | undefined {
    return this.#confirmedAt
  }

  /** What simulates a control plane; undefined without `apps`, and before the start. */
  get controlPlane(): ControlPlane | undefined {
    return this.#apps?.state.controlPlane
  }

  /** The file with the ConfigMap `kube-system/coredns`, among those of applications. */
  get corefileConfigMap(): string | undefined {
    const [entry] = this.#catalog.declarations(
      keyOf({ kind: 'ConfigMap', namespace: 'kube-system', name: 'coredns' })
    )
    return entry?.held === undefined || entry.file.path === STDIN ? undefined : entry.file.shown
  }

  /**
   * Where an object is declared, lines from 1; also for kinds that no answer needs. The namespace of cluster-wide kinds
   * is empty. A kind of another API group that shares its name with one of ours is `Service.serving.knative.dev`.
   * What is simulated stands where the object stands that it was made from.
   */
  origin(
    kind: string,
    namespace: string,
    name: string
  ): { readonly file: string; readonly line: number } | undefined {
    const [declared] = this.#catalog.declarations(keyOf({ kind, namespace, name }))
    const from = declared === undefined ? this.#apps?.state.madeFrom(kind, namespace, name) : undefined
    const entry = from === undefined ? declared : this.#catalog.declarations(keyOf(from))[0]
    return entry === undefined ? undefined : { file: entry.file.shown, line: lineOf(entry.part, entry.found) }
  }

  /** What a Pod or workload says of its Pods' DNS, as it is declared; with the option `podDns` alone. */
  podDns(kind: string, namespace: string, name: string): WrittenPodDns | undefined {
    return this.#catalog.declarations(keyOf({ kind, namespace, name }))[0]?.found.podDns
  }

  /** NetworkPolicies, as they are declared; with the option `podDns` alone. */
  *networkPolicies(): Iterable<WrittenPolicy> {
    for (const [entry] of this.#catalog.entries()) {
      if (entry?.found.policy !== undefined) yield entry.found.policy
    }
  }

  /** Everything that `podDns` knows of. */
  *podDnsNames(): Iterable<ObjectName> {
    for (const [entry] of this.#catalog.entries()) {
      if (entry?.found.podDns !== undefined) yield entry.found
    }
  }

  /** Reads everything. Rejects when a path or folder can't be read; what is wrong inside of files is only logged. */
  async start(): Promise<void> {
    const { paths, apps = [] } = this.#options
    this.#inputs.add('manifests', paths)
    this.#inputs.add('apps', apps)
    const { failures, unknown } = this.#inputs.scan(this.#files, true)
    const option = paths.length > 0 ? 'manifests' : 'apps'
    if (failures.length > 0) throw new Error(`${option}: cannot read ${failures.join('; ')}`)
    if (apps.length > 0) await this.#simulate()
    for (const [path, shown] of unknown) this.#dirty.set(path, shown)
    for (const input of this.#inputs.empty()) this.#said.emptyInput(input)
    this.#startWatching()
    await this.#pass()
    // Files that hold nothing lead to what every cluster has.
    if (this.#apps !== undefined) await this.#takeOver([], new Pace(this.#options.runtime.clock))
    if (this.#closed) return
    this.#sayApps()
    this.#sayStart()
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

  async #simulate(): Promise<void> {
    // Not before it is needed: reading it takes longer than a small folder.
    const { simulatedApps } = await import('./simulated-apps.ts')
    this.#apps = simulatedApps(this.#options.simulation ?? DEFAULT_SIMULATION)
    this.#catalog.simulate(this.#apps.state)
  }

  #sayStart(): void {
    const files = [...this.#files.values()].filter(file => file.hash !== '')
    const entries = [...this.#catalog.entries()].flatMap(([entry]) => entry ?? [])
    const say = (option: 'manifests' | 'apps', made: Iterable<string>) => {
      const own = entries.filter(entry => entry.file.kinds.option === option)
      const read = files.filter(file => file.kinds.option === option).length
      this.#log.info(startLine(option, read, own, made))
    }
    if (this.#apps === undefined || this.#options.paths.length > 0) say('manifests', [])
    if (this.#apps !== undefined) say('apps', this.#apps.state.madeKinds())
  }

  #startWatching(): void {
    this.#watcher = this.#options.watch?.({
      changed: path => this.#changed(path),
      degraded: reason => {
        this.#log.warn(`manifests: changes are noticed late, within seconds: ${reason}`)
      }
    })
    this.#watcher?.keep(this.#files.keys(), this.#inputs.folders)
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
    } else if (this.#inputs.folders.has(path)) {
      this.#rescan = true
      this.#readFolderAgain(path)
    } else if (this.#inputs.isInteresting(path)) this.#rescan = true
    else return
    this.#schedule(GATHER_MS)
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
      // What follows from one batch is worked out without a pause, so it is kept small once somebody asks.
      const most = this.#synced && this.#apps !== undefined ? APP_FILES_AT_ONCE : this.#dirty.size
      const batch = [...this.#dirty].slice(0, most)
      for (const [path] of batch) this.#dirty.delete(path)
      try {
        await this.#readBatch(batch, pace)
        if (pace.due) await pace.pause()
      } catch (error) {
        // A mistake of ours must not end the watching; the state before stays in service.
        this.#log.error(
          `manifests: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`
        )
      }
    }
    this.#confirmedAt = this.#options.runtime.clock.now()
    this.#sayApps()
  }

  async #readBatch(batch: readonly (readonly [string, string])[], pace: Pace): Promise<void> {
    const read: { file: ManifestFile; contents: FileContents; settled: boolean }[] = []
    for (const [path, shown] of batch) {
      const file = this.#files.get(path) ?? this.#newFile(path, shown)
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
      if (!same) contents = octets === undefined ? NOTHING : await this.#read(octets, hash, file, pace)
      read.push({ file, contents, settled: same || this.#isOverdue(file) || !this.#synced })
      if (pace.due) await pace.pause()
    }
    if (this.#closed || read.length === 0) return
    for (const { file, contents, settled } of read) await this.#apply(file, contents, settled, pace)
    this.#said.notes(read)
    await this.#takeOver(read, pace)
    this.#watcher?.keep(this.#files.keys(), this.#inputs.folders)
  }

  /** Works out what follows from what the files say now, and tells sinks and people. */
  async #takeOver(read: readonly { readonly file: ManifestFile }[], pace: Pace): Promise<void> {
    const changes = await this.#settleCatalog(pace)
    const apps = this.#apps?.state.settle(key => this.#catalog.has(key))
    for (const { file } of read) this.#said.troubles(file)
    await this.#tell(apps === undefined ? changes : [...changes, ...apps.changes], pace)
    if (this.#apps === undefined) {
      if (this.#synced) this.#said.changes(changes)
      this.#said.missing(changes, this.#catalog)
      return
    }
    if (this.#synced) this.#said.noteAppChanges(changes, apps as AppsSettled)
    this.#said.addressless(changes)
  }

  /** Tells what changed among applications and what is wrong with them, after all that was to be read. */
  #sayApps(): void {
    if (this.#apps === undefined) return
    this.#said.appChanges(this.#catalog)
    // What a half-written file seems to claim or to have lost is no problem yet.
    const isUnsettled = [...this.#files.values()].some(file => file.unsettledSince !== undefined)
    if (!isUnsettled) this.#said.problems(this.#apps.state.problems(), this.#catalog)
  }

  #newFile(path: string, shown: string): ManifestFile {
    const { order, option } = this.#inputs.placeOf(path)
    const kinds = (option === 'apps' ? this.#apps?.kinds : undefined) ?? MANIFEST_KINDS
    const { podDns = false, selectors = false } = this.#options
    return newFile(path, shown, order, podDns || selectors ? { ...kinds, podDns, selectors } : kinds)
  }

  async #read(octets: Buffer, hash: string, file: ManifestFile, pace: Pace): Promise<FileContents> {
    // What a file with objects has become is unfinished, not foreign.
    const isNew = file.kept.length === 0 && file.parts.every(part => part.entries.length === 0)
    if (file.kinds.option === 'apps' && isNew && octets.length < FOREIGN_OCTETS_MAX) {
      const why = this.#apps?.whyForeign(file.path, octets.toString('utf8'), this.#options.runtime.files)
      if (why !== undefined) return { hash, parts: [], notes: [why] }
    }
    return readFile(octets, hash, file, pace)
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
    const { failures, unknown, missing } = this.#inputs.scan(this.#files, !this.#synced)
    for (const [path, shown] of unknown) this.#dirty.set(path, shown)
    for (const path of missing) this.#dirty.set(path, this.#files.get(path)?.shown ?? path)
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
    this.#watcher?.keep(this.#files.keys(), this.#inputs.folders)
  }
}
