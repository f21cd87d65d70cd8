// An API server of real sockets with very little state: one namespace, one Service. A test makes it fail, and well again.
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
const ITEMS: Readonly<Record<string, readonly unknown[]>> = {
  namespaces: [{ metadata: { name: 'default', resourceVersion: '5' } }],
  services: [
    {
      metadata: { name: 'web', namespace: 'default', resourceVersion: '6' },
      spec: { type: 'ClusterIP', clusterIP: '10.96.0.7', clusterIPs: ['10.96.0.7'] }
    }
  ]
}

/** The resource that a request is for. */
export function resourceOf({ url = '' }: http.IncomingMessage): string {
  return new URL(url, 'http://x').pathname.split('/').at(-1) ?? ''
}

/** Lists, and watches in which nothing happens. */
export const well: Responder = (request, response) => {
  const resource = resourceOf(request)
  response.writeHead(200, { 'content-type': 'application/json' })
  response.flushHeaders()
  if (new URL(request.url ?? '', 'http://x').searchParams.has('watch')) return
  const list = { kind: KINDS[resource], metadata: { resourceVersion: '9' }, items: ITEMS[resource] ?? [] }
  response.end(JSON.stringify(list))
}

/** As the API machinery refuses. */
export function refuse(response: http.ServerResponse, code: number, reason: string, message: string): void {
  response.writeHead(code, { 'content-type': 'application/json' })
  response.end(JSON.stringify({ kind: 'Status', status: 'Failure', code, reason, message }))
}

export class WireApi {
  #server: http.Server | undefined
  #port = 0
  respond: Responder = well

  /** On loopback; always the same one, once it was open. */
  get port(): number {
    return this.#port
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
}
