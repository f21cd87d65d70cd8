// An open-addressed table from 32-bit hashes to 32-bit values, several values a hash allowed. The caller compares: the
// table does not know what its values stand for.
//
// Equal hashes form a chain (`next`), so that ten thousand slices with one address cost one slot, not a run of slots that
// every other lookup has to step over.

const FREE = 0
const MIN_SLOTS = 64

export class HashTable {
  #hashes = new Int32Array(MIN_SLOTS)
  /** Node number + 1 of the first value with the slot's hash; 0 when the slot is free. */
  #heads = new Int32Array(MIN_SLOTS)
  #mask = MIN_SLOTS - 1
  #slotsUsed = 0
  /** The values, as nodes of the chains. */
  #values = new Int32Array(MIN_SLOTS)
  #next = new Int32Array(MIN_SLOTS)
  #freeNode = 0
  #nodes = 0
  /** How many values there are. */
  size = 0

  /** The first value with this hash, as a node to hand to `value` and `next`; 0 when there is none. */
  first(hash: number): number {
    let slot = hash & this.#mask
    for (;;) {
      const head = this.#heads[slot] as number
      if (head === FREE || this.#hashes[slot] === hash) return head
      slot = (slot + 1) & this.#mask
    }
  }

  /** The next value with the same hash; 0 when there is none. */
  next(node: number): number {
    return this.#next[node - 1] as number
  }

  value(node: number): number {
    return this.#values[node - 1] as number
  }

  add(hash: number, value: number): void {
    if ((this.#slotsUsed + 1) * 4 > this.#heads.length * 3) this.#resize(this.#heads.length * 2)
    let slot = hash & this.#mask
    while (this.#heads[slot] !== FREE && this.#hashes[slot] !== hash) slot = (slot + 1) & this.#mask
    const node = this.#newNode(value)
    this.#next[node - 1] = this.#heads[slot] as number
    if (this.#heads[slot] === FREE) {
      this.#slotsUsed++
      this.#hashes[slot] = hash
    }
    this.#heads[slot] = node
    this.size++
  }

  /** Takes one value with this hash away. Returns whether it was there. */
  remove(hash: number, value: number): boolean {
    let slot = hash & this.#mask
    for (;;) {
      if (this.#heads[slot] === FREE) return false
      if (this.#hashes[slot] === hash) break
      slot = (slot + 1) & this.#mask
    }
    let before = 0
    let node = this.#heads[slot] as number
    while (node !== 0 && this.#values[node - 1] !== value) {
      before = node
      node = this.#next[node - 1] as number
    }
    if (node === 0) return false
    const after = this.#next[node - 1] as number
    if (before !== 0) this.#next[before - 1] = after
    else if (after !== 0) this.#heads[slot] = after
    else this.#freeSlot(slot)
    this.#next[node - 1] = this.#freeNode
    this.#freeNode = node
    this.size--
    return true
  }

  /** Octets held by the arrays. */
  get octets(): number {
    return (this.#heads.length + this.#values.length) * 8
  }

  /** Closes the gap, so that no later lookup stops too early: what belongs before the gap moves into it. */
  #freeSlot(gap: number): void {
    this.#slotsUsed--
    let slot = gap
    for (;;) {
      slot = (slot + 1) & this.#mask
      if (this.#heads[slot] === FREE) break
      const home = (this.#hashes[slot] as number) & this.#mask
      if (((slot - home) & this.#mask) < ((slot - gap) & this.#mask)) continue
      this.#heads[gap] = this.#heads[slot] as number
      this.#hashes[gap] = this.#hashes[slot] as number
      gap = slot
    }
    this.#heads[gap] = FREE
    if (this.#slotsUsed * 8 < this.#heads.length && this.#heads.length > MIN_SLOTS) {
      this.#resize(this.#heads.length / 2)
    }
  }

  #newNode(value: number): number {
    let node = this.#freeNode
    if (node !== 0) {
      this.#freeNode = this.#next[node - 1] as number
    } else {
      if (this.#nodes === this.#values.length) {
        this.#values = grown(this.#values)
        this.#next = grown(this.#next)
      }
      node = ++this.#nodes
    }
    this.#values[node - 1] = value
    return node
  }

  #resize(slots: number): void {
    const hashes = this.#hashes
    const heads = this.#heads
    this.#hashes = new Int32Array(slots)
    this.#heads = new Int32Array(slots)
    this.#mask = slots - 1
    for (let from = 0; from < heads.length; from++) {
      if (heads[from] === FREE) continue
      let slot = (hashes[from] as number) & this.#mask
      while (this.#heads[slot] !== FREE) slot = (slot + 1) & this.#mask
      this.#heads[slot] = heads[from] as number
      this.#hashes[slot] = hashes[from] as number
    }
  }
}

/** A copy with room for half as many again: a table of millions should not double at once. */
export function grown(array: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(Math.ceil((array.length * 3) / 2))
  larger.set(array)
  return larger
}
