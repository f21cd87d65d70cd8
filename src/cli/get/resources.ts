// The objects of a state as `get` shows them: what stands in each column, and the manifest.
import { asWritten, type Written, type WrittenMap } from '../../cluster/as-written.ts'
import {
  SERVICE_NAME_LABEL,
  type ClusterObject,
  type Endpoint,
  type EndpointSlice,
  type Pod,
  type Service,
  type ServicePort,
  type SlicePort
} from '../../cluster/objects.ts'
import { addressFamily } from '../../cluster/values.ts'
import type { Kind } from './kinds.ts'

/** An object to show. */
export interface Resource {
  /** Empty for namespaces. */
  readonly namespace: string
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  /** Behind the name; those of `wide` follow. */
  readonly cells: () => readonly string[]
  readonly wideCells: () => readonly string[]
  readonly manifest: () => WrittenMap
}

/** Columns behind NAME, then those that `-o wide` adds. */
export const COLUMNS: Readonly<Record<Kind['kind'], readonly [readonly string[], readonly string[]]>> = {
  Namespace: [['STATUS', 'AGE'], []],
  Service: [['TYPE', 'CLUSTER-IP', 'EXTERNAL-IP', 'PORT(S)', 'AGE'], ['SELECTOR']],
  Endpoints: [['ENDPOINTS', 'AGE'], []],
  EndpointSlice: [['ADDRESSTYPE', 'PORTS', 'ENDPOINTS', 'AGE'], []],
  Pod: [
    ['READY', 'STATUS', 'RESTARTS', 'AGE'],
    ['IP', 'NODE', 'NOMINATED NODE', 'READINESS GATES']
  ],
  ServiceImport: [['TYPE', 'IP', 'AGE'], []]
}

const NONE = '<none>'
/** What kubectl prints for a time that an object doesn't have; here also for what no manifest is asked for. */
const UNKNOWN = '<unknown>'
/** Entries of a list that are shown. */
const LISTED_MAX = 3
/** The most characters of a load balancer's addresses, without `wide`. */
const BALANCER_WIDTH = 16

/** What a simulated control plane knows beyond the objects. */
export interface Beyond {
  /** Undefined: nobody knows. Empty: none. */
  selectorOf(service: Service): Readonly<Record<string, string>> | undefined
  podFacts(pod: Pod): { readonly ready: boolean; readonly nodeName: string } | undefined
  /** More fields of the manifest than answers need. */
  complete(object: ClusterObject, manifest: WrittenMap): WrittenMap
}

