// The records of an external zone for a transfer (kubernetes-records.md §17). `namespaces` isn't applied, as in CoreDNS.
import { endpointLabel } from '../../cluster/index/endpoint-name.ts'
import type { ExternalTarget } from '../../cluster/index/external-table.ts'
import { ServiceType, ServiceView } from '../../cluster/index/service-record.ts'
import { SliceView } from '../../cluster/index/slice-record.ts'
import { srvWeight } from '../../dns/srv-weight.ts'
import type { ZoneTransfer } from '../../dns/transfer.ts'
import { joinLabels } from '../../wire/name.ts'
import { Rtype } from '../../wire/numbers.ts'
import { addressRecord, plainRecord, srvRecord } from '../../wire/plain-record.ts'
import type { ClusterView } from '../cluster-view.ts'
import { serverAddresses, soaRecord, type ExternalZone } from './name-servers.ts'

interface TransferOptions {
  readonly ttl: number
  readonly headless: boolean
  readonly localAddresses: readonly string[]
}

export class ExternalTransfer implements ZoneTransfer {
  readonly serial: number
  readonly soa: Uint8Array
  readonly #view: ClusterView
  readonly #zone: ExternalZone
  readonly #options: TransferOptions

  constructor(view: ClusterView, zone: ExternalZone, options: TransferOptions) {
    this.#view = view
    this.#zone = zone
    this.#options = options
    this.serial = view.index.externalSerial
    this.soa = soaRecord(zone, options.ttl, this.serial)
  }

  /** The serial may stand at 0 for long: a client that has none asks with 0 and gets everything. */
  isCurrent(clientSerial: number): boolean {
    return clientSerial !== 0 && clientSerial >= this.serial
  }

  *records(): Iterable<Uint8Array> {
    const { ttl, headless, localAddresses } = this.#options
    yield plainRecord(this.#zone.name, Rtype.NS, ttl, this.#zone.nameServer)
    for (const address of serverAddresses(this.#view, localAddresses, headless))
      yield addressRecord(this.#zone.nameServer, ttl, address)
    const { services } = this.#view.index
    for (const entry of services.entries()) {
      // A Service may go while the transfer waits for its client; its records are taken in one go.
      if (services.hasService(entry)) yield* this.#service(entry)
    }
  }

  #service(entry: number): Uint8Array[] {
    const { services, namespaces, external } = this.#view.index
    const namespace = namespaces.label(services.namespaceOf(entry))
    const name = joinLabels([services.nameOf(entry), namespace], this.#zone.name)
    if (name === undefined) return []
    const service = services.loadService(entry, new ServiceView())
    const targets = external.find(namespace, services.nameOf(entry))?.targets
    if (targets !== undefined) return this.#external(service, name, targets)
    if (this.#options.headless && service.type === ServiceType.HEADLESS) return this.#endpoints(entry, name)
    return []
  }

  #external(service: ServiceView, name: Uint8Array, targets: readonly ExternalTarget[]): Uint8Array[] {
    const { ttl } = this.#options
    const records = targets.map(target =>
      'address' in target
        ? addressRecord(name, ttl, target.address)
        : plainRecord(name, Rtype.CNAME, this.#view.ttl, target.name)
    )
    const ports = portsOf(service)
    const weight = srvWeight(Math.max(1, ports.length * targets.length))
    const first = targets[0] as ExternalTarget
    const host = 'address' in first ? name : first.name
    const owners = new Set<string>()
    for (const { port, labels } of ports) {
      const named = joinLabels(labels, name)
      for (const owner of named === undefined ? [name] : [name, named]) {
        // One SRV record for each owner, as CoreDNS sends.
        const key = Buffer.from(owner).toString('latin1')
        if (owners.has(key)) continue
        owners.add(key)
        records.push(srvRecord(owner, this.#view.ttl, weight, port, host))
      }
    }
    return records
  }

  #endpoints(entry: number, name: Uint8Array): Uint8Array[] {
    const { ttl } = this.#options
    const { services } = this.#view.index
    const records: Uint8Array[] = []
    const slice = new SliceView()
    const held: { readonly name: Uint8Array; readonly address: Uint8Array; readonly ports: Port[] }[] = []
    for (let id = services.firstSlice(entry); id >= 0; id = services.nextSlice(id)) {
      services.loadSlice(id, slice)
      const ports = portsOf(slice)
      slice.rewindEndpoints()
      while (slice.nextEndpoint()) {
        if (slice.family === 0) continue
        const endpoint = joinLabels([endpointLabel(slice)], name)
        const address = slice.octets.slice(slice.addressAt, slice.addressAt + slice.family)
        if (endpoint !== undefined) held.push({ name: endpoint, address, ports })
      }
    }
    const all = held.reduce((sum, { ports }) => sum + ports.length, 0)
    for (const endpoint of held) {
      records.push(addressRecord(name, ttl, endpoint.address))
      records.push(addressRecord(endpoint.name, ttl, endpoint.address))
      for (const { port, labels } of endpoint.ports) {
        const named = joinLabels(labels, name)
        for (const owner of named === undefined ? [name] : [name, named])
          records.push(srvRecord(owner, this.#view.ttl, srvWeight(all), port, endpoint.name))
        const own = srvWeight(endpoint.ports.length)
        records.push(srvRecord(endpoint.name, this.#view.ttl, own, port, endpoint.name))
      }
    }
    return records
  }
}

interface Port {
  readonly port: number
  /** `_port`, `_protocol`, lower-cased; a name that is empty gives no record of its own. */
  readonly labels: readonly Uint8Array[]
}

/** Ports with a number. */
function portsOf(view: ServiceView | SliceView): Port[] {
  const ports: Port[] = []
  view.rewindPorts()
  while (view.nextPort()) {
    if (view.port < 0) continue
    const label = (at: number, length: number) => {
      const text = Buffer.from(view.octets.subarray(at, at + length)).toString('latin1')
      return length === 0 ? Buffer.alloc(0) : Buffer.from(`_${text.toLowerCase()}`, 'latin1')
    }
    const labels = [label(view.nameAt, view.nameLength), label(view.protocolAt, view.protocolLength)]
    ports.push({ port: view.port, labels })
  }
  return ports
}
