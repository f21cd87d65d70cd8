// Errors as a person reads them: CoreDNS's message first, as it stands, then the line, a caret and how to mend it. What
// is ours begins with four blanks and `| ` on every line, so that tools which compare messages can leave it out.
import { printable } from '../runtime/printable.ts'
import type { CorefileError } from './position.ts'

/** The text of a file that a position names; undefined (or an exception) when it can't be had, and no line is shown. */
export type ReadFileText = (file: string) => string | undefined

/** One error, without a final line break. */
export function renderError(error: CorefileError, readFileText: ReadFileText): string {
  return [error.message, ...margin(details(error, readFileText))].join('\n')
}

/** Several errors, the first as `renderError` writes it and the others, message included, as remarks below it. */
export function renderErrors(errors: readonly CorefileError[], readFileText: ReadFileText): string {
  const [first, ...others] = errors
  if (first === undefined) return ''
  const more = others.flatMap(error => ['', ...error.message.split('\n'), ...details(error, readFileText)])
  return [renderError(first, readFileText), ...margin(more)].join('\n')
}

const margin = (lines: readonly string[]): string[] => lines.map(line => `    | ${line}`)

/** Longer lines are shown in part, with the place in it. */
const CHARACTERS_MAX = 120
const CHARACTERS_BEFORE = 60

function details(error: CorefileError, readFileText: ReadFileText): string[] {
  const { at, hint } = error
  const lines: string[] = []
  if (at !== undefined && at.line > 0) {
    lines.push(`${at.file}:${at.line}:${at.column}`)
    const line = lineOf(at.file, at.line, readFileText)
    if (line !== undefined) {
      const characters = Array.from(line)
      const from = characters.length <= CHARACTERS_MAX ? 0 : Math.max(0, at.column - 1 - CHARACTERS_BEFORE)
      const shown = characters
        .slice(from, from + CHARACTERS_MAX)
        .map(character => (character === '\t' ? ' ' : printable(character)))
      const before = at.column - 1 - from
      const word = /^(?:"[^"]*"?|[^\s]+)/.exec(shown.slice(before).join(''))?.[0] ?? ''
      lines.push(
        `  ${shown.join('')}`,
        `  ${' '.repeat(before)}${'^'.repeat(Math.max(1, Array.from(word).length))}`
      )
    }
  }
  if (hint !== undefined) lines.push(hint)
  return lines.flatMap(line => line.split('\n'))
}

function lineOf(file: string, line: number, readFileText: ReadFileText): string | undefined {
  try {
    const text = readFileText(file)?.replace(/^\ufeff/, '')
    return text?.split('\n')[line - 1]?.replace(/\r$/, '')
  } catch {
    return undefined
  }
}
