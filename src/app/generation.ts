// One configuration, set up: its plugins in their chains, what they do when it begins and ends, and where it wants to listen.
import type { ClusterLease, SourceRequest } from '../cluster/cluster-states.ts'
import { withPluginName } from '../corefile/dispenser.ts'
import { blockFingerprint } from '../corefile/fingerprint.ts'
import type { Block, Directive } from '../corefile/load.ts'
import { ERRORS_MAX } from '../corefile/parser.ts'
import { CorefileError, type Position } from '../corefile/position.ts'
import { checkOverlap } from '../corefile/server-keys.ts'
import { linkPlugins, whenReady, type Handler, type Plugin } from '../dns/plugin.ts'
import type { ListenerInfo } from '../dns/query.ts'
import { emptyAnswer } from '../dns/response.ts'
import type {
  BlockServer,
  BuildInfo,
  InternalLookup,
  ReloadTimes,
  SetupContext,
  Shared,
  StanzaSource,
  StreamLimits,
  TlsSettings
} from '../plugins/definition.ts'
import { KeptValues } from '../plugins/kept-values.ts'
import { changesNoAnswer, isServed, leftOut, missingPlugin, missingTransport } from '../plugins/missing.ts'
import { Kubernetes } from '../plugins/kubernetes/kubernetes.ts'
import { directives, isPlugin, type Plugins } from '../plugins/order.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { planListeners, type Moved, type PlannedListener, type ServedBlock } from '../server/listener-plan.ts'
import type { QueryFilter } from '../server/zone-router.ts'
import { Rcode } from '../wire/numbers.ts'

/** What is the same for every configuration of a process. */
export interface GenerationOptions {
  readonly runtime: Runtime
  readonly build: BuildInfo
  readonly httpBase?: number | undefined
  readonly listen?: Moved | undefined
  readonly lenient?: boolean
  /**
   * Takes the mistakes that set-up finds, one for each directive of each block, CoreDNS's first one first; set-up then goes
   * on behind a mistake and throws the first one at its end. Without it the first one is thrown at once.
   */
  readonly mistakes?: CorefileError[]
  readonly clusterSource: (stanza: StanzaSource) => SourceRequest
  /** Nothing is to leave this machine: plugins that ask other servers are left out of the chains, and what they would be asked is refused. */
  readonly offline?: boolean
  /** With `offline`: what these would be asked is asked here instead, of a simulation. */
  readonly beyond?: Handler
  /** Plugins tell why they answer as they do, and who it was. Costs time at every query. */
  readonly explains?: boolean
  /** Ends the process; without it a plugin that asks for that is told of in the log only. */
  readonly end?: (status: number) => void
}

/** Plugins that ask other servers. */
const ASKS_OTHERS: ReadonlySet<string> = new Set(['forward', 'secondary'])

/** What a configuration finds in the process that it becomes a part of. */
export interface GenerationHost {
  readonly lease: ClusterLease
  readonly lookup: InternalLookup
  /** Where a planned listener is, once it is open. */
  infoOf(planned: PlannedListener): ListenerInfo | undefined
  /** Whether any client was answered since the process began. */
  readonly answered: { readonly yet: boolean }
}

interface Task<T> {
  readonly order: number
  readonly run: T
}

/** One block while it is put together. */
interface BlockUnderWay {
  readonly configured: Block
  readonly plugins: Plugin[]
  addresses: readonly string[]
  /** Where relative paths start. */
  root: string
  limits: StreamLimits
  tls: TlsSettings | undefined
  view: { readonly name: string; readonly filter: QueryFilter } | undefined
  readonly readinessChecks: Map<string, () => boolean>
  readonly readinessWords: Map<string, () => readonly string[]>
}

export class Generation {
  readonly listeners: readonly PlannedListener[]
  readonly plugins: Plugin[] = []
  /** The plugins of each block that a query passes, in order. */
  readonly chains = new Map<Block, readonly string[]>()
  /** Every `kubernetes` stanza, and where it stands. */
  readonly stanzas: { readonly plugin: Kubernetes; readonly block: Block; readonly at: Position }[] = []
  readonly kept: KeptValues
  readonly shared: Shared
  /** What `reload` asked for; undefined: nothing. */
  reloadTimes: ReloadTimes | undefined
  readonly #blocks: readonly Block[]
  readonly #plugins: Plugins
  readonly #options: GenerationOptions
  readonly #host: GenerationHost
  readonly #startup: Task<() => Promise<void> | void>[] = []
  readonly #shutdown: Task<(isFinal: boolean) => Promise<void> | void>[] = []
  readonly #serving: (() => void)[] = []
  readonly #once = new Map<string, unknown>()

