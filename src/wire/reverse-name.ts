// Names in the reverse trees and the addresses they spell (RFC 1035 §3.5, RFC 3596 §2.5).
import { lowerOctet } from './name.ts'

const IN_ADDR_ARPA = Buffer.from('\x07in-addr\x04arpa\x00', 'latin1')
const IP6_ARPA = Buffer.from('\x03ip6\x04arpa\x00', 'latin1')
const IPV4_LABELS = 4
const IPV6_LABELS = 32

/** The address that a reverse name spells, into `address`. Returns 4 or 16, or 0 when it spells none. */
export function readReverseName(octets: Uint8Array, start: number, end: number, address: Uint8Array): number {
  if (endsWith(octets, start, end, IN_ADDR_ARPA)) {
    let at = start
    for (let part = IPV4_LABELS - 1; part >= 0; part--) {
      if (at >= end - IN_ADDR_ARPA.length) return 0
      const value = decimal(octets, at + 1, at + 1 + (octets[at] as number))
      if (value < 0) return 0
      address[part] = value
      at += (octets[at] as number) + 1
    }
    return at === end - IN_ADDR_ARPA.length ? 4 : 0
  }
  if (!endsWith(octets, start, end, IP6_ARPA)) return 0
  // Labels beyond the 32 next to the zone are passed over, as in CoreDNS.
  const nibbles: number[] = []
  for (let at = start; at < end - IP6_ARPA.length; at += (octets[at] as number) + 1) {
    const nibble = octets[at] === 1 ? hexDigit(octets[at + 1] as number) : -1
    if (nibble < 0) return 0
    nibbles.push(nibble)
  }
  if (nibbles.length < IPV6_LABELS) return 0
  nibbles.reverse()
  for (let i = 0; i < 16; i++) address[i] = ((nibbles[i * 2] as number) << 4) | (nibbles[i * 2 + 1] as number)
  return 16
}

function decimal(octets: Uint8Array, start: number, end: number): number {
  if (start === end || end - start > 3 || (end - start > 1 && octets[start] === 0x30)) return -1
  let value = 0
  for (let at = start; at < end; at++) {
    const digit = (octets[at] as number) - 0x30
    if (digit < 0 || digit > 9) return -1
    value = value * 10 + digit
  }
  return value <= 255 ? value : -1
}

function hexDigit(octet: number): number {
  const lower = lowerOctet[octet] as number
  if (lower >= 0x30 && lower <= 0x39) return lower - 0x30
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1
}

function endsWith(octets: Uint8Array, start: number, end: number, suffix: Uint8Array): boolean {
  const from = end - suffix.length
  if (from < start) return false
  for (let at = 0; at < suffix.length; at++)
    if (lowerOctet[octets[from + at] as number] !== suffix[at]) return false
  let at = start
  while (at < from) at += (octets[at] as number) + 1
  return at === from
}
