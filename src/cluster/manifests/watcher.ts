// Notices that files changed. Said too often is fine, said too late or never is not: the source reads what is named and
// compares.

export interface WatchListener {
  /** Something at this absolute path is new, different or gone. */
  changed(path: string): void
  /** Changes can't be noticed at once, and why; they still are within some seconds. */
  degraded(reason: string): void
}

export interface Watcher {
  /** The absolute paths that matter from now on. Entries of `folders` are watched, not what is below those. */
  keep(files: Iterable<string>, folders: Iterable<string>): void
  /** Settles when changes of the folders that were named first will be noticed. */
  ready(): Promise<void>
  close(): Promise<void>
}

export type StartWatching = (listener: WatchListener) => Watcher
