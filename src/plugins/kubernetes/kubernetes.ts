// The answers of a cluster zone: which rule applies to a query, in the order of kubernetes-records.md §1 and §4.
import type { ClusterIndex } from '../../cluster/index/cluster-index.ts'
import type { Answer, RcodeNumber, Reason } from '../../dns/answer.ts'
import { AnswerWriter } from '../../dns/answer-writer.ts'
import { explainFailure, ExtendedError } from '../../dns/extended-error.ts'
import type { ChainEnd } from '../../dns/facts.ts'
import type { Eventual, Example, Handler, Plugin } from '../../dns/plugin.ts'
import { LiveUse, type Query } from '../../dns/query.ts'
import { emptyAnswer } from '../../dns/response.ts'
import type { LiveSource } from '../../dns/live.ts'
import type { Transferer, ZoneTransfer } from '../../dns/transfer.ts'
import { ZoneTable } from '../../dns/zone.ts'
import { formatName, type Name } from '../../wire/name.ts'
import { Flag, HEADER_OCTETS, Rclass, Rcode, Rtype } from '../../wire/numbers.ts'
import type { ClusterView, NoSearchPath } from '../cluster-view.ts'
import { Apex, isNameServerName, isVersionName } from './apex.ts'
import { exampleQuestions } from './examples.ts'
import { CnameChain, type Lookup, type Negatives } from './external-name.ts'
import { FIRST_NAME_ERROR, Match, Outcome } from './match.ts'
import { QueryMetadata } from './metadata.ts'
import type { KubernetesOptions, Zone } from './options.ts'
import { Reasons, Rule } from './reasons.ts'
import { RecordWriter } from './records.ts'
import { Reverse } from './reverse.ts'
import { SearchPaths } from './search-paths.ts'
import { unsyncedText, Waiting, type StateView } from './waiting.ts'
import { ClusterTransfer } from './zone-transfer.ts'

export class Kubernetes implements Plugin, Transferer, LiveSource, ClusterView {
  readonly name = 'kubernetes'
  readonly index: ClusterIndex
  readonly options: KubernetesOptions
  readonly apex: Apex
  readonly #zones: ZoneTable<Zone>
  readonly #match: Match
  readonly #writer = new AnswerWriter()
  readonly #records: RecordWriter
  readonly #reverse: Reverse
  readonly #chain: CnameChain
  readonly #reasons: Reasons
  readonly #metadata: QueryMetadata
  readonly #searchPaths: SearchPaths
  readonly #state: StateView
  readonly #waiting: Waiting

  /** `state` says how the index's source does; without it nothing is known of that. */
  constructor(
    index: ClusterIndex,
    options: KubernetesOptions,
    lookup: Lookup,
    state: StateView = UNKNOWN_STATE
  ) {
    this.index = index
    this.#state = state
    this.#waiting = new Waiting(state)
    this.options = options
    this.#zones = new ZoneTable(options.zones.map(zone => [zone.name, zone] as const))
    this.#match = new Match(index, options)
    this.#metadata = new QueryMetadata(index, options)
    this.#searchPaths = new SearchPaths(index)
    this.#records = new RecordWriter(index, this.#writer)
    this.apex = new Apex(index, options, this.#writer)
    this.#reverse = new Reverse(index, options, this.#match, this.#writer)
    this.#chain = new CnameChain(options, this.#match, this.#records, this.#writer, lookup)
    this.#reasons = new Reasons(index, options, query => {
      const zone = this.#zones.find(query.wire, HEADER_OCTETS, query.nameEnd)
      return zone === undefined ? undefined : [zone, this.#zones.zoneAt]
    })
  }

  /** Seconds: what every record but a few gets. */
  get ttl(): number {
    return this.options.ttl
  }

  isListed(namespace: number): boolean {
    return this.#match.isListed(namespace)
  }

  searchPath(query: Query): readonly Name[] | undefined {
    const zone = this.#zones.find(query.wire, HEADER_OCTETS, query.nameEnd)
    return zone === undefined ? undefined : this.#searchPaths.of(query.peer.address, zone)
  }

  hold(answer: () => Eventual<Answer>): Promise<Answer> | undefined {
    return this.index.isSynced ? undefined : this.#waiting.hold(answer)
  }

  searchPathByName(query: Query): readonly Name[] | NoSearchPath {
    const zone = this.#zones.find(query.wire, HEADER_OCTETS, query.nameEnd)
    if (zone === undefined) return 'outside-path'
    return this.#searchPaths.ofName(query.wire, HEADER_OCTETS, this.#zones.zoneAt, zone)
  }

  examples(): readonly Example[] {
    return exampleQuestions(this.index, formatName(this.options.primaryZone).slice(0, -1))
  }

