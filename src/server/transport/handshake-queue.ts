// Whose handshake is next. A handshake is a third of a millisecond of work and more, so a few thousand clients that connect
// at once are some seconds of it, and the order decides who is served. Addresses take turns: one that opens thousands of
// connections delays its own. Of one address those who came first are first, until they have waited so long that they may
// have given up: they come after all others, the newest of them first. Meanwhile connections go on being accepted: what
// waits in the kernel can't be put in order.
import type { Clock } from '../../runtime/clock.ts'
import type { NextTurn } from '../../runtime/turn.ts'

/** A client that has said hello. */
export interface Candidate {
  /** The client's. */
  readonly address: string
  /** It has gone. */
  readonly isOver: boolean
  begin(): void
}

/** Handshakes in a turn of the event loop, and the milliseconds after which none begins. */
const TURN_HANDSHAKES = 6
const TURN_MS = 2
/** Connections that are accepted for each handshake while they keep coming; libuv accepts one a turn. */
const ACCEPTED_PER_HANDSHAKE = 4
/** How long a client surely waits. Stub resolvers give a server 2 s and more. */
const PATIENCE_MS = 1000

/** Of all listeners of a process. */
export class HandshakeQueue {
  readonly #clock: Clock
  readonly #nextTurn: NextTurn
  /** By address; the one whose turn it is comes first. */
  readonly #clients = new Map<string, Line>()
  /** Since a handshake was begun. */
  #accepted = 0
  /** Whether any was accepted in this turn. */
  #accepting = false
  /** Tasks of a turn that are still to come: one for each handshake, because TLS begins with it when a task is over. */
  #tasks = 0
  /** Handshakes that this turn may still begin, and when it began. */
  #left = 0
  #turnAt = 0

  constructor(clock: Clock, nextTurn: NextTurn) {
    this.#clock = clock
    this.#nextTurn = nextTurn
  }

  /** A connection came in. */
  accepted(): void {
    this.#accepted++
    this.#accepting = true
  }

  /** Lets it begin in a turn to come. */
  add(candidate: Candidate): void {
    const { address } = candidate
    let line = this.#clients.get(address)
    if (line === undefined) this.#clients.set(address, (line = new Line()))
    line.add(candidate, this.#clock.now())
    this.#expectTurn()
  }

  #expectTurn(): void {
    if (this.#tasks > 0) return
    this.#tasks = TURN_HANDSHAKES
    for (let i = 0; i < TURN_HANDSHAKES; i++) this.#nextTurn(() => this.#task())
  }

  #task(): void {
    const now = this.#clock.now()
    if (this.#tasks-- === TURN_HANDSHAKES) this.#beginTurn(now)
    if (this.#left > 0 && now < this.#turnAt + TURN_MS) {
      this.#left--
      this.#next(now)?.begin()
    }
    if (this.#tasks === 0 && this.#clients.size > 0) this.#expectTurn()
  }

  #beginTurn(now: number): void {
    const earned = Math.floor(this.#accepted / ACCEPTED_PER_HANDSHAKE)
    this.#left = this.#accepting ? Math.min(earned, TURN_HANDSHAKES) : TURN_HANDSHAKES
    this.#accepting = false
    if (this.#left > 0) this.#accepted = 0
    this.#turnAt = now
  }

  #next(now: number): Candidate | undefined {
    const lateBefore = now - PATIENCE_MS
    for (const [address, line] of this.#clients) {
      const next = line.take(lateBefore)
      this.#clients.delete(address)
      if (next === undefined) continue // all of them have gone
      this.#clients.set(address, line) // behind the others
      return next
    }
    return undefined
  }
}

interface Waiting {
  readonly candidate: Candidate
  readonly since: number
}

/** How many may be in a list that are nothing any more before it is looked through. */
const SPARE = 64

/** Those of one address. */
class Line {
  /** Oldest first, from `#next` on. */
  #fresh: Waiting[] = []
  #next = 0
  /** Those that have waited long, newest last. */
  #late: Candidate[] = []
  #lookAt = SPARE

  add(candidate: Candidate, since: number): void {
    this.#fresh.push({ candidate, since })
  }

  /** The first that came after `lateBefore`, else the last of the others. */
  take(lateBefore: number): Candidate | undefined {
    for (let first = this.#shift(); first !== undefined; first = this.#shift()) {
      const { candidate, since } = first
      if (candidate.isOver) continue
      if (since >= lateBefore) return candidate
      this.#putOff(candidate)
    }
    let last: Candidate | undefined
    do last = this.#late.pop()
    while (last?.isOver === true)
    return last
  }

  #shift(): Waiting | undefined {
    const first = this.#fresh[this.#next]
    if (first === undefined) return undefined
    this.#next++
    if (this.#next > SPARE && this.#next > this.#fresh.length / 2) {
      this.#fresh = this.#fresh.slice(this.#next)
      this.#next = 0
    }
    return first
  }

  #putOff(candidate: Candidate): void {
    this.#late.push(candidate)
    if (this.#late.length < this.#lookAt) return
    this.#late = this.#late.filter(({ isOver }) => !isOver)
    this.#lookAt = 2 * this.#late.length + SPARE
  }
}
