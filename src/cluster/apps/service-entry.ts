// A written Service, and the Service that the API server makes of it.
import type { Service } from '../objects.ts'
import type { AddressFamily, AppService } from './app-objects.ts'

/** A Service and the addresses it has. */
export interface ServiceEntry {
  readonly path: string
  object: AppService
  /** Always there: claims before all others. */
  readonly builtIn: boolean
  families: readonly AddressFamily[]
  /** In the order of `families`; empty while there is a problem. */
  readonly clusterIPs: Map<AddressFamily, string>
  readonly ingress: Map<AddressFamily, string>
  /** Why it is left out. */
  problem: string | undefined
  /** Why it is served without something. */
  warning: string | undefined
}

/** Stated ingress, or what was given. */
export function ingressOf({ object, families, ingress }: ServiceEntry): readonly string[] {
  if (object.type !== 'LoadBalancer') return object.ingress
  return object.ingress.length > 0 ? object.ingress : families.flatMap(family => ingress.get(family) ?? [])
}

/** The Service with its addresses. */
export function serviceOf(entry: ServiceEntry): Service {
  const {
    namespace,
    name,
    labels,
    type,
    clusterIPs,
    ports,
    externalName,
    externalIPs,
    selector
  }: AppService = entry.object
  const isExternal = type === 'ExternalName'
  const isHeadless = clusterIPs[0] === 'None'
  const addresses = entry.families.flatMap(family => entry.clusterIPs.get(family) ?? [])
  return {
    kind: 'Service',
    ...{ namespace, name, labels, type },
    clusterIPs: isExternal ? [] : isHeadless ? ['None'] : addresses,
    externalName: isExternal ? externalName : '',
    ports: ports.map(port => ({ name: port.name, port: port.port, protocol: port.protocol || 'TCP' })),
    externalIPs: [...externalIPs, ...ingressOf(entry)],
    ...(selector === undefined ? {} : { selector })
  }
}
