// What a NetworkPolicy of manifests says of egress. No answer needs it: it is read for commands that ask. What can't be read
// is undefined, so that nobody takes it for something that it isn't.
import { isMap } from '../fields.ts'
import type { SelectorExpression, WrittenSelector } from '../apps/trim-selector.ts'

export interface PolicyPort {
  /** Undefined: can't be read. */
  readonly protocol: string | undefined
  /** A number, the name of a container's port, every port, or something that can't be read. */
  readonly port: number | { readonly name: string } | 'any' | 'unreadable'
  readonly endPort?: number
}

export type PolicyPeer =
  | { readonly kind: 'block'; readonly cidr: string; readonly except: readonly string[] }
  /** `namespaces` undefined: the policy's own; `pods` undefined: all. */
  | {
      readonly kind: 'pods'
      readonly namespaces: WrittenSelector | undefined
      readonly pods: WrittenSelector | undefined
    }
  | { readonly kind: 'unreadable' }

export interface EgressRule {
  /** Empty: every port. */
  readonly ports: readonly PolicyPort[]
  /** Empty: everywhere. */
  readonly to: readonly PolicyPeer[]
}

export interface WrittenPolicy {
  readonly namespace: string
  readonly name: string
  readonly podSelector: WrittenSelector | undefined
  /** Whether it is about egress at all. */
  readonly governsEgress: boolean | undefined
  readonly egress: readonly EgressRule[] | undefined
}

/** Undefined: it is none. Never throws, whatever the value. */
export function networkPolicyIn(
  kind: string,
  apiVersion: string,
  value: Readonly<Record<string, unknown>>
): WrittenPolicy | undefined {
  if (kind !== 'NetworkPolicy' || apiVersion !== 'networking.k8s.io/v1') return undefined
  const metadata = isMap(value['metadata']) ? value['metadata'] : {}
  const { name, namespace } = metadata
  if (typeof name !== 'string') return undefined
  const spec = value['spec']
  const space = typeof namespace === 'string' && namespace !== '' ? namespace : 'default'
  const unreadable = { podSelector: undefined, governsEgress: undefined, egress: undefined }
  if (!isMap(spec)) return { namespace: space, name, ...unreadable }
  const { podSelector = {}, policyTypes, egress } = spec
  return {
    ...{ namespace: space, name, podSelector: selectorIn(podSelector) },
    governsEgress: governsEgress(policyTypes, egress),
    egress: rulesIn(egress)
  }
}

/** Without policyTypes, a policy with rules for egress is about egress. */
function governsEgress(types: unknown, egress: unknown): boolean | undefined {
  if (types === undefined || types === null) return Array.isArray(egress) && egress.length > 0
  return Array.isArray(types) ? types.includes('Egress') : undefined
}

function rulesIn(egress: unknown): readonly EgressRule[] | undefined {
  if (egress === undefined || egress === null) return []
  if (!Array.isArray(egress)) return undefined
  const rules: EgressRule[] = []
  for (const rule of egress as unknown[]) {
    if (rule !== null && !isMap(rule)) return undefined
    const { ports = [], to = [] } = rule ?? {}
    if (!Array.isArray(ports) || !Array.isArray(to)) return undefined
    rules.push({ ports: ports.map(portIn), to: to.map(peerIn) })
  }
  return rules
}

function portIn(value: unknown): PolicyPort {
  if (!isMap(value)) return { protocol: undefined, port: 'unreadable' }
  const { protocol = 'TCP', port, endPort } = value
  const text = typeof protocol === 'string' ? protocol : undefined
  if (port === undefined || port === null) return { protocol: text, port: 'any' }
  if (typeof port === 'string') return { protocol: text, port: { name: port } }
  if (typeof port !== 'number') return { protocol: text, port: 'unreadable' }
  if (endPort === undefined || endPort === null) return { protocol: text, port }
  return typeof endPort === 'number'
    ? { protocol: text, port, endPort }
    : { protocol: text, port: 'unreadable' }
}

function peerIn(value: unknown): PolicyPeer {
  if (!isMap(value)) return { kind: 'unreadable' }
  const { ipBlock, namespaceSelector, podSelector } = value
  if (ipBlock !== undefined) {
    const { cidr, except = [] } = isMap(ipBlock) ? ipBlock : {}
    if (typeof cidr !== 'string' || !isTexts(except)) return { kind: 'unreadable' }
    return { kind: 'block', cidr, except }
  }
  if (namespaceSelector === undefined && podSelector === undefined) return { kind: 'unreadable' }
  const namespaces = namespaceSelector === undefined ? undefined : selectorIn(namespaceSelector)
  const pods = podSelector === undefined ? undefined : selectorIn(podSelector)
  const isUnreadable =
    (namespaceSelector !== undefined && namespaces === undefined) ||
    (podSelector !== undefined && pods === undefined)
  return isUnreadable ? { kind: 'unreadable' } : { kind: 'pods', namespaces, pods }
}

function selectorIn(value: unknown): WrittenSelector | undefined {
  if (value !== null && !isMap(value)) return undefined
  const { matchLabels = {}, matchExpressions = [] } = value ?? {}
  if (!isMap(matchLabels) || !Array.isArray(matchExpressions)) return undefined
  const labels: Record<string, string> = {}
  for (const [key, text] of Object.entries(matchLabels)) {
    if (typeof text !== 'string') return undefined
    labels[key] = text
  }
  const expressions: SelectorExpression[] = []
  for (const each of matchExpressions as unknown[]) {
    if (!isMap(each)) return undefined
    const { key, operator, values = [] } = each
    if (typeof key !== 'string' || typeof operator !== 'string' || !isTexts(values)) return undefined
    if (!['In', 'NotIn', 'Exists', 'DoesNotExist'].includes(operator)) return undefined
    expressions.push({ key, operator, values })
  }
  return { matchLabels: labels, matchExpressions: expressions }
}

const isTexts = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every(each => typeof each === 'string')
