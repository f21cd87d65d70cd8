// An HTTP/2 connection to an upstream (RFC 8484): each exchange is a request of its own, and many share the connection.
import http2, { type ClientHttp2Session, type ClientHttp2Stream } from 'node:http2'
import tls, { type TLSSocket } from 'node:tls'
import { placeText } from './address.ts'
import type { Clock } from '../runtime/clock.ts'
import { HEADER_OCTETS } from '../wire/numbers.ts'
import { read16, write16 } from '../wire/records.ts'
import { Channel, type ChannelOwner } from './channel.ts'
import type { DeadlineWheel } from './deadline-wheel.ts'
import { isTlsError, type StreamTarget } from './stream-channel.ts'
import type { TlsSettings } from './tls-settings.ts'
import { closedByPeer, UpstreamError } from './upstream-error.ts'

export type HttpMethod = 'GET' | 'POST'

export interface HttpsTarget extends StreamTarget {
  readonly tls: TlsSettings
  readonly method: HttpMethod
}

const PATH = '/dns-query'
const MEDIA_TYPE = 'application/dns-message'
/** Requests that wait on one connection, if the server takes as many. */
const STREAMS_MAX = 100
/** No message is longer (RFC 1035 §4.2.2). */
const MESSAGE_OCTETS_MAX = 0xffff
/** What Node may keep for one connection, in MB. */
const SESSION_MEMORY_MAX = 4

/** One request. */
interface Request {
  readonly stream: ClientHttp2Stream
  readonly sentAt: number
}

export class HttpsChannel extends Channel {
  readonly #socket: TLSSocket
  readonly #clock: Clock
  readonly #method: HttpMethod
  readonly #authority: string
  readonly #requests = new Map<number, Request>()
  #session: ClientHttp2Session | undefined
  #waiting: Buffer[] = []
  #heardAt = 0

