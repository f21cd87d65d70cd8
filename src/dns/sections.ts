// Answers taken apart into records, changed, and put together again for another question: what *rewrite*, *autopath*, *dns64*
// and *template* need. Whatever only passes an answer on works on its octets instead.
import { expandRecord } from '../wire/expand.ts'
import { endOfName, type Name } from '../wire/name.ts'
import { HEADER_OCTETS } from '../wire/numbers.ts'
import { rdataShape, startOfNames } from '../wire/rdata-names.ts'
import { endOfRecord, read16, read32, write16, write32 } from '../wire/records.ts'
import { Answer, type RcodeNumber } from './answer.ts'
import { optLength } from './response.ts'
import type { Query } from './query.ts'

/** One record, its names written out. */
export interface SectionRecord {
  owner: Name
  readonly rtype: number
  readonly rclass: number
  /** Seconds. */
  ttl: number
  rdata: Uint8Array
}

export interface Sections {
  readonly answer: SectionRecord[]
  readonly authority: SectionRecord[]
  readonly additional: SectionRecord[]
}

/** The records of an answer; `undefined` when one can't be read. */
export function readSections(answer: Answer): Sections | undefined {
  const { octets, length } = answer
  const sections: Sections = { answer: [], authority: [], additional: [] }
  let at = answer.recordsAt
  for (const [section, count] of [
    [sections.answer, answer.answerCount],
    [sections.authority, answer.authorityCount],
    [sections.additional, answer.additionalCount]
  ] as const) {
    for (let left = count; left > 0; left--) {
      const record = readRecord(octets, at, length)
      if (record === undefined) return undefined
      section.push(record)
      at = endOfRecord(octets, at, length)
    }
  }
  return sections
}

/** The records of the answer section alone; those before one that can't be read. */
export function readAnswers(answer: Answer): SectionRecord[] {
  const records: SectionRecord[] = []
  let at = answer.recordsAt
  for (let left = answer.answerCount; left > 0; left--) {
    const record = readRecord(answer.octets, at, answer.length)
    if (record === undefined) break
    records.push(record)
    at = endOfRecord(answer.octets, at, answer.length)
  }
  return records
}

function readRecord(octets: Buffer, at: number, length: number): SectionRecord | undefined {
  const record = expandRecord(octets, at, length)
  if (record === undefined) return undefined
  const fixed = endOfName(record, 0)
  return {
    owner: record.subarray(0, fixed) as Name,
    rtype: read16(record, fixed),
    rclass: read16(record, fixed + 2),
    ttl: read32(record, fixed + 4),
    rdata: record.subarray(fixed + 10)
  }
}

/** Where data of a type has its names: offsets of the first one and after the last; `undefined` when it has none. */
export function namesIn(rtype: number, rdata: Uint8Array): readonly [number, number] | undefined {
  const shape = rdataShape(rtype)
  if (shape === undefined) return undefined
  const start = startOfNames(shape, rdata, 0, rdata.length)
  let end = start
  for (let left = shape.names; left > 0 && end >= 0; left--) end = endOfName(rdata, end)
  return start < 0 || end < 0 ? undefined : [start, end]
}

/** The answer to `query` with these records, names compressed. Records that don't fit 65,535 octets set TC. */
export function writeSections(query: Query, sections: Sections, rcode: RcodeNumber, flags: number): Answer {
  const writer = new Writer(query)
  for (const record of sections.answer) writer.record(record, 6)
  for (const record of sections.authority) writer.record(record, 8)
  for (const record of sections.additional) writer.record(record, 10)
  return writer.finish(query, rcode, flags)
}

/** `records` in place of those of `answer`, for another question; everything else about it stays. */
export function replaceSections(query: Query, answer: Answer, sections: Sections): Answer {
  const replaced = writeSections(query, sections, answer.rcode, answer.flags)
  replaced.opt = answer.opt
  replaced.reason = answer.reason
  replaced.error = answer.error
  replaced.byServer = answer.byServer
  replaced.dropped = answer.dropped
  return replaced
}

