// Lets long work on the event loop take turns with everything else, so that queries are answered in between.
import type { Clock } from '../../runtime/clock.ts'
import type { NextTurn } from '../../runtime/turn.ts'

/** How long work goes on without a pause: queries wait for it, and three resources may be read at once. */
const SLICE_MS = 1

export class Turns {
  readonly #clock: Clock
  readonly #nextTurn: NextTurn
  #since: number

  constructor(clock: Clock, nextTurn: NextTurn) {
    this.#clock = clock
    this.#nextTurn = nextTurn
    this.#since = clock.now()
  }

  /** Whether it is time to `await next()`. Asked before each small step, so that most steps make no promise. */
  get isOver(): boolean {
    return this.#clock.now() - this.#since >= SLICE_MS
  }

  /** After a wait for something else: that was a pause too. */
  begin(): void {
    this.#since = this.#clock.now()
  }

  next(): Promise<void> {
    return new Promise(resolve => {
      this.#nextTurn(() => {
        this.begin()
        resolve()
      })
    })
  }
}
