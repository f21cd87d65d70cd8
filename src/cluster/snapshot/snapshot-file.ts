// `--snapshot FILE`: the last state of the cluster on disk, for a start without its API server.
import type { Clock, Timer } from '../../runtime/clock.ts'
import { fileErrorText, type Files } from '../../runtime/files.ts'
import type { Log } from '../../runtime/log.ts'
import type { NextTurn } from '../../runtime/turn.ts'
import type { ClusterIndex } from '../index/cluster-index.ts'
import { storedObjects } from '../index/stored.ts'
import type { ClusterObject } from '../objects.ts'
import { decodeSnapshot, encodeSnapshot, type Snapshot } from './format.ts'

/** An index whose state is kept. */
export interface Kept {
  readonly key: string
  readonly index: ClusterIndex
  /** Whether it holds what its source told, all of it. */
  isLive(): boolean
}

export interface SnapshotRuntime {
  readonly clock: Clock
  readonly files: Files
  readonly log: Log
  readonly nextTurn: NextTurn
}

const OCTETS_MAX = 256 << 20
const LOOK_MS = 5000
/** Between two writes; longer where a write takes long: at most a fiftieth of the time is spent writing. */
const PACE_MS = 30_000
const SHARE = 50

export class SnapshotFile {
  readonly path: string
  readonly #runtime: SnapshotRuntime
  readonly #log: Log
  readonly #kept = new Set<Kept>()
  #timer: Timer | undefined
  #writing: Promise<void> | undefined
  #nextMs = -Infinity
  #written: string | undefined
  #complaint: string | undefined
  #read: Promise<Snapshot | undefined> | undefined
  /** When what is on disk was written, in milliseconds since 1970; undefined: nobody knows. */
  writtenMs: number | undefined
  /** How many writes failed, and how many did not. */
  readonly writes = { ok: 0, failed: 0 }

  constructor(path: string, runtime: SnapshotRuntime) {
    this.path = path
    this.#runtime = runtime
    this.#log = runtime.log.own()
  }

  /** Keeps the state of an index from here on. Returns how to stop. */
  keep(kept: Kept): () => void {
    this.#kept.add(kept)
    this.#timer ??= this.#runtime.clock.every(LOOK_MS, () => this.#look())
    return () => {
      this.#kept.delete(kept)
      if (this.#kept.size > 0) return
      this.#timer?.cancel()
      this.#timer = undefined
    }
  }

  /** What was kept under a key; undefined when there is nothing. A damaged file is told of in the log, once. */
  async objectsOf(key: string): Promise<readonly ClusterObject[] | undefined> {
    this.#read ??= this.#load()
    const snapshot = await this.#read
    const objects = snapshot?.sections.get(key)
    if (snapshot !== undefined && objects === undefined) {
      this.#log.warn(
        `snapshot ${this.path}: it was written for another API server or with other options of the kubernetes block`
      )
    }
    return objects
  }

  /** Settles when no write is under way. */
  async settled(): Promise<void> {
    await this.#writing
  }

  /** Lets go of what was read. */
  forget(): void {
    this.#read = undefined
  }

  async #load(): Promise<Snapshot | undefined> {
    const { files, nextTurn } = this.#runtime
    if (files.kind(this.path) === undefined) {
      this.#log.info(`snapshot ${this.path}: there is none yet`)
      return undefined
    }
    try {
      const snapshot = await decodeSnapshot(files.read(this.path, OCTETS_MAX), nextTurn)
      this.writtenMs = snapshot.writtenMs
      return snapshot
    } catch (error) {
      const isSystems = error instanceof Error && 'code' in error
      const text = isSystems ? fileErrorText(error, this.path) : `damaged: ${(error as Error).message}`
      this.#log.warn(
        `snapshot ${this.path}: ${text}; it is passed over, and written anew once the state is loaded`
      )
      return undefined
    }
  }

  #look(): void {
    const kept = [...this.#kept]
    // Half of it would take the place of what is whole.
    if (this.#writing !== undefined || kept.some(each => !each.isLive())) return
    const { clock } = this.#runtime
    const now = clock.now()
    const state = kept.map(({ key, index }) => `${key} ${index.generation}`).join('\n')
    if (state === this.#written || now < this.#nextMs) return
    this.#writing = this.#write(kept).then(
      () => {
        this.#written = state
        this.writes.ok++
        if (this.#complaint !== undefined) this.#log.info(`snapshot ${this.path}: written again`)
        this.#complaint = undefined
      },
      (error: unknown) => this.#failed(error)
    )
    void this.#writing.then(() => {
      this.#writing = undefined
      const end = clock.now()
      this.#nextMs = end + Math.max(PACE_MS, (end - now) * SHARE)
    })
  }

  async #write(kept: readonly Kept[]): Promise<void> {
    const { clock, files, nextTurn } = this.#runtime
    if (files.replace === undefined) throw new Error('files cannot be written here')
    const writtenMs = clock.wallMs()
    const sections = kept.map(({ key, index }) => ({ key, objects: storedObjects(index) }))
    await files.replace(this.path, encodeSnapshot(writtenMs, sections, OCTETS_MAX, nextTurn))
    this.writtenMs = writtenMs
  }

  #failed(error: unknown): void {
    this.writes.failed++
    const text =
      error instanceof Error && 'code' in error ? fileErrorText(error, this.path) : (error as Error).message
    if (text !== this.#complaint) this.#log.warn(`snapshot ${this.path}: cannot be written: ${text}`)
    this.#complaint = text
  }
}
