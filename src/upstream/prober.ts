// Asks an upstream that failed, again and again until it answers: how it is known to be down, and to be back
// (corefile-and-plugins.md §8.7, "Probing").
import { HEADER_OCTETS, Flag, Rclass, Rtype } from '../wire/numbers.ts'
import type { Name } from '../wire/name.ts'
import { write16 } from '../wire/records.ts'
import type { Clock } from '../runtime/clock.ts'
import { Deadline, type DeadlineWheel } from './deadline-wheel.ts'

export interface ProbeOptions {
  /** From one failure to the next probe, in milliseconds. */
  readonly intervalMs: number
  readonly recursionDesired: boolean
  /** Its NS records are asked for. */
  readonly domain: Name
}

/** How long a probe waits for its reply once it is sent, and at most in all, in milliseconds. */
export const PROBE_READ_LIMIT_MS = 1000
export const PROBE_LIMIT_MS = 3000
/** An interval of 0 would be a flood. */
const INTERVAL_MIN_MS = 10

export class Prober extends Deadline {
  /** Probes that failed since the last one that didn't. */
  fails = 0
  readonly #wheel: DeadlineWheel
  readonly #intervalMs: number
  readonly #ask: () => Promise<unknown>
  readonly #onFailure: () => void
  #isActive = false
  #stopped = false

  /** `ask` sends one probe and rejects when there is no reply. */
  constructor(wheel: DeadlineWheel, intervalMs: number, ask: () => Promise<unknown>, onFailure: () => void) {
    super()
    this.#wheel = wheel
    this.#intervalMs = Math.max(intervalMs, INTERVAL_MIN_MS)
    this.#ask = ask
    this.#onFailure = onFailure
  }

  /** Begins to probe; does nothing while it is under way. */
  start(): void {
    if (this.#isActive || this.#stopped) return
    this.#isActive = true
    this.#probe()
  }

  stop(): void {
    this.#stopped = true
    this.disarm()
  }

  expire(): void {
    this.#probe()
  }

  #probe(): void {
    this.#ask().then(
      () => {
        this.fails = 0
        this.#isActive = false
      },
      () => {
        if (this.#stopped) return
        this.fails++
        this.#onFailure()
        this.#wheel.arm(this, this.#intervalMs)
      }
    )
  }
}

/** The query that a probe sends; its id is filled in later. */
export function probeQuery(options: ProbeOptions): Buffer {
  const { domain } = options
  const wire = Buffer.alloc(HEADER_OCTETS + domain.length + 4)
  write16(wire, 2, options.recursionDesired ? Flag.RD : 0)
  write16(wire, 4, 1)
  wire.set(domain, HEADER_OCTETS)
  write16(wire, HEADER_OCTETS + domain.length, Rtype.NS)
  write16(wire, HEADER_OCTETS + domain.length + 2, Rclass.IN)
  return wire
}

/** When a probe that begins now is given up. */
export const probeEnd = (clock: Clock): number => clock.now() + PROBE_LIMIT_MS
