// The octets of one EndpointSlice: its ports and its ready endpoints.
//
//   0  size of the record, 32 bits      10  name of the object
//   4  endpoints, 32 bits               ..  source cluster (multicluster)
//   8  ports, 16 bits                   ..  ports: 1 or 0 (has a number), number, name, protocol
//                                       ..  endpoints, see below
//
// An endpoint is one ready address: family (4, 16, or 0 for a domain name; 128 is added when the object spells the
// address oddly), hash of its endpoint name, the address (a domain name: length and octets), the endpoint name (empty:
// the address with dashes), the topology zone. Endpoints that share an entry in the object are written one by one.
import { formatIPv6, parseAddress, parsedAddress } from '../../wire/address.ts'
import { parseName } from '../../wire/name.ts'
import { read16, read32, write16, write32 } from '../../wire/records.ts'
import type { Endpoint, EndpointSlice } from '../objects.ts'
import type { Hasher } from './hash.ts'
import type { RecordBuffer } from './service-record.ts'

const HEAD = 10
/** Endpoint names longer than a label can be never match and are cut. */
const LABEL_MAX = 63
/** In the family's octet: the address is not in the form of RFC 5952. */
const ODD = 0x80
const DASH = 0x2d

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
  const isOdd = family !== 0 && !isCanonical(address, family)
  const isPlain = family !== 0 && !isOdd && !hasOwnName(endpoint, options)
  const label = isPlain ? undefined : cutLabel(endpointName(endpoint, address, options))
  const at = record.claim(5)
  record.octets[at] = isOdd ? family | ODD : family
  const hash =
    label === undefined
      ? hasher.hash(dashes, 0, writeDashed(address), 0)
      : hasher.hash(label, 0, label.length, 0)
  write32(record.octets, at + 1, hash)
  if (domain === undefined) record.bytes(parsedAddress, family)
  else record.counted(domain)
  if (label === undefined) record.text('')
  else record.counted(label)
  record.text(options.zones ? endpoint.zone.toLowerCase() : '')
  return true
}

/** Whether an address that was just read is written as reverse lookups look for it. Without a colon there is one way. */
function isCanonical(address: string, family: 4 | 16): boolean {
  return address.includes(':') ? family === 16 && formatIPv6(parsedAddress) === address : true
}

function hasOwnName(endpoint: Endpoint, options: SliceOptions): boolean {
  return (
    endpoint.hostname !== '' ||
    (options.podNames && endpoint.targetName !== '' && endpoint.targetName.length < 64)
  )
}

/** Room for one address with dashes. */
const dashes = new Uint8Array(64)

/** Writes an address into `dashes` as `endpointName` does; returns how many octets it takes. */
function writeDashed(address: string): number {
  const length = address.length
  for (let at = 0; at < length; at++) {
    const code = address.charCodeAt(at)
    dashes[at] = code === 0x2e || code === 0x3a ? DASH : code
  }
  if (dashes[length - 1] !== DASH) return length
  dashes[length] = 0x30
  return length + 1
}

/** A name's octets, as many whole characters as a label can hold. */
function cutLabel(name: string): Buffer {
  const octets = Buffer.from(name, 'utf8')
  if (octets.length <= LABEL_MAX) return octets
  let end = LABEL_MAX
  while (((octets[end] as number) & 0xc0) === 0x80) end--
  return octets.subarray(0, end)
}

/** The name an endpoint has below its Service (kubernetes-records.md §5 "Endpoint names"). */
export function endpointName(endpoint: Endpoint, address: string, options: SliceOptions): string {
  if (hasOwnName(endpoint, options)) return endpoint.hostname === '' ? endpoint.targetName : endpoint.hostname
  if (address.includes('.')) return address.replaceAll('.', '-')
  const name = address.replaceAll(':', '-')
  return name.endsWith('-') ? `${name}0` : name
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
  /** Whether the address is spelled as reverse lookups look for it. */
  isCanonical = false
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

  /** How many endpoints `nextEndpoint` has yet to move to. */
  get endpointsLeft(): number {
    return Math.max(0, this.#left)
  }

  nextEndpoint(): boolean {
    if (this.#left-- <= 0) return false
    const octets = this.octets
    const at = this.#next
    const family = octets[at] as number
    this.family = family & ~ODD
    this.isCanonical = family < ODD && family !== 0
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
