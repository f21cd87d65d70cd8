// The five ways in which rules match a name, and what they make of it.
import { PATTERN_OCTETS_MAX, compilePattern, type Pattern } from '../../corefile/pattern.ts'
import type { Parsed } from '../../corefile/values.ts'
import { makeZone } from '../../corefile/zones.ts'
import { parseName, sameName } from '../../wire/name.ts'
import type { QueryDraft } from './draft.ts'

export type MatchType = 'exact' | 'prefix' | 'suffix' | 'substring' | 'regex'

const TYPES: readonly string[] = ['exact', 'prefix', 'suffix', 'substring', 'regex'] satisfies MatchType[]

export const isMatchType = (text: string): text is MatchType => TYPES.includes(text)

/** Whether a rule is about the name. */
export interface NameTest {
  matches(draft: QueryDraft): boolean
}

/** Lower-cased, with a final dot. */
export const normalized = (text: string): string => makeZone(text).zone

/** The test that `[match] NAME` of a ttl or rcode rule stands for. */
export function nameTest(
  type: MatchType,
  text: string,
  badPattern: (text: string) => string
): Parsed<NameTest> {
  if (type === 'regex') {
    const pattern = compilePattern(text)
    if (pattern.error !== undefined) return { error: badPattern(text) }
    return { value: { matches: draft => pattern.value.test(draft.text) } }
  }
  const wanted = normalized(text)
  switch (type) {
    case 'exact': {
      const name = parseName(wanted)
      return { value: { matches: draft => name !== undefined && sameName(draft.name, name) } }
    }
    case 'prefix':
      return { value: { matches: draft => draft.text.startsWith(wanted) } }
    case 'suffix':
      return { value: { matches: draft => draft.text.endsWith(wanted) } }
    case 'substring':
      return { value: { matches: draft => draft.text.includes(wanted) } }
  }
}

/** What a text becomes under `FROM TO`; `undefined` when FROM doesn't match. */
export function replaceText(type: Exclude<MatchType, 'regex'>, text: string, from: string, to: string) {
  switch (type) {
    case 'exact':
      return text === from ? to : undefined
    case 'prefix':
      return text.startsWith(from) ? to + text.slice(from.length) : undefined
    case 'suffix':
      return text.endsWith(from) ? text.slice(0, text.length - from.length) + to : undefined
    case 'substring':
      return text.includes(from) ? text.replaceAll(from, () => to) : undefined
  }
}

/** `TO` with `{0}`…`{n}` replaced by the groups of FROM's match; `undefined` when FROM doesn't match. */
export function replaceGroups(pattern: Pattern, text: string, to: string): string | undefined {
  const groups = pattern.find(text)
  if (groups === undefined) return undefined
  return to.replace(/\{(\d{1,3})\}/g, (all, digits: string) =>
    String(Number(digits)) === digits ? (groups[Number(digits)] ?? all) : all
  )
}

/** FROM compiled, where TO asks for no more groups than it has. */
export function replacementPattern(from: string, to: string): Parsed<Pattern> {
  if (Buffer.byteLength(from) > PATTERN_OCTETS_MAX) {
    return {
      error: `regex pattern too long in a rewrite rule: ${Buffer.byteLength(from)} > ${PATTERN_OCTETS_MAX}`
    }
  }
  const pattern = compilePattern(from)
  if (pattern.error !== undefined) return { error: `invalid regex matching pattern: ${from}` }
  const used = new Set(Array.from(to.matchAll(/\{(\d{1,3})\}/g), match => match[1])).size
  if (used > pattern.value.groupCount) {
    return {
      error: `the rewrite regex pattern (${to}) uses more subexpressions than its corresponding matching regex pattern (${from})`
    }
  }
  return pattern
}
