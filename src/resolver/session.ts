// One lookup in model time: sockets, messages on their way, and the clock that moves only when a model waits. Models are
// written as generators that yield how long they wait and go on with what arrived; so the same code runs to its end at
// once where the network answers at once, and waits where it must.
import type { Eventual, Fate, Outgoing, Reply, ReplyKind, ResolverNetwork } from './network.ts'

/** Messages one lookup may send; a search list of a megabyte would take millions. */
export const SENDS_MAX = 10_000

/** A message that was sent, and what came of it: the rows that `explain` and `experiment` show. */
export interface SentQuery extends Outgoing {
  /** Milliseconds of model time since the lookup began. */
  readonly tMs: number
  /** Tells sockets of one lookup apart; counted from 0 in the order of their first message. */
  readonly socket: number
  /** `DROP` when nothing came back, `CLOSED` when nothing listens there. */
  reply: ReplyKind | 'DROP' | 'CLOSED' | 'UNREACHABLE'
  /** When the reply reached the client, whether it still listened or not; absent without a reply. */
  replyMs?: number | undefined
  /** The reply itself; absent without one. */
  answer?: Reply | undefined
}

/** All fields from the start, in one order: `experiment` makes half a million of these. */
class Noted implements SentQuery {
  readonly name: string | null
  readonly type: string | null
  readonly transport: 'udp' | 'tcp'
  readonly server: string
  readonly edns: number | undefined
  readonly ad: true | undefined
  readonly rd: false | undefined
  readonly malformed: string | undefined
  readonly tMs: number
  readonly socket: number
  reply: SentQuery['reply'] = 'DROP'
  replyMs: number | undefined = undefined
  answer: Reply | undefined = undefined

  constructor(message: Outgoing, tMs: number, socket: number) {
    this.name = message.name
    this.type = message.type
    this.transport = message.transport
    this.server = message.server
    this.edns = message.edns
    this.ad = message.ad
    this.rd = message.rd
    this.malformed = message.malformed
    this.tMs = tMs
    this.socket = socket
  }
}

/** A client socket. Nothing is delivered to a closed one. */
export class Socket {
  closed = false
  /** Its number among the sockets of this lookup that sent something, -1 before that. */
  number = -1

  close(): void {
    this.closed = true
  }
}

/** Something that reached the client. */
export interface Arrival {
  readonly query: SentQuery
  readonly socket: Socket
  /** Absent when the message was turned away: nothing listens there, or there is no way. */
  readonly reply: Reply | undefined
}

/** How long a model waits, and on which socket (any, when absent). The instant itself is still waited for. */
export interface Wait {
  readonly untilMs: number
  readonly on?: Socket
}

/** A piece of a model: yields waits, is handed what arrived or `undefined` when the time was over, returns its result. */
export type Steps<T> = Generator<Wait, T, Arrival | undefined>

/** Thrown out of a model that sends more than `SENDS_MAX` messages; `perform` catches it. */
export class SendsLimit extends Error {}

interface Travelling {
  readonly atMs: number
  readonly arrival: Arrival
}

export class Session {
  readonly queries: SentQuery[] = []
  readonly #network: ResolverNetwork
  readonly #startMs: number
  #nowMs = 0
  #sockets = 0
  /** Sorted by the time of arrival, then of sending. */
  readonly #travelling: Travelling[] = []
  #pending: Promise<void>[] = []

  constructor(network: ResolverNetwork, startMs: number) {
    this.#network = network
    this.#startMs = startMs
  }

  /** Milliseconds of model time since the lookup began. */
  get nowMs(): number {
    return this.#nowMs
  }

