// Which cluster state a `kubernetes` stanza gets: stanzas with the same source and the same options share one index.
import type { Clock } from '../runtime/clock.ts'
import type { Random } from '../runtime/random.ts'
import { ClusterIndex, type IndexOptions } from './index/cluster-index.ts'
import type { ClusterSource } from './source.ts'

/** Makes the source that a stanza names; called once for each different `key`. */
export interface SourceRequest {
  /** Equal keys mean the same source: the manifests' paths, the API server's address and credentials. */
  readonly key: string
  readonly make: () => ClusterSource
}

export class ClusterStates {
  readonly #runtime: { readonly clock: Clock; readonly random: Random }
  readonly #sources = new Map<string, ClusterSource>()
  readonly #indexes = new Map<string, ClusterIndex>()
  readonly #stops: (() => void)[] = []

  constructor(runtime: { readonly clock: Clock; readonly random: Random }) {
    this.#runtime = runtime
  }

  /** The index for a source and options, made and subscribed when it is new. */
  index(request: SourceRequest, options: IndexOptions): ClusterIndex {
    const key = `${request.key}\n${optionsKey(options)}`
    let index = this.#indexes.get(key)
    if (index === undefined) {
      index = new ClusterIndex(options, this.#runtime)
      this.#indexes.set(key, index)
      let source = this.#sources.get(request.key)
      if (source === undefined) {
        source = request.make()
        this.#sources.set(request.key, source)
      }
      this.#stops.push(source.subscribe(index))
    }
    return index
  }

  /** Starts every source; settles when all have told their first state. Rejects when one can't. */
  async start(): Promise<void> {
    await Promise.all([...this.#sources.values()].map(source => source.start()))
  }

  async close(): Promise<void> {
    for (const stop of this.#stops) stop()
    await Promise.all([...this.#sources.values()].map(source => source.close()))
  }
}

function optionsKey(options: IndexOptions): string {
  return JSON.stringify({
    ...options,
    labels: options.labels?.text,
    namespaceLabels: options.namespaceLabels?.text
  })
}
