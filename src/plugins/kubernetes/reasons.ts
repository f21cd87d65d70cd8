// Why an answer is what it is. A reason is a constant; the facts are looked up when somebody asks (`cluster-facts.ts`).
import type { ClusterIndex } from '../../cluster/index/cluster-index.ts'
import type { Reason } from '../../dns/answer.ts'
import type { ChainEnd, ClusterRule } from '../../dns/facts.ts'
import type { Query } from '../../dns/query.ts'
import { formatName, type Name } from '../../wire/name.ts'
import { ClusterFacts } from './cluster-facts.ts'
import { Outcome } from './match.ts'
import type { KubernetesOptions, Zone } from './options.ts'
import { RememberedFacts } from './remembered-facts.ts'

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
} as const satisfies Record<string, ClusterRule>
export type Rule = (typeof Rule)[keyof typeof Rule]

const OUTCOME_RULES: Readonly<Record<number, ClusterRule>> = {
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
  readonly byRule: Readonly<Record<Rule, Reason>>
  readonly noData: Reason
  readonly #facts: ClusterFacts

  constructor(
    index: ClusterIndex,
    options: KubernetesOptions,
    findZone: (query: Query) => [Zone, number] | undefined
  ) {
    const facts = new ClusterFacts(index, options, findZone)
    this.#facts = facts
    const remembered = new RememberedFacts(index, () => facts.searchesLeftOut)
    const byOutcome: (Reason | undefined)[] = []
    for (const [text, rule] of Object.entries(OUTCOME_RULES)) {
      const outcome = Number(text)
      byOutcome[outcome] = reason(rule, query =>
        remembered.of(rule, query, () => facts.ofOutcome(outcome, rule, query))
      )
    }
    this.byOutcome = byOutcome
    const ofRule = (rule: ClusterRule) => reason(rule, query => facts.ofRule(rule, query))
    this.byRule = Object.fromEntries(Object.values(Rule).map(rule => [rule, ofRule(rule)])) as Record<
      Rule,
      Reason
    >
    this.noData = reason('no-data', query => remembered.of('no-data', query, () => facts.noData(query)))
  }

  /** Why a chain of ExternalNames is answered as it is. */
  chain(targets: readonly Name[], end: ChainEnd): Reason {
    const chain = targets.map(target => formatName(target))
    return reason('external-name', query => ({
      ...this.#facts.ofOutcome(Outcome.EXTERNAL_NAME, 'external-name', query),
      ...{ chain, chainEnd: end }
    }))
  }

  /** Full names of Services that somebody may have meant who wrote these labels outside of any zone of ours. */
  meant(labels: readonly string[]): readonly string[] {
    return this.#facts.meant(labels)
  }
}

const reason = (rule: ClusterRule, explain: Reason['explain']): Reason => ({
  plugin: 'kubernetes',
  rule,
  explain
})
