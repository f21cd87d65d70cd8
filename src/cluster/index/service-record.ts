// The octets of one Service (or ServiceImport): how they are laid out, written, and read back.
//
//   0  size of the record, 32 bits        8  ports, 16 bits
//   4  type (ServiceType)                 10 IPv4 addresses, 4 octets each
//   5  IPv4 addresses, different ones     .. IPv6 addresses, 16 octets each
//   6  IPv6 addresses, different ones     .. ports: number, 16 bits; name; protocol
//   7  addresses as listed                .. external name, as on the wire
//
// Texts are a length octet and the octets. Measured with `npm run bench`: 48 octets for a Service with one address and port.
import { parseAddress, parsedAddress } from '../../wire/address.ts'
import { parseName } from '../../wire/name.ts'
import { read16, write16, write32 } from '../../wire/records.ts'
import type { ServicePort } from '../objects.ts'

/** What kind of answers a Service gives. */
export const ServiceType = {
  /** Has addresses of its own: ClusterIP, NodePort, LoadBalancer, ClusterSetIP. */
  ADDRESS: 0,
  HEADLESS: 1,
  EXTERNAL_NAME: 2,
  /** Treated as if it did not exist: an ExternalName whose value is an IP address or no domain name. */
  NONEXISTENT: 3
} as const

const HEAD = 10
/** Counts in one octet; the API allows two cluster IPs, and imports name a handful. The rest is passed over. */
export const ADDRESSES_MAX = 255

/** Octets being written before their length is known. Grows; used synchronously. */
export class RecordBuffer {
  octets = new Uint8Array(4096)
  length = 0

  reset(): void {
    this.length = 0
  }

  /** Makes room for `count` more octets and returns where they begin. */
  claim(count: number): number {
    const at = this.length
    if (at + count > this.octets.length) {
      const larger = new Uint8Array((at + count) * 2)
      larger.set(this.octets)
      this.octets = larger
    }
    this.length = at + count
    return at
  }

  /** A length octet and the text's octets, 255 at most. */
  text(text: string): void {
    if (text === '') this.octets[this.claim(1)] = 0
    else this.counted(Buffer.from(text, 'utf8'))
  }

  /** Octets behind their number; 255 at most. */
  counted(source: Uint8Array): void {
    const length = Math.min(source.length, 255)
    const at = this.claim(length + 1)
    this.octets[at] = length
    for (let i = 0; i < length; i++) this.octets[at + 1 + i] = source[i] as number
  }

  bytes(source: Uint8Array, count: number): void {
    const at = this.claim(count)
    for (let i = 0; i < count; i++) this.octets[at + i] = source[i] as number
  }
}

export interface ServiceFields {
  readonly type: number
  readonly addresses: readonly string[]
  readonly ports: readonly ServicePort[]
  readonly externalName: string
}

/** Writes the record of a Service. */
export function writeService(record: RecordBuffer, service: ServiceFields): void {
  record.reset()
  record.claim(HEAD)
  const addresses = service.addresses.slice(0, ADDRESSES_MAX)
  const v4 = writeAddresses(record, addresses, 4)
  const v6 = writeAddresses(record, addresses, 16)
  for (const port of service.ports) {
    write16(record.octets, record.claim(2), port.port)
    record.text(port.name)
    record.text(port.protocol)
  }
  let type = service.type
  if (type === ServiceType.EXTERNAL_NAME) {
    const name = parseAddress(service.externalName) === 0 ? parseName(service.externalName) : undefined
    if (name === undefined) {
      type = ServiceType.NONEXISTENT
    } else {
      const at = record.claim(name.length + 1)
      record.octets[at] = name.length
      record.octets.set(name, at + 1)
    }
  }
  const octets = record.octets
  write32(octets, 0, record.length)
  octets[4] = type
  octets[5] = v4
  octets[6] = v6
  octets[7] = addresses.filter(address => parseAddress(address) !== 0).length
  write16(octets, 8, service.ports.length)
}

/** Appends the different addresses of one family; returns how many. */
function writeAddresses(record: RecordBuffer, addresses: readonly string[], family: 4 | 16): number {
  const start = record.length
  let count = 0
  for (const address of addresses) {
    if (parseAddress(address) !== family) continue
    if (contains(record.octets, start, count, parsedAddress, 0, family)) continue
    record.bytes(parsedAddress, family)
    count++
  }
  return count
}

function contains(
  octets: Uint8Array,
  start: number,
  count: number,
  wanted: Uint8Array,
  from: number,
  family: number
) {
  for (let at = start, end = start + count * family; at < end; at += family) {
    let same = 0
    while (same < family && octets[at + same] === wanted[from + same]) same++
    if (same === family) return true
  }
  return false
}

/** Reads a Service's record. One view is pointed at one record after another; nothing is copied. */
export class ServiceView {
  octets: Uint8Array = new Uint8Array(HEAD)
  at = 0
  /** Of the port that `nextPort` moved to. */
  port = 0
  nameAt = 0
  nameLength = 0
  protocolAt = 0
  protocolLength = 0
  #portsLeft = 0
  #next = 0

  load(octets: Uint8Array, at: number): this {
    this.octets = octets
    this.at = at
    return this
  }

  get type(): number {
    return this.octets[this.at + 4] as number
  }

  get ipv4Count(): number {
    return this.octets[this.at + 5] as number
  }

  get ipv6Count(): number {
    return this.octets[this.at + 6] as number
  }

  /** How many addresses the object lists, repeated ones included. */
  get listedCount(): number {
    return this.octets[this.at + 7] as number
  }

  get portCount(): number {
    return read16(this.octets, this.at + 8)
  }

  get ipv4At(): number {
    return this.at + HEAD
  }

  get ipv6At(): number {
    return this.at + HEAD + this.ipv4Count * 4
  }

  /** Whether an address of 4 or 16 octets is among the Service's own. */
  hasAddress(wanted: Uint8Array, from: number, family: number): boolean {
    return family === 4
      ? contains(this.octets, this.ipv4At, this.ipv4Count, wanted, from, 4)
      : contains(this.octets, this.ipv6At, this.ipv6Count, wanted, from, 16)
  }

  /** Before the first port; then call `nextPort`. */
  rewindPorts(): void {
    this.#portsLeft = this.portCount
    this.#next = this.ipv6At + this.ipv6Count * 16
  }

  nextPort(): boolean {
    if (this.#portsLeft-- <= 0) return false
    const octets = this.octets
    this.port = read16(octets, this.#next)
    this.nameLength = octets[this.#next + 2] as number
    this.nameAt = this.#next + 3
    this.protocolLength = octets[this.nameAt + this.nameLength] as number
    this.protocolAt = this.nameAt + this.nameLength + 1
    this.#next = this.protocolAt + this.protocolLength
    return true
  }

  /** Where an ExternalName's value stands as a wire name; its length is in the octet before. */
  get externalNameAt(): number {
    this.rewindPorts()
    while (this.nextPort());
    return this.#next + 1
  }
}
