// Reads one YAML document into a plain value that remembers where everything stands. The door to the `yaml` package.
import {
  isAlias,
  isMap,
  isPair,
  isScalar,
  isSeq,
  parseDocument,
  type Node,
  type Pair,
  type Scalar
} from 'yaml'
import type { FieldPath } from '../fields.ts'
import type { Document, DuplicateKey, SyntaxFlaw } from './document.ts'
import { DEPTH_MAX, tooDeepAt } from './depth.ts'
import { plainScalar } from './scalars.ts'

/** Reads `text`, which holds one document. Never throws. */
export function readYaml(text: string): Document {
  const deep = tooDeepAt(text)
  if (deep >= 0) return failed(tooDeep(deep))
  try {
    // With the failsafe schema every scalar is text: what it means is ours to say (scalars.ts).
    const parsed = parseDocument(text, {
      schema: 'failsafe',
      uniqueKeys: false,
      prettyErrors: false,
      stringKeys: false,
      logLevel: 'silent'
    })
    const error = parsed.errors[0]
    if (error !== undefined) {
      const code = codeOf(error.code, error.message)
      return failed({ offset: blamed(parsed.contents, code, error.pos[0]), code, text: error.message })
    }
    return new Reader(text, parsed.contents).document()
  } catch (error) {
    if (error instanceof ReadError) return failed(error.flaw)
    return failed({ offset: 0, code: 'UNREADABLE', text: `cannot be read: ${String(error)}` })
  }
}

class ReadError extends Error {
  readonly flaw: SyntaxFlaw

  constructor(flaw: SyntaxFlaw) {
    super(flaw.text)
    this.flaw = flaw
  }
}

class Reader {
  readonly #text: string
  readonly #contents: Node | null
  readonly #duplicates: DuplicateKey[] = []
  readonly #anchors = new Map<string, unknown>()

  constructor(text: string, contents: Node | null) {
    this.#text = text
    this.#contents = contents
  }

