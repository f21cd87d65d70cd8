// One client on a stream: questions in, answers out in the order of the questions, and never more of either in memory
// than is bounded below. Knows nothing of how the stream was opened, so DNS over TLS uses it too.
//
// There is one routine, `work`. Whatever happens (octets come, an answer is ready, the kernel has room again, a turn
// comes) ends there: it goes on where it stopped, until something is in the way.
import type { Socket } from 'node:net'
import type { ListenerInfo, Peer, TransportKind } from '../../dns/query.ts'
import type { Clock } from '../../runtime/clock.ts'
import type { ConnectionTable, Member } from './connection-table.ts'
import { FrameReader, type FrameWriter } from './framing.ts'
import { plainAddress, type Failures, type Responder, type Response } from './transport.ts'

export interface TcpTimeouts {
  /** A message must be whole this long after its first octet, the first one this long after the connection began. */
  readonly readMs: number
  /** A client that takes none of an answer for this long is gone. */
  readonly writeMs: number
  /** Between messages. */
  readonly idleMs: number
  /** Questions that one connection may ask; it is closed once the last of them is answered. */
  readonly questionsMax: number
}

/** corefile-and-plugins.md §5.3, but for `writeMs`: CoreDNS gives each answer 5 s. */
export const TCP_TIMEOUTS: TcpTimeouts = {
  readMs: 3000,
  writeMs: 10_000,
  idleMs: 10_000,
  questionsMax: Infinity
}

/** What a connection has in common with others of its listener. */
export interface ConnectionHost {
  readonly kind: TransportKind
  readonly info: ListenerInfo
  readonly responder: Responder
  readonly clock: Clock
  readonly table: ConnectionTable
  readonly timeouts: TcpTimeouts
  readonly failures: Failures
  /** Where answers are gathered; empty whenever no connection is at work. */
  readonly gathered: FrameWriter
  /** Questions that came in. */
  received: number
  /** Messages given to the kernel. */
  sent: number
  /** The connection is over. */
  left(connection: TcpConnection): void
}

/** Octets of room for answers: a write has half of it, or one message more. Nothing more waits for a client to read. */
export const WRITE_ROOM_OCTETS = 64 << 10
/** Octets of answers that may wait for one before them. */
const WAITING_OCTETS_MAX = 64 << 10
/** Questions of one connection that may wait for their answers (RFC 7766 §6.2.1.1 lets a server bound them). */
const WAITING_MAX = 100
/** How long a client has to close its side after we have closed ours, in milliseconds. */
const LINGER_MS = 2000

/** The place in the line of a question whose answer isn't there yet, or that stands behind such a one. */
class Slot {
  settled = false
  response: Response = undefined
}

