// Sets and clears flags of queries and answers (corefile-and-plugins.md §8.22).
import type { Answer } from '../../dns/answer.ts'
import type { Eventual, Handler, Plugin } from '../../dns/plugin.ts'
import type { Query } from '../../dns/query.ts'
import { Flag } from '../../wire/numbers.ts'
import { write16 } from '../../wire/records.ts'

/** The flags that rules may name. */
export const HEADER_FLAGS: Readonly<Record<string, number>> = { aa: Flag.AA, ra: Flag.RA, rd: Flag.RD }

/** What one side's rules come to: of several about one flag the last counts. */
export class FlagChange {
  #set = 0
  #clear = 0

  set(flag: number): void {
    this.#set |= flag
    this.#clear &= ~flag
  }

  clear(flag: number): void {
    this.#clear |= flag
    this.#set &= ~flag
  }

  get isNone(): boolean {
    return (this.#set | this.#clear) === 0
  }

  apply(flags: number): number {
    return (flags | this.#set) & ~this.#clear
  }
}

export class Header implements Plugin {
  readonly name = 'header'
  readonly #query: FlagChange
  readonly #response: FlagChange

  constructor(query: FlagChange, response: FlagChange) {
    this.#query = query
    this.#response = response
  }

  answer(query: Query, next: Handler): Eventual<Answer> {
    // In the message itself: plugins behind this one, upstreams and the answer see what the rules say.
    if (!this.#query.isNone) write16(query.wire, 2, this.#query.apply(query.flags))
    const answer = next.answer(query)
    if (this.#response.isNone) return answer
    return answer instanceof Promise ? answer.then(value => this.#change(value)) : this.#change(answer)
  }

  #change(answer: Answer): Answer {
    if (!answer.byServer) answer.flags = this.#response.apply(answer.flags)
    return answer
  }
}
