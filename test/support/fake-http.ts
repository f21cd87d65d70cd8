// HTTP listeners without sockets: a test asks them directly.
import type { Http, HttpListener, HttpReply, HttpRequest } from '../../src/runtime/http.ts'

export class FakeHttp implements Http {
  /** Open listeners by `address:port`; port 0 becomes 30000, 30001, … */
  readonly listeners = new Map<string, (request: HttpRequest) => HttpReply | Promise<HttpReply>>()
  /** Errors that listening on an `address:port` gives. */
  readonly failures = new Map<string, NodeJS.ErrnoException>()
  /** What `get` does; 200 by default. */
  getStatus: (url: string) => Promise<number> = () => Promise.resolve(200)
  readonly gets: string[] = []
  #nextPort = 30_000

  listen(
    address: string,
    port: number,
    answer: (request: HttpRequest) => HttpReply | Promise<HttpReply>
  ): Promise<HttpListener> {
    const at = port === 0 ? this.#nextPort++ : port
    const key = `${address}:${at}`
    const failure = this.failures.get(key)
    if (failure !== undefined) return Promise.reject(failure)
    if (this.listeners.has(key)) return Promise.reject(inUse(key))
    this.listeners.set(key, answer)
    return Promise.resolve({
      address,
      port: at,
      close: () => {
        this.listeners.delete(key)
        return Promise.resolve()
      }
    })
  }

  get(url: string): Promise<number> {
    this.gets.push(url)
    return this.getStatus(url)
  }

  /** `STATUS body`, or `refused` when nobody listens. */
  async ask(key: string, path: string, method = 'GET'): Promise<string> {
    const answer = this.listeners.get(key)
    if (answer === undefined) return 'refused'
    const reply = await answer({ method, path })
    return `${reply.status} ${reply.body}`
  }
}

export const inUse = (key: string): NodeJS.ErrnoException =>
  Object.assign(new Error(`listen EADDRINUSE: address already in use ${key}`), { code: 'EADDRINUSE' })
