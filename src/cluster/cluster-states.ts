// Which cluster state a `kubernetes` stanza gets: stanzas with the same source and the same options share one index.
import type { Clock } from '../runtime/clock.ts'
import type { Log } from '../runtime/log.ts'
import type { Random } from '../runtime/random.ts'
import { ClusterIndex, type IndexOptions } from './index/cluster-index.ts'
import { NOBODY, type ApiObserver } from './kube-api/observer.ts'
import type { ClusterKind } from './objects.ts'
import { KeptIndex } from './snapshot/kept-index.ts'
import type { SnapshotFile } from './snapshot/snapshot-file.ts'
import type { ClusterSource, SourceStatus } from './source.ts'

/** What the states need of the outside world. */
export interface StatesRuntime {
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
}

/** Makes the source that a stanza names; called once for each different `key`. */
export interface SourceRequest {
  /** Equal keys mean the same source: the manifests' paths, the API server's address and credentials. */
  readonly key: string
  readonly make: (observer?: ApiObserver) => ClusterSource
}

interface SharedSource {
  readonly key: string
  readonly source: ClusterSource
  started: Promise<void> | undefined
  users: number
}

interface SharedIndex {
  readonly index: ClusterIndex
  readonly source: SharedSource
  /** Where its state is kept on disk; undefined: nowhere. */
  readonly kept: KeptIndex | undefined
  readonly unsubscribe: () => void
  users: number
}

/** The state that a `kubernetes` stanza answers from, and how it does. */
export interface ClusterState {
  readonly index: ClusterIndex
  status(): SourceStatus
  /**
   * While a start waits for the state: settles when it is there, or when the wait is over. Undefined at any other time.
   */
  arrival(): Promise<void> | undefined
  /** Whether it is from a snapshot, for want of a better one. */
  isOld(): boolean
}

export interface ClusterSurvey {
  readonly objects: ReadonlyMap<ClusterKind, number>
  readonly octets: number
  /** Undefined where no source tells. */
  readonly ageMs: number | undefined
  /** Of sources that can be away. */
  readonly statuses: readonly SourceStatus[]
  /** Undefined without a snapshot. */
  readonly snapshot:
    | {
        readonly isServed: boolean
        /** Undefined while none is known. */
        readonly ageMs: number | undefined
        readonly writes: { readonly ok: number; readonly failed: number }
      }
    | undefined
}

/** In order, whatever happens: a source whose `start` has settled with its state. */
const IN_ORDER: SourceStatus = { isSynced: true, problems: [] }

/** All of a process. A configuration asks through a lease of its own, so what the next one asks for too stays as it is. */
export class ClusterStates {
  readonly #runtime: StatesRuntime
  readonly #observer: ApiObserver
  readonly #snapshot: SnapshotFile | undefined
  readonly #sources = new Map<string, SharedSource>()
  readonly #indexes = new Map<string, SharedIndex>()

  /** `observer` hears of what happens between us and API servers; `snapshot` keeps what they tell. */
  constructor(runtime: StatesRuntime, observer: ApiObserver = NOBODY, snapshot?: SnapshotFile) {
    this.#runtime = runtime
    this.#observer = observer
    this.#snapshot = snapshot
  }

  lease(): ClusterLease {
    return new ClusterLease(
      (request, options) => this.#take(request, options),
      index => this.#give(index),
      this.#runtime
    )
  }

