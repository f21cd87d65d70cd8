// What the `Map` behind an LRU cache takes. V8 gives no figure for it, but its ordered hash tables grow and shrink by fixed
// rules: they double when they are full, entries that were deleted count until then, and they halve when a quarter is used.
// So the same rules are followed here, in numbers (bench/cache-memory.ts holds them against the process's memory).

/** Octets for each entry that a table has room for: key, value, link, and half a bucket. */
const ENTRY_OCTETS = 28
/** Octets of a table's own. */
const HEAD_OCTETS = 40
const CAPACITY_MIN = 4

export class KeyTable {
  #capacity = CAPACITY_MIN
  #live = 0
  #deleted = 0

  /** What it takes now. */
  get octets(): number {
    return octetsOf(this.#capacity)
  }

  /** What it takes once another key is in it. */
  get octetsNext(): number {
    return octetsOf(this.#capacityNext)
  }

  /** A key that was not there is added. */
  insert(): void {
    if (this.#isFull) {
      this.#capacity = this.#capacityNext
      this.#deleted = 0
    }
    this.#live++
  }

  /** A key that was there is deleted. */
  remove(): void {
    this.#live--
    this.#deleted++
    if (this.#live >= this.#capacity >> 2 || this.#capacity === CAPACITY_MIN) return
    this.#capacity >>= 1
    this.#deleted = 0
  }

  get #isFull(): boolean {
    return this.#live + this.#deleted >= this.#capacity
  }

  /** Where enough of it was deleted, a full table is only cleared of that. */
  get #capacityNext(): number {
    return this.#isFull && this.#deleted < this.#capacity >> 1 ? this.#capacity << 1 : this.#capacity
  }
}

const octetsOf = (capacity: number): number => HEAD_OCTETS + capacity * ENTRY_OCTETS

/** Octets for each key of the fewest that a table may have when it is full. */
export const KEY_OCTETS_MIN = ENTRY_OCTETS
