// Names for the addresses that Services have outside the cluster (kubernetes-records.md §17).
import type { ExternalTarget } from '../../cluster/index/external-table.ts'
import type { Answer, RcodeNumber } from '../../dns/answer.ts'
import { AnswerWriter } from '../../dns/answer-writer.ts'
import { whenReady, type Eventual, type Handler, type Plugin } from '../../dns/plugin.ts'
import { LiveUse, type Query } from '../../dns/query.ts'
import { emptyAnswer } from '../../dns/response.ts'
import { srvWeight } from '../../dns/srv-weight.ts'
import type { Transferer, ZoneTransfer } from '../../dns/transfer.ts'
import type { ZoneTable } from '../../dns/zone.ts'
import { expandRecord } from '../../wire/expand.ts'
import { isSubdomain, joinLabels, sameName, type Name } from '../../wire/name.ts'
import { Flag, HEADER_OCTETS, Rclass, Rcode, Rtype } from '../../wire/numbers.ts'
import { addressRecord, plainRecord } from '../../wire/plain-record.ts'
import { endOfRecord } from '../../wire/records.ts'
import { readReverseName } from '../../wire/reverse-name.ts'
import type { ClusterView } from '../cluster-view.ts'
import type { InternalLookup } from '../definition.ts'
import { findExternal, type Candidate } from './external-match.ts'
import { ExternalTransfer } from './external-transfer.ts'
import { serverAddresses, soaRecord, type ExternalZone } from './name-servers.ts'

export interface ExternalOptions {
  readonly zones: ZoneTable<ExternalZone>
  /** What PTR targets end in: the zone named first. */
  readonly firstZone: Name
  /** Seconds. */
  readonly ttl: number
  readonly headless: boolean
  readonly fallthrough: ZoneTable<true> | undefined
  readonly localAddresses: readonly string[]
}

/** Each load balancer's name is looked up, perhaps upstream: one query must not become thousands. */
const LOOKUPS_MAX = 16

export class K8sExternal implements Plugin, Transferer {
  readonly name = 'k8s_external'
  readonly #options: ExternalOptions
  readonly #lookup: InternalLookup
  readonly #writer = new AnswerWriter()
  #view: ClusterView | undefined

  constructor(options: ExternalOptions, lookup: InternalLookup) {
    this.#options = options
    this.#lookup = lookup
  }

  /** The cluster, once the *kubernetes* plugin is set up. */
  attach(view: ClusterView): void {
    this.#view = view
  }

  answer(query: Query, next: Handler): Eventual<Answer> {
    const { zones } = this.#options
    const zone = zones.find(query.wire, HEADER_OCTETS, query.nameEnd)
    const view = this.#view
    if (zone === undefined || view === undefined) return next.answer(query)
    query.liveUse = LiveUse.ANSWERED
    const held = view.hold(() => this.answer(query, next))
    if (held !== undefined) return held
    if (query.qclass !== Rclass.IN || query.qtype === Rtype.AXFR || query.qtype === Rtype.IXFR)
      return emptyAnswer(query, Rcode.REFUSED)
    const zoneAt = zones.zoneAt
    if (zoneAt === HEADER_OCTETS) return this.#apex(query, zone, view)
    if (isSubdomain(query.name, zone.apex)) return this.#belowApex(query, zone, view)
    return this.#find(query, next, zone, zoneAt, view)
  }

