// Joins a configuration and a runtime into something that serves, and exchanges the configuration while it serves.
import { Generation, type GenerationOptions } from './app/generation.ts'
import { apiMetrics } from './app/api-metrics.ts'
import { Listeners, type Telling } from './app/listeners.ts'
import { addOwnGauges } from './app/own-gauges.ts'
import { ClusterStates, type ClusterLease } from './cluster/cluster-states.ts'
import { SnapshotFile } from './cluster/snapshot/snapshot-file.ts'
import type { Block } from './corefile/load.ts'
import type { Position } from './corefile/position.ts'
import { zoneWarning } from './corefile/server-keys.ts'
import type { Answer } from './dns/answer.ts'
import type { Eventual, Example } from './dns/plugin.ts'
import type { Peer, TransportKind } from './dns/query.ts'
import type { Metrics } from './metrics/metrics.ts'
import { metricsOf } from './metrics/metrics.ts'
import type { ReloadTimes } from './plugins/definition.ts'
import { httpEndpointsOf, type EndpointName } from './plugins/http-endpoints.ts'
import { loadPlugins, type Plugins } from './plugins/order.ts'
import type { Kubernetes } from './plugins/kubernetes/kubernetes.ts'
import type { Response } from './server/transport/transport.ts'
import type { Name } from './wire/name.ts'

export interface AppOptions extends GenerationOptions {
  /** The configuration's server blocks; none: nothing is served. */
  readonly blocks: readonly Block[]
  /** The command line, for advice that can be typed. */
  readonly words?: readonly string[]
  /** A file that keeps the last state of API servers; undefined: none does. */
  readonly snapshot?: string | undefined
}

/** Where the server can be reached, once it is started. */
export interface Addresses {
  readonly dns: readonly { readonly address: string; readonly port: number; readonly transport: string }[]
  readonly http: Readonly<Record<string, { readonly address: string; readonly port: number }>>
}

/** A `kubernetes` stanza, and how to ask the server block that it stands in, as a client over TCP would. */
export interface Stanza {
  readonly plugin: Kubernetes
  /** Where it begins in the Corefile. */
  readonly at: Position
  ask(name: Name, qtype: number): Eventual<Answer>
}

const EXAMPLES_MAX = 6

/** A configuration, and what it has of the cluster. */
interface Underway {
  readonly generation: Generation
  readonly lease: ClusterLease
}

/** A configuration made ready: `start` opens its sockets, `reload` puts another one in its place, `stop` closes them. */
export class App {
  readonly #options: AppOptions
  readonly #clusters: ClusterStates
  readonly #listeners: Listeners
  #current: Underway
  /** What a reload has set up and not put into service yet. */
  #next: Underway | undefined
  /** The last reload, settled or not. */
  #reloading: Promise<void> = Promise.resolve()
  #isStopped = false

  /** Loads the plugins that are named and sets them up. Rejects with the CorefileError that CoreDNS would end with. */
  static async create(options: AppOptions): Promise<App> {
    return new App(options, await pluginsOf(options.blocks))
  }

