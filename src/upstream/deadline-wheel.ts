// Time limits for thousands of exchanges with one timer: a wheel of slots that turns while something waits. Coarse on
// purpose: a limit strikes up to two ticks late, never early.
import type { Clock, Timer } from '../runtime/clock.ts'

/** Milliseconds from one slot to the next. */
const TICK_MS = 10
const SLOT_COUNT = 256

/** Something that has a time limit. It hangs in one slot of a wheel, or in none. */
export abstract class Deadline {
  /** Neighbours in the slot's ring; itself while it hangs nowhere. */
  before: Deadline = this
  after: Deadline = this
  /** The tick at which it strikes. */
  dueTick = 0
  wheel: DeadlineWheel | undefined = undefined

  /** The time is over. Called once for each `arm`. */
  abstract expire(): void

  /** Takes the limit back; nothing happens when there is none. */
  disarm(): void {
    if (this.wheel === undefined) return
    this.before.after = this.after
    this.after.before = this.before
    this.before = this.after = this
    this.wheel.removed()
    this.wheel = undefined
  }
}

/** The fixed point of a slot's ring. */
class Slot extends Deadline {
  expire(): void {
    // Never armed.
  }
}

export class DeadlineWheel {
  readonly #clock: Clock
  readonly #slots = Array.from({ length: SLOT_COUNT }, () => new Slot())
  /** Where tick 0 is on the clock. */
  readonly #origin: number
  /** The last tick that was worked off. */
  #tick = 0
  #count = 0
  #timer: Timer | undefined

  constructor(clock: Clock) {
    this.#clock = clock
    this.#origin = clock.now()
  }

  /** How many deadlines wait. */
  get size(): number {
    return this.#count
  }

  /** Calls `deadline.expire()` when `delayMs` are over; replaces the limit it had. */
  arm(deadline: Deadline, delayMs: number): void {
    deadline.disarm()
    const now = this.#now()
    if (this.#count === 0) {
      this.#tick = Math.floor(now)
      this.#timer = this.#clock.every(TICK_MS, () => this.#turn())
    }
    deadline.dueTick = Math.max(Math.ceil(now + Math.max(delayMs, 0) / TICK_MS), this.#tick + 1)
    const slot = this.#slots[deadline.dueTick % SLOT_COUNT] as Slot
    deadline.before = slot.before
    deadline.after = slot
    slot.before.after = deadline
    slot.before = deadline
    deadline.wheel = this
    this.#count++
  }

  /** A deadline left the wheel. Called by the deadline. */
  removed(): void {
    if (--this.#count > 0) return
    this.#timer?.cancel()
    this.#timer = undefined
  }

  /** Now, in ticks. */
  #now(): number {
    return (this.#clock.now() - this.#origin) / TICK_MS
  }

  #turn(): void {
    const now = Math.floor(this.#now())
    // After a long pause every slot is looked at once, not once a turn.
    const from = Math.max(this.#tick + 1, now - SLOT_COUNT + 1)
    this.#tick = now
    for (let tick = from; tick <= now; tick++) this.#strike(this.#slots[tick % SLOT_COUNT] as Slot, now)
  }

  #strike(slot: Slot, now: number): void {
    // First gathered, then struck: what one deadline does may take others away or arm them anew.
    const due: Deadline[] = []
    for (let next = slot.after; next !== slot; next = next.after) if (next.dueTick <= now) due.push(next)
    for (const deadline of due) {
      if (deadline.wheel !== this || deadline.dueTick > now) continue
      deadline.disarm()
      deadline.expire()
    }
  }
}
