// Cluster state that comes when a test says so, and can be in trouble.
import type { ClusterSink, SourceStatus } from '../../src/cluster/source.ts'
import { MemorySource } from './memory-source.ts'

export class AwaySource extends MemorySource {
  readonly #sinks = new Set<ClusterSink>()
  readonly #listeners = new Set<() => void>()
  #isSynced = false
  #problems: readonly string[] = []
  /** What anybody may know of the problems. */
  reasons: readonly string[] | undefined
  #settle: () => void = () => undefined

  override subscribe(sink: ClusterSink): () => void {
    const stop = super.subscribe(sink)
    this.#sinks.add(sink)
    return () => {
      this.#sinks.delete(sink)
      stop()
    }
  }

  override start(): Promise<void> {
    return new Promise(resolve => {
      this.#settle = resolve
    })
  }

  status(): SourceStatus {
    const { reasons } = this
    return { isSynced: this.#isSynced, problems: this.#problems, ...(reasons && { reasons }) }
  }

  onStatus(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  /** Everything is told. */
  arrive(): void {
    this.#isSynced = true
    for (const sink of this.#sinks) sink.synced()
    this.trouble()
    this.#settle()
  }

  /** These are the problems now; none: all is in order. */
  trouble(...problems: readonly string[]): void {
    this.#problems = problems
    for (const listener of this.#listeners) listener()
  }
}