  meant(labels: readonly string[]): readonly string[] {
    return this.#reasons.meant(labels)
  }

  publish(query: Query, metadata: Map<string, string>): void {
    this.#metadata.publishClient(query, metadata)
    const zone = this.#zones.find(query.wire, HEADER_OCTETS, query.nameEnd)
    if (zone !== undefined) this.#metadata.publishName(query, zone, this.#zones.zoneAt, metadata)
  }

  owns(query: Query): boolean {
    const { wire, nameEnd } = query
    if (this.#zones.find(wire, HEADER_OCTETS, nameEnd) === undefined) return false
    return this.options.fallthrough?.find(wire, HEADER_OCTETS, nameEnd) === undefined
  }

  answer(query: Query, next: Handler): Eventual<Answer> {
    const zone = this.#zones.find(query.wire, HEADER_OCTETS, query.nameEnd)
    if (zone === undefined) return next.answer(query)
    query.liveUse = LiveUse.ANSWERED
    if (query.qclass !== Rclass.IN) return this.#refuse(query, Rule.REFUSED_CLASS)
    if (!this.index.isSynced) {
      // CoreDNS does not listen yet at that time.
      const held = this.hold(() => this.answer(query, next))
      if (held !== undefined) return held
    }
    const zoneAt = this.#zones.zoneAt
    switch (query.qtype) {
      case Rtype.A:
      case Rtype.AAAA:
        return this.#addresses(query, next, zone, zoneAt)
      case Rtype.SRV:
        return this.#services(query, next, zone, zoneAt)
      case Rtype.PTR:
        return this.#pointers(query, next, zone, zoneAt)
      case Rtype.CNAME:
        return this.#cname(query, next, zone, zoneAt)
      case Rtype.TXT:
        return this.#text(query, next, zone, zoneAt)
      case Rtype.SOA:
        return this.#soa(query, zoneAt)
      case Rtype.NS:
        return this.#nameServers(query, next, zone, zoneAt)
      case Rtype.AXFR:
      case Rtype.IXFR:
        return this.#refuse(query, Rule.REFUSED_TRANSFER)
      default:
        return this.#existence(query, next, zone, zoneAt)
    }
  }

  #addresses(query: Query, next: Handler, zone: Zone, zoneAt: number): Eventual<Answer> {
    const match = this.#match
    match.find(query.wire, HEADER_OCTETS, zoneAt, zone)
    const outcome = match.outcome
    if (outcome >= FIRST_NAME_ERROR) {
      if (outcome === Outcome.INVALID_NAME) {
        if (isNameServerName(query, zoneAt)) return this.#ownAddresses(query, zoneAt)
      }
      return this.#nameError(query, next, zoneAt, this.#reasons.byOutcome[outcome])
    }
    if (outcome === Outcome.EXTERNAL_NAME) return this.#chainFrom(query, zone, zoneAt)
    const writer = this.#writer
    const room = this.#records.addressRoom(match, query.qtype)
    if (room !== 0) {
      if (outcome === Outcome.ENDPOINTS) {
        const targets = this.#records.domainNames(match, query.depth)
        if (targets.length > 0) return this.#chain.follow(query, targets, this.#negatives(zoneAt))
      }
      writer.begin(query, room)
      if (
        this.#records.addresses(match, query.qtype, this.options.ttl, HEADER_OCTETS, writer.questionOctets) >
        0
      ) {
        return this.#positive(query, this.#reasons.byOutcome[outcome])
      }
    }
    const isEmpty = outcome === Outcome.EMPTY || outcome === Outcome.EMPTY_ZONE
    return this.#noData(query, zoneAt, isEmpty ? this.#reasons.byOutcome[outcome] : this.#reasons.noData)
  }

