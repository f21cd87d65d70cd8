// Chance as something that is handed in.
import { randomBytes } from 'node:crypto'

export interface Random {
  /** A whole number from 0 to `limit` - 1; `limit` is at most 2^32. */
  integer(limit: number): number
}

const POOL_OCTETS = 4096

/** Unpredictable numbers from the operating system, fetched a pool at a time (a call per number costs about 1 µs). */
export function systemRandom(): Random {
  let pool = randomBytes(POOL_OCTETS)
  let at = 0
  return {
    integer(limit) {
      if (at + 4 > POOL_OCTETS) {
        pool = randomBytes(POOL_OCTETS)
        at = 0
      }
      const value = pool.readUInt32LE(at)
      at += 4
      return Math.floor((value / 0x1_0000_0000) * limit)
    }
  }
}
