// Reads the plain YAML that kubectl prints and people write: block maps and lists, scalars on one line, literal blocks.
// Whatever is not plain beyond doubt is left to the full parser: this reader gives its value or none, never another one.
// It is there because a parser of all YAML takes a third of the time to the first answer (35 ms to load, 1 ms a document
// while it is cold), and is ten times slower on a file of 20,000 objects.
import { plainScalar } from './scalars.ts'

interface PlainDocument {
  readonly value: Readonly<Record<string, unknown>>
  /** The offset of the first key. */
  readonly offset: number
}

/** The document in `text`, a map at its top; `undefined` when the full parser has to read it. */
export function readPlainYaml(text: string): PlainDocument | undefined {
  // Tabs, controls and everything beyond ASCII may be more than they seem.
  if (/[^\n\r\x20-\x7e]/.test(text)) return undefined
  const lines = linesOf(text)
  if (lines === undefined) return undefined
  const reader = new PlainReader(lines)
  const [first] = lines
  if (first === undefined) return undefined
  const value = reader.document()
  return value === undefined ? undefined : { value, offset: first.start + first.indent }
}

interface Line {
  /** Where the line begins in the text. */
  readonly start: number
  indent: number
  /** Without indentation, line end and trailing blanks. */
  content: string
  /** As it is, without line end: what a literal block takes. */
  readonly raw: string
}

const DEPTH_MAX = 50
const KEY = /^(?:([A-Za-z_][\w./-]*)|"([^"\\]*)"|'([^']*)'):(?: +(.*))?$/

