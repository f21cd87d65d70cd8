// Another server's message as an Answer: judged, its OPT taken out, its records otherwise octet for octet as they came
// (corefile-and-plugins.md §8.7, "Message handling"). Whatever the octets, nothing here throws.
import { Flag, HEADER_OCTETS, Rcode, Rtype } from '../wire/numbers.ts'
import { endOfName, lowerOctet, readName, sameName } from '../wire/name.ts'
import { rdataShape, startOfNames } from '../wire/rdata-names.ts'
import { read16, write16 } from '../wire/records.ts'
import { optionsAreWellFormed } from '../wire/edns.ts'
import { Answer, type EdnsOption, type OptFields } from './answer.ts'
import { copyMessage } from './message-copier.ts'
import { emptyAnswer, optLength } from './response.ts'
import type { Query } from './query.ts'

/** Flags that are passed on as they came. */
const PASSED_FLAGS = Flag.AA | Flag.TC | Flag.RD | Flag.RA | Flag.Z | Flag.AD | Flag.CD

/** Above these, CoreDNS compresses what it sends over UDP, to stay in one packet (§5.2). */
const UNFRAGMENTED_OCTETS_IPV4 = 1480
const UNFRAGMENTED_OCTETS_IPV6 = 1220

/**
 * Whether a message is a response to the question that stands in `request` up to `questionEnd`, uncompressed: QR set,
 * the same name (letter case aside), type and class. The id is the socket's business. A bare error without a question
 * counts too: servers that couldn't read the query answer like that (RFC 6891 §7).
 */
export function isResponseTo(request: Uint8Array, questionEnd: number, wire: Uint8Array): boolean {
  if (wire.length < HEADER_OCTETS || (wire[2] as number) < 0x80) return false
  const questions = read16(wire, 4)
  if (questions === 0) return isBareError(wire)
  if (questions !== 1) return false
  const end = questionEnd - 4
  let at = HEADER_OCTETS
  if (wire.length >= questionEnd) {
    while (at < end && lowerOctet[wire[at] as number] === lowerOctet[request[at] as number]) at++
    if (at === end) return sameTypeAndClass(request, wire, end)
  }
  // Not the same octets: only a compressed name can still be the same name.
  const nameEnd = endOfName(wire, HEADER_OCTETS)
  if (nameEnd < 0 || nameEnd + 4 > wire.length || (wire[nameEnd - 2] as number) < 0xc0) return false
  const name = readName(wire, HEADER_OCTETS)
  if (name === undefined || !sameName(name, request.subarray(HEADER_OCTETS, end))) return false
  return (
    read16(wire, nameEnd) === read16(request, end) && read16(wire, nameEnd + 2) === read16(request, end + 2)
  )
}

function sameTypeAndClass(request: Uint8Array, wire: Uint8Array, at: number): boolean {
  return read16(wire, at) === read16(request, at) && read16(wire, at + 2) === read16(request, at + 2)
}

function isBareError(wire: Uint8Array): boolean {
  const rcode = (wire[3] as number) & 0xf
  const isError =
    rcode === Rcode.FORMERR || rcode === Rcode.SERVFAIL || rcode === Rcode.NOTIMP || rcode === Rcode.REFUSED
  return isError && read16(wire, 6) === 0 && read16(wire, 8) === 0
}

/**
 * The message as an answer to `query`, for which `isResponseTo` holds; `undefined` when its records can't be read.
 * `wire` belongs to the answer from then on. The question keeps the letter case that the upstream sent, as in CoreDNS.
 */
export function foreignAnswer(query: Query, wire: Buffer): Answer | undefined {
  if (read16(wire, 4) === 0) return bareAnswer(query, wire)
  const records = new Records(wire)
  if (!records.read()) return undefined
  const opt = records.opt
  const extendedRcode = records.optAt < 0 ? 0 : (wire[records.optAt + 5] as number) << 4
  const rcode = extendedRcode | ((wire[3] as number) & 0xf)
  let flags = read16(wire, 2) & PASSED_FLAGS
  let octets = wire
  let length = records.end
  if (records.inPlace && !isTooLong(query, length)) {
    write16(octets, 10, records.additional)
  } else {
    const copy = copyMessage(wire)
    octets = copy.octets
    length = copy.length
    if (copy.overflowed) flags |= Flag.TC
  }
  const answer = new Answer(octets, length, rcode, flags, records.plainLength)
  answer.opt = opt
  return answer
}

/** An answer without records that sends the client to TCP: for a response that was cut on its way. */
export function truncatedAnswer(query: Query, wire: Buffer): Answer {
  const answer = emptyAnswer(query, (wire[3] as number) & 0xf)
  answer.flags = (read16(wire, 2) & PASSED_FLAGS) | Flag.TC
  answer.byServer = false
  return answer
}

/** A response that has no question gets the client's. */
function bareAnswer(query: Query, wire: Buffer): Answer {
  const answer = emptyAnswer(query, (wire[3] as number) & 0xf)
  answer.flags = read16(wire, 2) & PASSED_FLAGS
  answer.byServer = false
  return answer
}

function isTooLong(query: Query, length: number): boolean {
  if (query.transport !== 'udp') return false
  const unfragmented = query.peer.address.includes(':') ? UNFRAGMENTED_OCTETS_IPV6 : UNFRAGMENTED_OCTETS_IPV4
  return length + optLength(query) > Math.min(unfragmented, query.sizeMax)
}

