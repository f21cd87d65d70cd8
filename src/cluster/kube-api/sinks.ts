// Those who are told of objects. One that throws harms nobody else.
import type { ClusterKind, ClusterObject } from '../objects.ts'
import type { ClusterSink } from '../source.ts'

export class Sinks {
  readonly #all = new Set<ClusterSink>()
  /** Those that came when others had been told already, and have not heard everything yet. */
  readonly #latecomers = new Set<ClusterSink>()
  readonly #failed: (kind: ClusterKind | undefined, error: unknown) => void

  constructor(failed: (kind: ClusterKind | undefined, error: unknown) => void) {
    this.#failed = failed
  }

  get hasLatecomers(): boolean {
    return this.#latecomers.size > 0
  }

  add(sink: ClusterSink, isLate: boolean): void {
    this.#all.add(sink)
    if (isLate) this.#latecomers.add(sink)
  }

  delete(sink: ClusterSink): void {
    this.#all.delete(sink)
    this.#latecomers.delete(sink)
  }

  put(object: ClusterObject): void {
    this.#each(this.#all, object.kind, sink => sink.put(object))
  }

  /** What is nothing new for the others. */
  putLate(object: ClusterObject): void {
    this.#each(this.#latecomers, object.kind, sink => sink.put(object))
  }

  remove(kind: ClusterKind, namespace: string, name: string): void {
    this.#each(this.#all, kind, sink => sink.remove(kind, namespace, name))
  }

  /** Everything was told, to all that did not come late. */
  synced(): void {
    const inTime = [...this.#all].filter(sink => !this.#latecomers.has(sink))
    this.#each(inTime, undefined, sink => sink.synced())
  }

  /** Everything was told to those that came late. */
  syncedLate(): void {
    const late = [...this.#latecomers]
    this.#latecomers.clear()
    this.#each(late, undefined, sink => sink.synced())
  }

  #each(
    sinks: Iterable<ClusterSink>,
    kind: ClusterKind | undefined,
    tell: (sink: ClusterSink) => void
  ): void {
    for (const sink of sinks) {
      try {
        tell(sink)
      } catch (error) {
        this.#failed(kind, error)
      }
    }
  }
}
