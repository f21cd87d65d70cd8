// Asks an API server: one GET at a time and its body as it arrives, with credentials, deadlines, and every failure as an
// ApiError (kubernetes-api.md §1, §2, §4.2).
//
// Where the server's address is a name, the system's resolver is asked for it and nobody else: never labdns itself,
// whose answers may depend on this very connection. With an address, as service accounts have it, nothing is asked.
import type { Clock } from '../../runtime/clock.ts'
import type { GetResponse, HttpGets } from '../../runtime/http-gets.ts'
import { ConnectionError } from '../kube-connection/connection-error.ts'
import { ApiError, errorOfSocket, errorOfStatus, htmlError, isHtml, statusOf } from './api-error.ts'
import type { ApiConnection, ApiCredentials } from './connection.ts'
import { NOBODY, type ApiObserver } from './observer.ts'
import { pathOf, type AskedResource } from './resources.ts'
import { certificateFlaw, credentialFlaw } from './credential-flaws.ts'

export interface ClientOptions {
  readonly connection: ApiConnection
  readonly gets: HttpGets
  readonly clock: Clock
  /** Of labdns, for the User-Agent. One that begins with `curl` would be sent indented JSON, twice the size. */
  readonly version: string
  readonly observer?: Pick<ApiObserver, 'requested' | 'requestTook'>
}

/** One GET of a resource's objects. */
export interface Ask {
  readonly resource: AskedResource
  readonly query: Readonly<Record<string, string>>
  /** Gives up, with the signal's reason. */
  readonly signal: AbortSignal
  /** For all of the body of a watch; a list's may take as long as it keeps coming. */
  readonly wholeMs?: number
}

/** Connecting, TLS included: well under the time in which a fault that ended must be over. */
const DIAL_MS = 3000
/** Until the headers are there, connecting and credentials included. */
const LIST_HEADER_MS = 40_000
/** A watch's come at once, before any event (§4.2 row 20). */
const WATCH_HEADER_MS = 10_000
/** Without any octet of a list. */
const IDLE_MS = 20_000
/** What is read of a body that says why there is no list. */
const ERROR_OCTETS_MAX = 64 * 1024
/** A server may ask us to come back this late, and no later. */
const RETRY_AFTER_MS_MAX = 120_000

export class ApiClient {
  readonly #options: ClientOptions
  readonly #observer: Pick<ApiObserver, 'requested' | 'requestTook'>
  /** Label of metrics. */
  readonly #host: string
  /** What was sent last, or is being sent. */
  #sent: ApiCredentials | undefined
  /** They failed last time, so that files are to be read again. */
  #isDoubtful = false

  constructor(options: ClientOptions) {
    const { connection, observer = NOBODY } = options
    this.#options = options
    this.#observer = observer
    this.#host = connection.host ?? connection.base.host
  }

  /** What messages call the server. */
  get server(): string {
    return `the API server ${this.#options.connection.base.origin}`
  }

  /**
   * Settles when a 200 with JSON has begun. Rejects with an ApiError, or the signal's reason; so does reading the body.
   * On a 401 the credentials are renewed and it is asked once more.
   */
  async ask(ask: Ask): Promise<AsyncIterable<Buffer>> {
    try {
      return await this.#askOnce(ask, this.#isDoubtful)
    } catch (error) {
      if (!(error instanceof ApiError) || error.kind !== 'unauthorized') throw error
      return await this.#askOnce(ask, true)
    }
  }

