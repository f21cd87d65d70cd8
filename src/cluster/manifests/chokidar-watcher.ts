// Watches folders with chokidar. The door to that package.
//
// Its `change` events are not enough: they come at most every 50 ms a file and are dropped in between, and new files show
// up to a second late. Its `raw` events are what the operating system said, at once and with a name, so these are passed
// on; the others are only a second opinion. `awaitWriteFinish` and `atomic` would delay what they wait for; the source
// itself deals with half-written files. Network and container file systems may not say anything: behind the events, a few
// hundred files a second are looked at in turn.
import { stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { watch, type FSWatcher } from 'chokidar'
import type { Stats } from 'node:fs'
import type { Clock, Timer } from '../../runtime/clock.ts'
import type { StartWatching, Watcher, WatchListener } from './watcher.ts'

export function chokidarWatching(clock: Clock): StartWatching {
  return listener => new ChokidarWatcher(clock, listener)
}

const LOOK_PERIOD_MS = 1000
/** Paths that are looked at each time. */
const LOOK_PATHS = 500
/** A new folder is reported again after these times: files may come into it before it is watched. */
const NEW_FOLDER_MS = [20, 100, 400]

class ChokidarWatcher implements Watcher {
  readonly #clock: Clock
  readonly #listener: WatchListener
  readonly #chokidar: FSWatcher
  readonly #ready: Promise<void>
  readonly #timers = new Set<Timer>()
  #folders = new Set<string>()
  #files = new Set<string>()
  /** Symbolic links to files: what they point to may lie outside of all folders, so it is watched by itself. */
  readonly #links = new Set<string>()
  readonly #stamps = new Map<string, string>()
  #queue: string[] = []
  #looking = false
  #degraded = false
  #closed = false

  constructor(clock: Clock, listener: WatchListener) {
    this.#clock = clock
    this.#listener = listener
    this.#chokidar = watch([], {
      persistent: true,
      ignoreInitial: true,
      depth: 0,
      atomic: false,
      awaitWriteFinish: false,
      ignored: (path, stats) => this.#ignored(path, stats)
    })
    this.#chokidar.on('raw', (_event, name: string | null, details: unknown) => this.#raw(name, details))
    this.#chokidar.on('all', (_event, path) => this.#tell(path))
    this.#chokidar.on('error', error => this.#failed(error))
    this.#ready = new Promise(resolve => {
      this.#chokidar.once('ready', () => resolve())
      // chokidar is never ready when it had nothing to do.
      this.#after(2000, () => resolve())
    })
    this.#timers.add(clock.every(LOOK_PERIOD_MS, () => void this.#look()))
  }

  keep(files: Iterable<string>, folders: Iterable<string>): void {
    if (this.#closed) return
    const before = this.#folders
    this.#files = new Set(files)
    this.#folders = new Set(folders)
    const added = [...this.#folders].filter(folder => !before.has(folder))
    const removed = [...before].filter(folder => !this.#folders.has(folder))
    if (removed.length > 0) this.#chokidar.unwatch(removed)
    if (added.length > 0) this.#chokidar.add(added)
    for (const folder of added) {
      void this.#lookAt(folder)
      if (before.size > 0) this.#tellAgain(folder)
    }
    for (const path of this.#stamps.keys()) {
      if (!this.#files.has(path) && !this.#folders.has(path)) this.#stamps.delete(path)
    }
  }

  ready(): Promise<void> {
    return this.#ready
  }

  async close(): Promise<void> {
    this.#closed = true
    for (const timer of this.#timers) timer.cancel()
    await this.#chokidar.close()
  }

  /** Files are seen through their folder, so only folders and links to files get a watch of their own. */
  #ignored(path: string, stats: Stats | undefined): boolean {
    if (this.#folders.has(path)) return false
    if (basename(path).startsWith('.')) return true
    if (stats === undefined) return false
    if (stats.isSymbolicLink()) {
      this.#links.add(path)
      return false
    }
    return !(stats.isFile() && this.#links.has(path))
  }

  #raw(name: string | null, details: unknown): void {
    const watched = watchedPath(details)
    if (watched === undefined) return
    if (!this.#folders.has(watched)) {
      this.#tell(watched)
      return
    }
    if (name === null || name === basename(watched)) {
      this.#tell(watched)
      // The folder itself moved or went.
      void this.#lookAt(watched)
    }
    if (name !== null) this.#tell(join(watched, name))
  }

  #tell(path: string): void {
    if (!this.#closed) this.#listener.changed(path)
  }

  #tellAgain(folder: string): void {
    for (const delayMs of NEW_FOLDER_MS) this.#after(delayMs, () => this.#tell(folder))
  }

  #after(delayMs: number, task: () => void): void {
    const timer = this.#clock.after(delayMs, () => {
      this.#timers.delete(timer)
      task()
    })
    this.#timers.add(timer)
  }

  #failed(error: unknown): void {
    if (this.#degraded || this.#closed) return
    this.#degraded = true
    const code = error instanceof Error && 'code' in error ? String(error.code) : ''
    const reason =
      code === 'ENOSPC'
        ? 'the limit of watches is reached (sysctl fs.inotify.max_user_watches)'
        : String(error)
    this.#listener.degraded(reason)
  }

  /** Looks at the next few paths: reports those that differ from the last time. */
  async #look(): Promise<void> {
    if (this.#looking || this.#closed) return
    this.#looking = true
    try {
      if (this.#queue.length === 0) this.#queue = [...this.#folders, ...this.#files]
      for (const path of this.#queue.splice(0, LOOK_PATHS)) await this.#lookAt(path)
    } finally {
      this.#looking = false
    }
  }

  async #lookAt(path: string): Promise<void> {
    const stamp = await stampOf(path)
    const before = this.#stamps.get(path)
    if (this.#closed || stamp === before) return
    this.#stamps.set(path, stamp)
    if (before === undefined) return
    this.#tell(path)
    // A folder that was replaced by another is watched anew: the watch went with the old one.
    if (this.#folders.has(path) && identity(stamp) !== identity(before) && stamp !== GONE) {
      this.#chokidar.unwatch(path)
      this.#chokidar.add(path)
      this.#tellAgain(path)
    }
  }
}

const GONE = 'gone'

/** What a path is, as far as a change of it would show: `device:inode time size`. */
async function stampOf(path: string): Promise<string> {
  try {
    const found = await stat(path)
    return `${found.dev}:${found.ino} ${found.mtimeMs} ${found.size}`
  } catch {
    return GONE
  }
}

function identity(stamp: string): string {
  return stamp.split(' ')[0] ?? ''
}

function watchedPath(details: unknown): string | undefined {
  if (typeof details !== 'object' || details === null || !('watchedPath' in details)) return undefined
  return typeof details.watchedPath === 'string' ? details.watchedPath : undefined
}
