// Zones from zone files (corefile-and-plugins.md §8.31).
import type { Answer } from '../../dns/answer.ts'
import type { Eventual, Handler, Plugin } from '../../dns/plugin.ts'
import type { Query } from '../../dns/query.ts'
import type { Transferer, ZoneTransfer } from '../../dns/transfer.ts'
import type { Name } from '../../wire/name.ts'
import type { ZoneServer } from '../../zones/zone-server.ts'

export class File implements Plugin, Transferer {
  readonly name = 'file'
  readonly #server: ZoneServer

  constructor(server: ZoneServer) {
    this.#server = server
  }

  answer(query: Query, next: Handler): Eventual<Answer> {
    return this.#server.answer(query, next)
  }

  transfer(name: Name): ZoneTransfer | undefined {
    return this.#server.transfer(name)
  }
}
