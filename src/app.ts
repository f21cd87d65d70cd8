// Joins a configuration and a runtime into something that serves. The only file that knows every part.
import { ClusterStates, type SourceRequest } from './cluster/cluster-states.ts'
import { withPluginName } from './corefile/dispenser.ts'
import type { Block, Directive } from './corefile/load.ts'
import { CorefileError } from './corefile/position.ts'
import { checkOverlap } from './corefile/server-keys.ts'
import type { Answer } from './dns/answer.ts'
import { linkPlugins, type Eventual, type Example, type Handler, type Plugin } from './dns/plugin.ts'
import { derivedQuery, type ListenerInfo, type Query } from './dns/query.ts'
import { emptyAnswer } from './dns/response.ts'
import { metricsOf, type Metrics } from './metrics/metrics.ts'
import type {
  BlockServer,
  BuildInfo,
  SetupContext,
  Shared,
  StanzaSource,
  StreamLimits
} from './plugins/definition.ts'
import { changesNoAnswer, leftOut, missingPlugin } from './plugins/missing.ts'
import { definitionOf, directives } from './plugins/order.ts'
import { httpEndpointsOf, type EndpointName } from './plugins/http-endpoints.ts'
import type { Runtime } from './runtime/runtime.ts'
import { explainListenError } from './server/listen-error.ts'
import { planListeners, type Moved, type PlannedListener, type ServedBlock } from './server/listener-plan.ts'
import { Responder } from './server/respond.ts'
import { ConnectionTable, connectionsMaxOf } from './server/transport/connection-table.ts'
import { listenPair } from './server/transport/listen-pair.ts'
import { TcpTransport } from './server/transport/tcp.ts'
import type { Transport } from './server/transport/transport.ts'
import { UdpTransport } from './server/transport/udp.ts'
import { ZoneRouter, type QueryFilter } from './server/zone-router.ts'
import type { Name } from './wire/name.ts'
import { Rcode } from './wire/numbers.ts'

export interface AppOptions {
  /** The configuration's server blocks; none: nothing is served. */
  readonly blocks: readonly Block[]
  readonly runtime: Runtime
  readonly build: BuildInfo
  /** `--listen`: every plain-DNS block goes there. */
  readonly listen?: Moved | undefined
  /** The command line, for advice that can be typed. */
  readonly words?: readonly string[]
  /** `--http-base`. */
  readonly httpBase?: number | undefined
  /** `--lenient`: directives that labdns lacks and that change no answer are left out, with a warning. */
  readonly lenient?: boolean
  /** Where a `kubernetes` stanza's state comes from. */
  readonly clusterSource: (stanza: StanzaSource) => SourceRequest
}

/** Where the server can be reached, once it is started. */
export interface Addresses {
  readonly dns: readonly { readonly address: string; readonly port: number; readonly transport: string }[]
  readonly http: Readonly<Record<string, { readonly address: string; readonly port: number }>>
}

const EXAMPLES_MAX = 6

interface Task {
  readonly order: number
  readonly run: () => Promise<void> | void
}

/** One block while it is put together. */
interface BlockUnderWay {
  readonly configured: Block
  readonly plugins: { readonly order: number; readonly plugin: Plugin }[]
  addresses: readonly string[]
  /** Where relative paths start. */
  root: string
  limits: StreamLimits
  view: { readonly name: string; readonly filter: QueryFilter } | undefined
  readonly readinessChecks: Map<string, () => boolean>
}

/** A configuration made ready: `start` opens its sockets, `stop` closes them. */
export class App {
  readonly #options: AppOptions
  readonly #clusters: ClusterStates
  readonly #plugins: Plugin[] = []
  readonly #startup: Task[] = []
  readonly #shutdown: Task[] = []
  readonly #listeners: PlannedListener[]
  readonly #responders: Responder[] = []
  /** Listeners that are open, in the order they were planned, with the label and port they got. */
  readonly #opened: { readonly planned: PlannedListener; readonly label: string; readonly port: number }[] =
    []
  readonly #transports: Transport[] = []
  readonly #connections: ConnectionTable
  readonly #shared: Shared
  readonly #once = new Map<string, unknown>()
  readonly #metrics: Metrics