  document(): Document {
    const contents = this.#contents
    const value = contents === null ? null : this.#value(contents, 0)
    return {
      value,
      flaw: undefined,
      duplicates: this.#duplicates,
      locate: path => locate(contents, path, skipMarker(this.#text))
    }
  }

  #value(node: unknown, depth: number): unknown {
    if (node === null || node === undefined) return null
    if (isScalar(node)) return this.#anchored(node.anchor, scalarValue(node))
    if (depth > DEPTH_MAX) {
      throw new ReadError(tooDeep(offsetOf(node, 0)))
    }
    if (isAlias(node)) {
      // Shared, not copied: a thousand aliases of aliases cost nothing.
      if (this.#anchors.has(node.source)) return this.#anchors.get(node.source)
      const text = `no anchor &${node.source} before`
      throw new ReadError({ offset: offsetOf(node, 0), code: 'BAD_ALIAS', text })
    }
    if (isSeq(node)) {
      const list: unknown[] = []
      this.#anchored(node.anchor, list)
      for (const item of node.items) list.push(this.#value(item, depth + 1))
      return list
    }
    if (isMap(node)) {
      const map: Record<string, unknown> = {}
      this.#anchored(node.anchor, map)
      const offsets = new Map<string, number>()
      for (const pair of node.items) if (isPair(pair)) this.#pair(pair, map, offsets, depth)
      return map
    }
    return null
  }

  #pair(pair: Pair, map: Record<string, unknown>, offsets: Map<string, number>, depth: number): void {
    const offset = offsetOf(pair.key, 0)
    const key = keyText(pair.key)
    if (key === undefined) {
      throw new ReadError({ offset, code: 'KEY_NOT_TEXT', text: 'a key that is a map or a list' })
    }
    const value = this.#value(pair.value, depth + 1)
    if (key === '<<' && isScalar(pair.key) && pair.key.type === 'PLAIN') {
      for (const source of Array.isArray(value) ? (value as unknown[]) : [value])
        mergeInto(map, source, offsets)
      return
    }
    const firstOffset = offsets.get(key)
    if (firstOffset !== undefined) {
      this.#duplicates.push({ key, offset, firstOffset, atTop: depth === 0 })
    }
    offsets.set(key, offset)
    setOwn(map, key, value)
  }

  #anchored<T>(anchor: string | undefined, value: T): T {
    if (anchor !== undefined) this.#anchors.set(anchor, value)
    return value
  }
}

/** Keys of a merge (`<<: *base`) fill only gaps. */
function mergeInto(
  map: Record<string, unknown>,
  source: unknown,
  offsets: ReadonlyMap<string, number>
): void {
  if (typeof source !== 'object' || source === null || Array.isArray(source)) return
  for (const [key, value] of Object.entries(source)) {
    if (!offsets.has(key) && !Object.hasOwn(map, key)) setOwn(map, key, value)
  }
}

function setOwn(map: Record<string, unknown>, key: string, value: unknown): void {
  // An assignment to `__proto__` would set no key.
  if (key === '__proto__') {
    Object.defineProperty(map, key, { value, enumerable: true, writable: true, configurable: true })
  } else map[key] = value
}

function scalarValue(node: Scalar): unknown {
  const text = typeof node.value === 'string' ? node.value : ''
  const tag = node.tag ?? ''
  if (tag === 'tag:yaml.org,2002:str' || tag === '!') return text
  if (node.type === 'PLAIN' || node.type === undefined) return plainScalar(text)
  // `!!int "80"` asks for the number by name.
  return /^tag:yaml\.org,2002:(?:int|float|bool|null)$/.test(tag) ? plainScalar(text) : text
}

/** kubectl turns every scalar key into text: `80: x` is the key "80". */
function keyText(key: unknown): string | undefined {
  if (key === null) return ''
  if (!isScalar(key)) return undefined
  return typeof key.value === 'string' ? key.value : ''
}

function offsetOf(node: unknown, otherwise: number): number {
  if (typeof node !== 'object' || node === null || !('range' in node) || !Array.isArray(node.range))
    return otherwise
  const [start] = node.range as unknown[]
  return typeof start === 'number' ? start : otherwise
}

function locate(contents: Node | null, path: FieldPath, start: number): number {
  let node: unknown = contents
  let offset = offsetOf(contents, start)
  for (const step of path) {
    if (typeof step === 'number' && isSeq(node)) {
      const item: unknown = node.items[step]
      if (item === undefined) return offset
      node = item
      offset = offsetOf(item, offset)
    } else if (isMap(node)) {
      // The last pair with this key is the one that counts.
      const pair = node.items.filter(isPair).findLast(each => keyText(each.key) === step)
      if (pair === undefined) return offset
      node = pair.value
      const empty = isScalar(pair.value) && pair.value.range?.[0] === pair.value.range?.[1]
      offset = pair.value === null || empty ? offsetOf(pair.key, offset) : offsetOf(pair.value, offset)
    } else return offset
  }
  return offset
}

/** The parser's codes, with two more for mistakes that it knows only by their message. */
function codeOf(code: string, message: string): string {
  if (code === 'RESOURCE_EXHAUSTION') return 'TOO_DEEP'
  if (code === 'MISSING_CHAR' && message.includes('quote')) return 'OPEN_QUOTE'
  return /\bflow (?:map|sequence)\b.*\bend with\b/i.test(message) ? 'OPEN_BRACKET' : code
}

/** Where an unclosed quote or bracket begins: the parser blames the end of the text, which helps nobody. */
function blamed(contents: Node | null, code: string, offset: number): number {
  if (code !== 'OPEN_QUOTE' && code !== 'OPEN_BRACKET') return offset
  let found = offset
  const visit = (node: unknown, depth: number): void => {
    if (depth > DEPTH_MAX) return
    const flow = (isMap(node) || isSeq(node)) && node.flow === true
    const quoted = isScalar(node) && (node.type === 'QUOTE_DOUBLE' || node.type === 'QUOTE_SINGLE')
    const range = flow || quoted ? node.range : undefined
    if (range !== undefined && range !== null && flow === (code === 'OPEN_BRACKET')) {
      // An unclosed bracket takes in all that follows it; the innermost one is visited last.
      if (quoted ? range[1] === offset : range[0] < offset && range[2] >= offset) found = range[0]
    }
    if (isMap(node)) {
      for (const pair of node.items) {
        visit(pair.key, depth + 1)
        visit(pair.value, depth + 1)
      }
    } else if (isSeq(node)) for (const item of node.items) visit(item, depth + 1)
  }
  visit(contents, 0)
  return found
}

function skipMarker(text: string): number {
  return /^(?:---)?\s*/.exec(text)?.[0].length ?? 0
}

function tooDeep(offset: number): SyntaxFlaw {
  return { offset, code: 'TOO_DEEP', text: 'nested too deeply' }
}

function failed(flaw: SyntaxFlaw): Document {
  return { value: undefined, flaw, duplicates: [], locate: () => flaw.offset }
}
