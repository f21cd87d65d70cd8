// Ranges of addresses, and who holds which: the cluster's allocator, with a hash of the holder's name in place of chance,
// so that the same objects get the same addresses everywhere.
import ipaddr from 'ipaddr.js'
import { addressFamily } from '../values.ts'
import type { AddressFamily } from './app-objects.ts'
import { digestOf, wordsOf } from './generated-names.ts'

/** Addresses of a range that are given out: no more than these, the first ones of a wide IPv6 range. */
const SIZE_MAX = 0x1_0000_0000

/** The text that stands for an address: RFC 5952 §4 for IPv6. `text` is an address. */
export function canonical(text: string): string {
  return text.includes(':') ? ipaddr.parse(text).toString() : text
}

/** A CIDR range. Throws RangeError when `cidr` is none. */
export class AddressRange {
  readonly family: AddressFamily
  readonly cidr: string
  /** Addresses that can be counted through; at most 2³². */
  readonly size: number
  readonly #network: ipaddr.IPv4 | ipaddr.IPv6
  readonly #prefix: number

  constructor(cidr: string) {
    if (!ipaddr.isValidCIDR(cidr)) throw new RangeError(`"${cidr}" is not a range of addresses`)
    const [address, prefix] = ipaddr.parseCIDR(cidr)
    const isIPv4 = address.kind() === 'ipv4'
    this.family = isIPv4 ? 'IPv4' : 'IPv6'
    this.#prefix = prefix
    this.#network = isIPv4
      ? ipaddr.IPv4.networkAddressFromCIDR(cidr)
      : ipaddr.IPv6.networkAddressFromCIDR(cidr)
    this.cidr = `${this.#network.toString()}/${prefix}`
    this.size = Math.min(2 ** ((isIPv4 ? 32 : 128) - prefix), SIZE_MAX)
  }

  /** Offsets of the first and the last address that a holder can have: IPv4 has a broadcast address at its end. */
  get first(): number {
    return 1
  }

  get last(): number {
    return this.family === 'IPv4' ? this.size - 2 : this.size - 1
  }

  /** The address at an offset, `0 <= offset < size`. */
  at(offset: number): string {
    if (this.#network instanceof ipaddr.IPv4) {
      const [a = 0, b = 0, c = 0, d = 0] = this.#network.octets
      const number = a * 0x1_00_00_00 + b * 0x1_00_00 + c * 0x1_00 + d + offset
      return `${(number >>> 24) & 255}.${(number >>> 16) & 255}.${(number >>> 8) & 255}.${number & 255}`
    }
    const parts = [...this.#network.parts]
    const low = (parts[6] ?? 0) * 0x1_0000 + (parts[7] ?? 0) + offset
    parts[6] = Math.floor(low / 0x1_0000)
    parts[7] = low % 0x1_0000
    return new ipaddr.IPv6(parts).toString()
  }

  /** Whether a holder can have this address; `address` is valid. */
  contains(address: string): boolean {
    if (addressFamily(address) !== this.family) return false
    const parsed = ipaddr.parse(address)
    if (!parsed.match(this.#network, this.#prefix)) return false
    const text = parsed.toString()
    if (text === this.#network.toString()) return false
    return this.family === 'IPv6' || this.size < 2 || text !== this.at(this.size - 1)
  }

  /** Whether two ranges share an address. */
  overlaps(other: AddressRange): boolean {
    if (this.family !== other.family) return false
    const prefix = Math.min(this.#prefix, other.#prefix)
    return this.#network.match(other.#network, prefix)
  }
}

/** How an address came to its holder. A stated one takes it from a computed one. */
export interface Claim {
  readonly holder: string
  readonly stated: boolean
}

/** The addresses of one range and who holds each. Addresses are canonical texts. */
export class AddressPool {
  readonly range: AddressRange
  /** The first offset that is given out without being asked for. */
  readonly #dynamic: number
  readonly #claims = new Map<string, Claim[]>()
  /** All from `#dynamic` up to here are taken. */
  #cursor: number

  /** `reserved`: so many addresses at the beginning are given out only when all others are taken. */
  constructor(range: AddressRange, reserved = 0) {
    this.range = range
    this.#dynamic = Math.min(range.first + reserved, Math.max(range.last, range.first))
    this.#cursor = this.#dynamic
  }

  get full(): boolean {
    return this.#claims.size >= this.range.last - this.range.first + 1
  }

  /** Who holds an address: the first that claimed it. */
  holder(address: string): Claim | undefined {
    return this.#claims.get(address)?.[0]
  }

  /** Adds a claim; addresses outside of the range are passed over. Several may state one address: see `holder`. */
  claim(address: string, claim: Claim): void {
    if (claim.stated && !this.range.contains(address)) return
    const claims = this.#claims.get(address)
    if (claims === undefined) this.#claims.set(address, [claim])
    else claims.push(claim)
  }

  /** Ends the holder's claim, if it has one. */
  release(address: string, holder: string): void {
    const claims = this.#claims.get(address)
    const at = claims?.findIndex(claim => claim.holder === holder) ?? -1
    if (claims === undefined || at < 0) return
    claims.splice(at, 1)
    if (claims.length > 0) return
    this.#claims.delete(address)
    this.#cursor = this.#dynamic
  }

  /**
   * Gives the holder an address that depends on `seed` alone, or, where that is taken, on the next tries in a fixed order.
   * `undefined` when the range is full.
   */
  take(holder: string, seed: string): string | undefined {
    const address = this.full ? undefined : this.#free(seed)
    if (address !== undefined) this.#claims.set(address, [{ holder, stated: false }])
    return address
  }

  #free(seed: string): string | undefined {
    const { first, last } = this.range
    const span = last - this.#dynamic + 1
    // Independent tries first: neighbours stay free, so that one more holder seldom moves another at the next start.
    for (const word of wordsOf(digestOf(seed))) {
      const address = this.range.at(this.#dynamic + (word % span))
      if (!this.#claims.has(address)) return address
    }
    // Nearly full: the lowest that is free, those that are reserved last.
    for (; this.#cursor <= last; this.#cursor++) {
      const address = this.range.at(this.#cursor)
      if (!this.#claims.has(address)) return address
    }
    for (let offset = first; offset < this.#dynamic; offset++) {
      const address = this.range.at(offset)
      if (!this.#claims.has(address)) return address
    }
    return undefined
  }
}
