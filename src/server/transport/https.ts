// DNS over HTTPS (RFC 8484), HTTP/2 and HTTP/1.1 on one listener; without a certificate HTTP/1.1 in plain text, as in
// CoreDNS. What happens on a connection is `https-connection.ts`.
import { createServer as createHttp1, type Server as Http1Server } from 'node:http'
import { createServer as createHttp2, type Http2Server, type ServerHttp2Session } from 'node:http2'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { HttpsConnection, type HttpsHost } from './https-connection.ts'
import { StreamTransport, type StreamLimits, type StreamOptions } from './stream-transport.ts'

export interface HttpsOptions extends StreamOptions {
  /** Whether a message is one that a client may send; what is not is a bad request (400). */
  readonly isReadable: (wire: Buffer) => boolean
  /** Called for every response. */
  readonly answered: (status: number) => void
}

/** As CoreDNS's (corefile-and-plugins.md §8.29). */
const CONNECTIONS_MAX = 200
/** Octets of a request's head. */
const HEAD_OCTETS_MAX = 16 << 10
/** Requests of one connection that may be open at once. */
export const STREAMS_MAX = 100

/** Names for ALPN. */
export const HTTPS_PROTOCOLS: readonly string[] = ['h2', 'http/1.1']

/** What is said to a client that speaks HTTP where TLS is spoken. */
export const PLAINTEXT_REPLY =
  'HTTP/1.1 400 Bad Request\r\ncontent-type: text/plain; charset=utf-8\r\nconnection: close\r\n\r\n' +
  'This is an HTTPS server, and the request was plain HTTP.\n'

export class HttpsTransport extends StreamTransport implements HttpsHost {
  readonly kind = 'https'
  readonly isReadable: (wire: Buffer) => boolean
  readonly answered: (status: number) => void
  // Neither server ever listens: they are given connections as they come. Times are kept by the connection table.
  readonly #http1: Http1Server
  readonly #http2: Http2Server
  readonly #bySocket = new WeakMap<Duplex, HttpsConnection>()
  #connectionsMax: number

  constructor(options: HttpsOptions) {
    super('https', options)
    this.isReadable = options.isReadable
    this.answered = options.answered
    this.#connectionsMax = connectionsMaxOf(options.timeouts)
    this.#http1 = createHttp1({ maxHeaderSize: HEAD_OCTETS_MAX, keepAliveTimeout: 0 })
    this.#http1.on('request', (request, response) => {
      this.#bySocket.get(request.socket)?.request(request, response)
    })
    this.#http1.on('clientError', (error: NodeJS.ErrnoException, socket) => {
      this.#bySocket.get(socket)?.refuse(error.code === 'HPE_HEADER_OVERFLOW' ? 431 : 400)
    })
    this.#http2 = createHttp2({
      settings: { enablePush: false, maxConcurrentStreams: STREAMS_MAX, maxHeaderListSize: HEAD_OCTETS_MAX },
      maxHeaderListPairs: 64,
      maxSessionMemory: 1, // MB
      maxSessionInvalidFrames: 100,
      maxSessionRejectedStreams: 100,
      maxOutstandingPings: 1,
      maxSettings: 32
    })
    this.#http2.on('sessionError', () => undefined) // the connection's end follows
  }

  override limit(limits: StreamLimits): void {
    super.limit(limits)
    this.#connectionsMax = connectionsMaxOf(limits)
  }

  take(socket: Socket, carrier: Socket, openedAt: number): void {
    const { connections } = this
    if (connections.size >= this.#connectionsMax) {
      this.table.makeRoom(
        member => member instanceof HttpsConnection && connections.has(member),
        this.#connectionsMax
      )
    }
    const connection = new HttpsConnection(socket, this, carrier, openedAt)
    connections.add(connection)
    if ('alpnProtocol' in socket && socket.alpnProtocol === 'h2') {
      const speak = (session: ServerHttp2Session) => connection.speakHttp2(session)
      this.#http2.on('session', speak)
      this.#http2.emit('connection', socket) // and 'session' at once
      this.#http2.off('session', speak)
    } else {
      this.#bySocket.set(socket, connection)
      this.#http1.emit('connection', socket)
    }
  }
}

const connectionsMaxOf = ({ connectionsMax = CONNECTIONS_MAX }: StreamLimits = {}): number =>
  connectionsMax === 0 ? Infinity : connectionsMax
