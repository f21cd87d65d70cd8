// Zone-file text to tokens (RFC 1035 §5.1): comments gone, parentheses applied, white space gathered.
import { rtypeNumber } from '../wire/numbers.ts'

export type TokenKind =
  /** The first word of a line. */
  | 'owner'
  | 'directive'
  /** Any other word, and the text between quotation marks. */
  | 'string'
  | 'type'
  | 'class'
  /** White space between words, or before the first one of a line. */
  | 'blank'
  /** A quotation mark. */
  | 'quote'
  | 'newline'
  | 'end'
  /** Text that can't be read at all: `text` says why. */
  | 'error'

export interface Token {
  readonly kind: TokenKind
  /** Octets as latin-1, escapes untouched. */
  readonly text: string
  /** Of a `type` or `class`. */
  readonly number: number
  /** Where it ends, as CoreDNS's messages name it: from 1, in octets. */
  readonly line: number
  readonly column: number
}

const SPACE = 0x20
const TAB = 0x09
const NEWLINE = 0x0a
const RETURN = 0x0d
const QUOTE = 0x22
const OPEN = 0x28
const CLOSE = 0x29
const SEMICOLON = 0x3b
const BACKSLASH = 0x5c

const DIRECTIVES = new Set(['$TTL', '$ORIGIN', '$INCLUDE', '$GENERATE'])

/** Classes by the names that a zone file may use. */
const CLASSES: ReadonlyMap<string, number> = new Map([
  ['IN', 1],
  ['CS', 2],
  ['CH', 3],
  ['HS', 4],
  ['NONE', 254],
  ['ANY', 255]
])

export class Lexer {
  readonly #text: string
  #at = 0
  #line = 1
  /** Offset of the line's first octet. */
  #lineStart = 0
  #depth = 0
  #isQuoted = false
  /** The next word is the line's first. */
  #isFirst = true
  /** Words are no longer looked up: the record's type was read. */
  #hasType = false
  #failed: Token | undefined
  #peeked: Token | undefined

  /** `text` holds octets as latin-1; `line` is its first line's number. */
  constructor(text: string, line = 1) {
    this.#text = text
    this.#line = line
  }

  peek(): Token {
    this.#peeked ??= this.#read()
    return this.#peeked
  }

  next(): Token {
    const token = this.#peeked ?? this.#read()
    this.#peeked = undefined
    return token
  }

