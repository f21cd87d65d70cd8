// What is listed and watched, and where (kubernetes-api.md §1).
import type { ClusterKind } from '../objects.ts'

export interface Resource {
  /** As in a path and in an RBAC rule: `endpointslices`. */
  readonly name: string
  readonly kind: ClusterKind
  /** Empty for the core group. */
  readonly group: string
  readonly version: string
}

/** What a request names: a resource that is not mirrored too, or one object of it. */
export interface AskedResource extends Omit<Resource, 'kind'> {
  /** Objects of this one alone; undefined: of all. */
  readonly namespace?: string
  readonly object?: string
  /** Verbs that it takes, for a message. Default: those of a mirror. */
  readonly verbs?: string
}

export type ResourceName = 'namespaces' | 'services' | 'endpointslices' | 'pods' | 'serviceimports'

export const RESOURCES: Readonly<Record<ResourceName, Resource>> = {
  namespaces: { name: 'namespaces', kind: 'Namespace', group: '', version: 'v1' },
  services: { name: 'services', kind: 'Service', group: '', version: 'v1' },
  endpointslices: { name: 'endpointslices', kind: 'EndpointSlice', group: 'discovery.k8s.io', version: 'v1' },
  pods: { name: 'pods', kind: 'Pod', group: '', version: 'v1' },
  serviceimports: {
    name: 'serviceimports',
    kind: 'ServiceImport',
    group: 'multicluster.x-k8s.io',
    version: 'v1alpha1'
  }
}

/** `/apis/discovery.k8s.io/v1/endpointslices`: the objects of all namespaces; `/api/v1/namespaces/shop/pods/web-0`. */
export function pathOf({ name, group, version, namespace, object }: AskedResource): string {
  const root = group === '' ? `/api/${version}` : `/apis/${group}/${version}`
  const inside = namespace === undefined ? '' : `/namespaces/${encodeURIComponent(namespace)}`
  return `${root}${inside}/${name}${object === undefined ? '' : `/${encodeURIComponent(object)}`}`
}

/** The rule that a role must have, in the words of its manifest. */
export function rbacRule({ name, group, verbs = 'list, watch' }: AskedResource): string {
  return `apiGroups [${group === '' ? '""' : group}], resources [${name}], verbs [${verbs}]`
}
