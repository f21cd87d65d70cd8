// Changes queries before other plugins see them, and their answers on the way back (corefile-and-plugins.md §8.13).
import { Answer, type OptFields } from '../../dns/answer.ts'
import { whenReady, type Eventual, type Handler, type Plugin } from '../../dns/plugin.ts'
import { takeOver, type Query } from '../../dns/query.ts'
import { emptyAnswer, optLength } from '../../dns/response.ts'
import { replaceSections } from '../../dns/sections.ts'
import { HEADER_OCTETS, Rcode } from '../../wire/numbers.ts'
import { QueryDraft, ResponseDraft, type Mode, type ResponseRule, type Rule } from './draft.ts'

/** Sent to a client without EDNS whose query got an OPT from a rule, as CoreDNS does. */
const OPT_SIZE = 4096

export interface ConfiguredRule {
  readonly mode: Mode
  readonly rule: Rule
}

export class Rewrite implements Plugin {
  readonly name = 'rewrite'
  readonly #rules: readonly ConfiguredRule[]
  readonly #localCodes: ReadonlySet<number>

  /** `localCodes`: EDNS options that the server's own answers repeat. */
  constructor(rules: readonly ConfiguredRule[], localCodes: ReadonlySet<number>) {
    this.#rules = rules
    this.#localCodes = localCodes
  }

  answer(query: Query, next: Handler): Eventual<Answer> {
    const draft = new QueryDraft(query)
    for (const { mode, rule } of this.#rules) {
      if (!rule.rewrite(draft)) continue
      if (draft.badName !== undefined) {
        const answer = emptyAnswer(query, Rcode.SERVFAIL)
        answer.error = new Error(`invalid name after rewrite: ${draft.badName}`)
        return answer
      }
      if (mode === 'stop') break
    }
    const inner = draft.finish()
    if (inner === query && draft.responseRules.length === 0) return next.answer(query)
    return whenReady(next.answer(inner), answer => {
      takeOver(query, inner)
      return this.#back(draft, inner, answer)
    })
  }

  #back(draft: QueryDraft, inner: Query, answer: Answer): Eventual<Answer> {
    const { query, touchesOptions } = draft
    const { more } = answer
    const response = new ResponseDraft(inner, answer, touchesOptions, this.#localCodes)
    // The last rule's changes are taken back first.
    const applied = applyAll(draft.responseRules, draft.responseRules.length - 1, response)
    return whenReady(applied, () => {
      const whole = finish(query, response)
      if (more !== undefined) whole.more = this.#moreBack(draft, inner, more)
      return whole
    })
  }

  /** The further messages of a zone transfer. */
  *#moreBack(draft: QueryDraft, inner: Query, more: Iterable<Answer>): Iterable<Answer> {
    for (const answer of more) {
      const response = new ResponseDraft(inner, answer, draft.touchesOptions, this.#localCodes)
      // Nothing here waits: transfers hold no alias that is followed.
      for (const rule of [...draft.responseRules].reverse()) void rule.apply(response)
      yield finish(draft.query, response)
    }
  }
}

function applyAll(
  rules: readonly ResponseRule[],
  from: number,
  response: ResponseDraft
): Eventual<void> | void {
  for (let at = from; at >= 0; at--) {
    const waiting = (rules[at] as ResponseRule).apply(response)
    if (waiting instanceof Promise) return waiting.then(() => applyAll(rules, at - 1, response))
  }
}

/** The answer with the client's own question. */
function finish(query: Query, response: ResponseDraft): Answer {
  const { answer } = response
  answer.rcode = response.rcode
  answer.flags = response.flags
  answer.opt = optOf(query, response)
  let whole = answer
  if (answer.recordsAt === answer.length) whole = withQuestion(query, answer)
  else if (response.hasReadSections || !hasSameQuestion(query, response.query)) {
    whole = replaceSections(query, answer, response.sections)
    // Records that can't be read would be missing, and an empty answer would be a lie.
    if (response.isUnreadable) return emptyAnswer(query, Rcode.SERVFAIL)
  }
  // A failure below is written here, so that rules see it too.
  whole.byServer = false
  return whole
}

function optOf(query: Query, response: ResponseDraft): OptFields | undefined {
  const { answer, options } = response
  if (options === undefined) return undefined
  if (answer.opt !== undefined) return { ...answer.opt, options }
  return { size: query.hasEdns ? query.ednsSize : OPT_SIZE, dnssecOk: false, options }
}

function hasSameQuestion(a: Query, b: Query): boolean {
  const { wire, questionEnd } = a
  return wire.compare(b.wire, HEADER_OCTETS, b.questionEnd, HEADER_OCTETS, questionEnd) === 0
}

/** An answer without records needs no more than another question. */
function withQuestion(query: Query, answer: Answer): Answer {
  const end = query.questionEnd
  const octets = Buffer.allocUnsafe(end + optLength(query))
  query.wire.copy(octets, 0, 0, end)
  octets.fill(0, 4, HEADER_OCTETS)
  octets[5] = 1
  const whole = new Answer(octets, end, answer.rcode, answer.flags, end)
  whole.opt = answer.opt
  whole.reason = answer.reason
  whole.error = answer.error
  whole.dropped = answer.dropped
  return whole
}
