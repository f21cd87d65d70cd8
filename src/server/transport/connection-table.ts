// All connections of a server, whatever listener they came through: how many there may be, what they may hold, whose
// time is up, and whose turn it is. One table, because these bounds are the process's and not a listener's.
import type { Clock, Timer } from '../../runtime/clock.ts'
import type { Files } from '../../runtime/files.ts'
import type { NextTurn } from '../../runtime/turn.ts'

/** A connection as the table sees it. The table alone writes what is not `readonly`. */
export interface Member {
  older: Member | undefined
  newer: Member | undefined
  /** Whether it has asked anything yet. */
  known: boolean
  scheduled: boolean
  /** When it has to go unless something happens, in milliseconds of the clock; Infinity while we owe it an answer. */
  readonly deadline: number
  /** Octets that it holds: read and not answered, answered and not sent. */
  heldOctets(): number
  /** Does up to `units` of work that was put off; returns how much it did. */
  work(units: number): number
  /** Its time is up. */
  expire(): void
  /** Ends it at once, unsent answers and all. */
  abort(): void
}

export interface ConnectionTableOptions {
  readonly clock: Clock
  readonly nextTurn: NextTurn
  /** Connections at once, over all listeners. */
  readonly connectionsMax: number
  /** Octets that all connections together may hold. Default 4 MiB. */
  readonly heldOctetsMax?: number
}

/** How late a deadline may be noticed, in milliseconds. */
export const SWEEP_MS = 250

/**
 * Messages one connection may have answered in one go before others have their turn: about 0.1 ms of work, and twice
 * what a client that pipelines well sends at once.
 */
export const SLICE = 64

/**
 * Work that all connections together may have done in one turn of the event loop, in messages: about 2 ms. What UDP
 * waits at most, since libuv takes 32 datagrams a turn.
 */
const TURN_UNITS = 1024
/**
 * The same while connections come in. libuv accepts one a turn, so long turns would keep a good client waiting behind all
 * those that came before it (5,000 that pipeline and don't read: 2 s and more).
 */
const ACCEPTING_TURN_UNITS = 32
/** What reading from a connection costs besides its messages, in messages. */
const READ_UNITS = 8
/** What a connection may still do when a turn is used up: one that asks a question or two never waits behind others. */
const LATE_SLICE = 4

/**
 * With 5,000 clients that pipeline 400 questions each and read nothing, the process grew by 88 MB at 16 MiB, 72 MB at 8
 * and 60 MB at 4; no good client lost an answer.
 */
const HELD_OCTETS_MAX = 4 << 20

export class ConnectionTable {
  /** Connections at present. */
  open = 0
  /** Ended to make room for a new one. */
  evicted = 0
  /** Ended because their time was up. */
  expired = 0
  /** Ended because all connections together held too much. */
  shed = 0
  readonly #options: ConnectionTableOptions
  readonly #heldOctetsMax: number
  /** Those that have asked nothing yet, and those that have. */
  readonly #strangers = new Line()
  readonly #known = new Line()
  #sweep: Timer | undefined
  #scheduled: Member[] = []
  #turnComes = false
  #unitsDone = 0
  #turnUnits = TURN_UNITS
  /** Octets that connections said they keep since the last sweep. */
  #keptSinceSweep = 0

  constructor(options: ConnectionTableOptions) {
    this.#options = options
    this.#heldOctetsMax = options.heldOctetsMax ?? HELD_OCTETS_MAX
  }

  /** Takes a connection in; at the bound, another goes. */
  add(member: Member): void {
    const { connectionsMax } = this.#options
    if (this.open >= connectionsMax) this.#evict(this.#strangers.length > connectionsMax / 2)
    member.known = false
    this.#strangers.append(member)
    this.open++
    this.hurry()
    this.#sweep ??= this.#options.clock.every(SWEEP_MS, () => this.#sweepAll())
  }

  remove(member: Member): void {
    this.#lineOf(member).remove(member)
    if (--this.open > 0) return
    this.#sweep?.cancel()
    this.#sweep = undefined
  }

  /** It asked something: of all that did it is now the last that has to go. */
  touch(member: Member): void {
    this.#lineOf(member).remove(member)
    member.known = true
    this.#known.append(member)
  }

