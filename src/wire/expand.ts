// Records copied out of a message with every compressed name written out, so that they can stand in another one.
import { endOfName, readName } from './name.ts'
import { rdataShape, startOfNames } from './rdata-names.ts'
import { endOfRecord, read16, write16 } from './records.ts'

/**
 * The record at `start` of a message, names written out; `undefined` when it is cut, a name in it can't be read, or
 * its data would be over 65,535 octets. `length` is where the message ends; what stands behind it
 * in `wire` is never read.
 */
export function expandRecord(wire: Uint8Array, start: number, length: number): Uint8Array | undefined {
  const message = length < wire.length ? wire.subarray(0, length) : wire
  const end = endOfRecord(message, start)
  if (end < 0) return undefined
  const owner = readName(message, start)
  if (owner === undefined) return undefined
  const fixed = endOfName(message, start)
  const rdata = expandRdata(message, read16(message, fixed), fixed + 10, end)
  if (rdata === undefined || rdata.length > 0xffff) return undefined
  const record = new Uint8Array(owner.length + 10 + rdata.length)
  record.set(owner)
  record.set(message.subarray(fixed, fixed + 8), owner.length)
  write16(record, owner.length + 8, rdata.length)
  record.set(rdata, owner.length + 10)
  return record
}

/**
 * A record's data with its names written out; a view where there is nothing to write out. `undefined` when a name can't
 * be read. What follows the names is copied, however long. Names are written out for every type that holds any: they must not be
 * compressed in types newer than RFC 1035, but a sender that did is understood (RFC 3597 §4).
 */
export function expandRdata(
  wire: Uint8Array,
  rtype: number,
  start: number,
  end: number
): Uint8Array | undefined {
  const shape = rdataShape(rtype)
  if (shape === undefined || start === end) return wire.subarray(start, end)
  let at = startOfNames(shape, wire, start, end)
  if (at < 0) return undefined
  const parts: Uint8Array[] = [wire.subarray(start, at)]
  for (let left = shape.names; left > 0; left--) {
    const name = readName(wire, at)
    const after = endOfName(wire, at)
    if (name === undefined || after > end) return undefined
    parts.push(name)
    at = after
  }
  parts.push(wire.subarray(at, end))
  return Buffer.concat(parts)
}
