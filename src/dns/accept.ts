// Which messages are answered at all: one function for every transport (corefile-and-plugins.md §5.1). Where CoreDNS reads
// more tolerantly than the messages deserve, the rules of docs/differences.md apply: what the counts promise must be
// there, there is one OPT at most, and its owner is the root.
import { optionsAreWellFormed } from '../wire/edns.ts'
import { NAME_OCTETS_MAX, readName } from '../wire/name.ts'
import { HEADER_OCTETS, Opcode, Rtype } from '../wire/numbers.ts'
import { endOfRecord, read16 } from '../wire/records.ts'
import { Query, type ListenerInfo, type Peer, type TransportKind } from './query.ts'

/**
 * What to do with a message that is no query: nothing; FORMERR or NOTIMP with a bare header; FORMERR with the question,
 * which could still be read.
 */
export type Rejection = 'ignore' | 'formerr' | 'formerr with question' | 'notimp'

/** Counts above these are a format error before anything is read. */
const ANSWERS_MAX = 1
const AUTHORITY_MAX = 1
const ADDITIONAL_MAX = 2

/** Reads a message from outside: a query, or what to do instead. Never throws; takes time linear in the octets. */
export function accept(
  wire: Buffer,
  transport: TransportKind,
  peer: Peer,
  listener: ListenerInfo
): Query | Rejection {
  const length = wire.length
  if (length < HEADER_OCTETS || (wire[2] as number) >= 0x80) return 'ignore'
  const opcode = ((wire[2] as number) >> 3) & 0xf
  if (opcode !== Opcode.QUERY && opcode !== Opcode.NOTIFY) return 'notimp'
  const answers = read16(wire, 6)
  const authority = read16(wire, 8)
  const additional = read16(wire, 10)
  if (
    read16(wire, 4) !== 1 ||
    answers > ANSWERS_MAX ||
    authority > AUTHORITY_MAX ||
    additional > ADDITIONAL_MAX
  ) {
    return 'formerr'
  }

  let at = HEADER_OCTETS
  for (;;) {
    if (at >= length) return 'formerr'
    const label = wire[at] as number
    if (label === 0) break
    if (label > 63) return label >= 0xc0 ? acceptExpanded(wire, at, transport, peer, listener) : 'formerr'
    at += label + 1
    if (at - HEADER_OCTETS >= NAME_OCTETS_MAX) return 'formerr'
  }
  const nameEnd = at + 1
  at = nameEnd + 4
  if (at > length) return 'formerr'

  // Most queries end here or hold one OPT.
  let optAt = -1
  for (let left = answers + authority + additional; left > 0; left--) {
    const end = endOfRecord(wire, at)
    if (end < 0) return 'formerr with question'
    if (left <= additional) {
      const isRoot = wire[at] === 0
      const type = isRoot ? read16(wire, at + 1) : typeBehindName(wire, at)
      if (type === Rtype.OPT) {
        if (optAt >= 0 || !isRoot || !optionsAreWellFormed(wire, at + 11, end)) return 'formerr with question'
        optAt = at
      }
    }
    at = end
  }
  return new Query(wire, nameEnd, optAt, transport, peer, listener)
}

/** The type of a record that is known to be whole and whose owner isn't the root. */
function typeBehindName(wire: Buffer, start: number): number {
  let at = start
  for (;;) {
    const label = wire[at] as number
    if (label === 0) return read16(wire, at + 1)
    if (label >= 0xc0) return read16(wire, at + 2)
    at += label + 1
  }
}

/**
 * The question's name holds a compression pointer, which nobody needs but CoreDNS follows. The message is rewritten
 * with the name written out and judged again.
 */
function acceptExpanded(
  wire: Buffer,
  pointerAt: number,
  transport: TransportKind,
  peer: Peer,
  listener: ListenerInfo
): Query | Rejection {
  const name = readName(wire, HEADER_OCTETS)
  if (name === undefined) return 'formerr'
  const expanded = Buffer.concat([wire.subarray(0, HEADER_OCTETS), name, wire.subarray(pointerAt + 2)])
  return accept(expanded, transport, peer, listener)
}
