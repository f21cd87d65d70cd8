// NetworkPolicies: no answer needs them yet. They are kept, so that what they are about can be looked at.
import type { Flaw } from '../fields.ts'
import { trimmed } from '../trim.ts'
import { appMetadata } from './trim-fields.ts'
import { subdomain } from './trim-rules.ts'
import { writtenSelector, type WrittenSelector } from './trim-selector.ts'

/** A networking.k8s.io/v1 NetworkPolicy, cut down to the Pods that it is about. */
export interface NetworkPolicy {
  readonly kind: 'NetworkPolicy'
  readonly namespace: string
  readonly name: string
  readonly podSelector: WrittenSelector
}

export function trimNetworkPolicy(raw: unknown, flaws: Flaw[]): NetworkPolicy | undefined {
  return trimmed(raw, flaws, root => {
    const { namespace, name } = appMetadata(root, subdomain)
    return {
      kind: 'NetworkPolicy',
      namespace,
      name,
      podSelector: writtenSelector(root.map('spec'), 'podSelector')
    }
  })
}
