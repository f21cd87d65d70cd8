// Writes the records of an answer straight into the message that will be sent. Names are compressed against the question,
// which always stands at octet 12; sizes without compression are counted along, as CoreDNS reports those.
import { HEADER_OCTETS, Rclass, Rtype } from '../wire/numbers.ts'
import { write16, write32 } from '../wire/records.ts'
import { Answer, type RcodeNumber } from './answer.ts'
import { optLength } from './response.ts'
import type { Query } from './query.ts'

/** A message can't be longer than its TCP length field can say (RFC 1035 §4.2.2). */
const MESSAGE_OCTETS_MAX = 0xffff

/** Pointers have 14 bits (RFC 1035 §4.1.4). */
const POINTER_REACH = 0x4000

/** Octets of an owner pointer, type, class, TTL and data length. */
export const RECORD_HEAD_OCTETS = 12

/** Where answers of unknown length are written before they are copied out; used between `begin` and `finish` only. */
const scratch = Buffer.allocUnsafeSlow(MESSAGE_OCTETS_MAX)

/**
 * One at a time and synchronously: `begin`, records in section order, `finish`. A record that doesn't fit 65,535 octets
 * is left out and `overflowed` set: the response is then marked as truncated.
 */
export class AnswerWriter {
  octets: Buffer = scratch
  at = 0
  overflowed = false
  #query: Query | undefined
  #answers = 0
  #authority = 0
  #additional = 0
  #question = 0
  #plain = 0
  #section = 0
  #capacity = 0

  /**
   * Starts with the query's question. `capacity` is the room that the records need, in octets, if it is known; then
   * they are written where they stay.
   */
  begin(query: Query, capacity = -1): void {
    const end = query.nameEnd + 4
    const wire = query.wire
    this.#query = query
    this.#capacity = capacity
    this.octets = capacity < 0 ? scratch : Buffer.allocUnsafe(end + capacity + optLength(query))
    const octets = this.octets
    // A loop beats `copy` up to about 100 octets, and questions are shorter.
    for (let at = HEADER_OCTETS; at < end; at++) octets[at] = wire[at] as number
    this.at = end
    this.overflowed = false
    this.#answers = 0
    this.#authority = 0
    this.#additional = 0
    this.#question = end - HEADER_OCTETS - 4
    this.#plain = end
    this.#section = 0
  }

  /** Records from here on belong to the authority section. */
  authority(): void {
    this.#section = 1
  }

  /** Records from here on belong to the additional section. */
  additional(): void {
    this.#section = 2
  }

  /** How many records were written in all. */
  get recordCount(): number {
    return this.#answers + this.#authority + this.#additional
  }

  /**
   * Starts a record owned by the name at octet `ownerAt` of this message (12: the question's name, further in: a suffix
   * of it), which takes `ownerOctets` without compression. Returns false when `rdataOctets` more don't fit.
   */
  head(ownerAt: number, ownerOctets: number, rtype: number, ttl: number, rdataOctets: number): boolean {
    const at = this.at
    if (at + RECORD_HEAD_OCTETS + rdataOctets > MESSAGE_OCTETS_MAX) {
      this.overflowed = true
      return false
    }
    const octets = this.octets
    octets[at] = 0xc0 | (ownerAt >> 8)
    octets[at + 1] = ownerAt
    octets[at + 2] = rtype >> 8
    octets[at + 3] = rtype
    octets[at + 4] = 0
    octets[at + 5] = Rclass.IN
    write32(octets, at + 6, ttl)
    octets[at + 10] = rdataOctets >> 8
    octets[at + 11] = rdataOctets
    this.at = at + RECORD_HEAD_OCTETS
    this.#plain += ownerOctets + 10 + rdataOctets
    this.#count()
    return true
  }

