// Answers made from patterns and text (corefile-and-plugins.md §8.14).
import type { Pattern } from '../../corefile/pattern.ts'
import { LookupDepthError, type Answer, type RcodeNumber } from '../../dns/answer.ts'
import { whenReady, type Eventual, type Handler, type Plugin } from '../../dns/plugin.ts'
import type { Query } from '../../dns/query.ts'
import { queryNameText } from '../../dns/query-text.ts'
import { emptyAnswer } from '../../dns/response.ts'
import { readAnswers, writeSections, type Sections, type SectionRecord } from '../../dns/sections.ts'
import type { ZoneTable } from '../../dns/zone.ts'
import type { Name } from '../../wire/name.ts'
import { Flag, HEADER_OCTETS, OptionCode, Rclass, Rcode, Rtype } from '../../wire/numbers.ts'
import { write16 } from '../../wire/records.ts'
import type { InternalLookup } from '../definition.ts'
import type { Template, TemplateData } from './go/execute.ts'
import { recordOf } from './record-text.ts'
import { templateData, type Matched } from './template-data.ts'

export type SectionName = 'answer' | 'additional' | 'authority'

/** One `template` stanza. */
export interface TemplateRule {
  readonly qclass: number
  readonly qtype: number
  /** The zones' texts. */
  readonly zones: ZoneTable<string>
  readonly patterns: readonly Pattern[]
  readonly sections: Readonly<Record<SectionName, readonly Template[]>>
  readonly rcode: RcodeNumber
  readonly ede: { readonly code: number; readonly text: string } | undefined
  readonly fallthrough: ZoneTable<true> | undefined
}

/** What the plugin counts. */
export interface TemplateMeter {
  matched(matched: Matched): void
  templateFailed(matched: Matched, section: SectionName, template: Template): void
  recordFailed(matched: Matched, section: SectionName, template: Template): void
}

/** Sent to clients without EDNS too, as CoreDNS does. */
const EDE_OPT_SIZE = 4096

export class Templates implements Plugin {
  readonly name = 'template'
  readonly #rules: readonly TemplateRule[]
  readonly #lookup: InternalLookup
  readonly #meter: TemplateMeter

  constructor(rules: readonly TemplateRule[], lookup: InternalLookup, meter: TemplateMeter) {
    this.#rules = rules
    this.#lookup = lookup
    this.#meter = meter
  }

  answer(query: Query, next: Handler): Eventual<Answer> {
    let name: string | undefined
    for (const rule of this.#rules) {
      const zone = rule.zones.find(query.wire, HEADER_OCTETS, query.nameEnd)
      if (zone === undefined || !isOf(rule.qclass, Rclass.ANY, query.qclass)) continue
      if (rule.qtype !== Rtype.ANY && rule.qtype !== query.qtype) continue
      const text = (name ??= queryNameText(query))
      const pattern = rule.patterns.find(one => one.test(text))
      if (pattern === undefined) {
        if (rule.fallthrough?.find(query.wire, HEADER_OCTETS, query.nameEnd) === true) continue
        return emptyAnswer(query, Rcode.SERVFAIL)
      }
      const { qclass, qtype } = rule
      return this.#fill(rule, { query, zone, name: text, qclass, qtype, pattern })
    }
    return next.answer(query)
  }

  #fill(rule: TemplateRule, matched: Matched): Eventual<Answer> {
    const { query } = matched
    this.#meter.matched(matched)
    if (rule.rcode === Rcode.SERVFAIL) return emptyAnswer(query, Rcode.SERVFAIL)
    let sections: Sections
    try {
      const data = templateData(matched)
      sections = {
        answer: this.#records(rule, matched, data, 'answer'),
        additional: this.#records(rule, matched, data, 'additional'),
        authority: this.#records(rule, matched, data, 'authority')
      }
    } catch (error) {
      return failed(query, error instanceof Error ? error : new Error(String(error)))
    }
    if (query.qtype !== Rtype.A && query.qtype !== Rtype.AAAA) return finish(rule, query, sections, 0)
    return this.#followAliases(rule, query, sections)
  }

  #records(rule: TemplateRule, matched: Matched, data: TemplateData, section: SectionName): SectionRecord[] {
    const records: SectionRecord[] = []
    for (const template of rule.sections[section]) {
      let text: string
      try {
        text = template.run(data)
      } catch (error) {
        this.#meter.templateFailed(matched, section, template)
        throw error
      }
      try {
        const record = recordOf(text)
        if (record !== undefined) records.push(record)
      } catch (error) {
        this.#meter.recordFailed(matched, section, template)
        throw error
      }
    }
    return records
  }

  /**
   * An address query that gets an alias gets what the alias has behind it. An alias that leads back here is asked for
   * again until the bound on internal lookups ends it, and the whole is SERVFAIL then; CoreDNS never answers.
   */
  #followAliases(rule: TemplateRule, query: Query, sections: Sections): Eventual<Answer> {
    const { answer } = sections
    const follow = (from: number, flags: number): Eventual<Answer> => {
      const at = answer.findIndex(({ rtype }, i) => i >= from && rtype === Rtype.CNAME)
      const alias = answer[at]
      if (alias === undefined) return finish(rule, query, sections, flags)
      return whenReady(this.#lookup(alias.rdata as Name, query.qtype, query), found => {
        if (found.error instanceof LookupDepthError) return failed(query, found.error)
        const records = readAnswers(found)
        answer.splice(at + 1, 0, ...records)
        return follow(at + 1 + records.length, (flags & ~Flag.TC) | (found.flags & Flag.TC))
      })
    }
    return follow(0, 0)
  }
}

function failed(query: Query, error: Error): Answer {
  const answer = emptyAnswer(query, Rcode.SERVFAIL)
  answer.error = error
  return answer
}

const isOf = (wanted: number, any: number, found: number): boolean =>
  wanted === any || found === any || wanted === found

function finish(rule: TemplateRule, query: Query, sections: Sections, flags: number): Answer {
  const answer = writeSections(query, sections, rule.rcode, Flag.AA | query.copiedFlags | flags)
  if (rule.ede !== undefined) {
    const text = Buffer.from(rule.ede.text, 'utf8')
    const data = Buffer.alloc(2 + text.length)
    write16(data, 0, rule.ede.code)
    data.set(text, 2)
    answer.opt = { size: EDE_OPT_SIZE, dnssecOk: true, options: [{ code: OptionCode.EDE, data }] }
  }
  return answer
}
