// What a zone says about a name and type (RFC 1034 §4.3.2, RFC 4592, RFC 6672), in the sections in which CoreDNS says it
// (corefile-and-plugins.md §8.31).
import type { Answer } from '../dns/answer.ts'
import { whenReady, type Eventual } from '../dns/plugin.ts'
import type { Query } from '../dns/query.ts'
import { expandRecord } from '../wire/expand.ts'
import { isSubdomain, nameKey, sameName, NAME_OCTETS_MAX, type Name, type NameKey } from '../wire/name.ts'
import { Flag, Rclass, Rcode, Rtype } from '../wire/numbers.ts'
import { endOfRecord, read32, write16, write32 } from '../wire/records.ts'
import { rdataOf, typeAt, type Rrset, type ZoneData, type ZoneNode } from './zone-data.ts'

export type ZoneOutcome = 'success' | 'no data' | 'name error' | 'delegation' | 'failure'

export interface ZoneResult {
  readonly outcome: ZoneOutcome
  readonly answer: Rrset
  readonly authority: Rrset
  readonly additional: Rrset
  /** What was found elsewhere came truncated. */
  readonly truncated?: boolean
}

/** Asks the whole server on behalf of a query. */
export type Lookup = (name: Name, qtype: number, query: Query) => Eventual<Answer>

/** CNAMEs inside a zone that may follow the first one. */
const CNAMES_AFTER_MAX = 9
/** Lookups that may have led here: beyond it names lead into each other. */
const DEPTH_MAX = 8

const NONE: Rrset = []

/** Looks a query's name up. `zone` holds it. */
export function lookUp(zone: ZoneData, query: Query, lookup: Lookup): Eventual<ZoneResult> {
  return new ZoneLookup(zone, query, lookup).run()
}

class ZoneLookup {
  readonly #zone: ZoneData
  readonly #query: Query
  readonly #lookup: Lookup
  readonly #key: NameKey
  readonly #wantsDnssec: boolean

  constructor(zone: ZoneData, query: Query, lookup: Lookup) {
    this.#zone = zone
    this.#query = query
    this.#lookup = lookup
    this.#key = query.key
    this.#wantsDnssec = query.dnssecOk
  }

  run(): Eventual<ZoneResult> {
    const { qtype } = this.#query
    const zone = this.#zone
    if (this.#query.name.length === zone.origin.length) {
      if (qtype === Rtype.SOA) return this.#success(this.#soa(), this.#ns())
      if (qtype === Rtype.NS) {
        const ns = this.#ns()
        return { outcome: 'success', answer: ns, authority: NONE, additional: this.#glue(ns) }
      }
    }
    if (this.#query.depth > DEPTH_MAX) return FAILURE
    return this.#walk()
  }

  /** From the origin down, label by label: what is delegated or renamed on the way decides. */
  #walk(): Eventual<ZoneResult> {
    const key = this.#key
    const starts = this.#labelStarts()
    let node: ZoneNode | undefined
    let wildcard: NameKey | undefined
    let wildcardNode: ZoneNode | undefined
    for (const start of starts) {
      const name = key.slice(start) as NameKey
      node = this.#zone.find(name)
      if (node === undefined) {
        const asterisk = `\x01*${key.slice(start + 1 + key.charCodeAt(start))}` as NameKey
        const found = this.#zone.find(asterisk)
        if (found !== undefined || this.#zone.hasDescendants(asterisk)) {
          wildcard = asterisk
          wildcardNode = found
        }
        continue
      }
      const dname = start > 0 ? node.rrset(Rtype.DNAME) : NONE
      if (dname.length > 0) return this.#rename(node, dname)
      const referral = this.#delegation(node, start === 0)
      if (referral !== undefined) return referral
    }
    if (node !== undefined) return this.#fromNode(node)
    if (wildcard !== undefined && !this.#hasCloserName(wildcard)) return this.#fromWildcard(wildcardNode)
    return this.#absent()
  }

  /** Where the name's suffixes begin, the zone's own first. */
  #labelStarts(): number[] {
    const key = this.#key
    const zoneAt = key.length - this.#zone.origin.length
    const starts = [zoneAt]
    const inside: number[] = []
    for (let at = 0; at < zoneAt; at += key.charCodeAt(at) + 1) inside.push(at)
    return starts.concat(inside.reverse())
  }

  #fromNode(node: ZoneNode): Eventual<ZoneResult> {
    const { qtype } = this.#query
    const cname = node.rrset(Rtype.CNAME)
    if (cname.length > 0 && qtype !== Rtype.CNAME) return this.#chase(node, cname)
    const rrset = node.rrset(qtype)
    if (rrset.length === 0) return this.#noData(node)
    return {
      outcome: 'success',
      answer: this.#wantsDnssec ? [...rrset, ...node.signatures(qtype)] : rrset,
      authority: this.#ns(),
      additional: this.#additional(rrset)
    }
  }

