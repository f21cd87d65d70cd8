// Which server c-ares asks, how long it waits and when it gives up: the way of 1.18 and the way of 1.34.
// From c-ares' own sources at 1.18.1 (ares_process.c) and 1.34.5 (ares_process.c, ares_metrics.c), and the recordings.
import type { Chance } from '../model.ts'
import type { ResolverConfig } from '../resolv-conf/config.ts'
import type { Socket } from '../session.ts'
import type { AresStatus } from './cares-status.ts'

/** A question on its way to an answer, over as many messages as that takes. */
export interface Pending {
  readonly name: string
  readonly type: string
  /** Index of the server asked last. */
  server: number
  socket: Socket | undefined
  tcp: boolean
  edns: boolean
  /** The last message carried a cookie. */
  cookie: boolean
  /** Tries that failed so far. */
  tries: number
  /** What is reported when no try is left. */
  failure: AresStatus
  /** The other type has been answered well enough: no further try (1.34). */
  lastTry: boolean
  /** Servers this question is not put to again (1.18). */
  readonly skipped: Set<number>
  /** TCP connections it went over (1.18 uses none twice). */
  readonly connections: Set<Socket>
  sentMs: number
  deadlineMs: number
}

/** What a channel remembers of its servers. */
export interface ServerChoice {
  /** Where a new question goes. */
  first(): number
  /** A try has failed: whether there is another. */
  hasNext(question: Pending, connectionTo: (server: number) => Socket | undefined): boolean
  /** Where a question goes once more; asked when it is sent. */
  again(question: Pending): number
  waitMs(question: Pending): number
  /** The server left `questions` without an answer. */
  failed(server: number, questions: readonly Pending[], why: 'timeout' | 'error' | 'closed'): void
  answered(server: number, milliseconds: number): void
}

/** 1.18: round the servers in order, the wait doubling with each round; a server that answered an error is left out. */
export function inTurn(config: ResolverConfig): ServerChoice {
  const count = config.servers.length
  let start = 0
  return {
    first() {
      const server = start
      if (config.switches.has('rotate')) start = (start + 1) % count
      return server
    },
    hasNext(question, connectionTo) {
      while (++question.tries < count * config.attempts) {
        question.server = (question.server + 1) % count
        if (question.skipped.has(question.server)) continue
        const connection = question.tcp ? connectionTo(question.server) : undefined
        if (connection !== undefined && question.connections.has(connection)) continue
        return true
      }
      return false
    },
    again: question => question.server,
    waitMs({ tries }) {
      const longer = config.timeoutMs * 2 ** Math.floor(tries / count)
      return Math.max(0, longer > WAIT_118_MOST_MS ? config.timeoutMs : longer)
    },
    failed(server, questions, why) {
      if (count === 1 || why === 'timeout') return
      for (const question of questions) question.skipped.add(server)
    },
    answered: () => undefined
  }
}

/** A wait that doesn't fit 31 bits is not doubled. */
const WAIT_118_MOST_MS = 0x7fff_ffff

/** Bounds of a wait made from measured latency, and what it is made of (ares_metrics.c). */
const WAIT_LEAST_MS = 250
const WAIT_MOST_MS = 5000
const LATENCIES_LEAST = 3
const LATENCY_FACTOR = 5
/** Doublings, so that time stays a number. */
const ROUNDS_MOST = 30
/** What the jitter is drawn from: two octets. */
const JITTER_STEPS = 0x1_0000

/**
 * 1.34: always the server with the fewest failures in a row; the wait comes from its measured latency once three replies
 * are known, and from the second round on doubles and is shortened at random by up to half. Latencies are kept for the life
 * of the channel (c-ares keeps them by minute, quarter and hour). Not modelled: the probe that one query in ten sends to a
 * failed server after five seconds.
 */
export function bestFirst(config: ResolverConfig, chance: Chance): ServerChoice {
  const count = config.servers.length
  const known = config.servers.map(() => ({ failures: 0, replies: 0, totalMs: 0 }))
  const best = () => {
    let least = 0
    for (let at = 1; at < count; at++) if (known[at]!.failures < known[least]!.failures) least = at
    if (!config.switches.has('rotate')) return least
    const equal = known.flatMap((one, at) => (one.failures === known[least]!.failures ? [at] : []))
    return equal[chance.integer(equal.length)] ?? least
  }
  return {
    first: best,
    hasNext(question) {
      question.tries++
      return question.tries < count * config.attempts && !question.lastTry
    },
    again: best,
    waitMs({ server, tries }) {
      const { replies, totalMs } = known[server]!
      const measured = replies < LATENCIES_LEAST ? 0 : Math.floor(totalMs / replies) * LATENCY_FACTOR
      const base = Math.min(
        WAIT_MOST_MS,
        Math.max(WAIT_LEAST_MS, measured === 0 ? config.timeoutMs : measured)
      )
      const rounds = Math.min(ROUNDS_MOST, Math.floor(tries / count))
      if (rounds === 0) return base
      const full = base * 2 ** rounds
      const less = (full * chance.integer(JITTER_STEPS)) / (JITTER_STEPS - 1) / 2
      return Math.max(base, full - Math.floor(less))
    },
    failed(server) {
      known[server]!.failures++
    },
    answered(server, milliseconds) {
      const one = known[server]!
      one.failures = 0
      one.replies++
      one.totalMs += Math.max(1, Math.floor(milliseconds))
    }
  }
}
