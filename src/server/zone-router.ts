// Which server block answers: the longest zone of the listener that the name lies in, and of several blocks for it the
// first one whose view takes the query (corefile-and-plugins.md §2.2, §8.41).
import type { Handler } from '../dns/plugin.ts'
import type { Query } from '../dns/query.ts'
import { ZoneTable } from '../dns/zone.ts'
import { HEADER_OCTETS, Rtype } from '../wire/numbers.ts'
import type { Name } from '../wire/name.ts'

/** Whether a block takes a query at all. */
export type QueryFilter = (query: Query) => boolean

/** A block's chain for one zone; without a filter it takes every query. */
export type ZoneRoute = readonly [zone: Name, handler: Handler, filter?: QueryFilter | undefined]

/** The blocks of one zone, in the order of the configuration. */
interface Blocks {
  /** The only block, which takes every query: nothing is to be chosen. */
  readonly only: Handler | undefined
  readonly all: readonly { readonly handler: Handler; readonly filter: QueryFilter | undefined }[]
}

export class ZoneRouter {
  readonly #zones: ZoneTable<Blocks>

  constructor(routes: Iterable<ZoneRoute>) {
    const byZone = new Map<string, { zone: Name; all: Blocks['all'][number][] }>()
    for (const [zone, handler, filter] of routes) {
      const key = Buffer.from(zone).toString('latin1')
      const known = byZone.get(key) ?? { zone, all: [] }
      byZone.set(key, known)
      known.all.push({ handler, filter })
    }
    this.#zones = new ZoneTable(
      Array.from(byZone.values(), ({ zone, all }) => {
        const first = all[0]
        return [zone, { only: first?.filter === undefined ? first?.handler : undefined, all }] as const
      })
    )
  }

  /** The chain for a query; `undefined` when no block has a zone for it. */
  handlerFor(query: Query): Handler | undefined {
    const blocks = this.#zones.find(query.wire, HEADER_OCTETS, query.nameEnd)
    if (blocks === undefined || (blocks.only !== undefined && query.qtype !== Rtype.DS)) return blocks?.only
    return this.#search(query, blocks)
  }

  /**
   * Where no view of a zone takes the query, the next shorter zone has its turn. A DS record belongs to the parent: the
   * shortest zone but the root answers, of those that match.
   */
  #search(query: Query, longest: Blocks): Handler | undefined {
    const { wire, nameEnd } = query
    let handler: Handler | undefined
    for (let blocks: Blocks | undefined = longest; blocks !== undefined;) {
      const octets = nameEnd - this.#zones.zoneAt
      if (octets === 1 && handler !== undefined) break
      const chosen = blocks.only ?? choose(blocks, query)
      if (chosen !== undefined && query.qtype !== Rtype.DS) return chosen
      handler = chosen ?? handler
      blocks = this.#zones.find(wire, HEADER_OCTETS, nameEnd, octets)
    }
    return handler
  }
}

function choose(blocks: Blocks, query: Query): Handler | undefined {
  for (const { handler, filter } of blocks.all) if (filter === undefined || filter(query)) return handler
  return undefined
}
