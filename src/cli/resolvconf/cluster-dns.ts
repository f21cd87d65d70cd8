// The address that the kubelet gives to Pods as their nameserver: that of the cluster's DNS Service.
import type { ClusterObject, Service } from '../../cluster/objects.ts'
import { parseIp } from '../../corefile/addresses.ts'

export interface ClusterDns {
  /** In their usual form, in the Service's order; empty: there is none. */
  readonly addresses: readonly string[]
  /** What there is to say about it, for a person; undefined: nothing. */
  readonly note: string | undefined
}

const NAMESPACE = 'kube-system'
const NAME = 'kube-dns'
/** The label that DNS add-ons of distributions give to their Service, whatever its name is. */
const LABEL = 'k8s-app'

/** Looks for `kube-system/kube-dns`, else for the one Service that is labelled as the cluster's DNS. */
export function clusterDnsOf(objects: Iterable<ClusterObject>): ClusterDns {
  const labelled: Service[] = []
  for (const object of objects) {
    if (object.kind !== 'Service') continue
    if (object.namespace === NAMESPACE && object.name === NAME) return ofService(object)
    if (object.labels[LABEL] === NAME && addressesOf(object).length > 0) labelled.push(object)
  }
  const [only] = labelled
  if (labelled.length !== 1 || only === undefined) {
    return {
      addresses: [],
      note: `the state has no Service ${NAMESPACE}/${NAME}, so the kubelet counts as one that knows no cluster DNS; --cluster-dns ADDRESS names it`
    }
  }
  const note = `the state has no Service ${NAMESPACE}/${NAME}; taken is ${only.namespace}/${only.name}, by its label ${LABEL}: ${NAME}`
  return { addresses: addressesOf(only), note }
}

function ofService(service: Service): ClusterDns {
  const addresses = addressesOf(service)
  if (addresses.length > 0) return { addresses, note: undefined }
  return {
    addresses,
    note: `the Service ${NAMESPACE}/${NAME} has no cluster IP, so the kubelet counts as one that knows no cluster DNS; --cluster-dns ADDRESS names it`
  }
}

const addressesOf = ({ clusterIPs }: Service): string[] => clusterIPs.flatMap(ip => parseIp(ip)?.text ?? [])
