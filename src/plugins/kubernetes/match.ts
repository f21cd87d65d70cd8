// What a name in a cluster zone stands for right now: the rules of existence (kubernetes-records.md §2, §3, §11, §12).
import type { ClusterIndex } from '../../cluster/index/cluster-index.ts'
import { dashedAddress } from '../../cluster/index/endpoint-name.ts'
import { sameLabel, sameOctets } from '../../cluster/index/namespaces.ts'
import { ServiceType, ServiceView } from '../../cluster/index/service-record.ts'
import type { ServiceTable } from '../../cluster/index/service-table.ts'
import { SliceView } from '../../cluster/index/slice-record.ts'
import { parseAddress, parsedAddress } from '../../wire/address.ts'
import { lowerOctet } from '../../wire/name.ts'
import { ClusterName, NameKind } from './name.ts'
import type { KubernetesOptions, Zone } from './options.ts'

/** What a name stands for: up to nine it exists, from ten on it doesn't, and the word says why. */
export const Outcome = {
  /** It exists and has no records of its own. */
  EMPTY: 0,
  /** A Service's own addresses. */
  ADDRESSES: 1,
  /** Addresses of endpoints. */
  ENDPOINTS: 2,
  EXTERNAL_NAME: 3,
  POD: 4,
  /** A zonal name of a headless Service without an endpoint to answer with: it exists nonetheless. */
  EMPTY_ZONE: 5,
  /** Reached only by name errors. */
  INVALID_NAME: 10,
  NO_NAMESPACE: 11,
  NAMESPACE_NOT_EXPOSED: 12,
  NO_SERVICE: 13,
  NO_READY_ENDPOINT: 14,
  NO_SUCH_ENDPOINT: 15,
  NO_SUCH_PORT: 16,
  BELOW_EXTERNAL_NAME: 17,
  EXTERNAL_NAME_IS_ADDRESS: 18,
  NO_ADDRESS: 19,
  PODS_DISABLED: 20,
  NO_SUCH_POD: 21,
  EMPTY_SERVICE_IGNORED: 22,
  ZONAL_NOT_HEADLESS: 23
} as const

/** Outcomes from here on are name errors. */
export const FIRST_NAME_ERROR = Outcome.INVALID_NAME

/** Finds one name after another; what it found stays readable until the next `find`. */
export class Match {
  outcome: number = Outcome.INVALID_NAME
  readonly name = new ClusterName()
  readonly service = new ServiceView()
  readonly slice = new SliceView()
  table: ServiceTable
  entry = -1
  namespace = -1
  /** How many answers there are before repeated ones are dropped: what SRV weights are made of. */
  candidates = 0
  /** Of a pod: 4 or 16; the address is in `podAddress`. */
  podFamily = 0
  readonly podAddress = new Uint8Array(16)
  octets: Uint8Array = new Uint8Array(0)
  readonly #index: ClusterIndex
  readonly #options: KubernetesOptions
  #endpointHash = 0

  constructor(index: ClusterIndex, options: KubernetesOptions) {
    this.#index = index
    this.#options = options
    this.table = index.services
  }

  /** Looks at the name between `start` and the zone at `zoneAt`. */
  find(octets: Uint8Array, start: number, zoneAt: number, zone: Zone): void {
    this.octets = octets
    const name = this.name
    name.read(octets, start, zoneAt, zone.isMulticluster)
    this.outcome = this.#find(octets, name, zone)
  }

