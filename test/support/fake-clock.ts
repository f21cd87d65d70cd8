// A clock that stands still until a test moves it.
import type { Clock, Timer } from '../../src/runtime/clock.ts'

interface Due {
  at: number
  readonly order: number
  readonly periodMs: number | undefined
  readonly task: () => void
}

/** Runs timers when `advance` reaches them, in the order of their times. */
export class FakeClock implements Clock {
  #now: number
  #order = 0
  #timers = new Set<Due>()
  /** How often `now` was called. */
  reads = 0

  constructor(startMs = 1000) {
    this.#now = startMs
  }

  /** Timers that are waiting. */
  get pending(): number {
    return this.#timers.size
  }

  now(): number {
    this.reads++
    return this.#now
  }

  wallMs(): number {
    return 1_700_000_000_000 + this.#now
  }

  after(delayMs: number, task: () => void): Timer {
    return this.#add({ at: this.#now + delayMs, order: this.#order++, periodMs: undefined, task })
  }

  every(periodMs: number, task: () => void): Timer {
    return this.#add({ at: this.#now + periodMs, order: this.#order++, periodMs, task })
  }

  sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = this.after(delayMs, resolve)
      signal?.addEventListener('abort', () => {
        timer.cancel()
        reject(signal.reason instanceof Error ? signal.reason : new Error('aborted'))
      })
    })
  }

  /** Lets `ms` pass: runs what falls due, at its own time. */
  advance(ms: number): void {
    const end = this.#now + ms
    for (;;) {
      let next: Due | undefined
      for (const timer of this.#timers) {
        if (timer.at > end) continue
        if (next === undefined || timer.at < next.at || (timer.at === next.at && timer.order < next.order))
          next = timer
      }
      if (next === undefined) break
      this.#now = Math.max(this.#now, next.at)
      if (next.periodMs === undefined) this.#timers.delete(next)
      else next.at += Math.max(next.periodMs, 0.001)
      next.task()
    }
    this.#now = end
  }

  #add(due: Due): Timer {
    this.#timers.add(due)
    return { cancel: () => void this.#timers.delete(due) }
  }
}
