// `type`, `class`, `ttl` and `rcode` rules (corefile-and-plugins.md §8.13).
import { parseUnsigned, quoteText, type Parsed } from '../../corefile/values.ts'
import { Rclass, Rcode, Rtype } from '../../wire/numbers.ts'
import type { ResponseRule, Rule } from './draft.ts'
import { isMatchType, nameTest, type NameTest } from './name-match.ts'
import { everyRecord } from './names-back.ts'

const TTL_MAX = 2_147_483_647

/** Reads the words after `type` or `class`. */
export function readNumberRule(field: 'type' | 'class', args: readonly string[]): Parsed<Rule> {
  if (args.length !== 2) return { error: `${field} rules must have exactly two arguments` }
  const known: Readonly<Record<string, number>> = field === 'type' ? Rtype : Rclass
  const numbers: number[] = []
  for (const word of args) {
    const number = Object.hasOwn(known, word.toUpperCase()) ? known[word.toUpperCase()] : undefined
    if (number === undefined) return { error: `invalid ${field} ${quoteText(word.toUpperCase())}` }
    numbers.push(number)
  }
  const [from = 0, to = 0] = numbers
  const key = field === 'type' ? 'qtype' : 'qclass'
  return {
    value: {
      rewrite: draft => {
        if (draft[key] !== from) return false
        draft[key] = to
        return true
      }
    }
  }
}

/** Reads the words after `ttl`. */
export function readTtlRule(args: readonly string[]): Parsed<Rule> {
  if (args.length < 2) return { error: `too few (${args.length}) arguments for a ttl rule` }
  const text = args[args.length === 2 ? 1 : 2] as string
  const bounds = readBounds(text)
  if (bounds === undefined) return { error: `invalid TTL '${text}' for a ttl rule` }
  if (args.length > 3) return { error: 'many few arguments for a ttl rule' }
  const test = readTest('ttl', args.slice(0, -1))
  if (test.error !== undefined) return test
  const [min, max] = bounds
  return {
    value: onAnswer(test.value, {
      apply: ({ sections }) => {
        for (const record of everyRecord(sections)) record.ttl = Math.max(min, Math.min(max, record.ttl))
      }
    })
  }
}

/** `30`, `30-60`, `30-`, `-60` in seconds. */
function readBounds(text: string): readonly [number, number] | undefined {
  const dash = text.indexOf('-')
  if (text === '-' || text === '') return undefined
  const low = dash < 0 ? text : text.slice(0, dash) || '0'
  const high = dash < 0 ? text : text.slice(dash + 1) || String(TTL_MAX)
  const min = parseUnsigned(low, 32)
  const max = parseUnsigned(high, 32)
  if (min.error !== undefined || max.error !== undefined || min.value > max.value) return undefined
  return [min.value, max.value]
}

/** Reads the words after `rcode`. */
export function readRcodeRule(args: readonly string[]): Parsed<Rule> {
  if (args.length < 3) return { error: `too few (${args.length}) arguments for a rcode rule` }
  const [oldText = '', newText = ''] = args.slice(args.length === 3 ? 1 : 2)
  const from = rcodeOf(oldText)
  if (from === undefined) return { error: `invalid matching RCODE '${oldText}' for a rcode rule` }
  const to = rcodeOf(newText)
  if (to === undefined) return { error: `invalid replacement RCODE '${newText}' for a rcode rule` }
  if (args.length > 4) return { error: 'many few arguments for a rcode rule' }
  const test = readTest('rcode', args.slice(0, -2))
  if (test.error !== undefined) return test
  return {
    value: onAnswer(test.value, {
      apply: response => {
        if (response.rcode === from) response.rcode = to
      }
    })
  }
}

function rcodeOf(text: string): number | undefined {
  const known: Readonly<Record<string, number>> = Rcode
  if (Object.hasOwn(known, text.toUpperCase())) return known[text.toUpperCase()]
  const number = parseUnsigned(text, 16)
  return number.error === undefined && number.value <= 0xfff ? number.value : undefined
}

/** `[match] NAME` at the start of a rule. */
function readTest(field: string, words: readonly string[]): Parsed<NameTest> {
  const type = words.length === 1 ? 'exact' : (words[0] as string).toLowerCase()
  if (!isMatchType(type)) {
    return { error: `${field} rule supports only exact, prefix, suffix, substring, and regex name matching` }
  }
  return nameTest(type, words.at(-1) as string, text => `invalid regex pattern in a ${field} rule: ${text}`)
}

function onAnswer(test: NameTest, rule: ResponseRule): Rule {
  return {
    rewrite: draft => {
      if (!test.matches(draft)) return false
      draft.responseRules.push(rule)
      return true
    }
  }
}