  /** Ends one of those that `isOne` is true of, as `add` does, where they have a bound of their own. */
  makeRoom(isOne: (member: Member) => boolean, connectionsMax: number): void {
    let strangers = 0
    for (const member of this.#strangers) if (isOne(member)) strangers++
    this.#evict(strangers > connectionsMax / 2, isOne)
  }

  /** How many messages a connection may answer now that octets came in for it. */
  slice(): number {
    return this.exhausted ? LATE_SLICE : SLICE
  }

  /** Whether this turn has seen all the work it may: connections should not read on before their own turn comes. */
  get exhausted(): boolean {
    return this.#unitsDone >= this.#turnUnits
  }

  /** Connections come in, be it to another table: work that was put off is kept short in this turn. */
  hurry(): void {
    this.#turnUnits = ACCEPTING_TURN_UNITS
    this.#expectTurn()
  }

  /** Counts one reading from a connection and the messages it brought. */
  spend(messages: number): void {
    this.#unitsDone += READ_UNITS + messages
    this.#expectTurn()
  }

  /** Calls `member.work` in a later turn, after those that wait already. */
  schedule(member: Member): void {
    if (member.scheduled) return
    member.scheduled = true
    this.#scheduled.push(member)
    this.#expectTurn()
  }

  /** A connection could not deal with these octets at once: too many of them and the bound is looked at now. */
  kept(octets: number): void {
    this.#keptSinceSweep += octets
    if (this.#keptSinceSweep > this.#heldOctetsMax) this.#sweepAll()
  }

  #expectTurn(): void {
    if (this.#turnComes) return
    this.#turnComes = true
    this.#options.nextTurn(() => this.#turn())
  }

  #turn(): void {
    this.#turnComes = false
    this.#unitsDone = 0
    const waiting = this.#scheduled
    this.#scheduled = []
    let next = 0
    while (next < waiting.length && !this.exhausted) {
      const member = waiting[next++] as Member
      member.scheduled = false
      this.spend(member.work(Math.min(SLICE, this.#turnUnits)))
    }
    this.#turnUnits = TURN_UNITS
    // Those that had no turn come before those that were put off again.
    if (next < waiting.length) this.#scheduled = waiting.slice(next).concat(this.#scheduled)
    if (this.#scheduled.length > 0) this.#expectTurn()
  }

  /**
   * Strangers may have half of the places, so that neither a flood of connections takes the places of clients that ask,
   * nor do those that ask without end take the places of newcomers. Of either kind the one that has been idle longest goes.
   */
  #evict(isStranger: boolean, isOne: (member: Member) => boolean = () => true): void {
    const lines = isStranger ? [this.#strangers, this.#known] : [this.#known, this.#strangers]
    for (const line of lines) {
      for (const member of line) {
        if (!isOne(member)) continue
        this.evicted++
        member.abort()
        return
      }
    }
  }

  #sweepAll(): void {
    this.#keptSinceSweep = 0
    const now = this.#options.clock.now()
    const holders: Holder[] = []
    let held = 0
    for (const line of [this.#strangers, this.#known]) {
      for (const member of line) {
        if (now >= member.deadline) {
          this.expired++
          member.expire()
          continue
        }
        const octets = member.heldOctets()
        if (octets === 0) continue
        held += octets
        holders.push({ member, octets })
      }
    }
    if (held > this.#heldOctetsMax) this.#shed(holders, held)
  }

  /**
   * Ends connections until the rest are within the bound: those first that hold most, so that many who don't read what
   * they asked for don't cost one who does; of equals the one that has been idle longest.
   */
  #shed(holders: Holder[], held: number): void {
    holders.sort((a, b) => b.octets - a.octets)
    for (const { member, octets } of holders) {
      if (held <= this.#heldOctetsMax) return
      held -= octets
      this.shed++
      member.abort()
    }
  }

  #lineOf(member: Member): Line {
    return member.known ? this.#known : this.#strangers
  }
}

interface Holder {
  readonly member: Member
  readonly octets: number
}

/** Connections, longest idle first. */
class Line {
  length = 0
  #oldest: Member | undefined
  #newest: Member | undefined

  append(member: Member): void {
    member.older = this.#newest
    member.newer = undefined
    if (this.#newest === undefined) this.#oldest = member
    else this.#newest.newer = member
    this.#newest = member
    this.length++
  }

  remove(member: Member): void {
    if (member.older === undefined) this.#oldest = member.newer
    else member.older.newer = member.newer
    if (member.newer === undefined) this.#newest = member.older
    else member.newer.older = member.older
    member.older = member.newer = undefined
    this.length--
  }

  /** The one that was given last may be removed meanwhile. */
  *[Symbol.iterator](): Generator<Member> {
    for (let member = this.#oldest; member !== undefined;) {
      const newer: Member | undefined = member.newer
      yield member
      member = newer
    }
  }
}

const CONNECTIONS_MAX = 10_000

/**
 * How many connections a process may have: 10,000, or three quarters of its open files, so that upstreams, HTTP and the
 * API server find room too. Where the limit can't be read, 750 (a limit of 1,000 is the least that systems give).
 */
export function connectionsMaxOf(files: Files): number {
  let limit = 1000
  try {
    const line = /^Max open files\s+(\d+|unlimited)/m.exec(files.read('/proc/self/limits').toString('latin1'))
    if (line !== null) limit = line[1] === 'unlimited' ? Infinity : Number(line[1])
  } catch {
    // Not Linux.
  }
  return Math.max(16, Math.min(CONNECTIONS_MAX, Math.floor(limit * 0.75)))
}