/**
 * How many labels of names are read, by octet of the message, before it is given up: pointers make a message of 64 KiB
 * take millions of steps otherwise. The most an honest one takes is 2.4: NS records of an IPv6 reverse zone.
 */
const LABELS_PER_OCTET = 4

/** One walk over the records of a message: are they whole, how long are they written out, where is the OPT. */
class Records {
  /** Offset after the last record that isn't the OPT, while `inPlace`. */
  end = 0
  /** Octets of the message without its OPT, every name written out. */
  plainLength = 0
  /** Records of the additional section without the OPT. */
  additional = 0
  optAt = -1
  opt: OptFields | undefined = undefined
  /** Whether the message can stay where it is: its OPT is missing or last, no name needs the header or octets behind `end`. */
  inPlace = true
  readonly #wire: Buffer
  #labelsLeft: number
  /** One more than the farthest octet that a name was read from. */
  #farthest = 0
  /** Where the name read last ended in its place. */
  #nameEnd = 0

  constructor(wire: Buffer) {
    this.#wire = wire
    this.#labelsLeft = wire.length * LABELS_PER_OCTET + 512
  }

  /** False when a record, a name in it or the OPT can't be read. */
  read(): boolean {
    const wire = this.#wire
    const question = this.#nameLength(HEADER_OCTETS)
    if (question < 0) return false
    // A compressed question isn't followed by the records of the message we would send.
    if (this.#nameEnd !== HEADER_OCTETS + question) this.inPlace = false
    let at = this.#nameEnd + 4
    if (at > wire.length) return false
    this.plainLength = HEADER_OCTETS + question + 4
    this.end = at
    for (let section = 6; section <= 10; section += 2) {
      for (let left = read16(wire, section); left > 0; left--) {
        at = this.#record(at, section === 10)
        if (at < 0) return false
      }
    }
    if (this.#farthest > this.end) this.inPlace = false
    return true
  }

  /** Reads one record; returns the offset after it, or -1. */
  #record(start: number, isAdditional: boolean): number {
    const wire = this.#wire
    const owner = this.#nameLength(start)
    const at = this.#nameEnd
    if (owner < 0 || at + 10 > wire.length) return -1
    const end = at + 10 + read16(wire, at + 8)
    if (end > wire.length) return -1
    const type = read16(wire, at)
    if (type === Rtype.OPT) {
      if (!isAdditional)
        this.inPlace = false // it means nothing there, and goes
      else if (wire[start] === 0 && !this.#readOpt(start, end)) return -1
      return end
    }
    const data = this.#rdataLength(type, at + 10, end)
    if (data < 0) return -1
    this.plainLength += owner + 10 + data
    if (isAdditional) this.additional++
    if (this.end !== start) this.inPlace = false // an OPT stood between
    this.end = end
    return end
  }

  #readOpt(start: number, end: number): boolean {
    const wire = this.#wire
    if (!optionsAreWellFormed(wire, start + 11, end)) return false
    const options: EdnsOption[] = []
    for (let at = start + 11; at < end;) {
      const next = at + 4 + read16(wire, at + 2)
      options.push({ code: read16(wire, at), data: Uint8Array.prototype.slice.call(wire, at + 4, next) })
      at = next
    }
    this.optAt = start
    this.opt = {
      size: read16(wire, start + 3),
      dnssecOk: ((wire[start + 7] as number) & 0x80) !== 0,
      options
    }
    return true
  }

  /** Octets of the data with its names written out; -1 when its shape is wrong. */
  #rdataLength(type: number, start: number, end: number): number {
    if (type === Rtype.A && end - start !== 4) return -1
    if (type === Rtype.AAAA && end - start !== 16) return -1
    if (type === Rtype.TXT && !isStrings(this.#wire, start, end)) return -1
    const shape = rdataShape(type)
    if (shape === undefined) return end - start
    let at = startOfNames(shape, this.#wire, start, end)
    if (at < 0) return -1
    let length = at - start
    for (let left = shape.names; left > 0; left--) {
      const name = at >= end ? -1 : this.#nameLength(at)
      if (name < 0) return -1
      length += name
      at = this.#nameEnd
    }
    if (at > end || (shape.rest >= 0 && end - at !== shape.rest)) return -1
    return length + end - at
  }

  /** Octets of the name at `start`, written out; -1 when it can't be read. Leaves its end in `#nameEnd`. */
  #nameLength(start: number): number {
    const wire = this.#wire
    let at = start
    let length = 0
    let pointers = 0
    for (;;) {
      if (at >= wire.length || --this.#labelsLeft < 0) return -1
      const label = wire[at] as number
      if (label >= 0xc0) {
        if (at + 1 >= wire.length || ++pointers > 126) return -1
        if (pointers === 1) this.#nameEnd = at + 2
        else if (at + 2 > this.#farthest) this.#farthest = at + 2
        at = ((label & 0x3f) << 8) | (wire[at + 1] as number)
        if (at < HEADER_OCTETS) this.inPlace = false // the header's octets don't stay as they are
        continue
      }
      if (label > 63) return -1
      length += label + 1
      if (length > 255 || at + label >= wire.length) return -1
      at += label + 1
      if (pointers > 0 && at > this.#farthest) this.#farthest = at
      if (label > 0) continue
      if (pointers === 0) this.#nameEnd = at
      return length
    }
  }
}

/** Whether data is character strings to its end (RFC 1035 §3.3.14). */
function isStrings(wire: Uint8Array, start: number, end: number): boolean {
  let at = start
  while (at < end) at += (wire[at] as number) + 1
  return at === end
}
