// Regular expressions as operators write them for CoreDNS (RE2's syntax), as JavaScript's.
import type { Parsed } from '../../corefile/values.ts'

/** Constructs that RE2 refuses: looking around and back. */
const UNSUPPORTED = /(?<!\\)(?:\\\\)*(\(\?(?:<?[=!]|[#>|]))/
const BACKREFERENCE = /(?<!\\)(?:\\\\)*(\\[1-9])/

/**
 * Compiles a pattern, unanchored. `(?i)` and its like are known at the beginning, groups may be named `(?P<name>…)`.
 * Errors: `error parsing regexp: missing closing ): …` and so on, as far as they can be told apart.
 */
export function compilePattern(text: string): Parsed<RegExp> {
  const unsupported = UNSUPPORTED.exec(text)?.[1]
  if (unsupported !== undefined) return fail(`invalid or unsupported Perl syntax: \`${unsupported}\``)
  const backreference = BACKREFERENCE.exec(text)?.[1]
  if (backreference !== undefined) return fail(`invalid escape sequence: \`${backreference}\``)
  const [, flags = '', body = ''] = /^(?:\(\?([ims]+)\))?(.*)$/s.exec(text) ?? []
  const pattern = body
    .replace(/\(\?P</g, '(?<')
    .replace(/\\A/g, '^')
    .replace(/\\z/g, '$')
  try {
    return { value: new RegExp(pattern, flags) }
  } catch (error) {
    return fail(reason(error instanceof Error ? error.message : '', text))
  }
}

const fail = (what: string): { readonly error: string } => ({ error: `error parsing regexp: ${what}` })

/** JavaScript's complaint in RE2's words. */
function reason(message: string, text: string): string {
  if (/Unterminated group/.test(message)) return `missing closing ): \`${text}\``
  if (/Unmatched '\)'/.test(message)) return `unexpected ): \`${text}\``
  if (/Unterminated character class/.test(message))
    return `missing closing ]: \`${text.slice(text.lastIndexOf('['))}\``
  if (/\\ at end/.test(message)) return 'trailing backslash at end of expression: ``'
  if (/Nothing to repeat/.test(message))
    return `missing argument to repetition operator: \`${repetition(text)}\``
  if (/out of order in character class/.test(message)) return `invalid character class range: \`${text}\``
  return `${message}: \`${text}\``
}

/** The operator that has nothing to repeat. */
const repetition = (text: string): string => /(?:^|[(|])([*+?])/.exec(text)?.[1] ?? '*'
