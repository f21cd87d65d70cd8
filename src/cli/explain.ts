// `labdns explain`: every query that a resolver sends for a name, who answers it, and why.
import { readFileSync } from 'node:fs'
import { App } from '../app.ts'
import type { Telling } from '../app/listeners.ts'
import type { ClusterObject } from '../cluster/objects.ts'
import type { WorkloadFact } from '../dns/facts.ts'
import type { Meant } from '../explain/explanation.ts'
import type { Kubernetes } from '../plugins/kubernetes/kubernetes.ts'
import type { Family, ResolverModel } from '../resolver/model.ts'
import type { ResolverNetwork } from '../resolver/network.ts'
import { resolverModel, resolverModels } from '../resolver/registry.ts'
import type { SentQuery } from '../resolver/session.ts'
import { printable } from '../runtime/printable.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { formatName } from '../wire/name.ts'
import { rtypeNumber } from '../wire/numbers.ts'
import type { ExplainArguments, ServeArguments } from './arguments.ts'
import { StateNetwork, type Account } from './explain/networks.ts'
import { serverNetwork, serverOf } from './explain/server-of.ts'
import { egressOf } from './explain/state-egress.ts'
import { dotLines, reportLines, serviceManifest, type Report, type Row, type Walk } from './explain/report.ts'
import { OnceSources, printingRuntime } from './loaded-state.ts'
import { mistakeText } from './mistake.ts'
import { NAME_STATE, stateAndCorefile, withCurrentContext } from './named-state.ts'
import { printAll } from './output.ts'
import { clipped, PodDnsMistake, readFrom } from './resolvconf/from.ts'
import { answerFor, describe, findPod, type PodDnsState } from './resolvconf/pod-dns-of.ts'
import { podsOf, portsFrom } from './resolvconf/api-pods.ts'
import type { FoundPod } from './resolvconf/pod-source.ts'
import { withoutDot } from './resolvconf/wanted.ts'
import { chooseConfiguration } from './state.ts'
import { unserved } from './unserved.ts'
import { buildInfo } from './version.ts'

/** Prints the report; settles with 1 when there is none, or a name isn't found. */
export async function explain(args: ServeArguments, words: ExplainArguments): Promise<number> {
  const { runtime, flush } = printingRuntime()
  // Sockets to upstreams keep no process alive: a server's listeners do, and here there are none.
  const alive = setInterval(() => undefined, ALIVE_MS)
  try {
    const report = await reportFor(args, words, runtime)
    await flush()
    await printAll(textsOf(report, words))
    return report.walks.length > 0 && report.walks.every(({ ok }) => ok) ? 0 : 1
  } catch (error) {
    await flush()
    process.stderr.write(`${mistakeText(error, runtime)}\n`)
    return 1
  } finally {
    clearInterval(alive)
  }
}

const ALIVE_MS = 1000

/** Looks the name up. Rejects with CorefileError, PodDnsMistake or an error of reading, in words for a person. */
export async function reportFor(
  given: ServeArguments,
  words: ExplainArguments,
  runtime: Runtime
): Promise<Report> {
  const models = modelsOf(words.resolvers)
  const types = typesOf(words.types)
  if (words.server !== undefined && words.from === undefined) {
    const network = serverNetwork(words.server, runtime)
    const conf = confOf(words, runtime) ?? `nameserver ${serverOf(words.server).host}\n`
    const common = { state: `server ${words.server}`, notes: [], services: [] }
    return { ...common, ...(await walksFor(words.name, types, conf, models, network, runtime)) }
  }
  const { args } = withCurrentContext(given, runtime)
  const { configuration, origin } = await chooseConfiguration(args, runtime)
  if (origin === 'bare') throw new PodDnsMistake(NO_STATE)
  const state = stateAndCorefile(args, origin, runtime)
  const wants = { pods: true, policies: words.resolvConf === undefined }
  const sources = new OnceSources(args, runtime, { podDns: true, wants })
  const app = await App.create({
    ...{
      blocks: configuration.blocks.map(block => unserved(block)),
      runtime,
      build: buildInfo(),
      lenient: args.lenient
    },
    ...{ clusterSource: sources.request, httpBase: 0, explains: true }
  })
  try {
    const { tell, clusters } = await app.startTelling()
    return await reportOf(words, types, models, { sources, tell, clusters, state, runtime })
  } finally {
    await app.stop()
  }
}

const NO_STATE = `there is no state to explain with: ${NAME_STATE}, or ask a server with --server ADDRESS`

