// Where cluster state comes from and where it goes. A source tells sinks about objects; an index is a sink.
import type { ClusterKind, ClusterObject } from './objects.ts'

export interface ClusterSink {
  /** An object is new or changed. Replaces the one with the same kind, namespace and name. */
  put(object: ClusterObject): void
  /** An object is gone; one that was never there is passed over. Cluster-wide kinds have an empty namespace. */
  remove(kind: ClusterKind, namespace: string, name: string): void
  /** Everything that was there at the start has been told. Said once. */
  synced(): void
}

export interface ClusterSource {
  /** Tells the sink everything that is known, then every change, in order. Returns how to stop telling. */
  subscribe(sink: ClusterSink): () => void
  /** Settles when the first state is complete (at once for sources that are); rejects when it can't be had at all. */
  start(): Promise<void>
  close(): Promise<void>
  /** When its state was last read or confirmed, in milliseconds of the clock; undefined before, and where nobody knows. */
  readonly confirmedAt?: number | undefined
  /** What a person may ask of a source that can be away; absent where it can't. */
  status?(): SourceStatus
  /** Calls the listener when the status changed. Returns how to stop. */
  onStatus?(listener: () => void): () => void
}

export interface SourceStatus {
  /** Whether the whole first state was told. */
  readonly isSynced: boolean
  /** What is wrong now, one sentence for each resource (dial, TLS, 401, the missing RBAC rule, slow list); empty: nothing. */
  readonly problems: readonly string[]
  /** The same for anybody: without addresses, files and users. Absent: nothing that anybody may know. */
  readonly reasons?: readonly string[]
}
