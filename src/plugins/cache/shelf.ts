// Answers of one kind in the order of their use: where lru-cache works. Keys are hashes and values are numbers of blocks,
// so an entry is no object.
import { LRUCache } from 'lru-cache'
import type { Arena, Holder } from './arena.ts'
import { KeyTable, KEY_OCTETS_MIN } from './key-table.ts'

/** What lru-cache reserves at once for each of `entriesMax` entries: key and value, and three numbers as small as they can be. */
function slotOctets(entriesMax: number): number {
  const numberOctets = entriesMax <= 0x100 ? 1 : entriesMax <= 0x1_0000 ? 2 : 4
  return 2 * 8 + 3 * numberOctets
}

/** The least that an entry takes here, its slot included. */
export const ENTRY_OCTETS_MIN = slotOctets(Infinity) + KEY_OCTETS_MIN

export class Shelf implements Holder {
  /** Answers that went because there was no room for them. */
  evicted = 0
  readonly #arena: Arena
  readonly #entriesMax: number
  readonly #idleOf: (block: number, now: number) => number
  #entries: LRUCache<number, number> | undefined
  #keys = new KeyTable()
  /** What the arena was told that is taken here. */
  #charged = 0
  /** Answers that made room for one with the same hash. */
  #replaced = 0

  /** `idleOf` says how long ago an answer was used. */
  constructor(arena: Arena, entriesMax: number, idleOf: (block: number, now: number) => number) {
    this.#arena = arena
    this.#entriesMax = entriesMax
    this.#idleOf = idleOf
  }

  get size(): number {
    return this.#entries?.size ?? 0
  }

  /** What adding one more answer may take here, besides its blocks. */
  get octetsForNext(): number {
    return this.#slotsOctets + this.#keys.octetsNext - this.#charged
  }

  /** The first block of the answer with this hash, which becomes the one used last; -1 when there is none. */
  find(hash: number): number {
    return this.#entries?.get(hash) ?? -1
  }

  /** Adds an answer; one with the same hash goes, and the least recently used one where the shelf is full. */
  add(hash: number, block: number): void {
    const replaced = this.#replaced
    this.#opened.set(hash, block)
    if (this.#replaced === replaced) this.#keys.insert()
    this.#charge(this.#slotsOctets + this.#keys.octets)
  }

  remove(hash: number): void {
    if (this.#entries?.delete(hash) === true) this.#charge(this.#slotsOctets + this.#keys.octets)
  }

  clear(): void {
    if (this.#entries === undefined) return
    this.#entries.clear()
    this.#entries = undefined
    this.#keys = new KeyTable()
    this.#charge(0)
    this.#arena.leave(this)
  }

  idleOf(now: number): number {
    if (this.#entries === undefined) return -1
    const oldest = this.#entries.rvalues().next().value
    return oldest === undefined ? -1 : this.#idleOf(oldest, now)
  }

  dropOldest(): void {
    this.#entries?.pop()
    this.#charge(this.#slotsOctets + this.#keys.octets)
  }

  get #slotsOctets(): number {
    return this.#entriesMax * slotOctets(this.#entriesMax)
  }

  get #opened(): LRUCache<number, number> {
    if (this.#entries !== undefined) return this.#entries
    this.#arena.join(this)
    this.#entries = new LRUCache<number, number>({
      max: this.#entriesMax,
      dispose: (block, _hash, reason) => {
        if (reason === 'set') this.#replaced++
        else this.#keys.remove()
        if (reason === 'evict') this.evicted++
        this.#arena.release(block)
      }
    })
    return this.#entries
  }

  #charge(octets: number): void {
    this.#arena.charge(octets - this.#charged)
    this.#charged = octets
  }
}