  #find(octets: Uint8Array, name: ClusterName, zone: Zone): number {
    switch (name.kind) {
      case NameKind.APEX:
      case NameKind.KIND:
        return Outcome.EMPTY
      case NameKind.INVALID:
        return Outcome.INVALID_NAME
    }
    if (zone.isReverse) return Outcome.INVALID_NAME
    if (name.isPod && this.#options.pods === 'disabled') return Outcome.PODS_DISABLED
    const namespace = this.#index.namespaces.find(octets, name.namespaceAt, name.namespaceEnd)
    this.namespace = namespace
    if (namespace < 0 || !this.#index.namespaces.isDeclared(namespace)) return Outcome.NO_NAMESPACE
    if (!this.isListed(namespace)) return Outcome.NAMESPACE_NOT_EXPOSED
    if (name.kind === NameKind.NAMESPACE) return Outcome.EMPTY
    if (name.kind === NameKind.POD) return this.#findPod(octets, name)
    return this.#findService(octets, name, zone)
  }

  /** Whether the option `namespaces`, where there is one, names this namespace. */
  isListed(namespace: number): boolean {
    const listed = this.#options.namespaces
    if (listed.length === 0) return true
    const label = this.#index.namespaces.label(namespace)
    return listed.some(one => sameLabel(one, label, 0, label.length))
  }

  #findService(octets: Uint8Array, name: ClusterName, zone: Zone): number {
    const table = zone.isMulticluster ? this.#index.imports : this.#index.services
    this.table = table
    this.entry = table.find(this.namespace, octets, name.serviceAt, name.serviceEnd)
    if (this.entry < 0 || !table.hasService(this.entry)) return Outcome.NO_SERVICE
    const service = table.loadService(this.entry, this.service)
    const type = service.type
    if (name.kind === NameKind.ZONAL) return this.#findZonal(type, zone)
    if (type === ServiceType.NONEXISTENT) return Outcome.EXTERNAL_NAME_IS_ADDRESS
    if (type === ServiceType.EXTERNAL_NAME) {
      return name.kind === NameKind.SERVICE ? Outcome.EXTERNAL_NAME : Outcome.BELOW_EXTERNAL_NAME
    }
    if (this.#options.ignoreEmptyService && type === ServiceType.ADDRESS && !this.#hasReadyEndpoint()) {
      return Outcome.EMPTY_SERVICE_IGNORED
    }
    if (type === ServiceType.HEADLESS || name.kind === NameKind.ENDPOINT) return this.#countEndpoints(name)
    const listed = service.listedCount
    if (listed === 0) return Outcome.NO_ADDRESS
    let ports = 0
    service.rewindPorts()
    while (service.nextPort()) if (this.portMatches(service)) ports++
    if (service.portCount === 0 && !zone.isMulticluster && this.#matchesUnnamed(name)) ports = 1
    this.candidates = ports * listed
    return ports === 0 ? Outcome.NO_SUCH_PORT : Outcome.ADDRESSES
  }

  #findZonal(type: number, zone: Zone): number {
    if (!this.#options.zonal || zone.isMulticluster) return Outcome.INVALID_NAME
    if (type !== ServiceType.HEADLESS) return Outcome.ZONAL_NOT_HEADLESS
    this.#countEndpoints(this.name)
    if (this.candidates === 0 && !this.name.isPinned) {
      // `prefer` without an endpoint in that zone takes them all.
      this.name.kind = NameKind.SERVICE
      this.#countEndpoints(this.name)
    }
    return this.candidates === 0 ? Outcome.EMPTY_ZONE : Outcome.ENDPOINTS
  }

  /** Counts the endpoints that the name stands for, times the ports. */
  #countEndpoints(name: ClusterName): number {
    const { table, slice } = this
    this.#endpointHash =
      name.kind === NameKind.ENDPOINT
        ? this.#index.endpointHash(this.octets, name.endpointAt, name.endpointEnd)
        : 0
    let candidates = 0
    let endpoints = 0
    for (let id = table.firstSlice(this.entry); id >= 0; id = table.nextSlice(id)) {
      table.loadSlice(id, slice)
      if (!this.sliceMatches()) continue
      const ports = this.matchingPorts()
      if (name.kind !== NameKind.ENDPOINT && name.kind !== NameKind.ZONAL) {
        endpoints += slice.endpointCount
        candidates += slice.endpointCount * ports
        continue
      }
      slice.rewindEndpoints()
      while (slice.nextEndpoint()) {
        if (!this.endpointMatches()) continue
        endpoints++
        candidates += ports
      }
    }
    this.candidates = candidates
    if (candidates > 0) return Outcome.ENDPOINTS
    if (name.kind === NameKind.ENDPOINT) return Outcome.NO_SUCH_ENDPOINT
    return endpoints > 0 ? Outcome.NO_SUCH_PORT : Outcome.NO_READY_ENDPOINT
  }

