// The zone itself: SOA, name servers, `ns.dns` and `dns-version` (kubernetes-records.md §6).
import type { ClusterIndex } from '../../cluster/index/cluster-index.ts'
import { endpointLabel } from '../../cluster/index/endpoint-name.ts'
import { ServiceType, ServiceView } from '../../cluster/index/service-record.ts'
import { SliceView } from '../../cluster/index/slice-record.ts'
import type { AnswerWriter } from '../../dns/answer-writer.ts'
import type { Query } from '../../dns/query.ts'
import { parseAddress, parsedAddress } from '../../wire/address.ts'
import { NAME_OCTETS_MAX, joinLabels } from '../../wire/name.ts'
import { HEADER_OCTETS, Rtype } from '../../wire/numbers.ts'
import { write16, write32 } from '../../wire/records.ts'
import type { KubernetesOptions } from './options.ts'
import { serviceName } from './records.ts'

const NS_DNS = Buffer.from('\x02ns\x03dns', 'latin1')
const HOSTMASTER = Buffer.from('\x0ahostmaster', 'latin1')
const DNS_VERSION = Buffer.from('\x0bdns-version', 'latin1')
/** The version of the specification that is implemented, as the TXT record says it. */
const VERSION_TEXT = Buffer.from('\x051.1.0', 'latin1')
const VERSION_TTL = 28_800
const REFRESH = 7200
const RETRY = 1800
const EXPIRE = 86_400
/** A negative answer is kept by resolvers for at most this many seconds. */
const SOA_TTL_MAX = 300

/** One address of the server and the name it goes by, zone included. */
export interface NameServer {
  readonly name: Buffer
  readonly address: Uint8Array
}

export class Apex {
  /** Octets of the SOA record that `writeSoa` writes. */
  static readonly SOA_OCTETS = 12 + NS_DNS.length + 2 + HOSTMASTER.length + 2 + 20
  /** The most octets of a zone's name that leave room for the names in its SOA. */
  static readonly ZONE_OCTETS_MAX = NAME_OCTETS_MAX - HOSTMASTER.length

  readonly #index: ClusterIndex
  readonly #options: KubernetesOptions
  readonly #writer: AnswerWriter
  readonly #slice = new SliceView()
  readonly #service = new ServiceView()

  constructor(index: ClusterIndex, options: KubernetesOptions, writer: AnswerWriter) {
    this.#index = index
    this.#options = options
    this.#writer = writer
  }