  #read(): Token {
    if (this.#failed !== undefined) return this.#failed
    const text = this.#text
    if (this.#isQuoted) return this.#readQuoted()
    if (this.#skipBlanks()) {
      this.#isFirst = false
      return this.#token('blank', ' ')
    }
    if (this.#at >= text.length) return this.#end()
    switch (text.charCodeAt(this.#at)) {
      case NEWLINE:
        return this.#newline()
      case QUOTE:
        this.#at++
        this.#isQuoted = true
        this.#isFirst = false
        return this.#token('quote', '"')
      case CLOSE:
        this.#at++
        return this.#fail('extra closing brace')
      default:
        return this.#readWord()
    }
  }

  /**
   * Moves past white space, comments and parentheses, and past line breaks where parentheses make them white space.
   * True when there was white space to tell of.
   */
  #skipBlanks(): boolean {
    const text = this.#text
    let wasBlank = false
    for (; this.#at < text.length; this.#at++) {
      switch (text.charCodeAt(this.#at)) {
        case SPACE:
        case TAB:
          wasBlank = true
          break
        case RETURN:
          break
        case OPEN:
          this.#depth++
          break
        case CLOSE:
          if (this.#depth === 0) return wasBlank
          this.#depth--
          break
        case SEMICOLON: {
          const end = text.indexOf('\n', this.#at)
          this.#at = (end < 0 ? text.length : end) - 1
          break
        }
        case NEWLINE:
          if (this.#depth === 0) return wasBlank
          wasBlank = true
          this.#breakLine()
          break
        default:
          return wasBlank
      }
    }
    return wasBlank
  }

  #breakLine(): void {
    this.#line++
    this.#lineStart = this.#at + 1
  }

  #newline(): Token {
    const token = this.#token('newline', '\n')
    this.#breakLine()
    this.#at++
    this.#isFirst = true
    this.#hasType = false
    return token
  }

  #end(): Token {
    return this.#depth > 0 ? this.#fail('unbalanced brace') : this.#token('end', '')
  }

  /** A word up to white space, a quotation mark, a comment or a parenthesis that no backslash stands before. */
  #readWord(): Token {
    const text = this.#text
    const start = this.#at
    let code = 0
    for (; this.#at < text.length; this.#at++) {
      code = text.charCodeAt(this.#at)
      if (code === BACKSLASH && this.#at + 1 < text.length && text.charCodeAt(this.#at + 1) !== NEWLINE) {
        this.#at++
      } else if (code <= SEMICOLON && isWordEnd(code)) break
    }
    const word = text.slice(start, this.#at)
    const isFirst = this.#isFirst
    this.#isFirst = false
    const endsAtBlank = code === SPACE || code === TAB
    // The word that stands alone on a line is no owner: so CoreDNS reads it, and says `not a TTL`.
    if (isFirst && endsAtBlank && this.#at < text.length) {
      this.#at++ // the place that a message names is that of the blank
      const kind = DIRECTIVES.has(word.toUpperCase()) ? 'directive' : 'owner'
      const token = this.#token(kind, word)
      this.#at--
      return token
    }
    return this.#classify(word, endsAtBlank)
  }

  #classify(word: string, endsAtBlank: boolean): Token {
    if (endsAtBlank) this.#at++
    let token = this.#token('string', word)
    if (!this.#hasType) {
      const upper = word.toUpperCase()
      const rclass = CLASSES.get(upper) ?? (upper.startsWith('CLASS') ? generic(word.slice(5)) : undefined)
      const rtype = rtypeNumber(word)
      if (rtype !== undefined) {
        this.#hasType = true
        token = { ...token, kind: 'type', number: rtype }
      } else if (upper.startsWith('TYPE') && endsAtBlank) return this.#fail('unknown RR type')
      if (rclass !== undefined) token = { ...token, kind: 'class', number: rclass }
      else if (upper.startsWith('CLASS') && endsAtBlank) return this.#fail('unknown class')
    }
    if (endsAtBlank) this.#at--
    return token
  }

  /** Up to the closing quotation mark, which is a token of its own; line breaks belong to the text. */
  #readQuoted(): Token {
    const text = this.#text
    const start = this.#at
    for (; this.#at < text.length; this.#at++) {
      const code = text.charCodeAt(this.#at)
      if (code === QUOTE) break
      if (code === NEWLINE) this.#breakLine()
      else if (code === BACKSLASH && this.#at + 1 < text.length) {
        if (text.charCodeAt(++this.#at) === NEWLINE) this.#breakLine()
      }
    }
    if (this.#at > start) return this.#token('string', text.slice(start, this.#at))
    if (this.#at >= text.length) return this.#end()
    this.#at++
    this.#isQuoted = false
    return this.#token('quote', '"')
  }

  #token(kind: TokenKind, text: string): Token {
    return { kind, text, number: 0, line: this.#line, column: this.#at - this.#lineStart }
  }

  #fail(problem: string): Token {
    this.#failed = this.#token('error', problem)
    return this.#failed
  }
}

const isWordEnd = (code: number): boolean =>
  code === SPACE ||
  code === TAB ||
  code === NEWLINE ||
  code === RETURN ||
  code === QUOTE ||
  code === OPEN ||
  code === CLOSE ||
  code === SEMICOLON

/** The number after `CLASS`; `undefined` when it is none. */
function generic(digits: string): number | undefined {
  const number = /^\d{1,5}$/.test(digits) ? Number(digits) : 0x10000
  return number <= 0xffff ? number : undefined
}
