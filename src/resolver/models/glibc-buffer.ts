// The room in which glibc puts what it found. It begins with 1,024 octets; where the addresses don't fit, all of the lookup
// is done again, from the first name of the walk, with twice the room, until they do. Measured with glibc 2.36 and 2.41 of
// Debian 12 and 13, which are the same in this (docs/experiment-real.md, "Large answers and glibc").

/** Octets of the first room. */
export const FIRST_ROOM = 1024

/** What is stored of what was found. Names are absolute, and their last dot stands for the octet that ends them. */
export interface Stored {
  /** Addresses of all types. */
  readonly addresses: readonly string[]
  /** Records in the answers that are none of these: aliases. */
  readonly aliases: number
  /** The name that was found. */
  readonly asked: string
  /** Where its aliases end; the name itself without any. */
  readonly canonical: string
}

/** One entry of a list of addresses of both families, on 64 bits. */
const ENTRY_OCTETS = 40
const POINTER_OCTETS = 8

const aligned = (octets: number, to: number): number => Math.ceil(octets / to) * to

/** For A and AAAA together: an entry for each address, and the name behind the first of them. */
export function roomForPair({ addresses, canonical }: Stored): number {
  const count = addresses.length
  if (count === 0) return 0
  const name = Buffer.byteLength(canonical)
  return count === 1 ? ENTRY_OCTETS + name : count * ENTRY_OCTETS + aligned(name, POINTER_OCTETS)
}

/**
 * For one type: the names, the addresses themselves, and a pointer to each, with one more at the end of the addresses. Names
 * between the first and the last are not known here; each is counted as the last.
 */
export function roomForOne({ addresses, aliases, asked, canonical }: Stored): number {
  if (addresses.length === 0) return 0
  const names = Buffer.byteLength(asked) + aliases * Buffer.byteLength(canonical)
  const octets = addresses.reduce((sum, address) => sum + (address.includes(':') ? 16 : 4), 0)
  const stored = aligned(aligned(names, 4) + octets, POINTER_OCTETS)
  return stored + POINTER_OCTETS * (addresses.length + 1 + aliases + 1)
}
