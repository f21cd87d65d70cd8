// `kubernetes [ZONES…] { … }` (kubernetes-records.md §13, corefile-and-plugins.md §8.5).
import type { Dispenser } from '../../corefile/dispenser.ts'
import { parseDuration, parseInteger, type Parsed } from '../../corefile/values.ts'
import { fallthroughZones, zonesOrKeys, type Zone as ConfiguredZone } from '../../corefile/zones.ts'
import type { ClusterState } from '../../cluster/cluster-states.ts'
import type { IndexOptions } from '../../cluster/index/cluster-index.ts'
import { LabelSelector } from '../../cluster/selector.ts'
import { ZoneTable } from '../../dns/zone.ts'
import { encodeName, formatName, isSubdomain, sameName, type Name } from '../../wire/name.ts'
import { clusterViews } from '../cluster-view.ts'
import type { PluginDefinition, SetupContext } from '../definition.ts'
import { Apex } from './apex.ts'
import { Kubernetes } from './kubernetes.ts'
import { statusWords } from './waiting.ts'
import type { KubernetesOptions } from './options.ts'

const NAME = 'kubernetes'
/** Seconds (§13). */
const TTL_DEFAULT = 5
const TTL_MAX = 3600
const STARTUP_TIMEOUT_DEFAULT_MS = 5000

/** A stanza as it was read, before defaults that depend on the block. */
class Stanza {
  zones: readonly ConfiguredZone[] = []
  ttl = TTL_DEFAULT
  pods: 'disabled' | 'insecure' | 'verified' = 'disabled'
  namespaces: string[] = []
  namespaceLabels: LabelSelector | undefined
  labels: LabelSelector | undefined
  endpoints = true
  endpointPodNames = false
  ignoreEmptyService = false
  zonal = false
  multicluster: string[] = []
  fallthrough: string[] | undefined
  manifests: string[] = []
  apps: string[] = []
  endpoint = ''
  tls: string[] = []
  kubeconfig: string[] = []
  startupTimeoutMs = STARTUP_TIMEOUT_DEFAULT_MS
  readonly limits: Record<string, number> = {}
}

export const kubernetesPlugin: PluginDefinition = {
  name: NAME,
  setup(controller, context) {
    const stanza = readStanza(controller, context)
    const options = resolve(stanza, controller, context)
    const explains = context.explains === true || context.directives.includes('explain')
    const indexOptions: IndexOptions = {
      labels: stanza.labels,
      namespaceLabels: stanza.namespaceLabels,
      endpoints: stanza.endpoints,
      pods: stanza.pods === 'verified',
      multicluster: stanza.multicluster.length > 0,
      endpointPodNames: stanza.endpointPodNames,
      zonal: stanza.zonal,
      external: context.directives.includes('k8s_external'),
      explain: explains
    }
    const state = context.clusters.state(
      context.clusterSource({
        manifests: stanza.manifests,
        apps: stanza.apps,
        endpoint: stanza.endpoint,
        tls: stanza.tls,
        kubeconfig: stanza.kubeconfig,
        needs: indexOptions,
        at: controller.position(),
        explains
      }),
      indexOptions,
      stanza.startupTimeoutMs
    )
    context.readiness(
      () => state.index.isSynced,
      () => statusWords(state.status())
    )
    const plugin = new Kubernetes(state.index, withShortTtl(options, state), context.lookup, state)
    clusterViews(context).push(plugin)
    return plugin
  }
}

function readStanza(c: Dispenser, context: SetupContext): Stanza {
  const stanza = new Stanza()
  let isFirst = true
  while (c.next()) {
    if (!isFirst) throw c.onceErr()
    isFirst = false
    stanza.zones = zonesOrKeys(c.remainingArgs(), context.keys)
    while (c.nextBlock()) readProperty(c, stanza, warning => context.runtime.log.plugin(NAME).warn(warning))
    // At the stanza's end, where CoreDNS notices it.
    refuseBothNamespaceOptions(c, stanza)
  }
  return stanza
}

