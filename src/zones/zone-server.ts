// Answers from zones that are held here: what file, auto and secondary have in common.
import type { Answer } from '../dns/answer.ts'
import { AnswerWriter } from '../dns/answer-writer.ts'
import { whenReady, type Eventual, type Handler } from '../dns/plugin.ts'
import type { Query } from '../dns/query.ts'
import { emptyAnswer } from '../dns/response.ts'
import type { ZoneTransfer } from '../dns/transfer.ts'
import { ZoneTable } from '../dns/zone.ts'
import { sameName, type Name } from '../wire/name.ts'
import { HEADER_OCTETS, Rcode, Rtype } from '../wire/numbers.ts'
import type { ServedZone } from './served-zone.ts'
import { answerOf } from './zone-answer.ts'
import { lookUp, type Lookup } from './zone-lookup.ts'

export interface ZoneServerOptions {
  readonly lookup: Lookup
  /** Names that are passed on when the zone doesn't have them; undefined: none. */
  readonly fallthrough: ZoneTable<true> | undefined
  /** Called when a query comes for a zone that expired. */
  readonly expired?: (zone: ServedZone) => void
}

export class ZoneServer {
  /** Whether no plugin comes after this one: then names of other zones are refused. Known once all are set up. */
  isLast = false
  readonly #options: ZoneServerOptions
  readonly #writer = new AnswerWriter()
  #zones: ZoneTable<ServedZone>

  constructor(zones: Iterable<ServedZone>, options: ZoneServerOptions) {
    this.#options = options
    this.#zones = tableOf(zones)
  }

  /** Serves these zones from now on. */
  replaceZones(zones: Iterable<ServedZone>): void {
    this.#zones = tableOf(zones)
  }

  answer(query: Query, next: Handler): Eventual<Answer> {
    const zone = this.#zones.find(query.wire, HEADER_OCTETS, query.nameEnd)
    if (zone === undefined) return this.isLast ? emptyAnswer(query, Rcode.REFUSED) : next.answer(query)
    // `transfer` would have taken it if it were allowed.
    if (query.qtype === Rtype.AXFR || query.qtype === Rtype.IXFR) return emptyAnswer(query, Rcode.REFUSED)
    const { data } = zone
    if (zone.expired) {
      this.#options.expired?.(zone)
      return emptyAnswer(query, Rcode.SERVFAIL)
    }
    if (data === undefined) return emptyAnswer(query, Rcode.SERVFAIL)
    return whenReady(lookUp(data, query, this.#options.lookup), result => {
      const isAbsent = result.outcome === 'name error' || result.outcome === 'success'
      if (isAbsent && result.answer.length === 0 && this.#passesOn(query)) return next.answer(query)
      return answerOf(query, result, this.#writer)
    })
  }

  /** The zone of exactly this name. */
  zoneOf(name: Name): ServedZone | undefined {
    const zone = this.#zones.find(name, 0, name.length)
    return zone !== undefined && sameName(zone.name, name) ? zone : undefined
  }

  transfer(name: Name): ZoneTransfer | undefined {
    return this.zoneOf(name)?.transfer()
  }

  #passesOn(query: Query): boolean {
    return this.#options.fallthrough?.find(query.wire, HEADER_OCTETS, query.nameEnd) === true
  }
}

const tableOf = (zones: Iterable<ServedZone>): ZoneTable<ServedZone> =>
  new ZoneTable(Array.from(zones, zone => [zone.name, zone] as const))
