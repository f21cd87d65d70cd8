// Endpoints (v1) and the slices that the control plane's mirroring controller makes of them. Endpoints that the
// endpoints controller wrote stand beside slices that say the same, so they are mirrored only where a Service has no slice.
import { ADDRESS, checkAddress, namespaced, optionalName, slicePorts, trimmed } from '../trim.ts'
import { SERVICE_NAME_LABEL, type Endpoint, type EndpointSlice, type SlicePort } from '../objects.ts'
import { addressFamily } from '../values.ts'
import type { Fields, Flaw } from '../fields.ts'

export interface Endpoints {
  readonly kind: 'Endpoints'
  readonly namespace: string
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  /** Not to be mirrored: labelled so, or the record of a leader election. */
  readonly skipped: boolean
  readonly subsets: readonly Subset[]
}

interface Subset {
  readonly ports: readonly SlicePort[]
  readonly endpoints: readonly Endpoint[]
}

const MANAGED_BY_LABEL = 'endpointslice.kubernetes.io/managed-by'
const SKIP_LABEL = 'endpointslice.kubernetes.io/skip-mirror'
const LEADER_ANNOTATION = 'control-plane.alpha.kubernetes.io/leader'

export function trimEndpoints(raw: unknown, flaws: Flaw[]): Endpoints | undefined {
  return trimmed(raw, flaws, root => {
    const common = namespaced(root, 63)
    const annotations = root.map('metadata').map('annotations')
    return {
      kind: 'Endpoints',
      ...common,
      skipped: common.labels[SKIP_LABEL] === 'true' || annotations.has(LEADER_ANNOTATION),
      subsets: root.maps('subsets').map(subset => ({
        ports: slicePorts(subset),
        endpoints: [
          ...subset.maps('addresses').map(address => endpoint(address, true)),
          ...subset.maps('notReadyAddresses').map(address => endpoint(address, false))
        ]
      }))
    }
  })
}

/** One slice a subset and address family, under names that are the same every time. */
export function mirrored(endpoints: Endpoints): EndpointSlice[] {
  const slices: EndpointSlice[] = []
  if (endpoints.skipped) return slices
  const { namespace, name } = endpoints
  const labels = {
    ...endpoints.labels,
    [SERVICE_NAME_LABEL]: name,
    [MANAGED_BY_LABEL]: 'endpointslicemirroring-controller.k8s.io'
  }
  for (const [index, subset] of endpoints.subsets.entries()) {
    for (const family of ['IPv4', 'IPv6'] as const) {
      const members = subset.endpoints.filter(each => addressFamily(each.addresses[0] ?? '') === family)
      if (members.length === 0) continue
      slices.push({
        ...{
          kind: 'EndpointSlice',
          namespace,
          name: `${name}-mirrored-${index}-${family.toLowerCase()}`,
          labels
        },
        ...{ addressType: family, ports: subset.ports, endpoints: members, lastChange: '' }
      })
    }
  }
  return slices
}

function endpoint(address: Fields, ready: boolean): Endpoint {
  const ip = address.text('ip')
  if (!address.has('ip')) address.error(['ip'], `is missing; expected ${ADDRESS}`)
  else checkAddress(address, 'ip', ip, ADDRESS)
  return {
    addresses: [ip],
    ready,
    hostname: optionalName(address, 'hostname', 63),
    nodeName: address.text('nodeName'),
    targetName: address.map('targetRef').text('name'),
    zone: ''
  }
}
