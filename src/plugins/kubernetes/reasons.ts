// Why an answer is what it is, in words. A reason is a constant; the words are found again when somebody asks.
import type { ClusterIndex } from '../../cluster/index/cluster-index.ts'
import type { Reason } from '../../dns/answer.ts'
import type { Query } from '../../dns/query.ts'
import { formatName, labelText } from '../../wire/name.ts'
import { HEADER_OCTETS, rtypeName } from '../../wire/numbers.ts'
import { Match, Outcome } from './match.ts'
import type { KubernetesOptions, Zone } from './options.ts'

/** Reasons that no `Outcome` stands for. */
export const Rule = {
  APEX: 'apex',
  NOT_SYNCED: 'not-synced',
  NO_SUCH_TYPE: 'no-such-type',
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
  [Outcome.EMPTY_SERVICE_IGNORED]: 'empty-service-ignored'
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
    const match = new Match(index, options)
    const outcomeReason = (outcome: number, rule: string): Reason => ({
      plugin: 'kubernetes',
      rule,
      describe: query => {
        const found = findZone(query)
        if (found !== undefined) match.find(query.wire, HEADER_OCTETS, found[1], found[0])
        return describeOutcome(outcome, match, query)
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
        { plugin: 'kubernetes', rule, describe: query => describeRule(rule, query) }
      ])
    )
    this.noData = {
      plugin: 'kubernetes',
      rule: 'no-data',
      describe: query => `${formatName(query.name)} exists and has no ${rtypeName(query.qtype)} record`
    }
  }
}

function describeOutcome(outcome: number, match: Match, query: Query): string {
  const { name, octets } = match
  const text = (start: number, end: number) => labelText(octets, start, end)
  const service = `${text(name.namespaceAt, name.namespaceEnd)}/${text(name.serviceAt, name.serviceEnd)}`
  const namespace = text(name.namespaceAt, name.namespaceEnd)
  switch (outcome) {
    case Outcome.EMPTY:
      return `${formatName(query.name)} exists so that names can lie below it, and has no records of its own`
    case Outcome.ADDRESSES:
      return `Service ${service} has these cluster IPs`
    case Outcome.ENDPOINTS:
      return `these are ready endpoints of Service ${service}`
    case Outcome.EXTERNAL_NAME:
      return `Service ${service} is of type ExternalName`
    case Outcome.POD:
      return `the address is spelled in the name of a pod in namespace ${namespace}`
    case Outcome.NO_NAMESPACE:
      return `there is no namespace ${namespace}`
    case Outcome.NAMESPACE_NOT_EXPOSED:
      return `namespace ${namespace} is not listed in the option namespaces`
    case Outcome.NO_SERVICE:
      return `there is no Service ${service}`
    case Outcome.NO_READY_ENDPOINT:
      return `headless Service ${service} has no ready endpoint`
    case Outcome.NO_SUCH_ENDPOINT:
      return `Service ${service} has no ready endpoint named ${text(name.endpointAt, name.endpointEnd)}`
    case Outcome.NO_SUCH_PORT:
      return `Service ${service} has no port named ${text(name.portAt, name.portEnd)} over ${text(name.protocolAt, name.protocolEnd)}`
    case Outcome.BELOW_EXTERNAL_NAME:
      return `Service ${service} is of type ExternalName: no name exists below it`
    case Outcome.EXTERNAL_NAME_IS_ADDRESS:
      return `the external name of Service ${service} is an IP address or no domain name, so the Service is passed over`
    case Outcome.NO_ADDRESS:
      return `Service ${service} has no cluster IP yet`
    case Outcome.PODS_DISABLED:
      return 'names of pods are disabled (option pods)'
    case Outcome.NO_SUCH_POD:
      return `${text(name.podAt, name.podEnd)} is not the address of a pod in namespace ${namespace}`
    case Outcome.EMPTY_SERVICE_IGNORED:
      return `Service ${service} has no ready endpoint and the option ignore empty_service hides it`
    default:
      return `${formatName(query.name)} is not of a form that names in the cluster have`
  }
}

function describeRule(rule: string, query: Query): string {
  const name = formatName(query.name)
  switch (rule) {
    case Rule.APEX:
      return `${name} is the apex of the zone`
    case Rule.NOT_SYNCED:
      return 'the state of the cluster is not loaded yet'
    case Rule.NO_SUCH_TYPE:
      return `${name} has no ${rtypeName(query.qtype)} record`
    case Rule.PTR_FOUND:
      return 'the address belongs to these names'
    case Rule.PTR_NOT_FOUND:
      return 'no Service and no ready endpoint has the address'
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
