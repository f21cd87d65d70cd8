// A question that is under way, and the queries that wait for its answer too.
import type { Query } from '../../dns/query.ts'
import { Deadline, type DeadlineWheel } from '../../upstream/deadline-wheel.ts'
import type { Network } from '../../upstream/upstream.ts'
import { Rtype } from '../../wire/numbers.ts'
import type { Failure } from './failure.ts'

/** What came of a question. */
export interface Outcome {
  /** The reply's octets, where somebody waited for them besides the first asker. */
  readonly reply: Buffer | undefined
  readonly network: Network
  /** Who sent it. */
  readonly upstream: string
}

/** A query that waits, until the answer is there or its own time is over. */
class Waiting extends Deadline {
  readonly query: Query
  readonly #settle: (outcome: Outcome | Failure | undefined) => void

  constructor(query: Query, settle: (outcome: Outcome | Failure | undefined) => void) {
    super()
    this.query = query
    this.#settle = settle
  }

  settle(outcome: Outcome | Failure): void {
    this.disarm()
    this.#settle(outcome)
  }

  expire(): void {
    this.#settle(undefined)
  }
}

export class SharedQuestion {
  /** Who asked first. */
  readonly #query: Query
  #waiting: Waiting[] | undefined
  #reply: Buffer | undefined
  #network: Network = 'udp'
  #upstream = ''

  constructor(query: Query) {
    this.#query = query
  }

  /** Whether a query came over the TCP connection that asked first: who asks twice there gets it asked twice. */
  isOfConnection({ transport, peer }: Query): boolean {
    const first = this.#query.peer
    return transport === 'tcp' && peer.port === first.port && peer.address === first.address
  }

  /** Waits for what comes of it; `undefined` when the query's own time, until `endAt`, is over before. */
  join(
    query: Query,
    endAt: number,
    now: number,
    wheel: DeadlineWheel
  ): Promise<Outcome | Failure | undefined> {
    return new Promise(resolve => {
      const waiting = new Waiting(query, resolve)
      if (endAt < this.#query.answerBy) wheel.arm(waiting, endAt - now)
      this.#waiting ??= []
      this.#waiting.push(waiting)
    })
  }

  /** A reply came. Its octets are copied for those who wait: the first asker changes them in place. */
  keep(reply: Buffer, network: Network, upstream: string): void {
    this.#reply = this.#waiting === undefined ? undefined : Buffer.from(reply)
    this.#network = network
    this.#upstream = upstream
  }

  /** The first asker has its answer: the last reply that was kept, or a failure. */
  settle(failure: Failure | undefined): void {
    if (this.#waiting === undefined) return
    const outcome: Outcome | Failure = failure ?? {
      reply: this.#reply,
      network: this.#network,
      upstream: this.#upstream
    }
    for (const waiting of this.#waiting) waiting.settle(outcome)
  }
}

/** Longer queries are no ordinary ones: each is sent, and no key as long is kept. */
const QUERY_OCTETS_MAX = 1024

/**
 * What two queries over one transport have in common that can share an answer: all octets but the id (flags, the name with
 * its letter case, type, class, EDNS with its options). Undefined for a query that is sent in any case: HINFO, with which
 * *loop*, here or in a server that asks us, finds out whether a query comes back.
 */
export function shareKey(query: Query, length: number): string | undefined {
  if (query.qtype === Rtype.HINFO || length > QUERY_OCTETS_MAX) return undefined
  return query.wire.toString('latin1', 2, length)
}
