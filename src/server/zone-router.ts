// Which server block answers: the longest zone of the listener that the name lies in (corefile-and-plugins.md §2.2).
import type { Handler } from '../dns/plugin.ts'
import type { Query } from '../dns/query.ts'
import { ZoneTable } from '../dns/zone.ts'
import { HEADER_OCTETS, Rtype } from '../wire/numbers.ts'
import type { Name } from '../wire/name.ts'

export class ZoneRouter {
  readonly #zones: ZoneTable<Handler>

  constructor(zones: Iterable<readonly [Name, Handler]>) {
    this.#zones = new ZoneTable(zones)
  }

  /** The chain for a query; `undefined` when no block has a zone for it. */
  handlerFor(query: Query): Handler | undefined {
    const { wire, nameEnd } = query
    const nearest = this.#zones.find(wire, HEADER_OCTETS, nameEnd)
    return query.qtype === Rtype.DS && nearest !== undefined ? this.#parentMost(query, nearest) : nearest
  }

  /** A DS record belongs to the parent: the shortest zone but the root answers, of those that match. */
  #parentMost(query: Query, nearest: Handler): Handler {
    const { wire, nameEnd } = query
    let handler = nearest
    for (;;) {
      const octets = nameEnd - this.#zones.zoneAt
      const shorter = this.#zones.find(wire, HEADER_OCTETS, nameEnd, octets)
      if (shorter === undefined || nameEnd - this.#zones.zoneAt === 1) return handler
      handler = shorter
    }
  }
}