  /** A and AAAA of `ns.dns.<zone>`. */
  #ownAddresses(query: Query, zoneAt: number): Answer {
    this.#writer.begin(query)
    const family = query.qtype === Rtype.A ? 4 : 16
    if (this.apex.writeOwnAddresses(family, this.options.ttl))
      return this.#positive(query, this.#rule(Rule.NAME_SERVER))
    return this.#noData(query, zoneAt, this.#reasons.noData)
  }

  #chainFrom(query: Query, zone: Zone, zoneAt: number): Eventual<Answer> {
    return this.#chain.answer(query, zone, zoneAt, this.#negatives(zoneAt))
  }

  #negatives(zoneAt: number): Negatives {
    const why = (query: Query, chain: readonly Name[], end: ChainEnd): Reason | undefined =>
      query.trace === undefined
        ? this.#reasons.byOutcome[Outcome.EXTERNAL_NAME]
        : this.#reasons.chain(chain, end)
    return {
      noData: (query, chain, end) => this.#noData(query, zoneAt, why(query, chain, end)),
      found: (query, answer, chain, end) => {
        answer.reason = why(query, chain, end)
        noteReason(query, answer.reason)
        return answer
      }
    }
  }

  #services(query: Query, next: Handler, zone: Zone, zoneAt: number): Eventual<Answer> {
    const match = this.#match
    match.find(query.wire, HEADER_OCTETS, zoneAt, zone)
    const outcome = match.outcome
    if (outcome >= FIRST_NAME_ERROR) return this.#errorUnlessOwnName(query, next, zoneAt, outcome)
    if (outcome === Outcome.ADDRESSES || outcome === Outcome.ENDPOINTS || outcome === Outcome.POD) {
      this.#writer.begin(query)
      const zoneName = query.wire.subarray(zoneAt, query.nameEnd)
      if (this.#records.services(match, this.options.ttl, zoneName) > 0) {
        return this.#positive(query, this.#reasons.byOutcome[outcome])
      }
    }
    return this.#noData(query, zoneAt, this.#reasons.noData)
  }

  #pointers(query: Query, next: Handler, zone: Zone, zoneAt: number): Eventual<Answer> {
    this.#writer.begin(query)
    const found = this.#reverse.write(query, this.options.ttl)
    if (found > 0) return this.#positive(query, this.#rule(Rule.PTR_FOUND))
    if (found === 0) return this.#nameError(query, next, zoneAt, this.#rule(Rule.PTR_NOT_FOUND))
    const match = this.#match
    match.find(query.wire, HEADER_OCTETS, zoneAt, zone)
    if (match.outcome >= FIRST_NAME_ERROR) {
      return this.#nameError(query, next, zoneAt, this.#reasons.byOutcome[match.outcome])
    }
    return this.#noData(query, zoneAt, this.#reasons.noData)
  }

  #cname(query: Query, next: Handler, zone: Zone, zoneAt: number): Eventual<Answer> {
    const match = this.#match
    match.find(query.wire, HEADER_OCTETS, zoneAt, zone)
    if (match.outcome >= FIRST_NAME_ERROR) return this.#errorUnlessOwnName(query, next, zoneAt, match.outcome)
    if (match.outcome !== Outcome.EXTERNAL_NAME) return this.#noData(query, zoneAt, this.#reasons.noData)
    this.#writer.begin(query)
    this.#chain.writeOne(match, this.options.ttl)
    return this.#positive(query, this.#reasons.byOutcome[Outcome.EXTERNAL_NAME])
  }

  /** TXT exists at one name only; elsewhere a name without records of any kind is an error, not NODATA (a quirk). */
  #text(query: Query, next: Handler, zone: Zone, zoneAt: number): Eventual<Answer> {
    if (isVersionName(query, zoneAt)) {
      this.#writer.begin(query)
      this.apex.writeVersion()
      return this.#positive(query, this.#rule(Rule.VERSION))
    }
    const match = this.#match
    match.find(query.wire, HEADER_OCTETS, zoneAt, zone)
    const { outcome } = match
    if (outcome === Outcome.EMPTY) return this.#nameError(query, next, zoneAt, this.#rule(Rule.NO_TEXT))
    if (outcome >= FIRST_NAME_ERROR) {
      return this.#nameError(query, next, zoneAt, this.#reasons.byOutcome[outcome])
    }
    return this.#noData(query, zoneAt, this.#reasons.noData)
  }

  /** The zone's SOA at the apex; below it NODATA, whether the name exists or not (a quirk). */
  #soa(query: Query, zoneAt: number): Answer {
    if (zoneAt !== HEADER_OCTETS) return this.#noData(query, zoneAt, this.#rule(Rule.NO_SUCH_TYPE))
    this.#writer.begin(query)
    this.apex.writeSoa(query, zoneAt, this.#serial(query))
    return this.#positive(query, this.#rule(Rule.APEX))
  }

  #nameServers(query: Query, next: Handler, zone: Zone, zoneAt: number): Eventual<Answer> {
    if (zoneAt !== HEADER_OCTETS) return this.#existence(query, next, zone, zoneAt)
    // CoreDNS compares the apex with the lower-cased name: a capital letter in the zone means NODATA (a quirk).
    if (isLowerCase(query.wire, zoneAt, query.nameEnd)) {
      this.#writer.begin(query)
      if (this.apex.writeNameServers(query.wire.subarray(zoneAt, query.nameEnd), this.options.ttl)) {
        return this.#positive(query, this.#rule(Rule.APEX))
      }
    }
    return this.#noData(query, zoneAt, this.#reasons.noData)
  }

  /** Types that no name has: only whether the name exists counts. */
  #existence(query: Query, next: Handler, zone: Zone, zoneAt: number): Eventual<Answer> {
    const match = this.#match
    match.find(query.wire, HEADER_OCTETS, zoneAt, zone)
    if (match.outcome >= FIRST_NAME_ERROR) return this.#errorUnlessOwnName(query, next, zoneAt, match.outcome)
    return this.#noData(query, zoneAt, this.#reasons.noData)
  }

  #errorUnlessOwnName(query: Query, next: Handler, zoneAt: number, outcome: number): Eventual<Answer> {
    if (outcome === Outcome.INVALID_NAME && isNameServerName(query, zoneAt)) {
      return this.#noData(query, zoneAt, this.#reasons.noData)
    }
    return this.#nameError(query, next, zoneAt, this.#reasons.byOutcome[outcome])
  }

  /**
   * The name does not exist: NXDOMAIN, or the next plugin where `fallthrough` covers the name. While state is not loaded
   * nobody can know, so it is SERVFAIL, and the next plugin isn't asked either (docs/differences.md).
   */
  #nameError(query: Query, next: Handler, zoneAt: number, reason: Reason | undefined): Eventual<Answer> {
    if (!this.index.isSynced) return this.#unsynced(query, zoneAt)
    if (this.options.fallthrough?.find(query.wire, HEADER_OCTETS, query.nameEnd) === true) {
      query.liveUse = LiveUse.PASSED
      query.trace?.note(query, () => ({ ...(reason as Reason).explain(query), passedOn: true }))
      return next.answer(query)
    }
    return this.#negative(query, zoneAt, Rcode.NXDOMAIN, reason)
  }

  #unsynced(query: Query, zoneAt: number): Answer {
    const answer = this.#negative(query, zoneAt, Rcode.SERVFAIL, this.#rule(Rule.NOT_SYNCED))
    explainFailure(answer, query, ExtendedError.NOT_READY, unsyncedText(this.#state.status()))
    return answer
  }

  #noData(query: Query, zoneAt: number, reason: Reason | undefined): Answer {
    return this.#negative(query, zoneAt, Rcode.NOERROR, reason)
  }

  #negative(query: Query, zoneAt: number, rcode: RcodeNumber, reason: Reason | undefined): Answer {
    const writer = this.#writer
    writer.begin(query, Apex.SOA_OCTETS)
    writer.authority()
    this.apex.writeSoa(query, zoneAt, this.#serial(query))
    const answer = writer.finish(rcode, Flag.AA | query.copiedFlags)
    answer.reason = reason
    noteReason(query, reason)
    return answer
  }

  #positive(query: Query, reason: Reason | undefined): Answer {
    const answer = this.#writer.finish(Rcode.NOERROR, Flag.AA | query.copiedFlags)
    answer.reason = reason
    if (query.trace !== undefined) noteReason(query, reason)
    return answer
  }

  #refuse(query: Query, rule: Rule): Answer {
    const answer = emptyAnswer(query, Rcode.REFUSED)
    answer.reason = this.#rule(rule)
    noteReason(query, answer.reason)
    return answer
  }

  #rule(rule: Rule): Reason {
    return this.#reasons.byRule[rule]
  }

  #serial(query: Query): number {
    return this.serialOf(this.#zones.find(query.wire, HEADER_OCTETS, query.nameEnd)?.isMulticluster === true)
  }

  /** The serial of a zone's SOA (kubernetes-records.md §14). */
  serialOf(isMulticluster: boolean): number {
    return isMulticluster ? this.index.multiclusterSerial : this.index.serial
  }

  /** A zone, or a name below one (then the services are transferred as if that were the zone, as CoreDNS does). */
  transfer(name: Name): ZoneTransfer | undefined {
    const zone = this.#zones.find(name, 0, name.length)
    if (zone === undefined || !this.index.isSynced || name.length > Apex.ZONE_OCTETS_MAX) return undefined
    const match = new Match(this.index, this.options)
    return new ClusterTransfer(this.index, this.options, match, this.apex, name.slice(), zone.isMulticluster)
  }
}

const UNKNOWN_STATE: StateView = {
  status: () => ({ isSynced: true, problems: [] }),
  arrival: () => undefined,
  isOld: () => false
}

/** Tells whoever wants to know why a query is answered as it is. */
function noteReason(query: Query, reason: Reason | undefined): void {
  if (reason !== undefined) query.trace?.note(query, () => reason.explain(query))
}

function isLowerCase(octets: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at++) {
    const octet = octets[at] as number
    if (octet >= 0x41 && octet <= 0x5a) return false
  }
  return true
}