  #count(): void {
    if (this.#section === 0) this.#answers++
    else if (this.#section === 1) this.#authority++
    else this.#additional++
  }

  /** Counts octets that compression inside a record's data saved. */
  addPlain(octets: number): void {
    this.#plain += octets
  }

  /** The question's name as it would be written out, in octets. */
  get questionOctets(): number {
    return this.#question
  }

  /** An A or AAAA record, from the 4 or 16 octets at `from` in `source`. */
  address(
    ownerAt: number,
    ownerOctets: number,
    ttl: number,
    source: Uint8Array,
    from: number,
    octets: number
  ) {
    if (!this.head(ownerAt, ownerOctets, octets === 4 ? Rtype.A : Rtype.AAAA, ttl, octets)) return
    const target = this.octets
    let at = this.at
    for (let end = from + octets; from < end; from++) target[at++] = source[from] as number
    this.at = at
  }

  /**
   * An SRV record of the question's name, with priority 0. Returns where its target stands, -1 when the record did not fit.
   * Targets are never compressed (RFC 2782).
   */
  service(ttl: number, weight: number, port: number, target: Uint8Array): number {
    if (!this.head(HEADER_OCTETS, this.questionOctets, Rtype.SRV, ttl, 6 + target.length)) return -1
    const { octets, at } = this
    write16(octets, at, 0)
    write16(octets, at + 2, weight)
    write16(octets, at + 4, port)
    this.at = at + 6
    this.copy(target)
    return at + 6
  }

  /**
   * An address record owned by `owner`, which stands at octet `ownerAt` of this message already (-1 or beyond the reach
   * of a pointer: it is written out).
   */
  addressOf(
    owner: Uint8Array,
    ownerAt: number,
    ttl: number,
    source: Uint8Array,
    from: number,
    octets: number
  ): void {
    if (ownerAt >= 0 && ownerAt < POINTER_REACH) {
      this.address(ownerAt, owner.length, ttl, source, from, octets)
      return
    }
    const record = Buffer.allocUnsafe(owner.length + 10 + octets)
    record.set(owner)
    write16(record, owner.length, octets === 4 ? Rtype.A : Rtype.AAAA)
    write16(record, owner.length + 2, Rclass.IN)
    write32(record, owner.length + 4, ttl)
    write16(record, owner.length + 8, octets)
    record.set(source.subarray(from, from + octets), owner.length + 10)
    this.record(record)
  }

  /** A whole record with its names written out, as `expandRecord` gives it. */
  record(record: Uint8Array): void {
    if (this.at + record.length > MESSAGE_OCTETS_MAX) {
      this.overflowed = true
      return
    }
    this.copy(record)
    this.#plain += record.length
    this.#count()
  }

  /** A record whose data is a name, written out in full; `owner` as in `head`. */
  nameRecord(ownerAt: number, ownerOctets: number, rtype: number, ttl: number, name: Uint8Array): void {
    if (!this.head(ownerAt, ownerOctets, rtype, ttl, name.length)) return
    this.copy(name)
  }

  /** Appends octets to the record under way. The room was claimed by `head`. */
  copy(source: Uint8Array, from = 0, end = source.length): void {
    const target = this.octets
    let at = this.at
    while (from < end) target[at++] = source[from++] as number
    this.at = at
  }

  /** The answer. Nothing may be written after it. */
  finish(rcode: RcodeNumber, flags: number): Answer {
    const query = this.#query
    if (query === undefined) throw new Error('finish without begin')
    const length = this.at
    let octets = this.octets
    if (this.#capacity < 0) {
      octets = Buffer.allocUnsafe(length + optLength(query))
      scratch.copy(octets, HEADER_OCTETS, HEADER_OCTETS, length)
    }
    write16(octets, 4, 1)
    write16(octets, 6, this.#answers)
    write16(octets, 8, this.#authority)
    write16(octets, 10, this.#additional)
    this.#query = undefined
    return new Answer(octets, length, rcode, this.overflowed ? flags | 0x0200 : flags, this.#plain)
  }
}
