// An API server in memory, as far as lists and watches go, and everything that can go wrong with it on demand. It
// behaves as kubernetes-api.md §4.2 measured: versions are global, ends are silent, a forgotten version is an ERROR event.
import type { GetRequest, GetResponse, HttpGets } from '../../../src/runtime/http-gets.ts'

export interface RawObject {
  readonly kind: string
  readonly metadata: {
    readonly name: string
    readonly namespace?: string
    readonly labels?: Readonly<Record<string, string>>
    readonly resourceVersion?: string
    readonly [key: string]: unknown
  }
  readonly [key: string]: unknown
}

interface Change {
  readonly version: number
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'
  readonly object: RawObject
}

/** What a test answers in the model's place; an Error is what the socket says. */
export type Reply = Error | { status: number; headers?: Record<string, string>; body: string | Pipe }

const PLURALS: Readonly<Record<string, string>> = {
  Namespace: 'namespaces',
  Service: 'services',
  EndpointSlice: 'endpointslices',
  Pod: 'pods',
  ServiceImport: 'serviceimports'
}

/** A body that a test writes while it is read. */
export class Pipe {
  readonly #chunks: Buffer[] = []
  #error: Error | undefined
  #isEnded = false
  #wake: () => void = () => undefined

  write(text: string | Buffer): void {
    this.#chunks.push(typeof text === 'string' ? Buffer.from(text) : text)
    this.#wake()
  }

  end(): void {
    this.#isEnded = true
    this.#wake()
  }

  fail(error: Error): void {
    this.#error ??= error
    this.#wake()
  }