  constructor(target: HttpsTarget, owner: ChannelOwner, clock: Clock, wheel: DeadlineWheel) {
    super('https', target.text, owner, clock, wheel)
    this.#clock = clock
    this.#method = target.method
    const host = target.tls.servername ?? target.host
    this.#authority = target.port === 443 ? bracketed(host) : placeText(host, target.port)
    const socket = tls.connect({
      ...target.tls,
      host: target.host,
      port: target.port,
      ALPNProtocols: ['h2'],
      ...(target.sourceAddress !== undefined && { localAddress: target.sourceAddress })
    })
    this.#socket = socket
    socket.setNoDelay(true)
    socket.on('secureConnect', () => this.#connected())
    socket.on('error', (error: Error) => this.#fail(error))
    socket.on('close', () => this.closedByPeer())
    // A pooled connection must not keep the process alive.
    socket.unref()
  }

  override get capacity(): number {
    return Math.min(STREAMS_MAX, this.#session?.remoteSettings.maxConcurrentStreams ?? STREAMS_MAX)
  }

  /** Takes the request back; the connection stays in use if it has said anything since. */
  override abandon(id: number): boolean {
    const request = this.#requests.get(id)
    this.exchanges.delete(id)
    this.#drop(id)
    return request !== undefined && this.#heardAt > request.sentAt
  }

  send(wire: Buffer): void {
    if (this.ended) return
    if (this.#session === undefined) this.#waiting.push(wire)
    else this.#request(this.#session, wire)
  }

  protected destroy(): void {
    this.#waiting = []
    for (const id of [...this.#requests.keys()]) this.#drop(id)
    this.#session?.destroy()
    this.#socket.destroy()
  }

  #connected(): void {
    if (this.ended) return
    if (this.#socket.alpnProtocol !== 'h2') {
      this.end(new UpstreamError('HTTP', `${this.remote} doesn't speak HTTP/2`))
      return
    }
    const session = http2.connect(`https://${this.#authority}`, {
      createConnection: () => this.#socket,
      settings: { enablePush: false },
      maxSessionMemory: SESSION_MEMORY_MAX
    })
    this.#session = session
    session.on('error', (error: Error) => this.#fail(error))
    session.on('close', () => this.closedByPeer())
    session.on('goaway', () => {
      // What was asked before may still be answered.
      this.retired = true
      if (this.waiting === 0) this.closedByPeer()
    })
    session.unref()
    this.opened(placeText(this.#socket.localAddress ?? '', this.#socket.localPort ?? 0))
    const waiting = this.#waiting
    this.#waiting = []
    for (const wire of waiting) this.send(wire)
  }

  /** Sends a query with the id 0, as caches on the way like it (RFC 8484 §4.1). */
  #request(session: ClientHttp2Session, wire: Buffer): void {
    const id = read16(wire, 0)
    write16(wire, 0, 0)
    const isPost = this.#method === 'POST'
    const headers = {
      ':scheme': 'https',
      ':authority': this.#authority,
      accept: MEDIA_TYPE,
      ...(isPost
        ? {
            ':method': 'POST',
            ':path': PATH,
            'content-type': MEDIA_TYPE,
            'content-length': String(wire.length)
          }
        : { ':method': 'GET', ':path': `${PATH}?dns=${wire.toString('base64url')}` })
    }
    let stream: ClientHttp2Stream
    try {
      stream = session.request(headers, { endStream: !isPost })
    } catch {
      // It is going away: a GOAWAY came, or no stream ids are left.
      this.retired = true
      this.owner.onFailure(this, id, closedByPeer(), true)
      return
    }
    this.#requests.set(id, { stream, sentAt: this.#clock.now() })
    this.#listen(stream, id)
    if (isPost) stream.end(wire)
  }

  #listen(stream: ClientHttp2Stream, id: number): void {
    const parts: Buffer[] = []
    let octets = 0
    stream.on('response', headers => {
      this.#heardAt = this.#clock.now()
      const status = headers[':status'] ?? 0
      if (status !== 200)
        this.#reject(id, new UpstreamError('HTTP', `doh: ${this.remote} answered ${status}`))
      else if (headers['content-type'] !== MEDIA_TYPE) {
        this.#reject(id, new UpstreamError('HTTP', `doh: ${this.remote} sent no ${MEDIA_TYPE}`))
      }
    })
    stream.on('data', (chunk: Buffer) => {
      octets += chunk.length
      if (octets <= MESSAGE_OCTETS_MAX) parts.push(chunk)
      else this.#reject(id, new UpstreamError('HTTP', `doh: ${this.remote} sent more than a message holds`))
    })
    stream.on('end', () => this.#take(id, Buffer.concat(parts)))
    stream.on('error', (error: Error) => {
      const isUnread = stream.rstCode === http2.constants.NGHTTP2_REFUSED_STREAM
      this.#reject(id, new UpstreamError('HTTP', `doh: ${this.remote}: ${error.message}`), isUnread)
    })
    // Reset without an error, or the connection went: the latter has told everybody already.
    stream.on('close', () => this.#reject(id, closedByPeer()))
  }

  #take(id: number, wire: Buffer): void {
    if (!this.#requests.has(id)) return
    if (wire.length < HEADER_OCTETS) {
      this.#reject(id, new UpstreamError('HTTP', `doh: ${this.remote} sent no message`))
      return
    }
    this.#requests.delete(id)
    write16(wire, 0, id)
    // Nothing else will come for this request, so a reply to something else is none.
    if (this.exchanges.get(id)?.accepts(wire) === true) this.owner.onMessage(this, wire)
    else {
      const error = new UpstreamError('UNREADABLE', `doh: ${this.remote} answered another question`)
      this.owner.onFailure(this, id, error, false)
    }
  }

  #reject(id: number, error: UpstreamError, isUnread = false): void {
    if (!this.#requests.has(id)) return
    this.#drop(id)
    this.owner.onFailure(this, id, error, isUnread)
  }

  /** Ends a request that nobody waits for. */
  #drop(id: number): void {
    const request = this.#requests.get(id)
    if (request === undefined) return
    this.#requests.delete(id)
    request.stream.close(http2.constants.NGHTTP2_CANCEL)
  }

  #fail(error: Error): void {
    if (isTlsError(error)) this.end(new UpstreamError('TLS', `tls: ${error.message}`))
    else this.failed(error)
  }
}

const bracketed = (host: string): string => (host.includes(':') ? `[${host}]` : host)
