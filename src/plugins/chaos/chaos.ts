// Answers who serves here: TXT questions of class CH for a few names (corefile-and-plugins.md §8.24).
import type { Answer } from '../../dns/answer.ts'
import { AnswerWriter } from '../../dns/answer-writer.ts'
import type { Eventual, Handler, Plugin } from '../../dns/plugin.ts'
import type { Query } from '../../dns/query.ts'
import type { Random } from '../../runtime/random.ts'
import { encodeName, type NameKey, nameKey } from '../../wire/name.ts'
import { Rclass, Rcode, Rtype } from '../../wire/numbers.ts'
import { write16 } from '../../wire/records.ts'

export interface ChaosTexts {
  readonly version: string
  readonly authors: readonly string[]
  readonly hostName: string
}

/** One character string has no more (RFC 1035 §3.3). */
const STRING_OCTETS_MAX = 255
/** Octets of a record's type, class, TTL and data length. */
const FIXED_OCTETS = 10

const key = (name: string): NameKey => nameKey(encodeName(name))
const VERSION = [key('version.bind'), key('version.server')]
const HOST = [key('hostname.bind'), key('id.server')]
const AUTHORS = key('authors.bind')

export class Chaos implements Plugin {
  readonly name = 'chaos'
  readonly #random: Random
  readonly #writer = new AnswerWriter()
  /** The data of each name's records. */
  readonly #records: ReadonlyMap<NameKey, readonly Uint8Array[]>

  constructor({ version, authors, hostName }: ChaosTexts, random: Random) {
    this.#random = random
    this.#records = new Map<NameKey, readonly Uint8Array[]>([
      ...VERSION.map(each => [each, [characterString(version)]] as const),
      ...HOST.map(each => [each, [characterString(hostName)]] as const),
      [AUTHORS, authors.map(characterString)]
    ])
  }

  answer(query: Query, next: Handler): Eventual<Answer> {
    if (query.qclass !== Rclass.CH || query.qtype !== Rtype.TXT) return next.answer(query)
    const records = this.#records.get(query.key)
    if (records === undefined) return next.answer(query)
    const writer = this.#writer
    writer.begin(query)
    for (const rdata of this.#shuffled(records)) writer.record(textRecord(query, rdata))
    return writer.finish(Rcode.NOERROR, query.copiedFlags)
  }

  #shuffled(records: readonly Uint8Array[]): readonly Uint8Array[] {
    const left = [...records]
    return records.flatMap(() => left.splice(this.#random.integer(left.length), 1))
  }
}

function textRecord(query: Query, rdata: Uint8Array): Uint8Array {
  const { name } = query
  const record = new Uint8Array(name.length + FIXED_OCTETS + rdata.length)
  record.set(name)
  write16(record, name.length, Rtype.TXT)
  write16(record, name.length + 2, Rclass.CH)
  write16(record, name.length + 8, rdata.length) // the TTL stays 0
  record.set(rdata, name.length + FIXED_OCTETS)
  return record
}

/** A text as one character string: `\DDD` is an octet, any other backslash only takes the next character as it is. */
function characterString(text: string): Uint8Array {
  const octets = Buffer.from(text)
  const string = Buffer.alloc(1 + STRING_OCTETS_MAX)
  let length = 0
  for (let at = 0; at < octets.length && length < STRING_OCTETS_MAX; at++) {
    let octet = octets[at] as number
    if (octet === 0x5c) {
      const digits = octets.toString('latin1', at + 1, at + 4)
      if (/^(?:[01]\d\d|2[0-4]\d|25[0-5])$/.test(digits)) {
        octet = Number(digits)
        at += 3
      } else if (++at < octets.length) octet = octets[at] as number
      else break
    }
    string[++length] = octet
  }
  string[0] = length
  return string.subarray(0, length + 1)
}
