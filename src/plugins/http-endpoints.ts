// The HTTP addresses of *health*, *ready* and *prometheus*. Each listens where its line says; those that name the same
// address share one listener, so that no path is lost, whichever block or plugin comes first.
import { splitHostPort } from '../corefile/addresses.ts'
import type { Dispenser } from '../corefile/dispenser.ts'
import type { Http, HttpListener, HttpReply, HttpRequest } from '../runtime/http.ts'
import type { Shared } from './definition.ts'

export type EndpointName = 'health' | 'ready' | 'metrics'

/** Where `--http-base` moves each: to that port, the next, and the one after. */
const OFFSETS: Readonly<Record<EndpointName, number>> = { health: 0, ready: 1, metrics: 2 }

export const NOT_FOUND: HttpReply = { status: 404, body: '404 page not found\n' }

type AnswerHttp = (request: HttpRequest) => HttpReply | Promise<HttpReply>

/** An address as its line says it. */
export interface EndpointAddress {
  readonly text: string
  readonly host: string
  readonly port: string
}

/** Reads `ADDRESS:PORT`. Throws CoreDNS's text: `address nohost: missing port in address`. */
export function endpointAddress(c: Dispenser, text: string): EndpointAddress {
  const split = splitHostPort(text)
  if (split.error !== undefined)
    throw c.bareErr(split.error, `write it as HOST:PORT, or :PORT for every address`)
  return { text, ...split.value }
}

/** A path that is served. */
export interface Endpoint {
  readonly address: string
  readonly port: number
  /** Takes the path away, and closes the listener behind the last one. */
  close(): Promise<void>
}

interface OpenListener {
  /**
   * Who serves a path. The first one answers: while a configuration takes over from another the old one does, until it
   * goes.
   */
  readonly routes: Map<string, AnswerHttp[]>
  readonly listening: Promise<HttpListener>
}

export class HttpEndpoints {
  readonly #http: Http
  readonly #httpBase: number | undefined
  readonly #listeners = new Map<string, OpenListener>()
  readonly #open = new Map<EndpointName, Endpoint[]>()

  constructor(http: Http, httpBase: number | undefined) {
    this.#http = http
    this.#httpBase = httpBase
  }

  /** What is open, for the ready file. */
  where(name: EndpointName): readonly Endpoint[] {
    return this.#open.get(name) ?? []
  }

  /**
   * Serves `path` at an address, or where `--http-base` moves it. Rejects with an Error in Go's words:
   * `listen tcp :8080: bind: address already in use`.
   */
  async open(name: EndpointName, at: EndpointAddress, path: string, answer: AnswerHttp): Promise<Endpoint> {
    const port = this.#portOf(name, at)
    const key = port === 0 ? `${at.host}:0 for ${at.port}` : `${at.host}:${port}`
    let open = this.#listeners.get(key)
    if (open === undefined) {
      const routes: OpenListener['routes'] = new Map()
      const listening = this.#http.listen(
        at.host,
        port,
        request => routes.get(request.path)?.[0]?.(request) ?? NOT_FOUND
      )
      open = { routes, listening }
      this.#listeners.set(key, open)
    }
    const route = open.routes.get(path)
    if (route === undefined) open.routes.set(path, [answer])
    else route.push(answer)
    let listener: HttpListener
    try {
      listener = await open.listening
    } catch (error) {
      this.#listeners.delete(key)
      throw new Error(listenErrorText(error, `${at.host}:${port}`), { cause: error })
    }
    const endpoint = {
      address: listener.address,
      port: listener.port,
      close: () => this.#close(name, endpoint, key, path, answer)
    }
    this.#open.set(name, [...this.where(name), endpoint])
    return endpoint
  }

  async #close(
    name: EndpointName,
    endpoint: Endpoint,
    key: string,
    path: string,
    answer: AnswerHttp
  ): Promise<void> {
    if (!this.where(name).includes(endpoint)) return
    this.#open.set(
      name,
      this.where(name).filter(each => each !== endpoint)
    )
    const open = this.#listeners.get(key)
    const route = open?.routes.get(path)
    if (open === undefined || route === undefined) return
    route.splice(route.indexOf(answer), 1)
    if (route.length > 0) return
    open.routes.delete(path)
    if (open.routes.size > 0) return
    this.#listeners.delete(key)
    await (await open.listening).close()
  }

  #portOf(name: EndpointName, at: EndpointAddress): number {
    if (this.#httpBase !== undefined) return this.#httpBase === 0 ? 0 : this.#httpBase + OFFSETS[name]
    if (at.port === '') return 0
    if (!/^\d+$/.test(at.port)) throw new Error(`listen tcp: lookup tcp/${at.port}: unknown port`)
    const port = Number(at.port)
    if (port > 0xffff) throw new Error(`listen tcp: address ${at.port}: invalid port`)
    return port
  }
}

/** The endpoints of a process. */
export function httpEndpointsOf(shared: Shared): HttpEndpoints {
  return shared.keep('http-endpoints', () => new HttpEndpoints(shared.runtime.http, shared.httpBase))
}

const LISTEN_REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'bind: address already in use',
  EADDRNOTAVAIL: 'bind: cannot assign requested address',
  EACCES: 'bind: permission denied'
}

function listenErrorText(error: unknown, address: string): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  const reason = LISTEN_REASONS[code] ?? (error instanceof Error ? error.message : String(error))
  return `listen tcp ${address}: ${reason}`
}
