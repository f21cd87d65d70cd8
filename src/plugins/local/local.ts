// Answers for localhost and the reverse zones that never leave a machine (corefile-and-plugins.md §8.21, RFC 6303).
import type { Answer } from '../../dns/answer.ts'
import { AnswerWriter } from '../../dns/answer-writer.ts'
import type { Eventual, Handler, Plugin } from '../../dns/plugin.ts'
import type { Query } from '../../dns/query.ts'
import { queryNameText } from '../../dns/query-text.ts'
import { ZoneTable } from '../../dns/zone.ts'
import type { Value } from '../../metrics/family.ts'
import type { Log } from '../../runtime/log.ts'
import { encodeName, isSubdomain, lowerOctet, sameName } from '../../wire/name.ts'
import { HEADER_OCTETS, Rcode, Rtype, rtypeName } from '../../wire/numbers.ts'

const TTL_SECONDS = 604_800
const LOCALHOST = encodeName('localhost')
const LOCALHOST_PTR = encodeName('1.0.0.127.in-addr.arpa')
const IPV4 = Uint8Array.of(127, 0, 0, 1)
const IPV6 = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1)

/** Serial 1, no refreshing, and the TTL for answers that something isn't there. */
const SOA = Buffer.concat([LOCALHOST, encodeName('root.localhost'), Buffer.alloc(20)])
SOA.writeUInt32BE(1, SOA.length - 20)
SOA.writeUInt32BE(TTL_SECONDS, SOA.length - 4)

const ZONES = ['localhost', '0.in-addr.arpa', '127.in-addr.arpa', '255.in-addr.arpa']

export class Local implements Plugin {
  readonly name = 'local'
  readonly #zones = new ZoneTable(ZONES.map(zone => [encodeName(zone), zone] as const))
  readonly #writer = new AnswerWriter()
  readonly #takesPrefix: boolean
  readonly #intercepted: Value
  readonly #log: Log

  /** `takesPrefix`: whether `localhost.` before any domain is taken for localhost too. */
  constructor(takesPrefix: boolean, intercepted: Value, log: Log) {
    this.#takesPrefix = takesPrefix
    this.#intercepted = intercepted
    this.#log = log
  }

  answer(query: Query, next: Handler): Eventual<Answer> {
    const { wire, nameEnd } = query
    if (this.#isBelowLocalhost(query)) {
      this.#intercepted.increment()
      const name = queryNameText(query)
      this.#log.debug(
        `Intercepting localhost query for "${name}" ${rtypeName(query.qtype)}, from ${query.peer.address}`
      )
      return this.#localhost(query)
    }
    const zone = this.#zones.find(wire, HEADER_OCTETS, nameEnd)
    if (zone === undefined) return next.answer(query)
    return this.#inZone(query, this.#zones.zoneAt, zone === 'localhost')
  }

  #isBelowLocalhost({ wire, name, nameEnd }: Query): boolean {
    if (nameEnd - HEADER_OCTETS <= LOCALHOST.length) return false
    if (isSubdomain(name, LOCALHOST)) return true
    if (!this.#takesPrefix) return false
    for (let at = 0; at < LOCALHOST.length - 1; at++) {
      if (lowerOctet[wire[HEADER_OCTETS + at] as number] !== LOCALHOST[at]) return false
    }
    return true
  }

  #localhost(query: Query): Answer {
    const writer = this.#writer
    writer.begin(query)
    if (!this.#address(query)) this.#soa(HEADER_OCTETS, query)
    return writer.finish(Rcode.NOERROR, query.copiedFlags)
  }

  #inZone(query: Query, zoneAt: number, isLocalhost: boolean): Answer {
    const writer = this.#writer
    writer.begin(query)
    let rcode: typeof Rcode.NOERROR | typeof Rcode.NXDOMAIN = Rcode.NOERROR
    if (zoneAt === HEADER_OCTETS) {
      const found = isLocalhost && this.#address(query)
      if (!found && !this.#apex(query)) this.#soa(HEADER_OCTETS, query)
    } else if (!sameName(query.name, LOCALHOST_PTR)) {
      this.#soa(zoneAt, query)
      rcode = Rcode.NXDOMAIN
    } else if (query.qtype === Rtype.PTR) {
      writer.nameRecord(HEADER_OCTETS, writer.questionOctets, Rtype.PTR, TTL_SECONDS, LOCALHOST)
    } else this.#soa(zoneAt, query)
    return writer.finish(rcode, query.copiedFlags)
  }

  /** A or AAAA of localhost, if that is asked. */
  #address({ qtype }: Query): boolean {
    const octets = qtype === Rtype.A ? IPV4 : qtype === Rtype.AAAA ? IPV6 : undefined
    if (octets === undefined) return false
    const writer = this.#writer
    writer.address(HEADER_OCTETS, writer.questionOctets, TTL_SECONDS, octets, 0, octets.length)
    return true
  }

  /** SOA or NS of a zone, if that is asked. */
  #apex({ qtype }: Query): boolean {
    if (qtype !== Rtype.SOA && qtype !== Rtype.NS) return false
    const writer = this.#writer
    const rdata = qtype === Rtype.SOA ? SOA : LOCALHOST
    writer.head(HEADER_OCTETS, writer.questionOctets, qtype, TTL_SECONDS, rdata.length)
    writer.copy(rdata)
    return true
  }

  /** The SOA that says that there is nothing, owned by the name at `ownerAt` of the question. */
  #soa(ownerAt: number, query: Query): void {
    const writer = this.#writer
    writer.authority()
    writer.head(ownerAt, query.nameEnd - ownerAt, Rtype.SOA, TTL_SECONDS, SOA.length)
    writer.copy(SOA)
  }
}