/** A configuration with its state, loaded. */
interface Loaded {
  readonly sources: OnceSources
  readonly tell: Telling
  readonly clusters: readonly Kubernetes[]
  readonly state: string
  readonly runtime: Runtime
}

async function reportOf(
  words: ExplainArguments,
  types: readonly string[],
  models: readonly ResolverModel[],
  loaded: Loaded
): Promise<Report> {
  const { sources, clusters, state, runtime } = loaded
  const objects = sources.objects()
  const meant: Meant = labels => clusters.flatMap(cluster => cluster.meant(labels))
  const given = confOf(words, runtime)
  const common = { state, services: [] as readonly string[] }
  if (given !== undefined) {
    const network = stateNetwork(loaded, meant, '127.0.0.1', undefined)
    const walks = await walksFor(words.name, types, given, models, network, runtime)
    return { ...common, notes: sources.notes, ...walks, services: await servicesFor(walks.walks, loaded) }
  }
  const [zone] = clusters.map(({ options }) => withoutDot(formatName(options.primaryZone)))
  const clusterDomain = zone === undefined || zone === '' ? 'cluster.local' : zone
  const pods: PodDnsState = { objects, pods: podsOf(sources, objects, runtime), clusterDomain }
  const from = readFrom(words.from ?? 'ns/default')
  const found = await findPod(pods, from)
  const dns = answerFor(describe(from, found), found, pods, {})
  const { asksClusterDns, nameservers, searches, options, events, notes } = dns
  const egress = egressOf(from, found, objects, sources.networkPolicies())
  const whom = {
    ...{ from: dns.pod, dns: dns.why, asksClusterDns },
    notes: [...events.map(({ message }) => message), ...notes, ...sources.notes],
    ...(egress === undefined ? {} : { egress })
  }
  if (!asksClusterDns && words.server === undefined) {
    const asked =
      nameservers.length === 0 ? "its node's nameservers, which are not known here" : nameservers.join(', ')
    const note = `this Pod asks ${asked}: what is answered there is not known, so nothing is walked`
    const shown = { name: words.name, types, nameservers, searches, options, walks: [] }
    return { ...common, ...whom, ...shown, notes: [...whom.notes, note] }
  }
  const network =
    words.server === undefined
      ? stateNetwork(loaded, meant, addressOf(found, objects) ?? '127.0.0.1', new Set(dns.clusterDns))
      : serverNetwork(words.server, runtime)
  const walks = await walksFor(words.name, types, dns.resolvConf, models, network, runtime)
  return { ...common, ...whom, ...walks, services: await servicesFor(walks.walks, loaded) }
}

function stateNetwork(
  { tell, runtime }: Loaded,
  meant: Meant,
  client: string,
  servers: ReadonlySet<string> | undefined
): StateNetwork {
  return new StateNetwork({ tell, meant, clock: runtime.clock, client, servers })
}

/** The lookups of all models, and what they read of the file. */
async function walksFor(
  name: string,
  types: readonly string[],
  conf: string,
  models: readonly ResolverModel[],
  network: ResolverNetwork,
  { random }: Runtime
): Promise<Pick<Report, 'name' | 'types' | 'nameservers' | 'searches' | 'options' | 'walks'>> {
  const walks: Walk[] = []
  const isAddress = types.some(type => ADDRESS_TYPES.includes(type))
  for (const model of isAddress ? models : []) {
    const config = model.parse(conf)
    const result = await model.start(config, random).lookup({ name, family: familyOf(types) }, network)
    walks.push({
      ...{ resolver: model.name, program: model.program, ok: result.ok, error: result.error },
      ...{ addresses: result.addresses, elapsedMs: result.elapsedMs },
      warnings: config.warnings.map(({ line, message }) =>
        line === 0 ? message : `line ${line}: ${message}`
      ),
      queries: result.queries.map(rowOf)
    })
  }
  const [first] = models
  const config = first?.parse(conf)
  for (const type of types) {
    if (!ADDRESS_TYPES.includes(type))
      walks.push(await directWalk(name, type, config?.servers[0] ?? '', network))
  }
  return {
    ...{ name, types, nameservers: config?.servers ?? [], searches: config?.search ?? [] },
    options: config === undefined ? [] : [`ndots:${config.ndots}`, ...config.switches],
    walks
  }
}

