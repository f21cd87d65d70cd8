// AXFR and IXFR over TCP (corefile-and-plugins.md §8.33, kubernetes-records.md §16). IXFR is a single SOA when the client
// is up to date and a whole transfer otherwise.
import type { Answer } from '../../dns/answer.ts'
import { AnswerWriter } from '../../dns/answer-writer.ts'
import type { Eventual, Handler, Plugin } from '../../dns/plugin.ts'
import type { Query } from '../../dns/query.ts'
import { queryNameText } from '../../dns/query-text.ts'
import { emptyAnswer } from '../../dns/response.ts'
import type { Notifier, Transferer, ZoneTransfer } from '../../dns/transfer.ts'
import type { ZoneTable } from '../../dns/zone.ts'
import type { Log } from '../../runtime/log.ts'
import type { Runtime } from '../../runtime/runtime.ts'
import type { DirectTarget } from '../../upstream/direct.ts'
import { endOfName, type Name } from '../../wire/name.ts'
import { Flag, HEADER_OCTETS, Rcode, Rtype } from '../../wire/numbers.ts'
import { endOfRecord, read16, read32 } from '../../wire/records.ts'
import { notifyAll } from './notify.ts'

/** Records of a transfer are gathered into messages of about this many octets (RFC 5936 §2.2 leaves it open). */
const MESSAGE_OCTETS = 16_384

export interface TransferRule {
  /** Who may transfer. */
  readonly allows: (address: string) => boolean
  /** Who is told when a zone has changed. */
  readonly targets: readonly DirectTarget[]
}

export class Transfer implements Plugin, Notifier {
  readonly name = 'transfer'
  readonly #zones: ZoneTable<TransferRule>
  readonly #transferers: () => readonly Transferer[]
  readonly #runtime: Pick<Runtime, 'clock' | 'log' | 'random'>
  readonly #log: Log
  readonly #writer = new AnswerWriter()

  /** `transferers` is asked when a query comes, as the plugins are all set up by then. */
  constructor(
    zones: ZoneTable<TransferRule>,
    transferers: () => readonly Transferer[],
    runtime: Pick<Runtime, 'clock' | 'log' | 'random'>
  ) {
    this.#zones = zones
    this.#transferers = transferers
    this.#runtime = runtime
    this.#log = runtime.log.plugin('transfer')
  }

  async notify(zone: Name): Promise<void> {
    const targets = this.#zones.find(zone, 0, zone.length)?.targets ?? []
    await notifyAll(zone, targets, this.#runtime.clock, this.#runtime.random)
  }

  answer(query: Query, next: Handler): Eventual<Answer> {
    if (query.qtype !== Rtype.AXFR && query.qtype !== Rtype.IXFR) return next.answer(query)
    if (query.transport === 'udp') return emptyAnswer(query, Rcode.REFUSED)
    const rule = this.#zones.find(query.wire, HEADER_OCTETS, query.nameEnd)
    if (rule === undefined) return next.answer(query)
    if (!rule.allows(query.peer.address)) return emptyAnswer(query, Rcode.REFUSED)
    for (const transferer of this.#transferers()) {
      const zone = transferer.transfer(query.name)
      if (zone !== undefined) return this.#send(query, zone)
    }
    return next.answer(query)
  }

  #send(query: Query, zone: ZoneTransfer): Answer {
    if (query.qtype === Rtype.IXFR) {
      const serial = clientSerial(query)
      const isCurrent = zone.isCurrent?.(serial) ?? serial === zone.serial
      if (serial >= 0 && isCurrent) {
        const place = describe(query, zone.serial)
        this.#log.info(`Outgoing noop, incremental transfer for up to date zone ${place}`)
        return this.#message(query, [zone.soa])
      }
    }
    const messages = this.#messages(query, zone)
    const first = messages.next()
    const answer = first.done === true ? emptyAnswer(query, Rcode.SERVFAIL) : first.value
    answer.more = messages
    return answer
  }

  *#messages(query: Query, zone: ZoneTransfer): Generator<Answer, undefined> {
    const soa = zone.soa
    let count = 2
    let batch: Uint8Array[] = [soa]
    let octets = soa.length
    for (const record of zone.records()) {
      if (octets + record.length > MESSAGE_OCTETS) {
        yield this.#message(query, batch)
        batch = []
        octets = 0
      }
      batch.push(record)
      octets += record.length
      count++
    }
    batch.push(soa)
    yield this.#message(query, batch)
    this.#log.info(`Outgoing transfer of ${count} records of zone ${describe(query, zone.serial)}`)
    return undefined
  }

  #message(query: Query, records: readonly Uint8Array[]): Answer {
    this.#writer.begin(query)
    for (const record of records) this.#writer.record(record)
    return this.#writer.finish(Rcode.NOERROR, Flag.AA | query.copiedFlags)
  }
}

/** `"example.org." to 192.0.2.1 for 7 SOA serial`. */
const describe = (query: Query, serial: number): string =>
  `"${queryNameText(query)}" to ${query.peer.address} for ${serial} SOA serial`

/** The serial in the authority section of an IXFR query (RFC 1995 §3); -1 when there is none. */
export function clientSerial(query: Query): number {
  const { wire } = query
  if (read16(wire, 6) !== 0 || read16(wire, 8) === 0) return -1
  const start = query.questionEnd
  const end = endOfRecord(wire, start)
  const fixed = endOfName(wire, start)
  if (end < 0 || read16(wire, fixed) !== Rtype.SOA || end - fixed - 10 < 22) return -1
  return read32(wire, end - 20)
}
