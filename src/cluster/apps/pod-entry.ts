// A simulated Pod, and what of it follows from its template.
import type { Pod } from '../objects.ts'
import { canonical } from './addresses.ts'
import type { ContainerPort, NotReady, Workload } from './app-objects.ts'
import { inOrder } from './keys.ts'
import type { ObjectName } from './simulated.ts'

/** A Pod and what endpoints need of it. */
export interface PodEntry {
  readonly namespace: string
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly object: Pod
  /** One a family, in the order of the cluster's families; the first is `object.podIP`. */
  readonly podIPs: readonly string[]
  readonly ready: boolean
  readonly nodeName: string
  readonly hostname: string
  readonly subdomain: string
  readonly ports: readonly ContainerPort[]
  /** What it was made from: its workload, or itself; undefined when it was given. */
  readonly source: ObjectName | undefined
  /** Orders the Pods of all workloads: by workload, then ordinal. */
  readonly rank: readonly [maker: string, ordinal: number]
}

export function byRank(a: PodEntry, b: PodEntry): number {
  return inOrder(a.rank[0], b.rank[0]) || a.rank[1] - b.rank[1]
}

/** `index`: from 0, whatever ordinal the first has. */
export function isNotReady(notReady: NotReady, index: number): boolean {
  return notReady === 'all' || notReady.includes(index)
}

/** A Pod's labels: its template's, and those that the workload's controller adds, as far as people select by them. */
export function labelsOfPod(
  workload: Workload,
  ordinal: number,
  name: string,
  hash: string
): Readonly<Record<string, string>> {
  const { labels } = workload.template
  switch (workload.workload) {
    case 'Deployment':
      return { ...labels, 'pod-template-hash': hash }
    case 'StatefulSet':
      return {
        ...labels,
        'apps.kubernetes.io/pod-index': String(ordinal),
        'statefulset.kubernetes.io/pod-name': name
      }
    case 'Job':
      return { ...labels, 'batch.kubernetes.io/job-name': workload.name, 'job-name': workload.name }
    case 'CronJob':
    case 'DaemonSet':
    case 'ReplicaSet':
    case 'ReplicationController':
      return labels
  }
}

/** A given Pod: where it runs, its ports and its host name are not known. */
export function entryOfGiven(object: Pod): PodEntry {
  const { namespace, name, labels } = object
  const running = object.phase === 'Running' || object.phase === ''
  return {
    ...{ namespace, name, labels, object },
    podIPs: object.podIP === '' ? [] : [canonical(object.podIP)],
    ready: running && !object.deleting,
    ...{ nodeName: '', hostname: '', subdomain: '', ports: [] },
    source: undefined,
    rank: [`Pod/${namespace}/${name}`, 0]
  }
}