  /** Sets every plugin up. Throws the CorefileError that CoreDNS would end with. */
  constructor(options: AppOptions) {
    const { runtime } = options
    this.#options = options
    this.#clusters = new ClusterStates(runtime)
    this.#connections = new ConnectionTable({
      clock: runtime.clock,
      nextTurn: runtime.nextTurn,
      connectionsMax: connectionsMaxOf(runtime.files)
    })
    this.#shared = this.#makeShared()
    this.#metrics = metricsOf(this.#shared)
    const blocks = this.#setUp()
    this.#listeners = planListeners(blocks, options.listen, zone =>
      runtime.log
        .own()
        .warn(
          `zone ${zone} stands in two server blocks that --listen puts on one address: the first one answers`
        )
    )
  }

  /** `.:53` and the like: one line for each zone of each listener, as CoreDNS prints them at its start. */
  get zoneLines(): string[] {
    return this.#listeners.flatMap(({ transport, address, port, zones }, i) =>
      [...new Set(zones.map(({ text }) => text))]
        .map(text => {
          const scheme = transport === 'dns' ? '' : `${transport}://`
          return `${scheme}${text}:${this.#opened[i]?.port ?? port}${address === '' ? '' : ` on ${address}`}`
        })
        .sort()
    )
  }

  /**
   * Starts the plugins, waits for cluster state, opens the listeners. Rejects with an error to print when something can't
   * be had; nothing is left open then.
   */
  async start(): Promise<Addresses> {
    const { runtime, blocks } = this.#options
    runtime.showDebug?.(blocks.some(block => block.directives.has('debug')))
    for (const { run } of inOrder(this.#startup)) await run()
    await this.#clusters.start()
    for (const listener of this.#listeners) await this.#listen(listener)
    return {
      dns: this.#transports.map(({ kind, info }) => ({
        address: info.address,
        port: info.port,
        transport: kind
      })),
      http: this.#httpAddresses()
    }
  }

  /** Lets the plugins go in order (health waits its lameduck), then sends what is still being answered and closes. */
  async stop(): Promise<void> {
    for (const { run } of inOrder(this.#shutdown)) await run()
    await Promise.all(this.#transports.map(transport => transport.close()))
    await this.#clusters.close()
  }

  /** Lets go of what set-up made, where nothing is to be started. */
  async discard(): Promise<void> {
    await this.#clusters.close()
  }

  /** Questions about objects that are really there, for whoever wants to try: a name and what it shows. */
  exampleQuestions(): readonly Example[] {
    return this.#plugins.flatMap(plugin => plugin.examples?.() ?? []).slice(0, EXAMPLES_MAX)
  }

  #setUp(): ServedBlock[] {
    const options = this.#options
    const { blocks } = options
    const underWay = blocks.map<BlockUnderWay>(configured => ({
      configured,
      plugins: [],
      addresses: [],
      root: '.',
      limits: {},
      view: undefined,
      readinessChecks: new Map()
    }))
    // Directive by directive over all blocks, as CoreDNS does: the same mistake is found first.
    for (const [order, name] of directives.entries()) {
      for (const block of underWay) {
        const directive = block.configured.directives.get(name)
        if (directive === undefined) continue
        if (definitionOf(name) === undefined && options.lenient === true && changesNoAnswer(name)) {
          options.runtime.log.own().warn(leftOut(directive))
          continue
        }
        const context = this.#context(block, order)
        const plugin = setUpPlugin(directive, context)
        if (plugin === undefined) continue
        block.plugins.push({ order, plugin })
        this.#plugins.push(plugin)
      }
    }
    checkOverlap(
      underWay.flatMap(({ configured, addresses }) =>
        configured.keys.map(key => ({ key, addresses, hasView: configured.directives.has('view') }))
      )
    )
    return underWay.map(({ configured, plugins, addresses, limits, view }) => ({
      block: configured,
      keys: configured.keys,
      addresses,
      limits,
      filter: view?.filter,
      chain: linkChain(plugins.map(({ plugin }) => plugin)),
      opensClasses: configured.directives.has('forward') || configured.directives.has('chaos')
    }))
  }

  #makeShared(): Shared {
    const { runtime, build, httpBase } = this.#options
    return {
      runtime,
      build,
      httpBase,
      clusters: this.#clusters,
      clusterSource: this.#options.clusterSource,
      lookup: (name, qtype, query) => this.#lookup(name, qtype, query),
      once: (key, make) => this.#makeOnce(key, make)
    }
  }

  #context(block: BlockUnderWay, order: number): SetupContext {
    const { configured } = block
    const name = directives[order] as string
    return {
      ...this.#shared,
      keys: configured.keys,
      root: block.root,
      rootAt: folder => void (block.root = folder),
      limitStreams: limits => void (block.limits = { ...block.limits, ...limits }),
      viewAs: (name, filter) => void (block.view = { name, filter }),
      viewName: () => block.view?.name ?? '',
      directives: directives.filter(each => configured.directives.has(each)),
      localAddresses: configured.directives.has('bind') ? [] : this.#ownAddresses(),
      boundTo: block.addresses,
      readinessChecks: block.readinessChecks,
      plugin: wanted => block.plugins.find(({ plugin }) => plugin.name === wanted)?.plugin,
      bindTo: addresses => void (block.addresses = addresses),
      onStartup: run => void this.#startup.push({ order, run }),
      onShutdown: run => void this.#shutdown.push({ order, run }),
      readiness: check => void block.readinessChecks.set(name, check),
      servers: () => this.#serversOf(configured)
    }
  }

  #ownAddresses(): string[] {
    return this.#options.runtime.network.interfaces().flatMap(one => (one.internal ? [] : [one.address]))
  }

  /** Where a block's zones are served: the listeners that its keys ended up on. */
  #serversOf(block: Block): BlockServer[] {
    return this.#opened.flatMap(({ planned, label }) =>
      planned.zones.flatMap(zone => (zone.block === block ? [{ label, zone: zone.text }] : []))
    )
  }

  #httpAddresses(): Addresses['http'] {
    const names: readonly EndpointName[] = ['health', 'ready', 'metrics']
    const endpoints = httpEndpointsOf(this.#shared)
    return Object.fromEntries(
      names.flatMap(name => {
        const [first] = endpoints.where(name)
        return first === undefined ? [] : [[name, { address: first.address, port: first.port }]]
      })
    )
  }

  #makeOnce<T>(key: string, make: () => T): T {
    if (!this.#once.has(key)) this.#once.set(key, make())
    return this.#once.get(key) as T
  }

  async #listen(planned: PlannedListener): Promise<void> {
    const { runtime } = this.#options
    const { address, port, zones, anyClass, limits } = planned
    const named = zones.flatMap(({ name, chain, filter }) =>
      name === undefined ? [] : [[name, chain, filter] as const]
    )
    const responder = new Responder({
      router: new ZoneRouter(named),
      anyClass,
      dropped: (query, rcode) => this.#metrics.countDropped(query, rcode),
      failed: (query, error) => {
        this.#metrics.countPanic()
        const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
        runtime.log.error(`Recovered from panic in server: ${query.questionText}: ${text}`)
      }
    })
    const options = {
      address,
      responder,
      clock: runtime.clock,
      log: runtime.log.own(),
      nextTurn: runtime.nextTurn
    }
    try {
      const { tcp, udp } = await listenPair(
        port,
        actual => new TcpTransport({ ...options, port: actual, table: this.#connections, timeouts: limits }),
        actual => new UdpTransport({ ...options, port: actual })
      )
      this.#transports.push(udp, tcp)
      this.#opened.push({ planned, label: udp.info.label, port: udp.info.port })
      this.#responders.push(responder)
      this.#responderOf.set(udp.info, responder).set(tcp.info, responder)
    } catch (error) {
      throw explainListenError(error, { address, port, words: this.#options.words ?? [] })
    }
  }

  readonly #responderOf = new WeakMap<ListenerInfo, Responder>()

  /** Asks the listener that the query came in on, as a client there would. */
  #lookup(name: Name, qtype: number, query: Query): Eventual<Answer> {
    const responder = this.#responderOf.get(query.listener) ?? this.#responders[0]
    const inner = derivedQuery(query, name, qtype)
    return responder === undefined ? emptyAnswer(inner, Rcode.SERVFAIL) : responder.lookup(inner)
  }
}

function inOrder(tasks: readonly Task[]): Task[] {
  return [...tasks].sort((a, b) => a.order - b.order)
}

function setUpPlugin(directive: Directive, context: SetupContext): Plugin | undefined {
  const { name } = directive
  try {
    const definition = definitionOf(name)
    if (definition === undefined) throw missingPlugin(directive)
    return definition.setup(directive.dispenser(), context)
  } catch (error) {
    throw error instanceof CorefileError ? withPluginName(error, name) : error
  }
}

/** A block without plugins refuses; a chain whose last plugin passes a query on fails it, and says so. */
function linkChain(plugins: readonly Plugin[]): Handler {
  const last = plugins.at(-1)
  if (last === undefined) return { answer: query => emptyAnswer(query, Rcode.REFUSED) }
  const chain = linkPlugins(plugins, {
    answer: query => {
      const answer = emptyAnswer(query, Rcode.SERVFAIL)
      answer.error = new Error(`plugin/${last.name}: no next plugin found`)
      return answer
    }
  })
  const takers = plugins.filter(plugin => plugin.notified !== undefined)
  if (takers.length === 0) return chain
  return {
    answer: query => chain.answer(query),
    notified: query => {
      for (const taker of takers) {
        const answer = taker.notified?.(query)
        if (answer !== undefined) return answer
      }
      return undefined
    }
  }
}
