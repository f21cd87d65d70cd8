// Logs queries and their answers, one line each (corefile-and-plugins.md §8.2). Writing never waits: the process's log
// drops lines that nobody reads in time.
import type { Answer } from '../../dns/answer.ts'
import type { Eventual, Handler, Plugin } from '../../dns/plugin.ts'
import type { Query } from '../../dns/query.ts'
import type { Clock } from '../../runtime/clock.ts'
import type { Log } from '../../runtime/log.ts'
import { isSubdomain, type Name } from '../../wire/name.ts'
import { answerClass, answerType, type AnswerClass } from '../../dns/classify.ts'
import { logFields, type LogEntry } from './format.ts'

/** One name of one `log` line. */
export interface LogRule {
  /** What it logs: this name and those below; nothing when the word was no name. */
  readonly scope: Name | undefined
  readonly format: (entry: LogEntry) => string
  /** Answers of these classes only; all without it. */
  readonly classes: ReadonlySet<AnswerClass> | undefined
}

export class QueryLog implements Plugin {
  readonly name = 'log'
  readonly #rules: readonly LogRule[]
  readonly #log: Log
  /** Where lines have fields. */
  readonly #fieldLog: Log['infoWith']
  readonly #clock: Clock

  constructor(rules: readonly LogRule[], log: Log, clock: Clock) {
    this.#rules = rules
    this.#log = log
    this.#fieldLog = log.plugin('log').infoWith
    this.#clock = clock
  }

  answer(query: Query, next: Handler): Eventual<Answer> {
    const rule = this.#ruleFor(query)
    if (rule === undefined) return next.answer(query)
    const start = this.#clock.now()
    const answer = next.answer(query)
    if (answer instanceof Promise) return this.#later(rule, query, answer, start)
    this.#write(rule, query, answer, start)
    return answer
  }

  #later(rule: LogRule, query: Query, answer: Promise<Answer>, start: number): Promise<Answer> {
    return answer.then(value => {
      this.#write(rule, query, value, start)
      return value
    })
  }

  /** The first rule whose name matches counts, even when its classes then leave the answer out. */
  #ruleFor(query: Query): LogRule | undefined {
    for (const rule of this.#rules) {
      if (rule.scope !== undefined && (rule.scope.length === 1 || isSubdomain(query.name, rule.scope)))
        return rule
    }
    return undefined
  }

  #write(rule: LogRule, query: Query, answer: Answer, start: number): void {
    if (rule.classes !== undefined || query.metadata !== undefined) {
      const type = answerType(query, answer, this.#clock.wallMs())
      const kind = answerClass(type)
      query.metadata?.set('log/type', type).set('log/class', kind)
      if (rule.classes?.has(kind) === false) return
    }
    const entry = { query, answer, durationMs: this.#clock.now() - start }
    if (this.#fieldLog === undefined) this.#log.info(rule.format(entry))
    else this.#fieldLog(logFields(entry), rule.format(entry))
  }
}
