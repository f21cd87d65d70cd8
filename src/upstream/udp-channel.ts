// A connected UDP socket: the kernel picks the port and lets only the upstream's datagrams in, and tells of ICMP errors.
import dgram, { type Socket } from 'node:dgram'
import { placeText } from './address.ts'
import type { Clock } from '../runtime/clock.ts'
import { HEADER_OCTETS } from '../wire/numbers.ts'
import { Channel, type ChannelOwner } from './channel.ts'
import type { DeadlineWheel } from './deadline-wheel.ts'
import { systemError } from './upstream-error.ts'

export interface UdpTarget {
  readonly host: string
  readonly port: number
  /** As in messages: `8.8.8.8:53`. */
  readonly text: string
  readonly sourceAddress: string | undefined
}

/** Addresses are numbers here, so nothing is looked up. */
const constantLookup =
  (family: 4 | 6) =>
  (address: string, _options: unknown, use: (error: null, address: string, family: number) => void) =>
    use(null, address, family)

export class UdpChannel extends Channel {
  readonly #socket: Socket
  /** Sent once the socket is connected, which is a turn of the event loop away. */
  #waiting: Buffer[] = []
  readonly #onSent = (error: Error | null) => {
    if (error !== null) this.end(systemError(error, 'write', this))
  }

  constructor(target: UdpTarget, owner: ChannelOwner, clock: Clock, wheel: DeadlineWheel) {
    super('udp', target.text, owner, clock, wheel)
    const isIPv6 = target.host.includes(':')
    const socket = dgram.createSocket({
      type: isIPv6 ? 'udp6' : 'udp4',
      lookup: constantLookup(isIPv6 ? 6 : 4)
    })
    this.#socket = socket
    socket.on('error', error => this.failed(error))
    socket.on('message', wire => {
      if (wire.length >= HEADER_OCTETS) this.owner.onMessage(this, wire)
    })
    // Not as a callback of `connect`, which would swallow errors.
    socket.on('connect', () => this.#connected())
    const connect = () => {
      if (!this.ended) socket.connect(target.port, target.host)
    }
    if (target.sourceAddress === undefined) connect()
    else socket.bind({ address: target.sourceAddress, port: 0, exclusive: true }, connect)
    // A pooled socket must not keep the process alive.
    socket.unref()
  }

  send(wire: Buffer): void {
    if (this.ended) return
    if (this.isOpen) this.#socket.send(wire, this.#onSent)
    else this.#waiting.push(wire)
  }

  protected destroy(): void {
    this.#waiting = []
    this.#socket.close()
  }

  #connected(): void {
    if (this.ended) return
    const bound = this.#socket.address()
    this.opened(placeText(bound.address, bound.port))
    const waiting = this.#waiting
    this.#waiting = []
    for (const wire of waiting) this.send(wire)
  }
}
