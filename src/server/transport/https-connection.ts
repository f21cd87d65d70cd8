// One client of DNS over HTTPS: requests in, responses out, and never more of either than is bounded below. HTTP/2 and
// HTTP/1.1 meet in `Exchange`; all that is different between them is in the two methods that make one.
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { ServerHttp2Session, ServerHttp2Stream } from 'node:http2'
import type { Socket } from 'node:net'
import type { Readable } from 'node:stream'
import type { ListenerInfo, Peer } from '../../dns/query.ts'
import type { Clock } from '../../runtime/clock.ts'
import type { ConnectionTable, Member } from './connection-table.ts'
import {
  BAD_REQUEST,
  BODY_OCTETS_MAX,
  messageReply,
  NO_RESPONSE,
  readRequest,
  type HttpReply
} from './doh.ts'
import type { Connection } from './stream-transport.ts'
import type { TcpTimeouts } from './tcp-connection.ts'
import { plainAddress, type Failures, type Responder, type Response } from './transport.ts'

/** What a connection has in common with others of its listener. */
export interface HttpsHost {
  readonly info: ListenerInfo
  readonly responder: Responder
  readonly clock: Clock
  readonly table: ConnectionTable
  readonly timeouts: TcpTimeouts
  readonly failures: Failures
  readonly isReadable: (wire: Buffer) => boolean
  readonly answered: (status: number) => void
  sent: number
  /** Requests that came in. */
  received: number
  left(connection: Connection): void
}

/** What a request costs, in messages. */
const REQUEST_UNITS = 16
/** What an open request costs Node besides its message: 500 of them at once, over all connections. */
const EXCHANGE_OCTETS = 4 << 10
/** What an answer counts for besides that while its client doesn't take it: 128 of them at once. */
const UNTAKEN_OCTETS = 12 << 10
/** Requests that a client may take back on one connection (CVE-2023-44487); then it has to begin a new one. */
const CANCELLED_MAX = 100
/** Open requests of one connection that nobody looks at before the next sweep. */
const UNCOUNTED_MAX = 4
/** Requests that may wait on HTTP/1.1; on HTTP/2 the session bounds them. */
const PIPELINED_MAX = 100
/** How long a client has to close its side after we have closed ours, in milliseconds. */
const LINGER_MS = 2000

/** One request and its response. */
class Exchange {
  /** When its head was whole. */
  readonly startedAt: number
  state: 'receiving' | 'waiting' | 'sending' = 'receiving'
  /** When it was answered. */
  sentAt = 0
  /** Octets that it holds besides itself: its body or its response. */
  octets = 0
  readonly send: (reply: HttpReply) => void

  constructor(startedAt: number, send: (reply: HttpReply) => void) {
    this.startedAt = startedAt
    this.send = send
  }
}

export class HttpsConnection implements Member, Connection {
  older: Member | undefined = undefined
  newer: Member | undefined = undefined
  known = false
  scheduled = false
  readonly #socket: Socket
  readonly #carrier: Socket
  readonly #host: HttpsHost
  readonly #openedAt: number
  #session: ServerHttp2Session | undefined
  readonly #exchanges = new Set<Exchange>()
  /** Whole questions whose turn has not come. */
  #pending: { readonly exchange: Exchange; readonly wire: Buffer }[] = []
  /** Known from the first question on. */
  #peer: Peer | undefined = undefined
  /** A request has been answered. */
  #served = false
  #cancelled = 0
  /** When the last question came or the last response was taken. */
  #activeAt: number
  #lingersUntil = Infinity
  /** No more is asked. */
  #stopping = false
  #finishing = false
  #gone = false

