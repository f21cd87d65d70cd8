// Says why: negative answers carry the reason as an extended DNS error (RFC 8914), and TXT questions of class CH for
// `explain.NAME` get it as text.
import type { Answer } from '../../dns/answer.ts'
import { AnswerWriter } from '../../dns/answer-writer.ts'
import { addReason, ExtendedError, hasExtendedError, roomForText } from '../../dns/extended-error.ts'
import type { Fact } from '../../dns/facts.ts'
import type { Eventual, Handler, Plugin } from '../../dns/plugin.ts'
import { rewrittenQuery, type Query } from '../../dns/query.ts'
import { emptyAnswer } from '../../dns/response.ts'
import { Trace } from '../../dns/trace.ts'
import { BETWEEN, decisiveFacts, explanation, fitted } from '../../explain/explanation.ts'
import { encodeName, isSubdomain, type Name } from '../../wire/name.ts'
import type { NetworkSet } from '../../wire/network-set.ts'
import { HEADER_OCTETS, OptionCode, Rclass, Rcode, Rtype, rcodeName, rtypeName } from '../../wire/numbers.ts'
import { read16, write16 } from '../../wire/records.ts'
import type { ClusterView } from '../cluster-view.ts'

export interface ExplainOptions {
  /** Clients that are told; undefined: all. */
  readonly networks: NetworkSet | undefined
  /** Whether other plugins of the block are meant to see classes other than IN. */
  readonly passesClasses: boolean
  /** The clusters that a name outside of their zones may have meant. */
  readonly views: readonly ClusterView[]
}

/** Octets of a reason in an answer: a few sentences. */
const TEXT_OCTETS_MAX = 300
/** Kept free where the client asks for the server's name too (*nsid*), which is added later. */
const NSID_OCTETS = 260
/** One character string has no more (RFC 1035 §3.3). */
const STRING_OCTETS_MAX = 255
/** Octets of a record's type, class, TTL and data length. */
const FIXED_OCTETS = 10

const EXPLAIN = Buffer.from('\x07explain', 'latin1')
const IN_ADDR_ARPA = encodeName('in-addr.arpa')
const IP6_ARPA = encodeName('ip6.arpa')
const UNDERSCORE = 0x5f

export class Explain implements Plugin {
  readonly name = 'explain'
  readonly #options: ExplainOptions
  readonly #writer = new AnswerWriter()

  constructor(options: ExplainOptions) {
    this.#options = options
  }

  takesClass(query: Query): boolean {
    return query.qclass === Rclass.CH && query.qtype === Rtype.TXT && isExplainName(query)
  }

  answer(query: Query, next: Handler): Eventual<Answer> {
    if (query.qclass !== Rclass.IN) return this.#otherClass(query, next)
    // Who sent no EDNS can't be told (RFC 8914 §3).
    if (query.optAt < 0 || !this.#isTold(query)) return next.answer(query)
    query.trace ??= new Trace()
    const answer = next.answer(query)
    if (answer instanceof Promise) return answer.then(value => this.#explain(query, value))
    return answer.rcode === Rcode.NOERROR && answer.answerCount > 0 ? answer : this.#explain(query, answer)
  }

  #isTold(query: Query): boolean {
    return this.#options.networks?.hasClient(query.peer.address) ?? true
  }

  #explain(query: Query, answer: Answer): Answer {
    const isPositive = answer.rcode === Rcode.NOERROR && answer.answerCount > 0
    if (isPositive || answer.dropped || answer.more !== undefined || hasExtendedError(answer)) return answer
    const facts = this.#factsOf(query, answer)
    if (facts.length === 0) return answer
    const room = roomForText(answer, query) - (asksForNsid(query) ? NSID_OCTETS : 0)
    const text = fitted(explanation(facts), Math.min(room, TEXT_OCTETS_MAX))
    if (text.length > 0) addReason(answer, query, codeOf(facts), text)
    return answer
  }

