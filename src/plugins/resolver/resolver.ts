// Walks a search list for clients that have none: the names that a program with such a resolv.conf would ask for, in its order.
import type { Answer } from '../../dns/answer.ts'
import { addReason, ExtendedError, roomForText } from '../../dns/extended-error.ts'
import { whenReady, type Eventual, type Handler, type Plugin } from '../../dns/plugin.ts'
import { emptyAnswer } from '../../dns/response.ts'
import { derivedQuery, takeOver, type Query } from '../../dns/query.ts'
import { readSections, replaceSections } from '../../dns/sections.ts'
import type { ZoneTable } from '../../dns/zone.ts'
import type { Value } from '../../metrics/family.ts'
import type { NetworkSet } from '../../wire/network-set.ts'
import { NAME_OCTETS_MAX, formatName, sameName, type Name } from '../../wire/name.ts'
import { HEADER_OCTETS, Rclass, Rcode, Rtype } from '../../wire/numbers.ts'
import type { WalkRules } from './walk-rules.ts'

export interface ResolverOptions {
  readonly zones: ZoneTable<true>
  /** Whose list; known when the configuration begins. */
  readonly search: () => readonly Name[]
  readonly ndots: number
  readonly rules: WalkRules
  /** Other clients are left alone; `undefined`: there are none. */
  readonly clients: NetworkSet | undefined
  /** Counts walks by how they ended. */
  readonly walked: (end: WalkEnd) => Value
}

export type WalkEnd = 'name itself' | 'found' | 'not found'

/** Types that people and programs look up by names they typed; the reverse of an address, say, is none of these. */
const WALKED: ReadonlySet<number> = new Set([
  Rtype.A,
  Rtype.AAAA,
  Rtype.CNAME,
  Rtype.MX,
  Rtype.TXT,
  Rtype.SRV,
  Rtype.SVCB,
  Rtype.HTTPS
])

/** Seconds that an alias to a name without records of the type may be kept. */
const EMPTY_ALIAS_TTL = 5

/** A step of a walk: one name of it. */
interface Step {
  readonly name: Name
  /** It is the name that was asked for. */
  readonly isOwn: boolean
}

/** What a walk has come to so far. */
interface State {
  readonly query: Query
  readonly next: Handler
  readonly steps: readonly Step[]
  /** The answer to the name itself, once it is known. */
  own: Answer | undefined
  /** The first name that is there without data, and its answer. */
  empty: { readonly step: Step; readonly answer: Answer } | undefined
  failure: Answer | undefined
}

export class Resolver implements Plugin {
  readonly name = 'resolver'
  readonly #options: ResolverOptions

  constructor(options: ResolverOptions) {
    this.#options = options
  }

  answer(query: Query, next: Handler): Eventual<Answer> {
    const { zones, clients, search, ndots, rules } = this.#options
    if (
      query.qclass !== Rclass.IN ||
      !WALKED.has(query.qtype) ||
      zones.find(query.wire, HEADER_OCTETS, query.nameEnd) !== true ||
      (clients !== undefined && !clients.hasClient(query.peer.address))
    ) {
      return next.answer(query)
    }
    const steps = stepsOf(query.name, search(), ndots, rules)
    return this.#walk({ query, next, steps, own: undefined, empty: undefined, failure: undefined }, 0)
  }

