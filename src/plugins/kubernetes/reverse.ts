// PTR: from an address to the names that have it (kubernetes-records.md §10).
import type { ClusterIndex } from '../../cluster/index/cluster-index.ts'
import { endpointLabel } from '../../cluster/index/endpoint-name.ts'
import { ServiceView } from '../../cluster/index/service-record.ts'
import { SliceView } from '../../cluster/index/slice-record.ts'
import type { AnswerWriter } from '../../dns/answer-writer.ts'
import type { Query } from '../../dns/query.ts'
import { joinLabels } from '../../wire/name.ts'
import { HEADER_OCTETS, Rtype } from '../../wire/numbers.ts'
import { readReverseName } from '../../wire/reverse-name.ts'
import type { Match } from './match.ts'
import type { KubernetesOptions } from './options.ts'
import { serviceName } from './records.ts'

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
