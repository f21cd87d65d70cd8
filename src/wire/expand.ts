// Records copied out of a message with every compressed name written out, so that they can stand in another one.
import { readName } from './name.ts'
import { Rtype } from './numbers.ts'
import { endOfRecord, read16, write16 } from './records.ts'
import { endOfName } from './name.ts'

/** How the data of the types that may hold compressed names is built (RFC 3597 §4): fixed octets, names, fixed octets. */
const LAYOUTS: ReadonlyMap<number, { readonly before: number; readonly names: number }> = new Map([
  [Rtype.NS, { before: 0, names: 1 }],
  [Rtype.MD, { before: 0, names: 1 }],
  [Rtype.MF, { before: 0, names: 1 }],
  [Rtype.CNAME, { before: 0, names: 1 }],
  [Rtype.SOA, { before: 0, names: 2 }],
  [Rtype.MB, { before: 0, names: 1 }],
  [Rtype.MG, { before: 0, names: 1 }],
  [Rtype.MR, { before: 0, names: 1 }],
  [Rtype.PTR, { before: 0, names: 1 }],
  [Rtype.MINFO, { before: 0, names: 2 }],
  [Rtype.MX, { before: 2, names: 1 }],
  [Rtype.RP, { before: 0, names: 2 }],
  [Rtype.AFSDB, { before: 2, names: 1 }],
  [Rtype.RT, { before: 2, names: 1 }],
  [Rtype.PX, { before: 2, names: 2 }],
  [Rtype.SRV, { before: 6, names: 1 }],
  [Rtype.KX, { before: 2, names: 1 }],
  [Rtype.DNAME, { before: 0, names: 1 }],
  // A signature's name must not be compressed, but old servers did.
  [Rtype.SIG, { before: 18, names: 1 }],
  [Rtype.NXT, { before: 0, names: 1 }]
])

/**
 * The record at `start` of a message, names written out; `undefined` when it is cut, a name in it can't be read, or
 * its data would be over 65,535 octets. `length` is where the message ends.
 */
export function expandRecord(wire: Uint8Array, start: number, length: number): Uint8Array | undefined {
  const end = endOfRecord(wire, start, length)
  if (end < 0) return undefined
  const owner = readName(wire, start)
  if (owner === undefined) return undefined
  const fixed = endOfName(wire, start)
  const rdata = expandRdata(wire, read16(wire, fixed), fixed + 10, end)
  if (rdata === undefined || rdata.length > 0xffff) return undefined
  const record = new Uint8Array(owner.length + 10 + rdata.length)
  record.set(owner)
  record.set(wire.subarray(fixed, fixed + 8), owner.length)
  write16(record, owner.length + 8, rdata.length)
  record.set(rdata, owner.length + 10)
  return record
}

/** A record's data with its names written out; a view where there is nothing to write out. */
export function expandRdata(
  wire: Uint8Array,
  rtype: number,
  start: number,
  end: number
): Uint8Array | undefined {
  const layout = LAYOUTS.get(rtype)
  if (layout === undefined || start === end) return wire.subarray(start, end)
  let at = start + layout.before
  if (at > end) return undefined
  const parts: Uint8Array[] = [wire.subarray(start, at)]
  for (let left = layout.names; left > 0; left--) {
    const name = readName(wire, at)
    const after = endOfName(wire, at)
    if (name === undefined || after < 0 || after > end) return undefined
    parts.push(name)
    at = after
  }
  parts.push(wire.subarray(at, end))
  return Buffer.concat(parts)
}
