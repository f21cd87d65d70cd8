// `{$NAME}` and `{%NAME%}` in words (corefile-and-plugins.md §1.2).

/** A word with its environment variables replaced; undefined when replacing has no end (`A={$A}`). */
export type Expand = (text: string) => string | undefined

/** A variable that holds references is replaced again, so both are needed: how often, and how much text in all. */
const REPLACEMENTS_MAX = 10_000
const CHARACTERS_MAX = 64 * 1024 * 1024

/**
 * Replaces `{%…%}` first, then `{$…}`, over and over until none is left. An unset variable becomes empty text; `{$}`
 * ends the replacing of its kind. One function serves one configuration: all its words share the bounds.
 */
export function environmentExpander(environment: Readonly<Record<string, string | undefined>>): Expand {
  let charactersLeft = CHARACTERS_MAX

  function replaceAll(text: string, opening: string, closing: string): string | undefined {
    for (let replacements = 0; ; replacements++) {
      const start = text.indexOf(opening)
      if (start < 0) return text
      const end = text.indexOf(closing, start)
      if (end <= start + opening.length) return text // not closed, or without a name
      const name = text.slice(start + opening.length, end)
      const value = Object.hasOwn(environment, name) ? (environment[name] ?? '') : ''
      // Every place with the same reference at once, not only the leftmost: it shows where `{$}` stands between two.
      const parts = text.split(opening + name + closing)
      charactersLeft -= text.length + parts.length * (value.length + 1)
      if (replacements === REPLACEMENTS_MAX || charactersLeft < 0) return undefined
      text = parts.join(value)
    }
  }

  return text => {
    if (!text.includes('{$') && !text.includes('{%')) return text
    const once = replaceAll(text, '{%', '%}')
    return once === undefined ? undefined : replaceAll(once, '{$', '}')
  }
}
