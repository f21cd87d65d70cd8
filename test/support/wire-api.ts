// An API server of real sockets with very little state: one namespace, one Service, and what a test adds. A test makes it
// fail, and well again.
import http from 'node:http'
import https from 'node:https'
import type { AddressInfo } from 'node:net'

export type Responder = (request: http.IncomingMessage, response: http.ServerResponse) => void

const KINDS: Readonly<Record<string, string>> = {
  namespaces: 'NamespaceList',
  services: 'ServiceList',
  endpointslices: 'EndpointSliceList',
  pods: 'PodList'
}
/** Of the state at the beginning. */
const FIRST_VERSION = 9

/** The resource that a request is for. */
export function resourceOf({ url = '' }: http.IncomingMessage): string {
  return new URL(url, 'http://x').pathname.split('/').at(-1) ?? ''
}

/** As the API machinery refuses. */
export function refuse(response: http.ServerResponse, code: number, reason: string, message: string): void {
  response.writeHead(code, { 'content-type': 'application/json' })
  response.end(JSON.stringify({ kind: 'Status', status: 'Failure', code, reason, message }))
}

const service = (name: string, ip: string, version: number) => ({
  metadata: { name, namespace: 'default', resourceVersion: String(version) },
  spec: { type: 'ClusterIP', clusterIP: ip, clusterIPs: [ip] }
})

export class WireApi {
  #server: http.Server | undefined
  #port = 0
  #version = FIRST_VERSION
  readonly #namespaces = [{ metadata: { name: 'default', resourceVersion: '5' } }]
  readonly #services = [service('web', '10.96.0.7', 6)]
  /** Lines of a watch of Services, by the version that they lead to. */
  readonly #events: { readonly version: number; readonly line: string }[] = []
  readonly #watches = new Map<http.ServerResponse, string>()
  respond: Responder = (request, response) => this.well(request, response)

  /** On loopback; always the same one, once it was open. */
  get port(): number {
    return this.#port
  }

  /** What is being watched, once for each watch. */
  get watched(): readonly string[] {
    return [...this.#watches.values()].sort()
  }

  /** Open ones, idle ones too. */
  async connections(): Promise<number> {
    const server = this.#server
    if (server === undefined) return 0
    return new Promise((resolve, reject) => {
      server.getConnections((error, count) => {
        if (error === null) resolve(count)
        else reject(error)
      })
    })
  }

  /** Listens, with TLS where options are given. */
  async open(tls?: https.ServerOptions): Promise<void> {
    const answer: Responder = (request, response) => this.respond(request, response)
    const server = tls === undefined ? http.createServer(answer) : https.createServer(tls, answer)
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(this.#port, '127.0.0.1', resolve)
    })
    this.#server = server
    this.#port = (server.address() as AddressInfo).port
  }

  /** With every connection. */
  async close(): Promise<void> {
    const server = this.#server
    this.#server = undefined
    if (server === undefined) return
    const closed = new Promise(resolve => server.close(resolve))
    server.closeAllConnections()
    await closed
  }

  dropConnections(): void {
    this.#server?.closeAllConnections()
  }

  /** Cuts every connection, and has another certificate for the next ones. */
  showInstead(tls: https.ServerOptions): void {
    const server = this.#server
    if (!(server instanceof https.Server)) throw new Error('it does not speak TLS')
    server.setSecureContext(tls)
    server.closeAllConnections()
  }

  /** Ends every watch as a server does whose time for it is over. */
  endWatches(): void {
    for (const response of this.#watches.keys()) response.end()
  }

  /** A Service comes to be, in the namespace `default`. */
  add(name: string, ip: string): void {
    const version = ++this.#version
    const object = service(name, ip, version)
    this.#services.push(object)
    const event = { version, line: `${JSON.stringify({ type: 'ADDED', object })}\n` }
    this.#events.push(event)
    for (const [response, resource] of this.#watches) if (resource === 'services') response.write(event.line)
  }

  /** Lists, and watches from a version on. */
  well(request: http.IncomingMessage, response: http.ServerResponse): void {
    const resource = resourceOf(request)
    const { searchParams } = new URL(request.url ?? '', 'http://x')
    response.writeHead(200, { 'content-type': 'application/json' })
    response.flushHeaders()
    if (searchParams.has('watch')) {
      this.#watch(resource, Number(searchParams.get('resourceVersion')), response)
      return
    }
    const metadata = { resourceVersion: String(this.#version) }
    const objects: Readonly<Record<string, readonly unknown[]>> = {
      namespaces: this.#namespaces,
      services: this.#services
    }
    const items = objects[resource] ?? []
    response.end(JSON.stringify({ kind: KINDS[resource], metadata, items }))
  }

  #watch(resource: string, from: number, response: http.ServerResponse): void {
    if (resource === 'services')
      for (const { version, line } of this.#events) if (version > from) response.write(line)
    this.#watches.set(response, resource)
    response.on('close', () => this.#watches.delete(response))
  }
}
