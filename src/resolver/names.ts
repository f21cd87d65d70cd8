// Names as resolvers treat them: text with dots, until they go on the wire.
import { formatAddress, parseAddress, parsedAddress } from '../wire/address.ts'

/** Dots of the name as typed. */
export function countDots(name: string): number {
  let dots = 0
  for (let at = 0; at < name.length; at++) if (name.charCodeAt(at) === 0x2e) dots++
  return dots
}

/** The name with exactly the trailing dot that makes it absolute. */
export function absolute(name: string): string {
  return name.endsWith('.') ? name : `${name}.`
}

/** Octets of the text as a C program holds it. */
export function octetsOf(text: string): number {
  let octets = text.length
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code < 0x80) continue
    // A pair of surrogates is four octets in two units; everything else above U+07FF three in one.
    octets += code < 0x800 ? 1 : code >= 0xd800 && code < 0xe000 ? 1 : 2
  }
  return octets
}

/**
 * Whether a message can carry the name: labels of 1 to 63 octets, at most 255 in all with their length octets (RFC 1035
 * §3.1). One trailing dot is allowed; the root is a name.
 */
export function isWireName(name: string): boolean {
  if (name === '.' || name === '') return true
  const end = name.endsWith('.') ? name.length - 1 : name.length
  if (octetsOf(name.slice(0, end)) > 253) return false
  let start = 0
  while (start <= end) {
    const dot = name.indexOf('.', start)
    const labelEnd = dot < 0 || dot > end ? end : dot
    const octets = octetsOf(name.slice(start, labelEnd))
    if (octets < 1 || octets > 63) return false
    start = labelEnd + 1
  }
  return true
}

/** An IPv4 address in any form that inet_aton takes (`10.1`, `0x7f.1`, `017.0.0.1`), dotted; `undefined` when it is none. */
export function inetAton(text: string): string | undefined {
  const parts = text.split('.')
  if (parts.length > 4) return undefined
  let value = 0
  for (let at = 0; at < parts.length; at++) {
    const part = cNumber(parts[at] ?? '')
    const last = at === parts.length - 1
    const most = last ? 2 ** (8 * (4 - at)) - 1 : 255
    if (part === undefined || part > most) return undefined
    value += last ? part : part * 2 ** (8 * (3 - at))
  }
  return [24, 16, 8, 0].map(shift => Math.floor(value / 2 ** shift) % 256).join('.')
}

function cNumber(text: string): number | undefined {
  if (/^0[xX][0-9a-fA-F]{1,8}$/.test(text)) return Number.parseInt(text, 16)
  if (/^0[0-7]{0,11}$/.test(text)) return Number.parseInt(text, 8)
  return /^[1-9]\d{0,9}$/.test(text) ? Number(text) : undefined
}

/**
 * An address of either family in its usual form, without scope; `undefined` when it is none. IPv4 only with four parts;
 * IPv4 in IPv6 (`::ffff:10.0.0.1`) is the IPv4 address that is really spoken to.
 */
export function plainAddress(text: string): string | undefined {
  const octets = parseAddress(text)
  return octets === 0 ? undefined : formatAddress(parsedAddress, 0, octets)
}

/** As `plainAddress`, with a `%scope` behind an IPv6 address kept as it is. */
export function scopedAddress(text: string): string | undefined {
  const percent = text.indexOf('%')
  if (percent < 0) return plainAddress(text)
  const address = plainAddress(text.slice(0, percent))
  return address?.includes(':') === true ? address + text.slice(percent) : undefined
}

export function isIPv6(address: string): boolean {
  return address.includes(':')
}

/** The name under in-addr.arpa or ip6.arpa of an address, absolute (RFC 1035 §3.5, RFC 3596 §2.5). */
export function reverseName(address: string): string | undefined {
  const octets = parseAddress(address)
  if (octets === 0) return undefined
  const labels: string[] = []
  for (let at = octets - 1; at >= 0; at--) {
    const octet = parsedAddress[at] as number
    if (octets === 4) labels.push(String(octet))
    else labels.push((octet & 15).toString(16), (octet >> 4).toString(16))
  }
  return `${labels.join('.')}.${octets === 4 ? 'in-addr' : 'ip6'}.arpa.`
}
