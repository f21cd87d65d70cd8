// IPv6 addresses for names that have only IPv4 ones (RFC 6147, RFC 6052; corefile-and-plugins.md §8.27).
import type { Answer } from '../../dns/answer.ts'
import { whenReady, type Eventual, type Handler, type Plugin } from '../../dns/plugin.ts'
import type { Query } from '../../dns/query.ts'
import { readAnswers, readSections, writeSections, type SectionRecord } from '../../dns/sections.ts'
import type { Value } from '../../metrics/family.ts'
import { Rclass, Rcode, Rtype } from '../../wire/numbers.ts'
import type { InternalLookup } from '../definition.ts'

export interface Dns64Options {
  /** Sixteen octets, zero behind the prefix. */
  readonly prefix: Uint8Array
  /** 32 to 96, in steps of 8. */
  readonly prefixBits: number
  /** Also names that have IPv6 addresses of their own. */
  readonly translateAll: boolean
  /** Also for clients that ask over IPv4. */
  readonly allowIpv4: boolean
  readonly translated: (query: Query) => Value
}

/** Seconds: the longest a synthesised record lives where no SOA says how long its absence does (RFC 6147 §5.1.7). */
const TTL_MAX = 600

export class Dns64 implements Plugin {
  readonly name = 'dns64'
  readonly #options: Dns64Options
  readonly #lookup: InternalLookup

  constructor(options: Dns64Options, lookup: InternalLookup) {
    this.#options = options
    this.#lookup = lookup
  }

  answer(query: Query, next: Handler): Eventual<Answer> {
    const answer = next.answer(query)
    if (query.qtype !== Rtype.AAAA || query.qclass !== Rclass.IN) return answer
    if (!this.#options.allowIpv4 && !query.peer.address.includes(':')) return answer
    return whenReady(answer, value => this.#translate(query, value))
  }

  #translate(query: Query, answer: Answer): Eventual<Answer> {
    if (answer.rcode === Rcode.NXDOMAIN || answer.byServer || answer.dropped) return answer
    const sections = readSections(answer)
    if (sections === undefined) return answer
    const hasOwn = sections.answer.some(({ rtype }) => rtype === Rtype.AAAA)
    if (hasOwn && !this.#options.translateAll) return answer
    const soa = sections.authority.findLast(({ rtype }) => rtype === Rtype.SOA)
    return whenReady(this.#lookup(query.name, Rtype.A, query), found => {
      const records = readAnswers(found)
      // Nothing to translate: what was said about IPv6 stands.
      if (!records.some(({ rtype }) => rtype === Rtype.A)) return answer
      this.#options.translated(query).increment()
      const translated = records.map(record => this.#record(record, soa?.ttl ?? TTL_MAX))
      const whole = { answer: translated, authority: [], additional: [] }
      const synthesised = writeSections(query, whole, Rcode.NOERROR, query.copiedFlags)
      synthesised.opt = answer.opt
      return synthesised
    })
  }

  #record(record: SectionRecord, ttlMax: number): SectionRecord {
    if (record.rtype !== Rtype.A || record.rdata.length !== 4) return record
    const { prefix, prefixBits } = this.#options
    const ttl = Math.min(record.ttl, ttlMax)
    return { ...record, rtype: Rtype.AAAA, ttl, rdata: embed(prefix, prefixBits, record.rdata) }
  }
}

/** The IPv4 address behind the prefix; octet 8 stays zero (RFC 6052 §2.2). */
export function embed(prefix: Uint8Array, prefixBits: number, address: Uint8Array): Uint8Array {
  const octets = Uint8Array.from(prefix)
  let at = prefixBits / 8
  for (const octet of address) {
    if (at === 8) at++
    octets[at++] = octet
  }
  return octets
}
