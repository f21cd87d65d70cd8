// The configuration of an experiment in this process: with autopath and without, and a simulated world beyond it.
import { App } from '../../app.ts'
import type { Telling } from '../../app/listeners.ts'
import type { ClusterSource } from '../../cluster/source.ts'
import { interpretCorefile, type Block, type Directive } from '../../corefile/load.ts'
import { whenReady, type Eventual } from '../../dns/plugin.ts'
import { SimulatedNetwork, seededChance, type Asked } from '../../experiment/network.ts'
import type { Setting } from '../../experiment/spec.ts'
import { SimulatedUpstream } from '../../experiment/upstream.ts'
import type { Outgoing, ResolverNetwork } from '../../resolver/network.ts'
import type { Runtime } from '../../runtime/runtime.ts'
import { formatName } from '../../wire/name.ts'
import type { ServeArguments } from '../arguments.ts'
import { queryOctets, replyOf } from '../explain/reply.ts'
import type { OnceSources } from '../loaded-state.ts'
import { chooseConfiguration } from '../state.ts'
import { unserved, INNER_ID } from '../unserved.ts'
import { buildInfo } from '../version.ts'

/** Directives that would answer a question otherwise the second time. */
const REMEMBERING = ['cache', 'loadbalance']

/** A Pod that nobody has: what depends on the client's address is not what is varied. */
const PEER = { address: '127.0.0.1', port: 40_000 }

/** One configuration that was started, and what it was asked. */
interface Running {
  readonly app: App
  readonly tell: Telling
  readonly upstream: SimulatedUpstream
  readonly kept: Map<string, Asked | undefined>
}

export class StateNetworks {
  /** The first zone that Services are in, without its final dot. */
  readonly zone: string
  readonly origin: 'file' | 'embedded'
  readonly #running: ReadonlyMap<boolean, Running>

  private constructor(zone: string, origin: 'file' | 'embedded', running: ReadonlyMap<boolean, Running>) {
    this.zone = zone
    this.origin = origin
    this.#running = running
  }

  /** Rejects with CorefileError, or undefined when there is no state to ask. */
  static async start(
    args: ServeArguments,
    autopaths: readonly boolean[],
    sources: OnceSources,
    runtime: Runtime
  ): Promise<StateNetworks | undefined> {
    const { configuration, origin } = await chooseConfiguration(args, runtime)
    if (origin === 'bare') return undefined
    const running = new Map<boolean, Running>()
    const clusterSource = readOnce(sources.request)
    let zone = 'cluster.local'
    for (const autopath of new Set(autopaths)) {
      const upstream = new SimulatedUpstream()
      const app = await App.create({
        ...{
          blocks: configuration.blocks.map(block => prepared(block, autopath, runtime)),
          runtime,
          build: buildInfo()
        },
        ...{
          lenient: args.lenient,
          clusterSource,
          httpBase: 0,
          offline: true,
          beyond: upstream
        }
      })
      const { tell, clusters } = await app.startTelling()
      const [first] = clusters
      if (first !== undefined) zone = formatName(first.options.primaryZone).replace(/\.$/, '')
      running.set(autopath, { app, tell, upstream, kept: new Map() })
    }
    return new StateNetworks(zone, origin, running)
  }

  /** Says which names exist beyond the cluster. */
  set exists(names: Iterable<string>) {
    const set = new Set([...names].map(name => `${name.toLowerCase().replace(/\.$/, '')}.`))
    for (const { upstream, kept } of this.#running.values()) {
      upstream.exists = set
      kept.clear()
    }
  }

  /** The network of a setting, whose chance begins at `seed`. */
  for({ autopath, upstream }: Setting, networkMs: number, seed: number): ResolverNetwork {
    const running = this.#running.get(autopath) as Running
    const chance = seededChance(seed ^ 0x5eed)
    return new SimulatedNetwork(
      message => askOf(running, message),
      networkMs,
      upstream,
      running.kept,
      () => chance.share()
    )
  }

  /** The configuration's own octets for a message, and how many questions that sent beyond the cluster; one at a time. */
  async ask(autopath: boolean, wire: Buffer, transport: Outgoing['transport']): Promise<Told | undefined> {
    return toldBy(this.#running.get(autopath) as Running, wire, transport)
  }

  /** Whether the cluster has data for this absolute name, of either family. */
  async has(name: string): Promise<boolean> {
    const running = [...this.#running.values()][0] as Running
    for (const type of ['A', 'AAAA']) {
      const asked = await askOf(running, { name, type, transport: 'udp', server: '' })
      if (asked !== undefined && asked.beyond === 0 && asked.reply.answers > 0) return true
    }
    return false
  }

  async stop(): Promise<void> {
    for (const { app } of this.#running.values()) await app.stop()
  }
}

type Request = OnceSources['request']

/** Each source is made and read once, for all configurations that ask for it. They end together. */
function readOnce(request: Request): Request {
  const made = new Map<string, ClusterSource>()
  return stanza => {
    const { key, make } = request(stanza)
    return {
      key,
      make: () => {
        const source = made.get(key) ?? startedOnce(make())
        made.set(key, source)
        return source
      }
    }
  }
}

function startedOnce(source: ClusterSource): ClusterSource {
  let started: Promise<void> | undefined
  return {
    subscribe: sink => source.subscribe(sink),
    start: () => (started ??= source.start()),
    close: () => source.close()
  }
}

/** A reply, and how many questions it took beyond the cluster. */
interface Told {
  readonly response: Buffer
  readonly beyond: number
}

function toldBy(
  { tell, upstream }: Running,
  wire: Buffer,
  transport: Outgoing['transport']
): Eventual<Told | undefined> {
  const before = upstream.asked
  return whenReady(tell(wire, transport, PEER), told =>
    told?.response === undefined ? undefined : { response: told.response, beyond: upstream.asked - before }
  )
}

function askOf(running: Running, message: Outgoing): Eventual<Asked | undefined> {
  const wire = queryOctets(message, INNER_ID, message.edns)
  if (wire === undefined) return undefined
  return whenReady(toldBy(running, wire, message.transport), told => {
    if (told === undefined) return undefined
    const { beyond } = told
    const reply = replyOf(told.response, { beyond })
    return reply === undefined ? undefined : { reply, beyond }
  })
}

/** The block with autopath by name, or without, and without what serves others. */
function prepared(block: Block, autopath: boolean, runtime: Runtime): Block {
  const { directives, ...rest } = unserved(block, [...REMEMBERING, 'autopath'])
  if (!autopath || !directives.has('kubernetes')) return { ...rest, directives }
  return { ...rest, directives: new Map(directives).set('autopath', autopathByName(runtime)) }
}

function autopathByName({ files }: Runtime): Directive {
  const options = { environment: {}, knownDirectives: ['autopath'], files }
  const { blocks } = interpretCorefile('. {\nautopath @name\n}\n', '(experiment)', options)
  return blocks[0]?.directives.get('autopath') as Directive
}
