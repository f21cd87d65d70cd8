// When to ask again after a failure (kubernetes-api.md §1, §2).
//
// Two rules meet here: back off, doubling, up to 30 s; and be back within 5 s once a fault is over that lasted less than
// a minute. So the steps double, and as long as the outage is young they are cut short.
import type { Clock } from '../../runtime/clock.ts'
import type { Random } from '../../runtime/random.ts'

const FIRST_MS = 800
const MOST_MS = 30_000
/** While the outage is younger than `YOUNG_MS`: with connecting (3 s), less than 5 s. */
const YOUNG_MOST_MS = 2000
const YOUNG_MS = 60_000
/** After so long without a failure the steps begin anew. */
const HEALTHY_MS = 120_000
const STEPS_MAX = 16

export class Backoff {
  readonly #clock: Clock
  readonly #random: Random
  #steps = 0
  /** Since when it works; undefined while it doesn't. */
  #healthySince: number | undefined
  /** When it stopped working. */
  #failingSince: number | undefined

  constructor(clock: Clock, random: Random) {
    this.#clock = clock
    this.#random = random
  }

  /** It works now. */
  succeeded(): void {
    this.#healthySince ??= this.#clock.now()
    this.#failingSince = undefined
  }

  /**
   * It failed: how long to wait, in milliseconds. At least `leastMs` and a little (what the server asked for);
   * `workMs` is what the attempt took, of which the waits are to be nine times as much where it works hard.
   */
  failed(leastMs = 0, workMs = 0): number {
    const now = this.#clock.now()
    if (this.#healthySince !== undefined && now - this.#healthySince >= HEALTHY_MS) this.#steps = 0
    this.#healthySince = undefined
    this.#failingSince ??= now
    const isYoung = now - this.#failingSince < YOUNG_MS
    const step = FIRST_MS * 2 ** this.#steps
    this.#steps = Math.min(this.#steps + 1, STEPS_MAX)
    const most = Math.max(Math.min(step, isYoung ? YOUNG_MOST_MS : MOST_MS), Math.min(workMs * 9, MOST_MS))
    // Spread over the upper half, so that replicas don't come back together; never under the first step's half.
    const share = 0.5 + this.#random.integer(500) / 1000
    return Math.max(most * share, leastMs * (1 + this.#random.integer(200) / 1000))
  }

  /** Since when it has not worked, in milliseconds of the clock. */
  get failingSince(): number | undefined {
    return this.#failingSince
  }
}
