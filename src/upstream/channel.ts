// One socket to another server, and the exchanges that wait on it. Ids belong to their socket: a late reply can't be
// taken for the answer to a question that was asked over another one.
import type { Clock } from '../runtime/clock.ts'
import type { Carrier, Exchange } from './exchange.ts'
import { Deadline, type DeadlineWheel } from './deadline-wheel.ts'
import { closedByPeer, dialTimeout, systemError, type UpstreamError } from './upstream-error.ts'

export type ChannelKind = 'udp' | 'tcp' | 'tls' | 'https'

/** What a channel tells its pool. */
export interface ChannelOwner {
  /** The socket is connected: what waited for it has been sent. */
  onOpen(channel: Channel): void
  /** A message came, of 12 octets at least. */
  onMessage(channel: Channel, wire: Buffer): void
  /** The reply to one question won't come; those to others may. `isUnread`: the server didn't look at it. */
  onFailure(channel: Channel, id: number, error: UpstreamError, isUnread: boolean): void
  /** Nothing will come any more. Told once. */
  onEnd(channel: Channel, error: UpstreamError): void
}

/** Exchanges that share one socket, where there are so many that they have to. */
export const SHARED_MAX = 64

/** How long a connection may take to come about, in milliseconds. */
export const DIAL_LIMIT_MS = 2000

/** A deadline for connecting. */
class DialLimit extends Deadline {
  readonly #channel: Channel

  constructor(channel: Channel) {
    super()
    this.#channel = channel
  }

  expire(): void {
    this.#channel.end(dialTimeout(this.#channel))
  }
}

export abstract class Channel implements Carrier {
  readonly kind: ChannelKind
  readonly network: 'udp' | 'tcp'
  readonly remote: string
  local = ''
  readonly exchanges = new Map<number, Exchange | undefined>()
  waiting = 0
  isOpen = false
  retired = false
  /** Messages that belonged to nothing. */
  strays = 0
  readonly createdAt: number
  idleSince = 0
  protected readonly owner: ChannelOwner
  readonly #dialLimit: DialLimit
  #ended = false

  constructor(kind: ChannelKind, remote: string, owner: ChannelOwner, clock: Clock, wheel: DeadlineWheel) {
    this.kind = kind
    this.network = kind === 'udp' ? 'udp' : 'tcp'
    this.remote = remote
    this.owner = owner
    this.createdAt = clock.now()
    this.#dialLimit = new DialLimit(this)
    wheel.arm(this.#dialLimit, DIAL_LIMIT_MS)
  }

  get ended(): boolean {
    return this.#ended
  }

  /** How many exchanges it carries at most. */
  get capacity(): number {
    return SHARED_MAX
  }

  /**
   * Nobody waits any more for the reply with this id. False: it may still come, so its id stays taken and the socket is to
   * get no new questions.
   */
  abandon(id: number): boolean {
    this.exchanges.set(id, undefined)
    return false
  }

  /** Sends one message; what is sent before the socket is open waits for it. */
  abstract send(wire: Buffer): void

  /** Lets go of the socket. */
  protected abstract destroy(): void

  /** Closes it, or tells why it closed. */
  end(error: UpstreamError): void {
    if (this.#ended) return
    this.#ended = true
    this.#dialLimit.disarm()
    this.destroy()
    this.owner.onEnd(this, error)
  }

  protected opened(local: string): void {
    if (this.#ended) return
    this.local = local
    this.isOpen = true
    this.#dialLimit.disarm()
    this.owner.onOpen(this)
  }

  protected failed(error: unknown): void {
    this.end(systemError(error, this.isOpen ? 'read' : 'dial', this))
  }

  protected closedByPeer(): void {
    this.end(closedByPeer())
  }
}