  async #askOnce(ask: Ask, renew: boolean): Promise<AsyncIterable<Buffer>> {
    const { clock } = this.#options
    const deadline = new Deadline(clock, ask.signal)
    const since = clock.now()
    try {
      const headerMs = ask.wholeMs === undefined ? LIST_HEADER_MS : WATCH_HEADER_MS
      deadline.limit(
        headerMs,
        `${this.server} sent no answer for ${ask.resource.name} within ${headerMs / 1000} s`
      )
      const response = await this.#counted(ask, deadline.race(this.#get(ask, renew, deadline.signal)))
      if (response.status !== 200) throw await this.#refusal(ask.resource, response, deadline)
      await this.#checkContent(ask.resource, response, deadline)
      this.#isDoubtful = false
      return this.#body(ask, response, deadline, since)
    } catch (error) {
      this.#took(ask, since)
      throw this.#judged(deadline.fail(error, this.server))
    }
  }

  /** Adds what we know of the credentials, and where they came from. */
  #judged(error: Error): Error {
    if (!(error instanceof ApiError)) return error
    const { connection, clock } = this.#options
    const { kind, status, retryAfterMs, message } = error
    this.#isDoubtful = kind === 'tls' || kind === 'credentials'
    const { origin } = connection
    const from = origin === undefined ? '' : ` (from ${origin})`
    const again = (text: string) => new ApiError(kind, text, status, retryAfterMs)
    switch (kind) {
      case 'unauthorized': {
        const flaw = this.#sent && credentialFlaw(this.#sent, clock.wallMs())
        if (flaw === undefined) return again(`${message}${from}`)
        return again(`${this.server} does not know our credentials (401): ${flaw}${from}`)
      }
      case 'tls':
      case 'closed': {
        const flaw = this.#sent && certificateFlaw(this.#sent.tls.cert, clock.wallMs())
        if (flaw !== undefined) return again(`${message}; ${flaw}${from}`)
        if (kind === 'closed' && connection.base.protocol === 'http:') {
          return again(`${message}; if it speaks HTTPS, its address must begin with https://${from}`)
        }
        return kind === 'tls' ? again(`${message}${from}`) : error
      }
      case 'dial':
      case 'html':
      case 'not-json':
      case 'http-where-https':
        return again(`${message}${from}`)
      default:
        return error
    }
  }

  async #get(ask: Ask, renew: boolean, signal: AbortSignal): Promise<GetResponse> {
    const { connection, gets, version } = this.#options
    let credentials: ApiCredentials
    try {
      credentials = await connection.credentials(renew)
    } catch (error) {
      const text =
        error instanceof ConnectionError
          ? error.sentence
          : error instanceof Error
            ? error.message
            : String(error)
      throw new ApiError('credentials', text)
    }
    this.#sent = credentials
    const url = new URL(connection.base)
    url.pathname = url.pathname.replace(/\/$/, '') + pathOf(ask.resource)
    url.search = new URLSearchParams(ask.query).toString()
    const headers = {
      accept: 'application/json',
      'user-agent': `labdns/${version}`,
      ...credentials.headers
    }
    return gets.get({ url, headers, tls: credentials.tls, dialMs: DIAL_MS, signal })
  }

  /** Counts what became of a request: as Kubernetes' own client does, a status, or an error of any kind. */
  async #counted(ask: Ask, sent: Promise<GetResponse>): Promise<GetResponse> {
    try {
      const response = await sent
      this.#observer.requested(this.#host, response.status)
      return response
    } catch (error) {
      // What we gave up ourselves is no failure.
      if (!ask.signal.aborted) this.#observer.requested(this.#host, 0)
      throw error
    }
  }

  /** A watch takes minutes on purpose: lists alone have a duration. */
  #took(ask: Ask, since: number): void {
    if (ask.wholeMs !== undefined || ask.signal.aborted) return
    this.#observer.requestTook(this.#host, (this.#options.clock.now() - since) / 1000)
  }

  async *#body(ask: Ask, response: GetResponse, deadline: Deadline, since: number): AsyncGenerator<Buffer> {
    const { name } = ask.resource
    if (ask.wholeMs === undefined) {
      deadline.limitIdle(
        IDLE_MS,
        `${this.server} stopped in the middle of ${name}: nothing for ${IDLE_MS / 1000} s`
      )
    } else {
      deadline.limit(
        ask.wholeMs,
        `${this.server} did not end a watch of ${name} in time: the connection is dead`
      )
    }
    let isWhole = false
    try {
      for await (const chunk of response.body) {
        deadline.isIdle = false
        yield asBuffer(chunk)
      }
      deadline.signal.throwIfAborted()
      isWhole = true
    } catch (error) {
      throw deadline.fail(error, this.server)
    } finally {
      this.#took(ask, since)
      deadline.stop()
      // The reader has left: nobody reads on, so the connection goes.
      if (!isWhole) deadline.abort()
    }
  }

  async #refusal(resource: AskedResource, response: GetResponse, deadline: Deadline): Promise<ApiError> {
    const { status, headers } = response
    const text = await deadline.race(readText(response))
    const contentType = headers['content-type'] ?? ''
    return errorOfStatus(status, {
      resource,
      server: this.server,
      said: contentType.startsWith('application/json') ? statusOf(jsonOf(text)) : undefined,
      text,
      contentType,
      location: headers['location'],
      retryAfterMs: this.#retryAfterMs(headers['retry-after'])
    })
  }

  async #checkContent(resource: AskedResource, response: GetResponse, deadline: Deadline): Promise<void> {
    const contentType = response.headers['content-type'] ?? ''
    if (contentType.startsWith('application/json')) return
    const text = await deadline.race(readText(response))
    if (isHtml(contentType, text)) throw htmlError(this.server, response.status)
    throw new ApiError(
      'not-json',
      `${this.server} sent ${contentType === '' ? 'something without a type' : contentType} for ${resource.name}; expected application/json: check the address, and what stands between`
    )
  }

  /** Seconds or a date (RFC 9110 §10.2.3). */
  #retryAfterMs(text: string | undefined): number | undefined {
    if (text === undefined) return undefined
    const ms = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - this.#options.clock.wallMs()
    return Number.isNaN(ms) ? undefined : Math.min(Math.max(ms, 0), RETRY_AFTER_MS_MAX)
  }
}

