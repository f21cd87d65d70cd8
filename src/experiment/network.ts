// Between resolver models and a configuration in this process: answers are asked for once and kept, and take model time.
import {
  silence,
  type Eventual,
  type Fate,
  type Outgoing,
  type Reply,
  type ResolverNetwork
} from '../resolver/network.ts'
import type { UpstreamSetting } from './spec.ts'

/** An answer, and how many questions it sent beyond the cluster. */
export interface Asked {
  readonly reply: Reply
  readonly beyond: number
}

/** Asks the configuration; undefined: nothing is answered. */
export type Ask = (message: Outgoing) => Eventual<Asked | undefined>

/** How long labdns waits for one attempt at an upstream, and how long for all of them (`forward`). */
const ATTEMPT_MS = 2000
const GIVE_UP_MS = 4900
/** Answers kept; over it the oldest half goes. */
const KEPT_MAX = 200_000

/** What a reply's `detail` says here. */
export interface Reached {
  readonly beyond: number
}

/** Chance that is the same each time: mulberry32, a 32-bit generator of full period. */
export function seededChance(seed: number): { integer(limit: number): number; share(): number } {
  let state = seed >>> 0
  const share = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000
  }
  return { share, integer: limit => Math.floor(share() * limit) }
}

export class SimulatedNetwork implements ResolverNetwork {
  readonly #ask: Ask
  readonly #networkMs: number
  readonly #kept: Map<string, Asked | undefined>
  readonly #upstream: UpstreamSetting
  readonly #share: () => number

  /** `kept`: answers that were asked for, shared by networks over the same configuration. */
  constructor(
    ask: Ask,
    networkMs: number,
    upstream: UpstreamSetting,
    kept: Map<string, Asked | undefined>,
    share: () => number
  ) {
    this.#ask = ask
    this.#networkMs = networkMs
    this.#upstream = upstream
    this.#kept = kept
    this.#share = share
  }

  send(message: Outgoing): Eventual<Fate> {
    const key = `${message.name} ${message.type} ${message.transport} ${message.edns ?? ''}`
    const kept = this.#kept.get(key)
    if (kept !== undefined || this.#kept.has(key)) return this.#fate(kept)
    const asked = this.#ask(message)
    if (asked instanceof Promise) return asked.then(value => this.#keep(key, value))
    return this.#keep(key, asked)
  }

  #keep(key: string, asked: Asked | undefined): Fate {
    if (this.#kept.size >= KEPT_MAX) {
      let left = KEPT_MAX / 2
      for (const old of this.#kept.keys()) {
        if (left-- === 0) break
        this.#kept.delete(old)
      }
    }
    this.#kept.set(key, asked)
    return this.#fate(asked)
  }

  #fate(asked: Asked | undefined): Fate {
    if (asked === undefined) return silence
    const { afterMs, failed } = fateOf(asked.beyond, this.#networkMs, this.#upstream, this.#share)
    return { kind: 'reply', afterMs, reply: failed ? failure(asked.reply) : asked.reply }
  }
}

/**
 * When an answer that sent `beyond` questions beyond the cluster reaches its client, and whether labdns had to give up. One
 * after the other the questions go; a lost one is asked again while the client waits. `share`: chance, from 0 to 1.
 */
export function fateOf(
  beyond: number,
  networkMs: number,
  { delayMs, loss }: UpstreamSetting,
  share: () => number
): { readonly afterMs: number; readonly failed: boolean } {
  let afterMs = networkMs
  for (let at = 0; at < beyond; at++) {
    while (loss > 0 && share() < loss) {
      afterMs += ATTEMPT_MS
      if (afterMs >= GIVE_UP_MS) return { afterMs: GIVE_UP_MS, failed: true }
    }
    afterMs += delayMs
  }
  return { afterMs, failed: false }
}

const SERVFAIL = 2

function failure(reply: Reply): Reply {
  const { additional, detail } = reply
  return {
    ...{ kind: 'SERVFAIL', rcode: SERVFAIL, answers: 0, addresses: [], truncated: false },
    ...{ authoritative: false, recursionAvailable: true, additional, detail }
  }
}