  /** Whether the slice in `slice` may hold an endpoint of that name: its source cluster is the one asked for. */
  sliceMatches(): boolean {
    const { name, slice } = this
    if (name.kind !== NameKind.ENDPOINT) return true
    return sameOctets(
      slice.octets,
      slice.clusterAt,
      slice.clusterLength,
      this.octets,
      name.clusterAt,
      name.clusterEnd - name.clusterAt
    )
  }

  /** How many ports of the slice match; one without a number stands in where it has no ports. */
  matchingPorts(): number {
    const slice = this.slice
    if (slice.portCount === 0) return this.#matchesUnnamed(this.name) ? 1 : 0
    let ports = 0
    slice.rewindPorts()
    while (slice.nextPort()) if (this.portMatches(slice)) ports++
    return ports
  }

  /** Whether the endpoint that `slice` stands at is one of those asked for. */
  endpointMatches(): boolean {
    const { name, slice } = this
    if (name.kind === NameKind.ENDPOINT) {
      if (slice.nameHash !== this.#endpointHash) return false
      if (slice.labelLength > 0) {
        const length = name.endpointEnd - name.endpointAt
        return sameOctets(
          slice.octets,
          slice.labelAt,
          slice.labelLength,
          this.octets,
          name.endpointAt,
          length
        )
      }
      return sameLabel(dashedAddress(slice), this.octets, name.endpointAt, name.endpointEnd)
    }
    return name.kind !== NameKind.ZONAL || this.#inTopologyZone()
  }

  #inTopologyZone(): boolean {
    const { name, slice, octets } = this
    // `a.b` is the labels a and b: dots stand where length octets do.
    let at = name.topologyAt
    let zoneAt = slice.zoneAt
    const zoneEnd = zoneAt + slice.zoneLength
    while (at < name.topologyEnd) {
      const end = at + 1 + (octets[at] as number)
      if (at > name.topologyAt && (zoneAt >= zoneEnd || slice.octets[zoneAt++] !== 0x2e)) return false
      for (at++; at < end; at++, zoneAt++) {
        if (
          zoneAt >= zoneEnd ||
          lowerOctet[octets[at] as number] !== lowerOctet[slice.octets[zoneAt] as number]
        )
          return false
      }
    }
    return zoneAt === zoneEnd
  }

  /** Whether the port that a view stands at matches the port and protocol asked for, where any are. */
  portMatches(view: ServiceView | SliceView): boolean {
    const { name, octets } = this
    if (name.kind !== NameKind.PORT) return true
    const port = name.portEnd - name.portAt
    const protocol = name.protocolEnd - name.protocolAt
    return (
      (port === 0 || sameOctets(view.octets, view.nameAt, view.nameLength, octets, name.portAt, port)) &&
      (protocol === 0 ||
        sameOctets(view.octets, view.protocolAt, view.protocolLength, octets, name.protocolAt, protocol))
    )
  }

  #matchesUnnamed(name: ClusterName): boolean {
    return (
      name.kind !== NameKind.PORT || (name.portAt === name.portEnd && name.protocolAt === name.protocolEnd)
    )
  }

  #hasReadyEndpoint(): boolean {
    for (let id = this.table.firstSlice(this.entry); id >= 0; id = this.table.nextSlice(id)) {
      if (this.table.loadSlice(id, this.slice).endpointCount > 0) return true
    }
    return false
  }

  #findPod(octets: Uint8Array, name: ClusterName): number {
    const text = podAddressText(
      Buffer.from(octets.subarray(name.podAt, name.podEnd)).toString('latin1').toLowerCase()
    )
    const family = parseAddress(text)
    this.podFamily = family
    this.podAddress.set(parsedAddress)
    if (this.#options.pods === 'verified') {
      return family !== 0 && this.#index.pods.hasAddress(this.namespace, text)
        ? Outcome.POD
        : Outcome.NO_SUCH_POD
    }
    return family === 0 ? Outcome.NO_SUCH_POD : Outcome.POD
  }
}

/** The address that a pod's label spells: three single dashes are dots, otherwise dashes are colons. */
export function podAddressText(label: string): string {
  const isIPv4 = label.split('-').length === 4 && !label.includes('--')
  return label.replaceAll('-', isIPv4 ? '.' : ':')
}