  async *read(): AsyncGenerator<Buffer> {
    for (;;) {
      const chunk = this.#chunks.shift()
      if (chunk !== undefined) yield chunk
      else if (this.#error !== undefined) throw this.#error
      else if (this.#isEnded) return
      else await new Promise<void>(resolve => (this.#wake = resolve))
    }
  }
}

export const reset = () => Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' })
export const refused = () =>
  Object.assign(new Error('connect ECONNREFUSED 10.96.0.1:443'), { code: 'ECONNREFUSED' })

export function status(
  code: number,
  reason: string,
  message: string,
  headers: Record<string, string> = {}
): Reply {
  const body = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, reason, code }
  return {
    status: code,
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body)
  }
}

interface OpenWatch {
  readonly resource: string
  readonly pipe: Pipe
  readonly timeoutSeconds: number
  /** Nothing is sent any more, and nothing says so. */
  isDead: boolean
}

export interface Asked {
  readonly resource: string
  readonly query: Readonly<Record<string, string>>
  readonly headers: Readonly<Record<string, string>>
}

export class ModelApi implements HttpGets {
  readonly asked: Asked[] = []
  /** Answers in the model's place, where it answers at all. */
  intercept: ((asked: Asked) => Reply | undefined) | undefined
  /** Whether a server knows streaming lists. */
  isStreaming = true
  /** What watches are not told, without any sign. */
  loses: ((change: Change) => boolean) | undefined
  version = 10
  #compacted = 0
  readonly #objects = new Map<string, RawObject>()
  #history: Change[] = []
  readonly #watches = new Set<OpenWatch>()

  get watches(): number {
    return this.#watches.size
  }

  lists(resource: string): number {
    return this.asked.filter(one => one.resource === resource && one.query['watch'] === undefined).length
  }

  put(object: RawObject): void {
    const key = keyOf(object)
    this.#change(this.#objects.has(key) ? 'MODIFIED' : 'ADDED', object)
  }

  delete(object: RawObject): void {
    if (this.#objects.has(keyOf(object))) this.#change('DELETED', object)
  }

  /** Names of what there is: `default/web`. */
  names(resource: string): string[] {
    return [...this.#objects.values()]
      .filter(object => PLURALS[object.kind] === resource)
      .map(shortName)
      .sort()
  }

  /** Forgets history: watches go on, old versions are gone. */
  compact(): void {
    this.#compacted = this.version
    this.#history = []
  }

  /** Puts an older state in place, with its version. */
  restore(version: number, objects: readonly RawObject[]): void {
    this.#objects.clear()
    this.#history = []
    this.#compacted = 0
    this.version = version
    for (const object of objects) this.#objects.set(keyOf(object), object)
  }

  /** Ends watches as a server does. */
  endWatches(): void {
    for (const watch of this.#watches) watch.pipe.end()
    this.#watches.clear()
  }

  cutWatches(): void {
    for (const watch of this.#watches) watch.pipe.fail(reset())
    this.#watches.clear()
  }

  /** Open connections deliver nothing from now on. */
  stall(): void {
    for (const watch of this.#watches) watch.isDead = true
  }

  bookmark(): void {
    for (const watch of this.#watches) this.#sendBookmark(watch, false)
  }

  /** Writes octets into all watches of a resource. */
  inject(resource: string, text: string): void {
    for (const watch of this.#watches) if (watch.resource === resource) watch.pipe.write(text)
  }

  get(request: GetRequest): Promise<GetResponse> {
    const { url, headers, signal } = request
    const asked = {
      resource: url.pathname.split('/').at(-1) ?? '',
      query: Object.fromEntries(url.searchParams),
      headers
    }
    this.asked.push(asked)
    const reply = this.intercept?.(asked) ?? this.#answer(asked)
    return new Promise((resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason as Error))
      if (reply instanceof Error) {
        reject(reply)
        return
      }
      const pipe = reply.body instanceof Pipe ? reply.body : new Pipe()
      if (typeof reply.body === 'string') {
        pipe.write(reply.body)
        pipe.end()
      }
      signal.addEventListener('abort', () => {
        pipe.fail(signal.reason as Error)
        for (const watch of this.#watches) if (watch.pipe === pipe) this.#watches.delete(watch)
      })
      resolve({ status: reply.status, headers: reply.headers ?? {}, body: pipe.read() })
    })
  }

  close(): void {
    this.cutWatches()
  }

  #change(type: Change['type'], given: RawObject): void {
    const version = ++this.version
    const object = { ...given, metadata: { ...given.metadata, resourceVersion: String(version) } }
    if (type === 'DELETED') this.#objects.delete(keyOf(given))
    else this.#objects.set(keyOf(given), object)
    const change = { version, type, object }
    this.#history.push(change)
    if (this.loses?.(change) === true) return
    for (const watch of this.#watches) this.#send(watch, change)
  }

  #answer(asked: Asked): Reply {
    return asked.query['watch'] === '1' ? this.#watch(asked) : this.#list(asked)
  }

  #list({ resource, query }: Asked): Reply {
    const { offset = 0, version = this.version } = JSON.parse(query['continue'] ?? '{}') as {
      offset?: number
      version?: number
    }
    if (version < this.#compacted) {
      return status(410, 'Expired', 'The provided continue parameter is too old')
    }
    const all = this.#of(resource)
    const limit = Number(query['limit'] ?? all.length)
    const more = offset + limit < all.length
    const kind = Object.keys(PLURALS).find(one => PLURALS[one] === resource) ?? ''
    return {
      status: 200,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        kind: `${kind}List`,
        apiVersion: 'v1',
        metadata: {
          resourceVersion: String(version),
          ...(more ? { continue: JSON.stringify({ offset: offset + limit, version }) } : {})
        },
        items: all.slice(offset, offset + limit).map(object => ({ ...object, kind: undefined }))
      })
    }
  }

  #watch({ resource, query }: Asked): Reply {
    const isInitial = query['sendInitialEvents'] === 'true'
    if (isInitial && !this.isStreaming) return status(422, 'Invalid', 'sendInitialEvents is forbidden')
    const pipe = new Pipe()
    const watch = { resource, pipe, timeoutSeconds: Number(query['timeoutSeconds']), isDead: false }
    const reply = { status: 200, headers: { 'content-type': 'application/json' }, body: pipe }
    const from = Number(query['resourceVersion'] ?? 0)
    if (!isInitial && from < this.#compacted) {
      const gone = { kind: 'Status', status: 'Failure', reason: 'Expired', message: 'too old', code: 410 }
      pipe.write(`${JSON.stringify({ type: 'ERROR', object: gone })}\n`)
      pipe.end()
      return reply
    }
    this.#watches.add(watch)
    if (isInitial) {
      for (const object of this.#of(resource)) this.#send(watch, { version: 0, type: 'ADDED', object })
      this.#sendBookmark(watch, true)
    } else {
      for (const change of this.#history) {
        if (change.version > from && this.loses?.(change) !== true) this.#send(watch, change)
      }
    }
    return reply
  }

  /** Sorted by namespace and name, as a server's are. */
  #of(resource: string): RawObject[] {
    return [...this.#objects.values()]
      .filter(object => PLURALS[object.kind] === resource)
      .sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1))
  }

  #send(watch: OpenWatch, { type, object }: Change): void {
    if (watch.isDead || PLURALS[object.kind] !== watch.resource) return
    watch.pipe.write(`${JSON.stringify({ type, object })}\n`)
  }

  #sendBookmark(watch: OpenWatch, isEnd: boolean): void {
    if (watch.isDead) return
    const kind = Object.keys(PLURALS).find(one => PLURALS[one] === watch.resource)
    const annotations = isEnd ? { annotations: { 'k8s.io/initial-events-end': 'true' } } : {}
    const object = { kind, metadata: { resourceVersion: String(this.version), ...annotations }, spec: {} }
    watch.pipe.write(`${JSON.stringify({ type: 'BOOKMARK', object })}\n`)
  }
}

const keyOf = ({ kind, metadata: { namespace, name } }: RawObject): string =>
  `${kind}/${namespace ?? ''}/${name}`

export const shortName = ({ metadata: { namespace, name } }: RawObject): string =>
  namespace === undefined ? name : `${namespace}/${name}`
