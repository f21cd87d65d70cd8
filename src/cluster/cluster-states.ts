// Which cluster state a `kubernetes` stanza gets: stanzas with the same source and the same options share one index.
import type { Clock } from '../runtime/clock.ts'
import type { Random } from '../runtime/random.ts'
import { ClusterIndex, type IndexOptions } from './index/cluster-index.ts'
import type { ClusterKind } from './objects.ts'
import type { ClusterSource } from './source.ts'

/** Makes the source that a stanza names; called once for each different `key`. */
export interface SourceRequest {
  /** Equal keys mean the same source: the manifests' paths, the API server's address and credentials. */
  readonly key: string
  readonly make: () => ClusterSource
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
  readonly unsubscribe: () => void
  users: number
}

export interface ClusterSurvey {
  readonly objects: ReadonlyMap<ClusterKind, number>
  readonly octets: number
  /** Undefined where no source tells. */
  readonly ageMs: number | undefined
}

/** All of a process. A configuration asks through a lease of its own, so what the next one asks for too stays as it is. */
export class ClusterStates {
  readonly #runtime: { readonly clock: Clock; readonly random: Random }
  readonly #sources = new Map<string, SharedSource>()
  readonly #indexes = new Map<string, SharedIndex>()

  constructor(runtime: { readonly clock: Clock; readonly random: Random }) {
    this.#runtime = runtime
  }

  lease(): ClusterLease {
    return new ClusterLease(
      (request, options) => this.#take(request, options),
      index => this.#give(index)
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
    const times = [...this.#sources.values()].flatMap(({ source }) => source.confirmedAt ?? [])
    const ageMs = times.length === 0 ? undefined : this.#runtime.clock.now() - Math.min(...times)
    return { objects, octets, ageMs }
  }

  #take(request: SourceRequest, options: IndexOptions): SharedIndex {
    const key = `${request.key}\n${optionsKey(options)}`
    let shared = this.#indexes.get(key)
    if (shared === undefined) {
      const source = this.#source(request)
      const index = new ClusterIndex(options, this.#runtime)
      source.users++
      shared = { index, source, unsubscribe: source.source.subscribe(index), users: 0 }
      this.#indexes.set(key, shared)
    }
    shared.users++
    return shared
  }

  #source({ key, make }: SourceRequest): SharedSource {
    let source = this.#sources.get(key)
    if (source === undefined) {
      source = { key, source: make(), started: undefined, users: 0 }
      this.#sources.set(key, source)
    }
    return source
  }

  async #give(shared: SharedIndex): Promise<void> {
    if (--shared.users > 0) return
    for (const [key, each] of this.#indexes) if (each === shared) this.#indexes.delete(key)
    shared.unsubscribe()
    const { source } = shared
    if (--source.users > 0) return
    this.#sources.delete(source.key)
    await source.source.close()
  }
}

/** What one configuration uses of the cluster's states. */
export class ClusterLease {
  readonly #take: (request: SourceRequest, options: IndexOptions) => SharedIndex
  readonly #give: (index: SharedIndex) => Promise<void>
  readonly #taken = new Set<SharedIndex>()

  constructor(
    take: (request: SourceRequest, options: IndexOptions) => SharedIndex,
    give: (index: SharedIndex) => Promise<void>
  ) {
    this.#take = take
    this.#give = give
  }

  /** The index for a source and options, made and subscribed when it is new. */
  index(request: SourceRequest, options: IndexOptions): ClusterIndex {
    const shared = this.#take(request, options)
    if (this.#taken.has(shared)) shared.users--
    this.#taken.add(shared)
    return shared.index
  }

  /** Starts the sources that are not; settles when all have told their first state. Rejects when one can't. */
  async start(): Promise<void> {
    await Promise.all([...this.#taken].map(({ source }) => (source.started ??= source.source.start())))
  }

  /** Closes what nobody else uses. */
  async release(): Promise<void> {
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
