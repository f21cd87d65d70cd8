// Ends queries that take too long (corefile-and-plugins.md §8.36).
import type { Answer } from '../../dns/answer.ts'
import type { Eventual, Handler, Plugin } from '../../dns/plugin.ts'
import type { Query } from '../../dns/query.ts'
import type { Clock } from '../../runtime/clock.ts'

/** Sets the moment at which plugins that wait give up. It only says when: who waits fails, and says why. */
export class Cancel implements Plugin {
  readonly name = 'cancel'
  readonly #limitMs: number
  readonly #clock: Clock

  constructor(limitMs: number, clock: Clock) {
    this.#limitMs = limitMs
    this.#clock = clock
  }

  answer(query: Query, next: Handler): Eventual<Answer> {
    const end = this.#clock.now() + this.#limitMs
    if (query.answerBy === 0 || end < query.answerBy) query.answerBy = end
    return next.answer(query)
  }
}
