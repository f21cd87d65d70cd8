// A DNS server over HTTP/2 on loopback that does what a test says.
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import http2, {
  type IncomingHttpHeaders,
  type Http2SecureServer,
  type ServerHttp2Session,
  type ServerHttp2Stream
} from 'node:http2'
import type { AddressInfo } from 'node:net'

const fixture = (name: string) => readFileSync(new URL(`../../../test/fixtures/tls/${name}`, import.meta.url))

export interface HttpAsked {
  readonly headers: IncomingHttpHeaders
  /** The query, from the body or the URL. */
  readonly wire: Buffer
  readonly stream: ServerHttp2Stream
  readonly session: ServerHttp2Session
  /** Answers with status 200, or another, and these octets. */
  send(wire: Buffer, status?: number, type?: string): void
}

export type HttpScript = (asked: HttpAsked) => void

export class HttpsUpstream {
  readonly asked: HttpAsked[] = []
  /** Connections that were made. */
  connections = 0
  readonly port: number
  readonly #server: Http2SecureServer
  readonly #sessions = new Set<ServerHttp2Session>()

  private constructor(server: Http2SecureServer, script: HttpScript) {
    this.#server = server
    this.port = (server.address() as AddressInfo).port
    server.on('session', session => {
      this.connections++
      this.#sessions.add(session)
      session.on('error', () => undefined)
      session.on('close', () => this.#sessions.delete(session))
    })
    server.on('sessionError', () => undefined)
    server.on('tlsClientError', () => undefined)
    server.on('stream', (stream, headers) => {
      const parts: Buffer[] = []
      stream.on('error', () => undefined)
      stream.on('data', (part: Buffer) => parts.push(part))
      stream.on('end', () => {
        const query = /\?dns=(.*)$/.exec(headers[':path'] ?? '')?.[1]
        const wire = query === undefined ? Buffer.concat(parts) : Buffer.from(query, 'base64url')
        const asked: HttpAsked = {
          headers,
          wire,
          stream,
          session: stream.session as ServerHttp2Session,
          send: (octets, status = 200, type = 'application/dns-message') => {
            if (stream.destroyed) return
            stream.respond({ ':status': status, 'content-type': type })
            stream.end(octets)
          }
        }
        this.asked.push(asked)
        script(asked)
      })
    })
  }

  /** Serves with `cert.pem`, or another certificate of the fixtures. */
  static async open(
    script: HttpScript,
    options: { readonly cert?: string; readonly streamsMax?: number } = {}
  ): Promise<HttpsUpstream> {
    const server = http2.createSecureServer({
      cert: fixture(options.cert ?? 'cert.pem'),
      key: fixture('key.pem'),
      settings: { maxConcurrentStreams: options.streamsMax ?? 1000 }
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return new HttpsUpstream(server, script)
  }

  async close(): Promise<void> {
    for (const session of this.#sessions) session.destroy()
    await new Promise<void>(resolve => void this.#server.close(() => resolve()))
  }
}