  /** Sends a message, and notes it. Bounded: see `SENDS_MAX`. */
  send(message: Outgoing, socket: Socket): SentQuery {
    if (this.queries.length >= SENDS_MAX) throw new SendsLimit()
    if (socket.number < 0) socket.number = this.#sockets++
    const query = new Noted(message, this.#nowMs, socket.number)
    this.queries.push(query)
    const fate = this.#network.send(message, this.#startMs + this.#nowMs)
    if (fate instanceof Promise) this.#pending.push(fate.then(known => this.#take(query, socket, known)))
    else this.#take(query, socket, fate)
    return query
  }

  #take(query: SentQuery, socket: Socket, fate: Fate): void {
    if (fate.kind === 'silence') return
    const atMs = query.tMs + Math.max(0, fate.afterMs)
    if (fate.kind === 'reply') {
      query.reply = fate.reply.kind
      query.replyMs = atMs
      query.answer = fate.reply
    } else query.reply = fate.kind === 'closed' ? 'CLOSED' : 'UNREACHABLE'
    const reply = fate.kind === 'reply' ? fate.reply : undefined
    let at = this.#travelling.length
    while (at > 0 && this.#travelling[at - 1]!.atMs > atMs) at--
    const travelling = { atMs, arrival: { query, socket, reply } }
    if (at === this.#travelling.length) this.#travelling.push(travelling)
    else this.#travelling.splice(at, 0, travelling)
  }

  /** What arrives first within `wait`; otherwise the clock moves to its end. A promise only while messages really travel. */
  next(wait: Wait): Eventual<Arrival | undefined> {
    if (this.#pending.length === 0) return this.#arrive(wait)
    const pending = this.#pending
    this.#pending = []
    return Promise.all(pending).then(() => this.#arrive(wait))
  }

  #arrive(wait: Wait): Arrival | undefined {
    for (let at = 0; at < this.#travelling.length; at++) {
      const { atMs, arrival } = this.#travelling[at]!
      if (atMs > wait.untilMs) break
      if (arrival.socket.closed) {
        this.#travelling.splice(at--, 1)
        continue
      }
      if (wait.on !== undefined && arrival.socket !== wait.on) continue
      if (at === 0) this.#travelling.shift()
      else this.#travelling.splice(at, 1)
      this.#nowMs = Math.max(this.#nowMs, atMs)
      return arrival
    }
    if (Number.isFinite(wait.untilMs)) this.#nowMs = Math.max(this.#nowMs, wait.untilMs)
    return undefined
  }
}

/** Lets time pass. */
export function* pause(session: Session, milliseconds: number): Steps<void> {
  const untilMs = session.nowMs + milliseconds
  // A socket that never sends: nothing arrives there.
  const nowhere = new Socket()
  while (session.nowMs < untilMs) yield { untilMs, on: nowhere }
}

/**
 * Runs pieces side by side, as threads or as the callbacks of an event loop do, until all have returned. Each must name the
 * socket it waits on (`Wait.on`). They start in order; at one instant arrivals come before deadlines.
 */
export function* together<T>(session: Session, pieces: readonly Steps<T>[]): Steps<T[]> {
  const results: T[] = []
  const waits: (Wait | undefined)[] = []
  let running = 0
  const advance = (at: number, arrival: Arrival | undefined) => {
    const step = pieces[at]!.next(arrival)
    if (step.done === true) {
      results[at] = step.value
      waits[at] = undefined
      running--
    } else waits[at] = step.value
  }
  for (let at = 0; at < pieces.length; at++) {
    running++
    advance(at, undefined)
  }
  while (running > 0) {
    let untilMs = Infinity
    for (const wait of waits) if (wait !== undefined && wait.untilMs < untilMs) untilMs = wait.untilMs
    const arrival = yield { untilMs }
    if (arrival !== undefined) {
      const at = waits.findIndex(wait => wait !== undefined && (wait.on ?? arrival.socket) === arrival.socket)
      if (at >= 0) advance(at, arrival)
      continue
    }
    for (let at = 0; at < pieces.length; at++) {
      const wait = waits[at]
      if (wait !== undefined && wait.untilMs <= session.nowMs) advance(at, undefined)
    }
  }
  return results
}

/** Runs a model to its end: at once where every message's fate is known at once, otherwise by a promise. */
export function perform<T>(session: Session, steps: Steps<T>, atLimit: () => T): Eventual<T> {
  let arrival: Arrival | undefined
  try {
    for (;;) {
      const step = steps.next(arrival)
      if (step.done === true) return step.value
      const next = session.next(step.value)
      if (next instanceof Promise) return performLater(session, steps, next, atLimit)
      arrival = next
    }
  } catch (error) {
    if (error instanceof SendsLimit) return atLimit()
    throw error
  }
}

async function performLater<T>(
  session: Session,
  steps: Steps<T>,
  first: Promise<Arrival | undefined>,
  atLimit: () => T
): Promise<T> {
  let arrival = await first
  try {
    for (;;) {
      const step = steps.next(arrival)
      if (step.done === true) return step.value
      arrival = await session.next(step.value)
    }
  } catch (error) {
    if (error instanceof SendsLimit) return atLimit()
    throw error
  }
}
