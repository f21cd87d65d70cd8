// A c-ares channel: questions in flight over shared sockets, retried until answered or given up.
import type { SentQuery, Session, Arrival, Steps } from '../session.ts'
import type { Reply } from '../network.ts'
import type { ResolverConfig } from '../resolv-conf/config.ts'
import { Socket } from '../session.ts'
import type { Pending, ServerChoice } from './cares-servers.ts'
import { statusOf, type AresStatus } from './cares-status.ts'

/** What differs between versions and users of c-ares. */
export interface ChannelRules {
  /** The payload size in the OPT record; no OPT record when absent. */
  readonly edns?: number
  /** SERVFAIL, REFUSED and NOTIMP are handed to the caller instead of being tried again (ARES_FLAG_NOCHECKRESP). */
  readonly errorsPass?: boolean
  /** Positive and NXDOMAIN answers are kept for the lookup; it asks no name twice. */
  readonly cache?: boolean
  /** An IPv4 address ends the retries of the AAAA question. */
  readonly addressEndsRetries?: boolean
  /** A question that got errors only is reported as ARES_ECONNREFUSED, whatever they were (1.18). */
  readonly hidesErrors?: boolean
  /** An error from a server counts even if another server is being waited for meanwhile; 1.18 passes it over. */
  readonly lateErrorsCount?: boolean
  /** `use-vc` of resolv.conf counts. */
  readonly useVc?: boolean
  /** Deadlines are looked at only this often, counted from the last arrival (Node's timer). */
  readonly tickMs?: number
  readonly isName: (name: string) => boolean
}

/** How a question ended. */
export interface Answered {
  readonly type: string
  readonly status: AresStatus
  readonly reply?: Reply
}

/** Replies by type and name. */
export type ReplyCache = Map<string, Reply>

/** Questions to be sent again, and to which server where that isn't for `ServerChoice.again` to say. */
type Resends = Map<Pending, number | undefined>

export class Channel {
  readonly #config: ResolverConfig
  readonly #rules: ChannelRules
  readonly #servers: ServerChoice
  readonly #session: Session
  /** Reply carries no TTL, so the cache lives as long as this object: one lookup. */
  readonly #cache: ReplyCache = new Map()
  readonly #connections = new Map<string, Socket>()
  readonly #sent = new Map<SentQuery, { readonly question: Pending; readonly server: number }>()
  readonly #open = new Set<Pending>()
  /** Servers that have answered without a cookie: they get none any more. */
  readonly #cookieless = new Set<number>()
  #ended: Answered[] = []
  #tickedMs: number

  constructor(config: ResolverConfig, rules: ChannelRules, servers: ServerChoice, session: Session) {
    this.#config = config
    this.#rules = rules
    this.#servers = servers
    this.#session = session
    this.#tickedMs = session.nowMs
  }

