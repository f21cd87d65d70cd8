// Changes the order of addresses in answers, so that clients which take the first one spread (corefile-and-plugins.md
// §8.11).
import type { Answer } from '../../dns/answer.ts'
import { arrangeRecords, rdataAt, readSections, type RecordSpan } from '../../dns/answer-sections.ts'
import type { Eventual, Handler, Plugin } from '../../dns/plugin.ts'
import type { Query } from '../../dns/query.ts'
import type { Random } from '../../runtime/random.ts'
import { Rcode, Rtype } from '../../wire/numbers.ts'
import { networkHolds, type Network } from '../../wire/network-set.ts'
import { byKind } from './record-kinds.ts'
import type { Weights } from './weights.ts'

export interface LoadbalanceOptions {
  /** Undefined: round_robin. */
  readonly weights: Weights | undefined
  /** Addresses in these networks go first, in this order of networks. */
  readonly preferred: readonly Network[]
}

/** Octets of an A or AAAA record owned by the name asked for, a pointer. */
const HEAD_OCTETS = 12

export class Loadbalance implements Plugin {
  readonly name = 'loadbalance'
  readonly #weights: Weights | undefined
  readonly #preferred: readonly Network[]
  readonly #random: Random

  constructor({ weights, preferred }: LoadbalanceOptions, random: Random) {
    this.#weights = weights
    this.#preferred = preferred
    this.#random = random
  }

  answer(query: Query, next: Handler): Eventual<Answer> {
    const answer = next.answer(query)
    if (answer instanceof Promise) return answer.then(value => this.#balance(query, value))
    return this.#balance(query, answer)
  }

  #balance(query: Query, answer: Answer): Answer {
    const { answerCount, authorityCount, additionalCount } = answer
    // Most answers have one record: nothing to choose.
    if (answerCount < 2 && authorityCount < 2 && additionalCount < 2) return answer
    if (answer.rcode !== Rcode.NOERROR || answer.byServer || answer.dropped) return answer
    if (query.qtype === Rtype.AXFR || query.qtype === Rtype.IXFR) return answer
    const isPlain = this.#weights === undefined && this.#preferred.length === 0
    if (isPlain && authorityCount + additionalCount === 0 && this.#shuffleInPlace(answer, answerCount))
      return answer
    this.#arrange(query, answer)
    return answer
  }

  /** Addresses of one family, all owned by the name asked for: they change places where they stand. */
  #shuffleInPlace(answer: Answer, count: number): boolean {
    const { octets, length, recordsAt } = answer
    const rtype = octets[recordsAt + 3]
    const size = HEAD_OCTETS + (rtype === Rtype.A ? 4 : 16)
    if (recordsAt + count * size !== length) return false
    for (let at = recordsAt; at < length; at += size) {
      if (octets[at] !== 0xc0 || octets[at + 1] !== HEAD_OCTETS || octets[at + 2] !== 0) return false
      if (octets[at + 3] !== rtype || octets[at + HEAD_OCTETS - 1] !== size - HEAD_OCTETS) return false
      if (octets[at + HEAD_OCTETS - 2] !== 0) return false
    }
    if (rtype !== Rtype.A && rtype !== Rtype.AAAA) return false
    for (let left = count; left > 1; left--) {
      const from = recordsAt + (left - 1) * size
      const to = recordsAt + this.#random.integer(left) * size
      for (let at = 0; at < size; at++) {
        const octet = octets[from + at] as number
        octets[from + at] = octets[to + at] as number
        octets[to + at] = octet
      }
    }
    return true
  }

  #arrange(query: Query, answer: Answer): void {
    const sections = readSections(answer)
    if (sections === undefined) return
    let { answer: first, authority, additional } = sections
    const weights = this.#weights
    if (weights === undefined) {
      first = this.#shuffle(first)
      authority = this.#shuffle(authority)
      additional = this.#shuffle(additional)
    } else if (query.qtype === Rtype.A || query.qtype === Rtype.AAAA || query.qtype === Rtype.SRV) {
      first = weights.arrange(answer, first)
      additional = weights.arrange(answer, additional)
    }
    if (this.#preferred.length > 0) {
      first = this.#prefer(answer, first)
      additional = this.#prefer(answer, additional)
    }
    arrangeRecords(answer, { answer: first, authority, additional })
  }

  /** CNAMEs first, then others, then addresses in any order, then MX records in any order. */
  #shuffle(spans: readonly RecordSpan[]): readonly RecordSpan[] {
    if (spans.length < 2) return spans
    const { cname, address, mx, rest } = byKind(spans)
    return [...cname, ...rest, ...this.#mixed(address), ...this.#mixed(mx)]
  }

  #mixed(spans: RecordSpan[]): readonly RecordSpan[] {
    for (let left = spans.length; left > 1; left--) {
      const to = this.#random.integer(left)
      const span = spans[left - 1] as RecordSpan
      spans[left - 1] = spans[to] as RecordSpan
      spans[to] = span
    }
    return spans
  }

  #prefer(answer: Answer, spans: readonly RecordSpan[]): readonly RecordSpan[] {
    if (spans.length < 2) return spans
    const { cname, address, mx, rest } = byKind(spans)
    const rank = (span: RecordSpan): number => {
      const length = span.end - rdataAt(span)
      const found = this.#preferred.findIndex(network =>
        networkHolds(network, answer.octets, rdataAt(span), length)
      )
      return found < 0 ? this.#preferred.length : found
    }
    const ranked = address.map(span => ({ span, rank: rank(span) })).sort((a, b) => a.rank - b.rank)
    return [...cname, ...ranked.map(({ span }) => span), ...mx, ...rest]
  }
}
