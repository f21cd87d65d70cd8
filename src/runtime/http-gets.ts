// GET over HTTP and HTTPS with a body that is read as it arrives: what listing and watching an API server takes, as
// something that is handed in.
import {
  Agent as HttpAgent,
  request as httpRequest,
  type ClientRequest,
  type IncomingMessage
} from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import { isDeepStrictEqual } from 'node:util'
import { createGunzip } from 'node:zlib'
import type { TlsMaterial } from './tls-material.ts'

export interface GetRequest {
  /** `http:` or `https:`. A name in it is resolved by the system's resolver, an address by nobody. */
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
  readonly tls: TlsMaterial
  /** How long connecting may take, TLS included, in milliseconds. */
  readonly dialMs: number
  /** Ends the request, and the body's reading, with the signal's reason. */
  readonly signal: AbortSignal
}

export interface GetResponse {
  readonly status: number
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>
  /**
   * The body, unzipped, as it arrives; nothing is read ahead of its reader but what buffers hold. Throws when it is cut
   * off. To be read to its end or left with `break`, which closes the connection.
   */
  readonly body: AsyncIterable<Uint8Array>
}

export interface HttpGets {
  /** Settles when the headers are there. Rejects with the system's error (with `code`), or the signal's reason. */
  get(request: GetRequest): Promise<GetResponse>
  /** Ends idle connections. */
  close(): void
}

/** A dead peer is noticed by the kernel's probes from here on; an idle one is not. */
const KEEP_ALIVE_PROBE_MS = 15_000
const HEADER_OCTETS_MAX = 64 * 1024
/** Of each read of a compressed body; with the usual 16 KiB a list takes a quarter more of the processor. */
const UNZIPPED_OCTETS = 64 * 1024

/** Requests of `node:http` and `node:https` over one agent, which is made anew when the TLS material changes. */
export function systemGets(): HttpGets {
  return new NodeGets()
}

class NodeGets implements HttpGets {
  readonly #plain = new HttpAgent(agentOptions)
  #secure: { readonly tls: TlsMaterial; readonly agent: HttpsAgent } | undefined

  async get(request: GetRequest): Promise<GetResponse> {
    try {
      return await this.#send(request)
    } catch (error) {
      // The server closed a connection that was kept open, while this request was on its way: nothing is wrong yet.
      if (!(error instanceof StaleConnection)) throw error
      return await this.#send(request)
    }
  }

  close(): void {
    this.#plain.destroy()
    this.#secure?.agent.destroy()
    this.#secure = undefined
  }

  #send(request: GetRequest): Promise<GetResponse> {
    const { url, signal, dialMs } = request
    const headers = { ...request.headers, 'accept-encoding': 'gzip' }
    return new Promise((resolve, reject) => {
      signal.throwIfAborted()
      const common = { headers, signal, maxHeaderSize: HEADER_OCTETS_MAX }
      const sent: ClientRequest =
        url.protocol === 'https:'
          ? httpsRequest(url, { ...common, ...request.tls, agent: this.#agent(request.tls) })
          : httpRequest(url, { ...common, agent: this.#plain })
      const stopDial = limitDial(sent, dialMs, url.protocol === 'https:')
      sent.on('response', response => {
        resolve({ status: response.statusCode ?? 0, headers: singles(response), body: bodyOf(response) })
      })
      sent.on('error', (error: NodeJS.ErrnoException) => {
        stopDial()
        // Later errors belong to whoever reads the body; rejecting a settled promise does nothing.
        if (signal.aborted) reject(signal.reason instanceof Error ? signal.reason : error)
        else if (sent.reusedSocket && (error.code === 'ECONNRESET' || error.code === 'EPIPE')) {
          reject(new StaleConnection(error.message, { cause: error }))
        } else reject(error)
      })
      sent.end()
    })
  }

  #agent(tls: TlsMaterial): HttpsAgent {
    if (this.#secure !== undefined && isDeepStrictEqual(this.#secure.tls, tls)) return this.#secure.agent
    if (this.#secure !== undefined) retire(this.#secure.agent)
    const agent = new HttpsAgent({ ...agentOptions, ...tls })
    this.#secure = { tls, agent }
    return agent
  }
}

const agentOptions = { keepAlive: true, keepAliveMsecs: KEEP_ALIVE_PROBE_MS, noDelay: true }

class StaleConnection extends Error {}

/** Requests under way keep their sockets; idle ones have the old material and go. */
function retire(agent: HttpsAgent): void {
  agent.maxFreeSockets = 0
  for (const sockets of Object.values(agent.freeSockets)) for (const socket of sockets ?? []) socket.destroy()
}

/** Ends a request whose connection is not there in time; a system's own limit is two minutes. */
function limitDial(sent: ClientRequest, dialMs: number, isSecure: boolean): () => void {
  let timer: NodeJS.Timeout | undefined
  const stop = () => clearTimeout(timer)
  sent.on('socket', socket => {
    if (sent.reusedSocket) return
    timer = setTimeout(() => {
      sent.destroy(Object.assign(new Error(`no connection within ${dialMs} ms`), { code: 'ETIMEDOUT' }))
    }, dialMs)
    socket.setKeepAlive(true, KEEP_ALIVE_PROBE_MS)
    socket.once(isSecure ? 'secureConnect' : 'connect', stop)
    socket.once('close', stop)
  })
  return stop
}

function singles(response: IncomingMessage): Record<string, string | undefined> {
  return Object.fromEntries(
    Object.entries(response.headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(', ') : value
    ])
  )
}

async function* bodyOf(response: IncomingMessage): AsyncIterable<Uint8Array> {
  const isZipped = response.headers['content-encoding'] === 'gzip'
  if (!isZipped) {
    yield* response as AsyncIterable<Buffer>
    return
  }
  const unzipped = createGunzip({ chunkSize: UNZIPPED_OCTETS })
  response.on('error', error => unzipped.destroy(error))
  response.pipe(unzipped)
  try {
    yield* unzipped as AsyncIterable<Buffer>
  } finally {
    unzipped.destroy()
    // What is left unread would hold the connection for ever.
    if (!response.complete) response.destroy()
  }
}
