// The records of one zone, by name. Built once, then never changed: a zone that changes is replaced whole, so a query
// that waits on the network goes on with what it began with.
import type { MessageRecord } from '../wire/message.ts'
import { endOfName, isSubdomain, lowerName, nameKey, type Name, type NameKey } from '../wire/name.ts'
import { Rtype } from '../wire/numbers.ts'
import { rdataShape, startOfNames } from '../wire/rdata-names.ts'
import { read16, read32, write16, write32 } from '../wire/records.ts'
import { CanonicalOrder } from './canonical-order.ts'

/** Records of one type at one name, each whole and uncompressed. */
export type Rrset = readonly Uint8Array[]

const NONE: Rrset = []

/** A name of the zone: its records, and whether there are names below it. */
export class ZoneNode {
  readonly name: Name
  readonly #types: number[] = []
  readonly #rrsets: Uint8Array[][] = []
  hasDescendants = false

  constructor(name: Name) {
    this.name = name
  }

  /** An empty non-terminal has none. */
  get hasRecords(): boolean {
    return this.#types.length > 0
  }

  rrset(rtype: number): Rrset {
    const at = this.#types.indexOf(rtype)
    return at < 0 ? NONE : (this.#rrsets[at] as Rrset)
  }

  /** The signatures over one type. */
  signatures(covered: number): Rrset {
    const all = this.rrset(Rtype.RRSIG)
    return all.length === 0 ? NONE : all.filter(record => coveredType(record) === covered)
  }

  /** Every rrset, in the order in which their types came. */
  get rrsets(): readonly Rrset[] {
    return this.#rrsets
  }

  add(rtype: number, record: Uint8Array): void {
    const at = this.#types.indexOf(rtype)
    if (at >= 0) (this.#rrsets[at] as Uint8Array[]).push(record)
    else {
      this.#types.push(rtype)
      this.#rrsets.push([record])
    }
  }
}

/** Offset of a record's type. */
export function typeAt(record: Uint8Array): number {
  return endOfName(record, 0)
}

/** A record's data. */
export function rdataOf(record: Uint8Array): Uint8Array {
  return record.subarray(typeAt(record) + 10)
}

function coveredType(record: Uint8Array): number {
  const rdata = rdataOf(record)
  return rdata.length < 2 ? -1 : read16(rdata, 0)
}

/** SOA and NS of the zone itself, and the signatures over them: kept apart, as every answer needs them. */
export interface ZoneApex {
  readonly soa: Uint8Array
  readonly soaSignatures: Rrset
  readonly ns: Rrset
  readonly nsSignatures: Rrset
}

/** Times of a SOA record, in seconds. */
export interface SoaTimes {
  readonly refresh: number
  readonly retry: number
  readonly expire: number
}

export class ZoneData {
  /** Lower-cased. */
  readonly origin: Name
  readonly serial: number
  readonly times: SoaTimes
  readonly apex: ZoneApex
  /** Records that were left out because they don't lie in the zone. */
  readonly outside: number
  readonly #nodes: ReadonlyMap<NameKey, ZoneNode>
  #order: CanonicalOrder<ZoneNode> | undefined

  constructor(origin: Name, apex: ZoneApex, nodes: ReadonlyMap<NameKey, ZoneNode>, outside: number) {
    this.origin = origin
    this.apex = apex
    this.outside = outside
    this.#nodes = nodes
    const soa = rdataOf(apex.soa)
    const numbers = soa.length - 20
    this.serial = read32(soa, numbers)
    this.times = {
      refresh: read32(soa, numbers + 4),
      retry: read32(soa, numbers + 8),
      expire: read32(soa, numbers + 12)
    }
  }

  /** The name with its records; `undefined` where there are none, also at an empty non-terminal. */
  find(key: NameKey): ZoneNode | undefined {
    const node = this.#nodes.get(key)
    return node?.hasRecords === true ? node : undefined
  }

  /** Whether there are names strictly below this one. */
  hasDescendants(key: NameKey): boolean {
    return this.#nodes.get(key)?.hasDescendants === true
  }

  /** The last name with records that is this one or stands before it in canonical order (RFC 4034 §6.1). */
  previous(name: Uint8Array): ZoneNode | undefined {
    this.#order ??= new CanonicalOrder([...this.#nodes.values()].filter(node => node.hasRecords))
    return this.#order.atOrBefore(name)
  }

  /** Every record but the SOA, the apex first: what a transfer sends between its two SOA records. */
  *records(): Generator<Uint8Array, undefined> {
    const { soaSignatures, ns, nsSignatures } = this.apex
    yield* soaSignatures
    yield* ns
    yield* nsSignatures
    for (const node of this.#nodes.values()) for (const rrset of node.rrsets) yield* rrset
    return undefined
  }
}

/** Gathers the records of a zone. */
export class ZoneBuilder {
  readonly #origin: Name
  readonly #nodes = new Map<NameKey, ZoneNode>()
  #soa: Uint8Array | undefined
  readonly #soaSignatures: Uint8Array[] = []
  readonly #ns: Uint8Array[] = []
  readonly #nsSignatures: Uint8Array[] = []
  #outside = 0

  constructor(origin: Name) {
    this.#origin = lowerName(origin)
  }

  /**
   * Adds a record. Owner names and the names in the data of NS, SOA, CNAME, MX, SVCB and HTTPS are lower-cased, as
   * CoreDNS answers them. Returns the text of what is wrong with a record that makes the whole zone unusable.
   */
  add(record: MessageRecord): string | undefined {
    const { rtype } = record
    if (rtype === Rtype.NSEC3 || rtype === Rtype.NSEC3PARAM) return 'NSEC3 zone is not supported'
    if (!hasShape(record)) return 'the data of a record does not have the shape of its type'
    const name = lowerName(record.name)
    const encoded = encodeRecord(record, rtype === Rtype.SRV ? record.name : name)
    // Whose SOA it is doesn't matter to CoreDNS; the last one counts.
    if (rtype === Rtype.SOA) this.#soa = encoded
    else if (!isSubdomain(name, this.#origin)) this.#outside++
    else this.#place(name, rtype, encoded)
    return undefined
  }

  /** The zone; `undefined` when it has no SOA record. */
  build(): ZoneData | undefined {
    const soa = this.#soa
    if (soa === undefined) return undefined
    const apex = {
      soa,
      soaSignatures: this.#soaSignatures,
      ns: this.#ns,
      nsSignatures: this.#nsSignatures
    }
    return new ZoneData(this.#origin, apex, this.#nodes, this.#outside)
  }

  #place(name: Name, rtype: number, encoded: Uint8Array): void {
    const isApex = name.length === this.#origin.length
    if (rtype === Rtype.RRSIG) {
      const covered = coveredType(encoded)
      if (covered === Rtype.SOA) return void this.#soaSignatures.push(encoded)
      if (covered === Rtype.NS && isApex) return void this.#nsSignatures.push(encoded)
    }
    if (rtype === Rtype.NS && isApex) return void this.#ns.push(encoded)
    this.#nodeAt(name).add(rtype, encoded)
  }

  /** The node of a name; those above it, up to the origin, learn that something is below them. */
  #nodeAt(name: Name): ZoneNode {
    const key = nameKey(name)
    const known = this.#nodes.get(key)
    if (known !== undefined) return known
    const node = new ZoneNode(name)
    this.#nodes.set(key, node)
    let at = 0
    while (name.length - at > this.#origin.length) {
      at += (name[at] as number) + 1
      const above = nameKey(name, at)
      const parent = this.#nodes.get(above)
      if (parent !== undefined) {
        const wasKnown = parent.hasDescendants
        parent.hasDescendants = true
        if (wasKnown) break
      } else {
        const made = new ZoneNode(name.subarray(at) as Name)
        made.hasDescendants = true
        this.#nodes.set(above, made)
      }
    }
    return node
  }
}

/** Whether the names in a record's data are whole and uncompressed and the rest has its length. */
function hasShape({ rtype, rdata }: MessageRecord): boolean {
  if (rtype === Rtype.A) return rdata.length === 4
  if (rtype === Rtype.AAAA) return rdata.length === 16
  const shape = rdataShape(rtype)
  if (shape === undefined) return true
  let at = startOfNames(shape, rdata, 0, rdata.length)
  for (let left = shape.names; left > 0 && at >= 0; left--) at = endOfPlainName(rdata, at)
  return at >= 0 && (shape.rest < 0 || rdata.length - at === shape.rest)
}

/** Offset after the name at `start`; -1 when it is not whole or holds a pointer. */
function endOfPlainName(octets: Uint8Array, start: number): number {
  const end = endOfName(octets, start)
  for (let at = start; at < end; at += (octets[at] as number) + 1) {
    if ((octets[at] as number) >= 0xc0) return -1
  }
  return end
}

const LOWER_CASED: ReadonlySet<number> = new Set([
  Rtype.NS,
  Rtype.SOA,
  Rtype.CNAME,
  Rtype.MX,
  Rtype.SVCB,
  Rtype.HTTPS
])

function encodeRecord(record: MessageRecord, owner: Name): Uint8Array {
  const { rtype, rclass, ttl, rdata } = record
  const octets = new Uint8Array(owner.length + 10 + rdata.length)
  octets.set(owner)
  write16(octets, owner.length, rtype)
  write16(octets, owner.length + 2, rclass)
  write32(octets, owner.length + 4, ttl)
  write16(octets, owner.length + 8, rdata.length)
  octets.set(rdata, owner.length + 10)
  if (LOWER_CASED.has(rtype)) lowerNames(octets, owner.length + 10, rtype)
  return octets
}

/** Lower-cases the names in the data that begins at `start`. Its shape was checked. */
function lowerNames(octets: Uint8Array, start: number, rtype: number): void {
  const shape = rdataShape(rtype)
  if (shape === undefined) return
  let at = startOfNames(shape, octets, start, octets.length)
  for (let left = shape.names; left > 0; left--) {
    const end = endOfName(octets, at)
    octets.set(lowerName(octets.subarray(at, end) as Name), at)
    at = end
  }
}
