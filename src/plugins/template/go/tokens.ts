// The words of a template's actions, as Go's text/template reads them.

export type TokenKind =
  | 'text'
  | 'left'
  | 'right'
  | 'identifier'
  | 'field'
  | 'dot'
  | 'variable'
  | 'string'
  | 'number'
  | 'operator'
  | 'end of text'

export interface TemplateToken {
  readonly kind: TokenKind
  /** As written; of a string its value. */
  readonly text: string
  /** A string as it was written, quotes included. */
  readonly raw: string
  /** Offset in octets, as Go's messages count. */
  readonly at: number
}

/** A template that can't be read: Go's message without `template: NAME:`. */
export class TemplateSyntaxError extends Error {
  readonly line: number

  constructor(line: number, message: string) {
    super(message)
    this.line = line
  }
}

const TRIM_LEFT = /^-[ \t\r\n]/
const WORD = /^[A-Za-z_]\w*/
const NUMBER = /^[+-]?(?:0[xX][\da-fA-F]+|0[bB][01]+|0[oO][0-7]+|\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)/
const OPERATORS = [':=', '=', '|', '(', ')', ',']

/** The tokens of a whole template. Throws TemplateSyntaxError. */
export function readTokens(text: string): TemplateToken[] {
  return new Reader(text).read()
}

class Reader {
  readonly #text: string
  readonly #tokens: TemplateToken[] = []
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  read(): TemplateToken[] {
    let trimNext = false
    for (;;) {
      const open = this.#text.indexOf('{{', this.#at)
      const trimBefore = open >= 0 && TRIM_LEFT.test(this.#text.slice(open + 2))
      let text = this.#text.slice(this.#at, open < 0 ? undefined : open)
      if (trimNext) text = text.trimStart()
      if (trimBefore) text = text.trimEnd()
      if (text !== '') this.#push('text', text)
      if (open < 0) {
        this.#at = this.#text.length
        this.#push('end of text', '')
        return this.#tokens
      }
      this.#at = open + 2 + (trimBefore ? 2 : 0)
      trimNext = this.#action(open)
    }
  }

  /** Reads to `}}`; returns whether the space behind it goes. */
  #action(open: number): boolean {
    if (this.#text.startsWith('/*', this.#at)) return this.#comment()
    this.#push('left', '{{', open)
    let depth = 0
    for (;;) {
      const isTrim = /^[ \t\r\n]-\}\}/.test(this.#text.slice(this.#at, this.#at + 4))
      if (isTrim) this.#at += 2
      if (this.#text.startsWith('}}', this.#at)) {
        if (depth > 0) throw this.#error('unclosed left paren')
        this.#push('right', '}}')
        this.#at += 2
        return isTrim
      }
      if (this.#at >= this.#text.length) throw this.#error('unclosed action')
      const character = this.#text[this.#at] as string
      if (/\s/.test(character)) {
        this.#at++
        continue
      }
      if (character === '(') depth++
      if (character === ')' && --depth < 0) throw this.#error('unexpected right paren')
      this.#token(character)
    }
  }

  #comment(): boolean {
    const end = this.#text.indexOf('*/', this.#at)
    if (end < 0) throw this.#error('unclosed comment')
    const [close, isTrim] = /^(?:[ \t\r\n]-)?\}\}/.exec(this.#text.slice(end + 2)) ?? []
    if (close === undefined) throw this.#error('comment ends before closing delimiter')
    this.#at = end + 2 + close.length
    return close.length > 2 || isTrim !== undefined
  }

  #token(character: string): void {
    const rest = this.#text.slice(this.#at)
    if (character === '"') return this.#quoted()
    if (character === '`') return this.#raw()
    if (character === '.' || character === '$') {
      const sigil = character
      const word = WORD.exec(rest.slice(1))?.[0] ?? ''
      if (sigil === '.') this.#take(word === '' ? 'dot' : 'field', sigil + word)
      else this.#take('variable', sigil + word)
      return
    }
    const number = NUMBER.exec(rest)?.[0]
    if (number !== undefined) {
      if (/^\w/.test(rest.slice(number.length))) {
        const bad = /^[\w.]+/.exec(rest)?.[0] ?? number
        throw this.#error(`bad number syntax: ${JSON.stringify(bad)}`)
      }
      return this.#take('number', number)
    }
    const word = WORD.exec(rest)?.[0]
    if (word !== undefined) return this.#take('identifier', word)
    const operator = OPERATORS.find(each => rest.startsWith(each))
    if (operator !== undefined) return this.#take('operator', operator)
    const code = (rest.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')
    throw this.#error(`unexpected bad character U+${code} '${character}' in command`)
  }

  #quoted(): void {
    const [all, body] = /^"((?:[^"\\\n]|\\.)*)"/.exec(this.#text.slice(this.#at)) ?? []
    if (all === undefined || body === undefined) throw this.#error('unterminated quoted string')
    this.#push('string', unquote(body), this.#at, all)
    this.#at += all.length
  }

  #raw(): void {
    const end = this.#text.indexOf('`', this.#at + 1)
    if (end < 0) throw this.#error('unterminated raw quoted string')
    this.#push('string', this.#text.slice(this.#at + 1, end), this.#at, this.#text.slice(this.#at, end + 1))
    this.#at = end + 1
  }

  #take(kind: TokenKind, text: string): void {
    this.#push(kind, text)
    this.#at += text.length
  }

  #push(kind: TokenKind, text: string, at = this.#at, raw = text): void {
    this.#tokens.push({ kind, text, raw, at: Buffer.byteLength(this.#text.slice(0, at)) })
  }

  #error(message: string): TemplateSyntaxError {
    return new TemplateSyntaxError(this.#text.slice(0, this.#at).split('\n').length, message)
  }
}

const ESCAPES: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v'
}

/** Go's escapes; `\"` and `\\` among them. */
function unquote(body: string): string {
  return body.replace(/\\(x[\da-fA-F]{2}|u[\da-fA-F]{4}|U[\da-fA-F]{8}|[0-7]{3}|.)/g, (_, escape: string) => {
    if (/^[xuU]./.test(escape)) {
      const code = parseInt(escape.slice(1), 16)
      return code <= 0x10ffff ? String.fromCodePoint(code) : '\ufffd'
    }
    if (/^[0-7]{3}$/.test(escape)) return String.fromCharCode(parseInt(escape, 8) & 0xff)
    return ESCAPES[escape] ?? escape
  })
}
