// Lets long work on the event loop pause, so that queries are answered in between.
import type { Clock } from '../../runtime/clock.ts'

/** How long work may go on without a pause: a fraction of the 50 ms that nothing may block for. */
const SLICE_MS = 10

export class Pace {
  readonly #clock: Clock
  #since: number

  constructor(clock: Clock) {
    this.#clock = clock
    this.#since = clock.now()
  }

  /** Whether it is time to `await pause()`. Asked before each small step, so that most steps make no promise. */
  get due(): boolean {
    return this.#clock.now() - this.#since >= SLICE_MS
  }

  async pause(): Promise<void> {
    await this.#clock.sleep(0)
    this.#since = this.#clock.now()
  }
}