  /** An empty `node` is a wildcard that only has names below it. */
  #fromWildcard(node: ZoneNode | undefined): Eventual<ZoneResult> {
    if (node === undefined) return this.#noData(undefined)
    const { qtype } = this.#query
    const cname = node.rrset(Rtype.CNAME)
    if (cname.length > 0 && qtype !== Rtype.CNAME) return this.#chase(node, this.#expand(cname))
    const rrset = this.#expand(node.rrset(qtype))
    if (rrset.length === 0) return this.#noData(node)
    const additional = this.#additional(rrset)
    if (!this.#wantsDnssec) return { outcome: 'success', answer: rrset, authority: this.#ns(), additional }
    // No name nearer than the wildcard exists.
    const deny = this.#zone.previous(this.#query.name)
    return {
      outcome: 'success',
      answer: [...rrset, ...this.#expand(node.signatures(qtype))],
      authority: [...this.#ns(), ...(deny === undefined ? NONE : this.#signed(deny, Rtype.NSEC))],
      additional
    }
  }

  /** Records of a wildcard, owned by the name that was asked for. */
  #expand(rrset: Rrset): Rrset {
    const owner = Buffer.from(this.#key, 'latin1')
    return rrset.map(record => Buffer.concat([owner, record.subarray(typeAt(record))]))
  }

  /** Whether an empty non-terminal between the wildcard's parent and the name is nearer to it (RFC 4592 §3.3.1). */
  #hasCloserName(wildcard: NameKey): boolean {
    const key = this.#key
    const parentAt = key.length - (wildcard.length - 2)
    for (let at = key.charCodeAt(0) + 1; at < parentAt; at += key.charCodeAt(at) + 1) {
      if (this.#zone.hasDescendants(key.slice(at) as NameKey)) return true
    }
    return false
  }

  #noData(node: ZoneNode | undefined): ZoneResult {
    const authority = [...this.#soa()]
    if (this.#wantsDnssec && node !== undefined) authority.push(...this.#signed(node, Rtype.NSEC))
    return { outcome: 'no data', answer: NONE, authority, additional: NONE }
  }

  /**
   * No such name. An empty non-terminal exists all the same, and so does the zone itself: CoreDNS calls that a success
   * without records.
   */
  #absent(): ZoneResult {
    const zone = this.#zone
    const isApex = this.#key.length === zone.origin.length
    const outcome = isApex || zone.hasDescendants(this.#key) ? 'success' : 'name error'
    const authority = [...this.#soa()]
    const deny = this.#wantsDnssec ? zone.previous(this.#query.name) : undefined
    if (deny !== undefined) {
      authority.push(...this.#signed(deny, Rtype.NSEC))
      if (outcome === 'name error') authority.push(...this.#denyWildcard(deny))
    }
    return { outcome, answer: NONE, authority, additional: NONE }
  }

  /** The NSEC record that says there is no wildcard either, unless it is the one that was given already. */
  #denyWildcard(given: ZoneNode): Rrset {
    const key = this.#key
    let encloser: ZoneNode | undefined
    const zoneAt = key.length - this.#zone.origin.length
    for (let at = 0; at <= zoneAt && encloser === undefined; at += key.charCodeAt(at) + 1) {
      encloser = this.#zone.find(key.slice(at) as NameKey)
    }
    if (encloser === undefined || encloser.name.length + 2 > NAME_OCTETS_MAX) return NONE
    const deny = this.#zone.previous(Buffer.concat([Buffer.from('\x01*', 'latin1'), encloser.name]))
    return deny === undefined || deny === given ? NONE : this.#signed(deny, Rtype.NSEC)
  }

  /**
   * The referral from a zone cut; `undefined` when there is none at this name, or the question is for the DS records of
   * the cut itself, which are the parent's.
   */
  #delegation(node: ZoneNode, isWhole: boolean, prefix: Rrset = NONE): ZoneResult | undefined {
    const ns = node.rrset(Rtype.NS)
    if (ns.length === 0 || (isWhole && this.#query.qtype === Rtype.DS)) return undefined
    return {
      outcome: 'delegation',
      answer: prefix,
      authority: this.#wantsDnssec ? [...ns, ...this.#signed(node, Rtype.DS)] : ns,
      additional: this.#glue(ns)
    }
  }

  /** DNAME: everything below its owner is somewhere else. */
  #rename(node: ZoneNode, dname: Rrset): Eventual<ZoneResult> {
    const first = dname[0] as Uint8Array
    const target = rdataOf(first)
    const renames = this.#wantsDnssec ? [...dname, ...node.signatures(Rtype.DNAME)] : dname
    const prefixOctets = this.#key.length - node.name.length
    if (prefixOctets + target.length > NAME_OCTETS_MAX) return FAILURE
    const owner = Buffer.from(this.#key, 'latin1')
    const renamed = Buffer.concat([owner.subarray(0, prefixOctets), target]) as Uint8Array as Name
    if (sameName(renamed, owner)) return FAILURE
    const cname = nameRecord(owner, Rtype.CNAME, read32(first, typeAt(first) + 4), renamed)
    if (this.#query.qtype === Rtype.CNAME) return this.#success([...renames, cname], this.#ns())
    return whenReady(this.#chase(node, [cname]), result => ({
      ...result,
      answer: [...renames, ...result.answer]
    }))
  }

  /** Follows the CNAME that begins at `node`; what lies outside the zone is asked of the whole server. */
  #chase(node: ZoneNode, first: Rrset): Eventual<ZoneResult> {
    const { qtype } = this.#query
    const zone = this.#zone
    const answer: Uint8Array[] = [...first]
    if (this.#wantsDnssec) answer.push(...node.signatures(Rtype.CNAME))
    let target = rdataOf(first[0] as Uint8Array) as Name
    for (let left = CNAMES_AFTER_MAX; ; left--) {
      const key = nameKey(target)
      const next = zone.find(key)
      const referral = this.#cutAbove(key, answer)
      if (referral !== undefined) return referral
      if (
        next === undefined ||
        qtype === Rtype.NS ||
        (qtype === Rtype.SOA && sameName(target, zone.origin))
      ) {
        return this.#elsewhere(target, answer)
      }
      const cname = next.rrset(Rtype.CNAME)
      if (cname.length === 0) {
        const found = next.rrset(qtype)
        answer.push(...found)
        if (this.#wantsDnssec && found.length > 0) answer.push(...next.signatures(qtype))
        break
      }
      if (left === 0) break
      answer.push(...cname)
      if (this.#wantsDnssec) answer.push(...next.signatures(Rtype.CNAME))
      target = rdataOf(cname[0] as Uint8Array) as Name
    }
    return { outcome: 'success', answer, authority: this.#ns(), additional: this.#additional(answer) }
  }

  /** The referral from the first zone cut between the origin and a name inside the zone. */
  #cutAbove(key: NameKey, answer: Rrset): ZoneResult | undefined {
    const origin = nameKey(this.#zone.origin)
    if (!isSubdomain(Buffer.from(key, 'latin1'), this.#zone.origin)) return undefined
    const starts: number[] = []
    for (let at = 0; key.length - at > origin.length; at += key.charCodeAt(at) + 1) starts.push(at)
    for (const start of starts.reverse()) {
      const node = this.#zone.find(key.slice(start) as NameKey)
      const referral = node && this.#delegation(node, start === 0, answer)
      if (referral !== undefined) return referral
    }
    return undefined
  }

  #elsewhere(target: Name, answer: Uint8Array[]): Eventual<ZoneResult> {
    return whenReady(this.#lookup(target, this.#query.qtype, this.#query), found => {
      answer.push(...answerRecords(found))
      const outcome = outcomeOf(found)
      return {
        outcome,
        answer,
        authority: outcome === 'name error' || outcome === 'no data' ? this.#soa() : this.#ns(),
        additional: this.#additional(answer),
        truncated: (found.flags & Flag.TC) !== 0
      }
    })
  }

  #success(answer: Rrset, authority: Rrset): ZoneResult {
    return { outcome: 'success', answer, authority, additional: NONE }
  }

  #soa(): Rrset {
    const { soa, soaSignatures } = this.#zone.apex
    return this.#wantsDnssec ? [soa, ...soaSignatures] : [soa]
  }

  #ns(): Rrset {
    const { ns, nsSignatures } = this.#zone.apex
    return this.#wantsDnssec ? [...ns, ...nsSignatures] : ns
  }

  #signed(node: ZoneNode, rtype: number): Rrset {
    return [...node.rrset(rtype), ...node.signatures(rtype)]
  }

  /** Addresses of name servers that lie at or below the zone they serve (and so can't be found without them). */
  #glue(ns: Rrset): Rrset {
    const glue: Uint8Array[] = []
    for (const record of ns) {
      const end = typeAt(record)
      if (((record[end] as number) << 8) + (record[end + 1] as number) !== Rtype.NS) continue
      const server = rdataOf(record)
      if (isSubdomain(server, record.subarray(0, end))) this.#pushAddresses(glue, server)
    }
    return glue
  }

  /** Addresses of what SRV, MX, SVCB and HTTPS records point to, as far as they are in the zone; each once. */
  #additional(answer: Rrset): Rrset {
    const extra: Uint8Array[] = []
    const seen = new Set<NameKey>()
    for (const record of answer) {
      const target = serviceTarget(record)
      if (target === undefined || !isSubdomain(target, this.#zone.origin)) continue
      const key = nameKey(target)
      if (seen.has(key)) continue
      seen.add(key)
      this.#pushAddresses(extra, target)
    }
    return extra
  }

  #pushAddresses(into: Uint8Array[], name: Uint8Array): void {
    const node = this.#zone.find(nameKey(name))
    if (node === undefined) return
    for (const rtype of [Rtype.A, Rtype.AAAA]) {
      const addresses = node.rrset(rtype)
      into.push(...addresses)
      if (this.#wantsDnssec && addresses.length > 0) into.push(...node.signatures(rtype))
    }
  }
}

const FAILURE: ZoneResult = { outcome: 'failure', answer: NONE, authority: NONE, additional: NONE }

function outcomeOf(found: Answer): ZoneOutcome {
  if (found.rcode === Rcode.NXDOMAIN) return 'name error'
  if (found.rcode === Rcode.SERVFAIL) return 'failure'
  return found.rcode === Rcode.NOERROR && found.answerCount === 0 ? 'no data' : 'success'
}

/** The records of an answer section, names written out. */
function answerRecords(found: Answer): Uint8Array[] {
  const records: Uint8Array[] = []
  let at = found.recordsAt
  for (let left = found.answerCount; left > 0; left--) {
    const record = expandRecord(found.octets, at, found.length)
    const end = endOfRecord(found.octets, at, found.length)
    if (record === undefined || end < 0) break
    records.push(record)
    at = end
  }
  return records
}

function serviceTarget(record: Uint8Array): Uint8Array | undefined {
  const at = typeAt(record)
  const rdata = record.subarray(at + 10)
  switch (((record[at] as number) << 8) | (record[at + 1] as number)) {
    case Rtype.SRV:
      return rdata.subarray(6)
    case Rtype.MX:
      return rdata.subarray(2)
    case Rtype.SVCB:
    case Rtype.HTTPS: {
      let end = 2
      while (rdata[end] !== 0) end += (rdata[end] as number) + 1
      return rdata.subarray(2, end + 1)
    }
    default:
      return undefined
  }
}

function nameRecord(owner: Uint8Array, rtype: number, ttl: number, target: Uint8Array): Uint8Array {
  const record = new Uint8Array(owner.length + 10 + target.length)
  record.set(owner)
  write16(record, owner.length, rtype)
  write16(record, owner.length + 2, Rclass.IN)
  write32(record, owner.length + 4, ttl)
  write16(record, owner.length + 8, target.length)
  record.set(target, owner.length + 10)
  return record
}
