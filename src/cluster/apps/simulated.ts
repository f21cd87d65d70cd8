// What the simulation of a control plane takes and gives: the contract between `simulation.ts`, the manifests that feed
// it, and the commands that show it.
import type { ClusterKind, ClusterObject, Pod, Service } from '../objects.ts'
import type { AddressFamily, AppObject, AppServicePort, ContainerPort } from './app-objects.ts'

/** Ranges and nodes: `--service-cidr`, `--pod-cidr`, `--nodes`. Texts are valid CIDRs; at least one of each is there. */
export interface SimulationOptions {
  readonly serviceCidrs: { readonly [F in AddressFamily]?: string }
  readonly podCidrs: { readonly [F in AddressFamily]?: string }
  /** At least 1. */
  readonly nodes: number
}

export const DEFAULT_SIMULATION: SimulationOptions = {
  serviceCidrs: { IPv4: '10.96.0.0/12', IPv6: 'fd00:10:96::/112' },
  podCidrs: { IPv4: '10.244.0.0/16', IPv6: 'fd00:10:244::/56' },
  nodes: 1
}

/** Names an object as its file does: kind `Service`, `StatefulSet`…; namespace '' for cluster-wide kinds. */
export interface ObjectName {
  readonly kind: string
  readonly namespace: string
  readonly name: string
}

/** A change to what answers need. */
export interface SimulatedChange {
  readonly action: 'added' | 'changed' | 'removed'
  /** The object as it is now; when removed, as it was. */
  readonly object: ClusterObject
}

/** What a person is told of a change: `10.96.4.7 → 10.96.4.9`, `3 → 2, db-2 gone`. */
export interface SimulatedNote {
  /** What was written and has changed. */
  readonly subject: ObjectName
  readonly text: string
}

/** Something that a cluster would refuse or leave undone, which shows only once all objects are known. */
export interface SimulatedProblem {
  readonly level: 'error' | 'warning'
  readonly subject: ObjectName
  /** As a sentence after the object's name: `spec.clusterIP: 10.96.0.100 is taken by Service shop/web; …` */
  readonly text: string
}

export interface Settled {
  readonly changes: readonly SimulatedChange[]
  readonly notes: readonly SimulatedNote[]
}

/** A Service as `labdns get` shows it. */
export interface SimulatedService {
  readonly service: Service
  readonly ports: readonly AppServicePort[]
  readonly selector: Readonly<Record<string, string>> | undefined
}

/** A Pod as `labdns get` shows it. */
export interface SimulatedPod {
  readonly pod: Pod
  /** All of its addresses; the first is `pod.podIP`. */
  readonly podIPs: readonly string[]
  readonly ready: boolean
  readonly nodeName: string
  readonly hostname: string
  readonly subdomain: string
  readonly ports: readonly ContainerPort[]
  /** What it belongs to; undefined for a Pod by itself. */
  readonly owner: ObjectName | undefined
}

/**
 * A control plane, as far as DNS sees it. Deterministic: equal objects give equal answers in whatever order they came,
 * as long as nothing was removed or changed in between; while it runs, a change moves no address but the one it is about.
 */
export interface ControlPlane {
  /** An object of an application is new or changed; it replaces the one of the same written kind, namespace and name. */
  put(object: AppObject): void
  remove(kind: string, namespace: string, name: string): void
  /**
   * An object that is taken exactly as it is, told to the sinks by somebody else: its namespace and addresses are in use,
   * and no object of that kind and name is simulated. Slices among them belong to their Service: none are simulated then.
   */
  given(object: ClusterObject): void
  takenBack(kind: ClusterKind, namespace: string, name: string): void
  /** What follows from everything since the last call. */
  settle(): Settled
  /** Everything that is simulated now. Does not contain what was `given`. */
  objects(): Iterable<ClusterObject>
  /** What is wrong now; complete after `settle`. */
  problems(): readonly SimulatedProblem[]
  /** What a simulated object was made from: the Service of a slice, the workload of a Pod; undefined: it is always there. */
  madeFrom(object: ClusterObject): ObjectName | undefined
  services(): Iterable<SimulatedService>
  pods(): Iterable<SimulatedPod>
}