const MESSAGE_OCTETS_MAX = 0xffff
const POINTER_REACH = 0x4000
const TC = 0x0200

/** Where messages are put together before they are copied out; used synchronously. */
const scratch = Buffer.allocUnsafeSlow(MESSAGE_OCTETS_MAX)

class Writer {
  /** Where names stand, by the octets of each of their suffixes. */
  readonly #places = new Map<string, number>()
  readonly #question: Uint8Array
  #at: number
  #plain: number
  #overflowed = false

  constructor(query: Query) {
    const end = query.questionEnd
    query.wire.copy(scratch, 0, 0, end)
    scratch.fill(0, 4, HEADER_OCTETS)
    scratch[5] = 1
    this.#at = this.#plain = end
    this.#question = query.name
    this.#learn(query.wire.toString('latin1', HEADER_OCTETS, query.nameEnd), HEADER_OCTETS)
  }

  record(record: SectionRecord, countAt: number): void {
    const { owner, rdata, rtype } = record
    // Room for it uncompressed: nothing below checks again.
    if (this.#overflowed || this.#at + owner.length + 10 + rdata.length > MESSAGE_OCTETS_MAX) {
      this.#overflowed = true
      return
    }
    this.#name(owner)
    const at = this.#at
    write16(scratch, at, rtype)
    write16(scratch, at + 2, record.rclass)
    write32(scratch, at + 4, record.ttl)
    this.#at = at + 10
    this.#data(rtype, rdata)
    write16(scratch, at + 8, this.#at - at - 10)
    write16(scratch, countAt, read16(scratch, countAt) + 1)
    this.#plain += owner.length + 10 + rdata.length
  }

  #data(rtype: number, rdata: Uint8Array): void {
    const names = rdataShape(rtype)?.mayCompress === true ? namesIn(rtype, rdata) : undefined
    if (names === undefined) return this.#octets(rdata)
    const [start, end] = names
    this.#octets(rdata.subarray(0, start))
    for (let at = start; at < end;) {
      const next = endOfName(rdata, at)
      this.#name(rdata.subarray(at, next))
      at = next
    }
    this.#octets(rdata.subarray(end))
  }

  #name(name: Uint8Array): void {
    if (this.#isQuestion(name)) return this.#pointer(HEADER_OCTETS)
    const text = Buffer.from(name.buffer, name.byteOffset, name.length).toString('latin1')
    let from = 0
    while (name[from] !== 0) {
      const known = this.#places.get(text.slice(from))
      if (known !== undefined) break
      from += (name[from] as number) + 1
    }
    const known = name[from] === 0 ? undefined : this.#places.get(text.slice(from))
    const start = this.#at
    this.#octets(name.subarray(0, known === undefined ? name.length : from))
    if (known !== undefined) this.#pointer(known)
    this.#learn(text, start, from)
  }

  #isQuestion(name: Uint8Array): boolean {
    const question = this.#question
    if (name.length !== question.length) return false
    for (let at = 0; at < name.length; at++) if (name[at] !== question[at]) return false
    return true
  }

  /** Remembers the suffixes of a name that begin before `end`. */
  #learn(text: string, at: number, end = text.length - 1): void {
    for (let from = 0; from < end; from += text.charCodeAt(from) + 1) {
      if (at + from < POINTER_REACH) this.#places.set(text.slice(from), at + from)
    }
  }

  #pointer(to: number): void {
    write16(scratch, this.#at, 0xc000 | to)
    this.#at += 2
  }

  #octets(octets: Uint8Array): void {
    scratch.set(octets, this.#at)
    this.#at += octets.length
  }

  finish(query: Query, rcode: RcodeNumber, flags: number): Answer {
    const octets = Buffer.allocUnsafe(this.#at + optLength(query))
    scratch.copy(octets, 0, 0, this.#at)
    return new Answer(octets, this.#at, rcode, this.#overflowed ? flags | TC : flags, this.#plain)
  }
}
