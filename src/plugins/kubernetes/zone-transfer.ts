// The records of a cluster zone for a transfer (kubernetes-records.md §16).
import type { ClusterIndex } from '../../cluster/index/cluster-index.ts'
import { endpointLabel } from '../../cluster/index/endpoint-name.ts'
import { ServiceType, ServiceView } from '../../cluster/index/service-record.ts'
import type { ServiceTable } from '../../cluster/index/service-table.ts'
import { SliceView } from '../../cluster/index/slice-record.ts'
import type { ZoneTransfer } from '../../dns/transfer.ts'
import { joinLabels, readName } from '../../wire/name.ts'
import { Rtype } from '../../wire/numbers.ts'
import { addressRecord, plainRecord as record, srvRecord } from '../../wire/plain-record.ts'
import type { Apex } from './apex.ts'
import type { Match } from './match.ts'
import type { KubernetesOptions } from './options.ts'
import { serviceName } from './records.ts'

/** Weight of the SRV records of Services with addresses of their own. */
const FULL_WEIGHT = 100

export class ClusterTransfer implements ZoneTransfer {
  readonly serial: number
  readonly #index: ClusterIndex
  readonly #table: ServiceTable
  readonly #options: KubernetesOptions
  readonly #match: Match
  readonly #apex: Apex
  readonly #zone: Uint8Array

  constructor(
    index: ClusterIndex,
    options: KubernetesOptions,
    match: Match,
    apex: Apex,
    zone: Uint8Array,
    isMulticluster: boolean
  ) {
    this.#index = index
    this.#options = options
    this.#match = match
    this.#apex = apex
    this.#zone = zone
    this.#table = isMulticluster ? index.imports : index.services
    this.serial = index.serial
  }

  get soa(): Uint8Array {
    return record(this.#zone, Rtype.SOA, this.#apex.soaTtl, this.#apex.soaData(this.#zone, this.serial))
  }

  *records(): Iterable<Uint8Array> {
    const { ttl } = this.#options
    const servers = this.#apex.nameServers(this.#zone)
    const named = new Set<string>()
    for (const { name } of servers) {
      if (named.has(name.toString('latin1'))) continue
      named.add(name.toString('latin1'))
      yield record(this.#zone, Rtype.NS, ttl, name)
    }
    // TTL 0: what CoreDNS sends.
    for (const { name, address } of servers) yield addressRecord(name, 0, address)
    for (const entry of this.#table.entries()) {
      if (!this.#table.hasService(entry)) continue
      const namespace = this.#table.namespaceOf(entry)
      if (!this.#index.namespaces.isDeclared(namespace) || !this.#match.isListed(namespace)) continue
      // A Service may go while the transfer waits for its client; its records are taken in one go.
      yield* this.#service(entry)
    }
  }

  #service(entry: number): Uint8Array[] {
    const { ttl } = this.#options
    const table = this.#table
    const service = table.loadService(entry, new ServiceView())
    const name = serviceName(table, entry, this.#index.namespaces, this.#zone)
    if (name === undefined) return []
    switch (service.type) {
      case ServiceType.ADDRESS:
        return addressService(service, name, ttl, table === this.#index.imports)
      case ServiceType.HEADLESS:
        return this.#headless(entry, name)
      case ServiceType.EXTERNAL_NAME: {
        const target = readName(service.octets, service.externalNameAt)
        return target === undefined ? [] : [record(name, Rtype.CNAME, ttl, target)]
      }
      default:
        return []
    }
  }

  #headless(entry: number, name: Buffer): Uint8Array[] {
    const { ttl } = this.#options
    const records: Uint8Array[] = []
    const slice = new SliceView()
    for (let id = this.#table.firstSlice(entry); id >= 0; id = this.#table.nextSlice(id)) {
      this.#table.loadSlice(id, slice)
      const ports = namedPorts(slice, name)
      const weight = Math.max(1, Math.floor(100 / slice.endpointCount))
      slice.rewindEndpoints()
      while (slice.nextEndpoint()) {
        if (slice.family === 0) continue
        const address = slice.octets.subarray(slice.addressAt, slice.addressAt + slice.family)
        records.push(addressRecord(name, ttl, address))
        const endpoint = joinLabels([endpointLabel(slice)], name)
        if (endpoint === undefined) continue
        records.push(addressRecord(endpoint, ttl, address))
        for (const { owner, port } of ports) records.push(srvRecord(owner, ttl, weight, port, endpoint))
      }
    }
    return records
  }
}

function addressService(service: ServiceView, name: Buffer, ttl: number, isImport: boolean): Uint8Array[] {
  const records: Uint8Array[] = []
  for (let i = 0; i < service.ipv4Count; i++) {
    records.push(
      addressRecord(name, ttl, service.octets.subarray(service.ipv4At + i * 4, service.ipv4At + i * 4 + 4))
    )
  }
  for (let i = 0; i < service.ipv6Count; i++) {
    records.push(
      addressRecord(name, ttl, service.octets.subarray(service.ipv6At + i * 16, service.ipv6At + i * 16 + 16))
    )
  }
  // A Service without ports has one record with the port that CoreDNS's stand-in (-1) becomes.
  if (service.portCount === 0 && !isImport) records.push(srvRecord(name, ttl, FULL_WEIGHT, 0xffff, name))
  service.rewindPorts()
  while (service.nextPort()) {
    records.push(srvRecord(name, ttl, FULL_WEIGHT, service.port, name))
    const owner = portName(service, name)
    if (owner !== undefined) records.push(srvRecord(owner, ttl, FULL_WEIGHT, service.port, name))
  }
  return records
}

function namedPorts(slice: SliceView, name: Buffer): { readonly owner: Buffer; readonly port: number }[] {
  const ports: { owner: Buffer; port: number }[] = []
  slice.rewindPorts()
  while (slice.nextPort()) {
    const owner = slice.port < 0 ? undefined : portName(slice, name)
    if (owner !== undefined) ports.push({ owner, port: slice.port })
  }
  return ports
}

/** `_port._protocol.<service>` of the port that a view stands at, lower-cased; `undefined` when it has no name. */
function portName(view: ServiceView | SliceView, service: Buffer): Buffer | undefined {
  if (view.nameLength === 0) return undefined
  const label = (at: number, length: number) => {
    const text = Buffer.from(view.octets.subarray(at, at + length)).toString('latin1')
    return Buffer.from(`_${text.toLowerCase()}`, 'latin1')
  }
  return joinLabels(
    [label(view.nameAt, view.nameLength), label(view.protocolAt, view.protocolLength)],
    service
  )
}