/** One query for the name as it is: what searches for addresses asks for nothing else. */
async function directWalk(
  text: string,
  type: string,
  server: string,
  network: ResolverNetwork
): Promise<Walk> {
  const name = text.endsWith('.') ? text : `${text}.`
  const message = { name, type, transport: 'udp', server } as const
  const fate = await network.send(message, 0)
  const answer = fate.kind === 'reply' ? fate.reply : undefined
  const reply: SentQuery['reply'] = answer?.kind ?? (fate.kind === 'closed' ? 'CLOSED' : 'DROP')
  const ok = reply === 'ANSWER' || reply === 'CNAME'
  const query = { ...message, tMs: 0, socket: 0, reply, ...(answer === undefined ? {} : { answer }) }
  return {
    ...{ resolver: 'direct', program: 'the name as it is, without a search list' },
    ...{ ok, error: ok ? null : reply, addresses: [], elapsedMs: 0, warnings: [] },
    queries: [rowOf(query)]
  }
}

function rowOf({ name, type, transport, server, tMs, reply, answer }: SentQuery): Row {
  const {
    plugin,
    zone,
    upstream,
    upstreamMs,
    facts = [],
    why = []
  } = (answer?.detail ?? {}) as Partial<Account>
  return {
    ...{ name, type, transport, server, atMs: tMs, reply },
    ...(plugin === undefined ? {} : { plugin }),
    ...(zone === undefined ? {} : { zone }),
    ...(upstream === undefined ? {} : { upstream }),
    ...(upstreamMs === undefined ? {} : { upstreamMs }),
    ...{ facts, why }
  }
}

const addressOf = (found: FoundPod, objects: readonly ClusterObject[]): string | undefined => {
  if (found.address !== undefined) return found.address
  for (const object of objects) {
    if (object.kind === 'Pod' && object.namespace === found.namespace && object.name === found.name)
      return object.podIP === '' ? undefined : object.podIP
  }
  return undefined
}

/** Manifests of Services for workloads that none selects. */
async function servicesFor(walks: readonly Walk[], { sources, runtime }: Loaded): Promise<string[]> {
  const found = new Map<string, WorkloadFact>()
  for (const { queries } of walks) {
    for (const { facts } of queries) {
      for (const fact of facts) {
        const workload = 'workload' in fact ? fact.workload : undefined
        if (workload !== undefined) found.set(`${workload.namespace}/${workload.name}`, workload)
      }
    }
  }
  const ports = async (workload: WorkloadFact) =>
    portsIn(workload, sources) ?? (await portsFrom(sources.servers, workload, runtime))
  return Promise.all(
    Array.from(found.values(), async workload => serviceManifest(workload, await ports(workload)))
  )
}

/** Of the simulated Pods; undefined: they are no such. */
function portsIn({ namespace, labels }: WorkloadFact, { controlPlanes }: OnceSources) {
  for (const plane of controlPlanes) {
    for (const { pod, ports } of plane.pods()) {
      const isIts = Object.entries(labels).every(([key, value]) => pod.labels[key] === value)
      if (pod.namespace === namespace && isIts) return ports
    }
  }
  return undefined
}

function confOf({ resolvConf }: ExplainArguments, { files }: Runtime): string | undefined {
  if (resolvConf === undefined) return undefined
  try {
    return (resolvConf === '-' ? readFileSync(0) : files.read(resolvConf)).toString('utf8')
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new PodDnsMistake(`--resolv-conf ${clipped(resolvConf)}: cannot be read: ${reason}`)
  }
}

function modelsOf(names: readonly string[]): readonly ResolverModel[] {
  return (names.length === 0 ? ['glibc'] : names).flatMap(text =>
    text.split(',').map(name => {
      const model = resolverModel(name)
      if (model !== undefined) return model
      const known = resolverModels.map(each => each.name).join(', ')
      throw new PodDnsMistake(`--resolver ${clipped(name)}: expected one of ${known}`)
    })
  )
}

const ADDRESS_TYPES = ['A', 'AAAA']

function typesOf(texts: readonly string[]): readonly string[] {
  const types = (texts.length === 0 ? ADDRESS_TYPES : texts.flatMap(text => text.split(','))).map(text =>
    text.trim().toUpperCase()
  )
  for (const type of types) {
    if (rtypeNumber(type) === undefined)
      throw new PodDnsMistake(`--type ${clipped(type)}: expected record types, as in A,AAAA or SRV`)
  }
  return [...new Set(types)]
}

function familyOf(types: readonly string[]): Family {
  if (types.includes('A') && types.includes('AAAA')) return 'unspec'
  return types.includes('A') ? 'inet' : 'inet6'
}

/** What is printed of a report. */
export function* textsOf(
  report: Report,
  { json, dot }: Pick<ExplainArguments, 'json' | 'dot'>
): Generator<string, void> {
  if (json) yield `${JSON.stringify(report, undefined, 2)}\n`
  else for (const line of dot ? dotLines(report) : reportLines(report)) yield `${printable(line)}\n`
}
