// Refuses texts that are nested so deep that a recursive parser would run out of stack. That is no mere exception: when
// V8 has to compile a regular expression on the last of the stack it ends the process.

/** The deepest Kubernetes objects (schemas in a CRD) stay under 64. */
export const DEPTH_MAX = 100

/**
 * The offset at which YAML text is nested deeper than `DEPTH_MAX`, or -1. An estimate, at worst half of what it is: brackets in
 * text count as well, and every column at which something begins counts as a level of what is below it.
 */
export function tooDeepAt(text: string): number {
  const columns: number[] = []
  let brackets = 0
  for (let start = 0; start < text.length;) {
    const newline = text.indexOf('\n', start)
    const end = newline < 0 ? text.length : newline
    let at = start
    let first = true
    for (; at < end; at++) {
      const code = text.charCodeAt(at)
      if (code === SPACE || code === TAB) continue
      const column = at - start
      if (first) while (columns.length > 0 && (columns.at(-1) ?? 0) >= column) columns.pop()
      first = false
      columns.push(column)
      if (columns.length > DEPTH_MAX) return at
      // `- - x` opens a list, a list in it, and what x is.
      const marker = (code === DASH || code === QUESTION) && isBlank(text.charCodeAt(at + 1))
      if (!marker) break
    }
    for (; at < end; at++) {
      const code = text.charCodeAt(at)
      if (code === OPEN_BRACE || code === OPEN_BRACKET) brackets++
      else if ((code === CLOSE_BRACE || code === CLOSE_BRACKET) && brackets > 0) brackets--
      if (brackets > DEPTH_MAX) return at
    }
    start = end + 1
  }
  return -1
}

/** Also true behind the end of the text, where the code is NaN. */
function isBlank(code: number): boolean {
  return code === SPACE || code === TAB || code === NEWLINE || code === CARRIAGE_RETURN || Number.isNaN(code)
}

const NEWLINE = 0x0a
const CARRIAGE_RETURN = 0x0d
const SPACE = 0x20
const TAB = 0x09
const DASH = 0x2d
const QUESTION = 0x3f
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d
const OPEN_BRACKET = 0x5b
const CLOSE_BRACKET = 0x5d
