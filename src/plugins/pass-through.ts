// Plugins that are accepted and do nothing yet: queries pass through them.
import type { Answer } from '../dns/answer.ts'
import type { Eventual, Handler, Plugin } from '../dns/plugin.ts'
import type { Query } from '../dns/query.ts'
import type { Shared } from './definition.ts'

export class PassThrough implements Plugin {
  readonly name: string

  constructor(name: string) {
    this.name = name
  }

  answer(query: Query, next: Handler): Eventual<Answer> {
    return next.answer(query)
  }
}

/** Says once, however many blocks use the directive, that it is without effect: `cache is accepted and not in use yet: …`. */
export function warnNotInUse(shared: Shared, directive: string, consequence: string): void {
  shared.keep(`${directive} warning`, () => {
    shared.runtime.log.own().warn(`${directive} is accepted and not in use yet: ${consequence}`)
    return true
  })
}
