// The state of an API server, read once: what is there when everything was listed, or an error in words. Then nothing is
// open any more, so a command can end at once.
import type { ApiErrorKind } from '../cluster/kube-api/api-error.ts'
import { NOBODY } from '../cluster/kube-api/observer.ts'
import type { SourceRequest } from '../cluster/cluster-states.ts'
import type { ClusterKind, ClusterObject } from '../cluster/objects.ts'
import type { ClusterSink, ClusterSource } from '../cluster/source.ts'
import type { Clock, Timer } from '../runtime/clock.ts'

/** The state of an API server can't be had; one line for each thing that is wrong. */
export class ApiStateError extends Error {}

/** How long everything may take. */
const PATIENCE_MS = 10_000
/** After a failure that waiting does not mend: other resources may have theirs to tell. */
const OTHERS_MS = 200

/** Failures that may be over in a moment. */
const PASSING: ReadonlySet<ApiErrorKind> = new Set([
  ...(['gone', 'too-large-version', 'too-many', 'closed', 'silent', 'http'] as const)
])

export class OnceApiSource implements ClusterSource {
  readonly #source: ClusterSource
  readonly #clock: Clock
  readonly #sinks = new Set<ClusterSink>()
  readonly #objects = new Map<string, ClusterObject>()
  /** Reads what is told besides, and need not be there. */
  readonly #besides: (signal: AbortSignal) => Promise<Iterable<ClusterObject>>
  #isComplete = false
  #started: Promise<void> | undefined
  #giveUp: () => void = () => undefined
  #others: Timer | undefined

  /** `besides`: objects that are told with the others, for which a failure is no failure of this source; must not reject. */
  constructor(
    request: SourceRequest,
    clock: Clock,
    besides: (signal: AbortSignal) => Promise<Iterable<ClusterObject>> = () => Promise.resolve([])
  ) {
    this.#clock = clock
    this.#besides = besides
    this.#source = request.make({
      ...NOBODY,
      requestFailed: (_resource, kind) => {
        if (PASSING.has(kind)) return
        this.#others ??= clock.after(OTHERS_MS, () => {
          this.#giveUp()
        })
      }
    })
  }

  subscribe(sink: ClusterSink): () => void {
    this.#sinks.add(sink)
    if (this.#isComplete) this.#tell(sink)
    return () => void this.#sinks.delete(sink)
  }

  /** Rejects with an ApiStateError. */
  start(): Promise<void> {
    return (this.#started ??= this.#load())
  }

  close(): Promise<void> {
    return this.#source.close()
  }

  objects(): IterableIterator<ClusterObject> {
    return this.#objects.values()
  }

  async #load(): Promise<void> {
    const keyOf = (kind: ClusterKind, namespace: string, name: string) => `${kind}/${namespace}/${name}`
    const spaceOf = (object: ClusterObject) => (object.kind === 'Namespace' ? '' : object.namespace)
    this.#source.subscribe({
      put: object => void this.#objects.set(keyOf(object.kind, spaceOf(object), object.name), object),
      remove: (kind, namespace, name) => void this.#objects.delete(keyOf(kind, namespace, name)),
      synced: () => undefined
    })
    let patience: Timer | undefined
    const end = new AbortController()
    const besides = this.#besides(end.signal)
    let isLoaded = false
    try {
      await new Promise<void>((resolve, reject) => {
        const fail = (hint: string) => {
          reject(new ApiStateError(this.#wrong().join('\n') + hint))
        }
        this.#giveUp = () => {
          fail('')
        }
        patience = this.#clock.after(PATIENCE_MS, () => {
          fail(`\nthe API server did not tell its state within ${PATIENCE_MS / 1000} s`)
        })
        this.#source.start().then(resolve, reject)
      })
      if (this.#source.status?.().isSynced === false)
        throw new ApiStateError('closed before its state was there')
      isLoaded = true
    } finally {
      if (!isLoaded) end.abort()
      patience?.cancel()
      this.#others?.cancel()
      await this.#source.close()
    }
    for (const object of await besides)
      this.#objects.set(keyOf(object.kind, spaceOf(object), object.name), object)
    this.#isComplete = true
    for (const sink of this.#sinks) this.#tell(sink)
  }

  #tell(sink: ClusterSink): void {
    for (const object of this.#objects.values()) sink.put(object)
    sink.synced()
  }

  /** Problems of the status, those that resources share once: `services, namespaces: connection refused`. */
  #wrong(): string[] {
    const resources = new Map<string, string[]>()
    for (const problem of this.#source.status?.().problems ?? []) {
      const [, resource = '', text = problem] = /^(\w+): ([^]*?)(?: \(for \d+ s\))?$/.exec(problem) ?? []
      resources.set(text, [...(resources.get(text) ?? []), resource])
    }
    const isFailure = (text: string) => !/^(?:not asked for yet|being listed for )/.test(text)
    const all = [...resources.keys()]
    const shown = all.some(isFailure) ? all.filter(isFailure) : all
    return shown.map(text => `${(resources.get(text) ?? []).join(', ')}: ${text}`)
  }
}
