// Regular expressions as people write them in Corefiles: RE2's syntax, and RE2's promise that a name from outside can't
// make a match take more than linear time (docs/decisions/0006-linear-patterns.md).
import { RE2JS } from 're2js'
import type { Parsed } from './values.ts'

/** Longer patterns are refused where CoreDNS refuses them (corefile-and-plugins.md §7). */
export const PATTERN_OCTETS_MAX = 10_000

/** A compiled pattern, unanchored. */
export class Pattern {
  readonly text: string
  readonly groupCount: number
  readonly #compiled: RE2JS

  constructor(text: string, compiled: RE2JS) {
    this.text = text
    this.#compiled = compiled
    this.groupCount = compiled.groupCount()
  }

  /** Numbers of the named groups, by name. */
  get groupNumbers(): ReadonlyMap<string, number> {
    return new Map(Object.entries(this.#compiled.namedGroups()))
  }

  test(text: string): boolean {
    return this.#compiled.test(text)
  }

  /** The leftmost match and its groups, those without a match empty; `undefined` when there is none. */
  find(text: string): readonly string[] | undefined {
    // Saying whether there is a match costs a twentieth of saying where.
    if (!this.#compiled.test(text)) return undefined
    const matcher = this.#compiled.matcher(text)
    if (!matcher.find()) return undefined
    return Array.from({ length: this.groupCount + 1 }, (_, group) => matcher.group(group) ?? '')
  }
}

/** Compiles a pattern. Errors are RE2's: ``error parsing regexp: missing closing ): `(` ``. */
export function compilePattern(text: string): Parsed<Pattern> {
  try {
    return { value: new Pattern(text, RE2JS.compile(text)) }
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    return { error: message === TRAILING_BACKSLASH ? `${message}: \`\`` : message }
  }
}

/** Go prints the empty rest of the expression too. */
const TRAILING_BACKSLASH = 'error parsing regexp: trailing backslash at end of expression'
