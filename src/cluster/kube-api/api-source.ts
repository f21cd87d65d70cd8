// Cluster state from an API server: one reflector for each resource that is needed, one state for all of them.
import type { Clock } from '../../runtime/clock.ts'
import type { HttpGets } from '../../runtime/http-gets.ts'
import type { Log } from '../../runtime/log.ts'
import type { Random } from '../../runtime/random.ts'
import type { NextTurn } from '../../runtime/turn.ts'
import type { IndexOptions } from '../index/cluster-index.ts'
import type { ClusterKind } from '../objects.ts'
import type { ClusterSink, ClusterSource, SourceStatus } from '../source.ts'
import { publicReason } from './api-error.ts'
import { ApiClient } from './client.ts'
import type { ApiConnection } from './connection.ts'
import type { Comparison } from './comparison.ts'
import { Mirror } from './mirror.ts'
import { NOBODY, type ApiObserver } from './observer.ts'
import { Programming } from './programming.ts'
import { Reflector, type ListWay } from './reflector.ts'
import { RESOURCES, type ResourceName } from './resources.ts'
import { Sinks } from './sinks.ts'
import { StateLog } from './state-log.ts'
import { Turns } from './turns.ts'

/** What of the cluster is read, of an index's options. */
export type ApiNeeds = Pick<
  IndexOptions,
  'labels' | 'namespaceLabels' | 'endpoints' | 'pods' | 'multicluster'
>

export interface ApiSourceOptions {
  readonly connection: ApiConnection
  readonly needs: ApiNeeds
  readonly runtime: {
    readonly clock: Clock
    readonly random: Random
    readonly log: Log
    readonly nextTurn: NextTurn
    /** The source's own: closed with it. */
    readonly gets: HttpGets
  }
  /** Of labdns, for the User-Agent. */
  readonly version: string
  readonly observer?: ApiObserver
  /** Between two comparisons with a full list, in milliseconds, at most; 0: never. Default: ten minutes. */
  readonly consistencyMs?: number
  /** How everything is read. Default: `pages`, which measured best. */
  readonly initial?: ListWay
}

export const CONSISTENCY_MS = 600_000

/** Equal text: equal needs, so one source may serve both. */
export function needsKey(needs: ApiNeeds): string {
  const { labels, namespaceLabels, endpoints, pods, multicluster } = needs
  return JSON.stringify([labels?.text ?? '', namespaceLabels?.text ?? '', endpoints, pods, multicluster])
}

interface Watched {
  readonly name: ResourceName
  readonly mirror: Mirror
  readonly reflector: Reflector
  /** When the last list began that was told whole. */
  listedSince: number | undefined
}

/** Objects that are passed over are named in the log so often, for each resource. */
const NAMED_MAX = 10
/** A list that takes longer is told of, when the state before it is in service. */
const SLOW_LIST_MS = 30_000

export class ApiSource implements ClusterSource {
  readonly #options: ApiSourceOptions
  readonly #observer: ApiObserver
  readonly #log: Log
  readonly #client: ApiClient
  readonly #sinks: Sinks
  readonly #programming: Programming
  readonly #watched: readonly Watched[]
  readonly #stateLog: StateLog
  readonly #listeners = new Set<() => void>()
  readonly #isSettled: Promise<void>
  #settle: () => void = () => undefined
  #isStarted = false
  #sinkFailures = 0
  #isSynced = false
  /** When the last of those came who came late. */
  #lateAt = 0

