// Lets plugins publish what they know of a query (corefile-and-plugins.md §8.35; `Query.metadata`).
import type { Answer } from '../../dns/answer.ts'
import type { Eventual, Handler, Plugin } from '../../dns/plugin.ts'
import type { Query } from '../../dns/query.ts'
import type { ZoneTable } from '../../dns/zone.ts'
import { HEADER_OCTETS } from '../../wire/numbers.ts'

export class Metadata implements Plugin {
  readonly name = 'metadata'
  readonly #zones: ZoneTable<true>
  #publishers: readonly Plugin[] = []

  constructor(zones: ZoneTable<true>) {
    this.#zones = zones
  }

  /** Told once all plugins of the block are set up, before the first query. */
  setPublishers(plugins: readonly Plugin[]): void {
    this.#publishers = plugins.filter(plugin => plugin.publish !== undefined)
  }

  answer(query: Query, next: Handler): Eventual<Answer> {
    // Outside of the zones there is a map too, for what shows later.
    const metadata = (query.metadata ??= new Map<string, string>())
    if (this.#zones.find(query.wire, HEADER_OCTETS, query.nameEnd) !== undefined) {
      for (const plugin of this.#publishers) plugin.publish?.(query, metadata)
    }
    return next.answer(query)
  }
}
