// Whether a Pod's questions get through to the DNS Pods, from the objects of a state.
import type { WrittenPolicy } from '../../cluster/manifests/network-policy-in.ts'
import { isOver, type ClusterObject } from '../../cluster/objects.ts'
import type { From } from '../resolvconf/from.ts'
import type { FoundPod } from '../resolvconf/pod-source.ts'
import { egressVerdict, type EgressVerdict, type PolicyPod } from './egress.ts'

/** Whether policies of the state let the Pod ask; undefined where there are none. */
export function egressOf(
  from: From,
  found: FoundPod,
  objects: readonly ClusterObject[],
  policies: readonly WrittenPolicy[]
): EgressVerdict | undefined {
  if (policies.length === 0) return undefined
  const labels = new Map(
    objects.flatMap(object => (object.kind === 'Namespace' ? [[object.name, object.labels] as const] : []))
  )
  const labelsOf = (namespace: string) => {
    const own = labels.get(namespace)
    // Every API server puts this label on every namespace.
    return own === undefined ? undefined : { 'kubernetes.io/metadata.name': namespace, ...own }
  }
  const isDns = (pod: PolicyPod) => pod.namespace === 'kube-system' && pod.labels['k8s-app'] === 'kube-dns'
  const all = objects.flatMap(object =>
    object.kind === 'Pod'
      ? [
          {
            ...{ namespace: object.namespace, name: object.name, labels: object.labels },
            ...{ address: object.podIP, isOver: isOver(object) }
          }
        ]
      : []
  )
  const pod =
    all.find(({ namespace, name }) => namespace === found.namespace && name === found.name) ??
    (found.labels && { namespace: found.namespace, labels: found.labels, address: found.address ?? '' })
  const isOrdinary = from.kind === 'Namespace'
  // Those that can be asked: a cluster keeps others that were evicted, or wait for a node.
  const dnsPods = all.filter(each => isDns(each) && !each.isOver && each.address !== '')
  const input = { pod: isOrdinary ? undefined : pod, namespace: found.namespace, policies, dnsPods, labelsOf }
  return egressVerdict(input)
}
