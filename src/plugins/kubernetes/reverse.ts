// PTR: from an address to the names that have it (kubernetes-records.md §10).
import type { ClusterIndex } from '../../cluster/index/cluster-index.ts'
import { ServiceView } from '../../cluster/index/service-record.ts'
import { SliceView } from '../../cluster/index/slice-record.ts'
import type { AnswerWriter } from '../../dns/answer-writer.ts'
import type { Query } from '../../dns/query.ts'
import { lowerOctet } from '../../wire/name.ts'
import { HEADER_OCTETS, Rtype } from '../../wire/numbers.ts'
import type { Match } from './match.ts'
import type { KubernetesOptions } from './options.ts'
import { endpointLabel, joinLabels, serviceName } from './records.ts'

const IN_ADDR_ARPA = Buffer.from('\x07in-addr\x04arpa\x00', 'latin1')
const IP6_ARPA = Buffer.from('\x03ip6\x04arpa\x00', 'latin1')
const IPV4_LABELS = 4
const IPV6_LABELS = 32

export class Reverse {
  readonly #index: ClusterIndex
  readonly #options: KubernetesOptions
  readonly #match: Match
  readonly #writer: AnswerWriter
  readonly #service = new ServiceView()
  readonly #slice = new SliceView()
  readonly #address = new Uint8Array(16)

  constructor(index: ClusterIndex, options: KubernetesOptions, match: Match, writer: AnswerWriter) {
    this.#index = index
    this.#options = options
    this.#match = match
    this.#writer = writer
  }

  /** Writes the PTR records of the address that the query's name spells. Returns how many; -1 when it spells none. */
  write(query: Query, ttl: number): number {
    const address = this.#address
    const family = readReverseName(query.wire, HEADER_OCTETS, query.nameEnd, address)
    if (family === 0) return -1
    const { services, namespaces } = this.#index
    const writer = this.#writer
    for (
      let node = services.servicesByAddress(address, 0, family);
      node !== 0;
      node = services.nextServiceByAddress(node)
    ) {
      const entry = services.serviceAtNode(node)
      if (!services.loadService(entry, this.#service).hasAddress(address, 0, family)) continue
      const namespace = services.namespaceOf(entry)
      if (!this.#match.isListed(namespace)) continue
      const name = serviceName(services, entry, namespaces, this.#options.primaryZone)
      if (name === undefined) continue
      writer.nameRecord(HEADER_OCTETS, writer.questionOctets, Rtype.PTR, ttl, name)
      return 1
    }
    const written = new Set<string>()
    let previous = -1
    let seen: Set<number> | undefined
    for (
      let node = services.slicesByAddress(address, 0, family);
      node !== 0;
      node = services.nextSliceByAddress(node)
    ) {
      const id = services.sliceAtNode(node)
      // A slice stands once for each endpoint with the address; one look finds them all.
      if (id === previous || seen?.has(id) === true) continue
      if (previous >= 0) seen = (seen ?? new Set<number>()).add(previous)
      previous = id
      this.#writeSlice(id, family, ttl, written)
      if (writer.overflowed) break
    }
    return written.size
  }

  #writeSlice(id: number, family: number, ttl: number, written: Set<string>): void {
    const { services, namespaces } = this.#index
    const entry = services.entryOfSlice(id)
    const namespace = services.namespaceOf(entry)
    if (!this.#match.isListed(namespace)) return
    const service = serviceName(services, entry, namespaces, this.#options.primaryZone)
    if (service === undefined) return
    const slice = services.loadSlice(id, this.#slice)
    slice.rewindEndpoints()
    while (slice.nextEndpoint()) {
      if (slice.family !== family || !slice.isCanonical) continue
      let same = 0
      while (same < family && slice.octets[slice.addressAt + same] === this.#address[same]) same++
      if (same < family) continue
      const name = joinLabels([endpointLabel(slice)], service)
      if (name === undefined) continue
      const key = name.toString('latin1')
      if (written.has(key)) continue
      written.add(key)
      const writer = this.#writer
      writer.nameRecord(HEADER_OCTETS, writer.questionOctets, Rtype.PTR, ttl, name)
    }
  }
}

/** The address that a reverse name spells, into `address`. Returns 4 or 16, or 0 when it spells none. */
export function readReverseName(octets: Uint8Array, start: number, end: number, address: Uint8Array): number {
  if (endsWith(octets, start, end, IN_ADDR_ARPA)) {
    let at = start
    for (let part = IPV4_LABELS - 1; part >= 0; part--) {
      if (at >= end - IN_ADDR_ARPA.length) return 0
      const value = decimal(octets, at + 1, at + 1 + (octets[at] as number))
      if (value < 0) return 0
      address[part] = value
      at += (octets[at] as number) + 1
    }
    return at === end - IN_ADDR_ARPA.length ? 4 : 0
  }
  if (!endsWith(octets, start, end, IP6_ARPA)) return 0
  // Labels beyond the 32 next to the zone are passed over, as in CoreDNS.
  const nibbles: number[] = []
  for (let at = start; at < end - IP6_ARPA.length; at += (octets[at] as number) + 1) {
    const nibble = octets[at] === 1 ? hexDigit(octets[at + 1] as number) : -1
    if (nibble < 0) return 0
    nibbles.push(nibble)
  }
  if (nibbles.length < IPV6_LABELS) return 0
  nibbles.reverse()
  for (let i = 0; i < 16; i++) address[i] = ((nibbles[i * 2] as number) << 4) | (nibbles[i * 2 + 1] as number)
  return 16
}

function decimal(octets: Uint8Array, start: number, end: number): number {
  if (start === end || end - start > 3 || (end - start > 1 && octets[start] === 0x30)) return -1
  let value = 0
  for (let at = start; at < end; at++) {
    const digit = (octets[at] as number) - 0x30
    if (digit < 0 || digit > 9) return -1
    value = value * 10 + digit
  }
  return value <= 255 ? value : -1
}

function hexDigit(octet: number): number {
  const lower = lowerOctet[octet] as number
  if (lower >= 0x30 && lower <= 0x39) return lower - 0x30
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1
}

function endsWith(octets: Uint8Array, start: number, end: number, suffix: Uint8Array): boolean {
  const from = end - suffix.length
  if (from < start) return false
  for (let at = 0; at < suffix.length; at++)
    if (lowerOctet[octets[from + at] as number] !== suffix[at]) return false
  let at = start
  while (at < from) at += (octets[at] as number) + 1
  return at === from
}
