// Patterns over paths: `*`, `?`, `[a-z]`, `{yaml,yml}` within a part of the path, and `**` for any number of folders.

const SPECIAL = /[*?[{]/

export function isGlob(path: string): boolean {
  return SPECIAL.test(path)
}

/** A test for one part of a path. A pattern that doesn't begin with a dot matches no hidden name, as in a shell. */
export function partMatcher(pattern: string): (name: string) => boolean {
  const expression = new RegExp(`^${translate(pattern)}$`, 'su')
  const hiddenToo = pattern.startsWith('.')
  return name => (hiddenToo || !name.startsWith('.')) && expression.test(name)
}

/** `a/b/*.yaml` is the folder `a/b` and the parts `['*.yaml']`. */
export function splitGlob(path: string): { readonly base: string; readonly parts: readonly string[] } {
  const parts = path.split('/')
  const first = parts.findIndex(isGlob)
  const base = parts.slice(0, first).join('/')
  const root = path.startsWith('/') && base === ''
  return {
    base: root ? '/' : base === '' ? '.' : base,
    parts: parts.slice(first).filter(part => part !== '')
  }
}

function translate(pattern: string): string {
  let expression = ''
  for (let at = 0; at < pattern.length; at++) {
    const character = pattern[at] as string
    const end =
      character === '[' ? pattern.indexOf(']', at + 2) : character === '{' ? pattern.indexOf('}', at) : -1
    if (character === '*') {
      // Several stars are one: each would be one more way to backtrack.
      while (pattern[at + 1] === '*') at++
      expression += '.*'
    } else if (character === '?') expression += '.'
    else if (character === '[' && end > 0) {
      const members = pattern.slice(at + 1, end).replace(/^[!^]/, '')
      const negated = /^[!^]/.test(pattern.slice(at + 1, end))
      expression += classOf(members, negated)
      at = end
    } else if (character === '{' && end > 0) {
      const choices = pattern.slice(at + 1, end).split(',')
      expression += `(?:${choices.map(translate).join('|')})`
      at = end
    } else expression += escaped(character)
  }
  return expression
}

function classOf(members: string, negated: boolean): string {
  const safe = members.replace(/[\\\]^[]/g, '\\$&')
  // A range that runs backwards (`[z-a]`) is no range; the characters themselves are meant.
  try {
    const expression = `[${negated ? '^' : ''}${safe}]`
    return new RegExp(expression, 'u').source
  } catch {
    return `[${negated ? '^' : ''}${safe.replaceAll('-', '\\-')}]`
  }
}

function escaped(character: string): string {
  return /[\\^$.*+?()[\]{}|/]/.test(character) ? `\\${character}` : character
}
