// Why an answer is what it is, in words. A reason is a constant; the words are found again when somebody asks.
import type { ClusterIndex } from '../../cluster/index/cluster-index.ts'
import type { Reason } from '../../dns/answer.ts'
import type { Query } from '../../dns/query.ts'
import { formatName, labelText } from '../../wire/name.ts'
import { HEADER_OCTETS, rtypeName } from '../../wire/numbers.ts'
import { Match, Outcome } from './match.ts'
import { NameKind } from './name.ts'
import type { KubernetesOptions, Zone } from './options.ts'

/** Reasons that no `Outcome` stands for. */
export const Rule = {
  APEX: 'apex',
  NOT_SYNCED: 'not-synced',
  NO_SUCH_TYPE: 'no-such-type',
  NO_TEXT: 'no-text',
  PTR_FOUND: 'ptr',
  PTR_NOT_FOUND: 'no-such-address',
  NAME_SERVER: 'name-server',
  VERSION: 'version',
  REFUSED_CLASS: 'class-refused',
  REFUSED_TRANSFER: 'transfer-refused'
} as const

const OUTCOME_RULES: Readonly<Record<number, string>> = {
  [Outcome.EMPTY]: 'empty-name',
  [Outcome.ADDRESSES]: 'service',
  [Outcome.ENDPOINTS]: 'endpoints',
  [Outcome.EXTERNAL_NAME]: 'external-name',
  [Outcome.POD]: 'pod',
  [Outcome.EMPTY_ZONE]: 'no-endpoint-in-zone',
  [Outcome.INVALID_NAME]: 'invalid-name',
  [Outcome.NO_NAMESPACE]: 'no-such-namespace',
  [Outcome.NAMESPACE_NOT_EXPOSED]: 'namespace-not-exposed',
  [Outcome.NO_SERVICE]: 'no-such-service',
  [Outcome.NO_READY_ENDPOINT]: 'no-ready-endpoint',
  [Outcome.NO_SUCH_ENDPOINT]: 'no-such-endpoint',
  [Outcome.NO_SUCH_PORT]: 'no-such-port',
  [Outcome.BELOW_EXTERNAL_NAME]: 'below-external-name',
  [Outcome.EXTERNAL_NAME_IS_ADDRESS]: 'external-name-is-address',
  [Outcome.NO_ADDRESS]: 'no-cluster-ip',
  [Outcome.PODS_DISABLED]: 'pods-disabled',
  [Outcome.NO_SUCH_POD]: 'no-such-pod',
  [Outcome.EMPTY_SERVICE_IGNORED]: 'empty-service-ignored',
  [Outcome.ZONAL_NOT_HEADLESS]: 'not-headless'
}

/** The reasons of one plugin instance, made once. */
export class Reasons {
  readonly byOutcome: readonly (Reason | undefined)[]
  readonly byRule: ReadonlyMap<string, Reason>
  readonly noData: Reason

  constructor(
    index: ClusterIndex,
    options: KubernetesOptions,
    findZone: (query: Query) => [Zone, number] | undefined
  ) {
    const words = new Words(index, options)
    const outcomeReason = (outcome: number, rule: string): Reason => ({
      plugin: 'kubernetes',
      rule,
      describe: query => {
        const [zone, zoneAt] = findZone(query) ?? []
        if (zone === undefined || zoneAt === undefined) return words.invalid(query)
        return words.ofOutcome(outcome, query, zone, zoneAt)
      }
    })
    const byOutcome: (Reason | undefined)[] = []
    for (const [outcome, rule] of Object.entries(OUTCOME_RULES)) {
      byOutcome[Number(outcome)] = outcomeReason(Number(outcome), rule)
    }
    this.byOutcome = byOutcome
    this.byRule = new Map(
      Object.values(Rule).map(rule => [
        rule,
        { plugin: 'kubernetes', rule, describe: query => words.ofRule(rule, query) }
      ])
    )
    this.noData = {
      plugin: 'kubernetes',
      rule: 'no-data',
      describe: query => `${formatName(query.name)} exists and has no ${rtypeName(query.qtype)} record`
    }
  }
}

/** Says in words what was decided, from the objects as they are when somebody asks. */
class Words {
  readonly #index: ClusterIndex
  readonly #options: KubernetesOptions
  readonly #match: Match

  constructor(index: ClusterIndex, options: KubernetesOptions) {
    this.#index = index
    this.#options = options
    this.#match = new Match(index, options)
  }

