// DNS over TCP (RFC 7766): accepts connections; what happens on one is `tcp-connection.ts`.
import net from 'node:net'
import type { ListenerInfo } from '../../dns/query.ts'
import type { Clock } from '../../runtime/clock.ts'
import { listenOn } from '../../runtime/listen.ts'
import type { ConnectionTable } from './connection-table.ts'
import { FrameWriter } from './framing.ts'
import {
  TCP_TIMEOUTS,
  TcpConnection,
  WRITE_ROOM_OCTETS,
  type ConnectionHost,
  type TcpTimeouts
} from './tcp-connection.ts'
import {
  CLOSE_WAIT_MS,
  Failures,
  listenerInfo,
  untilQuiet,
  type Responder,
  type Transport,
  type TransportOptions
} from './transport.ts'

export interface TcpTransportOptions extends TransportOptions {
  /** Shared by all listeners of a server. */
  readonly table: ConnectionTable
  /** Those that are not to be the usual ones. */
  readonly timeouts?: Partial<TcpTimeouts>
}

export class TcpTransport implements Transport, ConnectionHost {
  readonly kind = 'tcp'
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
  readonly gathered = new FrameWriter(WRITE_ROOM_OCTETS)
  readonly #options: TcpTransportOptions
  readonly #connections = new Set<TcpConnection>()
  #server: net.Server | undefined
  #stopping: Promise<void> | undefined
  #closing: Promise<void> | undefined
  /** Called when the last connection has left. */
  #onEmpty: (() => void) | undefined

  constructor(options: TcpTransportOptions) {
    this.#options = options
    this.responder = options.responder
    this.clock = options.clock
    this.table = options.table
    this.timeouts = { ...TCP_TIMEOUTS, ...options.timeouts }
    this.info = listenerInfo('dns', options.address, options.address, options.port)
    this.failures = new Failures(options.log, () => `tcp ${this.info.label}`)
  }

  /** Sets the time limits that differ from the usual ones; for messages that come from now on. */
  limit(timeouts: Partial<TcpTimeouts>): void {
    this.timeouts = { ...TCP_TIMEOUTS, ...timeouts }
  }

  async listen(): Promise<void> {
    const { address, port } = this.#options
    const server = net.createServer({ allowHalfOpen: true, noDelay: true, highWaterMark: STREAM_OCTETS })
    const bound = await listenOn(server, address, port)
    this.#server = server
    this.info = listenerInfo('dns', address, bound.address, bound.port)
    server.on('error', () => this.acceptErrors++)
    server.on('connection', socket => {
      this.accepted++
      this.#connections.add(new TcpConnection(socket, this))
    })
  }

  left(connection: TcpConnection): void {
    this.#connections.delete(connection)
    if (this.#connections.size === 0) this.#onEmpty?.()
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
    for (const connection of this.#connections) connection.stop()
  }

  async #close(): Promise<void> {
    await this.stopReceiving()
    if (this.#connections.size === 0) return
    const wait = new Promise<void>(resolve => (this.#onEmpty = resolve))
    const timer = this.clock.after(CLOSE_WAIT_MS, () => {
      for (const connection of this.#connections) connection.abort()
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