  /** The SOA's TTL in seconds: the plugin's, 300 at most. Its minimum field is the plugin's. */
  get soaTtl(): number {
    return Math.min(this.#options.ttl, SOA_TTL_MAX)
  }

  /** The zone's SOA record, names compressed against the question whose suffix at `zoneAt` is the zone. */
  writeSoa(query: Query, zoneAt: number, serial: number): void {
    const writer = this.#writer
    const zoneOctets = query.nameEnd - zoneAt
    const rdata = Apex.SOA_OCTETS - 12
    if (!writer.head(zoneAt, zoneOctets, Rtype.SOA, this.soaTtl, rdata)) return
    writer.addPlain((zoneOctets - 2) * 2)
    writer.copy(NS_DNS)
    const { octets } = writer
    const pointer = 0xc000 | zoneAt
    let at = writer.at
    write16(octets, at, pointer)
    writer.at = at + 2
    writer.copy(HOSTMASTER)
    at = writer.at
    write16(octets, at, pointer)
    write32(octets, at + 2, serial)
    write32(octets, at + 6, REFRESH)
    write32(octets, at + 10, RETRY)
    write32(octets, at + 14, EXPIRE)
    write32(octets, at + 18, this.#options.ttl)
    writer.at = at + 22
  }

  /** `ns.dns.<zone>` and `hostmaster.<zone>` with the fields between and after: the data of a SOA, nothing compressed. */
  soaData(zone: Uint8Array, serial: number): Buffer {
    const numbers = Buffer.alloc(20)
    const fields = [serial, REFRESH, RETRY, EXPIRE, this.#options.ttl]
    fields.forEach((field, i) => numbers.writeUInt32BE(field, i * 4))
    return Buffer.concat([NS_DNS, zone, HOSTMASTER, zone, numbers])
  }

  writeVersion(): void {
    const writer = this.#writer
    if (!writer.head(HEADER_OCTETS, writer.questionOctets, Rtype.TXT, VERSION_TTL, VERSION_TEXT.length))
      return
    writer.copy(VERSION_TEXT)
  }

  /** NS records and their addresses. Returns whether there were any. */
  writeNameServers(zone: Uint8Array, ttl: number): boolean {
    const set = this.nameServers(zone)
    const writer = this.#writer
    const written = new Map<string, number>()
    for (const { name } of set) {
      const key = name.toString('latin1')
      if (written.has(key)) continue
      written.set(key, writer.at + 12)
      writer.nameRecord(HEADER_OCTETS, writer.questionOctets, Rtype.NS, ttl, name)
    }
    writer.additional()
    for (const { name, address } of set) {
      const at = written.get(name.toString('latin1')) ?? -1
      writer.addressOf(name, at, ttl, address, 0, address.length)
    }
    return set.length > 0
  }

  /** The name servers' addresses of one family, owned by the question's name. Returns whether there were any. */
  writeOwnAddresses(family: number, ttl: number): boolean {
    const writer = this.#writer
    const written = new Set<string>()
    for (const { address } of this.nameServers(new Uint8Array(1))) {
      const key = Buffer.from(address).toString('latin1')
      if (address.length !== family || written.has(key)) continue
      written.add(key)
      writer.address(HEADER_OCTETS, writer.questionOctets, ttl, address, 0, family)
    }
    return written.size > 0
  }

  /**
   * The server's own addresses with the names that the cluster knows them by; `ns.dns.<zone>` for all of them where no
   * slice holds any of them.
   */
  nameServers(zone: Uint8Array): NameServer[] {
    const found: NameServer[] = []
    const own: NameServer[] = []
    let isKnown = false
    for (const text of this.#options.localAddresses) {
      const family = parseAddress(text)
      if (family === 0) continue
      const address = parsedAddress.slice(0, family)
      own.push({ name: Buffer.concat([NS_DNS, zone]), address })
      const { services } = this.#index
      const seen = new Set<number>()
      for (
        let node = services.slicesByAddress(address, 0, family);
        node !== 0;
        node = services.nextSliceByAddress(node)
      ) {
        const id = services.sliceAtNode(node)
        if (seen.has(id)) continue // it has the address more than once
        seen.add(id)
        isKnown = this.#namesOfSlice(id, address, zone, found) || isKnown
      }
    }
    return isKnown ? found : own
  }

  /** Adds the names that a slice with the address gives the server. Returns whether the slice really holds it. */
  #namesOfSlice(id: number, address: Uint8Array, zone: Uint8Array, found: NameServer[]): boolean {
    const { services, namespaces } = this.#index
    const slice = services.loadSlice(id, this.#slice)
    if (!holds(slice, address)) return false
    const entry = services.entryOfSlice(id)
    if (!services.hasService(entry)) return true
    const service = services.loadService(entry, this.#service)
    const name = serviceName(services, entry, namespaces, zone)
    if (name === undefined) return true
    if (service.type === ServiceType.HEADLESS) {
      slice.rewindEndpoints()
      while (slice.nextEndpoint()) {
        if (slice.family === 0) continue
        const endpoint = joinLabels([endpointLabel(slice)], name)
        if (endpoint === undefined) continue
        const address = slice.octets.slice(slice.addressAt, slice.addressAt + slice.family)
        found.push({ name: endpoint, address })
      }
      return true
    }
    for (let i = 0; i < service.ipv4Count; i++) {
      found.push({ name, address: service.octets.slice(service.ipv4At + i * 4, service.ipv4At + i * 4 + 4) })
    }
    for (let i = 0; i < service.ipv6Count; i++) {
      found.push({
        name,
        address: service.octets.slice(service.ipv6At + i * 16, service.ipv6At + i * 16 + 16)
      })
    }
    return true
  }
}

function holds(slice: SliceView, address: Uint8Array): boolean {
  slice.rewindEndpoints()
  while (slice.nextEndpoint()) {
    if (slice.family !== address.length) continue
    let same = 0
    while (same < address.length && slice.octets[slice.addressAt + same] === address[same]) same++
    if (same === address.length) return true
  }
  return false
}

/** Whether the query is for `ns.dns.<zone>`. CoreDNS looks for the zone in lower case only (a quirk). */
export function isNameServerName(query: Query, zoneAt: number): boolean {
  if (!prefixIs(query, zoneAt, NS_DNS)) return false
  const { wire, nameEnd } = query
  for (let at = zoneAt; at < nameEnd; at++) {
    const octet = wire[at] as number
    if (octet >= 0x41 && octet <= 0x5a) return false
  }
  return true
}

/** Whether the query is for `dns-version.<zone>`. */
export function isVersionName(query: Query, zoneAt: number): boolean {
  return prefixIs(query, zoneAt, DNS_VERSION)
}

function prefixIs(query: Query, zoneAt: number, wanted: Uint8Array): boolean {
  if (zoneAt - HEADER_OCTETS !== wanted.length) return false
  const { wire } = query
  for (let at = 0; at < wanted.length; at++) {
    const octet = wire[HEADER_OCTETS + at] as number
    if ((octet >= 0x41 && octet <= 0x5a ? octet + 0x20 : octet) !== wanted[at]) return false
  }
  return true
}
