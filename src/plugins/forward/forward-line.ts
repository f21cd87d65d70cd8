// One `forward` line: which queries are its own, and the attempts that each of them gets (corefile-and-plugins.md §8.7).
import type { Zone } from '../../corefile/zones.ts'
import type { Answer } from '../../dns/answer.ts'
import { foreignAnswer, truncatedAnswer } from '../../dns/foreign-answer.ts'
import { QUERY_LIMIT_MS, type Query, type TransportKind } from '../../dns/query.ts'
import { queryLength } from '../../dns/query-text.ts'
import type { UpstreamOrigin } from '../../upstream/forwarding.ts'
import { makePolicy, type Policy } from '../../upstream/policy.ts'
import type { Network, Upstream, UpstreamRuntime } from '../../upstream/upstream.ts'
import { UpstreamError } from '../../upstream/upstream-error.ts'
import { isSubdomain, sameName, type Name } from '../../wire/name.ts'
import { Flag, Rcode, rcodeName } from '../../wire/numbers.ts'
import { causeOf, failedAnswer, isFailure, refusedAnswer, type Failure } from './failure.ts'
import type { ForwardMeter, RejectReason, ServerMeter } from './forward-meter.ts'
import type { ForwardOptions } from './options.ts'
import { SharedQuestion, shareKey } from './shared-question.ts'

/** What `max_connect_attempts 0` comes to: refused connections would be tried thousands of times otherwise. */
const ATTEMPTS_MAX = 100
/** The largest message over UDP for clients that say nothing else (RFC 1035 §4.2.1). */
const UDP_OCTETS_MIN = 512

/** An upstream and what is counted of it. */
export interface Server {
  readonly upstream: Upstream
  readonly meter: ServerMeter
  /** Where it was named. */
  readonly origin: () => UpstreamOrigin
}

