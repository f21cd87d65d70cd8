// ExternalName Services: the CNAME, and what its target has (kubernetes-records.md §7).
import type { Answer } from '../../dns/answer.ts'
import type { AnswerWriter } from '../../dns/answer-writer.ts'
import type { ChainEnd } from '../../dns/facts.ts'
import { whenReady, type Eventual } from '../../dns/plugin.ts'
import type { Query } from '../../dns/query.ts'
import { expandRecord } from '../../wire/expand.ts'
import { isSubdomain, readName, sameName, type Name } from '../../wire/name.ts'
import { Flag, HEADER_OCTETS, Rcode, Rtype } from '../../wire/numbers.ts'
import { Outcome, type Match } from './match.ts'
import type { KubernetesOptions, Zone } from './options.ts'
import type { RecordWriter } from './records.ts'

/** Asks the whole server, as the client that asked `query`. */
export type Lookup = (name: Name, qtype: number, query: Query) => Eventual<Answer>

/** CNAMEs that may precede another one inside the zone. */
const CNAMES_BEFORE_MAX = 10

/** How the caller says NODATA, and what it does with an answer that has records. Both are told of the chain. */
export interface Negatives {
  readonly noData: (query: Query, chain: readonly Name[], end: ChainEnd) => Answer
  readonly found: (query: Query, answer: Answer, chain: readonly Name[], end: ChainEnd) => Answer
}

export class CnameChain {
  readonly #options: KubernetesOptions
  readonly #match: Match
  readonly #records: RecordWriter
  readonly #writer: AnswerWriter
  readonly #lookup: Lookup

  constructor(
    options: KubernetesOptions,
    match: Match,
    records: RecordWriter,
    writer: AnswerWriter,
    lookup: Lookup
  ) {
    this.#options = options
    this.#match = match
    this.#records = records
    this.#writer = writer
    this.#lookup = lookup
  }

  /** The CNAME of the ExternalName Service that `match` found. */
  writeOne(match: Match, ttl: number): void {
    const name = externalName(match)
    if (name !== undefined)
      this.#writer.nameRecord(HEADER_OCTETS, this.#writer.questionOctets, Rtype.CNAME, ttl, name)
  }

  /**
   * Follows the chain that begins at the ExternalName Service that `match` found. A chain that ends inside the zone
   * without records, that loops or is too long is NODATA as a whole; one that leaves the zone is answered with whatever
   * came back, its rcode ignored.
   */
  answer(query: Query, zone: Zone, zoneAt: number, negatives: Negatives): Eventual<Answer> {
    const match = this.#match
    const chain: Name[] = []
    let current: Uint8Array = query.name
    const zoneOctets = query.nameEnd - zoneAt
    for (;;) {
      const target = externalName(match)
      if (target === undefined || isSubdomain(target, current)) return negatives.noData(query, chain, 'below')
      if (chain.length > CNAMES_BEFORE_MAX) return negatives.noData(query, chain, 'too-long')
      if (chain.some(one => sameName(one, target))) return negatives.noData(query, chain, 'loop')
      chain.push(target)
      if (!isSubdomain(target, zone.name)) {
        return whenReady(this.#lookup(target, query.qtype, query), found =>
          this.#write(query, chain, found, negatives)
        )
      }
      match.find(target, 0, target.length - zoneOctets, zone)
      if (match.outcome !== Outcome.EXTERNAL_NAME) break
      current = target
    }
    this.#writer.begin(query)
    const [ownerAt, ownerOctets] = this.#writeChain(chain)
    const count = this.#records.addresses(match, query.qtype, this.#options.ttl, ownerAt, ownerOctets)
    return count > 0
      ? this.#finish(query, negatives, 0, chain, 'records')
      : negatives.noData(query, chain, 'nothing')
  }

  /** One CNAME for each target, and what the server finds for it: endpoints that are domain names. */
  follow(query: Query, targets: readonly Name[], negatives: Negatives): Eventual<Answer> {
    const found = targets.map(target => this.#lookup(target, query.qtype, query))
    const write = (answers: readonly Answer[]): Answer => {
      this.#writer.begin(query)
      let flags = 0
      targets.forEach((target, i) => {
        this.#writeChain([target])
        flags |= this.#copyAnswers(answers[i] as Answer)
      })
      return this.#finish(query, negatives, flags, targets, 'outside')
    }
    const isHere = (one: Eventual<Answer>): one is Answer => !(one instanceof Promise)
    if (found.every(isHere)) return write(found)
    return Promise.all(found.map(async one => await one)).then(write)
  }

  #write(query: Query, chain: readonly Name[], found: Answer, negatives: Negatives): Answer {
    this.#writer.begin(query)
    this.#writeChain(chain)
    return this.#finish(query, negatives, this.#copyAnswers(found), chain, 'outside')
  }

  #finish(query: Query, negatives: Negatives, flags: number, chain: readonly Name[], end: ChainEnd): Answer {
    const answer = this.#writer.finish(Rcode.NOERROR, Flag.AA | query.copiedFlags | flags)
    return negatives.found(query, answer, chain, end)
  }

  /** Writes the CNAMEs, each owned by the one before; returns where the last target stands and its octets. */
  #writeChain(chain: readonly Name[]): [number, number] {
    const writer = this.#writer
    let ownerAt = HEADER_OCTETS
    let ownerOctets = writer.questionOctets
    for (const target of chain) {
      const at = writer.at + 12
      writer.nameRecord(ownerAt, ownerOctets, Rtype.CNAME, this.#options.ttl, target)
      ownerAt = at
      ownerOctets = target.length
    }
    return [ownerAt, ownerOctets]
  }

  /** Copies the answer section of what a lookup found, unchanged. Returns TC if it was truncated. */
  #copyAnswers(found: Answer): number {
    let at = found.recordsAt
    for (let left = found.answerCount; left > 0; left--) {
      const record = expandRecord(found.octets, at, found.length)
      if (record === undefined) break
      this.#writer.record(record)
      at = endOf(found, at)
    }
    return found.flags & Flag.TC
  }
}

function endOf(answer: Answer, at: number): number {
  const { octets } = answer
  while (octets[at] !== 0 && (octets[at] as number) < 0xc0) at += (octets[at] as number) + 1
  at += octets[at] === 0 ? 1 : 2
  return at + 10 + octets.readUInt16BE(at + 8)
}

function externalName(match: Match): Name | undefined {
  const { service } = match
  return readName(service.octets, service.externalNameAt)
}