/** Lines with content, and those that may belong to a literal block; `undefined` when the document is not plain. */
function linesOf(text: string): Line[] | undefined {
  const lines: Line[] = []
  let start = 0
  if (text.startsWith('---')) {
    const end = text.indexOf('\n')
    if (end < 0 || !/^--- *(?: #.*)?\r?$/.test(text.slice(0, end))) return undefined
    start = end + 1
  }
  while (start < text.length) {
    const newline = text.indexOf('\n', start)
    const end = newline < 0 ? text.length : newline
    const windows = newline > start && text.charCodeAt(newline - 1) === 0x0d
    const raw = text.slice(start, windows ? newline - 1 : end)
    if (raw.includes('\r')) return undefined
    let indent = 0
    while (raw.charCodeAt(indent) === 0x20) indent++
    const content = raw.slice(indent).trimEnd()
    // Empty lines and comments before the first content are nothing to anybody.
    if (lines.length > 0 || (content !== '' && !content.startsWith('#')))
      lines.push({ start, indent, content, raw })
    start = end + 1
  }
  return lines
}

/** Thrown where the document stops being plain. One object: it says nothing and needs no stack. */
const NOT_PLAIN = new Error('not plain')

class PlainReader {
  readonly #lines: readonly Line[]
  #at = 0

  constructor(lines: readonly Line[]) {
    this.#lines = lines
  }

  document(): Record<string, unknown> | undefined {
    try {
      const first = this.#next()
      if (first === undefined || isItem(first.content)) return undefined
      const value = this.#map(first.indent, 0)
      return this.#next() === undefined ? value : undefined
    } catch (error) {
      if (error === NOT_PLAIN) return undefined
      throw error
    }
  }

  /** The next line with content, without taking it. */
  #next(): Line | undefined {
    for (; this.#at < this.#lines.length; this.#at++) {
      const line = this.#lines[this.#at]
      if (line !== undefined && line.content !== '' && !line.content.startsWith('#')) return line
    }
    return undefined
  }

  #map(indent: number, depth: number): Record<string, unknown> {
    if (depth > DEPTH_MAX) throw NOT_PLAIN
    const map: Record<string, unknown> = {}
    for (let line = this.#next(); line !== undefined && line.indent >= indent; line = this.#next()) {
      if (line.indent > indent) throw NOT_PLAIN
      // The items of a list at the same indentation were taken with their key.
      const match = KEY.exec(line.content)
      if (match === null) throw NOT_PLAIN
      const key = match[1] ?? match[2] ?? match[3] ?? ''
      if (key === '__proto__' || key === '<<' || Object.hasOwn(map, key)) throw NOT_PLAIN
      this.#at++
      map[key] = this.#value(match[4] ?? '', indent, depth, true)
    }
    return map
  }

  #list(indent: number, depth: number): unknown[] {
    if (depth > DEPTH_MAX) throw NOT_PLAIN
    const list: unknown[] = []
    for (let line = this.#next(); line !== undefined && line.indent >= indent; line = this.#next()) {
      if (line.indent > indent) throw NOT_PLAIN
      if (!isItem(line.content)) break
      const rest = line.content.slice(1).trimStart()
      if (isItem(rest)) throw NOT_PLAIN
      if (KEY.test(rest)) {
        // A map that begins on the line of the dash: read it as if the dash were a blank.
        line.indent += line.content.length - rest.length
        line.content = rest
        list.push(this.#map(line.indent, depth + 1))
      } else {
        this.#at++
        list.push(this.#value(rest, indent, depth, false))
      }
    }
    return list
  }

  /** What stands behind a key or dash at `indent`, or below it. */
  #value(text: string, indent: number, depth: number, behindKey: boolean): unknown {
    if (text === '' || text.startsWith('#')) return this.#below(indent, depth, behindKey)
    if (text === '|' || text === '|-') return this.#literal(indent, text === '|')
    const value = scalar(text)
    // A deeper line would go on with this one.
    const next = this.#next()
    if (next !== undefined && next.indent > indent) throw NOT_PLAIN
    return value
  }

  #below(indent: number, depth: number, behindKey: boolean): unknown {
    const next = this.#next()
    if (next === undefined || next.indent < indent) return null
    const item = isItem(next.content)
    if (next.indent === indent) return item && behindKey ? this.#list(indent, depth + 1) : null
    if (item) return this.#list(next.indent, depth + 1)
    if (!KEY.test(next.content)) throw NOT_PLAIN
    return this.#map(next.indent, depth + 1)
  }

  /** A literal block: everything that is indented more than its key. */
  #literal(indent: number, endsWithNewline: boolean): string {
    let inner = -1
    const taken: string[] = []
    for (; this.#at < this.#lines.length; this.#at++) {
      const { raw, content, indent: own } = this.#lines[this.#at] as Line
      if (content === '') {
        // Blank lines that are longer than the indentation are text, and before the first line they are a mistake.
        if (raw.length > Math.max(inner, 0)) throw NOT_PLAIN
        taken.push('')
        continue
      }
      if (own <= indent) break
      if (inner < 0) inner = own
      if (own < inner) throw NOT_PLAIN
      taken.push(raw.slice(inner))
    }
    while (taken.at(-1) === '') taken.pop()
    if (taken.length === 0) throw NOT_PLAIN
    return taken.join('\n') + (endsWithNewline ? '\n' : '')
  }
}

function isItem(content: string): boolean {
  return content === '-' || content.startsWith('- ')
}

/** A scalar that ends on its line, a comment behind it or not. */
function scalar(text: string): unknown {
  if (text === '{}') return {}
  if (text === '[]') return []
  const first = text.charCodeAt(0)
  if (first === 0x22 || first === 0x27) {
    const match = /^(?:"([^"\\]*)"|'([^']*)')(?: +#.*)?$/.exec(text)
    if (match === null) throw NOT_PLAIN
    return match[1] ?? match[2] ?? ''
  }
  if (!/^(?:[\w./+~(]|-[\w.])/.test(text)) throw NOT_PLAIN
  const comment = text.indexOf(' #')
  const plain = comment < 0 ? text : text.slice(0, comment).trimEnd()
  if (plain.includes(': ') || plain.endsWith(':')) throw NOT_PLAIN
  return plainScalar(plain)
}
