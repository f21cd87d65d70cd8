// The search walk that all resolvers share: which absolute names a typed name stands for, in what order, and when it ends.
// What differs is data (`WalkRules`) and each resolver's judgement of how a name's queries ended.
import { absolute, countDots } from './names.ts'
import type { Origin, StepEnd, WalkStep } from './model.ts'
import type { Session, Steps } from './session.ts'

export interface WalkRules {
  /** With as many dots as `ndots` or more. */
  readonly enoughDots: 'as-is, then the list' | 'as-is'
  readonly fewDots: 'the list, then as-is' | 'the list'
  /**
   * The name below a domain of the list, absolute; `undefined` when that domain is passed over. A name that no message can
   * carry may come out: asking for it ends as `not a name`.
   */
  readonly join: (name: string, domain: string) => string | undefined
}

/** One name to be asked. */
export interface Candidate {
  readonly name: string
  readonly origin: Origin
}

/** `name.domain`, with a trailing dot. */
export function joinPlainly(name: string, domain: string): string {
  return absolute(`${name}.${domain}`)
}

/** As `joinPlainly`, where `.` stands for the name itself. */
export function joinRoot(name: string, domain: string): string {
  return domain === '.' ? absolute(name) : joinPlainly(name, domain)
}

/** The names of the walk in order, made one at a time: a list may be long. A trailing dot leaves the name alone. */
export function* candidates(
  name: string,
  ndots: number,
  search: readonly string[],
  rules: WalkRules
): Generator<Candidate> {
  const asIs: Candidate = { name: absolute(name), origin: { kind: 'as-is' } }
  const enough = countDots(name) >= ndots
  if (name.endsWith('.') || enough) yield asIs
  if (name.endsWith('.') || (enough && rules.enoughDots === 'as-is')) return
  for (let at = 0; at < search.length; at++) {
    const domain = search[at] as string
    const joined = rules.join(name, domain)
    if (joined !== undefined) yield { name: joined, origin: { kind: 'search', domain, position: at + 1 } }
  }
  if (!enough && rules.fewDots === 'the list, then as-is') yield asIs
}

/** What the queries for one name came to. Resolvers add what else their judgement needs. */
export interface Outcome {
  readonly end: StepEnd
  readonly addresses: readonly string[]
  /** Where the aliases of the answer end. */
  readonly alias?: string | undefined
}

export const nothingFound: readonly string[] = []

/** How a resolver goes on after one name. `end of list` leaves the other domains out; an as-is query may still follow. */
export type Verdict = 'found' | 'next' | 'end of list' | 'stop'

/** Asks the names in order until one is found or the resolver stops. Returns what the name found came to. */
export function* walk<O extends Outcome>(
  session: Session,
  steps: WalkStep[],
  names: Iterable<Candidate>,
  ask: (candidate: Candidate) => Steps<O>,
  judge: (outcome: O, candidate: Candidate) => Verdict
): Steps<O | undefined> {
  let listEnded = false
  for (const candidate of names) {
    if (listEnded && candidate.origin.kind === 'search') continue
    const firstQuery = session.queries.length
    const outcome = yield* ask(candidate)
    const verdict = judge(outcome, candidate)
    noteStep(session, steps, candidate, outcome.end, firstQuery)
    if (verdict === 'end of list') listEnded = true
    if (verdict === 'stop') break
    if (verdict !== 'found') continue
    markLast(steps)
    return outcome
  }
  markLast(steps)
  return undefined
}

/** Notes one name of a walk; `walk` does it itself. Queries since `firstQuery` are its own. */
export function noteStep(
  session: Session,
  steps: WalkStep[],
  { name, origin }: Candidate,
  end: StepEnd,
  firstQuery: number
): void {
  const queryCount = session.queries.length - firstQuery
  steps.push({ name, origin, end, firstQuery, queryCount, last: false })
}

function markLast(steps: WalkStep[]): void {
  const last = steps.pop()
  if (last !== undefined) steps.push({ ...last, last: true })
}
