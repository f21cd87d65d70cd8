// Small HTTP listeners for health, ready and metrics (corefile-and-plugins.md §8.3, §8.4, §8.6).
import { createServer, get, type IncomingMessage, type ServerResponse } from 'node:http'
import { listenOn } from './listen.ts'

export interface HttpRequest {
  readonly method: string
  /** The path without query. */
  readonly path: string
}

export interface HttpReply {
  readonly status: number
  /** Default `text/plain; charset=utf-8`. */
  readonly contentType?: string
  readonly body: string
}

export interface HttpListener {
  readonly address: string
  readonly port: number
  /** Stops listening at once and ends idle connections; settles when it is closed. */
  close(): Promise<void>
}

export interface Http {
  /**
   * Listens on `address` (empty: every address, IPv4 and IPv6) and `port` (0: a free one). Rejects with the operating
   * system's error. Connections, header sizes and times are bounded (5 s).
   */
  listen(
    address: string,
    port: number,
    answer: (request: HttpRequest) => HttpReply | Promise<HttpReply>
  ): Promise<HttpListener>
  /** The status of a GET; rejects when the answer is not whole within `timeoutMs`. */
  get(url: string, timeoutMs: number): Promise<number>
}

/** Everything about one request must happen within this time, in milliseconds, as CoreDNS limits it. */
const REQUEST_MS = 5000
const CONNECTIONS_MAX = 200
const HEADER_OCTETS_MAX = 16 * 1024

/** Listeners of `node:http`. */
export function systemHttp(): Http {
  return {
    async listen(address, port, answer) {
      const server = createServer(
        {
          requestTimeout: REQUEST_MS,
          headersTimeout: REQUEST_MS,
          keepAliveTimeout: REQUEST_MS,
          maxHeaderSize: HEADER_OCTETS_MAX
        },
        (request, response) => void reply(request, response, answer)
      )
      server.maxConnections = CONNECTIONS_MAX
      server.timeout = REQUEST_MS * 2
      server.on('clientError', (_error, socket) => socket.destroy())
      const bound = await listenOn(server, address, port)
      return {
        address: bound.address,
        port: bound.port,
        close: () =>
          new Promise(resolve => {
            server.close(() => resolve())
            server.closeIdleConnections()
          })
      }
    },
    get: (url, timeoutMs) =>
      new Promise((resolve, reject) => {
        // One limit for all of it: node:http's own begins anew with every octet.
        const timer = setTimeout(() => request.destroy(new Error('timed out')), timeoutMs)
        const fail = (error: Error) => {
          clearTimeout(timer)
          reject(error)
        }
        const request = get(url, { agent: false }, response => {
          response.resume()
          response.on('end', () => {
            clearTimeout(timer)
            resolve(response.statusCode ?? 0)
          })
          response.on('error', fail) // cut off, or timed out
        })
        request.on('error', fail)
      })
  }
}

async function reply(
  request: IncomingMessage,
  response: ServerResponse,
  answer: (request: HttpRequest) => HttpReply | Promise<HttpReply>
): Promise<void> {
  request.resume() // a body is nobody's business here
  const path = (request.url ?? '/').replace(/\?.*$/s, '')
  try {
    const {
      status,
      contentType = 'text/plain; charset=utf-8',
      body
    } = await answer({ method: request.method ?? 'GET', path })
    response.writeHead(status, { 'content-type': contentType, 'content-length': Buffer.byteLength(body) })
    response.end(request.method === 'HEAD' ? undefined : body)
  } catch {
    response.writeHead(500, { 'content-type': 'text/plain; charset=utf-8' })
    response.end('internal error\n')
  }
}
