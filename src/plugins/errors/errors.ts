// Logs what went wrong behind it, once for each query or gathered by pattern (corefile-and-plugins.md §8.1). Answers pass
// through unchanged.
import type { Pattern } from '../../corefile/pattern.ts'
import { formatDuration } from '../../corefile/values.ts'
import { LookupDepthError, type Answer } from '../../dns/answer.ts'
import type { Eventual, Handler, Plugin } from '../../dns/plugin.ts'
import { queryNameText } from '../../dns/query-text.ts'
import type { Query } from '../../dns/query.ts'
import type { Clock, Timer } from '../../runtime/clock.ts'
import type { Log } from '../../runtime/log.ts'
import { rtypeName } from '../../wire/numbers.ts'

export type ErrorLevel = 'warning' | 'error' | 'info' | 'debug'

/** One `consolidate` line. */
export interface Consolidation {
  readonly periodMs: number
  readonly pattern: Pattern
  /** The pattern as it was written. */
  readonly text: string
  readonly level: ErrorLevel
  readonly showFirst: boolean
}

/** Longer messages are matched by their beginning, so that a pattern's work is bounded. */
const MATCHED_CHARACTERS_MAX = 1000

export class Errors implements Plugin {
  readonly name = 'errors'
  readonly #log: Log
  readonly #groups: readonly Group[]

  constructor(consolidations: readonly Consolidation[], log: Log, clock: Clock) {
    this.#log = log
    this.#groups = consolidations.map(consolidation => new Group(consolidation, log, clock))
  }

  answer(query: Query, next: Handler): Eventual<Answer> {
    const answer = next.answer(query)
    if (answer instanceof Promise) return this.#later(query, answer)
    if (answer.error !== undefined) this.#note(query, answer, answer.error)
    return answer
  }

  /** Logs what has been gathered. From here on every error is logged at once. */
  stop(): void {
    for (const group of this.#groups) group.stop()
  }

  /** A method of its own: its closure would cost every query, also those that are answered at once. */
  #later(query: Query, answer: Promise<Answer>): Promise<Answer> {
    return answer.then(value => {
      if (value.error !== undefined) this.#note(query, value, value.error)
      return value
    })
  }

  #note(query: Query, answer: Answer, error: Error): void {
    // A circle passes here once for every lookup in it; the client's own query says it.
    if (query.depth > 0 && error instanceof LookupDepthError) return
    const matched = error.message.slice(0, MATCHED_CHARACTERS_MAX)
    const group = this.#groups.find(each => each.matches(matched))
    if (group?.gathers() === true) return
    const text = `${answer.rcode} ${queryNameText(query)} ${rtypeName(query.qtype)}: ${error.message}`
    logAt(this.#log, group?.level ?? 'error', text)
  }
}

/** Errors of one pattern, counted from the first one for its period. */
class Group {
  readonly #consolidation: Consolidation
  readonly #log: Log
  readonly #clock: Clock
  #count = 0
  #timer: Timer | undefined
  #stopped = false

  constructor(consolidation: Consolidation, log: Log, clock: Clock) {
    this.#consolidation = consolidation
    this.#log = log
    this.#clock = clock
  }

  get level(): ErrorLevel {
    return this.#consolidation.level
  }

  matches(message: string): boolean {
    return this.#consolidation.pattern.test(message)
  }

  /** Counts one error; false when it is to be logged by itself. */
  gathers(): boolean {
    if (this.#stopped) return false
    if (this.#count++ > 0) return true
    this.#timer = this.#clock.after(this.#consolidation.periodMs, () => this.#summarize())
    return !this.#consolidation.showFirst
  }

  stop(): void {
    this.#stopped = true
    this.#timer?.cancel()
    this.#summarize()
  }

  #summarize(): void {
    const { text, periodMs, showFirst, level } = this.#consolidation
    const count = this.#count
    this.#count = 0
    if (count === 0 || (count === 1 && showFirst)) return
    logAt(this.#log, level, `${count} errors like '${text}' occurred in last ${formatDuration(periodMs)}`)
  }
}

function logAt(log: Log, level: ErrorLevel, message: string): void {
  if (level === 'warning') log.warn(message)
  else log[level](message)
}