  transfer(name: Name): ZoneTransfer | undefined {
    const zone = this.#options.zones.find(name, 0, name.length)
    const view = this.#view
    if (zone === undefined || view?.index.isSynced !== true || !sameName(zone.name, name)) return undefined
    return new ExternalTransfer(view, zone, this.#options)
  }

  #apex(query: Query, zone: ExternalZone, view: ClusterView): Answer {
    const writer = this.#writer
    const { ttl } = this.#options
    if (query.qtype === Rtype.SOA) {
      writer.begin(query)
      writer.record(soaRecord(zone, ttl, view.index.externalSerial))
      return this.#positive(query)
    }
    if (query.qtype !== Rtype.NS) return this.#negative(query, zone, view, Rcode.NOERROR)
    writer.begin(query)
    writer.record(plainRecord(zone.name, Rtype.NS, ttl, zone.nameServer))
    writer.additional()
    for (const address of this.#addresses(view)) writer.record(addressRecord(zone.nameServer, ttl, address))
    return this.#positive(query)
  }

  /** `dns.<zone>` and what lies below it are the zone's own: no namespace of that name is reached. */
  #belowApex(query: Query, zone: ExternalZone, view: ClusterView): Answer {
    if (sameName(query.name, zone.apex)) return this.#negative(query, zone, view, Rcode.NOERROR)
    if (!sameName(query.name, zone.nameServer)) return this.#negative(query, zone, view, Rcode.NXDOMAIN)
    const family = familyOf(query.qtype)
    const writer = this.#writer
    writer.begin(query)
    for (const address of this.#addresses(view)) {
      if (address.length === family) this.#address(address)
    }
    if (writer.recordCount > 0) return this.#positive(query)
    return this.#negative(query, zone, view, Rcode.NOERROR)
  }

  #addresses(view: ClusterView): readonly Uint8Array[] {
    return serverAddresses(view, this.#options.localAddresses, this.#options.headless)
  }

