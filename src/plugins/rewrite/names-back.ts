// Names in answers, mapped back to what the client asked for.
import type { Pattern } from '../../corefile/pattern.ts'
import { namesIn, type SectionRecord, type Sections } from '../../dns/sections.ts'
import {
  NAME_OCTETS_MAX,
  endOfName,
  formatName,
  isSubdomain,
  parseName,
  sameName,
  type Name
} from '../../wire/name.ts'
import { Rtype } from '../../wire/numbers.ts'
import type { ResponseDraft, ResponseRule } from './draft.ts'
import { replaceGroups } from './name-match.ts'

export interface NameMap {
  /** The name it becomes; `undefined` when it stays, also when what it became is no name. */
  map(name: Name): Name | undefined
}

/** A name, and every name below it. */
export class RemapBack implements NameMap {
  readonly #from: Name
  readonly #to: Name

  constructor(from: Name, to: Name) {
    this.#from = from
    this.#to = to
  }

  map(name: Name): Name | undefined {
    const from = this.#from
    if (sameName(name, from)) return this.#to
    const above = name.length - from.length
    // Everything lies below the root; a rule about it means the root alone.
    if (from.length === 1 || !isSubdomain(name, from) || above + this.#to.length > NAME_OCTETS_MAX)
      return undefined
    return Buffer.concat([name.subarray(0, above), this.#to]) as Uint8Array as Name
  }
}

/** The end of a name's text. */
export class SuffixBack implements NameMap {
  readonly #from: string
  readonly #to: string

  constructor(from: string, to: string) {
    this.#from = from
    this.#to = to
  }

  map(name: Name): Name | undefined {
    const text = formatName(name)
    if (!text.toLowerCase().endsWith(this.#from)) return undefined
    return parseName(text.slice(0, text.length - this.#from.length) + this.#to)
  }
}

export class PatternBack implements NameMap {
  readonly #pattern: Pattern
  readonly #to: string

  constructor(pattern: Pattern, to: string) {
    this.#pattern = pattern
    this.#to = to
  }

  map(name: Name): Name | undefined {
    const text = replaceGroups(this.#pattern, formatName(name), this.#to)
    return text === undefined ? undefined : parseName(text)
  }
}

/** Owners of records in every section. */
export class NamesBack implements ResponseRule {
  readonly #map: NameMap

  constructor(map: NameMap) {
    this.#map = map
  }

  apply({ sections }: ResponseDraft): void {
    for (const record of everyRecord(sections)) record.owner = this.#map.map(record.owner) ?? record.owner
  }
}

/** Types whose data holds a name that is mapped back; of a SOA the first of its two. */
const VALUES: ReadonlySet<number> = new Set([
  Rtype.CNAME,
  Rtype.DNAME,
  Rtype.SRV,
  Rtype.MX,
  Rtype.NS,
  Rtype.PTR,
  Rtype.NAPTR,
  Rtype.SOA
])

/** Names in records' data in every section. */
export class ValuesBack implements ResponseRule {
  readonly #map: NameMap

  constructor(map: NameMap) {
    this.#map = map
  }

  apply({ sections }: ResponseDraft): void {
    for (const record of everyRecord(sections)) {
      const start = VALUES.has(record.rtype) ? namesIn(record.rtype, record.rdata)?.[0] : undefined
      if (start === undefined) continue
      const { rdata } = record
      const end = endOfName(rdata, start)
      const mapped = this.#map.map(rdata.subarray(start, end) as Name)
      if (mapped !== undefined)
        record.rdata = Buffer.concat([rdata.subarray(0, start), mapped, rdata.subarray(end)])
    }
  }
}

export function* everyRecord(sections: Sections): Iterable<SectionRecord> {
  yield* sections.answer
  yield* sections.authority
  yield* sections.additional
}