function readProperty(c: Dispenser, stanza: Stanza, warn: (warning: string) => void): void {
  const property = c.val()
  switch (property) {
    case 'ttl': {
      const [text] = exactly(c, 1)
      const ttl = valueOf(c, parseInteger(text as string))
      if (ttl < 0 || ttl > TTL_MAX) throw c.errf(`ttl must be in range [0, ${TTL_MAX}]: ${ttl}`)
      stanza.ttl = ttl
      return
    }
    case 'pods': {
      const [mode] = exactly(c, 1)
      if (mode !== 'disabled' && mode !== 'insecure' && mode !== 'verified') {
        throw c.bareErr(
          `wrong value for pods: ${mode as string},  must be one of: disabled, verified, insecure`
        )
      }
      stanza.pods = mode
      return
    }
    case 'namespaces':
      stanza.namespaces.push(...atLeastOne(c))
      return
    case 'namespace_labels':
      stanza.namespaceLabels = selector(c, 'namespace_label')
      return
    case 'labels':
      stanza.labels = selector(c, 'label')
      return
    case 'noendpoints':
      exactly(c, 0)
      stanza.endpoints = false
      refuseZonalWithoutEndpoints(c, stanza)
      return
    case 'zonal':
      exactly(c, 0)
      stanza.zonal = true
      refuseZonalWithoutEndpoints(c, stanza)
      return
    case 'endpoint_pod_names':
      exactly(c, 0)
      stanza.endpointPodNames = true
      return
    case 'ignore': {
      const args = c.remainingArgs()
      if (args.length === 0) throw c.argErr()
      if (args[0] !== 'empty_service') throw c.bareErr(`unable to parse ignore value: '${args[0] as string}'`)
      stanza.ignoreEmptyService = true
      return
    }
    case 'fallthrough':
      stanza.fallthrough = c.remainingArgs()
      return
    case 'multicluster':
      stanza.multicluster.push(...c.remainingArgs())
      return
    case 'startup_timeout': {
      const [text] = exactly(c, 1)
      stanza.startupTimeoutMs = valueOf(c, parseDuration(text as string))
      return
    }
    case 'endpoint': {
      const args = atLeastOne(c)
      stanza.endpoint = args[0] as string
      if (args.length > 1) {
        warn(
          `Multiple endpoints have been deprecated, only the first specified endpoint '${stanza.endpoint}' is used`
        )
      }
      return
    }
    case 'tls': {
      const args = c.remainingArgs()
      if (args.length !== 3) throw c.argErr()
      stanza.tls = args
      return
    }
    case 'kubeconfig': {
      const args = c.remainingArgs()
      if (args.length < 1 || args.length > 2) throw c.argErr()
      stanza.kubeconfig = args
      return
    }
    case 'apiserver_qps':
    case 'apiserver_burst':
    case 'apiserver_max_inflight': {
      const [text] = exactly(c, 1)
      const value = Number(text)
      if (text === '' || Number.isNaN(value)) throw c.errf(`${property} must be a number: ${text as string}`)
      if (value < 0) throw c.errf(`${property} must be >= 0`)
      stanza.limits[property] = value
      return
    }
    case 'manifests':
      stanza.manifests.push(...atLeastOne(c))
      return
    case 'apps':
      stanza.apps.push(...atLeastOne(c))
      return
    default:
      throw c.errf(`unknown property '${property}'`, nearestProperty(property))
  }
}

/** Options that CoreDNS once had, and what took their place. */
const REMOVED: Readonly<Record<string, string>> = {
  upstream:
    'this line can go: targets of ExternalName Services are always looked up through the server itself',
  resyncperiod: 'this line can go: the watch needs no resync',
  transfer: 'zone transfers are a plugin now: write `transfer { to * }` beside kubernetes',
  federation: 'this line can go: federation was removed from Kubernetes',
  wildcard: 'this line can go: wildcard queries were removed'
}

function nearestProperty(property: string): string | undefined {
  return Object.hasOwn(REMOVED, property) ? REMOVED[property] : undefined
}

function exactly(c: Dispenser, count: number): string[] {
  const args = c.remainingArgs()
  if (args.length !== count) throw c.argErr()
  return args
}

