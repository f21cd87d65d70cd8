// Sends queries to other servers and passes their answers on (corefile-and-plugins.md §8.7).
import type { Answer } from '../../dns/answer.ts'
import { whenReady, type Eventual, type Handler, type Plugin } from '../../dns/plugin.ts'
import type { Query } from '../../dns/query.ts'
import type { Forwarding, UpstreamOrigin } from '../../upstream/forwarding.ts'
import type { ForwardLine } from './forward-line.ts'

/** All `forward` lines of one block, in file order. */
export class Forward implements Plugin, Forwarding {
  readonly name = 'forward'
  readonly #lines: readonly ForwardLine[]

  constructor(lines: readonly ForwardLine[]) {
    this.#lines = lines
  }

  answer(query: Query, next: Handler): Eventual<Answer> {
    return this.#ask(query, 0, next)
  }

  originOf(upstream: string): UpstreamOrigin | undefined {
    for (const line of this.#lines) {
      const server = line.servers.find(each => each.upstream.text === upstream)
      if (server !== undefined) return server.origin()
    }
    return undefined
  }

  stopForwarding(upstream: string, reason: string): void {
    for (const line of this.#lines) line.stop(upstream, reason)
  }

  /** Asks the first line from `from` on that takes the query. */
  #ask(query: Query, from: number, next: Handler): Eventual<Answer> {
    for (let at = from; at < this.#lines.length; at++) {
      const line = this.#lines[at] as ForwardLine
      if (!line.takes(query)) continue
      const isLast = at === this.#lines.length - 1
      if (isLast) return line.answer(query)
      return whenReady(line.answer(query), answer =>
        line.handsOver(answer) ? this.#ask(query, at + 1, next) : answer
      )
    }
    return next.answer(query)
  }
}
