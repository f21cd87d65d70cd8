// `rewrite [continue|stop] FIELD …`, one rule a line or a block (corefile-and-plugins.md §8.13).
import { nearestWord } from '../../corefile/nearest.ts'
import { quoteText, type Parsed } from '../../corefile/values.ts'
import type { PluginDefinition } from '../definition.ts'
import { readCnameRule, type Lookup } from './cname-rule.ts'
import type { Mode, Rule } from './draft.ts'
import { readEdnsRule } from './edns-rules.ts'
import { readNameRule } from './name-rule.ts'
import { readNumberRule, readRcodeRule, readTtlRule } from './other-rules.ts'
import { Rewrite, type ConfiguredRule } from './rewrite.ts'

const FIELDS = ['name', 'type', 'class', 'ttl', 'rcode', 'cname', 'edns0']

export const rewritePlugin: PluginDefinition = {
  name: 'rewrite',
  setup(c, context) {
    const rules: ConfiguredRule[] = []
    const localCodes = context.once('rewrite local options', () => new Set<number>())
    while (c.next()) {
      const at = c.token()
      const words = c.remainingArgs()
      // A block's words are one rule, wherever its lines end.
      if (words.length < 2) while (c.nextBlock()) words.push(c.val())
      const rule = readRule(words, context.lookup, localCodes)
      if (rule.error !== undefined) throw c.bareErr(rule.error, hintFor(words), at)
      rules.push(rule.value)
    }
    return new Rewrite(rules, localCodes)
  }
}

function readRule(words: readonly string[], lookup: Lookup, localCodes: Set<number>): Parsed<ConfiguredRule> {
  const first = words[0]?.toLowerCase()
  if (first === undefined) return { error: 'no rule type specified for rewrite' }
  const hasMode = first === 'stop' || first === 'continue'
  if (hasMode && words.length < 2) return { error: `${first} rule must begin with a rule type` }
  const field = hasMode ? (words[1] as string).toLowerCase() : first
  const args = words.slice(hasMode ? 2 : 1)
  const mode: Mode = first === 'continue' ? 'continue' : 'stop'
  const rule = readField(field, args, lookup, localCodes)
  if (rule === undefined) return { error: `invalid rule type ${quoteText(words[0] as string)}` }
  return rule.error === undefined ? { value: { mode, rule: rule.value } } : rule
}

function readField(
  field: string,
  args: readonly string[],
  lookup: Lookup,
  localCodes: Set<number>
): Parsed<Rule> | undefined {
  switch (field) {
    case 'answer':
      return { error: 'response rewrites must begin with a name rule' }
    case 'name':
      return readNameRule(args)
    case 'type':
    case 'class':
      return readNumberRule(field, args)
    case 'ttl':
      return readTtlRule(args)
    case 'rcode':
      return readRcodeRule(args)
    case 'cname':
      return readCnameRule(args, lookup)
    case 'edns0': {
      const rule = readEdnsRule(args)
      if (rule.error !== undefined) return rule
      if (rule.value.localCode !== undefined) localCodes.add(rule.value.localCode)
      return { value: rule.value.rule }
    }
    default:
      return undefined
  }
}

/** What a person may have meant. */
function hintFor(words: readonly string[]): string | undefined {
  const [first = '', second = ''] = words
  if (second === 'stop' || second === 'continue')
    return `'${second}' stands before the field: rewrite ${second} ${first} …`
  const field = first === 'stop' || first === 'continue' ? second : first
  if (FIELDS.includes(field)) return undefined
  const near = nearestWord(field, FIELDS)
  return near === undefined ? `rewrite knows ${FIELDS.join(', ')}` : `did you mean '${near}'?`
}