export class TcpConnection implements Member {
  older: Member | undefined = undefined
  newer: Member | undefined = undefined
  known = false
  scheduled = false
  deadline: number
  readonly #socket: Socket
  /** What carries `#socket`: the same, or the TCP connection below TLS. */
  readonly #carrier: Socket
  readonly #host: ConnectionHost
  readonly #openedAt: number
  readonly #frames = new FrameReader()
  /** Known from its first question on. */
  #peer: Peer | undefined = undefined
  #waiting: Slot[] = []
  #waitingOctets = 0
  #asked = 0
  #transfer: Iterator<Buffer> | undefined = undefined
  /** When the last question came or the last answer went. */
  #activeAt: number
  /** Whether a message has begun that is not whole yet, and when. */
  #partial = false
  #partialSince = 0
  /** The kernel has not taken the last write. */
  #blocked = false
  #reading = true
  /** The client has said that it asks no more. */
  #ended = false
  /** The server is stopping: nothing more is read. */
  #stopping = false
  /** Our side is closed: what still comes is thrown away, since closing on unread octets would undo the last answers. */
  #finishing = false
  #gone = false
  readonly #onWritten = (error?: Error | null) => {
    if (error || !this.#blocked || this.#socket.writableLength > 0) return
    this.#blocked = false
    // Those who asked for more than one write wait until those who ask little had their turn.
    if (this.#hasMore) this.#host.table.schedule(this)
    else this.work(this.#host.table.slice())
  }

  /** `openedAt`: when the connection began, in milliseconds of the clock; a handshake may have gone before. */
  constructor(socket: Socket, host: ConnectionHost, carrier = socket, openedAt = host.clock.now()) {
    this.#socket = socket
    this.#carrier = carrier
    this.#host = host
    this.#openedAt = this.#activeAt = openedAt
    this.deadline = this.#openedAt + host.timeouts.readMs
    socket.on('data', (chunk: Buffer) => this.#take(chunk))
    socket.on('end', () => {
      this.#ended = true
      this.work(this.#host.table.slice())
    })
    socket.on('error', () => undefined) // 'close' follows
    socket.on('close', () => this.#leave())
    host.table.add(this)
  }

  heldOctets(): number {
    // A paused stream has still read one chunk; what is being written counts whole until all of it is taken.
    return (
      this.#frames.heldOctets +
      this.#waitingOctets +
      this.#socket.readableLength +
      this.#socket.writableLength
    )
  }

  /**
   * Sends what is ready, answers what was asked, for at most `units` messages; then says what has to happen next:
   * reading on, waiting, another turn, the end. Returns how many messages it dealt with.
   */
  work(units: number): number {
    if (this.#stopped || this.#blocked) return 0
    const out = this.#host.gathered
    let done = 0
    let asked = 0
    let starved = false
    while (done < units && !out.full) {
      if (this.#transfer !== undefined) {
        this.#pull(this.#transfer, out)
      } else if (this.#waiting.length > 0 && this.#waiting[0]?.settled === true) {
        this.#put(this.#nextSettled(), out)
      } else {
        const wire = this.#mayAsk ? this.#frames.next() : undefined
        if (wire === undefined) {
          starved = true
          break
        }
        this.#ask(wire, out)
        asked++
      }
      done++
    }
    const now = this.#host.clock.now()
    if (done > 0) this.#activeAt = now
    const taken = out.length === 0 || out.writeTo(this.#socket, this.#onWritten)
    this.#blocked = !taken
    if (taken && !starved) this.#host.table.schedule(this)
    this.#settleState(now, asked > 0)
    return done
  }

  /** Closes our side once everything that was asked is answered and sent; reads no more questions. */
  stop(): void {
    this.#stopping = true
    this.work(this.#host.table.slice())
  }

  expire(): void {
    if (this.#blocked || this.#finishing) this.abort()
    else this.#finish()
  }

  abort(): void {
    if (this.#gone) return
    this.#leave()
    // A reset frees what the kernel holds for a client that doesn't take it. Not while our FIN is on its way: libuv
    // refuses that.
    const closing = this.#socket.writableEnded && !this.#socket.writableFinished
    if (closing) this.#socket.destroy()
    else this.#carrier.resetAndDestroy()
  }

  #take(chunk: Buffer): void {
    if (this.#stopped) return
    this.#frames.push(chunk)
    const { table } = this.#host
    const askedBefore = this.#asked
    table.spend(this.work(table.slice()))
    // Only now: one that asked for much is not the last to go for as long as that takes.
    if (this.#asked > askedBefore && !this.#gone) table.touch(this)
    if (table.exhausted) this.#rest()
  }

  /** Reads on only when its turn comes. */
  #rest(): void {
    if (this.#stopped) return
    this.#host.table.schedule(this)
    this.#read(false)
  }

  #ask(wire: Buffer, out: FrameWriter): void {
    const host = this.#host
    const peer = this.#peer ?? peerOf(this.#socket)
    if (peer === undefined) {
      this.#frames.clear()
      return
    }
    this.#peer = peer
    host.received++
    if (++this.#asked >= host.timeouts.questionsMax) {
      this.#stopping = true
      this.#frames.clear()
    }
    let response
    try {
      response = host.responder.respond(wire, host.kind, peer, host.info)
    } catch (error) {
      host.failures.add(error)
      return
    }
    if (response instanceof Promise) this.#await(response)
    else if (this.#waiting.length > 0) this.#settle(this.#newSlot(), ownCopy(response))
    else this.#put(response, out)
  }

  #await(response: Promise<Response>): void {
    const slot = this.#newSlot()
    const settle = (value: Response) => {
      this.#settle(slot, value)
      if (slot === this.#waiting[0]) this.work(this.#host.table.slice())
    }
    response.then(settle, (error: unknown) => {
      this.#host.failures.add(error)
      settle(undefined)
    })
  }

  #newSlot(): Slot {
    const slot = new Slot()
    this.#waiting.push(slot)
    return slot
  }

  #settle(slot: Slot, response: Response): void {
    slot.settled = true
    slot.response = response
    if (response instanceof Uint8Array) this.#waitingOctets += response.length
  }

  #nextSettled(): Response {
    const response = this.#waiting.shift()?.response
    if (response instanceof Uint8Array) this.#waitingOctets -= response.length
    return response
  }

  #put(response: Response, out: FrameWriter): void {
    if (response === undefined) return
    if (!(response instanceof Uint8Array)) this.#transfer = response[Symbol.iterator]()
    else if (out.add(response)) this.#host.sent++
    else this.#host.failures.add(new RangeError(`a response of ${response.length} octets`))
  }

  /** Takes the next message of a transfer. Only called with room for it, so a transfer is made as it is read. */
  #pull(transfer: Iterator<Buffer>, out: FrameWriter): void {
    try {
      const step = transfer.next()
      if (step.done !== true) {
        this.#put(step.value, out)
        return
      }
    } catch (error) {
      // The client must not take what it has for the whole zone: no more comes on this connection.
      this.#host.failures.add(error)
      this.#stopping = true
      this.#waiting = []
      this.#frames.clear()
    }
    this.#transfer = undefined
  }

  /** Whether there is something to do that needs nothing from the client or the network. */
  get #hasMore(): boolean {
    return this.#frames.pending || this.#transfer !== undefined || this.#waiting[0]?.settled === true
  }

  /** Whether another question may be read before those that wait have their answers. */
  get #mayAsk(): boolean {
    return (
      this.#waiting.length < WAITING_MAX &&
      this.#waitingOctets < WAITING_OCTETS_MAX &&
      this.#asked < this.#host.timeouts.questionsMax
    )
  }

  /** After work: whether to read, how long to wait, or whether it is over. */
  #settleState(now: number, asked: boolean): void {
    const owing = this.#waiting.length > 0 || this.#transfer !== undefined || this.scheduled
    const idle = !owing && !this.#blocked && !this.#frames.pending
    if (idle && (this.#ended || this.#stopping)) {
      this.#finish()
      return
    }
    const partial = this.#frames.partialLength > 0
    if (partial && (asked || !this.#partial)) this.#partialSince = now
    this.#partial = partial
    const { readMs, writeMs, idleMs } = this.#host.timeouts
    if (this.#blocked) this.deadline = now + writeMs
    else if (owing) this.deadline = Infinity
    else if (this.#peer === undefined) this.deadline = this.#openedAt + readMs
    else this.deadline = partial ? this.#partialSince + readMs : this.#activeAt + idleMs
    this.#read(!this.#blocked && !this.#stopping && !this.#frames.pending && !this.scheduled)
    if (!this.#reading) this.#host.table.kept(this.heldOctets())
  }

  get #stopped(): boolean {
    return this.#gone || this.#finishing
  }

  #read(wanted: boolean): void {
    if (wanted === this.#reading) return
    this.#reading = wanted
    if (wanted) this.#socket.resume()
    else this.#socket.pause()
  }

  #finish(): void {
    this.#finishing = true
    this.deadline = this.#host.clock.now() + LINGER_MS
    this.#frames.clear()
    this.#socket.end()
    this.#read(true)
  }

  #leave(): void {
    if (this.#gone) return
    this.#gone = true
    this.#host.table.remove(this)
    this.#frames.clear()
    this.#waiting = []
    this.#waitingOctets = 0
    try {
      this.#transfer?.return?.()
    } catch (error) {
      this.#host.failures.add(error)
    }
    this.#transfer = undefined
    this.#host.left(this)
  }
}

/** Who is at the other end; undefined when it has reset the connection meanwhile (then `close` follows). */
function peerOf(socket: Socket): Peer | undefined {
  const address = socket.remoteAddress
  const port = socket.remotePort
  return address === undefined || port === undefined ? undefined : { address: plainAddress(address), port }
}

/** A response that stays as it is while others are made. */
function ownCopy(response: Response): Response {
  return response instanceof Uint8Array ? Buffer.from(response) : response
}
