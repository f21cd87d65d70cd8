// From an Answer to the octets that are sent: header, OPT, and cutting to the client's size
// (corefile-and-plugins.md §5.2, kubernetes-records.md §15).
import { echoedLength, isEchoed } from '../wire/edns.ts'
import { Flag, HEADER_OCTETS, Rcode } from '../wire/numbers.ts'
import { endOfRecord, read16, write16, write32 } from '../wire/records.ts'
import { Answer, type OptFields, type RcodeNumber } from './answer.ts'
import type { Query } from './query.ts'

/** Octets of an OPT record without options. */
const OPT_OCTETS = 11

/** How many octets the OPT of the response to `query` takes, when no plugin brings one of its own. */
export function optLength(query: Query): number {
  if (query.optAt < 0) return 0
  const start = query.optionsStart
  const end = query.optionsEnd
  return start === end ? OPT_OCTETS : OPT_OCTETS + echoedLength(query.wire, start, end)
}

function ownOptLength(opt: OptFields): number {
  return opt.options.reduce((total, option) => total + 4 + option.data.length, OPT_OCTETS)
}

/**
 * The response to send. Written in place where the answer's buffer has the room, which its maker left; so the answer
 * must not be used afterwards.
 */
export function encodeResponse(query: Query, answer: Answer): Buffer {
  const sizeMax = query.sizeMax
  const opt = answer.opt
  let optOctets = opt === undefined ? optLength(query) : ownOptLength(opt)
  let octets = answer.octets
  let length = answer.length
  let flags = answer.flags
  if (length + optOctets > sizeMax) {
    length = cut(octets, length, sizeMax - optOctets)
    flags |= Flag.TC
    // Options that leave no room for the question itself are left out; without them every question fits 512 octets.
    if (length + optOctets > sizeMax) optOctets = OPT_OCTETS
  }
  if (optOctets > 0) {
    if (octets.length < length + optOctets) {
      const larger = Buffer.allocUnsafe(length + optOctets)
      octets.copy(larger, 0, 0, length)
      octets = larger
    }
    writeOpt(octets, length, query, opt, answer.rcode, optOctets > OPT_OCTETS)
    write16(octets, 10, read16(octets, 10) + 1)
    length += optOctets
  }
  octets[0] = query.wire[0] as number
  octets[1] = query.wire[1] as number
  write16(octets, 2, Flag.QR | (query.flags & 0x7800) | flags | (answer.rcode & 0xf))
  return length === octets.length ? octets : octets.subarray(0, length)
}

/** Drops records from the end until `sizeMax` octets are enough. Returns the new length; the counts are set to match. */
function cut(octets: Buffer, length: number, sizeMax: number): number {
  let at = HEADER_OCTETS
  while (octets[at] !== 0) at += (octets[at] as number) + 1
  at += 5
  let end = at
  for (let section = 6; section <= 10; section += 2) {
    const count = read16(octets, section)
    let kept = 0
    while (kept < count) {
      const next = endOfRecord(octets, at, length)
      if (next < 0 || next > sizeMax) break
      at = end = next
      kept++
    }
    write16(octets, section, kept)
    if (kept < count) sizeMax = 0 // what follows goes too
  }
  return end
}

function writeOpt(
  octets: Buffer,
  start: number,
  query: Query,
  opt: OptFields | undefined,
  rcode: RcodeNumber,
  withOptions: boolean
): void {
  const own = opt !== undefined
  const size = query.optAt >= 0 ? query.ednsSize : own ? opt.size : 0
  const dnssecOk = query.dnssecOk || (own && opt.dnssecOk)
  octets[start] = 0
  write16(octets, start + 1, 41)
  write16(octets, start + 3, size)
  write32(octets, start + 5, ((rcode >> 4) << 24) | (dnssecOk ? 0x8000 : 0))
  let at = start + OPT_OCTETS
  if (!withOptions) {
    // The head is all.
  } else if (own) {
    for (const option of opt.options) {
      write16(octets, at, option.code)
      write16(octets, at + 2, option.data.length)
      octets.set(option.data, at + 4)
      at += 4 + option.data.length
    }
  } else {
    const wire = query.wire
    for (let from = query.optionsStart, end = query.optionsEnd; from + 4 <= end;) {
      const next = from + 4 + read16(wire, from + 2)
      if (isEchoed(read16(wire, from))) while (from < next) octets[at++] = wire[from++] as number
      from = next
    }
  }
  write16(octets, start + 9, at - start - OPT_OCTETS)
}

/** A response with no records that the server itself gives: REFUSED, SERVFAIL, FORMERR (AA=0). */
export function emptyAnswer(query: Query, rcode: RcodeNumber): Answer {
  const end = query.questionEnd
  const octets = Buffer.allocUnsafe(end + optLength(query))
  query.wire.copy(octets, 0, 0, end)
  write16(octets, 4, 1)
  octets.fill(0, 6, HEADER_OCTETS)
  const answer = new Answer(octets, end, rcode, query.copiedFlags, end)
  answer.byServer = true
  return answer
}

/** FORMERR or NOTIMP with nothing but a header, for messages whose question can't be given back. */
export function bareHeader(wire: Buffer, rcode: typeof Rcode.FORMERR | typeof Rcode.NOTIMP): Buffer {
  const header = Buffer.alloc(HEADER_OCTETS)
  header[0] = wire[0] as number
  header[1] = wire[1] as number
  write16(header, 2, Flag.QR | (read16(wire, 2) & (0x7800 | Flag.RD | Flag.CD)) | rcode)
  return header
}

/** BADVERS (RFC 6891 §6.1.3): the question and a bare OPT of version 0; CoreDNS sends size 0. */
export function badVersion(query: Query): Buffer {
  const end = query.questionEnd
  const octets = Buffer.alloc(end + OPT_OCTETS)
  query.wire.copy(octets, 0, 0, end)
  write16(octets, 2, Flag.QR | (query.flags & 0x7800) | query.copiedFlags)
  write16(octets, 4, 1)
  octets.fill(0, 6, HEADER_OCTETS)
  write16(octets, 10, 1)
  write16(octets, end + 1, 41)
  octets[end + 5] = Rcode.BADVERS >> 4
  return octets
}
