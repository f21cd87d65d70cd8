// DNS over UDP. Everything in `#receive` runs once per query: no closure, no promise, nothing allocated beyond what
// node:dgram allocates itself. Measured against a bare node:dgram echo by `bench/listeners.ts`.
import dgram from 'node:dgram'
import type { RemoteInfo, Socket } from 'node:dgram'
import type { ListenerInfo } from '../../dns/query.ts'
import { addressesToTry, lacksIPv6 } from '../../runtime/listen.ts'
import {
  CLOSE_WAIT_MS,
  Failures,
  listenerInfo,
  plainAddress,
  untilQuiet,
  type Response,
  type Transport,
  type TransportOptions
} from './transport.ts'

/**
 * Octets asked for: what a burst of a tenth of a second needs while the process is busy elsewhere. The kernel gives at
 * most net.core.rmem_max.
 */
const RECEIVE_BUFFER_OCTETS = 8 << 20

/**
 * Responses up to this size fit into one frame and are sent without a callback, which would cost 0.4 µs each; dgram says
 * nothing then when the kernel refuses one. Larger ones are where refusals happen (EMSGSIZE), so they are watched.
 */
const UNWATCHED_OCTETS_MAX = 1472

export class UdpTransport implements Transport {
  readonly kind = 'udp'
  info: ListenerInfo
  /** Datagrams that came in. */
  received = 0
  /** Responses handed to the kernel. */
  sent = 0
  /** Responses that the kernel is known to have refused, and datagrams that can't be answered (source port 0). */
  sendErrors = 0
  /** Times the socket itself reported an error. */
  receiveErrors = 0
  readonly #options: TransportOptions
  readonly #failures: Failures
  #socket: Socket | undefined
  /** Whether IPv4 peers come as mapped addresses. */
  #dualStack = false
  #stopped = false
  #inFlight = 0
  /** Called when the last answer that was waited for has been sent. */
  #onIdle: (() => void) | undefined
  #stopping: Promise<void> | undefined
  #closing: Promise<void> | undefined
  readonly #onSent = (error: Error | null) => {
    if (error !== null) this.sendErrors++
  }

  constructor(options: TransportOptions) {
    this.#options = options
    this.info = listenerInfo('dns', options.address, options.address, options.port)
    this.#failures = new Failures(options.log, () => `udp ${this.info.label}`)
  }

  /** Queries that a responder threw on. */
  get failures(): number {
    return this.#failures.count
  }

  async listen(): Promise<void> {
    const { address, port } = this.#options
    const addresses = addressesToTry(address)
    for (const [index, host] of addresses.entries()) {
      try {
        this.#socket = await bind(host, port)
        this.#dualStack = host === '::'
        break
      } catch (error) {
        if (index === addresses.length - 1 || !lacksIPv6(error)) throw error
      }
    }
    const socket = this.#socket as Socket
    const bound = socket.address()
    this.info = listenerInfo('dns', address, bound.address, bound.port)
    raiseReceiveBuffer(socket)
    socket.on('error', () => this.receiveErrors++)
    socket.on('message', (wire, from) => this.#receive(wire, from))
  }

  stopReceiving(): Promise<void> {
    this.#stopping ??= untilQuiet(() => this.received, this.#options.clock, this.#options.nextTurn).then(
      () => {
        this.#stopped = true
      }
    )
    return this.#stopping
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    const socket = this.#socket
    if (socket === undefined) return
    await this.stopReceiving()
    if (this.#inFlight > 0) {
      await new Promise<void>(resolve => {
        const timer = this.#options.clock.after(CLOSE_WAIT_MS, resolve)
        this.#onIdle = () => {
          timer.cancel()
          resolve()
        }
      })
    }
    this.#socket = undefined
    const closed = new Promise<void>(resolve => void socket.once('close', () => resolve()))
    await this.#queueEmpty(socket)
    socket.close()
    await closed
  }

  #receive(wire: Buffer, from: RemoteInfo): void {
    this.received++
    if (this.#stopped) return
    if (from.port === 0) {
      this.sendErrors++ // nobody to answer, and dgram throws on port 0
      return
    }
    const address = from.address
    // `from` is this datagram's own object: it becomes the peer as it is.
    if (this.#dualStack) from.address = plainAddress(address)
    let response
    try {
      response = this.#options.responder.respond(wire, 'udp', from, this.info)
    } catch (error) {
      this.#failures.add(error)
      return
    }
    if (response instanceof Promise) this.#sendLater(response, from.port, address)
    else this.#send(response, from.port, address)
  }

  #send(response: Response, port: number, address: string): void {
    if (response === undefined || this.#socket === undefined) return
    if (!(response instanceof Uint8Array)) {
      this.#sendFirst(response, port, address)
      return
    }
    try {
      if (response.length <= UNWATCHED_OCTETS_MAX) this.#socket.send(response, port, address)
      else this.#socket.send(response, port, address, this.#onSent)
      this.sent++
    } catch {
      this.sendErrors++
    }
  }

  /** A transfer doesn't go over UDP; its first message does (RFC 1995 §2 lets a client come back over TCP). */
  #sendFirst(messages: Iterable<Buffer>, port: number, address: string): void {
    try {
      for (const message of messages) {
        this.#send(message, port, address)
        return
      }
    } catch (error) {
      this.#failures.add(error)
    }
  }

  #sendLater(response: Promise<Response>, port: number, address: string): void {
    this.#inFlight++
    const settle = () => {
      if (--this.#inFlight === 0) this.#onIdle?.()
    }
    response.then(
      value => {
        this.#send(value, port, address)
        settle()
      },
      (error: unknown) => {
        this.#failures.add(error)
        settle()
      }
    )
  }

  /** Waits for datagrams that the kernel had no room for, at most 100 turns: closing would drop them. */
  async #queueEmpty(socket: Socket): Promise<void> {
    for (let turn = 0; turn < 100 && socket.getSendQueueCount() > 0; turn++) {
      await new Promise<void>(resolve => this.#options.nextTurn(resolve))
    }
  }
}

/** Addresses are never names here, so nothing is looked up: dgram would ask the resolver for every response. */
const constantLookup =
  (family: 4 | 6) =>
  (address: string, _options: unknown, use: (error: null, address: string, family: number) => void) =>
    use(null, address, family)

async function bind(address: string, port: number): Promise<Socket> {
  const six = address.includes(':')
  // Without `reuseAddr` a second server on the same port is an error, as it must be.
  const socket = dgram.createSocket({ type: six ? 'udp6' : 'udp4', lookup: constantLookup(six ? 6 : 4) })
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('listening', resolve) // before `bind`, which emits it at once when nothing is looked up
      socket.once('error', reject)
      socket.bind({ port, address, exclusive: true })
    })
  } catch (error) {
    socket.close()
    throw error
  }
  socket.removeAllListeners('error')
  return socket
}

function raiseReceiveBuffer(socket: Socket): void {
  try {
    socket.setRecvBufferSize(RECEIVE_BUFFER_OCTETS)
  } catch {
    // What the kernel gives without asking will do.
  }
}
