// Says once what went wrong with the API server, and once that it is over. Resources that fail for the same reason share
// a line.
import type { Clock, Timer } from '../../runtime/clock.ts'
import type { Log } from '../../runtime/log.ts'
import type { ApiError } from './api-error.ts'

export interface ResourceState {
  readonly name: string
  readonly problem: ApiError | undefined
  /** In milliseconds of the clock. */
  readonly problemSince: number | undefined
}

/** A failure that is over sooner is nobody's business but the counters': a connection was reset, and is there again. */
const SETTLE_MS = 3000

export class StateLog {
  readonly #clock: Clock
  readonly #log: Log
  readonly #states: () => readonly ResourceState[]
  /** What is said while something is wrong. */
  readonly #consequence: () => string
  /** What was said, and when it began. */
  readonly #said = new Map<string, { readonly kind: string; readonly since: number }>()
  #timer: Timer | undefined

  constructor(clock: Clock, log: Log, states: () => readonly ResourceState[], consequence: () => string) {
    this.#clock = clock
    this.#log = log
    this.#states = states
    this.#consequence = consequence
  }

  /** Something may be different. */
  changed(): void {
    this.#timer ??= this.#clock.after(SETTLE_MS, () => {
      this.#timer = undefined
      this.#say()
    })
  }

  close(): void {
    this.#timer?.cancel()
  }

  #say(): void {
    const now = this.#clock.now()
    const failing = new Map<string, string[]>()
    const well: string[] = []
    let longestMs = 0
    const states = this.#states()
    // What began a little later for the same reason shares the line.
    const settled = new Set<string>()
    for (const { problem, problemSince = now } of states) {
      if (problem !== undefined && now - problemSince >= SETTLE_MS) settled.add(problem.kind)
    }
    for (const { name, problem, problemSince = now } of states) {
      const said = this.#said.get(name)
      if (problem === undefined) {
        if (said === undefined) continue
        this.#said.delete(name)
        well.push(name)
        longestMs = Math.max(longestMs, now - said.since)
      } else if (said === undefined && !settled.has(problem.kind)) this.changed()
      else if (said?.kind !== problem.kind) {
        this.#said.set(name, { kind: problem.kind, since: problemSince })
        failing.set(problem.message, [...(failing.get(problem.message) ?? []), name])
      }
    }
    for (const [message, names] of failing) {
      this.#log.warn(`${names.join(', ')}: ${message}; ${this.#consequence()}`)
    }
    if (well.length > 0) {
      this.#log.info(
        `${well.join(', ')}: the API server answers again, after ${Math.round(longestMs / 1000)} s`
      )
    }
  }
}
