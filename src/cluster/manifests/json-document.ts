// Reads one JSON value. `JSON.parse` gives the value; a scan of the same text gives what it can't: keys that stand twice,
// where a value stands, and what is wrong with a text that is no JSON, in words that don't depend on the Node version.
import { DEPTH_MAX } from './depth.ts'
import type { FieldPath } from '../fields.ts'
import type { Document, DuplicateKey, SyntaxFlaw } from './document.ts'

/** Reads `text`, which holds one JSON value. Never throws. */
export function readJson(text: string): Document {
  const scan = new Scan(text)
  const flaw = scan.run()
  let value: unknown
  if (flaw === undefined) {
    try {
      value = JSON.parse(text)
    } catch {
      // The scan is as strict as JSON.parse; this is for the case that it isn't.
      return failed({ offset: 0, code: 'JSON', text: 'is no JSON' })
    }
    return {
      value,
      flaw: undefined,
      duplicates: scan.duplicates,
      locate: path => new Scan(text, path).located()
    }
  }
  return failed(flaw)
}

function failed(flaw: SyntaxFlaw): Document {
  return { value: undefined, flaw, duplicates: [], locate: () => flaw.offset }
}

class ScanError extends Error {
  readonly flaw: SyntaxFlaw

  constructor(flaw: SyntaxFlaw) {
    super(flaw.text)
    this.flaw = flaw
  }
}

const SPACE = /[ \t\n\r]*/y
const OTHER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?|true|false|null/y

const QUOTE = 0x22
const BACKSLASH = 0x5c

/** Walks a JSON text. The regular expressions keep their place in `lastIndex`, which is set before each use. */
class Scan {
  readonly duplicates: DuplicateKey[] = []
  readonly #text: string
  readonly #wanted: FieldPath
  #at = 0
  /** How many steps of the wanted path lead to the value that is read, and to the best one so far. */
  #matched = 0
  #best = -1
  #bestOffset = 0

  constructor(text: string, wanted: FieldPath = []) {
    this.#text = text
    this.#wanted = wanted
  }

  run(): SyntaxFlaw | undefined {
    try {
      this.#space()
      this.#value(0, true)
      this.#space()
      if (this.#at < this.#text.length) this.#fail('the end of the object')
      return undefined
    } catch (error) {
      if (error instanceof ScanError) return error.flaw
      throw error
    }
  }

  /** Where the wanted value stands, or the nearest one around it. */
  located(): number {
    this.run()
    return this.#bestOffset
  }

  #value(depth: number, onPath: boolean): void {
    if (onPath && this.#matched >= this.#best) {
      this.#best = this.#matched
      this.#bestOffset = this.#at
    }
    if (depth > DEPTH_MAX)
      throw new ScanError({ offset: this.#at, code: 'TOO_DEEP', text: 'nested too deeply' })
    const first = this.#text[this.#at]
    if (first === '{') this.#object(depth, onPath)
    else if (first === '[') this.#array(depth, onPath)
    else if (first === '"') this.#string('a value')
    else if (!this.#match(OTHER)) this.#fail('a value')
  }

  #object(depth: number, onPath: boolean): void {
    const offsets = new Map<string, number>()
    this.#at++
    this.#space()
    if (this.#take('}')) return
    for (;;) {
      const offset = this.#at
      const key = this.#string('a key in double quotes')
      const firstOffset = offsets.get(key)
      if (firstOffset !== undefined) this.duplicates.push({ key, offset, firstOffset, atTop: depth === 0 })
      offsets.set(key, offset)
      this.#space()
      if (!this.#take(':')) this.#fail('":"')
      this.#space()
      this.#below(key, depth, onPath)
      this.#space()
      if (this.#take('}')) return
      if (!this.#take(',')) this.#fail('"," or "}"')
      this.#space()
    }
  }

  #array(depth: number, onPath: boolean): void {
    this.#at++
    this.#space()
    if (this.#take(']')) return
    for (let index = 0; ; index++) {
      this.#below(index, depth, onPath)
      this.#space()
      if (this.#take(']')) return
      if (!this.#take(',')) this.#fail('"," or "]"')
      this.#space()
    }
  }

  #below(step: string | number, depth: number, onPath: boolean): void {
    const wanted = onPath && this.#matched === depth && this.#wanted[depth] === step
    if (wanted) this.#matched++
    this.#value(depth + 1, wanted)
    if (wanted) this.#matched--
  }

  #string(expected: string): string {
    const start = this.#at
    if (this.#text[start] !== '"') this.#fail(expected)
    // By hand, since a regular expression needs stack for every character of a long string.
    let escaped = false
    for (let at = start + 1; at < this.#text.length; at++) {
      const code = this.#text.charCodeAt(at)
      if (code === QUOTE) {
        this.#at = at + 1
        return escaped ? this.#unescaped(start) : this.#text.slice(start + 1, at)
      }
      if (code < 0x20) break
      if (code === BACKSLASH) {
        escaped = true
        at++
      }
    }
    return this.#badString(start)
  }

  #unescaped(start: number): string {
    try {
      return JSON.parse(this.#text.slice(start, this.#at)) as string
    } catch {
      return this.#badString(start)
    }
  }

  #badString(start: number): never {
    const text = 'a string that is not closed on its line, or has a wrong escape'
    throw new ScanError({ offset: start, code: 'JSON_STRING', text })
  }

  #space(): void {
    this.#match(SPACE)
  }

  #take(character: string): boolean {
    if (this.#text[this.#at] !== character) return false
    this.#at++
    return true
  }

  #match(pattern: RegExp): boolean {
    pattern.lastIndex = this.#at
    if (!pattern.test(this.#text)) return false
    this.#at = pattern.lastIndex
    return true
  }

  #fail(expected: string): never {
    const found = this.#text[this.#at]
    const seen = found === undefined ? 'the file ends' : `found ${JSON.stringify(found)}`
    throw new ScanError({ offset: this.#at, code: 'JSON', text: `${seen} where JSON has ${expected}` })
  }
}
