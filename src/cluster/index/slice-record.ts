// The octets of one EndpointSlice: its ports and its ready endpoints.
//
//   0  size of the record, 32 bits      10  name of the object
//   4  endpoints, 32 bits               ..  source cluster (multicluster)
//   8  ports, 16 bits                   ..  ports: 1 or 0 (has a number), number, name, protocol
//                                       ..  endpoints, see below
//
// An endpoint is one ready address: family (4, 16, or 0 for a domain name), hash of its endpoint name, the address (a
// domain name: length and octets), the endpoint name (empty: the address with dashes), the topology zone.
// Endpoints that share an entry in the object are written one by one.
import { formatIPv4, formatIPv6, parseAddress, parsedAddress } from '../../wire/address.ts'
import { parseName } from '../../wire/name.ts'
import { read16, read32, write16, write32 } from '../../wire/records.ts'
import type { Endpoint, EndpointSlice } from '../objects.ts'
import type { Hasher } from './hash.ts'
import type { RecordBuffer } from './service-record.ts'

const HEAD = 10
/** Endpoint names longer than a label can be never match and are cut. */
const LABEL_MAX = 63

export interface SliceOptions {
  /** The Pod's name is the endpoint name where there is no hostname (`endpoint_pod_names`). */
  readonly podNames: boolean
  /** Topology zones are kept (`zonal`). */
  readonly zones: boolean
}

/** Writes the record of a slice. */
export function writeSlice(
  record: RecordBuffer,
  slice: EndpointSlice,
  cluster: string,
  options: SliceOptions,
  hasher: Hasher
): void {
  record.reset()
  record.claim(HEAD)
  record.text(slice.name)
  record.text(cluster)
  for (const port of slice.ports) {
    const at = record.claim(3)
    record.octets[at] = port.port >= 0 ? 1 : 0
    write16(record.octets, at + 1, port.port >= 0 ? port.port : 0)
    record.text(port.name)
    record.text(port.protocol)
  }
  let count = 0
  for (const endpoint of slice.endpoints) {
    if (!endpoint.ready) continue
    for (const address of endpoint.addresses) {
      if (writeEndpoint(record, endpoint, address, options, hasher)) count++
    }
  }
  write32(record.octets, 0, record.length)
  write32(record.octets, 4, count)
  write16(record.octets, 8, slice.ports.length)
}

function writeEndpoint(
  record: RecordBuffer,
  endpoint: Endpoint,
  address: string,
  options: SliceOptions,
  hasher: Hasher
): boolean {
  const family = parseAddress(address)
  const domain = family === 0 ? parseName(address) : undefined
  if (family === 0 && domain === undefined) return false
  const name = endpointName(endpoint, address, options)
  const generated = family === 0 ? '' : dashed(family)
  const label = Buffer.from(name, 'utf8').subarray(0, LABEL_MAX)
  const at = record.claim(5)
  record.octets[at] = family
  write32(record.octets, at + 1, hasher.hash(label, 0, label.length, 0))
  if (domain === undefined) {
    record.bytes(parsedAddress, family)
  } else {
    const nameAt = record.claim(domain.length + 1)
    record.octets[nameAt] = domain.length
    record.octets.set(domain, nameAt + 1)
  }
  record.text(name === generated ? '' : label.toString('utf8'))
  record.text(options.zones ? endpoint.zone.toLowerCase() : '')
  return true
}

/** The name an endpoint has below its Service (kubernetes-records.md §5 "Endpoint names"). */
export function endpointName(endpoint: Endpoint, address: string, options: SliceOptions): string {
  if (endpoint.hostname !== '') return endpoint.hostname
  if (options.podNames && endpoint.targetName !== '' && endpoint.targetName.length < 64)
    return endpoint.targetName
  if (address.includes('.')) return address.replaceAll('.', '-')
  const dashes = address.replaceAll(':', '-')
  return dashes.endsWith('-') ? `${dashes}0` : dashes
}

/** The address in `parsedAddress` as the endpoint name that its canonical text would give. */
function dashed(family: 4 | 16): string {
  if (family === 4) return formatIPv4(parsedAddress).replaceAll('.', '-')
  const text = formatIPv6(parsedAddress).replaceAll(':', '-')
  return text.endsWith('-') ? `${text}0` : text
}

/** Reads a slice's record. One view is pointed at one record after another; nothing is copied. */
export class SliceView {
  octets: Uint8Array = new Uint8Array(HEAD)
  at = 0
  /** Of the port that `nextPort` moved to; -1 when it has no number. */
  port = 0
  nameAt = 0
  nameLength = 0
  protocolAt = 0
  protocolLength = 0
  /** Of the endpoint that `nextEndpoint` moved to: 4, 16, or 0 for a domain name. */
  family = 0
  nameHash = 0
  /** Its octets; a domain name's length is in the octet before. */
  addressAt = 0
  /** Its endpoint name; length 0: the address with dashes. */
  labelAt = 0
  labelLength = 0
  zoneAt = 0
  zoneLength = 0
  #left = 0
  #next = 0

  load(octets: Uint8Array, at: number): this {
    this.octets = octets
    this.at = at
    return this
  }

  get size(): number {
    return read32(this.octets, this.at)
  }

  get endpointCount(): number {
    return read32(this.octets, this.at + 4)
  }

  get portCount(): number {
    return read16(this.octets, this.at + 8)
  }

  /** The object's name: where its octets stand; the length is in the octet before. */
  get objectNameAt(): number {
    return this.at + HEAD + 1
  }

  /** The source cluster: where its octets stand; the length is in the octet before. */
  get clusterAt(): number {
    return this.at + HEAD + 2 + (this.octets[this.at + HEAD] as number)
  }

  get clusterLength(): number {
    return this.octets[this.clusterAt - 1] as number
  }

  rewindPorts(): void {
    this.#left = this.portCount
    this.#next = this.clusterAt + this.clusterLength
  }

  nextPort(): boolean {
    if (this.#left-- <= 0) return false
    const octets = this.octets
    this.port = octets[this.#next] === 1 ? read16(octets, this.#next + 1) : -1
    this.nameLength = octets[this.#next + 3] as number
    this.nameAt = this.#next + 4
    this.protocolLength = octets[this.nameAt + this.nameLength] as number
    this.protocolAt = this.nameAt + this.nameLength + 1
    this.#next = this.protocolAt + this.protocolLength
    return true
  }

  rewindEndpoints(): void {
    this.rewindPorts()
    while (this.nextPort());
    this.#left = this.endpointCount
  }

  nextEndpoint(): boolean {
    if (this.#left-- <= 0) return false
    const octets = this.octets
    const at = this.#next
    this.family = octets[at] as number
    this.nameHash = read32(octets, at + 1) | 0
    if (this.family === 0) {
      this.addressAt = at + 6
      this.labelAt = at + 7 + (octets[at + 5] as number)
    } else {
      this.addressAt = at + 5
      this.labelAt = at + 6 + this.family
    }
    this.labelLength = octets[this.labelAt - 1] as number
    this.zoneAt = this.labelAt + this.labelLength + 1
    this.zoneLength = octets[this.zoneAt - 1] as number
    this.#next = this.zoneAt + this.zoneLength
    return true
  }
}
