// Cuts a manifest file into parts that are read one by one: documents, and the items of a List, each of which costs a
// fraction of a millisecond, so that a file with 20,000 objects never holds the event loop, a mistake costs only its own
// part, and an edit makes only its own part be read again.
import { jsonParts, readsAsJson } from './json-parts.ts'
import type { Part } from './part.ts'

/** The parts of a file, in order; `undefined` now and then where a long search may be paused. */
export function* partsOf(octets: Buffer, path: string): Generator<Part | undefined, void> {
  yield* readsAsJson(octets, path) ? jsonParts(octets) : yamlParts(octets)
}

export interface PartText {
  readonly text: string
  /** Lines of the file that are missing in the text, and the offset behind which they are. */
  readonly missing: { readonly offset: number; readonly lines: number } | undefined
}

/** The text of a part, with its own line breaks, so that offsets tell lines and columns. */
export function textOf(octets: Buffer, part: Part): PartText {
  if (part.without !== undefined) {
    const { start, end, lines } = part.without
    const before = octets.toString('utf8', part.start, start)
    const text = before + octets.toString('utf8', end, part.end)
    return { text, missing: { offset: before.length, lines } }
  }
  const text = octets.toString('utf8', part.start, part.end)
  if (part.dash === undefined) return { text, missing: undefined }
  return { text: `${text.slice(0, part.dash)} ${text.slice(part.dash + 1)}`, missing: undefined }
}

const NEWLINE = 0x0a
const CARRIAGE_RETURN = 0x0d
const SPACE = 0x20
const TAB = 0x09
const HASH = 0x23
const DASH = 0x2d
const PERCENT = 0x25
const DOT = 0x2e

/** After this many lines without a part the search may be paused. */
const LINES_BETWEEN_PAUSES = 20_000

/** Where the items of a List stand in a document, as far as it was read. */
interface Items {
  starts: { start: number; line: number }[]
  indent: number
  start: number
  startLine: number
  end: number
  endLine: number
}

function* yamlParts(octets: Buffer): Generator<Part | undefined, void> {
  let document = new YamlDocument(octets, 0, 0)
  let line = 0
  for (let at = 0; at < octets.length; line++) {
    const newline = octets.indexOf(NEWLINE, at)
    const next = newline < 0 ? octets.length : newline + 1
    // YAML 1.2 §9.1.2: a line that begins with one of these markers ends the document, whatever it is in the middle of.
    if (isMarker(octets, at, DASH)) {
      yield* document.parts(at, line)
      document = new YamlDocument(octets, at, line)
    } else if (isMarker(octets, at, DOT)) {
      yield* document.parts(at, line)
      document = new YamlDocument(octets, next, line + 1)
    } else document.line(at, next, line)
    if (line % LINES_BETWEEN_PAUSES === 0) yield undefined
    at = next
  }
  yield* document.parts(octets.length, line)
}

/** One document while its lines are looked at: is it a List, and where do its items begin? */
class YamlDocument {
  readonly #octets: Buffer
  readonly #start: number
  readonly #startLine: number
  #items: Items | undefined
  #inItems = false
  #hasContent = false
  #kind = ''
  #apiVersion = ''

  constructor(octets: Buffer, start: number, line: number) {
    this.#octets = octets
    this.#start = start
    this.#startLine = line
    this.#hasContent = markerHasContent(octets, start)
  }

  line(at: number, next: number, line: number): void {
    let content = at
    while (this.#octets[content] === SPACE) content++
    const first = this.#octets[content]
    if (content >= next || first === NEWLINE || first === CARRIAGE_RETURN || first === HASH) return
    // A directive (`%YAML 1.2`) stands before the marker of its document, and changes nothing here.
    if (first === PERCENT && !this.#hasContent) return
    this.#hasContent = true
    if (this.#inItems) this.#itemLine(at, content, line)
    if (content === at) this.#topLine(at, next, line)
  }

  *parts(end: number, endLine: number): Generator<Part, void> {
    if (!this.#hasContent || end === this.#start) return
    const whole = {
      start: this.#start,
      end,
      line: this.#startLine,
      lineStart: this.#start,
      format: 'yaml'
    } as const
    const items = this.#items
    if (items === undefined || items.starts.length === 0 || !this.#kind.endsWith('List')) {
      yield { ...whole, role: 'document' }
      return
    }
    const itemsEnd = this.#inItems ? end : items.end
    const lines = (this.#inItems ? endLine : items.endLine) - items.startLine
    yield { ...whole, role: 'list', without: { start: items.start, end: itemsEnd, lines } }
    const list = { apiVersion: this.#apiVersion, kind: this.#kind }
    for (const [index, item] of items.starts.entries()) {
      const start = item.start
      const common = { start, line: item.line, lineStart: start, format: 'yaml', role: 'item' } as const
      yield { ...common, end: items.starts[index + 1]?.start ?? itemsEnd, dash: items.indent, list }
    }
  }

  /** A line at the left edge: a key of the document itself, or an item of a List that kubectl printed. */
  #topLine(at: number, next: number, line: number): void {
    const first = this.#octets[at]
    if (first !== 0x69 && first !== 0x6b && first !== 0x61) return
    const text = this.#octets.toString('latin1', at, Math.min(next, at + 200))
    const match = /^(items|kind|apiVersion):[ \t]*["']?([\w./-]*)["']?[ \t]*(?:#.*)?\r?\n?$/.exec(text)
    if (match === null) return
    const [, key, value = ''] = match
    if (key === 'kind') this.#kind = value
    else if (key === 'apiVersion') this.#apiVersion = value
    else if (value === '' && this.#items === undefined) {
      this.#items = { starts: [], indent: -1, start: next, startLine: line + 1, end: next, endLine: line + 1 }
      this.#inItems = true
    }
  }

  #itemLine(at: number, content: number, line: number): void {
    const items = this.#items
    if (items === undefined) return
    const indent = content - at
    const after = this.#octets[content + 1]
    const dashed = this.#octets[content] === DASH && (after === undefined || isBlank(after))
    // Deeper lines belong to the item, block scalars included: what is in an item is indented more than its dash.
    if (items.indent >= 0 && indent > items.indent) return
    if (dashed && (items.indent < 0 || indent === items.indent)) {
      items.indent = indent
      items.starts.push({ start: at, line })
    } else {
      items.end = at
      items.endLine = line
      this.#inItems = false
    }
  }
}

/** `---` or `...` at the start of a line, with nothing or a blank after it. */
function isMarker(octets: Buffer, at: number, octet: number): boolean {
  if (octets[at] !== octet || octets[at + 1] !== octet || octets[at + 2] !== octet) return false
  const after = octets[at + 3]
  return after === undefined || isBlank(after)
}

function isBlank(octet: number): boolean {
  return octet === SPACE || octet === NEWLINE || octet === TAB || octet === CARRIAGE_RETURN
}

/** Whether a document begins with a marker that has more than a comment behind it: `--- {kind: Pod}`. */
function markerHasContent(octets: Buffer, start: number): boolean {
  if (!isMarker(octets, start, DASH)) return false
  let at = start + 3
  while (octets[at] === SPACE || octets[at] === TAB) at++
  const first = octets[at]
  return first !== undefined && first !== NEWLINE && first !== CARRIAGE_RETURN && first !== HASH
}
