// The cluster's objects, cut down to the fields that answers need (kubernetes-records.md §14). Every field here is held
// for every object of the cluster: do not add one without measuring `npm run bench -- memory`.

export interface ServicePort {
  readonly name: string
  /** The service port (1–65535). */
  readonly port: number
  /** As in the API: `TCP`, `UDP`, `SCTP`; empty when absent. */
  readonly protocol: string
}

export interface SlicePort {
  /** Empty when absent. */
  readonly name: string
  /** -1 when absent: addresses are served, SRV is not. */
  readonly port: number
  readonly protocol: string
}

/** A v1 Service. */
export interface Service {
  readonly kind: 'Service'
  readonly namespace: string
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  /** `ClusterIP`, `NodePort`, `LoadBalancer` or `ExternalName`. */
  readonly type: string
  /** `spec.clusterIPs`, or `[spec.clusterIP]` when that list is empty; `['None']` when headless. */
  readonly clusterIPs: readonly string[]
  /** Empty unless the type is ExternalName. */
  readonly externalName: string
  readonly ports: readonly ServicePort[]
  /** `spec.externalIPs`, then each load-balancer ingress's IP or else hostname. */
  readonly externalIPs: readonly string[]
  /** `spec.selector`; absent when there is none. No answer needs it, and the index passes it over: reasons do. */
  readonly selector?: Readonly<Record<string, string>>
}

/** One endpoint of a slice, ready or not: the index leaves out those that are not. */
export interface Endpoint {
  readonly addresses: readonly string[]
  /** `conditions.ready`; true when absent. */
  readonly ready: boolean
  readonly hostname: string
  readonly nodeName: string
  /** `targetRef.name`, empty when absent. */
  readonly targetName: string
  /** Topology zone, empty when absent. */
  readonly zone: string
}

/** A discovery.k8s.io/v1 EndpointSlice. */
export interface EndpointSlice {
  readonly kind: 'EndpointSlice'
  readonly namespace: string
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  /** `IPv4`, `IPv6` or `FQDN`. */
  readonly addressType: string
  readonly ports: readonly SlicePort[]
  readonly endpoints: readonly Endpoint[]
  /** The annotation `endpoints.kubernetes.io/last-change-trigger-time`, empty when absent. */
  readonly lastChange: string
}

export interface Namespace {
  readonly kind: 'Namespace'
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
}

/** A v1 Pod. */
export interface Pod {
  readonly kind: 'Pod'
  readonly namespace: string
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly podIP: string
  /** `status.phase`. */
  readonly phase: string
  /** Whether it has a deletion timestamp. */
  readonly deleting: boolean
}

/** Whether it runs no more and never will: no Service leads to it. */
export const isOver = ({ phase, deleting }: Pick<Pod, 'phase' | 'deleting'>): boolean =>
  deleting || phase === 'Succeeded' || phase === 'Failed'

/** A multicluster.x-k8s.io/v1alpha1 ServiceImport. */
export interface ServiceImport {
  readonly kind: 'ServiceImport'
  readonly namespace: string
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  /** `ClusterSetIP` or `Headless`. */
  readonly type: string
  readonly ips: readonly string[]
  readonly ports: readonly ServicePort[]
}

export type ClusterObject = Service | EndpointSlice | Namespace | Pod | ServiceImport
export type ClusterKind = ClusterObject['kind']

/** The label that joins a slice to its Service. */
export const SERVICE_NAME_LABEL = 'kubernetes.io/service-name'
/** The label that joins a slice to its ServiceImport. */
export const MULTICLUSTER_SERVICE_LABEL = 'multicluster.kubernetes.io/service-name'
/** The label with the cluster that an imported slice came from. */
export const SOURCE_CLUSTER_LABEL = 'multicluster.kubernetes.io/source-cluster'
