// Answers as octets: put away under a hash of their question, and made into answers again.
// In the arena an answer is 32 octets of head, two octets for each record (where its TTL stands), and the message from its
// counts on: nothing is read or written record by record on a hit but the TTLs.
import type { Hasher } from '../../cluster/index/hash.ts'
import { Answer } from '../../dns/answer.ts'
import { borrowedCopy, copyMessage } from '../../dns/message-copier.ts'
import { LiveUse, type Query } from '../../dns/query.ts'
import { optLength } from '../../dns/response.ts'
import { lowerOctet } from '../../wire/name.ts'
import { Flag, HEADER_OCTETS } from '../../wire/numbers.ts'
import { read16, read32, write16, write32 } from '../../wire/records.ts'
import { BLOCK_OCTETS, type Arena } from './arena.ts'
import { recasedMessage } from './recase.ts'
import { ENTRY_OCTETS_MIN, Shelf } from './shelf.ts'
import { Kind, Survey } from './survey.ts'

/** Times are counted in these, and wrap after 497 days: far beyond what anything is kept. */
const TICK_MS = 10
const TICKS_PER_SECOND = 1000 / TICK_MS

/** Where the fields of the head stand. */
const STORED_AT = 0
const LIFETIME = 4
const USED_AT = 8
const RECHECK_AT = 12
const PLAIN_LENGTH = 16
const LENGTH = 20
const RECORDS = 22
const FLAGS = 24
const HITS = 26
const RCODE = 28
const KEY_BITS = 29
const MARKS = 30
const HEAD_OCTETS = 32
/** Of the message's header only the counts are kept. */
const SKIPPED_OCTETS = 4
const HITS_MAX = 0xffff

/** Bits of MARKS. */
const Mark = {
  /** It answers its question. */
  ANSWERS: 1,
  /** It stands in for what live state did not have. */
  PASSED: 2,
  REFRESHING: 4,
  /** Until RECHECK_AT the refresh that failed is not tried again. */
  RECHECK: 8,
  FAILURE: 16
} as const

/** Messages longer than this are kept compressed, in octets: below it every client takes them as they are. */
const PLAIN_OCTETS_MAX = 512
const KEPT_FLAGS = Flag.RA | Flag.AD

/** Where chains are put together and taken apart; used synchronously only. */
const scratch = Buffer.allocUnsafeSlow(HEAD_OCTETS + 3 * 0x10000)

export interface StoreOptions {
  /** The most answers of each kind. */
  readonly successMax: number
  readonly denialMax: number
}

export class AnswerStore {
  readonly success: Shelf
  readonly denial: Shelf
  readonly #arena: Arena
  readonly #hasher: Hasher
  readonly #again = new Survey()
  /** Nobody will ask for it any more, though queries may still be under way that were asked through it. */
  #isClosed = false

