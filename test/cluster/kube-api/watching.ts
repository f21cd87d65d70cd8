// An ApiSource before the model of an API server, with a clock that stands still until a test moves it.
import { ApiSource, type ApiSourceOptions } from '../../../src/cluster/kube-api/api-source.ts'
import type { ApiConnection } from '../../../src/cluster/kube-api/connection.ts'
import type { ApiObserver } from '../../../src/cluster/kube-api/observer.ts'
import { PLAIN_INDEX } from '../../../src/cluster/index/cluster-index.ts'
import type { ClusterKind, ClusterObject } from '../../../src/cluster/objects.ts'
import type { ClusterSink } from '../../../src/cluster/source.ts'
import type { HttpGets } from '../../../src/runtime/http-gets.ts'
import { systemTurn } from '../../../src/runtime/turn.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { memoryLog, type MemoryLog } from '../../support/memory-log.ts'
import { ModelApi, type RawObject } from './model-api.ts'

export const BASE = new URL('https://10.96.0.1:443')

/** Counts, by what they count: `relisted services gone`. */
export class Counts implements ApiObserver {
  readonly counts = new Map<string, number>()
  readonly latencies: string[] = []
  readonly relisted = (...words: string[]) => this.#add('relisted', ...words)
  readonly event = (...words: string[]) => this.#add('event', ...words)
  readonly ignored = (...words: string[]) => this.#add('ignored', ...words)
  readonly requestFailed = (...words: string[]) => this.#add('failed', ...words)

  readonly requested = (host: string, status: number) => this.#add('requested', host, String(status))
  readonly took: string[] = []

  requestTook(host: string, seconds: number): void {
    this.took.push(`${host} ${seconds}`)
  }

  repaired(resource: string, count: number): void {
    for (let at = 0; at < count; at++) this.#add('repaired', resource)
  }

  programmed(kind: string, seconds: number): void {
    this.latencies.push(`${kind} ${seconds}`)
  }

  of(words: string): number {
    return this.counts.get(words) ?? 0
  }

  #add(...words: string[]): void {
    const key = words.join(' ')
    this.counts.set(key, this.of(key) + 1)
  }
}

/** Holds what a sink is told, and notes whether it was ever empty after it had been filled. */
export class HeldState implements ClusterSink {
  readonly objects = new Map<string, ClusterObject>()
  syncedTimes = 0
  puts = 0
  removes = 0
  /** The least number of objects since everything was told first. */
  least = Infinity

  put(object: ClusterObject): void {
    this.puts++
    this.objects.set(`${object.kind}/${'namespace' in object ? object.namespace : ''}/${object.name}`, object)
  }

  remove(kind: ClusterKind, namespace: string, name: string): void {
    this.removes++
    this.objects.delete(`${kind}/${namespace}/${name}`)
    if (this.syncedTimes > 0) this.least = Math.min(this.least, this.objects.size)
  }

  synced(): void {
    this.syncedTimes++
  }

  /** `default/web`, of one kind. */
  names(kind: ClusterKind): string[] {
    return [...this.objects.values()]
      .filter(object => object.kind === kind)
      .map(object => ('namespace' in object ? `${object.namespace}/${object.name}` : object.name))
      .sort()
  }
}

export interface Watching {
  readonly api: ModelApi
  readonly source: ApiSource
  readonly state: HeldState
  readonly clock: FakeClock
  readonly counts: Counts
  readonly log: MemoryLog
  /** Whether `start` has settled. */
  readonly isStarted: () => boolean
  /** Lets time pass, and everything happen that falls into it. */
  pass(ms: number, stepMs?: number): Promise<void>
}

export interface WatchingOptions extends Partial<
  Pick<ApiSourceOptions, 'needs' | 'consistencyMs' | 'initial'>
> {
  readonly api?: ModelApi
  readonly gets?: HttpGets
  readonly connection?: Partial<ApiConnection>
  readonly version?: string
}

/** Starts watching. What the model holds then is told once `pass` was called. */
export function watching(
  t: { teardown(task: () => unknown): unknown },
  { api = new ModelApi(), gets = api, connection = {}, ...options }: WatchingOptions = {}
): Watching {
  const clock = new FakeClock()
  const counts = new Counts()
  const log = memoryLog()
  let random = 0
  const source = new ApiSource({
    connection: {
      base: BASE,
      name: 'test',
      credentials: () => Promise.resolve({ headers: { authorization: 'Bearer T' }, tls: {} }),
      ...connection
    },
    needs: PLAIN_INDEX,
    runtime: {
      clock,
      log,
      gets,
      // Not the same number each time, and the same ones in each run.
      random: { integer: limit => (random = (random * 31 + 17) % 1009) % limit },
      nextTurn: systemTurn
    },
    version: '1.2.3',
    observer: counts,
    consistencyMs: 0,
    ...options
  })
  const state = new HeldState()
  source.subscribe(state)
  let started = false
  void source.start().then(() => (started = true))
  t.teardown(() => source.close())
  return {
    api,
    source,
    state,
    clock,
    counts,
    log,
    isStarted: () => started,
    async pass(ms, stepMs = 100) {
      await settle()
      for (let left = ms; left > 0; left -= stepMs) {
        clock.advance(Math.min(left, stepMs))
        await settle()
      }
    }
  }
}

/** Everything that is under way goes on until it waits for time. */
async function settle(): Promise<void> {
  for (let at = 0; at < 6; at++) await new Promise(resolve => setImmediate(resolve))
}

export function service(name: string, ip = '10.96.0.10', more: Record<string, unknown> = {}): RawObject {
  return {
    kind: 'Service',
    metadata: { namespace: 'default', name },
    spec: {
      type: 'ClusterIP',
      clusterIP: ip,
      clusterIPs: [ip],
      ports: [{ name: 'http', port: 80, protocol: 'TCP' }]
    },
    ...more
  }
}

export function slice(name: string, serviceName: string, ip = '10.1.0.1', lastChange?: string): RawObject {
  return {
    kind: 'EndpointSlice',
    metadata: {
      namespace: 'default',
      name,
      labels: { 'kubernetes.io/service-name': serviceName },
      ...(lastChange === undefined
        ? {}
        : { annotations: { 'endpoints.kubernetes.io/last-change-trigger-time': lastChange } })
    },
    addressType: 'IPv4',
    ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
    endpoints: [{ addresses: [ip], conditions: { ready: true } }]
  }
}

export const namespace = (name: string): RawObject => ({ kind: 'Namespace', metadata: { name } })
