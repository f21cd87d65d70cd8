// An index between its source and its snapshot: holds what was kept while the source is away, and nothing of it once the
// source has told all.
import type { ClusterIndex } from '../index/cluster-index.ts'
import type { ClusterKind, ClusterObject } from '../objects.ts'
import type { ClusterSink } from '../source.ts'
import type { Kept, SnapshotFile } from './snapshot-file.ts'

interface Identity {
  readonly kind: ClusterKind
  readonly namespace: string
  readonly name: string
}

const keyOf = (kind: string, namespace: string, name: string) => `${kind}/${namespace}/${name}`
const namespaceOf = (object: ClusterObject) => (object.kind === 'Namespace' ? '' : object.namespace)

export class KeptIndex implements ClusterSink, Kept {
  readonly key: string
  readonly index: ClusterIndex
  readonly #file: SnapshotFile
  readonly #unkeep: () => void
  /** What the source told or took before all was told. */
  #told: Set<string> | undefined = new Set()
  /** What is from the snapshot, and was not told since. */
  #old: Map<string, Identity> | undefined
  #isClosed = false

  constructor(key: string, index: ClusterIndex, file: SnapshotFile) {
    this.key = key
    this.index = index
    this.#file = file
    this.#unkeep = file.keep(this)
  }

  /** Whether the index holds objects of the snapshot. */
  get isOld(): boolean {
    return this.#old !== undefined
  }

  isLive(): boolean {
    return this.#told === undefined
  }

  put(object: ClusterObject): void {
    this.#note(object.kind, namespaceOf(object), object.name)
    this.index.put(object)
  }

  remove(kind: ClusterKind, namespace: string, name: string): void {
    this.#note(kind, namespace, name)
    this.index.remove(kind, namespace, name)
  }

  synced(): void {
    this.#told = undefined
    const gone = this.#old?.values() ?? []
    this.#old = undefined
    for (const { kind, namespace, name } of gone) this.index.remove(kind, namespace, name)
    this.index.synced()
    this.#file.forget()
  }

  /** Puts what was kept into the index, but for what the source told already. Gives how many objects those were. */
  async serveOld(): Promise<number> {
    const objects = await this.#file.objectsOf(this.key)
    const told = this.#told
    if (objects === undefined || told === undefined || this.#isClosed || this.isOld) return 0
    const old = new Map<string, Identity>()
    for (const object of objects) {
      const namespace = namespaceOf(object)
      const key = keyOf(object.kind, namespace, object.name)
      if (told.has(key)) continue
      this.index.restore(object)
      old.set(key, { kind: object.kind, namespace, name: object.name })
    }
    this.#old = old
    this.index.synced()
    this.#file.forget()
    return old.size
  }

  /** Settles when what is being written is on disk. */
  async close(): Promise<void> {
    this.#isClosed = true
    this.#unkeep()
    await this.#file.settled()
  }

  #note(kind: ClusterKind, namespace: string, name: string): void {
    if (this.#told === undefined) return
    const key = keyOf(kind, namespace, name)
    this.#told.add(key)
    this.#old?.delete(key)
  }
}
