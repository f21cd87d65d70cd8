// What all listeners for streams have in common: they accept connections, have them secured where that is asked for, and
// end them. What happens on a connection is its own business.
import net, { type Socket } from 'node:net'
import type { ListenerInfo, TransportKind } from '../../dns/query.ts'
import type { Clock } from '../../runtime/clock.ts'
import { listenOn } from '../../runtime/listen.ts'
import type { ConnectionTable } from './connection-table.ts'
import { TCP_TIMEOUTS, type TcpTimeouts } from './tcp-connection.ts'
import type { SecureFront, TlsSettings } from './tls-settings.ts'
import {
  CLOSE_WAIT_MS,
  Failures,
  listenerInfo,
  untilQuiet,
  type Responder,
  type Transport,
  type TransportOptions
} from './transport.ts'

export interface StreamOptions extends TransportOptions {
  /** Shared by all listeners of a server. */
  readonly table: ConnectionTable
  /** Those that are not to be the usual ones. */
  readonly timeouts?: StreamLimits
}

/** Limits that a configuration may set; what is left out is as usual. */
export interface StreamLimits extends Partial<TcpTimeouts> {
  /** Connections at once on a listener for HTTPS; 0: as many as the table has room for. */
  readonly connectionsMax?: number
}

/** One connection, to its listener. */
export interface Connection {
  /** Ends it once everything that was asked is answered and sent; nothing more is asked. */
  stop(): void
  /** Ends it at once. */
  abort(): void
}

export abstract class StreamTransport implements Transport {
  abstract readonly kind: TransportKind
  info: ListenerInfo
  /** May be replaced at any time; a connection keeps to the new ones from its next message on. */
  timeouts: TcpTimeouts
  received = 0
  sent = 0
  /** Connections that came in. */
  accepted = 0
  /** Connections that the system could not give us (no file descriptor left). */
  acceptErrors = 0
  readonly responder: Responder
  readonly clock: Clock
  readonly table: ConnectionTable
  readonly failures: Failures
  protected readonly connections = new Set<Connection>()
  readonly #scheme: string
  readonly #options: StreamOptions
  #front: SecureFront | undefined
  #server: net.Server | undefined
  #stopping: Promise<void> | undefined
  #closing: Promise<void> | undefined
  /** Called when the last connection has left. */
  #onEmpty: (() => void) | undefined

  constructor(scheme: string, options: StreamOptions) {
    this.#scheme = scheme
    this.#options = options
    this.responder = options.responder
    this.clock = options.clock
    this.table = options.table
    this.timeouts = { ...TCP_TIMEOUTS, ...options.timeouts }
    this.info = listenerInfo(scheme, options.address, options.address, options.port)
    this.failures = new Failures(options.log, () => `${this.kind} ${this.info.label}`)
  }

  /** Takes a connection that is ready to be talked on. `carrier` is the TCP connection below it, or the same. */
  abstract take(socket: Socket, carrier: Socket, openedAt: number): void

  /** Sets the limits that differ from the usual ones; for messages that come from now on. */
  limit(limits: StreamLimits): void {
    this.timeouts = { ...TCP_TIMEOUTS, ...limits }
  }

  /**
   * From the next connection on TLS is spoken with this certificate; without settings, none is. Those that are open stay
   * as they are. `makeFront` is called once. Throws when the certificate can't be used (`checkSettings` tells before).
   */
  secure(settings: TlsSettings | undefined, makeFront: (settings: TlsSettings) => SecureFront): void {
    if (settings === undefined) this.#front = undefined
    else if (this.#front === undefined) this.#front = makeFront(settings)
    else this.#front.use(settings)
  }

  async listen(): Promise<void> {
    const { address, port } = this.#options
    const server = net.createServer({ allowHalfOpen: true, noDelay: true, highWaterMark: STREAM_OCTETS })
    const bound = await listenOn(server, address, port)
    this.#server = server
    this.info = listenerInfo(this.#scheme, address, bound.address, bound.port)
    server.on('error', () => this.acceptErrors++)
    server.on('connection', socket => {
      this.accepted++
      if (this.#front === undefined) this.take(socket, socket, this.clock.now())
      else this.#front.accept(socket)
    })
  }

  left(connection: Connection): void {
    this.connections.delete(connection)
    if (this.connections.size === 0) this.#onEmpty?.()
  }

  stopReceiving(): Promise<void> {
    this.#stopping ??= this.#stop()
    return this.#stopping
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #stop(): Promise<void> {
    await untilQuiet(() => this.received + this.accepted, this.clock, this.#options.nextTurn)
    this.#server?.close()
    this.#front?.stop()
    for (const connection of this.connections) connection.stop()
  }

  async #close(): Promise<void> {
    await this.stopReceiving()
    if (this.connections.size === 0) return
    const wait = new Promise<void>(resolve => (this.#onEmpty = resolve))
    const timer = this.clock.after(CLOSE_WAIT_MS, () => {
      for (const connection of this.connections) connection.abort()
    })
    await wait
    timer.cancel()
  }
}

/**
 * What Node's streams may keep on their own, either way: one octet, so that a paused connection holds one read and no
 * more. What waits is our business (`tcp-connection.ts`).
 */
const STREAM_OCTETS = 1