  #factsOf(query: Query, { rcode }: Answer): Fact[] {
    const meant = (labels: readonly string[]) => this.#options.views.flatMap(view => view.meant(labels))
    return decisiveFacts(query, query.trace?.notes ?? [], rcode, meant)
  }

  #otherClass(query: Query, next: Handler): Eventual<Answer> {
    if (this.takesClass(query) && this.#isTold(query)) return this.#asked(query, next)
    return this.#options.passesClasses ? next.answer(query) : emptyAnswer(query, Rcode.REFUSED)
  }

  /** Asks what the name behind `explain.` is asked for mostly, and gives the reasons as text. */
  #asked(query: Query, next: Handler): Eventual<Answer> {
    const name = Buffer.from(query.name.subarray(EXPLAIN.length)) as Uint8Array as Name
    const asked = typesOf(name).map(qtype => {
      const inner = rewrittenQuery(query, name, qtype, Rclass.IN, undefined)
      inner.trace = new Trace()
      return { inner, answer: next.answer(inner) }
    })
    const write = (answers: readonly Answer[]) =>
      this.#write(
        query,
        asked.map(({ inner }, at) => this.#line(inner, answers[at] as Answer))
      )
    const answers = asked.map(({ answer }) => answer)
    if (answers.some(answer => answer instanceof Promise))
      return Promise.all(answers.map(async answer => await answer)).then(write)
    return write(answers as Answer[])
  }

  #line(inner: Query, answer: Answer): { readonly type: string; readonly text: string } {
    const sentences = explanation(this.#factsOf(inner, answer), true)
    const outcome =
      answer.rcode === Rcode.NOERROR && answer.answerCount === 0 ? 'NODATA' : rcodeName(answer.rcode)
    const told = sentences.length === 0 ? 'nothing is known of the reason' : sentences.join(BETWEEN)
    return { type: rtypeName(inner.qtype), text: `${outcome}: ${told}` }
  }

  /** One record for each text; types with the same text share it. */
  #write(query: Query, lines: readonly { readonly type: string; readonly text: string }[]): Answer {
    const writer = this.#writer
    writer.begin(query)
    for (const text of new Set(lines.map(line => line.text))) {
      const types = lines.filter(line => line.text === text).map(({ type }) => type)
      writer.record(textRecord(query, `${types.join(', ')} ${text}`))
    }
    return writer.finish(Rcode.NOERROR, query.copiedFlags)
  }
}

/** The info code that says most (RFC 8914 §4). */
function codeOf(facts: readonly Fact[]): ExtendedError {
  return facts.some(({ rule }) => rule === 'not-synced') ? ExtendedError.NOT_READY : ExtendedError.OTHER
}

function isExplainName({ wire, nameEnd }: Query): boolean {
  if (nameEnd - HEADER_OCTETS <= EXPLAIN.length) return false
  if (wire[HEADER_OCTETS] !== EXPLAIN[0]) return false
  for (let at = 1; at < EXPLAIN.length; at++) {
    if (((wire[HEADER_OCTETS + at] as number) | 0x20) !== EXPLAIN[at]) return false
  }
  return true
}

function typesOf(name: Name): readonly number[] {
  if (isSubdomain(name, IN_ADDR_ARPA) || isSubdomain(name, IP6_ARPA)) return [Rtype.PTR]
  return name[1] === UNDERSCORE ? [Rtype.SRV] : [Rtype.A, Rtype.AAAA]
}

function asksForNsid({ wire, optionsStart, optionsEnd }: Query): boolean {
  for (let at = optionsStart; at + 4 <= optionsEnd; at += 4 + read16(wire, at + 2)) {
    if (read16(wire, at) === OptionCode.NSID) return true
  }
  return false
}

function textRecord(query: Query, text: string): Uint8Array {
  const { name } = query
  const octets = Buffer.from(text)
  const strings: Uint8Array[] = []
  for (let at = 0; at < octets.length; at += STRING_OCTETS_MAX) {
    const part = octets.subarray(at, at + STRING_OCTETS_MAX)
    strings.push(Buffer.from([part.length]), part)
  }
  const rdata = Buffer.concat(strings)
  const fixed = new Uint8Array(FIXED_OCTETS)
  write16(fixed, 0, Rtype.TXT)
  write16(fixed, 2, Rclass.CH)
  write16(fixed, 8, rdata.length) // the TTL stays 0
  return Buffer.concat([name, fixed, rdata])
}
