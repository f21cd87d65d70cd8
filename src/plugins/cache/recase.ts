// An answer to a question in other letters: the question comes back as the client wrote it, and the records keep theirs.
// Names in the records mostly point into the question, so the first of them is written out and the others point there.
import { rdataShape, startOfNames } from '../../wire/rdata-names.ts'
import { HEADER_OCTETS } from '../../wire/numbers.ts'
import { read16, write16, write32 } from '../../wire/records.ts'

/** A compression pointer has 14 bits. */
const POINTER_MAX = 0x3fff
const MESSAGE_OCTETS_MAX = 0xffff
/** In place of a TTL: records keep their own. */
export const KEEP_TTLS = -1

export interface RecasedMessage {
  readonly octets: Buffer
  readonly length: number
}

/**
 * A copy of a sound message without OPT, of `length` octets, whose question is that of `question` in other letters. The
 * copy has the letters of `question` there, this TTL on all its records (or KEEP_TTLS), and `room` octets to spare.
 * `undefined` where a copy needs more thought (`copyMessage` gives it): names that can't point where they would have to.
 */
export function recasedMessage(
  message: Buffer,
  length: number,
  question: Buffer,
  nameEnd: number,
  ttl: number,
  room: number
): RecasedMessage | undefined {
  // At most one name is written out where a pointer stood.
  const longest = length + nameEnd - HEADER_OCTETS
  if (longest > MESSAGE_OCTETS_MAX) return undefined
  const target = Buffer.allocUnsafe(longest + room)
  const questionEnd = nameEnd + 4
  for (let at = 0; at < HEADER_OCTETS; at++) target[at] = message[at] as number
  for (let at = HEADER_OCTETS; at < questionEnd; at++) target[at] = question[at] as number
  recaser.begin(message, target, nameEnd, sameFrom(message, question, nameEnd))
  const records = read16(message, 6) + read16(message, 8) + read16(message, 10)
  for (let left = records; left > 0; left--) if (!recaser.record(length, ttl)) return undefined
  return { octets: target, length: recaser.end }
}

/** Offset of the longest tail of two names, in whole labels, that has the same letters in both. */
function sameFrom(a: Buffer, b: Buffer, nameEnd: number): number {
  let from = HEADER_OCTETS
  for (let at = HEADER_OCTETS; at < nameEnd;) {
    const next = at + (a[at] as number) + 1
    for (let letter = at + 1; letter < next; letter++) {
      if (a[letter] === b[letter]) continue
      from = next
      break
    }
    at = next
  }
  return from
}

class Recaser {
  #from: Buffer = Buffer.alloc(0)
  #to: Buffer = this.#from
  #nameEnd = 0
  /** From here on the question's name has the same letters in both. */
  #same = 0
  /** Where the next octets are read, and written. */
  #at = 0
  #end = 0
  /** The name that was written out: where its pointer stood, from which octet of the question on it is. */
  #writtenFor = 0
  #writtenFrom = 0

  get end(): number {
    return this.#end
  }

  begin(from: Buffer, to: Buffer, nameEnd: number, same: number): void {
    this.#from = from
    this.#to = to
    this.#nameEnd = nameEnd
    this.#same = same
    this.#at = this.#end = nameEnd + 4
    this.#writtenFor = 0
  }

  /** Copies the next record. False when that can't be done. */
  record(length: number, ttl: number): boolean {
    const from = this.#from
    if (!this.#name(true) || this.#at + 10 > length) return false
    const head = this.#at
    const dataEnd = head + 10 + read16(from, head + 8)
    if (dataEnd > length) return false
    const headTo = this.#end
    this.#copy(head + 10)
    if (ttl !== KEEP_TTLS) write32(this.#to, headTo + 4, ttl)
    const shape = rdataShape(read16(from, head))
    if (shape !== undefined) {
      const names = startOfNames(shape, from, this.#at, dataEnd)
      if (names < 0) return false
      this.#copy(names)
      for (let left = shape.names; left > 0; left--) if (!this.#name(shape.mayCompress)) return false
      if (this.#at > dataEnd) return false
    }
    this.#copy(dataEnd)
    write16(this.#to, headTo + 8, this.#end - headTo - 10)
    return true
  }

  #copy(until: number): void {
    const from = this.#from
    const to = this.#to
    let at = this.#at
    let end = this.#end
    if (until - at > 64) end += from.copy(to, end, at, until)
    else while (at < until) to[end++] = from[at++] as number
    this.#at = until
    this.#end = end
  }

  #name(mayPoint: boolean): boolean {
    const from = this.#from
    let next = this.#at
    let octet = from[next] as number
    while (octet !== 0 && octet < 0xc0) {
      next += octet + 1
      if (next >= from.length) return false
      octet = from[next] as number
    }
    if (octet === 0) {
      this.#copy(next + 1)
      return true
    }
    this.#copy(next)
    return mayPoint && this.#pointer(((octet & 0x3f) << 8) | (from[next + 1] as number))
  }

  #pointer(to: number): boolean {
    const pointerAt = this.#at
    this.#at += 2
    if (to >= this.#nameEnd) {
      const shift = this.#writtenFor > 0 && to > this.#writtenFor ? this.#end - this.#at + 2 : 0
      return this.#point(to + shift)
    }
    if (to >= this.#same) return this.#point(to)
    if (this.#writtenFor > 0)
      return to >= this.#writtenFrom && this.#point(this.#writtenFor + to - this.#writtenFrom)
    // Nothing before it was longer or shorter than its original, so it stands where the pointer stood.
    this.#writtenFor = pointerAt
    this.#writtenFrom = to
    for (let at = to; at < this.#same; at++) this.#to[this.#end++] = this.#from[at] as number
    if (this.#same < this.#nameEnd - 1) return this.#point(this.#same)
    this.#to[this.#end++] = 0
    return true
  }

  #point(to: number): boolean {
    if (to > POINTER_MAX) return false
    write16(this.#to, this.#end, 0xc000 | to)
    this.#end += 2
    return true
  }
}

/** Holds nothing between two messages; used synchronously only. */
const recaser = new Recaser()
