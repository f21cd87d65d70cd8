// How TLS is spoken on a listener, and what its listener needs to know of who does it. No more than types, so that nothing
// of TLS is loaded where no key asks for it.
import type { Socket } from 'node:net'

export interface TlsSettings {
  /** Contents of PEM files. */
  readonly cert: Buffer
  readonly key: Buffer
  /** What clients' certificates are judged by; the usual roots without. */
  readonly ca: Buffer | undefined
  /**
   * Whether a client shows a certificate: not asked; asked and not looked at; any will do; if it has one, a good one;
   * a good one.
   */
  readonly clientAuth: 'nocert' | 'request' | 'require' | 'verify_if_given' | 'require_and_verify'
  /** Is given the secrets of each connection, a line in NSS key log format. */
  readonly keyLog: ((line: Buffer) => void) | undefined
}

/** Does the handshakes of a listener. */
export interface SecureFront {
  /** Takes a new TCP connection. */
  accept(socket: Socket): void
  /** From the next handshake on. Throws when the certificate can't be used. */
  use(settings: TlsSettings): void
  /** Ends those that are in their handshake, and takes no more. */
  stop(): void
}