  /** Sets every plugin up, which must be among `plugins`. Throws the CorefileError that CoreDNS would end with. */
  constructor(
    blocks: readonly Block[],
    plugins: Plugins,
    options: GenerationOptions,
    host: GenerationHost,
    previous: Generation | undefined
  ) {
    this.#blocks = blocks
    this.#plugins = plugins
    this.#options = options
    this.#host = host
    this.kept = new KeptValues(previous?.kept)
    this.shared = this.#makeShared()
    const served = this.#setUp()
    this.listeners = planListeners(served, options.listen, zone =>
      options.runtime.log
        .own()
        .warn(
          `zone ${zone} stands in two server blocks that --listen puts on one address: the first one answers`
        )
    )
  }

  /** Runs what plugins do before listeners open, in their order. Rejects when one can't begin. */
  async start(): Promise<void> {
    this.#options.runtime.showDebug?.(this.#blocks.some(block => block.directives.has('debug')))
    for (const { run } of inOrder(this.#startup)) await run()
  }

  /** Runs what plugins do once everything is answered by this configuration. */
  serve(): void {
    for (const run of this.#serving) run()
  }

  /** Runs what plugins do at the end. `isFinal`: the process ends too (health waits its lameduck then). */
  async end(isFinal: boolean): Promise<void> {
    for (const { run } of inOrder(this.#shutdown)) await run(isFinal)
  }

  #setUp(): ServedBlock[] {
    const options = this.#options
    const underWay = this.#blocks.map<BlockUnderWay>(configured => ({
      configured,
      plugins: [],
      addresses: [],
      root: '',
      limits: {},
      tls: undefined,
      view: undefined,
      readinessChecks: new Map(),
      readinessWords: new Map()
    }))
    for (const key of this.#blocks.flatMap(block => block.keys)) {
      if (!isServed(key)) throw missingTransport(key)
    }
    // Directive by directive over all blocks, as CoreDNS does: the same mistake is found first.
    for (const [order, name] of directives.entries()) {
      for (const block of underWay) {
        const directive = block.configured.directives.get(name)
        if (directive === undefined) continue
        if (!isPlugin(name) && options.lenient === true && changesNoAnswer(name)) {
          options.runtime.log.own().warn(leftOut(directive))
          continue
        }
        const plugin = this.#noting(() => setUpPlugin(directive, this.#plugins, this.#context(block, order)))
        if (plugin === undefined) continue
        block.plugins.push(plugin)
        this.plugins.push(plugin)
        const at = directive.starts[0]
        if (plugin instanceof Kubernetes && at !== undefined) {
          this.stanzas.push({ plugin, block: block.configured, at })
        }
      }
    }
    // Addresses that couldn't be understood would look like none at all.
    const [mistake] = options.mistakes ?? []
    if (mistake !== undefined) throw mistake
    for (const { configured, plugins } of underWay) {
      this.chains.set(
        configured,
        plugins.map(({ name }) => name)
      )
    }
    checkOverlap(
      underWay.flatMap(({ configured, addresses }) =>
        configured.keys.map(key => ({ key, addresses, hasView: configured.directives.has('view') }))
      )
    )
    return underWay.map(({ configured, plugins, addresses, limits, tls, view }) => ({
      block: configured,
      keys: configured.keys,
      addresses,
      limits,
      tls,
      filter: view?.filter,
      chain: linkAsAsked(plugins, options),
      opensClasses: configured.directives.has('forward') || configured.directives.has('chaos')
    }))
  }

  /** What `act` gives; undefined after a mistake that is taken by `mistakes`. */
  #noting<T>(act: () => T): T | undefined {
    try {
      return act()
    } catch (error) {
      const { mistakes } = this.#options
      if (mistakes === undefined || !(error instanceof CorefileError)) throw error
      if (mistakes.length < ERRORS_MAX) mistakes.push(error)
      return undefined
    }
  }

  #makeShared(): Shared {
    const { runtime, build, httpBase, clusterSource } = this.#options
    return {
      runtime,
      build,
      httpBase,
      clusterSource,
      clusters: this.#host.lease,
      lookup: this.#host.lookup,
      once: (key, make) => this.#makeOnce(key, make),
      keep: (key, make, drop) => this.kept.keep(key, make, drop),
      hasAnswered: () => this.#host.answered.yet,
      end: status => this.#options.end?.(status),
      ...(this.#options.explains === true ? { explains: true } : {}),
      reloadEvery: times => void (this.reloadTimes = times)
    }
  }

