// A server block that only takes the queries its expressions are true of (corefile-and-plugins.md §8.41). Choosing is the
// router's work; in the chain a view does nothing but tell others its name.
import type { Answer } from '../../dns/answer.ts'
import type { Eventual, Handler, Plugin } from '../../dns/plugin.ts'
import type { Query } from '../../dns/query.ts'

export class View implements Plugin {
  readonly name = 'view'
  readonly viewName: string

  constructor(viewName: string) {
    this.viewName = viewName
  }

  /** For `metadata`. */
  publish(_query: Query, metadata: Map<string, string>): void {
    metadata.set('view/name', this.viewName)
  }

  answer(query: Query, next: Handler): Eventual<Answer> {
    return next.answer(query)
  }
}

/** A plugin that tells what it knows of a query. */
interface Publisher {
  publish(query: Query, metadata: Map<string, string>): void
}

export function isPublisher(plugin: object | undefined): plugin is Publisher {
  return plugin !== undefined && 'publish' in plugin && typeof plugin.publish === 'function'
}
