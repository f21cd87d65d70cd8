// A query while rules change it, and its answer on the way back.
import type { Answer, EdnsOption, RcodeNumber } from '../../dns/answer.ts'
import type { Eventual } from '../../dns/plugin.ts'
import { rewrittenQuery, type Query } from '../../dns/query.ts'
import { readSections, type Sections } from '../../dns/sections.ts'
import { queryNameText } from '../../dns/query-text.ts'
import { isEchoed } from '../../wire/edns.ts'
import { parseName, type Name } from '../../wire/name.ts'
import { Rtype } from '../../wire/numbers.ts'
import { read16, write16 } from '../../wire/records.ts'

/** The size that an OPT says which a rule adds (corefile-and-plugins.md §8.13). */
const OPT_SIZE = 4096
/** Root owner, type, class, TTL, length. */
const OPT_OCTETS = 11

export type Mode = 'stop' | 'continue'

/** One line of a Corefile. */
export interface Rule {
  /** Changes the draft and returns true, or returns false where it doesn't apply. */
  rewrite(draft: QueryDraft): boolean
}

/** What a rule wants to do to the answer. */
export interface ResponseRule {
  apply(response: ResponseDraft): Eventual<void> | void
}

export class QueryDraft {
  readonly query: Query
  readonly responseRules: ResponseRule[] = []
  qtype: number
  qclass: number
  /** Text that no name can be made of. */
  badName: string | undefined = undefined
  #name: Name
  #text: string | undefined
  #options: EdnsOption[] | undefined
  #changed = false

  constructor(query: Query) {
    this.query = query
    this.qtype = query.qtype
    this.qclass = query.qclass
    this.#name = query.name
  }

  /** In the letter case it came in. */
  get name(): Name {
    return this.#name
  }

  /** The name as rules see it: lower-cased, with its final dot. */
  get text(): string {
    return (this.#text ??= queryNameText(this.query))
  }

  /** Replaces the name. Text that isn't a name ends the query. */
  rename(text: string, name = parseName(text)): void {
    if (name === undefined || text.endsWith('..')) this.badName = text
    else this.#name = name
    this.#text = text
    this.#changed = true
  }

  get isRenamed(): boolean {
    return this.#changed
  }

  /** The EDNS options; a query without an OPT gets one. */
  get options(): EdnsOption[] {
    return (this.#options ??= readOptions(this.query))
  }

  get touchesOptions(): boolean {
    return this.#options !== undefined
  }

  /** The query that the next plugin sees. */
  finish(): Query {
    const { query } = this
    const isSame =
      !this.#changed &&
      this.#options === undefined &&
      this.qtype === query.qtype &&
      this.qclass === query.qclass
    return isSame ? query : rewrittenQuery(query, this.#name, this.qtype, this.qclass, this.#opt())
  }

  #opt(): Uint8Array | undefined {
    const { query } = this
    if (this.#options === undefined) {
      return query.optAt < 0 ? undefined : query.wire.subarray(query.optAt, query.optionsEnd)
    }
    const length = this.#options.reduce((sum, option) => sum + 4 + option.data.length, 0)
    const opt = Buffer.alloc(OPT_OCTETS + length)
    if (query.optAt >= 0) query.wire.copy(opt, 0, query.optAt, query.optAt + OPT_OCTETS)
    else {
      write16(opt, 1, Rtype.OPT)
      write16(opt, 3, OPT_SIZE)
    }
    write16(opt, 9, length)
    let at = OPT_OCTETS
    for (const { code, data } of this.#options) {
      write16(opt, at, code)
      write16(opt, at + 2, data.length)
      opt.set(data, at + 4)
      at += 4 + data.length
    }
    return opt
  }
}

function readOptions(query: Query): EdnsOption[] {
  const options: EdnsOption[] = []
  const { wire, optionsEnd } = query
  for (let at = query.optionsStart; at < optionsEnd;) {
    const next = at + 4 + read16(wire, at + 2)
    options.push({ code: read16(wire, at), data: wire.subarray(at + 4, next) })
    at = next
  }
  return options
}

export class ResponseDraft {
  /** As the next plugin saw it. */
  readonly query: Query
  readonly answer: Answer
  rcode: RcodeNumber
  flags: number
  /** Options of the OPT that will be sent; `undefined` when there is none, or the server's own echo is right. */
  options: EdnsOption[] | undefined
  #sections: Sections | undefined
  #unreadable = false

  /** `localCodes`: options that rules set on purpose, which the server repeats in answers of its own. */
  constructor(query: Query, answer: Answer, touchesOptions: boolean, localCodes: ReadonlySet<number>) {
    this.query = query
    this.answer = answer
    this.rcode = answer.rcode
    this.flags = answer.flags
    const repeated = () => readOptions(query).filter(({ code }) => isEchoed(code) || localCodes.has(code))
    this.options =
      answer.opt === undefined ? (touchesOptions ? repeated() : undefined) : [...answer.opt.options]
  }

  /** The records; empty when they can't be read, and the answer is a failure then. */
  get sections(): Sections {
    if (this.#sections === undefined) {
      const sections = readSections(this.answer)
      this.#unreadable = sections === undefined
      this.#sections = sections ?? { answer: [], authority: [], additional: [] }
    }
    return this.#sections
  }

  get hasReadSections(): boolean {
    return this.#sections !== undefined
  }

  get isUnreadable(): boolean {
    return this.#unreadable
  }
}