  /** Asks for all `types` of a name at once, and returns how each ended, in the order of the ends. */
  *ask(name: string, types: readonly string[]): Steps<readonly Answered[]> {
    this.#ended = []
    for (const type of types) this.#begin(name, type)
    while (this.#open.size > 0) {
      const arrival = yield { untilMs: this.#nextDeadline() }
      if (arrival === undefined) this.#timeOut()
      else this.#resend(yield* this.#takeAll(arrival))
    }
    return this.#ended
  }

  #begin(name: string, type: string): void {
    const cached = this.#cache.get(cacheKey(name, type))
    if (isOnion(name)) this.#ended.push({ type, status: 'ARES_ENOTFOUND' })
    else if (!this.#rules.isName(name)) this.#ended.push({ type, status: 'ARES_EBADNAME' })
    else if (cached !== undefined) this.#ended.push({ type, status: statusOf(cached), reply: cached })
    else {
      const question: Pending = {
        name,
        type,
        server: 0,
        socket: undefined,
        tcp: this.#rules.useVc === true && this.#config.switches.has('use-vc'),
        edns: this.#rules.edns !== undefined,
        cookie: false,
        tries: 0,
        failure: 'ARES_ECONNREFUSED',
        lastTry: false,
        skipped: new Set(),
        connections: new Set(),
        sentMs: 0,
        deadlineMs: 0
      }
      this.#open.add(question)
      this.#send(question, this.#servers.first())
    }
  }

  #send(question: Pending, server: number): void {
    const socket = this.#connection(server, question.tcp) ?? this.#connect(server, question.tcp)
    const { edns } = this.#rules
    const sent = this.#session.send(
      {
        name: question.name,
        type: question.type,
        transport: question.tcp ? 'tcp' : 'udp',
        server: this.#config.servers[server]!,
        ...(question.edns && edns !== undefined ? { edns } : {})
      },
      socket
    )
    this.#sent.set(sent, { question, server })
    question.server = server
    question.socket = socket
    if (question.tcp) question.connections.add(socket)
    question.cookie = question.edns && !question.tcp && !this.#cookieless.has(server)
    question.sentMs = this.#session.nowMs
    question.deadlineMs = question.sentMs + this.#servers.waitMs(question)
  }

  #connection(server: number, tcp: boolean): Socket | undefined {
    return this.#connections.get(`${tcp ? 'tcp' : 'udp'} ${server}`)
  }

  #connect(server: number, tcp: boolean): Socket {
    const socket = new Socket()
    this.#connections.set(`${tcp ? 'tcp' : 'udp'} ${server}`, socket)
    return socket
  }

  #nextDeadline(): number {
    let untilMs = Infinity
    for (const { deadlineMs } of this.#open) untilMs = Math.min(untilMs, deadlineMs)
    const { tickMs } = this.#rules
    if (tickMs === undefined) return untilMs
    return this.#tickedMs + Math.ceil((untilMs - this.#tickedMs) / tickMs) * tickMs
  }

  #timeOut(): void {
    const now = this.#session.nowMs
    const late = [...this.#open].filter(({ deadlineMs }) => deadlineMs <= now)
    late.sort((a, b) => a.deadlineMs - b.deadlineMs)
    for (const question of late) {
      this.#servers.failed(question.server, [question], 'timeout')
      question.failure = 'ARES_ETIMEOUT'
      const again: Resends = new Map()
      this.#goOn(question, again)
      this.#resend(again)
    }
  }

  /** Reads everything that is there before anything is sent again. Returns what is to be sent. */
  *#takeAll(first: Arrival): Steps<Resends> {
    const again: Resends = new Map()
    let arrival: Arrival | undefined = first
    while (arrival !== undefined) {
      this.#tickedMs = this.#session.nowMs
      const sent = this.#sent.get(arrival.query)
      if (arrival.reply === undefined) this.#turnedAway(arrival.socket, again)
      else if (sent !== undefined && this.#open.has(sent.question) && !again.has(sent.question))
        this.#take(sent.question, sent.server, arrival.query.transport === 'tcp', arrival.reply, again)
      arrival = yield { untilMs: this.#session.nowMs }
    }
    return again
  }

  #resend(again: Resends): void {
    for (const [question, server] of again) this.#send(question, server ?? this.#servers.again(question))
  }

  /** Every question that waits on the socket has lost its try. */
  #turnedAway(socket: Socket, again: Resends): void {
    socket.close()
    for (const [key, known] of this.#connections) if (known === socket) this.#connections.delete(key)
    const waiting = [...this.#open].filter(question => question.socket === socket && !again.has(question))
    if (waiting[0] !== undefined) this.#servers.failed(waiting[0].server, waiting, 'closed')
    for (const question of waiting) {
      this.#fail(question, 'ARES_ECONNREFUSED')
      this.#goOn(question, again)
    }
  }

  #take(question: Pending, from: number, overTcp: boolean, reply: Reply, again: Resends): void {
    if (question.cookie) this.#cookieless.add(from)
    // FORMERR with an OPT record may be about the cookie, without one about EDNS as a whole.
    if (question.edns && reply.rcode === 1 && (question.cookie || reply.additional === 0)) {
      question.edns = false
      again.set(question, question.server)
      return
    }
    if (reply.truncated && !overTcp) {
      question.tcp = true
      again.set(question, undefined)
      return
    }
    const status = statusOf(reply)
    const error = status === 'ARES_ESERVFAIL' || status === 'ARES_ENOTIMP' || status === 'ARES_EREFUSED'
    if (error && this.#rules.errorsPass !== true) {
      this.#servers.failed(from, [question], 'error')
      if (question.server !== from && this.#rules.lateErrorsCount !== true) return
      this.#fail(question, status)
      this.#goOn(question, again)
      return
    }
    this.#servers.answered(from, this.#session.nowMs - question.sentMs)
    if (this.#rules.cache === true && (reply.rcode === 0 || reply.rcode === 3))
      this.#cache.set(cacheKey(question.name, question.type), reply)
    this.#end(question, { type: question.type, status, reply })
    if (this.#rules.addressEndsRetries === true && question.type === 'A' && reply.addresses.length > 0)
      for (const other of this.#open) other.lastTry = true
  }

  #fail(question: Pending, status: AresStatus): void {
    if (this.#rules.hidesErrors !== true) question.failure = status
  }

  #goOn(question: Pending, again: Resends): void {
    if (this.#servers.hasNext(question, at => this.#connection(at, true))) again.set(question, undefined)
    else this.#end(question, { type: question.type, status: question.failure })
  }

  #end(question: Pending, answered: Answered): void {
    this.#open.delete(question)
    this.#ended.push(answered)
  }
}

function cacheKey(name: string, type: string): string {
  return `${type} ${name}`
}

/** Never asked of a server (RFC 7686). */
function isOnion(name: string): boolean {
  return /\.onion\.?$/i.test(name)
}
