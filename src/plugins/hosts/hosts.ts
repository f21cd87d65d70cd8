// Answers from a hosts file and from lines in the Corefile (corefile-and-plugins.md §8.12).
import type { Answer } from '../../dns/answer.ts'
import { AnswerWriter } from '../../dns/answer-writer.ts'
import type { Eventual, Handler, Plugin } from '../../dns/plugin.ts'
import type { Query } from '../../dns/query.ts'
import { emptyAnswer } from '../../dns/response.ts'
import type { ZoneTable } from '../../dns/zone.ts'
import { lowerName, type Name } from '../../wire/name.ts'
import { Flag, HEADER_OCTETS, Rcode, Rtype } from '../../wire/numbers.ts'
import { readReverseName } from '../../wire/reverse-name.ts'
import type { HostTable } from './host-table.ts'

export interface HostsOptions {
  readonly zones: ZoneTable<true>
  readonly ttlSeconds: number
  /** Names whose questions go on when there is no entry. */
  readonly fallthrough: ZoneTable<true>
  /** Whether questions for other types than A, AAAA and PTR go on there. */
  readonly fallthroughUnsupported: boolean
}

export class Hosts implements Plugin {
  readonly name = 'hosts'
  readonly #options: HostsOptions
  readonly #file: { readonly table: HostTable }
  readonly #inline: HostTable
  readonly #writer = new AnswerWriter()
  readonly #address = new Uint8Array(16)

  constructor(options: HostsOptions, file: { readonly table: HostTable }, inline: HostTable) {
    this.#options = options
    this.#file = file
    this.#inline = inline
  }

  answer(query: Query, next: Handler): Eventual<Answer> {
    const { zones, fallthrough, fallthroughUnsupported } = this.#options
    const { wire, nameEnd, qtype } = query
    if (qtype === Rtype.PTR) return this.#reverse(query) ?? next.answer(query)
    if (zones.find(wire, HEADER_OCTETS, nameEnd) === undefined) return next.answer(query)
    const family = qtype === Rtype.A ? 4 : qtype === Rtype.AAAA ? 16 : 0
    const mayFallThrough = () => fallthrough.find(wire, HEADER_OCTETS, nameEnd) !== undefined
    if (family === 0 && fallthroughUnsupported && mayFallThrough()) return next.answer(query)

    const name = lowerName(query.name)
    const answer = this.#addresses(query, name, family)
    if (answer !== undefined) return answer
    if (mayFallThrough()) return next.answer(query)
    // There is no SOA to say with authority that the name doesn't exist.
    return emptyAnswer(query, Rcode.SERVFAIL)
  }

  /** The addresses of one family (0: none are asked for), or nothing if the name has others; undefined if it has none. */
  #addresses(query: Query, name: Name, family: 0 | 4 | 16): Answer | undefined {
    const { ttlSeconds } = this.#options
    const writer = this.#writer
    writer.begin(query)
    // Owners are in lower case whatever the client wrote.
    let ownerAt = sameOctets(name, query.name) ? HEADER_OCTETS : -1
    for (const table of [this.#file.table, this.#inline]) {
      const octets = family === 0 ? undefined : table.addresses(name, family)
      if (octets === undefined) continue
      for (let at = 0; at < octets.length; at += family) {
        const recordAt = writer.at
        writer.addressOf(name, ownerAt, ttlSeconds, octets, at, family)
        if (ownerAt < 0) ownerAt = recordAt
      }
    }
    if (writer.recordCount === 0 && !this.#hasOthers(name)) return undefined
    return writer.finish(Rcode.NOERROR, Flag.AA | query.copiedFlags)
  }

  #hasOthers(name: Name): boolean {
    return [this.#file.table, this.#inline].some(
      table => table.addresses(name, 4) !== undefined || table.addresses(name, 16) !== undefined
    )
  }

  /** PTR records whatever the zones; undefined when the name spells no address, or one that nothing is known of. */
  #reverse(query: Query): Answer | undefined {
    const address = this.#address
    const family = readReverseName(query.wire, HEADER_OCTETS, query.nameEnd, address)
    if (family === 0) return undefined
    const names = [...this.#file.table.names(address, family), ...this.#inline.names(address, family)]
    if (names.length === 0) return undefined
    const lower = lowerName(query.name)
    const isLower = sameOctets(lower, query.name)
    const writer = this.#writer
    writer.begin(query)
    for (const name of names) {
      if (isLower) {
        writer.nameRecord(HEADER_OCTETS, writer.questionOctets, Rtype.PTR, this.#options.ttlSeconds, name)
      } else writer.record(pointerRecord(lower, this.#options.ttlSeconds, name))
      if (writer.overflowed) break
    }
    return writer.finish(Rcode.NOERROR, Flag.AA | query.copiedFlags)
  }
}

function sameOctets(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0
}

/** A whole PTR record, for an owner that the question doesn't spell so. */
function pointerRecord(owner: Name, ttlSeconds: number, target: Name): Uint8Array {
  const fixed = Buffer.alloc(10)
  fixed.writeUInt16BE(Rtype.PTR, 0)
  fixed.writeUInt16BE(1, 2)
  fixed.writeUInt32BE(ttlSeconds, 4)
  fixed.writeUInt16BE(target.length, 8)
  return Buffer.concat([owner, fixed, target])
}
