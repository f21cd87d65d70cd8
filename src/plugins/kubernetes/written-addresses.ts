// Which addresses an answer under way holds already: a Service's endpoints may share some.

/** Up to this many addresses are compared one by one before the table takes over. */
const LINEAR_MAX = 16
/** Twice the records that a message of 65,535 octets has room for, and a power of two. */
const SLOTS_MAX = 8192

/**
 * One for each plugin instance; used synchronously. A table of numbers that is never emptied: what an earlier answer left
 * carries an older stamp. (A `Set` that is emptied for each answer leaves its old tables to the garbage collector, which
 * keeps them: one client that asked 100,000 times for 60 addresses cost 15 MB.)
 */
export class WrittenAddresses {
  /** Offsets of addresses in the message. */
  #places = new Int32Array(0)
  /** Which answer a slot belongs to. */
  #stamps = new Int32Array(0)
  #stamp = 0
  #count = 0
  #first = 0
  #isTabled = false

  /** Begins an answer. */
  reset(): void {
    this.#count = 0
    this.#isTabled = false
  }

  /**
   * Whether an address is new; it counts as written then. `written` is the message under way: the addresses before are its
   * last octets up to `end`, each at the end of a record of `stride` octets.
   */
  isNew(
    source: Uint8Array,
    at: number,
    family: number,
    written: Uint8Array,
    end: number,
    stride: number
  ): boolean {
    if (this.#count === 0) this.#first = end + stride - family
    if (this.#count < LINEAR_MAX) {
      for (let record = this.#first; record < end; record += stride) {
        if (sameAddress(written, record, source, at, family)) return false
      }
      this.#count++
      return true
    }
    if (!this.#isTabled) this.#enterWritten(written, end, stride, family)
    const slot = this.#slotFor(source, at, written, family)
    if (this.#stamps[slot] === this.#stamp) return false
    this.#enter(slot, end + stride - family)
    return true
  }

  #enterWritten(written: Uint8Array, end: number, stride: number, family: number): void {
    this.#isTabled = true
    if (this.#places.length === 0) {
      this.#places = new Int32Array(SLOTS_MAX)
      this.#stamps = new Int32Array(SLOTS_MAX)
    }
    this.#stamp = (this.#stamp + 1) | 0
    // After 2^32 answers: no slot may seem to belong to this one.
    if (this.#stamp === 0) this.#stamps.fill(-1)
    for (let record = this.#first; record < end; record += stride) {
      this.#enter(this.#slotFor(written, record, written, family), record)
    }
  }

  #enter(slot: number, place: number): void {
    this.#places[slot] = place
    this.#stamps[slot] = this.#stamp
  }

  /** The slot of an address, or the free one where it belongs. There is one: a message can't fill half of them. */
  #slotFor(source: Uint8Array, at: number, written: Uint8Array, family: number): number {
    let slot = hashOf(source, at, family) & (SLOTS_MAX - 1)
    while (
      this.#stamps[slot] === this.#stamp &&
      !sameAddress(written, this.#places[slot] as number, source, at, family)
    ) {
      slot = (slot + 1) & (SLOTS_MAX - 1)
    }
    return slot
  }
}

function sameAddress(a: Uint8Array, aAt: number, b: Uint8Array, bAt: number, family: number): boolean {
  for (let i = 0; i < family; i++) if (a[aAt + i] !== b[bAt + i]) return false
  return true
}

/** FNV-1a. Addresses are the cluster's, not a stranger's, so nobody can choose them to collide. */
function hashOf(octets: Uint8Array, at: number, family: number): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < family; i++) hash = Math.imul(hash ^ (octets[at + i] as number), 0x01000193)
  return hash ^ (hash >>> 15)
}
