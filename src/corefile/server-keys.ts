// The keys of server blocks: what they say, and what may not stand side by side (corefile-and-plugins.md §2.1, §2.3, §3).
import { placeText } from './parse-errors.ts'
import { CorefileError, type Position, type Token } from './position.ts'
import type { Note } from './server-block.ts'
import type { KeyTransport, ServerKey } from './server-key.ts'
import { quoteText } from './values.ts'
import { makeZone, splitTransport, splitZonePort, TRANSPORTS } from './zones.ts'

/** A text of ten octets may be a CIDR of 128 zones. A configuration with so many is not one that a person wrote. */
export const SERVER_KEYS_MAX = 100_000

/** Default ports; plain DNS has the one of `-dns.port` where it is given. */
const PORTS: Readonly<Record<KeyTransport, number>> = {
  dns: 53,
  tls: 853,
  quic: 853,
  grpc: 443,
  https: 443,
  https3: 443
}

/**
 * The keys that words stand for, in order; a CIDR gives several. `dnsPort` is the port of plain-DNS keys without one.
 * Throws a CorefileError `error inspecting server blocks: …`.
 */
export function readServerKeys(tokens: readonly Token[], dnsPort: number): ServerKey[] {
  const keys: ServerKey[] = []
  for (const token of tokens) {
    const { transport, rest } = splitTransport(token.text)
    const split = splitZonePort(rest)
    if (split.error !== undefined) throw keyError(token, split.error)
    const port = split.value.port ?? (transport === 'dns' ? dnsPort : PORTS[transport])
    for (const text of split.value.zones) {
      const zone = makeZone(text)
      // A final dot may be one octet, or one label, too many.
      const whole = splitZonePort(zone.zone)
      if (whole.error !== undefined) throw keyError(token, whole.error)
      keys.push({ transport, zone: zone.zone, name: zone.name, port, token })
    }
    if (keys.length > SERVER_KEYS_MAX) throw keyError(token, `more than ${SERVER_KEYS_MAX} zones`)
  }
  return keys
}

function keyError(token: Token, message: string): CorefileError {
  return new CorefileError(
    'BAD_VALUE',
    `error inspecting server blocks: ${message}`,
    token.at,
    keyHint(token.text)
  )
}

function keyHint(text: string): string {
  if (/.\{$/.test(text)) return `put a blank before the '{'`
  if (text.endsWith(':')) return 'write a port behind the colon, or leave the colon away'
  if (/^:\d+$/.test(text)) return `write the zone before the port: .${text} serves all names`
  return 'a key is [scheme://]zone[:port], and a zone is a domain name, . for all names, or a CIDR such as 10.0.0.0/8'
}

/** The text that CoreDNS prints at start above a zone with unusual characters; undefined for the usual ones. */
export function zoneWarning(zone: string): string | undefined {
  if (
    zone === '.' ||
    zone.endsWith('.in-addr.arpa.') ||
    zone.endsWith('.ip6.arpa.') ||
    PREFERRED.test(zone)
  ) {
    return undefined
  }
  return `Warning: Domain ${quoteText(zone)} does not follow RFC1035 preferred syntax`
}

/** RFC 1035 §2.3.1: letters, digits and hyphens; a letter first, no hyphen last. */
const PREFERRED = /^(?:[A-Za-z](?:[A-Za-z0-9-]*[A-Za-z0-9])?\.)+$/

/** What a key that is no usual zone was probably meant to be. CoreDNS serves it as a zone, and no query ever matches. */
export function keyNote(key: ServerKey): Note | undefined {
  const { text, at } = key.token
  if (zoneWarning(key.zone) === undefined) return undefined
  const { rest } = splitTransport(text)
  const scheme = /^([a-z0-9+.-]+):\/\//i.exec(rest)?.[1]
  const meant =
    text === '}' || text === '{}'
      ? "is a '}' too many?"
      : text.includes('{')
        ? "put a blank before the '{'"
        : scheme !== undefined
          ? `there is no scheme ${scheme}; there are ${TRANSPORTS.join(', ')}`
          : /\/[^/:]*(?::\d+)?$/.test(rest)
            ? 'it is no valid CIDR'
            : /:[^:]*$/.test(key.zone)
              ? 'the part behind the colon is not a port number'
              : undefined
  return meant === undefined
    ? undefined
    : { message: `'${text}' is taken for the zone ${key.zone}: ${meant}`, at }
}

/** A key, and what its block's `bind` and `view` make of it. */
export interface ListeningKey {
  readonly key: ServerKey
  /** The addresses of the block's `bind` lines; empty for every address. */
  readonly addresses: readonly string[]
  /** Whether the block has a `view`: it may share its zone with others. */
  readonly hasView: boolean
}

/**
 * Checks that no listener has two uses, once every plugin is set up. In the order of the configuration. Throws a
 * CorefileError: `address 99999: invalid port`, `cannot serve dns://example.org.:53 - it is already defined`, `cannot
 * serve dns://example.org.:53 on 127.0.0.1 - zone overlap listener capacity with dns://example.org.:53`.
 */
export function checkOverlap(keys: readonly ListeningKey[]): void {
  for (const { key } of keys) {
    if (key.port >= 0 && key.port <= 0xffff) continue
    const hint = 'a port is a number from 0 to 65535'
    throw new CorefileError('BAD_VALUE', `address ${key.port}: invalid port`, key.token.at, hint)
  }
  const defined = new Map<string, Position>()
  /** By zone and port alone, the use that was defined last: its text, and where. */
  const users = new Map<string, { text: string; at: Position }>()
  for (const { key, addresses, hasView } of keys) {
    const unbound = `${key.transport}://${key.zone}:${key.port}`
    for (const address of addresses.length === 0 ? [''] : addresses) {
      const text = address === '' ? unbound : `${unbound} on ${address}`
      const first = defined.get(text)
      if (first !== undefined) {
        if (hasView) continue
        const hint = `it is defined first at ${placeText(first)}; put everything for this zone into one block`
        throw new CorefileError(
          'DUPLICATE',
          `cannot serve ${text} - it is already defined`,
          key.token.at,
          hint
        )
      }
      const other = address === '' ? users.get(unbound) : unboundUser(defined, unbound)
      if (other !== undefined) {
        const message = `cannot serve ${text} - zone overlap listener capacity with ${other.text}`
        const hint = `the other one is at ${placeText(other.at)}; give both blocks a bind line, or neither`
        throw new CorefileError('DUPLICATE', message, key.token.at, hint)
      }
      if (hasView) continue
      defined.set(text, key.token.at)
      users.set(unbound, { text, at: key.token.at })
    }
  }
}

function unboundUser(
  defined: ReadonlyMap<string, Position>,
  text: string
): { text: string; at: Position } | undefined {
  const at = defined.get(text)
  return at === undefined ? undefined : { text, at }
}
