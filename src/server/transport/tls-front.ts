// TLS handshakes, for DNS over TLS and over HTTPS: from the first octet of a TCP connection until there is a secure stream.
//
// A handshake costs as much as some hundred questions, and a secure connection ten times the memory of a plain one. So it
// begins once the client has said what it wants (its first record is whole), and then in its turn; until then it is a
// connection like any other, and only then one of the few that may be secure.
import { constants } from 'node:crypto'
import type { Socket } from 'node:net'
import tls, { type TLSSocket, type TlsOptions } from 'node:tls'
import type { Clock } from '../../runtime/clock.ts'
import type { ConnectionTable, Member } from './connection-table.ts'
import type { Candidate, HandshakeQueue } from './handshake-queue.ts'
import type { SecureFront, TlsSettings } from './tls-settings.ts'

/** The listener that connections are secured for. */
export interface FrontHost {
  readonly clock: Clock
  /** Of secure connections, and of those whose handshake has begun. */
  readonly table: ConnectionTable
  readonly timeouts: { readonly readMs: number }
  /** Takes a secure stream; `carrier` is the TCP connection below it. */
  take(socket: Socket, carrier: Socket, openedAt: number): void
}

export interface FrontOptions {
  /** Names for ALPN (RFC 7301), best first. A client that names others only is refused; one that names none is not. */
  readonly protocols: readonly string[]
  /** What is said to a client that doesn't speak TLS, before it goes. */
  readonly plaintextReply?: string
  /** Of connections whose handshake hasn't begun. */
  readonly waiting: ConnectionTable
  readonly queue: HandshakeQueue
}

/** What the table takes the end of a handshake for, in messages. */
const FINISH_UNITS = 64

const RECORD_HEADER_OCTETS = 5
const HANDSHAKE_RECORD = 0x16
/** The most that a record may hold (RFC 8446 §5.1). */
const RECORD_OCTETS_MAX = 1 << 14

export class TlsFront implements SecureFront {
  readonly #host: FrontHost
  readonly #options: FrontOptions
  /** By the client's address and port: how the stream that comes out is known to be the one that went in. */
  readonly #handshakes = new Map<string, Handshake>()
  #server: tls.Server
  #stopped = false

  /** Throws when the certificate can't be used. */
  constructor(host: FrontHost, options: FrontOptions, settings: TlsSettings) {
    this.#host = host
    this.#options = options
    this.#server = this.#serverWith(settings)
  }

  use(settings: TlsSettings): void {
    this.#server = this.#serverWith(settings)
  }

  accept(socket: Socket): void {
    const { remoteAddress, remotePort } = socket
    if (remoteAddress === undefined || remotePort === undefined || this.#stopped) {
      socket.on('error', () => undefined).destroy() // it has gone already
      return
    }
    const id = `${remoteAddress} ${remotePort}`
    const begin = () => void this.#server.emit('connection', socket)
    const left = () => void this.#handshakes.delete(id)
    this.#options.queue.accepted()
    this.#host.table.hurry()
    this.#handshakes.set(
      id,
      new Handshake(socket, this.#host, { ...this.#options, address: remoteAddress, begin, left })
    )
  }