  #context(block: BlockUnderWay, order: number): SetupContext {
    const { configured } = block
    const name = directives[order] as string
    return {
      ...this.shared,
      keys: configured.keys,
      fingerprint: () => blockFingerprint(configured),
      root: block.root,
      rootAt: folder => void (block.root = folder),
      limitStreams: limits => void (block.limits = { ...block.limits, ...limits }),
      speakTls: settings => void (block.tls = settings),
      viewAs: (name, filter) => void (block.view = { name, filter }),
      viewName: () => block.view?.name ?? '',
      directives: directives.filter(each => configured.directives.has(each)),
      localAddresses: configured.directives.has('bind') ? [] : this.#ownAddresses(),
      boundTo: block.addresses,
      readinessChecks: block.readinessChecks,
      readinessWords: block.readinessWords,
      plugin: wanted => block.plugins.find(plugin => plugin.name === wanted),
      bindTo: addresses => void (block.addresses = addresses),
      onStartup: run => void this.#startup.push({ order, run }),
      onServing: run => void this.#serving.push(run),
      onShutdown: run => void this.#shutdown.push({ order, run }),
      readiness: (check, tell) => {
        block.readinessChecks.set(name, check)
        if (tell !== undefined) block.readinessWords.set(name, tell)
      },
      servers: () => this.#serversOf(configured)
    }
  }

  #ownAddresses(): string[] {
    return this.#options.runtime.network.interfaces().flatMap(one => (one.internal ? [] : [one.address]))
  }

  /** Where a block's zones are served: the listeners that its keys ended up on. */
  #serversOf(block: Block): BlockServer[] {
    return this.listeners.flatMap(planned => {
      const listener = this.#host.infoOf(planned)
      if (listener === undefined) return []
      const { label } = listener
      return planned.zones.flatMap(zone =>
        zone.block === block ? [{ label, zone: zone.text, listener }] : []
      )
    })
  }

  #makeOnce<T>(key: string, make: () => T): T {
    if (!this.#once.has(key)) this.#once.set(key, make())
    return this.#once.get(key) as T
  }
}

function inOrder<T>(tasks: readonly Task<T>[]): Task<T>[] {
  return [...tasks].sort((a, b) => a.order - b.order)
}

function setUpPlugin(directive: Directive, plugins: Plugins, context: SetupContext): Plugin | undefined {
  const { name } = directive
  try {
    const definition = plugins.get(name)
    if (definition === undefined) throw missingPlugin(directive)
    return definition.setup(directive.dispenser(), context)
  } catch (error) {
    throw error instanceof CorefileError ? withPluginName(error, name) : error
  }
}

function linkAsAsked(plugins: readonly Plugin[], { offline, beyond, explains }: GenerationOptions): Handler {
  if (offline === true) return linkOffline(plugins, beyond)
  return linkChain(explains === true ? plugins.map(telling) : plugins)
}

/** The plugin, which notes that it answered where it says nothing else. */
function telling(plugin: Plugin): Plugin {
  const { name } = plugin
  return {
    name,
    answer: (query, next) => {
      const before = query.trace?.notes.length
      let hasPassed = false
      const passing: Handler = { answer: inner => ((hasPassed = true), next.answer(inner)) }
      return whenReady(plugin.answer(query, passing), answer => {
        if (!hasPassed && query.trace?.notes.length === before)
          query.trace?.note(query, () => ({ plugin: name, rule: 'answered' }))
        return answer
      })
    }
  }
}

/** A block without plugins refuses; a chain whose last plugin passes a query on fails it, and says so. */
function linkChain(plugins: readonly Plugin[]): Handler {
  const last = plugins.at(-1)
  if (last === undefined) return { answer: query => emptyAnswer(query, Rcode.REFUSED) }
  return linkPlugins(plugins, {
    answer: query => {
      const answer = emptyAnswer(query, Rcode.SERVFAIL)
      answer.error = new Error(`plugin/${last.name}: no next plugin found`)
      return answer
    }
  })
}

function linkOffline(plugins: readonly Plugin[], beyond: Handler | undefined): Handler {
  return linkPlugins(
    plugins.filter(({ name }) => !ASKS_OTHERS.has(name)),
    beyond ?? { answer: query => emptyAnswer(query, Rcode.REFUSED) }
  )
}
