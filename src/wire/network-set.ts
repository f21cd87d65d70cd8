// Sets of networks, asked whether an address lies in one of them.
import { parsedAddress, parseZonedAddress } from './address.ts'

/** A network as `parseCidr` gives it: bits behind the prefix are 0. */
export interface Network {
  /** 4 or 16 of them. */
  readonly octets: Uint8Array
  readonly bits: number
}

/** Whether an address of as many octets lies in a network. */
export function networkHolds(
  { octets, bits }: Network,
  address: Uint8Array,
  at: number,
  length: number
): boolean {
  if (octets.length !== length) return false
  const whole = bits >> 3
  for (let i = 0; i < whole; i++) if (octets[i] !== address[at + i]) return false
  const rest = bits & 7
  return (
    rest === 0 || ((((octets[whole] as number) ^ (address[at + whole] as number)) >> (8 - rest)) & 0xff) === 0
  )
}

/** Up to this many networks are compared one by one. */
const LINEAR_MAX = 16

export class NetworkSet {
  readonly #networks: readonly Network[]
  /** Prefixes by their length, IPv4 first; undefined while there are few. */
  readonly #byLength: ReadonlyMap<number, ReadonlySet<string>> | undefined

  constructor(networks: readonly Network[]) {
    this.#networks = networks
    if (networks.length <= LINEAR_MAX) return
    const byLength = new Map<number, Set<string>>()
    for (const { octets, bits } of networks) {
      const id = lengthId(octets.length, bits)
      const prefixes = byLength.get(id) ?? new Set<string>()
      byLength.set(id, prefixes.add(prefixKey(octets, 0, bits)))
    }
    this.#byLength = byLength
  }

  /** Whether a client's address, as its socket gives it, lies in one of them; what is no address lies in none. */
  hasClient(address: string): boolean {
    const length = parseZonedAddress(address)
    return length !== 0 && this.has(parsedAddress, 0, length)
  }

  /** Whether the address in `octets`, 4 or 16 from `at` on, lies in one of them. */
  has(octets: Uint8Array, at: number, length: number): boolean {
    if (this.#byLength === undefined) {
      for (const network of this.#networks) if (networkHolds(network, octets, at, length)) return true
      return false
    }
    for (const [id, prefixes] of this.#byLength) {
      const bits = length === 4 ? id : id - IPV6_FROM
      if (bits < 0 || bits > length * 8) continue
      if (prefixes.has(prefixKey(octets, at, bits))) return true
    }
    return false
  }
}

/** Prefix lengths of IPv4 are their own ids, those of IPv6 follow. */
const IPV6_FROM = 64

const lengthId = (octets: number, bits: number): number => (octets === 4 ? bits : IPV6_FROM + bits)

/** The first `bits` bits of an address. */
function prefixKey(octets: Uint8Array, at: number, bits: number): string {
  let key = ''
  for (let left = bits, from = at; left > 0; left -= 8, from++) {
    const octet = octets[from] as number
    key += String.fromCharCode(left >= 8 ? octet : octet & (0xff00 >> left))
  }
  return key
}
