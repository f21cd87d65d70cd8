// Cluster state that a test holds in its hands.
import type { ClusterKind, ClusterObject } from '../../src/cluster/objects.ts'
import type { ClusterSink, ClusterSource } from '../../src/cluster/source.ts'
import { trims } from '../../src/cluster/trim.ts'

const keyOf = (kind: string, namespace: string, name: string) => `${kind}/${namespace}/${name}`

export class MemorySource implements ClusterSource {
  readonly #objects = new Map<string, ClusterObject>()
  readonly #sinks = new Set<ClusterSink>()

  put(object: ClusterObject): void {
    this.#objects.set(keyOf(object.kind, 'namespace' in object ? object.namespace : '', object.name), object)
    for (const sink of this.#sinks) sink.put(object)
  }

  /** Takes an object as the API writes it. Throws when the reader finds fault with it. */
  putRaw(raw: RawObject): void {
    if (!(raw.kind in trims)) return
    const flaws: never[] = []
    const object = trims[raw.kind as ClusterKind](raw, flaws)
    if (object === undefined) throw new Error(`${raw.kind} ${raw.metadata.name}: ${JSON.stringify(flaws)}`)
    this.put(object)
  }

  remove(kind: ClusterKind, namespace: string, name: string): void {
    this.#objects.delete(keyOf(kind, namespace, name))
    for (const sink of this.#sinks) sink.remove(kind, namespace, name)
    if (kind !== 'Namespace') return
    for (const object of [...this.#objects.values()]) {
      if ('namespace' in object && object.namespace === name) this.remove(object.kind, name, object.name)
    }
  }

  subscribe(sink: ClusterSink): () => void {
    for (const object of this.#objects.values()) sink.put(object)
    this.#sinks.add(sink)
    return () => void this.#sinks.delete(sink)
  }

  start(): Promise<void> {
    for (const sink of this.#sinks) sink.synced()
    return Promise.resolve()
  }

  close(): Promise<void> {
    return Promise.resolve()
  }
}

export interface RawObject {
  readonly kind: string
  readonly metadata: { readonly name: string; readonly namespace?: string }
  readonly items?: readonly RawObject[]
}
