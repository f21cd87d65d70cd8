// Words to addresses: IP, CIDR, host with port. Taken are exactly the forms that Go's `net` package takes: no octal, no
// short forms such as `10.1`, which `ipaddr.js` alone would let pass.
import ipaddr from 'ipaddr.js'
import type { Parsed } from './values.ts'

export interface IpAddress {
  /** 4 octets, or 16. An IPv4 address in IPv6 form (`::ffff:192.0.2.1`) is one of 4. */
  readonly octets: Uint8Array
  /** As it is usually written: `192.0.2.1`, `2001:db8::1` (RFC 5952). */
  readonly text: string
}

/** An IPv4 or IPv6 address without zone (`fe80::1%eth0` is none); undefined for anything else. */
export function parseIp(text: string): IpAddress | undefined {
  const octets = ipOctets(text)
  if (octets === undefined) return undefined
  return ipAddress(isMapped(octets) ? octets.subarray(12) : octets)
}

/** The first octets of an IPv4 address in IPv6 form (RFC 4291 §2.5.5.2). */
const IPV4_MAPPED = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff]

const isMapped = (octets: Uint8Array): boolean =>
  octets.length === 16 && IPV4_MAPPED.every((octet, at) => octets[at] === octet)

export interface Cidr {
  /** The network's address: bits behind the prefix are 0. 4 octets, or 16; `::ffff:192.0.2.0/120` is one of 4. */
  readonly octets: Uint8Array
  /** Bits of the prefix. */
  readonly bits: number
  /** `10.0.0.0/8`. */
  readonly text: string
}

/** `10.1.2.3/8` or `2001:db8::/32`; undefined for anything else (Go says `invalid CIDR address: x`). */
export function parseCidr(text: string): Cidr | undefined {
  const parts = /^([^/]+)\/0*(\d{1,9})$/.exec(text)
  const octets = parts === null ? undefined : ipOctets(parts[1] as string)
  const bits = Number(parts?.[2])
  if (octets === undefined || bits > octets.length * 8) return undefined
  const network = octets.map((octet, at) => octet & prefixMask(bits - at * 8))
  if (!isMapped(network)) return { octets: network, bits, text: `${ipAddress(network).text}/${bits}` }
  const ipv4 = network.subarray(12)
  return { octets: ipv4, bits: bits - 96, text: `${ipAddress(ipv4).text}/${bits - 96}` }
}

/** An octet whose first `bits` bits are 1. */
const prefixMask = (bits: number): number => (bits >= 8 ? 0xff : bits <= 0 ? 0 : (0xff00 >> bits) & 0xff)

function ipAddress(octets: Uint8Array): IpAddress {
  const parsed = ipaddr.fromByteArray([...octets])
  return { octets, text: parsed instanceof ipaddr.IPv6 ? parsed.toRFC5952String() : parsed.toString() }
}

const DECIMAL_OCTET = '(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)'
const IPV4 = new RegExp(`^${DECIMAL_OCTET}(?:\\.${DECIMAL_OCTET}){3}$`)
/** The characters of an IPv6 address, groups of four digits at most, perhaps an IPv4 address behind the last colon. */
const IPV6_PARTS = new RegExp(`^(?:[0-9a-f]{0,4}:){2,8}(?:[0-9a-f]{0,4}|${IPV4.source.slice(1, -1)})$`, 'i')

function ipOctets(text: string): Uint8Array | undefined {
  if (IPV4.test(text)) return Uint8Array.from(text.split('.'), Number)
  if (!IPV6_PARTS.test(text)) return undefined
  // An IPv4 tail is four octets like others; ipaddr.js makes `::1.2.3.4` a mapped address.
  const groups = text.replace(/\d+\.[\d.]+$/, tail => {
    const [a = 0, b = 0, c = 0, d = 0] = tail.split('.').map(Number)
    return `${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`
  })
  return ipaddr.IPv6.isValid(groups) ? Uint8Array.from(ipaddr.IPv6.parse(groups).toByteArray()) : undefined
}

export interface HostPort {
  readonly host: string
  readonly port: string
}

/**
 * `host:port`, `[v6]:port`, `:port`; neither part is looked at further. Errors: `address X: missing port in address`,
 * `… too many colons in address`, `… missing ']' in address`, `… unexpected '[' in address`.
 */
export function splitHostPort(text: string): Parsed<HostPort> {
  const fail = (what: string): { readonly error: string } => ({
    error: text === '' ? what : `address ${text}: ${what}`
  })
  const colon = text.lastIndexOf(':')
  if (colon < 0) return fail('missing port in address')
  let host = text.slice(0, colon)
  let beforePort = text
  let behindHost = text
  if (text.startsWith('[')) {
    const end = text.indexOf(']')
    if (end < 0) return fail("missing ']' in address")
    if (end + 1 !== colon)
      return fail(text[end + 1] === ':' ? 'too many colons in address' : 'missing port in address')
    host = text.slice(1, end)
    beforePort = text.slice(1)
    behindHost = text.slice(end + 1)
  } else if (host.includes(':')) return fail('too many colons in address')
  if (beforePort.includes('[')) return fail("unexpected '[' in address")
  if (behindHost.includes(']')) return fail("unexpected ']' in address")
  return { value: { host, port: text.slice(colon + 1) } }
}

/** `host:port` with brackets around a host that has colons. */
export const joinHostPort = (host: string, port: string | number): string =>
  host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`

/**
 * An IP address (with a zone, perhaps) and its port, or the default port; joined. Error: ``must specify an IP address:
 * `x'``.
 */
export function parseAddressPort(text: string, defaultPort: number): Parsed<HostPort> {
  const split = splitHostPort(text)
  const { host, port } = split.error === undefined ? split.value : { host: text, port: '' }
  if (parseIp(withoutZone(host)) === undefined) return { error: `must specify an IP address: \`${host}'` }
  return { value: { host, port: port === '' ? String(defaultPort) : port } }
}

/** An address without its zone: `fe80::1` of `fe80::1%eth0`. */
export function withoutZone(address: string): string {
  const percent = address.lastIndexOf('%')
  return percent < 0 ? address : address.slice(0, percent)
}
