// `name [exact|prefix|suffix|substring|regex] FROM TO [answer …]` (corefile-and-plugins.md §8.13).
import type { Pattern } from '../../corefile/pattern.ts'
import type { Parsed } from '../../corefile/values.ts'
import { quoteText } from '../../corefile/values.ts'
import { parseName, sameName, type Name } from '../../wire/name.ts'
import type { QueryDraft, ResponseRule, Rule } from './draft.ts'
import {
  isMatchType,
  normalized,
  replaceGroups,
  replaceText,
  replacementPattern,
  type MatchType
} from './name-match.ts'
import { NamesBack, PatternBack, RemapBack, SuffixBack, ValuesBack, type NameMap } from './names-back.ts'

interface Answers {
  readonly auto: boolean
  readonly rules: readonly ResponseRule[]
}

/** Reads the words after `name`. */
export function readNameRule(args: readonly string[]): Parsed<Rule> {
  if (args.length < 2) return { error: 'too few arguments for a name rule' }
  const hasType = args.length > 2
  const type = hasType ? (args[0] as string).toLowerCase() : 'exact'
  const from = args[hasType ? 1 : 0] as string
  const to = args[hasType ? 2 : 1] as string
  if (!isMatchType(type)) {
    return {
      error: `name rule supports only exact, prefix, suffix, substring, and regex name matching, received: ${type}`
    }
  }
  const answers = args.length > 3 ? readAnswers(type, args.slice(3)) : { value: { auto: false, rules: [] } }
  if (answers.error !== undefined) return answers
  if (type === 'regex') {
    const pattern = replacementPattern(from, to)
    if (pattern.error !== undefined) return pattern
    return { value: new PatternNameRule(pattern.value, normalized(to), answers.value) }
  }
  if (type === 'exact') {
    const pattern = replacementPattern(normalized(to), normalized(from))
    if (pattern.error !== undefined) return pattern
    return { value: new ExactNameRule(normalized(from), normalized(to), answers.value.rules) }
  }
  return { value: new TextNameRule(type, normalized(from), normalized(to), answers.value) }
}

class ExactNameRule implements Rule {
  readonly #from: Name | undefined
  readonly #to: string
  readonly #toName: Name | undefined
  readonly #back: readonly ResponseRule[]

  constructor(from: string, to: string, rules: readonly ResponseRule[]) {
    this.#from = parseName(from)
    this.#to = to
    this.#toName = parseName(to)
    const map =
      this.#from === undefined || this.#toName === undefined
        ? undefined
        : new RemapBack(this.#toName, this.#from)
    this.#back = map === undefined ? rules : [...both(map), ...rules]
  }

  rewrite(draft: QueryDraft): boolean {
    if (this.#from === undefined || !sameName(draft.name, this.#from)) return false
    draft.rename(this.#to, this.#toName)
    draft.responseRules.push(...this.#back)
    return true
  }
}

class TextNameRule implements Rule {
  readonly #type: Exclude<MatchType, 'regex'>
  readonly #from: string
  readonly #to: string
  readonly #answers: Answers

  constructor(type: Exclude<MatchType, 'regex'>, from: string, to: string, answers: Answers) {
    this.#type = type
    this.#from = from
    this.#to = to
    this.#answers = answers
  }

  rewrite(draft: QueryDraft): boolean {
    const text = replaceText(this.#type, draft.text, this.#from, this.#to)
    if (text === undefined) return false
    const original = parseName(draft.text)
    draft.rename(text)
    const { auto, rules } = this.#answers
    if (auto && this.#type === 'suffix')
      draft.responseRules.push(...both(new SuffixBack(this.#to, this.#from)))
    else if (auto && original !== undefined)
      draft.responseRules.push(...both(new RemapBack(draft.name, original)))
    draft.responseRules.push(...rules)
    return true
  }
}

class PatternNameRule implements Rule {
  readonly #pattern: Pattern
  readonly #to: string
  readonly #answers: Answers

  constructor(pattern: Pattern, to: string, answers: Answers) {
    this.#pattern = pattern
    this.#to = to
    this.#answers = answers
  }

  rewrite(draft: QueryDraft): boolean {
    const text = replaceGroups(this.#pattern, draft.text, this.#to)
    if (text === undefined) return false
    const original = parseName(draft.text)
    draft.rename(text)
    const { auto, rules } = this.#answers
    if (auto && original !== undefined) draft.responseRules.push(...both(new RemapBack(draft.name, original)))
    draft.responseRules.push(...rules)
    return true
  }
}

const both = (map: NameMap): readonly ResponseRule[] => [new NamesBack(map), new ValuesBack(map)]

/** `answer auto`, `answer name REGEX TO`, `answer value REGEX TO`; the word `answer` is needed once. */
function readAnswers(type: string, args: readonly string[]): Parsed<Answers> {
  if (args.length < 2) return { error: `invalid arguments for ${type} rule` }
  if (args[0] !== 'answer') {
    return { error: `exceeded the number of arguments for a non-answer rule argument for ${type} rule` }
  }
  const rules: ResponseRule[] = []
  let auto = false
  let names = 0
  for (let at = 0; at < args.length;) {
    if (args[at] === 'answer') at++
    const kind = args[at++]
    if (kind === undefined) return { error: `type missing for answer rule for ${type} rule` }
    if (kind === 'auto') {
      auto = true
      continue
    }
    if (kind !== 'name' && kind !== 'value')
      return { error: `invalid type ${quoteText(kind)} for answer rule for ${type} rule` }
    const [from, to] = args.slice(at, at + 2)
    if (from === undefined || to === undefined)
      return { error: `${kind} answer rule for ${type} rule: 2 arguments required` }
    const pattern = replacementPattern(from, to)
    if (pattern.error !== undefined)
      return { error: `${kind} answer rule for ${type} rule: ${pattern.error}` }
    const map = new PatternBack(pattern.value, normalized(to))
    rules.push(kind === 'name' ? new NamesBack(map) : new ValuesBack(map))
    if (kind === 'name') names++
    at += 2
  }
  if (auto && names > 0)
    return { error: 'auto name answer rule cannot be combined with explicit name anwer rules' }
  return { value: { auto, rules } }
}