export class ForwardLine {
  /** Known when the line is set up, or, where hosts are named, when the server starts; new ones when a file changes. */
  servers: readonly Server[] = []
  readonly options: ForwardOptions
  readonly #runtime: UpstreamRuntime
  readonly #meter: ForwardMeter
  readonly #policy: Policy<Server>
  readonly #rejections: Readonly<Record<RejectReason, UpstreamError>>
  #concurrent = 0
  /** Questions that an upstream is asked now, by what queries have in common that can share an answer. */
  readonly #underWay: Readonly<Record<TransportKind, Map<string, SharedQuestion>>> = {
    udp: new Map(),
    tcp: new Map(),
    tls: new Map(),
    https: new Map()
  }
  /** Why the upstreams that are asked no more are not. */
  readonly #stopped = new Map<string, UpstreamError>()

  constructor(options: ForwardOptions, runtime: UpstreamRuntime, meter: ForwardMeter) {
    const { limit, clientLimit } = runtime.inFlight
    const overload = (what: string): UpstreamError => new UpstreamError('OVERLOAD', what)
    this.options = options
    this.#runtime = runtime
    this.#meter = meter
    this.#policy = makePolicy(options.policy, runtime.random)
    this.#rejections = {
      max_concurrent: overload(`concurrent queries exceeded maximum ${options.concurrentText}`),
      in_flight: overload(`forwarded queries in flight exceeded maximum ${limit}`),
      client: overload(`forwarded queries in flight of one client exceeded maximum ${clientLimit}`)
    }
  }

  /** Whether a query lies in the base zone and in none of the excepted ones; the base zone itself is never excepted. */
  takes(query: Query): boolean {
    const { from, except } = this.options
    if (from.name === undefined) return false
    const { name } = query
    if (from.name.length > 1 && !isSubdomain(name, from.name)) return false
    return except.length === 0 || sameName(name, from.name) || !except.some(zone => holds(zone, name))
  }

  /** Leaves an upstream out from now on. */
  stop(upstream: string, reason: string): void {
    if (this.servers.some(server => server.upstream.text === upstream))
      this.#stopped.set(upstream, new UpstreamError('LOOP', reason))
  }

  /** Whether an answer is to be replaced by what the next line says. */
  handsOver(answer: Answer): boolean {
    // A failure that no upstream sent stays.
    if (answer.byServer) return false
    const { next, nextOnNodata } = this.options
    return (
      next.has(answer.rcode) || (nextOnNodata && answer.rcode === Rcode.NOERROR && answer.answerCount === 0)
    )
  }

  /** The answer of an upstream, or a failure with its reason. Never rejects. */
  answer(query: Query): Answer | Promise<Answer> {
    const { concurrentMax } = this.options
    if (concurrentMax > 0 && this.#concurrent >= concurrentMax) return this.#reject(query, 'max_concurrent')
    const bound = this.#runtime.inFlight.enter(query.peer.address)
    if (bound !== undefined) return this.#reject(query, bound)
    this.#concurrent++
    const now = this.#runtime.clock.now()
    const startedAt = query.receivedAt === 0 ? now : query.receivedAt
    // What is asked for the same query later, here or by another line, has no time of its own.
    const limit = startedAt + QUERY_LIMIT_MS
    if (query.answerBy === 0 || query.answerBy > limit) query.answerBy = limit
    const length = queryLength(query)
    const key = shareKey(query, length)
    const question = key === undefined ? undefined : this.#underWay[query.transport].get(key)
    if (question === undefined) return this.#lead(query, length, key)
    return question.isOfConnection(query)
      ? this.#lead(query, length, undefined)
      : this.#follow(query, question, now)
  }

  #reject(query: Query, reason: RejectReason): Answer {
    this.#meter.rejected(reason)
    const error = this.#rejections[reason]
    if (query.trace !== undefined) this.#tellFailure(query, failureOf(error), this.#runtime.clock.now())
    return refusedAnswer(query, error)
  }

  #fail(query: Query, failure: Failure, beganAt: number): Answer {
    if (query.trace !== undefined) this.#tellFailure(query, failure, beganAt)
    return failedAnswer(query, failure)
  }

  #tell(query: Query, upstream: string, beganAt: number, { rcode }: Answer): void {
    if (query.trace === undefined) return
    const milliseconds = this.#runtime.clock.now() - beganAt
    const zone = this.options.from.zone
    query.trace.note(query, () => {
      return { plugin: 'forward', rule: 'forwarded', zone, upstream, milliseconds, rcode: rcodeName(rcode) }
    })
  }

  #tellFailure(query: Query, failure: Failure, beganAt: number): void {
    const milliseconds = this.#runtime.clock.now() - beganAt
    const zone = this.options.from.zone
    const { upstream } = failure
    query.trace?.note(query, () => ({
      ...{ plugin: 'forward', rule: 'forward-failed', zone, milliseconds, cause: causeOf(failure) },
      ...(upstream === undefined ? {} : { upstream })
    }))
  }

  #leave(query: Query): void {
    this.#concurrent--
    this.#runtime.inFlight.leave(query.peer.address)
  }

  /** Waits for the answer to a question that is under way. */
  async #follow(query: Query, question: SharedQuestion, now: number): Promise<Answer> {
    this.#meter.shared.increment()
    try {
      const outcome = await question.join(query, query.answerBy, now, this.#runtime.wheel)
      if (outcome === undefined) return this.#fail(query, TIME_IS_OVER, now)
      if (isFailure(outcome)) return this.#fail(query, outcome, now)
      query.metadata?.set('forward/upstream', outcome.upstream)
      if (outcome.reply === undefined) return this.#fail(query, NOT_ASKED, now)
      const answer = read(query, Buffer.from(outcome.reply), outcome.network)
      this.#tell(query, outcome.upstream, now, answer)
      return answer
    } finally {
      this.#leave(query)
    }
  }

  /** Asks, for this query and for all that come with the same question meanwhile. */
  async #lead(query: Query, length: number, key: string | undefined): Promise<Answer> {
    const { failsMax, failfast, failover } = this.options
    const { clock, random } = this.#runtime
    const beganAt = clock.now()
    const endAt = query.answerBy
    const question = new SharedQuestion(query)
    if (key !== undefined) this.#underWay[query.transport].set(key, question)
    let failure: Failure | undefined
    try {
      const list = this.#policy(this.#usable())
      const attemptsMax = this.#attemptsMax(list.length)
      const wire = length === query.wire.length ? query.wire : query.wire.subarray(0, length)
      let at = 0
      let attempts = 0
      let failovers = 0
      /** How many were seen down on this way through the list. */
      let down = 0
      failure = list.length === 0 ? this.#allStopped() : NO_HEALTHY
      while (list.length > 0 && attempts < attemptsMax && clock.now() < endAt) {
        if (at === list.length) at = down = 0
        let server = list[at++] as Server
        if (server.upstream.isDown(failsMax)) {
          if (++down < list.length) continue
          this.#meter.broken.increment()
          if (failfast) break
          // That all are down is hard to believe: one of them is tried anyway.
          server = list[random.integer(list.length)] as Server
        }
        const { upstream } = server
        query.metadata?.set('forward/upstream', upstream.text)
        let answer: Answer
        try {
          const network = this.#networkFor(query)
          const start = clock.now()
          const reply = await upstream.exchange(wire, query.questionEnd, network, endAt)
          answer = this.#read(server, query, reply, network, start, question)
          if (this.#isCutShort(answer, network)) {
            const again = clock.now()
            const whole = await upstream.exchange(wire, query.questionEnd, 'tcp', endAt)
            answer = this.#read(server, query, whole, 'tcp', again, question)
          }
        } catch (reason) {
          const error = reason instanceof Error ? reason : new Error(String(reason))
          failure = { error, upstream: upstream.text }
          if (failsMax > 0) upstream.suspect()
          attempts++
          if (down >= list.length) break
          continue
        }
        failure = NO_HEALTHY
        if (failover.has(answer.rcode) && ++failovers < list.length) continue
        failure = undefined
        this.#tell(query, upstream.text, beganAt, answer)
        return answer
      }
      return this.#fail(query, failure, beganAt)
    } finally {
      if (key !== undefined) this.#underWay[query.transport].delete(key)
      question.settle(failure)
      this.#leave(query)
    }
  }

  /** The servers without those that are asked no more. */
  #usable(): readonly Server[] {
    if (this.#stopped.size === 0) return this.servers
    return this.servers.filter(({ upstream }) => !this.#stopped.has(upstream.text))
  }

  /** The reason that the first of them was given. */
  #allStopped(): Failure {
    for (const { upstream } of this.servers) {
      const error = this.#stopped.get(upstream.text)
      if (error !== undefined) return { error, upstream: upstream.text }
    }
    return NO_HEALTHY
  }

  #attemptsMax(serverCount: number): number {
    const { attemptsMax = 2 * serverCount } = this.options
    return attemptsMax === 0 ? ATTEMPTS_MAX : Math.min(attemptsMax, ATTEMPTS_MAX)
  }

  #networkFor({ transport }: Query): Network {
    const { forceTcp, preferUdp } = this.options
    return forceTcp || (!preferUdp && transport !== 'udp') ? 'tcp' : 'udp'
  }

  /** Whether `prefer_udp` asks again over TCP. */
  #isCutShort(answer: Answer, network: Network): boolean {
    return this.options.preferUdp && network === 'udp' && (answer.flags & Flag.TC) !== 0
  }

  /** A reply as an answer. Throws an UpstreamError when it can't be one. */
  #read(
    { upstream, meter }: Server,
    query: Query,
    reply: Buffer,
    network: Network,
    start: number,
    question: SharedQuestion
  ): Answer {
    const used = upstream.networkFor(network)
    question.keep(reply, used, upstream.text)
    const answer = read(query, reply, used)
    meter.answered(answer.rcode, this.#runtime.clock.now() - start)
    return answer
  }
}

const failureOf = (error: UpstreamError): Failure => ({ error, upstream: undefined })
const NO_HEALTHY = failureOf(new UpstreamError('NO_HEALTHY', 'no healthy proxies'))
const NOT_ASKED = failureOf(new UpstreamError('STOPPED', 'the question was given up'))
const TIME_IS_OVER = failureOf(new UpstreamError('TIMEOUT', 'i/o timeout'))

/** Judges a reply: cut ones over UDP send the client to TCP, over TCP they are a failed attempt. */
function read(query: Query, reply: Buffer, network: Network): Answer {
  if (network === 'udp') {
    const room = query.transport === 'udp' ? query.sizeMax : 0xffff
    if (reply.length > Math.max(UDP_OCTETS_MIN, room)) return truncatedAnswer(query, reply)
    return foreignAnswer(query, reply) ?? truncatedAnswer(query, reply)
  }
  const answer = foreignAnswer(query, reply)
  if (answer === undefined) throw new UpstreamError('UNREADABLE', 'dns: buffer size too small')
  return answer
}

const holds = (zone: Zone, name: Name): boolean =>
  zone.name !== undefined && (zone.name.length === 1 || isSubdomain(name, zone.name))
