// A keyed hash for names and addresses: HalfSipHash-1-3 (Aumasson and Bernstein, "SipHash: a fast short-input PRF", 2012;
// the 32-bit variant) over lower-cased octets. The key is random for each process, so nobody can choose names that share
// a place in the tables.
import type { Random } from '../../runtime/random.ts'
import { lowerOctet } from '../../wire/name.ts'

export class Hasher {
  readonly #key0: number
  readonly #key1: number

  constructor(random: Random) {
    this.#key0 = random.integer(0x1_0000_0000) | 0
    this.#key1 = random.integer(0x1_0000_0000) | 0
  }

  /** A 32-bit hash (signed) of the octets between two offsets, letter case aside, within the space named by `salt`. */
  hash(octets: Uint8Array, start: number, end: number, salt: number): number {
    let v0 = this.#key0
    let v1 = this.#key1
    let v2 = 0x6c796765 ^ this.#key0
    let v3 = 0x74656462 ^ this.#key1
    const length = end - start
    // The salt is the first word, the last one holds the odd octets and the length; three rounds finish.
    const words = (length >>> 2) + 2
    let at = start
    for (let step = 0; step < words + 3; step++) {
      let word = 0
      if (step === 0) {
        word = salt
      } else if (step < words - 1) {
        word =
          (lowerOctet[octets[at] as number] as number) |
          ((lowerOctet[octets[at + 1] as number] as number) << 8) |
          ((lowerOctet[octets[at + 2] as number] as number) << 16) |
          ((lowerOctet[octets[at + 3] as number] as number) << 24)
        at += 4
      } else if (step < words) {
        word = length << 24
        for (let shift = 0; at < end; at++, shift += 8)
          word |= (lowerOctet[octets[at] as number] as number) << shift
      } else if (step === words) {
        v2 ^= 0xff
      }
      v3 ^= word
      v0 = (v0 + v1) | 0
      v1 = (v1 << 5) | (v1 >>> 27)
      v1 ^= v0
      v0 = (v0 << 16) | (v0 >>> 16)
      v2 = (v2 + v3) | 0
      v3 = (v3 << 8) | (v3 >>> 24)
      v3 ^= v2
      v0 = (v0 + v3) | 0
      v3 = (v3 << 7) | (v3 >>> 25)
      v3 ^= v0
      v2 = (v2 + v1) | 0
      v1 = (v1 << 13) | (v1 >>> 19)
      v1 ^= v2
      v2 = (v2 << 16) | (v2 >>> 16)
      v0 ^= word
    }
    return v1 ^ v3
  }
}
