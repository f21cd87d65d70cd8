// Cuts a JSON file into parts: the values that follow each other, and the items of a List.
import type { ListHeader, Part } from './part.ts'

const QUOTE = 0x22
const BACKSLASH = 0x5c
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d
const OPEN_BRACKET = 0x5b
const CLOSE_BRACKET = 0x5d
const COMMA = 0x2c
const COLON = 0x3a
const NEWLINE = 0x0a

/** After this many octets without a part the search may be paused. */
const OCTETS_BETWEEN_PAUSES = 1 << 20

/**
 * Whether a file is JSON. YAML is a superset of JSON: a file that only looks like JSON at its start, as a template does,
 * or that has several documents, is read as YAML.
 */
export function readsAsJson(octets: Buffer, path: string): boolean {
  if (path.endsWith('.json')) return true
  const head = octets.toString('latin1', 0, 4096)
  return /^\s*\{\s*["}]/.test(head) && !octets.includes('\n---')
}

interface Place {
  readonly start: number
  readonly line: number
  readonly lineStart: number
}

/** What is known of the value at the top level that is being walked through. */
interface TopValue extends Place {
  key: string
  apiVersion: string
  kind: string
  itemsStart: number
  itemsLine: number
  itemsEnd: number
  itemsEndLine: number
  items: (Place & { end: number })[]
}

export function* jsonParts(octets: Buffer): Generator<Part | undefined, void> {
  let depth = 0
  let line = 0
  let lineStart = 0
  let top: TopValue | undefined
  let item: Place | undefined
  let text: [start: number, end: number] | undefined
  let inItems = false

  for (let at = 0; at < octets.length; at++) {
    if (at % OCTETS_BETWEEN_PAUSES === 0) yield undefined
    const octet = octets[at] as number
    if (octet === NEWLINE) {
      line++
      lineStart = at + 1
      continue
    }
    if (octet === 0x20 || octet === 0x0d || octet === 0x09) continue
    top ??= {
      ...{ start: at, line, lineStart, key: '', apiVersion: '', kind: '', items: [] },
      ...{ itemsStart: -1, itemsLine: 0, itemsEnd: -1, itemsEndLine: 0 }
    }
    if (inItems && depth === 2 && item === undefined && octet !== COMMA && octet !== CLOSE_BRACKET) {
      item = { start: at, line, lineStart }
    }
    switch (octet) {
      case QUOTE: {
        const end = endOfString(octets, at)
        if (depth === 1) text = [at + 1, end]
        at = end
        break
      }
      case COLON:
        if (depth === 1) {
          top.key = text === undefined ? '' : octets.toString('utf8', text[0], text[1])
          text = undefined
        }
        break
      case COMMA:
        if (depth === 1) learn(top, octets, text)
        else if (inItems && depth === 2 && item !== undefined) {
          top.items.push({ ...item, end: at })
          item = undefined
        }
        break
      case OPEN_BRACE:
        depth++
        break
      case OPEN_BRACKET:
        depth++
        if (depth === 2 && top.key === 'items' && top.itemsStart < 0) {
          inItems = true
          top.itemsStart = at + 1
          top.itemsLine = line
        }
        break
      case CLOSE_BRACE:
      case CLOSE_BRACKET:
        if (inItems && depth === 2) {
          if (item !== undefined) top.items.push({ ...item, end: at })
          item = undefined
          inItems = false
          top.itemsEnd = at
          top.itemsEndLine = line
        }
        if (depth === 1) learn(top, octets, text)
        depth--
        if (depth <= 0) {
          yield* partsOfValue(top, at + 1)
          top = undefined
          text = undefined
          depth = 0
        }
        break
      default:
    }
  }
  // Whatever is left is not closed; reading it says where.
  if (top !== undefined) yield { ...placeOf(top), end: octets.length, format: 'json', role: 'document' }
}

function* partsOfValue(top: TopValue, end: number): Generator<Part, void> {
  const place = placeOf(top)
  if (top.itemsEnd < 0 || !top.kind.endsWith('List')) {
    yield { ...place, end, format: 'json', role: 'document' }
    return
  }
  const without = { start: top.itemsStart, end: top.itemsEnd, lines: top.itemsEndLine - top.itemsLine }
  yield { ...place, end, format: 'json', role: 'list', without }
  const list: ListHeader = { apiVersion: top.apiVersion, kind: top.kind }
  for (const item of top.items) yield { ...item, format: 'json', role: 'item', list }
}

function placeOf({ start, line, lineStart }: Place): Place {
  return { start, line, lineStart }
}

/** A member of the object at the top level has ended: remember it if it says what the object is. */
function learn(top: TopValue, octets: Buffer, text: readonly [number, number] | undefined): void {
  if (text === undefined) return
  if (top.key === 'kind') top.kind = octets.toString('utf8', text[0], text[1])
  else if (top.key === 'apiVersion') top.apiVersion = octets.toString('utf8', text[0], text[1])
}

/** The offset of the quote that ends the string whose first quote is at `start`, or the last octet. */
function endOfString(octets: Buffer, start: number): number {
  for (let at = start + 1; at < octets.length; at++) {
    const octet = octets[at]
    if (octet === QUOTE) return at
    if (octet === BACKSLASH) at++
    else if (octet === NEWLINE) return at - 1
  }
  return octets.length - 1
}