  private constructor(options: AppOptions, plugins: Plugins) {
    const { runtime, words = [] } = options
    this.#options = options
    this.#clusters = new ClusterStates(
      runtime,
      apiMetrics(() => this.#metrics()),
      options.snapshot === undefined ? undefined : new SnapshotFile(options.snapshot, runtime)
    )
    let metrics: Metrics | undefined
    this.#listeners = new Listeners({ runtime, words, metrics: () => (metrics ??= this.#metrics()) })
    this.#current = this.#make(options.blocks, plugins, undefined)
    addOwnGauges(this.#metrics(), this.#clusters, this.#listeners, runtime)
  }

  /** `.:53` and the like: one line for each zone of each listener, as CoreDNS prints them at its start. */
  get zoneLines(): string[] {
    return this.#current.generation.listeners.flatMap(planned => {
      const scheme = planned.transport === 'dns' ? '' : `${planned.transport}://`
      const where = `${this.#listeners.portOf(planned)}${planned.address === '' ? '' : ` on ${planned.address}`}`
      // Blocks with views share a zone.
      const zones = new Set(planned.zones.map(({ text }) => text))
      return [...zones]
        .map(zone => ({ line: `${scheme}${zone}:${where}`, warning: zoneWarning(zone) }))
        .sort((a, b) => (a.line < b.line ? -1 : 1))
        .flatMap(({ line, warning }) => (warning === undefined ? [line] : [warning, line]))
    })
  }

  /** The plugins of a block that a query passes, in order. */
  chainOf(block: Block): readonly string[] {
    return this.#current.generation.chains.get(block) ?? []
  }

  /** How often the configuration wants its file looked at (*reload*); undefined: not at all. */
  get reloadTimes(): ReloadTimes | undefined {
    return this.#current.generation.reloadTimes
  }

  /** What everything is counted in. */
  get metrics(): Metrics {
    return this.#metrics()
  }

  /**
   * Starts the plugins, loads manifests, opens the listeners; the state of an API server comes later (`clusterArrival`).
   * Rejects with an error to print when something can't be had; nothing is left open then.
   */
  async start(): Promise<Addresses> {
    const { generation, lease } = this.#current
    try {
      await generation.start()
      await lease.start()
      await this.#listeners.open(generation.listeners)
    } catch (error) {
      await this.#listeners.closeAllBut([])
      await this.#abandon(generation, lease)
      throw error
    }
    generation.serve()
    return { dns: this.#listeners.addresses(), http: this.#httpAddresses() }
  }

  /** Whether `stop` was called. */
  get isStopped(): boolean {
    return this.#isStopped
  }

  /** Settles when the state of the cluster is there, `startup_timeout` is over, or the server stops. */
  clusterArrival(): Promise<void> {
    return this.#current.lease.arrival()
  }

  /**
   * As `start`, without listeners: what it settles with answers messages that somebody else took in, as the first listener
   * of the configuration would. Reloads don't change that.
   */
  async startWithin(): Promise<(wire: Buffer, transport: TransportKind, peer: Peer) => Eventual<Response>> {
    const { generation, lease } = this.#current
    const [first] = generation.listeners
    if (first === undefined) throw new Error('the configuration has no server block')
    try {
      await generation.start()
      await lease.start()
      await lease.arrival()
    } catch (error) {
      await this.#abandon(generation, lease)
      throw error
    }
    return this.#listeners.handedIn(first)
  }

  /**
   * As `startWithin`, and tells of each query who answered it and why. The configuration is to have `explains`. Also gives
   * the `kubernetes` stanzas, which know what names may have been meant.
   */
  async startTelling(): Promise<{ readonly tell: Telling; readonly clusters: readonly Kubernetes[] }> {
    await this.startWithin()
    const { generation } = this.#current
    const [first] = generation.listeners
    if (first === undefined) throw new Error('the configuration has no server block')
    return {
      tell: this.#listeners.telling(first),
      clusters: generation.stanzas.map(({ plugin }) => plugin)
    }
  }

  /**
   * Puts another configuration in the place of this one. It is set up and started whole, its new listeners are opened;
   * then all queries go to it at once, and the old one ends. Throws or rejects when anything of that fails: the old one
   * then serves as before.
   */
  reload(blocks: readonly Block[]): Promise<void> {
    const reloading = this.#reloading.then(() => this.#exchange(blocks))
    this.#reloading = reloading.catch(() => undefined)
    return reloading
  }

  /**
   * Lets the plugins go in order (health waits its lameduck), then sends what is still being answered and closes. Nothing
   * waits for the state of the cluster any more, a reload neither: it fails.
   */
  async stop(): Promise<void> {
    this.#isStopped = true
    this.#current.lease.giveUp()
    this.#next?.lease.giveUp()
    await this.#reloading
    const { generation, lease } = this.#current
    await generation.end(true)
    await this.#listeners.closeAllBut([])
    await lease.release()
  }

  /**
   * Loads the state of the cluster, and nothing else: no listener is opened and no plugin started. Settles with the
   * `kubernetes` stanzas, in the order of the blocks, to be asked in process. Rejects when the state can't be had.
   */
  async load(): Promise<readonly Stanza[]> {
    const { generation, lease } = this.#current
    await lease.start()
    await lease.arrival()
    const asks = generation.listeners.map(planned => this.#listeners.inProcess(planned))
    return generation.stanzas.flatMap(({ plugin, block, at }) => {
      const found = generation.listeners.findIndex(({ zones }) => zones.some(zone => zone.block === block))
      const ask = asks[found]
      return ask === undefined ? [] : [{ plugin, at, ask }]
    })
  }

  /** Lets go of what set-up made, where nothing is to be started. */
  async discard(): Promise<void> {
    this.#current.generation.kept.abandon()
    await this.#current.lease.release()
  }

  /** Questions about objects that are really there, for whoever wants to try: a name and what it shows. */
  exampleQuestions(): readonly Example[] {
    return this.#current.generation.plugins
      .flatMap(plugin => plugin.examples?.() ?? [])
      .slice(0, EXAMPLES_MAX)
  }

  async #exchange(blocks: readonly Block[]): Promise<void> {
    this.#refuseWhenStopped()
    const plugins = await pluginsOf(blocks)
    const previous = this.#current
    const next = this.#make(blocks, plugins, previous.generation)
    this.#next = next
    try {
      await next.generation.start()
      await next.lease.start()
      this.#refuseWhenStopped()
      // The one that serves goes on serving meanwhile.
      await next.lease.arrival()
      this.#refuseWhenStopped()
      await this.#listeners.open(next.generation.listeners)
    } catch (error) {
      await this.#listeners.closeAllBut(previous.generation.listeners)
      await this.#abandon(next.generation, next.lease)
      throw error
    } finally {
      this.#next = undefined
    }
    this.#current = next
    this.#listeners.switchTo(next.generation.listeners)
    // What still waits for the state of the old one would wait for its own `startup_timeout`.
    previous.lease.giveUp()
    next.generation.kept.settle()
    next.generation.serve()
    await previous.generation.end(false)
    await this.#listeners.closeAllBut(next.generation.listeners)
    await previous.lease.release()
  }

  #refuseWhenStopped(): void {
    if (this.#isStopped) throw new Error('the server is stopping')
  }

  async #abandon(generation: Generation, lease: ClusterLease): Promise<void> {
    await generation.end(false)
    generation.kept.abandon()
    await lease.release()
  }

  #make(blocks: readonly Block[], plugins: Plugins, previous: Generation | undefined): Underway {
    const lease = this.#clusters.lease()
    const host = {
      lease,
      lookup: this.#listeners.lookup.bind(this.#listeners),
      infoOf: this.#listeners.infoOf.bind(this.#listeners),
      answered: this.#listeners.answered
    }
    try {
      const generation = new Generation(blocks, plugins, this.#options, host, previous)
      // What was counted outlives a configuration in which nothing counts.
      metricsOf(generation.shared)
      return { generation, lease }
    } catch (error) {
      void lease.release()
      throw error
    }
  }

  #metrics(): Metrics {
    return metricsOf(this.#current.generation.shared)
  }

  #httpAddresses(): Addresses['http'] {
    const names: readonly EndpointName[] = ['health', 'ready', 'metrics']
    const endpoints = httpEndpointsOf(this.#current.generation.shared)
    return Object.fromEntries(
      names.flatMap(name => {
        const [first] = endpoints.where(name)
        return first === undefined ? [] : [[name, { address: first.address, port: first.port }]]
      })
    )
  }
}

const pluginsOf = (blocks: readonly Block[]): Promise<Plugins> =>
  loadPlugins(blocks.flatMap(({ directives }) => [...directives.keys()]))
