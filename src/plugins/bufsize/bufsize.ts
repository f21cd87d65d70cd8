// Lowers the size that clients advertise in EDNS, so that answers over UDP aren't fragmented (corefile-and-plugins.md
// §8.17).
import type { Answer } from '../../dns/answer.ts'
import type { Eventual, Handler, Plugin } from '../../dns/plugin.ts'
import type { Query } from '../../dns/query.ts'
import { write16 } from '../../wire/records.ts'

/** Where the size stands in an OPT record: behind the root name and the type. */
const SIZE_AT = 3

export class Bufsize implements Plugin {
  readonly name = 'bufsize'
  readonly #octets: number

  constructor(octets: number) {
    this.#octets = octets
  }

  answer(query: Query, next: Handler): Eventual<Answer> {
    // In the message itself: upstreams see the lower size, and the answer's OPT repeats it.
    if (query.ednsSize > this.#octets) write16(query.wire, query.optAt + SIZE_AT, this.#octets)
    return next.answer(query)
  }
}
