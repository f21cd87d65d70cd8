// Objects with defaults, reproducible chance, and what an index holds as plain values.
import { Hasher } from '../../../src/cluster/index/hash.ts'
import type { Namespaces } from '../../../src/cluster/index/namespaces.ts'
import { ServiceView } from '../../../src/cluster/index/service-record.ts'
import type { ServiceTable } from '../../../src/cluster/index/service-table.ts'
import { SliceView } from '../../../src/cluster/index/slice-record.ts'
import type { Endpoint, EndpointSlice, Pod, Service } from '../../../src/cluster/objects.ts'
import type { Random } from '../../../src/runtime/random.ts'
import { formatAddress, parseAddress, parsedAddress } from '../../../src/wire/address.ts'

/** Numbers that are the same in every run (xorshift32). */
export class Dice {
  #state: number

  constructor(seed: number) {
    this.#state = seed === 0 ? 1 : seed
  }

  below(limit: number): number {
    this.#state ^= this.#state << 13
    this.#state ^= this.#state >>> 17
    this.#state ^= this.#state << 5
    return (this.#state >>> 0) % limit
  }

  pick<T>(values: readonly T[]): T {
    return values[this.below(values.length)] as T
  }

  /** Up to `most` of the values, repetitions included. */
  some<T>(values: readonly T[], most: number): T[] {
    return Array.from({ length: this.below(most + 1) }, () => this.pick(values))
  }
}

/** A hasher whose key depends on the seed alone. */
export function seededHasher(seed = 1): Hasher {
  const dice = new Dice(seed)
  const random: Pick<Random, 'integer'> = { integer: limit => dice.below(limit) }
  return new Hasher(random)
}

export const service = (namespace: string, name: string, more: Partial<Service> = {}): Service => ({
  kind: 'Service',
  namespace,
  name,
  labels: {},
  type: 'ClusterIP',
  clusterIPs: ['10.96.0.1'],
  externalName: '',
  ports: [],
  externalIPs: [],
  ...more
})

export const endpoint = (addresses: readonly string[], more: Partial<Endpoint> = {}): Endpoint => ({
  addresses,
  ready: true,
  hostname: '',
  nodeName: '',
  targetName: '',
  zone: '',
  ...more
})

export const slice = (
  namespace: string,
  name: string,
  owner: string,
  endpoints: readonly Endpoint[],
  more: Partial<EndpointSlice> = {}
): EndpointSlice => ({
  kind: 'EndpointSlice',
  namespace,
  name,
  labels: { 'kubernetes.io/service-name': owner },
  addressType: 'IPv4',
  ports: [],
  endpoints,
  lastChange: '',
  ...more
})

export const pod = (namespace: string, name: string, podIP: string, more: Partial<Pod> = {}): Pod => ({
  kind: 'Pod',
  namespace,
  name,
  labels: {},
  podIP,
  phase: 'Running',
  deleting: false,
  ...more
})

export interface PlainService {
  readonly type: number
  readonly addresses: readonly string[]
  readonly ports: readonly string[]
}

export interface PlainSlice {
  readonly name: string
  readonly ports: readonly string[]
  /** `ADDRESS NAME ZONE` of each. */
  readonly endpoints: readonly string[]
}

export function find(table: ServiceTable, namespaces: Namespaces, namespace: string, name: string): number {
  const space = Buffer.from(namespace)
  const known = namespaces.find(space, 0, space.length)
  const label = Buffer.from(name)
  return known < 0 ? -1 : table.find(known, label, 0, label.length)
}

const text = (octets: Uint8Array, at: number, length: number) =>
  Buffer.from(octets.subarray(at, at + length)).toString()

/** The Service of an entry; undefined when there is none. */
export function readService(table: ServiceTable, entry: number): PlainService | undefined {
  if (entry < 0 || !table.hasService(entry)) return undefined
  const view = table.loadService(entry, new ServiceView())
  const addresses: string[] = []
  for (let i = 0; i < view.ipv4Count; i++) addresses.push(formatAddress(view.octets, view.ipv4At + i * 4, 4))
  for (let i = 0; i < view.ipv6Count; i++)
    addresses.push(formatAddress(view.octets, view.ipv6At + i * 16, 16))
  const ports: string[] = []
  view.rewindPorts()
  while (view.nextPort()) {
    const name = text(view.octets, view.nameAt, view.nameLength)
    ports.push(`${name} ${view.port} ${text(view.octets, view.protocolAt, view.protocolLength)}`)
  }
  return { type: view.type, addresses, ports }
}

/** The slices of an entry, by their names. */
export function readSlices(table: ServiceTable, entry: number): PlainSlice[] {
  const found: PlainSlice[] = []
  if (entry < 0) return found
  const view = new SliceView()
  for (let id = table.firstSlice(entry); id >= 0; id = table.nextSlice(id))
    found.push(readSlice(table, id, view))
  return found.sort((a, b) => (a.name < b.name ? -1 : 1))
}

export function readSlice(table: ServiceTable, id: number, view = new SliceView()): PlainSlice {
  table.loadSlice(id, view)
  const nameAt = view.objectNameAt
  const name = text(view.octets, nameAt, view.octets[nameAt - 1] as number)
  const ports: string[] = []
  view.rewindPorts()
  while (view.nextPort()) {
    const label = text(view.octets, view.nameAt, view.nameLength)
    ports.push(`${label} ${view.port} ${text(view.octets, view.protocolAt, view.protocolLength)}`)
  }
  const endpoints: string[] = []
  view.rewindEndpoints()
  while (view.nextEndpoint()) {
    const address = view.family === 0 ? '(domain)' : formatAddress(view.octets, view.addressAt, view.family)
    const label = text(view.octets, view.labelAt, view.labelLength)
    const zone = text(view.octets, view.zoneAt, view.zoneLength)
    endpoints.push(`${address} ${label} ${zone}`.trimEnd())
  }
  return { name, ports, endpoints }
}

/** Names of the Services that the table finds for an address, `NS/NAME`, repetitions kept. */
export function servicesAt(table: ServiceTable, namespaces: Namespaces, address: string): string[] {
  const family = parseAddress(address)
  const octets = parsedAddress.slice(0, family)
  const found: string[] = []
  for (
    let node = table.servicesByAddress(octets, 0, family);
    node !== 0;
    node = table.nextServiceByAddress(node)
  ) {
    const entry = table.serviceAtNode(node)
    found.push(entryName(table, namespaces, entry))
  }
  return found.sort()
}

/** The same for slices: `NS/OBJECT`. */
export function slicesAt(table: ServiceTable, namespaces: Namespaces, address: string): string[] {
  const family = parseAddress(address)
  const octets = parsedAddress.slice(0, family)
  const found: string[] = []
  for (
    let node = table.slicesByAddress(octets, 0, family);
    node !== 0;
    node = table.nextSliceByAddress(node)
  ) {
    const id = table.sliceAtNode(node)
    const space = namespaces.label(table.namespaceOf(table.entryOfSlice(id))).toString()
    found.push(`${space}/${readSlice(table, id).name}`)
  }
  return found.sort()
}

export function entryName(table: ServiceTable, namespaces: Namespaces, entry: number): string {
  return `${namespaces.label(table.namespaceOf(entry)).toString()}/${Buffer.from(table.nameOf(entry)).toString()}`
}
