// Messages on a stream: each behind its length in two octets (RFC 1035 §4.2.2, RFC 7766 §8).

const NOTHING: Buffer = Buffer.alloc(0)
const LENGTH_OCTETS = 2
/** The most that a length can say. */
export const MESSAGE_OCTETS_MAX = 0xffff

/**
 * Cuts a stream into messages. A message that lies whole in one chunk is given out as a view of it, without a copy;
 * only one that is spread over chunks is put together, in room that grows with what has come and not with what was
 * promised. Holds at most 65,537 octets besides the last chunk.
 */
export class FrameReader {
  #chunk = NOTHING
  #at = 0
  #partial = NOTHING
  #partialLength = 0

  /** Octets of a message that has begun and isn't whole. Known after `next` has returned undefined. */
  get partialLength(): number {
    return this.#partialLength
  }

  /** Whether there may be a message that `next` has not given out yet. */
  get pending(): boolean {
    return this.#chunk.length > 0
  }

  /** Octets in memory for the sake of this reader. */
  get heldOctets(): number {
    return this.#chunk.length + this.#partial.length
  }

  /** Takes the next chunk of the stream. It must not be written to afterwards. */
  push(chunk: Buffer): void {
    this.#chunk = this.pending ? Buffer.concat([this.#chunk.subarray(this.#at), chunk]) : chunk
    this.#at = 0
  }

  /** The next whole message without its length, or undefined. Messages of no octets are passed over. */
  next(): Buffer | undefined {
    const chunk = this.#chunk
    while (this.#partialLength > 0) {
      const message = this.#completePartial()
      if (message === undefined) {
        this.#exhaust()
        return undefined
      }
      if (message.length > 0) return message
    }
    for (;;) {
      const start = this.#at + LENGTH_OCTETS
      if (start > chunk.length) break
      const end = start + (((chunk[start - 2] as number) << 8) | (chunk[start - 1] as number))
      if (end > chunk.length) break
      this.#at = end
      if (end > start) return chunk.subarray(start, end)
    }
    if (this.#at < chunk.length) this.#keepPartial()
    this.#exhaust()
    return undefined
  }

  clear(): void {
    this.#chunk = this.#partial = NOTHING
    this.#at = this.#partialLength = 0
  }

  #exhaust(): void {
    this.#chunk = NOTHING
    this.#at = 0
  }

  /** Copies the few octets at the chunk's end, so that they don't hold all of it. */
  #keepPartial(): void {
    this.#partial = Buffer.from(this.#chunk.subarray(this.#at))
    this.#partialLength = this.#partial.length
  }

  #completePartial(): Buffer | undefined {
    if (this.#partialLength < LENGTH_OCTETS) this.#fill(LENGTH_OCTETS)
    if (this.#partialLength < LENGTH_OCTETS) return undefined
    const end = LENGTH_OCTETS + this.#partial.readUInt16BE(0)
    this.#fill(end)
    if (this.#partialLength < end) return undefined
    const message = this.#partial.subarray(LENGTH_OCTETS, end)
    this.#partial = NOTHING
    this.#partialLength = 0
    return message
  }

  /** Moves octets from the chunk until `#partial` has `length` of them or the chunk has no more. */
  #fill(length: number): void {
    const end = Math.min(this.#chunk.length, this.#at + length - this.#partialLength)
    const after = this.#partialLength + end - this.#at
    if (after > this.#partial.length) {
      const room = Buffer.allocUnsafeSlow(Math.min(length, Math.max(after, 2 * this.#partial.length, 64)))
      this.#partial.copy(room, 0, 0, this.#partialLength)
      this.#partial = room
    }
    this.#chunk.copy(this.#partial, this.#partialLength, this.#at, end)
    this.#partialLength = after
    this.#at = end
  }
}

/** What a stream must be able to do to be written to: a `net.Socket`. */
export interface Sink {
  write(octets: Buffer, done: (error?: Error | null) => void): boolean
  /** Octets that were written and not taken by the kernel. */
  readonly writableLength: number
}

/**
 * Gathers messages with their lengths, to be written to a stream in one go, which is quicker than `writev` over many
 * small buffers. Its room is used over and over: as long as clients read, answers leave no garbage behind.
 */
export class FrameWriter {
  /** Octets gathered. */
  length = 0
  readonly #roomOctets: number
  readonly #copies: boolean
  #room: Buffer

  /** `copies`: streams get octets of their own, as those do that keep what they are given for a while anyway (TLS). */
  constructor(roomOctets: number, copies = false) {
    this.#roomOctets = roomOctets
    this.#copies = copies
    this.#room = Buffer.allocUnsafeSlow(roomOctets)
  }

  /** Whether this is as much as should be written in one go. One more message may be added even so. */
  get full(): boolean {
    return this.length >= this.#roomOctets >> 1
  }

  /** False when the message is too long to be framed. */
  add(message: Uint8Array): boolean {
    const octets = message.length
    if (octets > MESSAGE_OCTETS_MAX) return false
    const start = this.length
    const end = start + LENGTH_OCTETS + octets
    if (end > this.#room.length) this.#grow(end)
    const room = this.#room
    room[start] = octets >> 8
    room[start + 1] = octets
    room.set(message, start + LENGTH_OCTETS)
    this.length = end
    return true
  }

  /**
   * Writes what was gathered; afterwards nothing is. Returns whether the stream took all of it at once: a stream that
   * holds nothing has copied everything to the kernel, so the room may be used again. Otherwise the room is the
   * stream's until `done` is called.
   */
  writeTo(sink: Sink, done: (error?: Error | null) => void): boolean {
    const gathered = this.#room.subarray(0, this.length)
    sink.write(this.#copies ? Buffer.from(gathered) : gathered, done)
    this.length = 0
    const taken = sink.writableLength === 0
    if ((!taken && !this.#copies) || this.#room.length > this.#roomOctets)
      this.#room = Buffer.allocUnsafeSlow(this.#roomOctets)
    return taken
  }

  /** Makes room for a long message, for this one write. */
  #grow(octets: number): void {
    const room = Buffer.allocUnsafeSlow(octets)
    room.set(this.#room.subarray(0, this.length))
    this.#room = room
  }
}
