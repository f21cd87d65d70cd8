// A TCP connection to an upstream, with or without TLS: messages behind a length of two octets (RFC 1035 §4.2.2, RFC 7858).
import net, { type Socket } from 'node:net'
import tls from 'node:tls'
import { placeText } from './address.ts'
import type { Clock } from '../runtime/clock.ts'
import { HEADER_OCTETS } from '../wire/numbers.ts'
import { Channel, type ChannelOwner } from './channel.ts'
import type { DeadlineWheel } from './deadline-wheel.ts'
import type { TlsSettings } from './tls-settings.ts'
import type { UdpTarget } from './udp-channel.ts'
import { systemError, UpstreamError } from './upstream-error.ts'

export interface StreamTarget extends UdpTarget {
  /** Plain TCP without. */
  readonly tls: TlsSettings | undefined
}

export class StreamChannel extends Channel {
  readonly #socket: Socket
  /** Octets of messages that have not come whole. */
  #parts: Buffer[] = []
  #octets = 0

  constructor(target: StreamTarget, owner: ChannelOwner, clock: Clock, wheel: DeadlineWheel) {
    super(target.tls === undefined ? 'tcp' : 'tls', target.text, owner, clock, wheel)
    const options = {
      host: target.host,
      port: target.port,
      noDelay: true,
      ...(target.sourceAddress !== undefined && { localAddress: target.sourceAddress })
    }
    const socket: Socket =
      target.tls === undefined ? net.connect(options) : tls.connect({ ...target.tls, ...options })
    this.#socket = socket
    // Written at once: Node keeps it until the connection stands.
    socket.on(target.tls === undefined ? 'connect' : 'secureConnect', () => {
      this.opened(placeText(socket.localAddress ?? '', socket.localPort ?? 0))
    })
    socket.on('data', chunk => this.#take(chunk))
    socket.on('error', error => this.#fail(error))
    socket.on('end', () => this.closedByPeer())
    socket.on('close', () => this.closedByPeer())
    // A pooled connection must not keep the process alive.
    socket.unref()
  }

  send(wire: Buffer): void {
    if (this.ended) return
    const framed = Buffer.allocUnsafe(wire.length + 2)
    framed.writeUInt16BE(wire.length, 0)
    wire.copy(framed, 2)
    this.#socket.write(framed)
  }

  protected destroy(): void {
    this.#parts = []
    this.#socket.destroy()
  }

  #fail(error: Error): void {
    if (this.kind === 'tls' && isTlsError(error)) {
      this.end(new UpstreamError('TLS', `tls: ${error.message}`))
    } else if ('code' in error && error.code === 'EPIPE') this.end(systemError(error, 'write', this))
    else this.failed(error)
  }

  #take(chunk: Buffer): void {
    this.#parts.push(chunk)
    this.#octets += chunk.length
    if (this.#octets < 2) return
    let octets = this.#parts.length === 1 ? chunk : Buffer.concat(this.#parts)
    while (octets.length >= 2 && !this.ended) {
      const end = 2 + octets.readUInt16BE(0)
      if (octets.length < end) break
      // A copy: the message outlives the chunk, which is up to 64 KiB.
      if (end >= 2 + HEADER_OCTETS) this.owner.onMessage(this, Buffer.from(octets.subarray(2, end)))
      octets = octets.subarray(end)
    }
    this.#parts = octets.length === 0 ? [] : [octets]
    this.#octets = octets.length
  }
}

/** Whether TLS refused, and not the operating system: a certificate, a name, the protocol. */
export function isTlsError(error: Error): boolean {
  const code = 'code' in error ? String(error.code) : ''
  return /^(ERR_SSL|ERR_TLS|EPROTO|CERT_|CRL_|DEPTH_|SELF_|UNABLE_|HOSTNAME|INVALID_CA|PATH_LENGTH|ERROR_IN_)/.test(
    code
  )
}
