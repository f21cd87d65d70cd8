// Octets of many small records outside the JavaScript heap: no object per record, nothing for the collector to walk.
//
//   ref = chunk number << CHUNK_BITS | offset        0 is never a record
//
// Records are rounded up to a size class, and a freed record goes to its class's list, so that a cluster that changes all
// day does not grow. A record larger than a chunk gets a chunk of its own.

const CHUNK_BITS = 18
const CHUNK_OCTETS = 1 << CHUNK_BITS
const OFFSET_MASK = CHUNK_OCTETS - 1
/** Steps of the size classes: fine for small records, an eighth of the size for larger ones. */
const GRAIN = 16

export class Slab {
  readonly #chunks: Uint8Array[] = [new Uint8Array(GRAIN)]
  readonly #free = new Map<number, number[]>()
  /** Chunks of oversized records that were freed: their numbers are used again. */
  readonly #freeNumbers: number[] = []
  #current = 0
  #used = CHUNK_OCTETS
  /** Octets in chunks. */
  octetsReserved = 0
  /** Octets in records that are in use, rounding included. */
  octetsUsed = 0

  /** The octets that hold a record; the record begins at `offset(ref)`. */
  octets(ref: number): Uint8Array {
    return this.#chunks[ref >>> CHUNK_BITS] as Uint8Array
  }

  offset(ref: number): number {
    return ref & OFFSET_MASK
  }

  /** Room for `size` octets, at least 1. The contents are whatever was there before. */
  allocate(size: number): number {
    const rounded = roundUp(size)
    this.octetsUsed += rounded
    if (rounded > CHUNK_OCTETS) return this.#newChunk(rounded) << CHUNK_BITS
    const free = this.#free.get(rounded)
    const freed = free?.pop()
    if (freed !== undefined) return freed
    if (this.#used + rounded > CHUNK_OCTETS) {
      this.#current = this.#newChunk(CHUNK_OCTETS)
      this.#used = 0
    }
    const ref = ((this.#current << CHUNK_BITS) | this.#used) >>> 0
    this.#used += rounded
    return ref
  }

  /** Gives back a record; `size` as it was asked for. */
  free(ref: number, size: number): void {
    const rounded = roundUp(size)
    this.octetsUsed -= rounded
    if (rounded > CHUNK_OCTETS) {
      const number = ref >>> CHUNK_BITS
      this.#chunks[number] = EMPTY
      this.#freeNumbers.push(number)
      this.octetsReserved -= rounded
      return
    }
    const free = this.#free.get(rounded)
    if (free === undefined) this.#free.set(rounded, [ref])
    else free.push(ref)
  }

  #newChunk(size: number): number {
    const chunk = new Uint8Array(size)
    this.octetsReserved += size
    const number = this.#freeNumbers.pop()
    if (number === undefined) return this.#chunks.push(chunk) - 1
    this.#chunks[number] = chunk
    return number
  }
}

const EMPTY = new Uint8Array(0)

/** The size class of a record: multiples of 16 up to 256 octets, then steps of an eighth of the power of two below. */
function roundUp(size: number): number {
  if (size <= 256) return Math.max(GRAIN, (size + GRAIN - 1) & ~(GRAIN - 1))
  const step = 1 << (28 - Math.clz32(size))
  return Math.ceil(size / step) * step
}
