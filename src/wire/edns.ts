// EDNS options (RFC 6891 §6.1.2): whether they can be read, and which ones a response repeats.
import { OptionCode } from './numbers.ts'
import { read16 } from './records.ts'

/**
 * Whether the options between two offsets are well formed: lengths that fit, and for the options whose shape is known,
 * the shape that CoreDNS insists on (measured with `wire-probe`: a client subnet of one octet is a format error).
 */
export function optionsAreWellFormed(wire: Uint8Array, start: number, end: number): boolean {
  let at = start
  while (at < end) {
    if (at + 4 > end) return false
    const code = read16(wire, at)
    const length = read16(wire, at + 2)
    at += 4
    if (at + length > end) return false
    if (!optionIsWellFormed(wire, code, at, length)) return false
    at += length
  }
  return true
}

function optionIsWellFormed(wire: Uint8Array, code: number, at: number, length: number): boolean {
  switch (code) {
    case OptionCode.CLIENT_SUBNET: {
      if (length < 4) return false
      const family = read16(wire, at)
      const source = wire[at + 2] as number
      const scope = wire[at + 3] as number
      if (family === 0) return source === 0
      const bits = family === 1 ? 32 : family === 2 ? 128 : -1
      return source <= bits && scope <= bits
    }
    case OptionCode.EXPIRE:
      return length === 0 || length >= 4
    case OptionCode.TCP_KEEPALIVE:
      return length === 0 || length === 2
    case OptionCode.EDE:
      return length >= 2
    default:
      return true
  }
}

/** Whether a response repeats an option as the client sent it (corefile-and-plugins.md §5.2). */
export function isEchoed(code: number): boolean {
  return (
    code === OptionCode.NSID ||
    code === OptionCode.EXPIRE ||
    code === OptionCode.COOKIE ||
    code === OptionCode.TCP_KEEPALIVE ||
    code === OptionCode.PADDING
  )
}

/** How many octets the echoed options between two offsets take, their headers included. */
export function echoedLength(wire: Uint8Array, start: number, end: number): number {
  let total = 0
  for (let at = start; at + 4 <= end;) {
    const length = 4 + read16(wire, at + 2)
    if (isEchoed(read16(wire, at))) total += length
    at += length
  }
  return total
}
