// DNS over TCP (RFC 7766) and over TLS (RFC 7858): messages behind their lengths on a stream. What happens on a connection
// is `tcp-connection.ts`, how it is secured `tls-front.ts`.
import type { Socket } from 'node:net'
import { FrameWriter } from './framing.ts'
import { StreamTransport, type StreamOptions } from './stream-transport.ts'
import { TcpConnection, WRITE_ROOM_OCTETS, type ConnectionHost } from './tcp-connection.ts'

/** Octets of room for answers over TLS: a write is one TLS record (RFC 8446 §5.1), or one message more. */
const TLS_ROOM_OCTETS = 32 << 10

export class TcpTransport extends StreamTransport implements ConnectionHost {
  readonly kind: 'tcp' | 'tls'
  readonly gathered: FrameWriter

  /** `tls`: for `tls://` keys, where a certificate may be set with `secure`; without one it is plain TCP there too. */
  constructor(options: StreamOptions, scheme: 'dns' | 'tls' = 'dns') {
    super(scheme, options)
    this.kind = scheme === 'dns' ? 'tcp' : 'tls'
    this.gathered =
      scheme === 'dns' ? new FrameWriter(WRITE_ROOM_OCTETS) : new FrameWriter(TLS_ROOM_OCTETS, true)
  }

  take(socket: Socket, carrier: Socket, openedAt: number): void {
    this.connections.add(new TcpConnection(socket, this, carrier, openedAt))
  }
}
