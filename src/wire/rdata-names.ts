// Where names stand in the data of records: what has to be known to move a record into another message (RFC 3597 §4).
import { Rtype } from './numbers.ts'

/** The shape of one type's data: octets, character strings, names, and whatever follows. */
export interface RdataShape {
  /** Octets before anything else. */
  readonly prefix: number
  /** Character strings after them (RFC 1035 §3.3). */
  readonly strings: number
  /** Names after those. */
  readonly names: number
  /** Octets after the names; -1: any number. */
  readonly rest: number
  /** Whether a message may hold its names compressed (RFC 1035 types only). */
  readonly mayCompress: boolean
}

const shape = (prefix: number, names: number, rest = 0, strings = 0): RdataShape => ({
  prefix,
  strings,
  names,
  rest,
  mayCompress: false
})

const wellKnown = (prefix: number, names: number, rest = 0): RdataShape => ({
  ...shape(prefix, names, rest),
  mayCompress: true
})

/** NSAP-PTR, which nobody asks for by name. */
const NSAP_PTR = 23

const shapes: ReadonlyMap<number, RdataShape> = new Map([
  [Rtype.NS, wellKnown(0, 1)],
  [Rtype.MD, wellKnown(0, 1)],
  [Rtype.MF, wellKnown(0, 1)],
  [Rtype.CNAME, wellKnown(0, 1)],
  [Rtype.SOA, wellKnown(0, 2, 20)],
  [Rtype.MB, wellKnown(0, 1)],
  [Rtype.MG, wellKnown(0, 1)],
  [Rtype.MR, wellKnown(0, 1)],
  [Rtype.PTR, wellKnown(0, 1)],
  [Rtype.MINFO, wellKnown(0, 2)],
  [Rtype.MX, wellKnown(2, 1)],
  [Rtype.RP, shape(0, 2)],
  [Rtype.AFSDB, shape(2, 1)],
  [Rtype.RT, shape(2, 1)],
  [NSAP_PTR, shape(0, 1)],
  [Rtype.SIG, shape(18, 1, -1)],
  [Rtype.PX, shape(2, 2)],
  [Rtype.NXT, shape(0, 1, -1)],
  [Rtype.SRV, shape(6, 1)],
  [Rtype.NAPTR, shape(4, 1, 0, 3)],
  [Rtype.KX, shape(2, 1)],
  [Rtype.DNAME, shape(0, 1)],
  [Rtype.RRSIG, shape(18, 1, -1)],
  [Rtype.NSEC, shape(0, 1, -1)],
  [Rtype.TALINK, shape(0, 2)],
  [Rtype.SVCB, shape(2, 1, -1)],
  [Rtype.HTTPS, shape(2, 1, -1)],
  [Rtype.LP, shape(2, 1)]
])

/** The shape of a type whose data holds names; `undefined` for types without any and for unknown ones. */
export function rdataShape(rtype: number): RdataShape | undefined {
  return shapes.get(rtype)
}

/** Offset after the prefix and the strings of data between `start` and `end`; -1 when they don't fit. */
export function startOfNames(shape: RdataShape, wire: Uint8Array, start: number, end: number): number {
  let at = start + shape.prefix
  for (let left = shape.strings; left > 0; left--) {
    if (at >= end) return -1
    at += (wire[at] as number) + 1
  }
  return at > end ? -1 : at
}
