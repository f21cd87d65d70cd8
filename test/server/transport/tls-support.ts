// Certificates, and clients that speak TLS.
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import tls, { type ConnectionOptions, type TLSSocket } from 'node:tls'
import type { TlsSettings } from '../../../src/server/transport/tls-settings.ts'

const pem = (name: string) =>
  readFileSync(new URL(`../../../../test/fixtures/tls/${name}.pem`, import.meta.url))

/** For `dns.example`. */
export const certificate: TlsSettings = {
  cert: pem('cert'),
  key: pem('key'),
  ca: undefined,
  clientAuth: 'nocert',
  keyLog: undefined
}

/** For `other.example`. */
export const otherCertificate: TlsSettings = {
  ...certificate,
  cert: pem('other-cert'),
  key: pem('other-key')
}

/** What a client shows: signed with `certificate`, and one that nobody signed. */
export const goodClient = { cert: pem('client-cert'), key: pem('client-key') }
export const strangeClient = { cert: pem('other-cert'), key: pem('other-key') }

/** Begins a connection that trusts either certificate. Errors are for those who listen to them. */
export function beginTls(port: number, options: ConnectionOptions = {}): TLSSocket {
  const socket = tls.connect({
    port,
    host: '127.0.0.1',
    ca: [certificate.cert, otherCertificate.cert],
    servername: 'dns.example',
    checkServerIdentity: () => undefined,
    ...options
  })
  socket.on('error', () => undefined)
  return socket
}

/** Connects; rejects when the handshake fails. */
export async function connectTls(port: number, options?: ConnectionOptions): Promise<TLSSocket> {
  const socket = beginTls(port, options)
  await once(socket, 'secureConnect')
  return socket
}
