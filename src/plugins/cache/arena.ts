// The octets of all cached answers: blocks of one size in one buffer, so that what the cache takes is known to the octet
// and nothing of it is the garbage collector's business. Pages of the buffer cost memory from their first use on.

/** Octets of a block: a question and five addresses of a name of 30 octets fit one. */
export const BLOCK_OCTETS = 192
/** The number of the block that continues a chain. */
const LINK_OCTETS = 4

/** Something that has answers in the arena and can do without the one it used least recently. */
export interface Holder {
  /** How long ago its least recently used answer was used, in units of its clock; -1 when it has none. */
  idleOf(now: number): number
  dropOldest(): void
}

export class Arena {
  /** What blocks and bookkeeping may take together, in octets. */
  readonly octetsMax: number
  #octets: Buffer | undefined
  #links: Int32Array | undefined
  /** Head of the list of blocks that were used before; -1 when there is none. */
  #free = -1
  /** Blocks from here on were never used. */
  #fresh = 0
  #blocks = 0
  #charged = 0
  readonly #holders = new Set<Holder>()

  constructor(octetsMax: number) {
    this.octetsMax = octetsMax
  }

  /** What is taken, bookkeeping included, in octets. */
  get octetsUsed(): number {
    return this.#blocks * (BLOCK_OCTETS + LINK_OCTETS) + this.#charged
  }

  /** The blocks, one after the other. */
  get octets(): Buffer {
    return (this.#octets ??= Buffer.allocUnsafeSlow(this.#blocksMax * BLOCK_OCTETS))
  }

  get #blocksMax(): number {
    return Math.floor(this.octetsMax / (BLOCK_OCTETS + LINK_OCTETS))
  }

  /** The block after this one in its chain; -1 after the last. */
  after(block: number): number {
    return (this.#links as Int32Array)[block] as number
  }

  join(holder: Holder): void {
    this.#holders.add(holder)
  }

  leave(holder: Holder): void {
    this.#holders.delete(holder)
  }

  /** Counts bookkeeping that stands elsewhere; negative to give it back. */
  charge(octets: number): void {
    this.#charged += octets
  }

  /**
   * Makes room for an answer of `octets` and `extra` octets of bookkeeping by dropping the least recently used ones,
   * whosever they are. False when it can't fit at all.
   */
  makeRoom(octets: number, extra: number, now: number): boolean {
    const needed = blocksFor(octets) * (BLOCK_OCTETS + LINK_OCTETS) + extra
    while (this.octetsUsed + needed > this.octetsMax) {
      let oldest: Holder | undefined
      let longest = -1
      for (const holder of this.#holders) {
        const idle = holder.idleOf(now)
        if (idle <= longest) continue
        longest = idle
        oldest = holder
      }
      if (oldest === undefined) return false
      oldest.dropOldest()
    }
    return true
  }

  /** A chain for `octets`, for which `makeRoom` made room: its first block. */
  allocate(octets: number): number {
    const links = (this.#links ??= new Int32Array(this.#blocksMax))
    let first = -1
    for (let left = blocksFor(octets); left > 0; left--) {
      let block = this.#free
      if (block >= 0) this.#free = links[block] as number
      else block = this.#fresh++
      links[block] = first
      first = block
      this.#blocks++
    }
    return first
  }

  /** Gives a chain back. */
  release(first: number): void {
    const links = this.#links as Int32Array
    let last = first
    this.#blocks--
    while ((links[last] as number) >= 0) {
      last = links[last] as number
      this.#blocks--
    }
    links[last] = this.#free
    this.#free = first
  }

  /** Writes what stands in `source` up to `length` into a chain from octet `from` of it on. */
  write(first: number, from: number, source: Buffer, length: number): void {
    const { octets } = this
    let block = this.#blockAt(first, from)
    let within = from % BLOCK_OCTETS
    for (let at = 0; at < length; block = this.after(block), within = 0) {
      const end = Math.min(length, at + BLOCK_OCTETS - within)
      source.copy(octets, block * BLOCK_OCTETS + within, at, end)
      at = end
    }
  }

  /** Copies `length` octets of a chain from octet `from` on to `target`. */
  read(first: number, from: number, target: Buffer, at: number, length: number): void {
    const { octets } = this
    let block = this.#blockAt(first, from)
    let within = from % BLOCK_OCTETS
    const end = at + length
    for (; at < end; block = this.after(block), within = 0) {
      const start = block * BLOCK_OCTETS + within
      at += octets.copy(target, at, start, start + Math.min(end - at, BLOCK_OCTETS - within))
    }
  }

  #blockAt(first: number, from: number): number {
    let block = first
    for (let left = Math.floor(from / BLOCK_OCTETS); left > 0; left--) block = this.after(block)
    return block
  }
}

const blocksFor = (octets: number): number => Math.ceil(octets / BLOCK_OCTETS)