  stop(): void {
    this.#stopped = true
    for (const handshake of [...this.#handshakes.values()]) handshake.abort()
  }

  // tls.Server is never listening: it is given connections as they come. A new one for new settings leaves those that are
  // in their handshake with the old ones.
  #serverWith(settings: TlsSettings): tls.Server {
    const server = tls.createServer({
      ...contextOptions(settings),
      ALPNProtocols: [...this.#options.protocols],
      allowHalfOpen: true,
      requestCert: settings.clientAuth !== 'nocert',
      rejectUnauthorized: false // judged below
    })
    const { keyLog } = settings
    if (keyLog !== undefined) server.on('keylog', (line: Buffer) => keyLog(line))
    server.on('tlsClientError', () => undefined) // the connection's end follows
    server.on('secureConnection', socket => {
      const handshake = this.#handshakes.get(`${socket.remoteAddress ?? ''} ${socket.remotePort ?? ''}`)
      if (handshake === undefined || !isWelcome(socket, settings)) {
        socket.on('error', () => undefined).destroy()
        return
      }
      this.#host.table.spend(FINISH_UNITS)
      handshake.leave()
      this.#host.take(socket, handshake.carrier, handshake.openedAt)
    })
    return server
  }
}

/** Throws what is wrong with a certificate, its key or a CA. */
export function checkSettings(settings: TlsSettings): void {
  tls.createSecureContext(contextOptions(settings))
}

function contextOptions({ cert, key, ca }: TlsSettings): TlsOptions {
  return {
    cert,
    key,
    ...(ca !== undefined && { ca }),
    minVersion: 'TLSv1.2',
    // A client could have us do handshakes without end.
    secureOptions: constants.SSL_OP_NO_RENEGOTIATION
  }
}

/** Whether a client has shown the certificate that it should. */
function isWelcome(socket: TLSSocket, { clientAuth }: TlsSettings): boolean {
  if (clientAuth === 'nocert' || clientAuth === 'request') return true
  const hasShown = Object.keys(socket.getPeerCertificate()).length > 0
  if (!hasShown) return clientAuth === 'verify_if_given'
  return clientAuth === 'require' || socket.authorized
}

interface HandshakeParts extends FrontOptions {
  /** The client's. */
  readonly address: string
  /** Has TLS take the socket over, with what was read from it put back. */
  begin(): void
  /** It is over, well or not. */
  left(): void
}

/** A connection until it is secure. */
class Handshake implements Member, Candidate {
  older: Member | undefined = undefined
  newer: Member | undefined = undefined
  known = false
  scheduled = false
  readonly deadline: number
  readonly carrier: Socket
  readonly openedAt: number
  readonly address: string
  isOver = false
  readonly #host: FrontHost
  readonly #parts: HandshakeParts
  /** The table that it is in. */
  #table: ConnectionTable
  #hello: Buffer = Buffer.alloc(0)
  readonly #onData = (chunk: Buffer) => this.#gather(chunk)
  readonly #onClose = () => this.leave()

  constructor(carrier: Socket, host: FrontHost, parts: HandshakeParts) {
    this.carrier = carrier
    this.#host = host
    this.#parts = parts
    this.address = parts.address
    this.openedAt = host.clock.now()
    this.deadline = this.openedAt + host.timeouts.readMs
    carrier.on('data', this.#onData)
    carrier.on('end', () => {
      if (this.#hello.length === 0 && !this.isOver) this.abort() // TLS would say nothing to that
    })
    carrier.on('error', () => undefined) // 'close' follows
    carrier.on('close', this.#onClose)
    this.#table = parts.waiting
    this.#table.add(this)
  }

  heldOctets(): number {
    return this.#hello.length
  }

  work(): number {
    return 0 // never scheduled: the queue of handshakes has turns of its own
  }

  expire(): void {
    this.abort()
  }

  abort(): void {
    if (this.isOver) return
    this.leave()
    this.carrier.resetAndDestroy()
  }

  /** Takes it out of the table: it is secure now, or over. */
  leave(): void {
    if (this.isOver) return
    this.isOver = true
    this.carrier.off('data', this.#onData)
    this.carrier.off('close', this.#onClose)
    this.#table.remove(this)
    this.#parts.left()
  }

  begin(): void {
    this.#table.remove(this)
    this.#table = this.#host.table
    this.#table.add(this)
    this.carrier.unshift(this.#hello)
    this.#hello = Buffer.alloc(0)
    this.#parts.begin()
  }

  #gather(chunk: Buffer): void {
    const hello = this.#hello.length === 0 ? chunk : Buffer.concat([this.#hello, chunk])
    this.#hello = hello
    const length = hello.length < RECORD_HEADER_OCTETS ? 0 : hello.readUInt16BE(RECORD_HEADER_OCTETS - 2)
    if (hello[0] !== HANDSHAKE_RECORD || length > RECORD_OCTETS_MAX) {
      this.#refuse()
      return
    }
    if (hello.length < RECORD_HEADER_OCTETS || hello.length < RECORD_HEADER_OCTETS + length) return
    this.carrier.off('data', this.#onData)
    this.carrier.pause()
    this.#parts.queue.add(this)
  }

  /** It doesn't speak TLS. */
  #refuse(): void {
    const { plaintextReply } = this.#parts
    this.carrier.off('data', this.#onData)
    if (plaintextReply === undefined) {
      this.abort()
      return
    }
    this.#hello = Buffer.alloc(0)
    this.carrier.resume() // until it has read that, or its time is up
    this.carrier.end(plaintextReply)
  }
}
