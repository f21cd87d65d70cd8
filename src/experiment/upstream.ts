// The world beyond the cluster as an experiment has it: names that exist, and how often it was asked.
import type { Answer } from '../dns/answer.ts'
import type { Handler } from '../dns/plugin.ts'
import type { Query } from '../dns/query.ts'
import { writeSections, type SectionRecord } from '../dns/sections.ts'
import { formatName } from '../wire/name.ts'
import { Flag, Rclass, Rcode, Rtype } from '../wire/numbers.ts'

/** What names beyond the cluster lead to: documentation addresses (RFC 5737). */
const ADDRESS = Uint8Array.of(192, 0, 2, 1)
const TTL = 30

/** Answers what would be forwarded; counts, so that whoever asked can tell what reached it. */
export class SimulatedUpstream implements Handler {
  /** Questions since it was made. */
  asked = 0
  /** Names that exist, lower-cased, with their final dot. They have an IPv4 address and nothing else. */
  exists: ReadonlySet<string> = new Set()

  answer(query: Query): Answer {
    this.asked++
    if (!this.exists.has(formatName(query.name).toLowerCase())) return this.#say(query, [], Rcode.NXDOMAIN)
    const record = { owner: query.name, rtype: Rtype.A, rclass: Rclass.IN, ttl: TTL, rdata: ADDRESS }
    return this.#say(query, query.qtype === Rtype.A ? [record] : [], Rcode.NOERROR)
  }

  #say(query: Query, answer: SectionRecord[], rcode: typeof Rcode.NOERROR | typeof Rcode.NXDOMAIN): Answer {
    return writeSections(query, { answer, authority: [], additional: [] }, rcode, Flag.RA | query.copiedFlags)
  }
}
