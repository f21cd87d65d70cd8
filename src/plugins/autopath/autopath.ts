// Walks a client's search path for it (corefile-and-plugins.md §8.15, kubernetes-records.md §18).
import type { Answer } from '../../dns/answer.ts'
import type { SearchFact } from '../../dns/facts.ts'
import { whenReady, type Eventual, type Handler, type Plugin } from '../../dns/plugin.ts'
import { derivedQuery, takeOver, type Query } from '../../dns/query.ts'
import { queryNameText } from '../../dns/query-text.ts'
import { emptyAnswer } from '../../dns/response.ts'
import { readSections, replaceSections, type SectionRecord } from '../../dns/sections.ts'
import type { ZoneTable } from '../../dns/zone.ts'
import type { Value } from '../../metrics/family.ts'
import type { NoSearchPath } from '../cluster-view.ts'
import { NAME_OCTETS_MAX, formatName, isSubdomain, sameName, type Name } from '../../wire/name.ts'
import { HEADER_OCTETS, Rclass, Rcode, Rtype } from '../../wire/numbers.ts'

export interface AutopathOptions {
  readonly zones: ZoneTable<true>
  /** The client's search path, first element first; where there is none, or nobody knows it, why its query is left alone. */
  readonly searchPath: (query: Query) => readonly Name[] | NotTaken
  /** Names tried after those: the server's own search list, and the root for the name as it is. */
  readonly more: readonly Name[]
  /** Counts queries that were answered for one of the names. */
  readonly succeeded: (query: Query) => Value
  /** Counts what became of every query in the zones. */
  readonly counted: (query: Query, outcome: WalkOutcome) => Value
}

/** Why a query is left alone. */
export type NotTaken =
  | NoSearchPath
  /** The client's search path isn't known: it is no Pod, or Pods aren't watched. */
  | 'unknown-client'

/** What became of a query in the zones. */
export type WalkOutcome = NotTaken | 'first-name-exists' | 'found' | 'nothing-found'

export class Autopath implements Plugin {
  readonly name = 'autopath'
  readonly #options: AutopathOptions

  constructor(options: AutopathOptions) {
    this.#options = options
  }

  answer(query: Query, next: Handler): Eventual<Answer> {
    const { zones, searchPath } = this.#options
    if (query.qclass !== Rclass.IN || zones.find(query.wire, HEADER_OCTETS, query.nameEnd) !== true) {
      this.#tellPassed(query, 'other-zone')
      return next.answer(query)
    }
    const path = searchPath(query)
    if (typeof path === 'string') return this.#pass(query, next, path)
    const [first] = path
    if (first === undefined) return this.#pass(query, next, 'unknown-client')
    if (!isSubdomain(query.name, first)) return this.#pass(query, next, 'outside-path', first)
    if (query.name.length === first.length) {
      tell(query, () => ({ rule: 'not-taken', because: 'bare-path', path: formatName(first), tried: 0 }))
      const answer = emptyAnswer(query, Rcode.SERVFAIL)
      answer.error = new Error(
        `trimzone: overshot qname: ${queryNameText(query)}for zone ${formatName(first)}`
      )
      return answer
    }
    // The first name is the one that was asked for.
    return whenReady(next.answer(query), answer => {
      if (isFinal(answer)) {
        tell(query, () => ({
          ...{ rule: 'not-taken', because: 'first-name-exists' },
          ...{ path: formatName(first), tried: 1 }
        }))
        return this.#found(query, answer, 'first-name-exists')
      }
      const base = query.name.subarray(0, query.name.length - first.length)
      return this.#walk(query, next, answer, base, [...path.slice(1), ...this.#options.more], 0)
    })
  }

  #pass(query: Query, next: Handler, because: NotTaken, first?: Name): Eventual<Answer> {
    this.#options.counted(query, because).increment()
    this.#tellPassed(query, because, first)
    return next.answer(query)
  }

  #tellPassed(query: Query, because: NonNullable<SearchFact['because']>, first?: Name): void {
    const path = () => (first === undefined ? {} : { path: formatName(first) })
    tell(query, () => ({ rule: 'not-taken', because, ...path(), tried: 0 }))
  }

  /** Tries the elements from `at` on; the answer to the first name is given when no name is there. */
  #walk(
    query: Query,
    next: Handler,
    first: Answer,
    base: Uint8Array,
    elements: readonly Name[],
    at: number
  ): Eventual<Answer> {
    for (; at < elements.length; at++) {
      const element = elements[at] as Name
      if (base.length + element.length > NAME_OCTETS_MAX) continue
      const name = Buffer.concat([base, element]) as Uint8Array as Name
      const inner = derivedQuery(query, name, query.qtype)
      const answer = next.answer(inner)
      if (answer instanceof Promise) {
        const following = at + 1
        return answer.then(value => {
          takeOver(query, inner)
          if (isFinal(value)) return this.#taken(query, inner, value, following)
          return this.#walk(query, next, first, base, elements, following)
        })
      }
      takeOver(query, inner)
      if (isFinal(answer)) return this.#taken(query, inner, answer, at + 1)
    }
    tell(query, () => ({ rule: 'not-taken', because: 'nothing-found', tried: elements.length + 1 }))
    this.#options.counted(query, 'nothing-found').increment()
    return first
  }

  #taken(query: Query, inner: Query, answer: Answer, tried: number): Answer {
    const { error } = answer
    tell(query, () => ({
      ...(error === undefined ? { rule: 'taken' } : { rule: 'not-taken', because: 'failed' }),
      ...{ found: formatName(inner.name), tried: tried + 1 }
    }))
    return this.#found(query, named(query, answer), 'found')
  }

  #found(query: Query, answer: Answer, outcome: WalkOutcome): Answer {
    if (answer.error === undefined) {
      this.#options.succeeded(query).increment()
      this.#options.counted(query, outcome).increment()
    }
    return answer
  }
}

function tell(query: Query, fact: () => Omit<SearchFact, 'plugin'>): void {
  query.trace?.note(query, () => ({ plugin: 'autopath', ...fact() }))
}

/** Whether the walk ends: a name that is there, with or without records, or a failure that somebody has to hear of. */
function isFinal(answer: Answer): boolean {
  if (answer.error !== undefined || answer.dropped) return true
  return answer.rcode !== Rcode.NXDOMAIN && !answer.byServer
}

/** The answer under the name that was asked for: a CNAME leads from it to the name that was found. */
function named(query: Query, answer: Answer): Answer {
  const sections = readSections(answer)
  if (sections === undefined) return emptyAnswer(query, Rcode.SERVFAIL)
  const name = query.name
  const other = sections.answer.find(({ owner }) => !sameName(owner, name))
  if (other !== undefined) {
    const alias: SectionRecord = {
      owner: name,
      rtype: Rtype.CNAME,
      rclass: Rclass.IN,
      ttl: other.ttl,
      rdata: other.owner
    }
    sections.answer.unshift(alias)
  }
  return replaceSections(query, answer, sections)
}
