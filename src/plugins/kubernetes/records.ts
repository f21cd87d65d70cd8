// Writes the A, AAAA and SRV records of what a name stands for (kubernetes-records.md §5, §8, §9).
import type { ClusterIndex } from '../../cluster/index/cluster-index.ts'
import { endpointLabel } from '../../cluster/index/endpoint-name.ts'
import type { Namespaces } from '../../cluster/index/namespaces.ts'
import type { ServiceTable } from '../../cluster/index/service-table.ts'
import type { AnswerWriter } from '../../dns/answer-writer.ts'
import { srvWeight } from '../../dns/srv-weight.ts'
import { Rtype } from '../../wire/numbers.ts'
import { joinLabels, readName, sameName, type Name } from '../../wire/name.ts'
import { Outcome, type Match } from './match.ts'
import { WrittenAddresses } from './written-addresses.ts'

const SVC = Buffer.from('svc', 'latin1')
const POD = Buffer.from('pod', 'latin1')

/**
 * Each target is looked up, perhaps upstream, and may lead to endpoints that are domain names again: 16 for what a client
 * asks, 4 for each of those, and one from there on. A Service whose endpoints are names of its own would otherwise make a
 * single query ask more than the world can answer.
 */
const TARGETS_MAX = [16, 4] as const

/** Writes address and service records from a Match. One for each plugin instance; used synchronously. */
export class RecordWriter {
  readonly #index: ClusterIndex
  readonly #writer: AnswerWriter
  readonly #written = new WrittenAddresses()

  constructor(index: ClusterIndex, writer: AnswerWriter) {
    this.#index = index
    this.#writer = writer
  }

  /**
   * How many octets the address records will take at most; for `AnswerWriter.begin`. -1 when that isn't known, 0 when there
   * are none.
   */
  addressRoom(match: Match, rtype: number): number {
    const head = 12
    if (match.outcome === Outcome.ENDPOINTS) return -1
    if (match.outcome === Outcome.POD) return head + 16
    if (match.outcome !== Outcome.ADDRESSES) return 0
    const { service } = match
    return rtype === Rtype.A ? service.ipv4Count * (head + 4) : service.ipv6Count * (head + 16)
  }

  /** A or AAAA records, owned by the name at `ownerAt` of the message. Returns how many were written. */
  addresses(match: Match, rtype: number, ttl: number, ownerAt: number, ownerOctets: number): number {
    const writer = this.#writer
    const before = writer.recordCount
    const family = rtype === Rtype.A ? 4 : 16
    if (match.outcome === Outcome.ADDRESSES) {
      const { service } = match
      const count = family === 4 ? service.ipv4Count : service.ipv6Count
      let at = family === 4 ? service.ipv4At : service.ipv6At
      for (let i = 0; i < count; i++, at += family) {
        writer.address(ownerAt, ownerOctets, ttl, service.octets, at, family)
      }
    } else if (match.outcome === Outcome.POD) {
      if (match.podFamily === family) writer.address(ownerAt, ownerOctets, ttl, match.podAddress, 0, family)
    } else if (match.outcome === Outcome.ENDPOINTS) {
      this.#written.reset()
      this.#endpointAddresses(match, family, ttl, ownerAt, ownerOctets)
    }
    return writer.recordCount - before
  }

  #endpointAddresses(match: Match, family: number, ttl: number, ownerAt: number, ownerOctets: number): void {
    const { table, slice } = match
    const writer = this.#writer
    for (let id = table.firstSlice(match.entry); id >= 0; id = table.nextSlice(id)) {
      table.loadSlice(id, slice)
      if (!match.sliceMatches() || match.matchingPorts() === 0) continue
      slice.rewindEndpoints()
      while (slice.nextEndpoint()) {
        if (slice.family !== family || !match.endpointMatches()) continue
        const { octets, addressAt } = slice
        if (!this.#written.isNew(octets, addressAt, family, writer.octets, writer.at, 12 + family)) continue
        writer.address(ownerAt, ownerOctets, ttl, octets, addressAt, family)
        if (writer.overflowed) return
      }
    }
  }

  /**
   * Different domain names that endpoints of FQDN slices stand for; nearly always none. No more than a query that `depth`
   * lookups led to may follow.
   */
  domainNames(match: Match, depth: number): Name[] {
    const { table, slice } = match
    const most = TARGETS_MAX[depth] ?? 1
    const names: Name[] = []
    if (match.outcome !== Outcome.ENDPOINTS) return names
    for (let id = table.firstSlice(match.entry); id >= 0; id = table.nextSlice(id)) {
      table.loadSlice(id, slice)
      if (!match.sliceMatches() || match.matchingPorts() === 0) continue
      slice.rewindEndpoints()
      while (slice.nextEndpoint()) {
        if (slice.family !== 0 || !match.endpointMatches()) continue
        const name = readName(slice.octets, slice.addressAt)
        if (name === undefined || names.some(one => sameName(one, name))) continue
        names.push(name)
        if (names.length === most) return names
      }
    }
    return names
  }