  /** What all indexes hold together, and how old the state is that was read or confirmed longest ago. */
  survey(): ClusterSurvey {
    const objects = new Map<ClusterKind, number>()
    let octets = 0
    for (const { index } of this.#indexes.values()) {
      octets += index.octets
      for (const [kind, count] of Object.entries(index.objectCounts()) as [ClusterKind, number][]) {
        objects.set(kind, (objects.get(kind) ?? 0) + count)
      }
    }
    const sources = [...this.#sources.values()].map(({ source }) => source)
    const times = sources.flatMap(source => source.confirmedAt ?? [])
    const ageMs = times.length === 0 ? undefined : this.#runtime.clock.now() - Math.min(...times)
    const statuses = sources.flatMap(source => source.status?.() ?? [])
    const file = this.#snapshot
    const snapshot = file && {
      isServed: [...this.#indexes.values()].some(({ kept }) => kept?.isOld === true),
      ageMs: file.writtenMs === undefined ? undefined : this.#runtime.clock.wallMs() - file.writtenMs,
      writes: file.writes
    }
    return { objects, octets, ageMs, statuses, snapshot }
  }

  #take(request: SourceRequest, options: IndexOptions): SharedIndex {
    const key = `${request.key}\n${optionsKey(options)}`
    let shared = this.#indexes.get(key)
    if (shared === undefined) {
      const source = this.#source(request)
      const index = new ClusterIndex(options, this.#runtime)
      source.users++
      const isKept = source.source.status !== undefined
      const kept = this.#snapshot && isKept ? new KeptIndex(key, index, this.#snapshot) : undefined
      shared = { index, source, kept, unsubscribe: source.source.subscribe(kept ?? index), users: 0 }
      this.#indexes.set(key, shared)
    }
    shared.users++
    return shared
  }

  #source({ key, make }: SourceRequest): SharedSource {
    let source = this.#sources.get(key)
    if (source === undefined) {
      source = { key, source: make(this.#observer), started: undefined, users: 0 }
      this.#sources.set(key, source)
    }
    return source
  }

  async #give(shared: SharedIndex): Promise<void> {
    if (--shared.users > 0) return
    for (const [key, each] of this.#indexes) if (each === shared) this.#indexes.delete(key)
    shared.unsubscribe()
    await shared.kept?.close()
    const { source } = shared
    if (--source.users > 0) return
    this.#sources.delete(source.key)
    await source.source.close()
  }
}

/** How often a start says that it waits (corefile-and-plugins.md §8.5). */
const WAITING_MS = 500
/** How long a server that is known to be away is waited for where there is a snapshot. */
const EARLY_MS = 1000

/** What one configuration uses of the cluster's states. */
export class ClusterLease {
  readonly #take: (request: SourceRequest, options: IndexOptions) => SharedIndex
  readonly #give: (index: SharedIndex) => Promise<void>
  readonly #runtime: StatesRuntime
  readonly #taken = new Set<SharedIndex>()
  /** How long a start waits, in milliseconds. */
  #patienceMs = 0
  #arrival: Promise<void> | undefined
  /** Ends the wait that is under way. */
  #endWait: () => void = () => undefined
  #isGivenUp = false

  constructor(
    take: (request: SourceRequest, options: IndexOptions) => SharedIndex,
    give: (index: SharedIndex) => Promise<void>,
    runtime: StatesRuntime
  ) {
    this.#take = take
    this.#give = give
    this.#runtime = runtime
  }

  /** The index for a source and options, made and subscribed when it is new. */
  index(request: SourceRequest, options: IndexOptions): ClusterIndex {
    return this.state(request, options).index
  }

  /** As `index`, with how its source does. `patienceMs` is how long a start waits for it (`startup_timeout`). */
  state(request: SourceRequest, options: IndexOptions, patienceMs = 0): ClusterState {
    const shared = this.#take(request, options)
    if (this.#taken.has(shared)) shared.users--
    this.#taken.add(shared)
    this.#patienceMs = Math.max(this.#patienceMs, patienceMs)
    const { source } = shared.source
    return {
      index: shared.index,
      status: () => {
        const status = source.status?.() ?? IN_ORDER
        if (shared.kept?.isOld !== true) return status
        return { ...status, problems: ['what the snapshot kept is served meanwhile', ...status.problems] }
      },
      isOld: () => shared.kept?.isOld === true,
      arrival: () => (shared.index.isSynced ? undefined : this.#arrival)
    }
  }

  /**
   * Starts the sources that are not. Settles when those that can't be away have told their first state, and rejects when
   * one can't; `arrival` is for the others.
   */
  async start(): Promise<void> {
    const complete: Promise<void>[] = []
    for (const { source } of this.#taken) {
      source.started ??= source.source.start()
      if (source.source.status === undefined) complete.push(source.started)
      // What is wrong is in its status.
      else source.started.catch(() => undefined)
    }
    this.#arrival = this.#untilArrived().finally(() => (this.#arrival = undefined))
    await Promise.all(complete)
  }

  /** Settles when everything that was started is there, or the longest `startup_timeout` is over. Says so, as CoreDNS does. */
  arrival(): Promise<void> {
    return this.#arrival ?? Promise.resolve()
  }

  /** Nobody waits for the state any more, however it comes out: what waited is answered from what is there. */
  giveUp(): void {
    this.#isGivenUp = true
    this.#endWait()
  }

  async #untilArrived(): Promise<void> {
    const missing = () =>
      [...this.#taken].filter(
        ({ source: { source } }) => !this.#isGivenUp && source.status?.().isSynced === false
      )
    if (missing().length === 0) return
    const { clock } = this.#runtime
    const log = this.#runtime.log.plugin('kubernetes')
    await new Promise<void>(resolve => {
      const undo: (() => void)[] = []
      const end = () => {
        for (const task of undo) task()
        resolve()
      }
      this.#endWait = end
      let isLong = false
      const look = () => {
        const left = missing()
        const hasOther = ({ kept, source }: SharedIndex) =>
          kept !== undefined && source.source.status?.().problems.length !== 0
        if (left.length === 0 || (isLong && left.every(hasOther))) end()
      }
      // Known to be away: what was kept is as good now as later.
      const early = clock.after(EARLY_MS, () => {
        isLong = true
        look()
      })
      undo.push(() => early.cancel())
      for (const { source } of missing()) undo.push(source.source.onStatus?.(look) ?? (() => undefined))
      const patience = clock.after(this.#patienceMs, () => {
        log.warn('starting server with unsynced Kubernetes API')
        end()
      })
      const telling = clock.every(WAITING_MS, () => {
        log.info('waiting for Kubernetes API before starting server')
      })
      undo.push(
        () => telling.cancel(),
        () => patience.cancel()
      )
    })
    for (const { kept } of missing()) {
      const count = (await kept?.serveOld()) ?? 0
      if (count === 0) continue
      this.#runtime.log
        .own()
        .warn(`${count} objects that the snapshot kept are served until the API server answers`)
    }
  }

  /** Closes what nobody else uses. */
  async release(): Promise<void> {
    this.giveUp()
    const taken = [...this.#taken]
    this.#taken.clear()
    await Promise.all(taken.map(shared => this.#give(shared)))
  }
}

function optionsKey(options: IndexOptions): string {
  return JSON.stringify({
    ...options,
    labels: options.labels?.text,
    namespaceLabels: options.namespaceLabels?.text
  })
}
