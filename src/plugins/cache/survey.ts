// What an answer is to the cache: its kind, how long it holds, where its TTLs stand (corefile-and-plugins.md §8.8, "What
// is stored"). One walk over the records, without a copy.
import type { Answer } from '../../dns/answer.ts'
import type { Query } from '../../dns/query.ts'
import { Rcode, Rtype } from '../../wire/numbers.ts'
import { read16, read32, write32 } from '../../wire/records.ts'

export const Kind = {
  /** An answer, or a referral. */
  SUCCESS: 0,
  /** The name or its type doesn't exist. */
  DENIAL: 1,
  /** SERVFAIL or NOTIMP. */
  FAILURE: 2,
  /** Never kept. */
  OTHER: 3
} as const
export type Kind = (typeof Kind)[keyof typeof Kind]

/** The lifetime of what has no TTL worth looking at, in seconds. */
const TTL_DEFAULT = 5
/** No lifetime is longer, whatever the TTLs and the options say, in seconds. */
const TTL_LIMIT = 3600
/** A message holds no more records than this. */
const RECORDS_MAX = Math.ceil(0xffff / 11)

export class Survey {
  kind: Kind = Kind.OTHER
  /** Whether a record of the type that was asked for is there. */
  answers = false
  /** What the TTLs come to before the options have their say, in seconds. */
  ttl = TTL_DEFAULT
  /** How many records there are, and where the TTL of each stands. */
  count = 0
  readonly ttlsAt = new Uint16Array(RECORDS_MAX)

  /** Looks at an answer to `query`; `wallMs` is the date, for signatures. */
  read(query: Query, answer: Answer, wallMs: () => number): void {
    const { octets, length, rcode } = answer
    const { qtype } = query
    const answerCount = read16(octets, 6)
    const authorityEnd = answerCount + read16(octets, 8)
    const total = authorityEnd + read16(octets, 10)
    let at = query.questionEnd
    let least = TTL_LIMIT
    let count = 0
    let hasSoa = false
    let hasNs = false
    let hasSignature = false
    this.answers = false
    for (; count < total; count++) {
      at = endOfOwner(octets, at)
      if (at + 10 > length) break
      const type = read16(octets, at)
      const ttl = read32(octets, at + 4)
      if (ttl < least) least = ttl
      this.ttlsAt[count] = at + 4
      if (count < answerCount) {
        if (type === qtype || qtype === Rtype.ANY) this.answers = true
      } else if (count < authorityEnd) {
        if (type === Rtype.SOA) hasSoa = true
        else if (type === Rtype.NS) hasNs = true
      }
      if (type === Rtype.RRSIG) hasSignature = true
      at += 10 + read16(octets, at + 8)
    }
    this.count = count
    this.kind = Kind.OTHER
    this.ttl = TTL_DEFAULT
    if (qtype === Rtype.AXFR || qtype === Rtype.IXFR) return
    if (rcode === Rcode.SERVFAIL || rcode === Rcode.NOTIMP) {
      this.kind = Kind.FAILURE
      return
    }
    if (hasSignature && (query.dnssecOk || answer.opt?.dnssecOk === true)) {
      if (this.#hasSpentSignature(octets, wallMs())) return
    }
    if (rcode === Rcode.NXDOMAIN) {
      if (answerCount > 0 || !hasSoa) return
      this.kind = Kind.DENIAL
    } else if (rcode !== Rcode.NOERROR) {
      return
    } else if (this.answers) {
      this.kind = Kind.SUCCESS
    } else if (hasSoa) {
      this.kind = Kind.DENIAL
    } else if (answerCount === 0) {
      this.kind = Kind.SUCCESS
      if (hasNs) return // a referral
    }
    if (count > 0) this.ttl = least
  }

  /** Gives every record of the answer that was looked at this TTL, in seconds. */
  setTtls(octets: Buffer, ttl: number): void {
    for (let record = 0; record < this.count; record++) write32(octets, this.ttlsAt[record] as number, ttl)
  }

  /** Whether a signature is not valid now, by its 32-bit serial times (RFC 4034 §3.1.5). */
  #hasSpentSignature(octets: Buffer, wallMs: number): boolean {
    const now = Math.floor(wallMs / 1000) >>> 0
    for (let record = 0; record < this.count; record++) {
      const at = this.ttlsAt[record] as number
      if (read16(octets, at - 4) !== Rtype.RRSIG || read16(octets, at + 4) < 18) continue
      if (isBefore(read32(octets, at + 14), now) || isBefore(now, read32(octets, at + 18))) return true
    }
    return false
  }
}

/** Serial number arithmetic (RFC 1982 §3.2). */
const isBefore = (a: number, b: number): boolean => a !== b && (b - a) >>> 0 < 0x8000_0000

/** Offset after an owner name; beyond the octets when it doesn't end. */
function endOfOwner(octets: Buffer, at: number): number {
  while (at < octets.length) {
    const label = octets[at] as number
    if (label >= 0xc0) return at + 2
    if (label === 0) return at + 1
    at += label + 1
  }
  return at
}
