// Copies another server's message with its names written anew and compressed. Needed where octets can't stay in their
// place: the OPT stood among other records, the question was compressed, or the message must become shorter.
import { HEADER_OCTETS, Rtype } from '../wire/numbers.ts'
import { endOfName, readName } from '../wire/name.ts'
import { rdataShape, startOfNames, type RdataShape } from '../wire/rdata-names.ts'
import { read16, write16 } from '../wire/records.ts'

export interface CopiedMessage {
  readonly octets: Buffer
  readonly length: number
  /** Records were left out because 65,535 octets were not enough. */
  readonly overflowed: boolean
}

const MESSAGE_OCTETS_MAX = 0xffff
/** A compression pointer has 14 bits. */
const POINTER_MAX = 0x3fff
/** A name that is known stands in at most two octets; one that isn't takes 255. */
const NAME_OCTETS_MAX = 255

/**
 * Where a message is written before it is copied out; used synchronously only. What is written out grows, but never beyond
 * what one message may hold, and a name more.
 */
const scratch = Buffer.allocUnsafeSlow(MESSAGE_OCTETS_MAX + 2 * NAME_OCTETS_MAX)

/**
 * The message without its OPT records. Only for messages that were read before: shapes are relied on here. Letter case
 * is kept: names are compressed only against octets that are equal. `questionName` stands in for the question's name: the
 * same one in other letters.
 */
export function copyMessage(wire: Buffer, questionName?: Uint8Array): CopiedMessage {
  const copy = new MessageCopier(wire).copy(questionName)
  return { ...copy, octets: Buffer.from(copy.octets) }
}

/** As `copyMessage`, for who copies the octets away at once: they are good until the next call. */
export function borrowedCopy(wire: Buffer): CopiedMessage {
  return new MessageCopier(wire).copy()
}

class MessageCopier {
  readonly #source: Buffer
  readonly #target = scratch
  /** Where each suffix of a name stands, by its octets. */
  readonly #suffixes = new Map<string, number>()
  #at = HEADER_OCTETS

  constructor(source: Buffer) {
    this.#source = source
  }

  copy(questionName?: Uint8Array): CopiedMessage {
    const source = this.#source
    const target = this.#target
    source.copy(target, 0, 0, HEADER_OCTETS)
    let from = endOfName(source, HEADER_OCTETS)
    if (questionName === undefined) this.#name(HEADER_OCTETS, true)
    else this.#writeName(Buffer.from(questionName), true)
    this.#octets(from, from + 4)
    from += 4
    let length = this.#at
    let overflowed = false
    for (let section = 6; section <= 10; section += 2) {
      let kept = 0
      for (let left = read16(source, section); left > 0 && !overflowed; left--) {
        const next = this.#endOf(from)
        if (read16(source, endOfName(source, from)) !== Rtype.OPT) {
          this.#record(from, next)
          if (this.#at > MESSAGE_OCTETS_MAX) {
            overflowed = true
            break
          }
          length = this.#at
          kept++
        }
        from = next
      }
      write16(target, section, kept)
    }
    return { octets: target.subarray(0, length), length, overflowed }
  }

  #endOf(start: number): number {
    const at = endOfName(this.#source, start)
    return at + 10 + read16(this.#source, at + 8)
  }

  #record(start: number, end: number): void {
    const source = this.#source
    const at = this.#name(start, true)
    const type = read16(source, at)
    this.#octets(at, at + 10)
    const dataAt = this.#at
    const shape = rdataShape(type)
    if (shape === undefined) this.#octets(at + 10, end)
    else this.#shaped(shape, at + 10, end)
    write16(this.#target, dataAt - 2, this.#at - dataAt)
  }

  #shaped(shape: RdataShape, start: number, end: number): void {
    let at = startOfNames(shape, this.#source, start, end)
    this.#octets(start, at)
    for (let left = shape.names; left > 0; left--) at = this.#name(at, shape.mayCompress)
    this.#octets(at, end)
  }

  /** Writes the name at `start` of the source; returns the offset after it there. */
  #name(start: number, compress: boolean): number {
    const name = readName(this.#source, start)
    if (name !== undefined && this.#at <= MESSAGE_OCTETS_MAX) this.#writeName(Buffer.from(name), compress)
    return endOfName(this.#source, start)
  }

  #writeName(name: Buffer, compress: boolean): void {
    let from = 0
    while (name[from] !== 0) {
      const suffix = name.toString('latin1', from)
      const known = compress ? this.#suffixes.get(suffix) : undefined
      if (known !== undefined) {
        this.#at = this.#target.writeUInt16BE(0xc000 | known, this.#at)
        return
      }
      if (this.#at <= POINTER_MAX && !this.#suffixes.has(suffix)) this.#suffixes.set(suffix, this.#at)
      const next = from + (name[from] as number) + 1
      name.copy(this.#target, this.#at, from, next)
      this.#at += next - from
      from = next
    }
    this.#target[this.#at++] = 0
  }

  /** Copies octets as they are, as far as there is room. */
  #octets(start: number, end: number): void {
    if (this.#at > MESSAGE_OCTETS_MAX) return
    if (this.#at + end - start > this.#target.length) this.#at = MESSAGE_OCTETS_MAX + 1
    else this.#at += this.#source.copy(this.#target, this.#at, start, end)
  }
}