  #find(
    query: Query,
    next: Handler,
    zone: ExternalZone,
    zoneAt: number,
    view: ClusterView
  ): Eventual<Answer> {
    if (query.qtype === Rtype.PTR) {
      const address = new Uint8Array(16)
      const family = readReverseName(query.wire, HEADER_OCTETS, query.nameEnd, address)
      if (family !== 0) {
        const found = this.#pointers(query, view, address.subarray(0, family))
        return found ?? this.#nameError(query, next, zone, view)
      }
    }
    const { headless } = this.#options
    const found = findExternal(view, query.wire, HEADER_OCTETS, zoneAt, zone.name, headless)
    if (!found.exists) return this.#nameError(query, next, zone, view)
    const noData = () => this.#negative(query, zone, view, Rcode.NOERROR)
    if (found.candidates.length === 0) return noData()
    switch (query.qtype) {
      case Rtype.A:
      case Rtype.AAAA:
        return this.#addressRecords(query, view, found.candidates, noData)
      case Rtype.SRV:
        return this.#services(query, view, found.candidates, noData)
      default:
        return noData()
    }
  }

  #pointers(query: Query, view: ClusterView, address: Uint8Array): Answer | undefined {
    const writer = this.#writer
    writer.begin(query)
    const { namespaces, external } = view.index
    for (const { namespace, service } of external.withAddress(address)) {
      const number = namespaces.find(namespace, 0, namespace.length)
      if (number < 0 || !view.isListed(number)) continue
      const target = joinLabels([service, namespace], this.#options.firstZone)
      if (target === undefined) continue
      writer.nameRecord(HEADER_OCTETS, writer.questionOctets, Rtype.PTR, this.#options.ttl, target)
    }
    return writer.recordCount > 0 ? this.#positive(query) : undefined
  }

  /** Addresses once each; a CNAME for each load balancer's name and port, with what its name has (a quirk). */
  #addressRecords(
    query: Query,
    view: ClusterView,
    candidates: readonly Candidate[],
    noData: () => Answer
  ): Eventual<Answer> {
    const family = familyOf(query.qtype)
    const targets = candidates.map(({ target }) => target)
    return whenReady(this.#lookUp(query, targets, [query.qtype]), answers => {
      const writer = this.#writer
      const written = new Set<string>()
      let flags = 0
      writer.begin(query)
      for (const target of targets) {
        if ('name' in target) {
          writer.nameRecord(HEADER_OCTETS, writer.questionOctets, Rtype.CNAME, view.ttl, target.name)
          for (const answer of answers.get(keyOf(target.name)) ?? []) {
            this.#copyAnswers(answer)
            flags |= answer.flags & Flag.TC
          }
          continue
        }
        const key = Buffer.from(target.address).toString('latin1')
        if (target.address.length !== family || written.has(key)) continue
        written.add(key)
        this.#address(target.address)
      }
      return writer.recordCount === 0 ? noData() : this.#positive(query, flags)
    })
  }

  #services(
    query: Query,
    view: ClusterView,
    candidates: readonly Candidate[],
    noData: () => Answer
  ): Eventual<Answer> {
    const weight = srvWeight(candidates.length)
    const withPort = candidates.filter(({ port }) => port >= 0)
    const targets = withPort.map(({ target }) => target)
    return whenReady(this.#lookUp(query, targets, [Rtype.A, Rtype.AAAA]), answers => {
      const writer = this.#writer
      const places = new Map<string, number>()
      const written = new Set<string>()
      writer.begin(query)
      for (const { target, port, name } of withPort) {
        const host = 'name' in target ? target.name : name
        const key = keyOf(host)
        if (written.has(`${port} ${key}`)) continue
        written.add(`${port} ${key}`)
        const at = this.#writer.service(view.ttl, weight, port, host)
        if (at >= 0 && !places.has(key)) places.set(key, at)
      }
      if (writer.recordCount === 0) return noData()
      writer.additional()
      for (const { target, name } of withPort) {
        if ('name' in target) {
          if (written.has(keyOf(target.name))) continue
          written.add(keyOf(target.name))
          for (const answer of answers.get(keyOf(target.name)) ?? []) this.#copyAnswers(answer)
          continue
        }
        const { address } = target
        const key = `${Buffer.from(address).toString('latin1')} ${keyOf(name)}`
        if (written.has(key)) continue
        written.add(key)
        const at = places.get(keyOf(name)) ?? -1
        writer.addressOf(name, at, this.#options.ttl, address, 0, address.length)
      }
      return this.#positive(query)
    })
  }

  /** What the server finds for the names among the targets, each looked up once. */
  #lookUp(
    query: Query,
    targets: readonly ExternalTarget[],
    qtypes: readonly number[]
  ): Eventual<ReadonlyMap<string, readonly Answer[]>> {
    const names = new Map<string, Name>()
    for (const target of targets) {
      if ('name' in target && names.size < LOOKUPS_MAX) names.set(keyOf(target.name), target.name)
    }
    const keys = [...names.keys()]
    const asked = [...names.values()].flatMap(name => qtypes.map(qtype => this.#lookup(name, qtype, query)))
    const gather = (answers: readonly Answer[]) =>
      new Map(keys.map((key, i) => [key, answers.slice(i * qtypes.length, (i + 1) * qtypes.length)]))
    const isHere = (one: Eventual<Answer>): one is Answer => !(one instanceof Promise)
    if (asked.every(isHere)) return gather(asked)
    return Promise.all(asked.map(async one => await one)).then(gather)
  }

  #copyAnswers(found: Answer): void {
    let at = found.recordsAt
    for (let left = found.answerCount; left > 0 && at >= 0; left--) {
      const record = expandRecord(found.octets, at, found.length)
      if (record === undefined) return
      this.#writer.record(record)
      at = endOfRecord(found.octets, at, found.length)
    }
  }

  #address(address: Uint8Array): void {
    const writer = this.#writer
    writer.address(HEADER_OCTETS, writer.questionOctets, this.#options.ttl, address, 0, address.length)
  }

  /** While the cluster's state is not loaded nobody knows whether the name exists (docs/differences.md). */
  #nameError(query: Query, next: Handler, zone: ExternalZone, view: ClusterView): Eventual<Answer> {
    if (!view.index.isSynced) return this.#negative(query, zone, view, Rcode.SERVFAIL)
    if (this.#options.fallthrough?.find(query.wire, HEADER_OCTETS, query.nameEnd) === true)
      return next.answer(query)
    return this.#negative(query, zone, view, Rcode.NXDOMAIN)
  }

  #negative(query: Query, zone: ExternalZone, view: ClusterView, rcode: RcodeNumber): Answer {
    const writer = this.#writer
    writer.begin(query)
    writer.authority()
    writer.record(soaRecord(zone, this.#options.ttl, view.index.externalSerial))
    return writer.finish(rcode, Flag.AA | query.copiedFlags)
  }

  #positive(query: Query, flags = 0): Answer {
    return this.#writer.finish(Rcode.NOERROR, Flag.AA | query.copiedFlags | flags)
  }
}

const familyOf = (qtype: number): number => (qtype === Rtype.A ? 4 : qtype === Rtype.AAAA ? 16 : 0)

const keyOf = (name: Uint8Array): string => Buffer.from(name).toString('latin1').toLowerCase()
