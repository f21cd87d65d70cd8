// Gives questions for ANY the short answer of RFC 8482 (corefile-and-plugins.md §8.19).
import type { Answer } from '../../dns/answer.ts'
import { AnswerWriter } from '../../dns/answer-writer.ts'
import type { Eventual, Handler, Plugin } from '../../dns/plugin.ts'
import type { Query } from '../../dns/query.ts'
import { HEADER_OCTETS, Rcode, Rtype } from '../../wire/numbers.ts'

const TTL_SECONDS = 8482
const HINFO = Buffer.from('\x0dANY obsoleted\x0cSee RFC 8482', 'latin1')

export class Any implements Plugin {
  readonly name = 'any'
  readonly #writer = new AnswerWriter()

  answer(query: Query, next: Handler): Eventual<Answer> {
    if (query.qtype !== Rtype.ANY) return next.answer(query)
    const writer = this.#writer
    writer.begin(query)
    writer.head(HEADER_OCTETS, writer.questionOctets, Rtype.HINFO, TTL_SECONDS, HINFO.length)
    writer.copy(HINFO)
    return writer.finish(Rcode.NOERROR, query.copiedFlags)
  }
}