/** One request's end: its caller's signal, or the limit that holds at the time. */
class Deadline {
  readonly #clock: Clock
  readonly #outer: AbortSignal
  readonly #controller = new AbortController()
  readonly #forget: () => void
  #timer: { cancel(): void } | undefined
  #error: ApiError | undefined
  /** Nothing came since this was last set. */
  isIdle = true

  constructor(clock: Clock, outer: AbortSignal) {
    this.#clock = clock
    this.#outer = outer
    const forward = () => this.#controller.abort(outer.reason)
    if (outer.aborted) forward()
    else outer.addEventListener('abort', forward, { once: true })
    this.#forget = () => outer.removeEventListener('abort', forward)
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  /** From now on `ms`, in place of the limit before. */
  limit(ms: number, message: string): void {
    this.#timer?.cancel()
    this.#timer = this.#clock.after(ms, () => {
      this.#error = new ApiError('silent', message)
      this.#controller.abort(this.#error)
    })
  }

  /** From now on, `ms` to twice as much without anything; a timer for each chunk would cost more than the chunk. */
  limitIdle(ms: number, message: string): void {
    this.#timer?.cancel()
    this.isIdle = true
    this.#timer = this.#clock.after(ms, () => {
      if (this.isIdle) {
        this.#error = new ApiError('silent', message)
        this.#controller.abort(this.#error)
      } else this.limitIdle(ms, message)
    })
  }

  /** What settles first: the promise, or the end. */
  race<T>(promise: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const fail = () => reject(this.signal.reason as Error)
      if (this.signal.aborted) fail()
      this.signal.addEventListener('abort', fail, { once: true })
      const stop = () => this.signal.removeEventListener('abort', fail)
      promise.then(
        value => {
          stop()
          resolve(value)
        },
        (error: unknown) => {
          stop()
          reject(error instanceof Error ? error : new Error(String(error)))
        }
      )
    })
  }

  /** Ends the request, and says what the error means. */
  fail(error: unknown, server: string): Error {
    this.stop()
    this.abort()
    if (this.#error !== undefined) return this.#error
    if (this.#outer.aborted) return this.#outer.reason as Error
    return errorOfSocket(error, server)
  }

  /** No limit holds any more. */
  stop(): void {
    this.#timer?.cancel()
    this.#forget()
  }

  abort(): void {
    this.#controller.abort()
  }
}

async function readText(response: GetResponse): Promise<string> {
  const chunks: Buffer[] = []
  let octets = 0
  for await (const chunk of response.body) {
    chunks.push(asBuffer(chunk))
    octets += chunk.length
    if (octets >= ERROR_OCTETS_MAX) break
  }
  return Buffer.concat(chunks).toString('utf8', 0, ERROR_OCTETS_MAX)
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function asBuffer(octets: Uint8Array): Buffer {
  return Buffer.isBuffer(octets) ? octets : Buffer.from(octets.buffer, octets.byteOffset, octets.byteLength)
}
