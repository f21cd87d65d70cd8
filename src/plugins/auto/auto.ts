// Zones from the files of a folder (corefile-and-plugins.md §8.32).
import type { Answer } from '../../dns/answer.ts'
import type { Eventual, Handler, Plugin } from '../../dns/plugin.ts'
import type { Query } from '../../dns/query.ts'
import type { Transferer, ZoneTransfer } from '../../dns/transfer.ts'
import type { ZoneTable } from '../../dns/zone.ts'
import type { Name } from '../../wire/name.ts'
import { HEADER_OCTETS } from '../../wire/numbers.ts'
import type { ZoneServer } from '../../zones/zone-server.ts'

export class Auto implements Plugin, Transferer {
  readonly name = 'auto'
  readonly #origins: ZoneTable<true>
  readonly #server: ZoneServer

  /** Only names in `origins` are looked for in the zones. */
  constructor(origins: ZoneTable<true>, server: ZoneServer) {
    this.#origins = origins
    this.#server = server
  }

  answer(query: Query, next: Handler): Eventual<Answer> {
    const isOurs = this.#origins.find(query.wire, HEADER_OCTETS, query.nameEnd) === true
    return isOurs ? this.#server.answer(query, next) : next.answer(query)
  }

  transfer(name: Name): ZoneTransfer | undefined {
    return this.#server.transfer(name)
  }
}
