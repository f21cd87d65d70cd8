// EndpointSlices of a Service: what the endpoint slice controller makes of the Pods that its selector finds (Kubernetes
// documentation, "EndpointSlices"; "Service", "Headless Services").
import { SERVICE_NAME_LABEL, type Endpoint, type EndpointSlice, type SlicePort } from '../objects.ts'
import { addressFamily } from '../values.ts'
import type { AddressFamily, AppService, AppServicePort } from './app-objects.ts'
import { generatedName } from './generated-names.ts'
import { inOrder, pathOf } from './keys.ts'
import { byRank, type PodEntry } from './pod-entry.ts'

/** Endpoints in one slice, at most: the controller's `--max-endpoints-per-slice`. */
export const ENDPOINTS_OF_SLICE_MAX = 100
const MANAGED_BY_LABEL = 'endpointslice.kubernetes.io/managed-by'
const NAME_TRIES = 20

/** Slices in a fixed order. `isFree` says whether a slice of this Service can have a name. */
export function slicesOf(
  service: AppService,
  families: readonly AddressFamily[],
  pods: readonly PodEntry[],
  isFree: (name: string) => boolean
): EndpointSlice[] {
  const ordered = [...pods].sort(byRank)
  const slices: EndpointSlice[] = []
  const names = new Set<string>()
  for (const family of families) {
    for (const [portsKey, group] of groupsOf(service, family, ordered)) {
      for (let at = 0; at < group.endpoints.length; at += ENDPOINTS_OF_SLICE_MAX) {
        const seed = `slice ${pathOf(service)} ${family} ${portsKey} ${at / ENDPOINTS_OF_SLICE_MAX}`
        const name = sliceName(service.name, seed, each => !names.has(each) && isFree(each))
        if (name === undefined) continue
        names.add(name)
        slices.push({
          kind: 'EndpointSlice',
          namespace: service.namespace,
          name,
          labels: {
            ...service.labels,
            ...(service.clusterIPs[0] === 'None' ? { 'service.kubernetes.io/headless': '' } : {}),
            [MANAGED_BY_LABEL]: 'endpointslice-controller.k8s.io',
            [SERVICE_NAME_LABEL]: service.name
          },
          addressType: family,
          ports: group.ports,
          endpoints: group.endpoints.slice(at, at + ENDPOINTS_OF_SLICE_MAX),
          lastChange: ''
        })
      }
    }
  }
  return slices
}

/** Names of container ports that the Service's ports mean and none of the Pods has. */
export function missingPortNames(service: AppService, pods: readonly PodEntry[]): string[] {
  const names = new Set<string>()
  for (const port of service.ports) {
    const { targetPort } = port
    if (typeof targetPort !== 'string' || targetPort === '') continue
    if (!pods.some(pod => portOf(port, pod) !== undefined)) names.add(targetPort)
  }
  return [...names]
}

interface Group {
  readonly ports: readonly SlicePort[]
  readonly endpoints: Endpoint[]
}

/** Pods that resolve the Service's ports alike share slices. */
function groupsOf(service: AppService, family: AddressFamily, pods: readonly PodEntry[]): [string, Group][] {
  const groups = new Map<string, Group>()
  for (const pod of pods) {
    const address = pod.podIPs.find(each => addressFamily(each) === family)
    if (address === undefined) continue
    const ports = service.ports.flatMap(port => {
      const number = portOf(port, pod)
      return number === undefined ? [] : [{ name: port.name, port: number, protocol: port.protocol || 'TCP' }]
    })
    const key = ports.map(port => `${port.name}:${port.port}/${port.protocol}`).join(',')
    let group = groups.get(key)
    if (group === undefined) groups.set(key, (group = { ports, endpoints: [] }))
    group.endpoints.push({
      addresses: [address],
      ready: pod.ready || service.publishNotReadyAddresses,
      hostname: pod.subdomain === service.name ? pod.hostname : '',
      nodeName: pod.nodeName,
      targetName: pod.name,
      zone: ''
    })
  }
  return [...groups].sort((a, b) => inOrder(a[0], b[0]))
}

/** The number that a Service's port means in a Pod; undefined when the Pod has no port of that name and protocol. */
function portOf(port: AppServicePort, pod: PodEntry): number | undefined {
  const { targetPort } = port
  if (targetPort === undefined || targetPort === '' || targetPort === 0) return port.port
  if (typeof targetPort === 'number') return targetPort
  const protocol = port.protocol || 'TCP'
  return pod.ports.find(each => each.name === targetPort && each.protocol === protocol)?.port
}

function sliceName(service: string, seed: string, isFree: (name: string) => boolean): string | undefined {
  for (let attempt = 0; attempt < NAME_TRIES; attempt++) {
    const name = generatedName(`${service}-`, `${seed} ${attempt}`)
    if (isFree(name)) return name
  }
  return undefined
}
