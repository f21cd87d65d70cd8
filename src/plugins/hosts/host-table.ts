// What a hosts file says, for asking: names to addresses and back (corefile-and-plugins.md §8.12).
import type { Zone } from '../../corefile/zones.ts'
import { ZoneTable } from '../../dns/zone.ts'
import { parsedAddress, parseZonedAddress } from '../../wire/address.ts'
import { lowerName, nameKey, parseName, type Name, type NameKey } from '../../wire/name.ts'

export interface HostTableOptions {
  /** Names outside are passed over. */
  readonly zones: readonly Zone[]
  /** Whether addresses lead back to names. */
  readonly reverse: boolean
}

/** Entries of one table, names and addresses together: about 100 MB. What comes after is left out. */
export const ENTRIES_MAX = 1_000_000
/** Names that one address leads back to; more don't fit a message, and block lists give one address to all names. */
const NAMES_MAX = 4096
/** Lines that are read before others get their turn. */
const LINES_AT_ONCE = 500

type Family = 4 | 16

export class HostTable {
  /** As CoreDNS counts them: addresses of names, and names of addresses. */
  entries = 0
  /** Whether there were more than the table takes. */
  overflowed = false
  readonly #names = { 4: new Map<NameKey, Uint8Array>(), 16: new Map<NameKey, Uint8Array>() }
  /** Under the name behind the `*`. */
  readonly #wildcards = { 4: new Map<NameKey, Uint8Array>(), 16: new Map<NameKey, Uint8Array>() }
  /** By the address's octets as latin-1. */
  readonly #addresses = new Map<string, Name[]>()
  /** Each address once: block lists have the same one for every name. */
  readonly #octets = new Map<string, Uint8Array>()
  readonly #options: HostTableOptions
  readonly #zones: ZoneTable<true>

  constructor(options: HostTableOptions) {
    this.#options = options
    this.#zones = new ZoneTable(
      options.zones.flatMap(({ name }) => (name === undefined ? [] : [[name, true] as const]))
    )
  }

  /** Addresses of a name, one after another; a name of its own goes before a wildcard. `name` in lower case. */
  addresses(name: Uint8Array, family: Family): Uint8Array | undefined {
    const own = this.#names[family].get(nameKey(name))
    if (own !== undefined || name.length === 1) return own
    const wildcards = this.#wildcards[family]
    return wildcards.size === 0 ? undefined : wildcards.get(nameKey(name, 1 + (name[0] as number)))
  }

  /** Names of the address whose octets these are. */
  names(octets: Uint8Array, length: number): readonly Name[] {
    return this.#addresses.get(Buffer.from(octets.subarray(0, length)).toString('latin1')) ?? []
  }

  /** Takes lines in. */
  readAll(text: string): void {
    const reading = this.read(Buffer.from(text))
    while (reading.next().done !== true);
  }

  /** Takes lines in; yields now and then, so that a long file can be read bit by bit. */
  *read(text: Buffer): Generator<void, void, void> {
    let lines = 0
    for (let at = 0; at < text.length;) {
      let end = text.indexOf(0x0a, at)
      if (end < 0) end = text.length
      this.#line(text.toString('utf8', at, end))
      at = end + 1
      if (++lines % LINES_AT_ONCE === 0) yield
    }
  }

  /** `ADDRESS NAME…`; lines that aren't are passed over. */
  #line(line: string): void {
    const comment = line.indexOf('#')
    const [first = '', ...names] = (comment < 0 ? line : line.slice(0, comment)).split(/\s+/).filter(Boolean)
    const length = names.length === 0 ? 0 : parseZonedAddress(first)
    if (length === 0) return
    const key = String.fromCharCode(...parsedAddress.subarray(0, length))
    let octets = this.#octets.get(key)
    if (octets === undefined) this.#octets.set(key, (octets = parsedAddress.slice(0, length)))
    for (const name of names) this.#add(name, octets, key)
  }

  #add(text: string, octets: Uint8Array, addressKey: string): void {
    if (this.entries >= ENTRIES_MAX) {
      this.overflowed = true
      return
    }
    const isWildcard = text.startsWith('*.')
    const parsed = parseName(text)
    if (parsed === undefined) {
      // No question can have such a name, but CoreDNS counts it.
      if (this.#mayCount(text)) this.entries += isWildcard || !this.#options.reverse ? 1 : 2
      return
    }
    const name = lowerName(parsed)
    if (this.#zones.find(name, 0, name.length) === undefined) return
    const family = octets.length as Family
    const isPattern = isWildcard && name.length > 2
    const map = isPattern ? this.#wildcards[family] : this.#names[family]
    const key = isPattern ? nameKey(name, 2) : nameKey(name)
    const known = map.get(key)
    map.set(key, known === undefined ? octets : Buffer.concat([known, octets]))
    this.entries++
    if (isPattern || !this.#options.reverse) return
    this.entries++
    const names = this.#addresses.get(addressKey)
    if (names === undefined) this.#addresses.set(addressKey, [name])
    else if (names.length < NAMES_MAX) names.push(name)
  }

  #mayCount(text: string): boolean {
    const whole = text.endsWith('.') ? text.toLowerCase() : `${text.toLowerCase()}.`
    return this.#options.zones.some(
      ({ zone }) => zone === '.' || whole === zone || whole.endsWith(`.${zone}`)
    )
  }
}
