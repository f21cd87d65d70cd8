// `cname [match] FROM TO`: aliases that lead elsewhere (corefile-and-plugins.md §8.13).
import type { Parsed } from '../../corefile/values.ts'
import { LookupDepthError, type Answer } from '../../dns/answer.ts'
import { whenReady, type Eventual } from '../../dns/plugin.ts'
import type { Query } from '../../dns/query.ts'
import { readAnswers } from '../../dns/sections.ts'
import { formatName, parseName, type Name } from '../../wire/name.ts'
import { Flag, Rcode, Rtype } from '../../wire/numbers.ts'
import type { QueryDraft, ResponseDraft, ResponseRule, Rule } from './draft.ts'
import { isMatchType, normalized, replaceGroups, replaceText, replacementPattern } from './name-match.ts'

export type Lookup = (name: Name, qtype: number, query: Query) => Eventual<Answer>

/** Reads the words after `cname`. */
export function readCnameRule(args: readonly string[], lookup: Lookup): Parsed<Rule> {
  if (args.length < 2) return { error: `too few (${args.length}) arguments for a cname rule` }
  if (args.length > 3) return { error: `too many (${args.length}) arguments for a cname rule` }
  const type = args.length === 2 ? 'exact' : (args[0] as string).toLowerCase()
  const [from = '', to = ''] = args.slice(-2)
  if (!isMatchType(type)) return { error: `unknown cname rewrite type: ${type}` }
  if (type === 'regex') {
    const pattern = replacementPattern(from, to)
    if (pattern.error !== undefined) return pattern
    return { value: new CnameRule(text => replaceGroups(pattern.value, text, normalized(to)), lookup) }
  }
  return { value: new CnameRule(text => replaceText(type, text, normalized(from), normalized(to)), lookup) }
}

class CnameRule implements Rule, ResponseRule {
  readonly #replace: (target: string) => string | undefined
  readonly #lookup: Lookup

  constructor(replace: (target: string) => string | undefined, lookup: Lookup) {
    this.#replace = replace
    this.#lookup = lookup
  }

  rewrite(draft: QueryDraft): boolean {
    draft.responseRules.push(this)
    return true
  }

  /** The first CNAME whose target matches gets the new one, and what that has takes the place of what followed. */
  apply(response: ResponseDraft): Eventual<void> | void {
    const records = response.sections.answer
    const at = records.findIndex(
      ({ rtype, rdata }) => rtype === Rtype.CNAME && this.#target(rdata) !== undefined
    )
    const record = records[at]
    const target = record === undefined ? undefined : this.#target(record.rdata)
    if (record === undefined || target === undefined) return
    record.rdata = target
    const { query } = response
    return whenReady(this.#lookup(target, query.qtype, query), found => {
      const aliases = records.slice(0, at + 1).filter(({ rtype }) => rtype === Rtype.CNAME)
      records.splice(0, records.length, ...aliases, ...readAnswers(found))
      response.flags = (response.flags & ~Flag.TC) | (found.flags & Flag.TC)
      // A new target that leads back to the old one: CoreDNS asks itself for ever (docs/differences.md).
      if (found.error instanceof LookupDepthError) {
        response.answer.error = found.error
        response.rcode = Rcode.SERVFAIL
        records.length = 0
      }
    })
  }

  #target(rdata: Uint8Array): Name | undefined {
    const text = this.#replace(formatName(rdata).toLowerCase())
    return text === undefined ? undefined : parseName(text)
  }
}
