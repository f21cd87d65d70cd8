// What *metadata* is told of a query: the parts of the name asked for, and the Pod that asks (corefile-and-plugins.md §8.5).
import type { ClusterIndex } from '../../cluster/index/cluster-index.ts'
import type { Query } from '../../dns/query.ts'
import { labelText } from '../../wire/name.ts'
import { HEADER_OCTETS } from '../../wire/numbers.ts'
import { ClusterName, NameKind } from './name.ts'
import type { KubernetesOptions, Zone } from './options.ts'

export class QueryMetadata {
  readonly #index: ClusterIndex
  readonly #options: KubernetesOptions
  readonly #name = new ClusterName()

  constructor(index: ClusterIndex, options: KubernetesOptions) {
    this.#index = index
    this.#options = options
  }

  /** `kubernetes/client-namespace` and `kubernetes/client-pod-name`, where Pods are watched and this is one. */
  publishClient({ peer }: Query, metadata: Map<string, string>): void {
    const pod = this.#index.pods.podAt(peer.address)
    if (pod === undefined) return
    metadata.set('kubernetes/client-namespace', pod.namespace)
    metadata.set('kubernetes/client-pod-name', pod.name)
  }

  /** The parts of a name in a zone of ours; empty where it has none. */
  publishName({ wire }: Query, zone: Zone, zoneAt: number, metadata: Map<string, string>): void {
    const name = this.#name
    name.read(wire, HEADER_OCTETS, zoneAt, zone.isMulticluster)
    const { kind, isPod } = name
    if (kind === NameKind.INVALID) {
      metadata.set('kubernetes/parse-error', 'invalid query name')
      return
    }
    const text = (isThere: boolean, start: number, end: number) =>
      isThere ? labelText(wire, start, end).toLowerCase() : ''
    const hasNamespace = kind >= NameKind.NAMESPACE
    const hasService = kind >= NameKind.SERVICE && !isPod
    metadata.set('kubernetes/kind', kind === NameKind.APEX ? '' : isPod ? 'pod' : 'svc')
    metadata.set('kubernetes/namespace', text(hasNamespace, name.namespaceAt, name.namespaceEnd))
    metadata.set(
      'kubernetes/service',
      // A Pod's label stands where a service's does, and CoreDNS calls it so.
      kind === NameKind.POD
        ? text(true, name.podAt, name.podEnd)
        : text(hasService, name.serviceAt, name.serviceEnd)
    )
    metadata.set('kubernetes/endpoint', text(kind === NameKind.ENDPOINT, name.endpointAt, name.endpointEnd))
    metadata.set('kubernetes/port-name', text(kind === NameKind.PORT, name.portAt, name.portEnd))
    metadata.set('kubernetes/protocol', text(kind === NameKind.PORT, name.protocolAt, name.protocolEnd))
    if (zone.isMulticluster) {
      metadata.set('kubernetes/cluster', text(kind === NameKind.ENDPOINT, name.clusterAt, name.clusterEnd))
    }
    if (this.#options.zonal) {
      const isZonal = kind === NameKind.ZONAL
      // Its labels' lengths stand between them.
      const labels: string[] = []
      for (let at = name.topologyAt; isZonal && at < name.topologyEnd; at += (wire[at] as number) + 1) {
        labels.push(text(true, at + 1, at + 1 + (wire[at] as number)))
      }
      metadata.set('kubernetes/zone', labels.join('.'))
    }
  }
}
