// Where the characters of a YAML scalar's text stand in the YAML file.
import type { Scalar } from 'yaml'
import type { Locate } from './lexer.ts'
import type { Position } from './position.ts'

/** Lines and columns of offsets in one text. Quick when offsets are asked for in rising order, as a lexer does. */
export class TextPlaces {
  readonly #text: string
  readonly #file: string
  #offset = 0
  #line = 1
  #column = 1

  constructor(text: string, file: string) {
    this.#text = text
    this.#file = file
  }

  get file(): string {
    return this.#file
  }

  at(offset: number): Position {
    if (offset < this.#offset) {
      this.#offset = 0
      this.#line = 1
      this.#column = 1
    }
    for (const end = Math.min(offset, this.#text.length); this.#offset < end; this.#offset++) {
      const code = this.#text.charCodeAt(this.#offset)
      if (code === 0x0a) {
        this.#line++
        this.#column = 1
      } else if ((code & 0xfc00) !== 0xdc00 && code !== 0xfeff) this.#column++
    }
    return { file: this.#file, line: this.#line, column: this.#column }
  }
}

/**
 * Places of the characters of `value`, which is what `scalar` of the file `source` says. Exact for literal blocks (`|`),
 * quoted and plain scalars; for folded blocks (`>`), which no Corefile survives, the place where the scalar begins.
 */
export function scalarLocate(scalar: Scalar, value: string, source: string, places: TextPlaces): Locate {
  const [start, end] = scalar.range ?? [0, 0, 0]
  const raw = source.slice(start, end)
  if (scalar.type === 'BLOCK_LITERAL') {
    const indent = literalIndent(raw, value)
    const first = places.at(start).line
    if (indent !== undefined)
      return (_, line, column) => ({ file: places.file, line: first + line, column: indent + column })
  }
  const style = STYLES.get(scalar.type ?? '')
  const read = style === undefined ? undefined : readFlowScalar(raw, style)
  if (read === undefined || read.text !== value) {
    const begin = places.at(start)
    return () => begin
  }
  return offset => places.at(start + (read.offsets[offset] ?? 0))
}

/** How many blanks stand before every line of a literal block; undefined when the lines are not those of `value`. */
function literalIndent(raw: string, value: string): number | undefined {
  const rawLines = raw.split(/\r?\n/).slice(1) // the first is the `|`
  const lines = value.split('\n')
  const at = lines.findIndex(line => line !== '')
  const indent = at < 0 ? 0 : (rawLines[at]?.length ?? 0) - (lines[at] as string).length
  const fits = lines.every((line, index) => line === '' || rawLines[index]?.slice(indent) === line)
  return fits ? indent : undefined
}

type Style = 'double' | 'single' | 'plain'

const STYLES: ReadonlyMap<string, Style> = new Map([
  ['QUOTE_DOUBLE', 'double'],
  ['QUOTE_SINGLE', 'single'],
  ['PLAIN', 'plain']
])

/** Letters behind a backslash in double quotes (YAML 1.2.2 §5.7); `x`, `u` and `U` have digits. */
const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['0', '\0'],
  ['a', '\x07'],
  ['b', '\b'],
  ['t', '\t'],
  ['\t', '\t'],
  ['n', '\n'],
  ['v', '\v'],
  ['f', '\f'],
  ['r', '\r'],
  ['e', '\x1b'],
  [' ', ' '],
  ['"', '"'],
  ['/', '/'],
  ['\\', '\\'],
  ['N', '\x85'],
  ['_', '\xa0'],
  ['L', '\u2028'],
  ['P', '\u2029']
])

const DIGITS: ReadonlyMap<string, number> = new Map([
  ['x', 2],
  ['u', 4],
  ['U', 8]
])

/** The text of a scalar and, for each of its UTF-16 units, the offset in `raw` it comes from. */
function readFlowScalar(
  raw: string,
  style: Style
): { readonly text: string; readonly offsets: readonly number[] } {
  const parts: string[] = []
  const offsets: number[] = []
  /** How many units stand before the blanks that a line break would take away. */
  let solid = 0
  const put = (text: string, from: number): void => {
    for (const unit of text.split('')) {
      parts.push(unit)
      offsets.push(from)
    }
  }
  let at = style === 'plain' ? 0 : 1
  const end = style === 'plain' ? raw.length : raw.length - 1
  while (at < end) {
    const character = raw[at] as string
    const from = at
    const isBreak = isLineBreak(raw, at)
    if (isBreak || (style === 'double' && character === '\\' && isLineBreak(raw, at + 1))) {
      // Line breaks fold: one is a blank, each further one is itself; behind a backslash the first one is nothing.
      if (isBreak) {
        parts.length = solid
        offsets.length = solid
      }
      const space = spaceAt(raw, isBreak ? at : at + 1)
      const breaks = space.split('\n').length - 1
      put(breaks > 1 ? '\n'.repeat(breaks - 1) : isBreak ? ' ' : '', from)
      at += space.length + (isBreak ? 0 : 1)
    } else if (style === 'double' && character === '\\') {
      const letter = raw[at + 1] ?? ''
      const digits = DIGITS.get(letter) ?? 0
      const code = Number.parseInt(raw.slice(at + 2, at + 2 + digits), 16)
      put(
        digits === 0 ? (ESCAPES.get(letter) ?? letter) : code <= 0x10ffff ? String.fromCodePoint(code) : '',
        from
      )
      at += 2 + digits
    } else {
      put(character, from)
      at += style === 'single' && character === "'" ? 2 : 1
      if (character === ' ' || character === '\t') continue
    }
    solid = parts.length
  }
  return { text: parts.join(''), offsets }
}

const isLineBreak = (text: string, at: number): boolean =>
  text[at] === '\n' || (text[at] === '\r' && text[at + 1] === '\n')

function spaceAt(text: string, from: number): string {
  let at = from
  while (/[ \t\r\n]/.test(text[at] ?? '')) at++
  return text.slice(from, at)
}
