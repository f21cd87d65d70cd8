// HTML in which text of strangers can't do anything: the tag `html` escapes what it is given unless it is markup already.

/** Markup that `html` made. */
export class Markup {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

export type Content = string | number | Markup | undefined | readonly Content[]

/** Names are at most 255 octets, four characters an octet when escaped; what is longer is no name and is cut. */
const SHOWN_MAX = 1020

/**
 * Text as it is shown: what can't be seen or turns the direction of what follows (controls, bidirectional marks, zero widths,
 * lone surrogates) becomes `\u{202e}`, and so do piles of combining marks that would cover the lines around.
 */
export function visible(text: string): string {
  const clipped = text.length > SHOWN_MAX ? `${text.slice(0, SHOWN_MAX)}…` : text
  return clipped
    .replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]/gu, escaped)
    .replace(/\p{M}{3,}/gu, marks => marks.replace(/\p{M}/gu, escaped))
}

const escaped = (character: string): string => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`

/**
 * HTML with text escaped, for elements and for attributes in double quotes alike. Line ends with their indentation are one
 * line end, and none before a `>`, so that templates can be laid out for people.
 */
export function html(literals: TemplateStringsArray, ...contents: readonly Content[]): Markup {
  let text = compact(literals[0] ?? '')
  for (let at = 0; at < contents.length; at++) text += written(contents[at]) + compact(literals[at + 1] ?? '')
  return new Markup(text)
}

const compact = (literal: string): string =>
  literal.includes('\n') ? literal.replace(/\s*\n\s*/g, '\n').replaceAll('\n>', '>') : literal

/** Text of our own that is already right where it stands: a style sheet, a script, SVG path data. Never anybody else's. */
export const trusted = (text: string): Markup => new Markup(text)

/** A name of a stranger: in a face that tells l from 1, in its own direction. */
export const code = (text: string): Markup => html`<bdi dir="ltr" class="name">${text}</bdi>`

const ENTITIES: Readonly<Record<string, string>> = {
  ...{ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;', '`': '&#96;' }
}

function written(content: Content): string {
  if (content === undefined) return ''
  if (content instanceof Markup) return content.text
  if (typeof content === 'number') return String(content)
  if (typeof content === 'string') return visible(content).replace(/[&<>"'`]/g, each => ENTITIES[each] ?? '')
  return content.map(written).join('')
}
