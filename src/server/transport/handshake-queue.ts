// Whose handshake is next. A handshake is a millisecond of work, so a few thousand clients that connect at once are some
// seconds of it, and the order decides who is served: the newest first, since the oldest of such a queue has given up
// waiting. Meanwhile connections go on being accepted: what waits in the kernel can't be put in order.
import type { NextTurn } from '../../runtime/turn.ts'

/** Begins a handshake; false when its client has gone. */
export type Begin = () => boolean

/** Handshakes in a turn of the event loop: 2 ms. */
const TURN_HANDSHAKES = 2
/** Connections that are accepted for each handshake while they keep coming; libuv accepts one a turn. */
const ACCEPTED_PER_HANDSHAKE = 8

/** Of all listeners of a process. */
export class HandshakeQueue {
  readonly #nextTurn: NextTurn
  readonly #waiting: Begin[] = []
  /** Since a handshake was begun. */
  #accepted = 0
  /** Whether any was accepted in this turn. */
  #accepting = false
  #turnComes = false

  constructor(nextTurn: NextTurn) {
    this.#nextTurn = nextTurn
  }

  /** A connection came in. */
  accepted(): void {
    this.#accepted++
    this.#accepting = true
  }

  /** Calls `begin` in a turn to come. */
  add(begin: Begin): void {
    this.#waiting.push(begin)
    this.#expectTurn()
  }

  #expectTurn(): void {
    if (this.#turnComes) return
    this.#turnComes = true
    this.#nextTurn(() => this.#turn())
  }

  #turn(): void {
    this.#turnComes = false
    let left = this.#accepting ? Math.floor(this.#accepted / ACCEPTED_PER_HANDSHAKE) : TURN_HANDSHAKES
    this.#accepting = false
    if (left > 0) this.#accepted = 0
    left = Math.min(left, TURN_HANDSHAKES)
    while (left > 0) {
      const begin = this.#waiting.pop()
      if (begin === undefined) return
      if (begin()) left--
    }
    if (this.#waiting.length > 0) this.#expectTurn()
  }
}