  #walk(state: State, at: number): Eventual<Answer> {
    const step = state.steps[at]
    if (step === undefined) return this.#ended(state)
    const { query, next } = state
    const inner = step.isOwn ? query : derivedQuery(query, step.name, query.qtype)
    return whenReady(next.answer(inner), answer => {
      if (inner !== query) takeOver(query, inner)
      return this.#judge(state, at, step, answer)
    })
  }

  #judge(state: State, at: number, step: Step, answer: Answer): Eventual<Answer> {
    const { rules } = this.#options
    if (step.isOwn) state.own = answer
    if (answer.dropped) return answer
    if (answer.error === undefined && answer.rcode === Rcode.NXDOMAIN) return this.#walk(state, at + 1)
    if (answer.error !== undefined || answer.rcode !== Rcode.NOERROR) {
      state.failure ??= answer
      const isRefusal = answer.error === undefined && answer.rcode !== Rcode.SERVFAIL
      const after = isRefusal ? rules.afterRefusal : rules.afterFailure
      if (after === 'stop') return this.#found(state, step, answer)
      const isOver = after === 'the name itself' && !step.isOwn
      return isOver ? this.#walk(state, ownAfter(state.steps, at)) : this.#walk(state, at + 1)
    }
    if (answer.answerCount > 0) return this.#found(state, step, answer)
    state.empty ??= { step, answer }
    if (!rules.passesNodata) return this.#found(state, step, answer)
    return whenReady(this.#hasOtherFamily(state, step), has =>
      has ? this.#found(state, step, answer) : this.#walk(state, at + 1)
    )
  }

  /** Whether the name has an address of the other family: a program that looks for both stops there. */
  #hasOtherFamily({ query, next }: State, { name }: Step): Eventual<boolean> {
    const { qtype } = query
    if (qtype !== Rtype.A && qtype !== Rtype.AAAA) return false
    const inner = derivedQuery(query, name, qtype === Rtype.A ? Rtype.AAAA : Rtype.A)
    return whenReady(next.answer(inner), answer => {
      takeOver(query, inner)
      return answer.error === undefined && answer.rcode === Rcode.NOERROR && answer.answerCount > 0
    })
  }

  #found({ query }: State, step: Step, answer: Answer): Answer {
    this.#options.walked(step.isOwn ? 'name itself' : 'found').increment()
    return step.isOwn ? answer : aliased(query, step.name, answer)
  }

  /** No name has what was asked for: what the program would tell its caller. */
  #ended({ query, own, empty, failure }: State): Answer {
    this.#options.walked('not found').increment()
    if (own !== undefined && own.rcode !== Rcode.NXDOMAIN) return own
    if (empty !== undefined)
      return empty.step.isOwn ? empty.answer : aliased(query, empty.step.name, empty.answer)
    // A name that can't be had isn't one that doesn't exist.
    return failure === undefined ? (own as Answer) : inPlaceOf(query, failure)
  }
}

/** Where the name itself stands behind this step; the end of the walk where it was asked before. */
function ownAfter(steps: readonly Step[], at: number): number {
  const own = steps.findIndex(({ isOwn }, index) => isOwn && index > at)
  return own < 0 ? steps.length : own
}

/** The names of a walk in order; those that are no names are left out. The name itself is always one of them. */
function stepsOf(
  name: Name,
  search: readonly Name[],
  ndots: number,
  { listAfterName }: WalkRules
): readonly Step[] {
  const own = { name, isOwn: true }
  const hasEnough = dotsIn(name) >= ndots
  if (hasEnough && !listAfterName) return [own]
  const base = name.subarray(0, name.length - 1)
  const list = search.flatMap(element => {
    if (base.length + element.length > NAME_OCTETS_MAX) return []
    return { name: Buffer.concat([base, element]) as Uint8Array as Name, isOwn: false }
  })
  return hasEnough ? [own, ...list] : [...list, own]
}

/** Dots in the name as a person types it, without the one at its end. */
function dotsIn(name: Name): number {
  let labels = 0
  for (let at = 0; name[at] !== 0; at += (name[at] as number) + 1) labels++
  return Math.max(0, labels - 1)
}

/** The answer under the name that was asked for: a CNAME leads from it to the name that was found. */
function aliased(query: Query, found: Name, answer: Answer): Answer {
  const sections = readSections(answer)
  if (sections === undefined || answer.error !== undefined || answer.rcode !== Rcode.NOERROR) {
    return inPlaceOf(query, answer)
  }
  const ttl = sections.answer.find(({ owner }) => sameName(owner, found))?.ttl ?? EMPTY_ALIAS_TTL
  sections.answer.unshift({ owner: query.name, rtype: Rtype.CNAME, rclass: Rclass.IN, ttl, rdata: found })
  const made = replaceSections(query, answer, sections)
  const text = Buffer.from(`resolver: found as ${formatName(found)}`)
  if (query.hasEdns && text.length <= roomForText(made, query))
    addReason(made, query, ExtendedError.OTHER, text)
  return made
}

/** A failure of another name of the walk, as an answer to this query. */
function inPlaceOf(query: Query, failure: Answer): Answer {
  const answer = emptyAnswer(query, failure.rcode === Rcode.NOERROR ? Rcode.SERVFAIL : failure.rcode)
  answer.error = failure.error
  return answer
}
