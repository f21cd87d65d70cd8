// The contract between plugins, and the chain they form.
import type { Answer } from './answer.ts'
import type { Query } from './query.ts'

/** A value now, or later from the few places that wait on the network. */
export type Eventual<T> = T | Promise<T>

/** Something that can be asked: the rest of a chain, or a whole server. */
export interface Handler {
  answer(query: Query): Eventual<Answer>
  /** As `Plugin.notified`, where one of the chain's plugins has it. */
  notified?(query: Query): Answer | undefined
  /** As `Plugin.takesClass`, where one of the chain's plugins has it. */
  takesClass?(query: Query): boolean
}

/** A question worth asking right now, and what its answer shows. */
export interface Example {
  /** As dig takes it: `web.shop.svc.cluster.local SRV`, `-x 10.96.0.1`. */
  readonly question: string
  readonly remark: string
}

export interface Plugin {
  /** The directive. */
  readonly name: string
  /** Questions about what the plugin really serves, for a person who has just started the server. */
  examples?(): readonly Example[]
  /**
   * Puts what the plugin knows of a question into `metadata` for others to read: `kubernetes/namespace` and the like
   * (`Query.metadata`). Called before the chain is asked, and only in blocks with *metadata*. Must not wait.
   */
  publish?(query: Query, metadata: Map<string, string>): void
  /**
   * Answers, or declines by returning `next.answer(query)`. Returns a promise only when it must wait on the network:
   * `async` and `await` are not written here, `whenReady` is. Never throws on account of what the query holds.
   */
  answer(query: Query, next: Handler): Eventual<Answer>
  /** Takes a NOTIFY (RFC 1996) for a zone that it copies from elsewhere; `undefined` when the zone is none of these. */
  notified?(query: Query): Answer | undefined
  /** Whether it answers this query although its class isn't IN, which is refused otherwise. */
  takesClass?(query: Query): boolean
}

/** Applies `use` to a value that is here, or to one that comes; makes no promise unless it was given one. */
export function whenReady<T, U>(value: Eventual<T>, use: (value: T) => U): Eventual<Awaited<U>> | U {
  return value instanceof Promise ? (value.then(use) as Promise<Awaited<U>>) : use(value)
}

class Link implements Handler {
  readonly #plugin: Plugin
  readonly #next: Handler

  constructor(plugin: Plugin, next: Handler) {
    this.#plugin = plugin
    this.#next = next
  }

  answer(query: Query): Eventual<Answer> {
    return this.#plugin.answer(query, this.#next)
  }
}

/** Links plugins, first asked first, before `last`. Done once, so no query pays for a closure. */
export function linkPlugins(plugins: readonly Plugin[], last: Handler): Handler {
  const chain = plugins.reduceRight<Handler>((next, plugin) => new Link(plugin, next), last)
  const takers = plugins.filter(plugin => plugin.notified !== undefined)
  const classes = plugins.filter(plugin => plugin.takesClass !== undefined)
  if (takers.length === 0 && classes.length === 0) return chain
  return {
    answer: query => chain.answer(query),
    notified: query => {
      for (const taker of takers) {
        const answer = taker.notified?.(query)
        if (answer !== undefined) return answer
      }
      return undefined
    },
    takesClass: query => classes.some(plugin => plugin.takesClass?.(query) === true)
  }
}
