// Questions about objects that are really there, for the first minute with a server.
import type { ClusterIndex } from '../../cluster/index/cluster-index.ts'
import { ServiceType, ServiceView } from '../../cluster/index/service-record.ts'
import type { Example } from '../../dns/plugin.ts'
import { formatIPv4 } from '../../wire/address.ts'

const KINDS = ['address', 'reverse', 'headless', 'srv', 'dual', 'cname'] as const
type Kind = (typeof KINDS)[number]

/**
 * At most one question of each kind: an address, a headless Service, a port, a CNAME, a reverse name. Services that every
 * cluster has are asked about only where there is no other of that kind.
 */
export function exampleQuestions(index: ClusterIndex, zone: string): Example[] {
  const found = new Map<Kind, Example>()
  collect(index, zone, found, (name, space) => !isEverywhere(name, space))
  collect(index, zone, found, isEverywhere)
  return KINDS.flatMap(kind => found.get(kind) ?? [])
}

function isEverywhere(name: string, namespace: string): boolean {
  return namespace === 'kube-system' || (namespace === 'default' && name === 'kubernetes')
}

function collect(
  index: ClusterIndex,
  zone: string,
  found: Map<Kind, Example>,
  isWanted: (name: string, namespace: string) => boolean
): void {
  const view = new ServiceView()
  const { services, namespaces } = index
  for (const entry of services.entries()) {
    const namespace = services.namespaceOf(entry)
    if (!services.hasService(entry) || !namespaces.isDeclared(namespace)) continue
    const service = services.loadService(entry, view)
    const label = Buffer.from(services.nameOf(entry)).toString('utf8')
    const space = namespaces.label(namespace).toString('utf8')
    if (!isWanted(label, space)) continue
    const name = `${label}.${space}.svc.${zone}`
    const add = (kind: Kind, question: string, remark: string) => {
      if (!found.has(kind)) found.set(kind, { question, remark })
    }
    if (service.type === ServiceType.ADDRESS && service.ipv4Count > 0) {
      add('address', name, `the cluster IP of Service ${space}/${label}`)
      add('reverse', `-x ${formatIPv4(service.octets, service.ipv4At)}`, `back from the address to ${label}`)
      if (service.ipv6Count > 0) add('dual', `${name} AAAA`, 'a dual-stack Service has both families')
    }
    if (service.type === ServiceType.HEADLESS && services.firstSlice(entry) >= 0) {
      add('headless', name, 'a headless Service: one address for each ready endpoint')
      add('srv', `${name} SRV`, 'its ports and the names of its endpoints')
    }
    if (service.type === ServiceType.EXTERNAL_NAME) add('cname', `${name} CNAME`, 'an ExternalName Service')
    if (found.size === KINDS.length) break
  }
}
