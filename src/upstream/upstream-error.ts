// What can go wrong between us and another server. The texts are those that people know from CoreDNS's logs, where they
// come from Go's net package.

export type UpstreamErrorCode =
  /** Nothing came in time, or no connection was made in time. */
  | 'TIMEOUT'
  /** Nobody listens there. */
  | 'CONNECTION_REFUSED'
  /** The other side broke the connection off. */
  | 'CONNECTION_RESET'
  /** The other side closed the connection before it answered. */
  | 'CLOSED'
  /** No way to that address from here. */
  | 'UNREACHABLE'
  /** The address or port can't be used at all. */
  | 'BAD_ADDRESS'
  /** What came can't be read. */
  | 'UNREADABLE'
  /** TLS was refused: certificate, name, protocol. */
  | 'TLS'
  /** An answer over HTTP that is no DNS message. */
  | 'HTTP'
  /** Too many stray messages came to one socket: somebody guesses. */
  | 'STRAY_MESSAGES'
  /** Queries come back to us. */
  | 'LOOP'
  /** Every upstream is known to be down. */
  | 'NO_HEALTHY'
  /** A bound on queries in flight or on sockets is reached. */
  | 'OVERLOAD'
  /** The server is going away. */
  | 'STOPPED'
  /** Anything else that the operating system says. */
  | 'SYSTEM'

export class UpstreamError extends Error {
  readonly code: UpstreamErrorCode

  constructor(code: UpstreamErrorCode, message: string) {
    super(message)
    this.name = 'UpstreamError'
    this.code = code
  }
}

/** Where a socket stands when something goes wrong, for the text. */
export interface SocketPlace {
  /** `udp` or `tcp`; TLS is over TCP. */
  readonly network: 'udp' | 'tcp'
  /** `10.0.0.1:41063`, or empty while it isn't known. */
  readonly local: string
  /** `8.8.8.8:53`. */
  readonly remote: string
}

/** `dial tcp 8.8.8.8:53: i/o timeout`. */
export function dialTimeout(place: SocketPlace): UpstreamError {
  return new UpstreamError('TIMEOUT', `dial ${place.network} ${place.remote}: i/o timeout`)
}

/** `read udp 10.0.0.1:41063->8.8.8.8:53: i/o timeout`. */
export function readTimeout(place: SocketPlace): UpstreamError {
  return new UpstreamError('TIMEOUT', `read ${place.network} ${place.local}->${place.remote}: i/o timeout`)
}

/** The peer closed the connection: Go's `EOF`. */
export function closedByPeer(): UpstreamError {
  return new UpstreamError('CLOSED', 'EOF')
}

const REASONS: Readonly<Record<string, readonly [UpstreamErrorCode, string]>> = {
  ECONNREFUSED: ['CONNECTION_REFUSED', 'connection refused'],
  ECONNRESET: ['CONNECTION_RESET', 'connection reset by peer'],
  EPIPE: ['CONNECTION_RESET', 'broken pipe'],
  ETIMEDOUT: ['TIMEOUT', 'connection timed out'],
  EHOSTUNREACH: ['UNREACHABLE', 'no route to host'],
  ENETUNREACH: ['UNREACHABLE', 'network is unreachable'],
  EADDRNOTAVAIL: ['UNREACHABLE', 'cannot assign requested address'],
  EACCES: ['UNREACHABLE', 'permission denied'],
  EPERM: ['UNREACHABLE', 'operation not permitted'],
  EINVAL: ['BAD_ADDRESS', 'invalid argument'],
  EMSGSIZE: ['SYSTEM', 'message too long'],
  EMFILE: ['OVERLOAD', 'too many open files'],
  ENFILE: ['OVERLOAD', 'too many open files in system']
}

/**
 * The operating system's error, as Go words it: `dial tcp R: connect: connection refused`,
 * `read udp L->R: read: connection refused`.
 */
export function systemError(
  error: unknown,
  doing: 'dial' | 'read' | 'write',
  place: SocketPlace
): UpstreamError {
  const code = errorCode(error)
  const [ours, text] = REASONS[code] ?? ['SYSTEM', error instanceof Error ? error.message : String(error)]
  const call = doing === 'dial' ? (ours === 'OVERLOAD' ? 'socket' : 'connect') : doing
  const where = doing === 'dial' || place.local === '' ? place.remote : `${place.local}->${place.remote}`
  return new UpstreamError(ours, `${doing} ${place.network} ${where}: ${call}: ${text}`)
}

const errorCode = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''