  constructor(arena: Arena, hasher: Hasher, options: StoreOptions) {
    this.#arena = arena
    this.#hasher = hasher
    const possible = Math.floor(arena.octetsMax / (BLOCK_OCTETS + ENTRY_OCTETS_MIN))
    const shelf = (entriesMax: number) =>
      new Shelf(arena, Math.min(entriesMax, possible), (block, now) => this.#since(block, USED_AT, now))
    this.success = shelf(options.successMax)
    this.denial = shelf(options.denialMax)
  }

  /** The time on the clock (milliseconds) in the store's own units. */
  ticks(nowMs: number): number {
    return Math.floor(nowMs / TICK_MS) >>> 0
  }

  /** Under what an answer to this query is kept: name, type, class, DO and CD. */
  hash(query: Query): number {
    const { wire, nameEnd, qtype, qclass } = query
    return this.#hasher.hash(wire, HEADER_OCTETS, nameEnd, (qtype << 16) ^ (qclass << 2) ^ keyBits(query))
  }

  /** The entry for a query, expired or not; -1 when there is none. */
  find(shelf: Shelf, query: Query, hash: number): number {
    const entry = shelf.find(hash)
    return entry >= 0 && this.#isFor(entry, query) ? entry : -1
  }

  /** Seconds that an entry has left; 0 or less when its time is over. */
  left(entry: number, now: number): number {
    return this.#read32(entry, LIFETIME) - Math.floor(this.#since(entry, STORED_AT, now) / TICKS_PER_SECOND)
  }

  lifetime(entry: number): number {
    return this.#read32(entry, LIFETIME)
  }

  isFailure(entry: number): boolean {
    return this.#hasMark(entry, Mark.FAILURE)
  }

  answersQuestion(entry: number): boolean {
    return this.#hasMark(entry, Mark.ANSWERS)
  }

  /** Whether live state had nothing for it when it was stored. */
  hasPassed(entry: number): boolean {
    return this.#hasMark(entry, Mark.PASSED)
  }

  hits(entry: number): number {
    return this.#read16(entry, HITS)
  }

  setHits(entry: number, hits: number): void {
    write16(this.#arena.octets, entry * BLOCK_OCTETS + HITS, Math.min(hits, HITS_MAX))
  }

  /** Counts a hit; hits more than `gapMs` after the one before begin anew. */
  hit(entry: number, now: number, gapMs: number): void {
    const isLate = this.#since(entry, USED_AT, now) * TICK_MS > gapMs
    this.setHits(entry, isLate ? 1 : this.hits(entry) + 1)
    this.touch(entry, now)
  }

  touch(entry: number, now: number): void {
    write32(this.#arena.octets, entry * BLOCK_OCTETS + USED_AT, now)
  }

  /** Whether it may be refreshed: nobody does so already, and no refresh has just failed. */
  mayRefresh(entry: number, now: number): boolean {
    if (this.#hasMark(entry, Mark.REFRESHING)) return false
    if (!this.#hasMark(entry, Mark.RECHECK)) return true
    return ((this.#read32(entry, RECHECK_AT) - now) | 0) <= 0
  }

  refreshes(entry: number): void {
    this.#mark(entry, Mark.REFRESHING, true)
  }

  /** A refresh came to nothing: no other one before `recheckMs` are over. */
  refreshFailed(entry: number, now: number, recheckMs: number): void {
    this.#mark(entry, Mark.REFRESHING, false)
    if (recheckMs === 0) return
    this.#mark(entry, Mark.RECHECK, true)
    write32(this.#arena.octets, entry * BLOCK_OCTETS + RECHECK_AT, now + Math.ceil(recheckMs / TICK_MS))
  }

  /** Puts an answer away for `lifetime` seconds, in the place of an older one. False when there is no room for it. */
  add(
    shelf: Shelf,
    query: Query,
    hash: number,
    answer: Answer,
    survey: Survey,
    lifetime: number,
    now: number
  ): boolean {
    if (this.#isClosed) return false
    let { octets, length } = answer
    let from = survey
    if (length > PLAIN_OCTETS_MAX) {
      const copy = borrowedCopy(octets.subarray(0, length))
      if (copy.length < length) {
        ;({ octets, length } = copy)
        from = this.#again
        from.read(query, new Answer(octets, length, answer.rcode, answer.flags, length), () => 0)
      }
    }
    const messageAt = HEAD_OCTETS + 2 * from.count
    const total = messageAt + length - SKIPPED_OCTETS
    if (!this.#arena.makeRoom(total, shelf.octetsForNext, now)) return false
    scratch.fill(0, 0, HEAD_OCTETS)
    write32(scratch, STORED_AT, now)
    write32(scratch, LIFETIME, lifetime)
    write32(scratch, USED_AT, now)
    write32(scratch, PLAIN_LENGTH, answer.plainLength)
    write16(scratch, LENGTH, length)
    write16(scratch, RECORDS, from.count)
    write16(scratch, FLAGS, answer.flags & KEPT_FLAGS)
    scratch[RCODE] = answer.rcode
    scratch[KEY_BITS] = keyBits(query)
    scratch[MARKS] =
      (survey.answers ? Mark.ANSWERS : 0) |
      (query.liveUse === LiveUse.PASSED ? Mark.PASSED : 0) |
      (survey.kind === Kind.FAILURE ? Mark.FAILURE : 0)
    for (let record = 0; record < from.count; record++) {
      write16(scratch, HEAD_OCTETS + 2 * record, from.ttlsAt[record] as number)
    }
    octets.copy(scratch, messageAt, SKIPPED_OCTETS, length)
    const entry = this.#arena.allocate(total)
    this.#arena.write(entry, 0, scratch, total)
    shelf.add(hash, entry)
    return true
  }

  /** The answer to `query` that an entry holds, its records with this TTL in seconds, authoritative as CoreDNS has it. */
  answer(entry: number, query: Query, ttl: number): Answer {
    const arena = this.#arena
    const length = this.#read16(entry, LENGTH)
    const records = this.#read16(entry, RECORDS)
    const target = Buffer.allocUnsafe(length + optLength(query))
    arena.read(entry, HEAD_OCTETS + 2 * records, target, SKIPPED_OCTETS, length - SKIPPED_OCTETS)
    const stored = this.#read16(entry, FLAGS)
    const keepsAd = query.dnssecOk || (query.flags & Flag.AD) !== 0
    const flags = Flag.AA | query.copiedFlags | (keepsAd ? stored : stored & ~Flag.AD)
    const rcode = arena.octets[entry * BLOCK_OCTETS + RCODE] as number
    const plainLength = this.#read32(entry, PLAIN_LENGTH)
    if (!hasSameQuestion(target, query))
      return this.#recased(target, length, query, ttl, rcode, flags, plainLength)
    if (HEAD_OCTETS + 2 * records <= BLOCK_OCTETS) {
      const { octets } = arena
      let at = entry * BLOCK_OCTETS + HEAD_OCTETS
      for (const end = at + 2 * records; at < end; at += 2) write32(target, read16(octets, at), ttl)
    } else {
      arena.read(entry, HEAD_OCTETS, scratch, 0, 2 * records)
      for (let at = 0; at < 2 * records; at += 2) write32(target, read16(scratch, at), ttl)
    }
    return new Answer(target, length, rcode, flags, plainLength)
  }

  /** Frees everything, for good. */
  close(): void {
    this.#isClosed = true
    this.success.clear()
    this.denial.clear()
  }

  /** The question comes back in the letters of who asks now, the owners of the records in those of who asked first. */
  #recased(
    octets: Buffer,
    length: number,
    query: Query,
    ttl: number,
    rcode: number,
    flags: number,
    plainLength: number
  ): Answer {
    const { wire, nameEnd } = query
    const recased = recasedMessage(octets, length, wire, nameEnd, ttl, optLength(query))
    if (recased !== undefined) return new Answer(recased.octets, recased.length, rcode, flags, plainLength)
    const copy = copyMessage(octets.subarray(0, length), query.name)
    const answer = new Answer(
      copy.octets,
      copy.length,
      rcode,
      copy.overflowed ? flags | Flag.TC : flags,
      plainLength
    )
    this.#again.read(query, answer, () => 0)
    this.#again.setTtls(answer.octets, ttl)
    return answer
  }

  /** Whether an entry is not just one with the same hash. */
  #isFor(entry: number, query: Query): boolean {
    const { octets } = this.#arena
    const start = entry * BLOCK_OCTETS
    if (octets[start + KEY_BITS] !== keyBits(query)) return false
    const { wire, nameEnd } = query
    const questionAt = HEAD_OCTETS + 2 * this.#read16(entry, RECORDS) + HEADER_OCTETS - SKIPPED_OCTETS
    const size = query.questionEnd - HEADER_OCTETS
    let stored = octets
    let at = start + questionAt
    if (questionAt + size > BLOCK_OCTETS) {
      const total = questionAt + this.#read16(entry, LENGTH) - HEADER_OCTETS
      if (questionAt + size > total) return false
      this.#arena.read(entry, questionAt, scratch, 0, size)
      stored = scratch
      at = 0
    }
    for (let from = HEADER_OCTETS; from < nameEnd; from++, at++) {
      if (lowerOctet[stored[at] as number] !== lowerOctet[wire[from] as number]) return false
    }
    return read16(stored, at) === query.qtype && read16(stored, at + 2) === query.qclass
  }

  #since(entry: number, field: number, now: number): number {
    return (now - this.#read32(entry, field)) >>> 0
  }

  #read16(entry: number, field: number): number {
    return read16(this.#arena.octets, entry * BLOCK_OCTETS + field)
  }

  #read32(entry: number, field: number): number {
    return read32(this.#arena.octets, entry * BLOCK_OCTETS + field)
  }

  #hasMark(entry: number, mark: number): boolean {
    return ((this.#arena.octets[entry * BLOCK_OCTETS + MARKS] as number) & mark) !== 0
  }

  #mark(entry: number, mark: number, isSet: boolean): void {
    const { octets } = this.#arena
    const at = entry * BLOCK_OCTETS + MARKS
    octets[at] = isSet ? (octets[at] as number) | mark : (octets[at] as number) & ~mark
  }
}

/** DO and CD: answers differ with them. */
function keyBits(query: Query): number {
  return (query.dnssecOk ? 2 : 0) | ((query.flags & Flag.CD) !== 0 ? 1 : 0)
}

function hasSameQuestion(octets: Buffer, query: Query): boolean {
  const { wire, nameEnd } = query
  for (let at = HEADER_OCTETS; at < nameEnd; at++) if (octets[at] !== wire[at]) return false
  return true
}
