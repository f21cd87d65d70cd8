// Leaves authority and additional records out of answers that are complete without them (corefile-and-plugins.md §8.18).
import type { Answer } from '../../dns/answer.ts'
import { arrangeRecords, readSections } from '../../dns/answer-sections.ts'
import { answerType } from '../../dns/classify.ts'
import type { Eventual, Handler, Plugin } from '../../dns/plugin.ts'
import type { Query } from '../../dns/query.ts'
import type { Clock } from '../../runtime/clock.ts'

export class Minimal implements Plugin {
  readonly name = 'minimal'
  readonly #clock: Clock

  constructor(clock: Clock) {
    this.#clock = clock
  }

  answer(query: Query, next: Handler): Eventual<Answer> {
    const answer = next.answer(query)
    if (answer instanceof Promise) return answer.then(value => this.#shorten(query, value))
    return this.#shorten(query, answer)
  }

  #shorten(query: Query, answer: Answer): Answer {
    const isShort = answer.authorityCount + answer.additionalCount === 0 && answer.opt === undefined
    if (isShort || answer.byServer || answerType(query, answer, this.#clock.wallMs()) !== 'NOERROR')
      return answer
    const sections = readSections(answer)
    if (sections !== undefined) arrangeRecords(answer, { ...sections, authority: [], additional: [] })
    // An OPT that came with the answer goes too; clients with EDNS get one when it is sent.
    answer.opt = undefined
    return answer
  }
}