/** The objects of a kind, by namespace and name as an API server lists them. */
export function resourcesOf(kind: Kind, objects: readonly ClusterObject[], beyond: Beyond): Resource[] {
  const found =
    kind.kind === 'Endpoints'
      ? endpointsOf(objects, beyond)
      : objects.filter(object => object.kind === kind.kind).map(object => resourceOf(object, beyond))
  return found.sort((a, b) => compare(a.namespace, b.namespace) || compare(a.name, b.name))
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

function resourceOf(object: ClusterObject, beyond: Beyond): Resource {
  const common = {
    namespace: object.kind === 'Namespace' ? '' : object.namespace,
    name: object.name,
    labels: object.labels,
    wideCells: () => [],
    manifest: () => beyond.complete(object, asWritten(object))
  }
  switch (object.kind) {
    case 'Namespace':
      return { ...common, cells: () => ['Active', UNKNOWN] }
    case 'Service':
      return {
        ...common,
        cells: () => serviceCells(object, false),
        wideCells: () => [...serviceCells(object, true), selectorText(beyond.selectorOf(object))]
      }
    case 'EndpointSlice':
      return { ...common, cells: () => sliceCells(object) }
    case 'Pod':
      return {
        ...common,
        cells: () => podCells(object, beyond),
        wideCells: () => podWideCells(object, beyond)
      }
    case 'ServiceImport':
      return {
        ...common,
        cells: () => [object.type, object.ips.length === 0 ? '' : JSON.stringify(object.ips), UNKNOWN]
      }
  }
}

function serviceCells(service: Service, isWide: boolean): string[] {
  const type = service.type === '' ? 'ClusterIP' : service.type
  const ports = service.ports.map(portText).join(',')
  return [type, service.clusterIPs[0] ?? NONE, externalText(service, isWide), ports || NONE, UNKNOWN]
}

function portText({ port, protocol }: ServicePort): string {
  return `${port}/${protocol || 'TCP'}`
}

function externalText({ type, externalIPs, externalName }: Service, isWide: boolean): string {
  if (type === 'ExternalName') return externalName
  if (type !== 'LoadBalancer') return externalIPs.join(',') || NONE
  const text = [...new Set(externalIPs)].sort().join(',')
  if (text === '') return '<pending>'
  return isWide || text.length <= BALANCER_WIDTH ? text : `${text.slice(0, BALANCER_WIDTH - 3)}...`
}

function selectorText(selector: Readonly<Record<string, string>> | undefined): string {
  if (selector === undefined) return UNKNOWN
  const pairs = Object.entries(selector).map(([key, value]) => `${key}=${value}`)
  return pairs.sort().join(',') || NONE
}

function sliceCells({ addressType, ports, endpoints }: EndpointSlice): string[] {
  const numbers = ports.map(({ port, name }) => (port >= 0 ? String(port) : name || '*'))
  const addresses = endpoints.flatMap(endpoint => endpoint.addresses)
  return [addressType, shortList(numbers) || '<unset>', shortList(addresses) || '<unset>', UNKNOWN]
}

/** `a,b,c + 2 more...` */
function shortList(texts: readonly string[]): string {
  const few = texts.slice(0, LISTED_MAX).join(',')
  return texts.length > LISTED_MAX ? `${few} + ${texts.length - LISTED_MAX} more...` : few
}

function podCells(pod: Pod, beyond: Beyond): string[] {
  const facts = beyond.podFacts(pod)
  const ready = facts === undefined ? UNKNOWN : facts.ready ? '1/1' : '0/1'
  return [ready, pod.deleting ? 'Terminating' : pod.phase || UNKNOWN, '0', UNKNOWN]
}

function podWideCells(pod: Pod, beyond: Beyond): string[] {
  const node = beyond.podFacts(pod)?.nodeName ?? ''
  return [...podCells(pod, beyond), pod.podIP || NONE, node || NONE, NONE, NONE]
}

/**
 * The Endpoints that a control plane keeps beside the slices: one object for each Service that has slices or a selector,
 * of the family that the Service's own address has.
 */
function endpointsOf(objects: readonly ClusterObject[], beyond: Beyond): Resource[] {
  const slices = new Map<string, EndpointSlice[]>()
  for (const object of objects) {
    if (object.kind !== 'EndpointSlice' || object.addressType === 'FQDN') continue
    const service = Object.hasOwn(object.labels, SERVICE_NAME_LABEL) ? object.labels[SERVICE_NAME_LABEL] : ''
    if (service === undefined || service === '') continue
    const key = `${object.namespace}/${service}`
    const others = slices.get(key)
    if (others === undefined) slices.set(key, [object])
    else others.push(object)
  }
  const found: Resource[] = []
  for (const object of objects) {
    if (object.kind !== 'Service' || object.type === 'ExternalName') continue
    const own = slices.get(`${object.namespace}/${object.name}`)
    const selector = beyond.selectorOf(object)
    if (own === undefined && (selector === undefined || Object.keys(selector).length === 0)) continue
    const { namespace, name, labels } = object
    const subsets = subsetsOf(object, own ?? [])
    const cells = () => [subsets.length === 0 ? NONE : shortList(subsets.flatMap(readyTexts)), UNKNOWN]
    const manifest = () => ({
      apiVersion: 'v1',
      kind: 'Endpoints',
      metadata: { name, namespace, ...(Object.keys(labels).length > 0 ? { labels } : {}) },
      subsets: subsets.map(subset => subsetManifest(subset, namespace))
    })
    found.push({ namespace, name, labels, cells, wideCells: cells, manifest })
  }
  return found
}

/** Endpoints that have the same ports. */
interface Subset {
  readonly ports: readonly SlicePort[]
  readonly endpoints: Endpoint[]
}

function subsetsOf(service: Service, slices: readonly EndpointSlice[]): Subset[] {
  const family = addressFamily(service.clusterIPs[0] ?? '') ?? familyOf(slices)
  const subsets = new Map<string, Subset>()
  for (const { addressType, ports, endpoints } of slices) {
    if (addressType !== family || endpoints.length === 0) continue
    const key = JSON.stringify(ports)
    const subset = subsets.get(key) ?? { ports, endpoints: [] }
    subsets.set(key, subset)
    subset.endpoints.push(...endpoints)
  }
  const addressOf = (endpoint: Endpoint) => endpoint.addresses[0] ?? ''
  for (const subset of subsets.values()) subset.endpoints.sort((a, b) => compare(addressOf(a), addressOf(b)))
  return [...subsets.values()]
}

/** Headless Services have no address of their own. */
function familyOf(slices: readonly EndpointSlice[]): string {
  return slices.some(slice => slice.addressType === 'IPv4') ? 'IPv4' : 'IPv6'
}

/** `10.1.0.1:80` for each port and ready address; addresses alone where there are no ports. */
function readyTexts({ ports, endpoints }: Subset): string[] {
  const addresses = endpoints.filter(each => each.ready).flatMap(each => each.addresses)
  if (ports.length === 0) return addresses
  const joined = (address: string, port: number) =>
    address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`
  return ports.flatMap(({ port }) => addresses.map(address => joined(address, Math.max(port, 0))))
}

function subsetManifest({ ports, endpoints }: Subset, namespace: string): WrittenMap {
  const addresses = (isReady: boolean): Written[] =>
    endpoints
      .filter(each => each.ready === isReady)
      .flatMap(({ addresses, hostname, nodeName, targetName }) =>
        addresses.map(ip => ({
          ip,
          ...(hostname === '' ? {} : { hostname }),
          ...(nodeName === '' ? {} : { nodeName }),
          ...(targetName === '' ? {} : { targetRef: { kind: 'Pod', name: targetName, namespace } })
        }))
      )
  const [ready, notReady] = [addresses(true), addresses(false)]
  return {
    ...(ready.length > 0 ? { addresses: ready } : {}),
    ...(notReady.length > 0 ? { notReadyAddresses: notReady } : {}),
    ...(ports.length === 0
      ? {}
      : {
          ports: ports.map(({ name, port, protocol }) => ({
            ...(name === '' ? {} : { name }),
            ...(port < 0 ? {} : { port }),
            ...(protocol === '' ? {} : { protocol })
          }))
        })
  }
}
