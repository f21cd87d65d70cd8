// What application manifests say, checked and cut down to what a control plane would act on (`--apps`). Nothing is filled
// in here: `simulation.ts` decides addresses, Pods and endpoints.
import type { ServicePort } from '../objects.ts'

export type AddressFamily = 'IPv4' | 'IPv6'

export interface AppServicePort extends ServicePort {
  /** `targetPort` as it is written: a number, the name of a container's port, or undefined (the same as `port`). */
  readonly targetPort: number | string | undefined
}

/** A v1 Service as a person writes it. */
export interface AppService {
  readonly kind: 'AppService'
  readonly namespace: string
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly type: 'ClusterIP' | 'NodePort' | 'LoadBalancer' | 'ExternalName'
  /** Stated addresses; `['None']` when headless; empty: to be given. */
  readonly clusterIPs: readonly string[]
  /** Empty: as the cluster does by default, IPv4. */
  readonly ipFamilies: readonly AddressFamily[]
  readonly ipFamilyPolicy: 'SingleStack' | 'PreferDualStack' | 'RequireDualStack' | undefined
  /** Undefined: without selector, so endpoints are brought by the files or there are none. */
  readonly selector: Readonly<Record<string, string>> | undefined
  readonly publishNotReadyAddresses: boolean
  readonly ports: readonly AppServicePort[]
  readonly externalName: string
  readonly externalIPs: readonly string[]
  /** Stated `status.loadBalancer.ingress`, or `spec.loadBalancerIP`; empty: to be given to a LoadBalancer. */
  readonly ingress: readonly string[]
}

export interface ContainerPort {
  readonly name: string
  readonly port: number
  /** `TCP`, `UDP` or `SCTP`; never empty. */
  readonly protocol: string
}

/** What all Pods of a workload have in common, and a Pod by itself. */
export interface PodTemplate {
  readonly labels: Readonly<Record<string, string>>
  readonly hostname: string
  readonly subdomain: string
  readonly hostNetwork: boolean
  /** Ports of all containers, sidecars and restartable init containers included, in order. */
  readonly ports: readonly ContainerPort[]
}

/**
 * `labdns.dev/not-ready`: ordinals of a workload's Pods (0 is the first), or all. Empty: all are ready.
 */
export type NotReady = 'all' | readonly number[]

/** A Pod that stands in the files by itself. */
export interface AppPod {
  readonly kind: 'AppPod'
  readonly namespace: string
  readonly name: string
  readonly template: PodTemplate
  readonly notReady: NotReady
  /** Stated `status.podIP` (or `podIPs`); empty: to be given. */
  readonly podIPs: readonly string[]
}

export type WorkloadKind =
  'Deployment' | 'ReplicaSet' | 'ReplicationController' | 'StatefulSet' | 'DaemonSet' | 'Job' | 'CronJob'

/** What makes Pods. */
export interface Workload {
  readonly kind: 'Workload'
  readonly workload: WorkloadKind
  readonly namespace: string
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  /** Pods wanted: `replicas`, a Job's `parallelism` (never more than `completions`), 0 for a CronJob; -1: one a node (DaemonSet). */
  readonly replicas: number
  /** `spec.ordinals.start` of a StatefulSet; else 0. */
  readonly start: number
  /** `spec.serviceName` of a StatefulSet: its Pods' subdomain; else empty. */
  readonly serviceName: string
  readonly template: PodTemplate
  readonly notReady: NotReady
}

export type AppObject = AppService | AppPod | Workload

/** The kind that a file writes for it: `Service`, `Pod`, `StatefulSet`. */
export function writtenKind(object: AppObject): string {
  if (object.kind === 'Workload') return object.workload
  return object.kind === 'AppService' ? 'Service' : 'Pod'
}