  /**
   * SRV records in the answer section, then their targets' addresses in the additional section. `zone` is the zone in
   * the query's letter case. Returns how many SRV records were written.
   */
  services(match: Match, ttl: number, zone: Uint8Array): number {
    const weight = srvWeight(match.candidates)
    if (match.outcome === Outcome.POD) return this.#podService(match, ttl, zone)
    if (match.outcome === Outcome.ADDRESSES) return this.#addressServices(match, ttl, weight, zone)
    if (match.outcome === Outcome.ENDPOINTS) return this.#endpointServices(match, ttl, weight, zone)
    return 0
  }

  #addressServices(match: Match, ttl: number, weight: number, zone: Uint8Array): number {
    const { service } = match
    const target = this.#serviceName(match, zone)
    if (target === undefined) return 0
    const ports: number[] = []
    let targetAt = -1
    service.rewindPorts()
    while (service.nextPort()) {
      if (!match.portMatches(service) || ports.includes(service.port)) continue
      ports.push(service.port)
      const at = this.#writer.service(ttl, weight, service.port, target)
      if (at < 0) break
      if (targetAt < 0) targetAt = at
    }
    if (ports.length === 0) return 0
    const writer = this.#writer
    writer.additional()
    for (let i = 0; i < service.ipv4Count; i++) {
      writer.addressOf(target, targetAt, ttl, service.octets, service.ipv4At + i * 4, 4)
    }
    for (let i = 0; i < service.ipv6Count; i++) {
      writer.addressOf(target, targetAt, ttl, service.octets, service.ipv6At + i * 16, 16)
    }
    return ports.length
  }

  #endpointServices(match: Match, ttl: number, weight: number, zone: Uint8Array): number {
    const { table, slice } = match
    const base = this.#serviceName(match, zone)
    if (base === undefined) return 0
    const written = new Set<string>()
    const glue = new Map<string, { target: Uint8Array; at: number; address: Uint8Array }>()
    let count = 0
    for (let id = table.firstSlice(match.entry); id >= 0; id = table.nextSlice(id)) {
      table.loadSlice(id, slice)
      if (!match.sliceMatches()) continue
      const ports = slicePorts(match)
      if (ports.length === 0) continue
      const cluster = slice.octets.subarray(slice.clusterAt, slice.clusterAt + slice.clusterLength)
      slice.rewindEndpoints()
      while (slice.nextEndpoint()) {
        if (!match.endpointMatches() || slice.family === 0) continue
        const label = endpointLabel(slice)
        const target = joinLabels(cluster.length === 0 ? [label] : [label, cluster], base)
        if (target === undefined) continue
        const targetKey = target.toString('latin1')
        let targetAt = -1
        for (const port of ports) {
          const key = `${port}${targetKey}`
          if (written.has(key)) continue
          written.add(key)
          targetAt = this.#writer.service(ttl, weight, port, target)
          if (targetAt < 0) return count
          count++
        }
        const address = slice.octets.slice(slice.addressAt, slice.addressAt + slice.family)
        const glueKey = `${Buffer.from(address).toString('latin1')}${targetKey}`
        if (!glue.has(glueKey)) glue.set(glueKey, { target, at: targetAt, address })
      }
    }
    this.#writer.additional()
    for (const { target, at, address } of glue.values()) {
      this.#writer.addressOf(target, at, ttl, address, 0, address.length)
    }
    return count
  }

  /** A pod's name that resolves has an SRV record too, with port 0 (a quirk that clients may lean on). */
  #podService(match: Match, ttl: number, zone: Uint8Array): number {
    const { name, octets } = match
    const lower = (start: number, end: number) =>
      Buffer.from(Buffer.from(octets.subarray(start, end)).toString('latin1').toLowerCase(), 'latin1')
    const labels = [lower(name.podAt, name.podEnd), lower(name.namespaceAt, name.namespaceEnd), POD]
    const target = joinLabels(labels, zone)
    if (target === undefined) return 0
    const at = this.#writer.service(ttl, 100, 0, target)
    this.#writer.additional()
    this.#writer.addressOf(target, at, ttl, match.podAddress, 0, match.podFamily)
    return 1
  }

  #serviceName(match: Match, zone: Uint8Array): Buffer | undefined {
    return serviceName(match.table, match.entry, this.#index.namespaces, zone)
  }
}

/** `<service>.<namespace>.svc.<zone>` on the wire, labels as the objects spell them; `undefined` as in `joinLabels`. */
export function serviceName(
  table: ServiceTable,
  entry: number,
  namespaces: Namespaces,
  zone: Uint8Array
): Buffer | undefined {
  return joinLabels([table.nameOf(entry), namespaces.label(table.namespaceOf(entry)), SVC], zone)
}

/** Numbers of the slice's ports that match and have one. */
function slicePorts(match: Match): number[] {
  const ports: number[] = []
  match.slice.rewindPorts()
  while (match.slice.nextPort()) {
    if (match.slice.port >= 0 && match.portMatches(match.slice)) ports.push(match.slice.port)
  }
  return ports
}
