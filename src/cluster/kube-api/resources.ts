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

/** `/apis/discovery.k8s.io/v1/endpointslices`: the objects of all namespaces. */
export function pathOf({ name, group, version }: Resource): string {
  return group === '' ? `/api/${version}/${name}` : `/apis/${group}/${version}/${name}`
}

/** The rule that a role must have, in the words of its manifest. */
export function rbacRule({ name, group }: Resource): string {
  return `apiGroups [${group === '' ? '""' : group}], resources [${name}], verbs [list, watch]`
}