function atLeastOne(c: Dispenser): string[] {
  const args = c.remainingArgs()
  if (args.length === 0) throw c.argErr()
  return args
}

/** A value that was read, or the error of reading it, which CoreDNS prints without a place. */
function valueOf<T>(c: Dispenser, parsed: Parsed<T>): T {
  if (parsed.error !== undefined) throw c.bareErr(parsed.error)
  return parsed.value
}

function selector(c: Dispenser, option: 'label' | 'namespace_label'): LabelSelector {
  const text = atLeastOne(c).join(' ')
  try {
    return LabelSelector.parse(text)
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw c.bareErr(
      `unable to parse ${option} selector value: '${text}': couldn't parse the selector string "${text}": ${why}`
    )
  }
}

function refuseBothNamespaceOptions(c: Dispenser, stanza: Stanza): void {
  if (stanza.namespaces.length > 0 && stanza.namespaceLabels !== undefined) {
    throw c.errf('namespaces and namespace_labels cannot both be set')
  }
}

function refuseZonalWithoutEndpoints(c: Dispenser, stanza: Stanza): void {
  if (stanza.zonal && !stanza.endpoints) throw c.errf('zonal and noendpoints cannot both be set')
}

function resolve(stanza: Stanza, c: Dispenser, context: SetupContext): KubernetesOptions {
  const zones = uniqueNames(stanza.zones)
  const primary = zones.find(zone => !isBelowReverse(zone))
  if (primary === undefined) throw c.bareErr('non-reverse zone name must be used')
  const long = zones.find(zone => zone.length > Apex.ZONE_OCTETS_MAX)
  if (long !== undefined) {
    throw c.bareErr(
      `zone ${formatName(long)} takes ${long.length} octets, expected ${Apex.ZONE_OCTETS_MAX} at most: its SOA holds the name hostmaster.<zone>`
    )
  }
  const multicluster = uniqueNames(zonesOrKeys(stanza.multicluster, []))
  for (const zone of multicluster) {
    if (!zones.some(one => isSubdomain(zone, one))) {
      const text = stanza.multicluster.join(' ')
      throw c.bareErr(`is not authoritative for the multicluster zone ${text}`)
    }
  }
  return {
    zones: zones.map(name => ({
      name,
      isMulticluster: multicluster.some(one => isSubdomain(name, one)),
      isReverse: REVERSE_TREES.some(tree => isSubdomain(name, tree))
    })),
    ttl: stanza.ttl,
    pods: stanza.pods,
    namespaces: stanza.namespaces.map(name => Buffer.from(name, 'utf8')),
    ignoreEmptyService: stanza.ignoreEmptyService,
    zonal: stanza.zonal,
    fallthrough:
      stanza.fallthrough === undefined ? undefined : zoneTable(fallthroughZones(stanza.fallthrough)),
    primaryZone: primary,
    localAddresses: context.localAddresses
  }
}

function zoneTable(zones: readonly ConfiguredZone[]): ZoneTable<true> {
  return new ZoneTable(uniqueNames(zones).map(zone => [zone, true] as const))
}

function uniqueNames(zones: readonly ConfiguredZone[]): Name[] {
  const names: Name[] = []
  for (const { name } of zones) {
    if (name !== undefined && !names.some(one => sameName(one, name))) names.push(name)
  }
  return names
}

/** Seconds that an answer from a snapshot is good for: the API server may be there again at any moment. */
const OLD_TTL = 5

function withShortTtl(options: KubernetesOptions, state: ClusterState): KubernetesOptions {
  return {
    ...options,
    get ttl() {
      return state.isOld() ? Math.min(options.ttl, OLD_TTL) : options.ttl
    }
  }
}

const REVERSE_TREES = [encodeName('in-addr.arpa'), encodeName('ip6.arpa')]

/** CoreDNS asks whether the zone ends in `.in-addr.arpa.`: the bare zone itself doesn't (a quirk that PTR targets show). */
function isBelowReverse(zone: Name): boolean {
  return REVERSE_TREES.some(tree => isSubdomain(zone, tree) && !sameName(zone, tree))
}
