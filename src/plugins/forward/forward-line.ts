// One `forward` line: which queries are its own, and the attempts that each of them gets (corefile-and-plugins.md §8.7).
import type { Zone } from '../../corefile/zones.ts'
import type { Answer } from '../../dns/answer.ts'
import { foreignAnswer, truncatedAnswer } from '../../dns/foreign-answer.ts'
import { emptyAnswer } from '../../dns/response.ts'
import type { Query } from '../../dns/query.ts'
import { queryLength } from '../../dns/query-text.ts'
import { makePolicy, type Policy } from '../../upstream/policy.ts'
import type { Network, Upstream, UpstreamRuntime } from '../../upstream/upstream.ts'
import type { UpstreamOrigin } from '../../upstream/forwarding.ts'
import { UpstreamError } from '../../upstream/upstream-error.ts'
import { isSubdomain, sameName, type Name } from '../../wire/name.ts'
import { Flag, OptionCode, Rcode } from '../../wire/numbers.ts'
import type { ForwardMeter, ServerMeter } from './forward-meter.ts'
import type { ForwardOptions } from './options.ts'

/** No query waits longer, from its arrival, in milliseconds. */
const QUERY_LIMIT_MS = 5000
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
  /** Known when the line is set up, or, where hosts are named, when the server starts. */
  servers: readonly Server[] = []
  readonly options: ForwardOptions
  readonly #runtime: UpstreamRuntime
  readonly #meter: ForwardMeter
  readonly #policy: Policy<Server>
  readonly #limitError: Error
  readonly #inFlightError: Error
  #concurrent = 0
  /** Why the upstreams that are asked no more are not. */
  readonly #stopped = new Map<string, Error>()

  constructor(options: ForwardOptions, runtime: UpstreamRuntime, meter: ForwardMeter) {
    this.options = options
    this.#runtime = runtime
    this.#meter = meter
    this.#policy = makePolicy(options.policy, runtime.random)
    this.#limitError = new UpstreamError(
      'OVERLOAD',
      `concurrent queries exceeded maximum ${options.concurrentText}`
    )
    this.#inFlightError = new UpstreamError(
      'OVERLOAD',
      `forwarded queries in flight exceeded maximum ${runtime.inFlight.limit}`
    )
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
      this.#stopped.set(upstream, new Error(reason))
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
    if (concurrentMax > 0 && this.#concurrent >= concurrentMax) return this.#reject(query, this.#limitError)
    if (!this.#runtime.inFlight.enter()) return this.#reject(query, this.#inFlightError)
    this.#concurrent++
    return this.#attempt(query).finally(() => {
      this.#concurrent--
      this.#runtime.inFlight.leave()
    })
  }

  #reject(query: Query, error: Error): Answer {
    this.#meter.rejects.increment()
    const answer = emptyAnswer(query, Rcode.REFUSED)
    answer.error = error
    return answer
  }

  async #attempt(query: Query): Promise<Answer> {
    const { failsMax, failfast, failover } = this.options
    const { clock, random } = this.#runtime
    const startedAt = query.receivedAt === 0 ? clock.now() : query.receivedAt
    const limit = startedAt + QUERY_LIMIT_MS
    const endAt = query.answerBy === 0 ? limit : Math.min(query.answerBy, limit)
    const list = this.#policy(this.#servers())
    if (list.length === 0) return this.#failStopped(query)
    const attemptsMax = this.#attemptsMax(list.length)
    let at = 0
    let attempts = 0
    let failovers = 0
    /** How many were seen down on this way through the list. */
    let down = 0
    let error: Error | undefined
    while (clock.now() < endAt && attempts < attemptsMax) {
      if (at === list.length) at = down = 0
      let server = list[at++] as Server
      if (server.upstream.isDown(failsMax)) {
        if (++down < list.length) continue
        this.#meter.broken.increment()
        if (failfast) break
        // That all are down is hard to believe: one of them is tried anyway.
        server = list[random.integer(list.length)] as Server
      }
      query.metadata?.set('forward/upstream', server.upstream.text)
      let answer: Answer
      try {
        answer = await this.#ask(server, query, endAt)
      } catch (reason) {
        error = reason instanceof Error ? reason : new Error(String(reason))
        if (failsMax > 0) server.upstream.suspect()
        attempts++
        if (down >= list.length) break
        continue
      }
      error = undefined
      if (failover.has(answer.rcode) && ++failovers < list.length) continue
      return answer
    }
    return this.#fail(query, error)
  }

  #servers(): readonly Server[] {
    if (this.#stopped.size === 0) return this.servers
    return this.servers.filter(({ upstream }) => !this.#stopped.has(upstream.text))
  }

  /** All upstreams are stopped: the reason of the first, for the log and for clients that understand it. */
  #failStopped(query: Query): Answer {
    const [error = new Error('no upstream')] = this.#stopped.values()
    const answer = this.#fail(query, error)
    if (query.hasEdns) {
      const data = Buffer.from(`\0\0${error.message}`)
      answer.opt = { size: query.ednsSize, dnssecOk: false, options: [{ code: OptionCode.EDE, data }] }
    }
    return answer
  }

  #attemptsMax(serverCount: number): number {
    const { attemptsMax = 2 * serverCount } = this.options
    return attemptsMax === 0 ? ATTEMPTS_MAX : Math.min(attemptsMax, ATTEMPTS_MAX)
  }

  #fail(query: Query, error = new UpstreamError('NO_HEALTHY', 'no healthy proxies') as Error): Answer {
    const answer = emptyAnswer(query, Rcode.SERVFAIL)
    answer.error = error
    return answer
  }

  /** One attempt at one server: over TCP again where `prefer_udp` was cut short. */
  async #ask(server: Server, query: Query, endAt: number): Promise<Answer> {
    const { forceTcp, preferUdp } = this.options
    const network = forceTcp || (!preferUdp && query.transport !== 'udp') ? 'tcp' : 'udp'
    const answer = await this.#exchange(server, query, network, endAt)
    if (!preferUdp || forceTcp || (answer.flags & Flag.TC) === 0) return answer
    return this.#exchange(server, query, 'tcp', endAt)
  }

  async #exchange(
    { upstream, meter }: Server,
    query: Query,
    network: Network,
    endAt: number
  ): Promise<Answer> {
    const { clock } = this.#runtime
    const start = clock.now()
    const length = queryLength(query)
    const wire = length === query.wire.length ? query.wire : query.wire.subarray(0, length)
    const reply = await upstream.exchange(wire, query.questionEnd, network, endAt)
    const answer = read(query, reply, upstream.networkFor(network))
    meter.answered(answer.rcode, clock.now() - start)
    return answer
  }
}

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
