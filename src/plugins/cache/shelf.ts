// Answers of one kind in the order of their use: where lru-cache works. Keys are hashes and values are numbers of blocks,
// so an entry is no object.
import { LRUCache } from 'lru-cache'
import type { Arena, Holder } from './arena.ts'

/** What lru-cache reserves for each entry that may come: measured, see bench/cache-memory.ts. */
export const SLOT_OCTETS = 32
/** What its table of keys takes for each entry that is there: measured as well. */
export const KEY_OCTETS = 56

export class Shelf implements Holder {
  /** Answers that went because there was no room for them. */
  evicted = 0
  readonly #arena: Arena
  readonly #entriesMax: number
  readonly #idleOf: (block: number, now: number) => number
  #entries: LRUCache<number, number> | undefined

  /** `idleOf` says how long ago an answer was used. */
  constructor(arena: Arena, entriesMax: number, idleOf: (block: number, now: number) => number) {
    this.#arena = arena
    this.#entriesMax = entriesMax
    this.#idleOf = idleOf
  }

  get size(): number {
    return this.#entries?.size ?? 0
  }

  /** The first block of the answer with this hash, which becomes the one used last; -1 when there is none. */
  find(hash: number): number {
    return this.#entries?.get(hash) ?? -1
  }

  /** Adds an answer; one with the same hash goes, and the least recently used one where the shelf is full. */
  add(hash: number, block: number): void {
    this.#arena.charge(KEY_OCTETS)
    this.#opened.set(hash, block)
  }

  remove(hash: number): void {
    this.#entries?.delete(hash)
  }

  clear(): void {
    if (this.#entries === undefined) return
    this.#entries.clear()
    this.#entries = undefined
    this.#arena.charge(-SLOT_OCTETS * this.#entriesMax)
    this.#arena.leave(this)
  }

  idleOf(now: number): number {
    if (this.#entries === undefined) return -1
    const oldest = this.#entries.rvalues().next().value
    return oldest === undefined ? -1 : this.#idleOf(oldest, now)
  }

  dropOldest(): void {
    this.#entries?.pop()
  }

  get #opened(): LRUCache<number, number> {
    if (this.#entries !== undefined) return this.#entries
    this.#arena.charge(SLOT_OCTETS * this.#entriesMax)
    this.#arena.join(this)
    this.#entries = new LRUCache<number, number>({
      max: this.#entriesMax,
      dispose: (block, _hash, reason) => {
        if (reason === 'evict') this.evicted++
        this.#arena.charge(-KEY_OCTETS)
        this.#arena.release(block)
      }
    })
    return this.#entries
  }
}
