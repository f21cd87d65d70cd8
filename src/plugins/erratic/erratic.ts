// A server that misbehaves as it is told, for testing clients (corefile-and-plugins.md §8.26).
import type { Answer } from '../../dns/answer.ts'
import { AnswerWriter } from '../../dns/answer-writer.ts'
import type { Eventual, Plugin } from '../../dns/plugin.ts'
import type { Query } from '../../dns/query.ts'
import { emptyAnswer } from '../../dns/response.ts'
import type { Clock } from '../../runtime/clock.ts'
import { Flag, HEADER_OCTETS, Rcode, Rtype } from '../../wire/numbers.ts'
import { encodeName, joinNames, type Name } from '../../wire/name.ts'

export interface ErraticOptions {
  /** Every so many queries nothing is sent; 0: never. */
  readonly drop: number
  /** Every so many answers wait; 0: never. */
  readonly delay: number
  readonly delayMs: number
  /** Queries whose number has no bit in common with this are marked truncated; 0: none. CoreDNS counts like that. */
  readonly truncate: number
  /** 30 records instead of one, for A. */
  readonly large: boolean
}

const IPV4 = Uint8Array.of(192, 0, 2, 53)
const IPV6 = Uint8Array.of(0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x53)
const LARGE_RECORDS = 30

/** The small zone that a transfer gives. */
const MNAME = encodeName('sns.dns.icann.org')
const RNAME = encodeName('noc.dns.icann.org')
const SOA_NUMBERS = [2_018_050_825, 7200, 3600, 1_209_600, 3600]
const SERVERS = [
  { label: encodeName('b'), address: Uint8Array.of(0x20, 0x01, 5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x54) },
  {
    label: encodeName('a'),
    address: Uint8Array.of(0x20, 0x01, 0x0b, 0xd8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x53)
  }
]

/** Numbers are compared in 31 bits: more no line can name. */
const NUMBER_MODULUS = 2 ** 31

/** The number of queries within which /ready is told that all is well. */
const READY_FROM = 3
const READY_BEFORE = 5

export class Erratic implements Plugin {
  readonly name = 'erratic'
  readonly #options: ErraticOptions
  readonly #clock: Clock
  readonly #writer = new AnswerWriter()
  #count = 0

  constructor(options: ErraticOptions, clock: Clock) {
    this.#options = options
    this.#clock = clock
  }

  /** Only after a few queries, and not for long: for testing what flaps. */
  isReady(): boolean {
    return this.#count >= READY_FROM && this.#count < READY_BEFORE
  }

  answer(query: Query): Eventual<Answer> {
    const { drop, delay, delayMs, truncate } = this.#options
    const number = this.#count++
    const answer = this.#write(query, truncate > 0 && ((number % NUMBER_MODULUS) & truncate) === 0)
    if (drop > 0 && number % drop === 0) {
      answer.dropped = true
      return answer
    }
    if (delay === 0 || number % delay !== 0) return answer
    return this.#clock.sleep(delayMs).then(() => answer)
  }

  #write(query: Query, isTruncated: boolean): Answer {
    const flags = query.copiedFlags | Flag.AA | (isTruncated ? Flag.TC : 0)
    const writer = this.#writer
    writer.begin(query)
    switch (query.qtype) {
      case Rtype.A:
        for (let left = this.#options.large ? LARGE_RECORDS : 1; left > 0; left--) this.#address(IPV4)
        break
      case Rtype.AAAA:
        this.#address(IPV6)
        break
      case Rtype.AXFR:
        // A transfer that is cut lacks its last record.
        this.#zone(query.name, !isTruncated)
        return writer.finish(Rcode.NOERROR, query.copiedFlags | Flag.AA)
      default:
        return emptyAnswer(query, Rcode.SERVFAIL)
    }
    return writer.finish(Rcode.NOERROR, flags)
  }

  #address(octets: Uint8Array): void {
    const writer = this.#writer
    writer.address(HEADER_OCTETS, writer.questionOctets, 0, octets, 0, octets.length)
  }

  #zone(zone: Name, isWhole: boolean): void {
    const writer = this.#writer
    const owner = writer.questionOctets
    this.#soa()
    const servers = SERVERS.flatMap(({ label, address }) => {
      const name = joinNames(label, zone)
      return name === undefined ? [] : [{ name, address }]
    })
    for (const { name } of servers) writer.nameRecord(HEADER_OCTETS, owner, Rtype.NS, 0, name)
    for (const { name, address } of servers.reverse())
      writer.addressOf(name, -1, 0, address, 0, address.length)
    if (isWhole) this.#soa()
  }

  #soa(): void {
    const numbers = Buffer.alloc(20)
    for (const [at, number] of SOA_NUMBERS.entries()) numbers.writeUInt32BE(number, at * 4)
    const rdata = Buffer.concat([MNAME, RNAME, numbers])
    const writer = this.#writer
    writer.head(HEADER_OCTETS, writer.questionOctets, Rtype.SOA, 0, rdata.length)
    writer.copy(rdata)
  }
}
