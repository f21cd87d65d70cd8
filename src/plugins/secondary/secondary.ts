// Zones that are copied from other servers (corefile-and-plugins.md §8.34).
import type { Answer } from '../../dns/answer.ts'
import type { Eventual, Handler, Plugin } from '../../dns/plugin.ts'
import type { Query } from '../../dns/query.ts'
import { queryNameText } from '../../dns/query-text.ts'
import { emptyAnswer } from '../../dns/response.ts'
import type { Transferer, ZoneTransfer } from '../../dns/transfer.ts'
import type { Log } from '../../runtime/log.ts'
import type { Name } from '../../wire/name.ts'
import { Flag, Rcode } from '../../wire/numbers.ts'
import type { ZoneServer } from '../../zones/zone-server.ts'
import type { SecondaryZone } from './secondary-zone.ts'

export class Secondary implements Plugin, Transferer {
  readonly name = 'secondary'
  readonly #server: ZoneServer
  readonly #zones: readonly SecondaryZone[]
  readonly #log: Log

  constructor(server: ZoneServer, zones: readonly SecondaryZone[], log: Log) {
    this.#server = server
    this.#zones = zones
    this.#log = log
  }

  answer(query: Query, next: Handler): Eventual<Answer> {
    return this.#server.answer(query, next)
  }

  transfer(name: Name): ZoneTransfer | undefined {
    return this.#server.transfer(name)
  }

  /** Acknowledged at once; whether there is anything new shows later. Others than the primaries hear nothing. */
  notified(query: Query): Answer | undefined {
    const served = this.#server.zoneOf(query.name)
    const zone = served && this.#zones.find(each => each.zone === served)
    if (zone === undefined) return undefined
    const { address } = query.peer
    const answer = emptyAnswer(query, Rcode.NOERROR)
    if (zone.isPrimary(address)) {
      this.#log.info(`Notify from ${address} for ${zone.zone.text}: checking transfer`)
      zone.notify()
      answer.flags |= Flag.AA
      answer.byServer = false
    } else {
      this.#log.info(`Dropping notify from ${address} for ${queryNameText(query)}`)
      answer.dropped = true
    }
    return answer
  }
}