  ofOutcome(outcome: number, query: Query, zone: Zone, zoneAt: number): string {
    const match = this.#match
    match.find(query.wire, HEADER_OCTETS, zoneAt, zone)
    const { name } = match
    const text = (start: number, end: number) => labelText(query.wire, start, end)
    const namespace = text(name.namespaceAt, name.namespaceEnd)
    const kind = zone.isMulticluster ? 'ServiceImport' : 'Service'
    const service = `${kind} ${namespace}/${text(name.serviceAt, name.serviceEnd)}`
    switch (outcome) {
      case Outcome.EMPTY:
        return `${formatName(query.name)} exists so that names can lie below it, and has no records of its own`
      case Outcome.ADDRESSES:
        return `${service} has these cluster IPs`
      case Outcome.ENDPOINTS:
        return `these are ready endpoints of ${service}`
      case Outcome.EXTERNAL_NAME:
        return `${service} is of type ExternalName`
      case Outcome.POD:
        return `the address is spelled in the name of a pod in namespace ${namespace}`
      case Outcome.EMPTY_ZONE:
        return `headless ${service} has no ready endpoint${name.isPinned ? ` in zone ${topologyText(match)}` : ''}`
      case Outcome.NO_NAMESPACE:
        return `there is no namespace ${namespace}${this.#selectedBy('namespace_labels')}`
      case Outcome.NAMESPACE_NOT_EXPOSED:
        return `namespace ${namespace} is not listed in the option namespaces`
      case Outcome.NO_SERVICE:
        return `there is no ${service}${zone.isMulticluster ? '' : this.#selectedBy('labels')}`
      case Outcome.NO_READY_ENDPOINT:
        return `headless ${service} has no ready endpoint${this.#unwatched(zone)}`
      case Outcome.NO_SUCH_ENDPOINT: {
        const cluster = text(name.clusterAt, name.clusterEnd)
        const endpoint = `${text(name.endpointAt, name.endpointEnd)}${cluster === '' ? '' : ` in cluster ${cluster}`}`
        return `${service} has no ready endpoint named ${endpoint}${this.#unwatched(zone)}`
      }
      case Outcome.NO_SUCH_PORT:
        return `${service} has no port${portText(text(name.portAt, name.portEnd), text(name.protocolAt, name.protocolEnd))}`
      case Outcome.BELOW_EXTERNAL_NAME:
        return `${service} is of type ExternalName: no name exists below it`
      case Outcome.EXTERNAL_NAME_IS_ADDRESS:
        return `the external name of ${service} is an IP address or no domain name, so the Service is passed over`
      case Outcome.NO_ADDRESS:
        return `${service} has no cluster IP yet`
      case Outcome.PODS_DISABLED:
        return 'names of pods are disabled (option pods)'
      case Outcome.NO_SUCH_POD: {
        const label = text(name.podAt, name.podEnd)
        return this.#options.pods === 'verified'
          ? `${label} is not the address of a pod in namespace ${namespace}`
          : `${label} does not spell an IP address`
      }
      case Outcome.EMPTY_SERVICE_IGNORED:
        return `${service} has no ready endpoint and the option ignore empty_service hides it`
      case Outcome.ZONAL_NOT_HEADLESS:
        return `${service} is not headless: it has no names for zones`
      default:
        return name.kind === NameKind.ZONAL && !zone.isReverse && !zone.isMulticluster
          ? `${formatName(query.name)} exists only with the option zonal`
          : this.invalid(query)
    }
  }

  invalid(query: Query): string {
    return `${formatName(query.name)} is not of a form that names in the cluster have`
  }

  ofRule(rule: string, query: Query): string {
    const name = formatName(query.name)
    switch (rule) {
      case Rule.APEX:
        return `${name} is the apex of the zone`
      case Rule.NOT_SYNCED:
        return 'the state of the cluster is not loaded yet'
      case Rule.NO_SUCH_TYPE:
        return `${name} has no ${rtypeName(query.qtype)} record`
      case Rule.NO_TEXT:
        return `${name} has no records of its own, and for TXT that makes it a name that does not exist, as in CoreDNS`
      case Rule.PTR_FOUND:
        return 'the address belongs to these names'
      case Rule.PTR_NOT_FOUND:
        return `no Service and no ready endpoint has the address${this.#exposed()}`
      case Rule.NAME_SERVER:
        return 'these are the addresses of the name server'
      case Rule.VERSION:
        return 'the version of the Kubernetes DNS specification'
      case Rule.REFUSED_CLASS:
        return 'names of the cluster exist in class IN only'
      default:
        return 'zone transfers need the transfer plugin'
    }
  }

  /** What an option left out is not known here: it can't be told from what isn't there. */
  #selectedBy(option: 'labels' | 'namespace_labels'): string {
    const { labels, namespaceLabels } = this.#index.options
    const selector = option === 'labels' ? labels : namespaceLabels
    return selector === undefined ? '' : ` that the option ${option} selects`
  }

  #unwatched(zone: Zone): string {
    return this.#index.options.endpoints || zone.isMulticluster
      ? ''
      : ': the option noendpoints leaves them out'
  }

  #exposed(): string {
    return this.#options.namespaces.length === 0 ? '' : ', in the namespaces that are exposed'
  }
}

/** ` named http over tcp`; an empty word means any. */
function portText(port: string, protocol: string): string {
  return `${port === '' ? '' : ` named ${port}`}${protocol === '' ? '' : ` over ${protocol}`}`
}

/** The topology zone that a zonal name asks for. */
function topologyText(match: Match): string {
  const { name, octets } = match
  return formatName(octets.subarray(name.topologyAt, name.topologyEnd)).slice(0, -1)
}
