// Words to zones, as server keys and plugins' zone arguments are read (corefile-and-plugins.md §2.1, §7).
import { parseName, type Name } from '../wire/name.ts'
import { parseCidr, type Cidr } from './addresses.ts'
import type { KeyTransport } from './server-key.ts'
import { parseInteger, quoteText, type Parsed } from './values.ts'

/** A zone; a `ServerKey` is one too. */
export interface Zone {
  /** Lower-cased and fully qualified: `.`, `cluster.local.`, `10.in-addr.arpa.`. */
  readonly zone: string
  /** The same on the wire; undefined when the text is no name that a query could match. */
  readonly name: Name | undefined
}

/** The zones a plugin takes: those its line names, or the block's when it names none. Words that are no zone are skipped. */
export function zonesOrKeys(args: readonly string[], keys: readonly Zone[]): readonly Zone[] {
  return args.length === 0 ? keys : args.flatMap(readZones)
}

/** The zones of `fallthrough`: the root, that is all, when it names none. Words that are no zone are skipped. */
export function fallthroughZones(args: readonly string[]): readonly Zone[] {
  return (args.length === 0 ? ['.'] : args).flatMap(readZones)
}

/** The zones of one word, which may have a scheme and a port; a CIDR may give several. Empty when it is no zone. */
export function readZones(text: string): readonly Zone[] {
  const split = splitZonePort(splitTransport(text).rest)
  return split.error === undefined ? split.value.zones.map(makeZone) : []
}

/** Lower-cases and fully qualifies the text of a domain name. */
export function makeZone(text: string): Zone {
  const zone = qualified(text).toLowerCase()
  return { zone, name: CANONICAL_NAME.test(zone) ? parseName(zone) : undefined }
}

/** `tls://example.org` to the transport and the rest; `dns` without a scheme or with one that nobody knows. */
export function splitTransport(text: string): { readonly transport: KeyTransport; readonly rest: string } {
  const transport = TRANSPORTS.find(each => text.startsWith(`${each}://`))
  return transport === undefined
    ? { transport: 'dns', rest: text }
    : { transport, rest: text.slice(transport.length + 3) }
}

export const TRANSPORTS: readonly KeyTransport[] = ['dns', 'tls', 'quic', 'grpc', 'https', 'https3']

export interface ZonePort {
  /** As written, or the reverse zones of a CIDR. */
  readonly zones: readonly string[]
  /** Undefined when none is named. May lie outside 0–65535: that fails when it comes to listening. */
  readonly port: number | undefined
}

/**
 * `zone:port` without scheme. What follows the last colon is a port only when it is a number. Errors: `expecting data
 * after last colon: "x:"`, `specified zone is too long: 256 > 255`, `zone is not a valid domain name: a..b`, `invalid
 * CIDR ::/3`.
 */
export function splitZonePort(text: string): Parsed<ZonePort> {
  const colon = text.lastIndexOf(':')
  if (colon === text.length - 1) return { error: `expecting data after last colon: ${quoteText(text)}` }
  const number = colon < 0 ? undefined : parseInteger(text.slice(colon + 1))
  const port = number?.error === undefined ? number?.value : undefined
  const zone = port === undefined ? text : text.slice(0, colon)
  const octets = Buffer.byteLength(zone)
  if (octets > 255) return { error: `specified zone is too long: ${octets} > 255` }
  if (!isDomainName(zone)) return { error: `zone is not a valid domain name: ${zone}` }
  const cidr = parseCidr(zone)
  if (cidr === undefined) return { value: { zones: [zone], port } }
  // CoreDNS takes these for a port or an address gone wrong.
  if (zone.startsWith(':') || (zone.startsWith('0') && zone.includes(':')))
    return { error: `invalid CIDR ${zone}` }
  return { value: { zones: reverseZones(cidr), port } }
}

/** The reverse zones of a network: several when its prefix ends inside an octet (IPv4) or a nibble (IPv6). */
function reverseZones(cidr: Cidr): string[] {
  const isIpv4 = cidr.octets.length === 4
  const unitBits = isIpv4 ? 8 : 4
  const units = isIpv4 ? [...cidr.octets] : [...cidr.octets].flatMap(octet => [octet >> 4, octet & 0xf])
  const labels = Math.ceil(cidr.bits / unitBits)
  const count = 2 ** (labels * unitBits - cidr.bits)
  return Array.from({ length: count }, (_, offset) => {
    const path = units.slice(0, labels).map((unit, at) => (at === labels - 1 ? unit + offset : unit))
    const zone = path.reverse().map(unit => `${unit.toString(isIpv4 ? 10 : 16)}.`)
    return `${zone.join('')}${isIpv4 ? 'in-addr' : 'ip6'}.arpa.`
  })
}

/**
 * Whether CoreDNS takes a text for a domain name: labels of 1 to 63 octets, escapes counted as one, the whole at most
 * 256 with its lengths. Characters beyond ASCII pass; such a name never matches a query.
 */
export function isDomainName(text: string): boolean {
  if (text === '') return false
  const octets = Buffer.from(qualified(text))
  let length = 0
  let label = 0
  let escapes = 0 // in a row, directly before this octet
  for (let at = 0; at < octets.length; at++) {
    if (octets[at] === BACKSLASH) {
      escapes++
      at += isThreeDigits(octets, at + 1) ? 3 : 1
      label++
      continue
    }
    escapes = 0
    if (octets[at] !== DOT) {
      label++
      continue
    }
    if (label > 63 || (label === 0 && octets.length > 1)) return false
    length += label + 1
    if (length > 256) return false
    label = 0
  }
  return escapes % 2 === 0
}

const DOT = 0x2e
const BACKSLASH = 0x5c

const isThreeDigits = (octets: Buffer, at: number): boolean =>
  /^\d{3}$/.test(octets.toString('latin1', at, at + 3))

/** With a final dot, unless it has one that is not escaped. */
function qualified(text: string): string {
  const backslashes = /(\\*)\.$/.exec(text)?.[1]
  return backslashes !== undefined && backslashes.length % 2 === 0 ? text : `${text}.`
}

/**
 * Names as a query's name is written: only these can be equal to one. Octets outside printable ASCII are `\DDD` there,
 * some characters have a backslash, and no others have.
 */
const CANONICAL_NAME =
  /^(?:[!#-&*-:<-?A-[\]-~]|\\[ '@;()"\\.]|\\(?:0[0-2]\d|03[01]|12[7-9]|1[3-9]\d|2[0-4]\d|25[0-5]))+$/
