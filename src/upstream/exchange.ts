// One question to one upstream, from sending to the reply or the reason why there is none.
import { isResponseTo } from '../dns/foreign-answer.ts'
import { HEADER_OCTETS } from '../wire/numbers.ts'
import { write16 } from '../wire/records.ts'
import { Deadline } from './deadline-wheel.ts'
import { dialTimeout, readTimeout, UpstreamError, type SocketPlace } from './upstream-error.ts'

export interface ExchangeRequest {
  /** The query as it is; its id is replaced on the way. Only read. */
  readonly wire: Uint8Array
  /** Offset after its question. */
  readonly questionEnd: number
  /** How long to wait for the reply once the query has been sent, in milliseconds. */
  readonly readLimitMs: number
  /** When to give up in any case, in milliseconds of the clock. */
  readonly endAt: number
  /** A probe: any message with the right id is a reply. */
  readonly anyReply: boolean
}

/** A socket, as the exchanges on it see it. */
export interface Carrier extends SocketPlace {
  /** By id: who waits, and `undefined` for an id whose reply may still come though nobody waits for it. */
  readonly exchanges: Map<number, Exchange | undefined>
  /** How many of them wait. */
  waiting: number
  readonly isOpen: boolean
  readonly ended: boolean
  /** It takes no new exchanges and closes when the last one is over. */
  retired: boolean
  /** When it was opened, and last used, in milliseconds of the clock. */
  readonly createdAt: number
  idleSince: number
  /** How many exchanges it carries at most. */
  readonly capacity: number
  /** Nobody waits any more for the reply with this id. False: the socket is to get no new questions. */
  abandon(id: number): boolean
  send(wire: Buffer): void
  /** Closes it. */
  end(error: UpstreamError): void
}

/** The pool, as an exchange needs it. */
export interface ExchangeHost {
  /** The time of `exchange` is over. */
  onExpired(exchange: Exchange): void
}

export class Exchange extends Deadline {
  readonly request: ExchangeRequest
  readonly reply: Promise<Buffer>
  /** Where it waits; undefined once it is over. */
  channel: Carrier | undefined = undefined
  id = 0
  /** Whether its connection had been used before: then its end may be old news. */
  onUsedChannel = false
  /** How often it was sent again over another socket. */
  moves = 0
  readonly #host: ExchangeHost
  readonly #resolve: (wire: Buffer) => void
  readonly #reject: (error: UpstreamError) => void

  constructor(request: ExchangeRequest, host: ExchangeHost) {
    super()
    this.request = request
    this.#host = host
    let resolve: ((wire: Buffer) => void) | undefined
    let reject: ((error: UpstreamError) => void) | undefined
    this.reply = new Promise<Buffer>((resolved, rejected) => {
      resolve = resolved
      reject = rejected
    })
    this.#resolve = resolve as unknown as (wire: Buffer) => void
    this.#reject = reject as unknown as (error: UpstreamError) => void
  }

  /** The query with its id on this socket. */
  encode(id: number): Buffer {
    const wire = Buffer.from(this.request.wire)
    write16(wire, 0, id)
    this.id = id
    return wire
  }

  /** Whether a message with its id is its reply. */
  accepts(wire: Buffer): boolean {
    const { request } = this
    return request.anyReply
      ? wire.length >= HEADER_OCTETS
      : isResponseTo(request.wire, request.questionEnd, wire)
  }

  succeed(wire: Buffer): void {
    this.disarm()
    this.channel = undefined
    this.#resolve(wire)
  }

  fail(error: UpstreamError): void {
    this.disarm()
    this.channel = undefined
    this.#reject(error)
  }

  expire(): void {
    this.#host.onExpired(this)
  }

  /** What its time being over means where it waits. */
  get timeoutError(): UpstreamError {
    const { channel } = this
    if (channel === undefined) return new UpstreamError('TIMEOUT', 'i/o timeout')
    if (channel.isOpen) return readTimeout(channel)
    return dialTimeout(channel)
  }
}