  constructor(options: ApiSourceOptions) {
    const { clock, log, gets } = options.runtime
    this.#options = options
    this.#observer = options.observer ?? NOBODY
    this.#log = log.own()
    this.#client = new ApiClient({
      ...{ connection: options.connection, gets, clock, version: options.version },
      observer: this.#observer
    })
    this.#sinks = new Sinks((kind, error) => this.#sinkFailed(kind, error))
    this.#programming = new Programming(clock, this.#observer, (namespace, name) =>
      this.#watched.some(one => one.name === 'services' && one.mirror.held.get(namespace, name) !== undefined)
    )
    this.#watched = this.#watchedResources()
    this.#stateLog = new StateLog(
      clock,
      this.#log,
      () =>
        this.#watched.map(({ name, reflector: { state } }) => ({
          name,
          problem: state.problem,
          problemSince: state.problemSince
        })),
      () =>
        this.#isSynced
          ? 'the last state stays in service'
          : 'names of the cluster are answered once everything is known'
    )
    this.#isSettled = new Promise(resolve => {
      this.#settle = resolve
    })
  }

  /** A sink that comes when others were told already makes everything be listed again. */
  subscribe(sink: ClusterSink): () => void {
    const isLate = this.#watched.some(({ mirror }) => mirror.held.size > 0)
    this.#sinks.add(sink, isLate || this.#isSynced)
    if (isLate) {
      this.#lateAt = this.#options.runtime.clock.now()
      for (const { reflector } of this.#watched) reflector.relist('subscriber')
    } else if (this.#isSynced) this.#sinks.syncedLate()
    return () => this.#sinks.delete(sink)
  }

  /** Settles when everything was told once, or it is closed. A server that is away is waited for, however long. */
  start(): Promise<void> {
    if (!this.#isStarted) {
      this.#isStarted = true
      for (const { reflector } of this.#watched) reflector.start()
    }
    return this.#isSettled
  }

  async close(): Promise<void> {
    this.#stateLog.close()
    this.#listeners.clear()
    await Promise.all(this.#watched.map(({ reflector }) => reflector.close()))
    this.#options.runtime.gets.close()
    this.#settle()
  }

  /** Of the resource that was confirmed longest ago; undefined until all were. */
  get confirmedAt(): number | undefined {
    let oldest = Infinity
    for (const { reflector } of this.#watched)
      oldest = Math.min(oldest, reflector.state.confirmedAt ?? -Infinity)
    return Number.isFinite(oldest) ? oldest : undefined
  }

  status(): SourceStatus {
    return {
      isSynced: this.#isSynced,
      problems: this.#watched.flatMap(({ name, reflector }) => {
        const problem = this.#problemOf(reflector)
        return problem === undefined ? [] : [`${name}: ${problem}`]
      }),
      reasons: this.#watched.flatMap(({ name, reflector: { state } }) =>
        state.problem === undefined ? [] : [`${name}: ${publicReason(state.problem.kind)}`]
      )
    }
  }

  onStatus(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  #problemOf(reflector: Reflector): string | undefined {
    const now = this.#options.runtime.clock.now()
    const { problem, problemSince, listing, isListed } = reflector.state
    if (problem !== undefined) return `${problem.message} (for ${seconds(now - (problemSince ?? now))})`
    const listedMs = listing === undefined ? 0 : now - listing.since
    if (isListed && listedMs < SLOW_LIST_MS) return undefined
    if (listing === undefined) return 'not asked for yet'
    return `being listed for ${seconds(listedMs)}, ${listing.count} objects so far`
  }

  #watchedResources(): readonly Watched[] {
    const { needs } = this.#options
    const labels = needs.labels?.text
    const namespaceLabels = needs.namespaceLabels?.text
    const watched = [this.#newWatched('namespaces', namespaceLabels), this.#newWatched('services', labels)]
    if (needs.endpoints) watched.push(this.#newWatched('endpointslices', labels))
    if (needs.pods) watched.push(this.#newWatched('pods', labels))
    if (needs.multicluster) watched.push(this.#newWatched('serviceimports', namespaceLabels))
    return watched
  }

  #newWatched(name: ResourceName, labelSelector: string | undefined): Watched {
    const { runtime, consistencyMs = CONSISTENCY_MS, initial = 'pages' } = this.#options
    const { clock, random, nextTurn } = runtime
    const resource = RESOURCES[name]
    let named = 0
    const mirror = new Mirror({
      resource,
      sinks: this.#sinks,
      ignored: (reason, detail) => {
        this.#observer.ignored(name, reason)
        if (detail === undefined || named >= NAMED_MAX) return
        named++
        this.#log.warn(`${name}: ${detail}${named === NAMED_MAX ? '; further ones are only counted' : ''}`)
      },
      inService: (object, isEvent) => {
        if (object.kind === 'Service') this.#programming.note(object)
        else if (object.kind === 'EndpointSlice' && isEvent) this.#programming.observe(object)
      },
      gone: (namespace, objectName) => {
        if (name === 'services') this.#programming.forget(namespace, objectName)
      }
    })
    const entry: Watched = {
      name,
      mirror,
      listedSince: undefined,
      reflector: new Reflector({
        client: this.#client,
        resource,
        selector: labelSelector === undefined ? {} : { labelSelector },
        turns: new Turns(clock, nextTurn),
        name,
        mirror,
        observer: this.#observer,
        clock,
        random,
        consistencyMs,
        initial,
        onState: () => this.#changed(),
        onRepair: found => this.#sayRepair(name, found),
        onReachable: () => {
          for (const { reflector } of this.#watched) reflector.poke()
        },
        onListed: (reason, since) => {
          entry.listedSince = since
          if (reason === 'restored') this.#sayRestored(name)
          this.#listed()
        }
      })
    }
    return entry
  }

  /** One more resource was told whole. */
  #listed(): void {
    const since = this.#watched.map(({ listedSince }) => listedSince ?? -Infinity)
    const oldest = Math.min(...since)
    if (!Number.isFinite(oldest)) return
    if (!this.#isSynced) {
      this.#isSynced = true
      const counts = this.#watched.map(({ name, mirror }) => `${mirror.held.size} ${name}`)
      this.#log.info(`${this.#client.server}: ${counts.join(', ')}`)
      this.#sinks.synced()
      this.#settle()
    }
    if (this.#sinks.hasLatecomers && oldest >= this.#lateAt) this.#sinks.syncedLate()
  }

  #changed(): void {
    this.#stateLog.changed()
    for (const listener of this.#listeners) {
      try {
        listener()
      } catch (error) {
        this.#log.error(`kubernetes API: a listener failed: ${textOf(error)}`)
      }
    }
  }

  #sayRepair(name: ResourceName, { count, examples }: Comparison): void {
    const more = count > examples.length ? ', …' : ''
    this.#log.warn(
      `${name}: the watch had missed ${count} ${count === 1 ? 'change' : 'changes'} (${examples.join(', ')}${more}); a full list made up for it`
    )
  }

  #sayRestored(name: ResourceName): void {
    this.#log.warn(
      `${name}: ${this.#client.server} went back to an older state, as after a restore; that one is served now`
    )
  }

  #sinkFailed(kind: ClusterKind | undefined, error: unknown): void {
    const found = this.#watched.find(({ name }) => RESOURCES[name].kind === kind)
    if (found !== undefined) this.#observer.ignored(found.name, 'sink')
    if (this.#sinkFailures++ < NAMED_MAX)
      this.#log.error(`kubernetes API: a change could not be taken over: ${textOf(error)}`)
  }
}

function seconds(ms: number): string {
  return `${Math.round(ms / 1000)} s`
}

function textOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}
