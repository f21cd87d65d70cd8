// Walking the records of a message without decoding them.
import { endOfName } from './name.ts'

/** Offset after the record at `start`; -1 when no whole record stands there. */
export function endOfRecord(wire: Uint8Array, start: number, length = wire.length): number {
  const nameEnd = endOfName(wire, start)
  if (nameEnd < 0 || nameEnd + 10 > length) return -1
  const end = nameEnd + 10 + (((wire[nameEnd + 8] as number) << 8) | (wire[nameEnd + 9] as number))
  return end > length ? -1 : end
}

/** Offset after a question at `start`; -1 when no whole question stands there. */
export function endOfQuestion(wire: Uint8Array, start: number, length = wire.length): number {
  const nameEnd = endOfName(wire, start)
  return nameEnd < 0 || nameEnd + 4 > length ? -1 : nameEnd + 4
}

/** Reads 16 bits, most significant octet first. */
export function read16(wire: Uint8Array, at: number): number {
  return ((wire[at] as number) << 8) | (wire[at + 1] as number)
}

/** Reads 32 bits as an unsigned number. */
export function read32(wire: Uint8Array, at: number): number {
  return (
    (((wire[at] as number) << 24) |
      ((wire[at + 1] as number) << 16) |
      ((wire[at + 2] as number) << 8) |
      (wire[at + 3] as number)) >>>
    0
  )
}

/** Writes 16 bits, most significant octet first. */
export function write16(wire: Uint8Array, at: number, value: number): void {
  wire[at] = value >>> 8
  wire[at + 1] = value
}

/** Writes 32 bits. */
export function write32(wire: Uint8Array, at: number, value: number): void {
  wire[at] = value >>> 24
  wire[at + 1] = value >>> 16
  wire[at + 2] = value >>> 8
  wire[at + 3] = value
}