  constructor(socket: Socket, host: HttpsHost, carrier: Socket, openedAt: number) {
    this.#socket = socket
    this.#carrier = carrier
    this.#host = host
    this.#openedAt = this.#activeAt = openedAt
    socket.on('error', () => undefined) // 'close' follows
    socket.on('end', () => {
      // Over HTTP/2 nobody closes one side only; over HTTP/1.1 what was asked may still be answered.
      if (this.#session === undefined) this.stop()
      else this.abort()
    })
    carrier.on('close', () => this.#leave())
    host.table.add(this)
  }

  get deadline(): number {
    if (this.#finishing) return this.#lingersUntil
    const { readMs, writeMs, idleMs } = this.#host.timeouts
    if (this.#exchanges.size === 0) {
      return this.#served ? this.#activeAt + idleMs : this.#openedAt + readMs
    }
    let least = Infinity
    for (const { state, startedAt, sentAt } of this.#exchanges) {
      if (state === 'receiving') {
        least = Math.min(least, (this.#served ? startedAt : this.#openedAt) + readMs)
      } else if (state === 'sending') least = Math.min(least, sentAt + writeMs)
    }
    return least
  }

  heldOctets(): number {
    let octets = this.#exchanges.size * EXCHANGE_OCTETS
    for (const exchange of this.#exchanges) octets += exchange.octets
    return octets
  }

  work(units: number): number {
    let done = 0
    while (done < units && !this.#gone) {
      const next = this.#pending.shift()
      if (next === undefined) return done
      this.#ask(next.exchange, next.wire)
      done += REQUEST_UNITS
    }
    if (this.#pending.length > 0) this.#host.table.schedule(this)
    return done
  }

  expire(): void {
    if (this.#finishing || this.#exchanges.size > 0) this.abort()
    else this.#finish()
  }

  stop(): void {
    this.#stopping = true
    if (this.#exchanges.size === 0) this.#finish()
  }

  abort(): void {
    if (this.#gone) return
    this.#leave()
    this.#carrier.resetAndDestroy()
  }

  /** From here on the connection speaks HTTP/2. */
  speakHttp2(session: ServerHttp2Session): void {
    this.#session = session
    session.on('error', () => undefined)
    session.on('stream', (stream: ServerHttp2Stream, headers: Readonly<Record<string, unknown>>) => {
      this.#stream(stream, headers)
    })
  }

  /** A request came over HTTP/1.1. */
  request(request: IncomingMessage, response: ServerResponse): void {
    if (this.#gone) return
    if (this.#exchanges.size >= PIPELINED_MAX) {
      this.abort()
      return
    }
    let isWhole = false
    const exchange = this.#begin(({ status, headers, body }) => {
      response.writeHead(status, headers)
      response.end(body)
    })
    request.on('end', () => (isWhole = true))
    request.on('error', () => undefined)
    response.on('error', () => undefined)
    response.on('close', () => {
      this.#end(exchange)
      // The rest of a body that nobody wants is thrown away until the client has read why.
      if (!isWhole) this.#finish()
      request.resume()
    })
    const { method = '', url = '', headers } = request
    this.#read(exchange, request, readRequest(method, url, headers['content-length']))
  }

  /** What came is no HTTP/1.1. */
  refuse(status: 400 | 431): void {
    if (this.#finishing || this.#gone) return
    const reason = status === 400 ? '400 Bad Request' : '431 Request Header Fields Too Large'
    const type = 'content-type: text/plain; charset=utf-8'
    this.#socket.write(`HTTP/1.1 ${reason}\r\n${type}\r\nconnection: close\r\n\r\n${reason}`)
    this.#finish()
  }

  /** A request came over HTTP/2. */
  #stream(stream: ServerHttp2Stream, headers: Readonly<Record<string, unknown>>): void {
    stream.on('error', () => undefined)
    if (this.#gone) return
    const method = textOf(headers[':method'])
    const exchange = this.#begin(reply => {
      if (stream.destroyed || stream.headersSent) return
      stream.respond({ ':status': reply.status, ...reply.headers }, { endStream: method === 'HEAD' })
      if (method !== 'HEAD') stream.end(reply.body)
    })
    stream.on('finish', () => {
      if (!stream.readableEnded) stream.close() // told that the rest of its body isn't wanted
    })
    stream.on('close', () => {
      const isCancelled = exchange.state !== 'sending' || stream.rstCode !== 0
      this.#end(exchange)
      if (isCancelled && ++this.#cancelled > CANCELLED_MAX) this.abort()
    })
    const length = headers['content-length']
    const target = textOf(headers[':path'])
    this.#read(exchange, stream, readRequest(method, target, length === undefined ? length : textOf(length)))
  }

  #begin(send: (reply: HttpReply) => void): Exchange {
    const exchange = new Exchange(this.#host.clock.now(), send)
    this.#exchanges.add(exchange)
    if (this.#exchanges.size > UNCOUNTED_MAX) this.#host.table.kept(EXCHANGE_OCTETS)
    return exchange
  }

  #read(exchange: Exchange, body: Readable, asked: ReturnType<typeof readRequest>): void {
    if (asked === 'body') this.#gather(exchange, body)
    else if (Buffer.isBuffer(asked)) {
      body.resume()
      this.#question(exchange, asked)
    } else this.#reply(exchange, asked)
  }

  #gather(exchange: Exchange, body: Readable): void {
    const chunks: Buffer[] = []
    body.on('data', (chunk: Buffer) => {
      if (exchange.state !== 'receiving') return
      exchange.octets += chunk.length
      chunks.push(chunk)
      if (exchange.octets > BODY_OCTETS_MAX) {
        chunks.length = 0
        this.#reply(exchange, BAD_REQUEST)
      }
    })
    body.on('end', () => {
      if (exchange.state !== 'receiving') return
      if (this.#exchanges.size > UNCOUNTED_MAX) this.#host.table.kept(exchange.octets)
      this.#question(exchange, Buffer.concat(chunks))
    })
  }

  /** A request is whole. */
  #question(exchange: Exchange, wire: Buffer): void {
    const host = this.#host
    const peer = this.#peer ?? peerOf(this.#socket)
    // What comes after the end (Node gives out what it had read) finds nobody.
    if (peer === undefined || this.#gone) return
    this.#peer = peer
    this.#activeAt = host.clock.now()
    host.received++
    // One that asks on and takes nothing is not the last to go.
    const isOnly = this.#exchanges.size === 1
    if (isOnly) host.table.touch(this)
    if (!host.isReadable(wire)) {
      this.#reply(exchange, BAD_REQUEST)
      return
    }
    exchange.state = 'waiting'
    // One that asks a question at a time never waits behind others.
    if (isOnly || (this.#pending.length === 0 && !host.table.exhausted)) {
      host.table.spend(REQUEST_UNITS)
      this.#ask(exchange, wire)
    } else {
      this.#pending.push({ exchange, wire })
      host.table.schedule(this)
    }
  }

  #ask(exchange: Exchange, wire: Buffer): void {
    const { responder, info, failures } = this.#host
    const peer = this.#peer
    if (!this.#exchanges.has(exchange) || peer === undefined) return // taken back
    const fail = (error: unknown) => {
      failures.add(error)
      this.#reply(exchange, NO_RESPONSE)
    }
    try {
      const response = responder.respond(wire, 'https', peer, info)
      if (response instanceof Promise) response.then(value => this.#respond(exchange, value), fail)
      else this.#respond(exchange, response)
    } catch (error) {
      fail(error)
    }
  }

  #respond(exchange: Exchange, response: Response): void {
    const message = response instanceof Uint8Array ? response : onlyOf(response)
    // A copy: the responder may use the same room for the next response.
    this.#reply(exchange, message === undefined ? NO_RESPONSE : messageReply(Buffer.from(message)))
  }

  #reply(exchange: Exchange, reply: HttpReply): void {
    if (!this.#exchanges.has(exchange) || exchange.state === 'sending') return
    const { clock, table, answered } = this.#host
    exchange.state = 'sending'
    exchange.sentAt = clock.now()
    exchange.octets = UNTAKEN_OCTETS + reply.body.length
    this.#served = true
    this.#host.sent++
    exchange.send(reply)
    answered(reply.status)
    if (this.#exchanges.size > UNCOUNTED_MAX) table.kept(exchange.octets)
  }

  #end(exchange: Exchange): void {
    if (!this.#exchanges.delete(exchange)) return
    this.#activeAt = this.#host.clock.now()
    if (this.#stopping && this.#exchanges.size === 0) this.#finish()
  }

  #finish(): void {
    if (this.#finishing || this.#gone) return
    this.#finishing = true
    this.#lingersUntil = this.#host.clock.now() + LINGER_MS
    if (this.#session === undefined) this.#socket.end()
    else this.#session.close()
  }

  #leave(): void {
    if (this.#gone) return
    this.#gone = true
    this.#exchanges.clear()
    this.#pending = []
    this.#host.table.remove(this)
    this.#host.left(this)
  }
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')

/** The one message of a response. A transfer of several has no form in HTTP. */
function onlyOf(response: Iterable<Buffer> | undefined): Buffer | undefined {
  if (response === undefined) return undefined
  let only: Buffer | undefined
  for (const message of response) {
    if (only !== undefined) return undefined
    only = Buffer.from(message)
  }
  return only
}

/** Who is at the other end; undefined when it has reset the connection meanwhile (then `close` follows). */
function peerOf(socket: Socket): Peer | undefined {
  const address = socket.remoteAddress
  const port = socket.remotePort
  return address === undefined || port === undefined ? undefined : { address: plainAddress(address), port }
}
