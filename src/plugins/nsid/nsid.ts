// Says which server answered, to clients that ask (RFC 5001; corefile-and-plugins.md §8.23).
import type { Answer, EdnsOption } from '../../dns/answer.ts'
import { whenReady, type Eventual, type Handler, type Plugin } from '../../dns/plugin.ts'
import type { Query } from '../../dns/query.ts'
import { OptionCode } from '../../wire/numbers.ts'
import { read16 } from '../../wire/records.ts'

export class Nsid implements Plugin {
  readonly name = 'nsid'
  readonly #option: EdnsOption

  constructor(text: string) {
    this.#option = { code: OptionCode.NSID, data: Buffer.from(text) }
  }

  answer(query: Query, next: Handler): Eventual<Answer> {
    if (query.optAt < 0 || !asksForNsid(query)) return next.answer(query)
    return whenReady(next.answer(query), answer => this.#add(query, answer))
  }

  #add(query: Query, answer: Answer): Answer {
    // What no plugin wrote only echoes the client's own options.
    if (answer.byServer) return answer
    const { opt } = answer
    const others = opt?.options.filter(each => each.code !== OptionCode.NSID) ?? []
    answer.opt = {
      size: opt?.size ?? query.ednsSize,
      dnssecOk: opt?.dnssecOk ?? true, // as CoreDNS sets it
      options: [...others, this.#option]
    }
    return answer
  }
}

function asksForNsid(query: Query): boolean {
  const { wire, optionsEnd } = query
  for (let at = query.optionsStart; at + 4 <= optionsEnd; at += 4 + read16(wire, at + 2)) {
    if (read16(wire, at) === OptionCode.NSID) return true
  }
  return false
}
