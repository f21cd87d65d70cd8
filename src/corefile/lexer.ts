// Text to words with their places (corefile-and-plugins.md §1.1). One pass, any input, never an error: what makes no
// sense as a configuration is the parser's to say.
import type { Position, Token } from './position.ts'

/** A word, and what decides whether two words stand on the same line. */
export interface Word extends Token {
  /** The text it was read from: empty for the configuration itself, the absolute path of an imported file. */
  readonly source: string
  /** The line of that text where the word begins, from 1. It differs from `at.line` where the text stands in a manifest. */
  readonly line: number
}

/** Where a character of the text stands: from its offset (UTF-16), its line and its column in characters, both from 1. */
export type Locate = (offset: number, line: number, column: number) => Position

export interface WordList {
  readonly words: readonly Word[]
  /**
   * Words that follow a comment on its own line. A `#` inside a word begins a comment that ends at the next blank
   * (`abc#def ghi` is `abc` and `ghi`), which hardly anybody means.
   */
  readonly afterComment: readonly Word[]
}

/** The words of `text`; `source` as in `Word`. Takes time in proportion to the text's length. */
export function readWords(text: string, source: string, locate: Locate): WordList {
  const words: Word[] = []
  const afterComment: Word[] = []
  let at = text.charCodeAt(0) === BYTE_ORDER_MARK ? 1 : 0
  let line = 1
  let column = 1
  let commentEndedOnLine = 0

  while (at < text.length) {
    const code = text.charCodeAt(at)
    if (code === LINE_FEED) {
      line++
      column = 1
      at++
    } else if (isBlank(code)) {
      column++
      at++
    } else if (code === HASH) {
      at = endOfLine(text, at)
    } else {
      const end = code === QUOTE ? readQuoted(text, at) : readPlain(text, at)
      if (end.text !== undefined) {
        const word = { text: end.text, at: locate(at, line, column), source, line }
        words.push(word)
        if (commentEndedOnLine === line) afterComment.push(word)
      }
      for (; at < end.at; at++) {
        const passed = text.charCodeAt(at)
        if (passed === LINE_FEED) {
          line++
          column = 1
        } else if (!isLowSurrogate(passed)) column++
      }
      if (end.inComment) commentEndedOnLine = line
    }
  }
  return { words, afterComment }
}

/** The line where a word ends: quoted words may span lines. */
function lastLine(word: Word): number {
  let line = word.line
  for (let at = word.text.indexOf('\n'); at >= 0; at = word.text.indexOf('\n', at + 1)) line++
  return line
}

/** Whether `word` stands on the line where `before` ends. */
export const isOnSameLine = (before: Word, word: Word): boolean =>
  before.source === word.source && lastLine(before) === word.line

/**
 * Whether `word` begins a line below the one where `before` ends. Not the opposite of `isOnSameLine`: a snippet's words
 * come from lines further up, and are neither.
 */
export const isOnLaterLine = (before: Word, word: Word): boolean =>
  before.source !== word.source || lastLine(before) < word.line

interface WordEnd {
  /** The word; undefined for a quotation mark with nothing behind it in the whole text. */
  readonly text: string | undefined
  /** Offset of the first character that is no longer part of it, nor of a comment inside it. */
  readonly at: number
  readonly inComment: boolean
}

/** A word that begins at `start` and ends at a blank. Carriage returns inside it are dropped, a comment too. */
function readPlain(text: string, start: number): WordEnd {
  let kept = ''
  let keptFrom = start
  let commentAt = -1
  let at = start
  for (; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === CARRIAGE_RETURN) {
      if (commentAt < 0) kept += text.slice(keptFrom, at)
      keptFrom = at + 1
    } else if (isBlank(code)) break
    else if (code === HASH && commentAt < 0) {
      kept += text.slice(keptFrom, at)
      commentAt = at
    }
  }
  if (commentAt < 0) kept += text.slice(keptFrom, at)
  return { text: kept, at, inComment: commentAt >= 0 && text.charCodeAt(at) !== LINE_FEED }
}

/** A word in quotation marks, the first of them at `start`: to the next one that has no backslash before it. */
function readQuoted(text: string, start: number): WordEnd {
  const parts: string[] = []
  let partAt = start + 1
  let at = start + 1
  for (; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === QUOTE) {
      parts.push(text.slice(partAt, at))
      return { text: parts.join(''), at: at + 1, inComment: false }
    }
    if (code !== BACKSLASH) continue
    // A backslash protects the next character, whatever it is, but only before a quotation mark does it go away.
    if (text.charCodeAt(at + 1) === QUOTE) {
      parts.push(text.slice(partAt, at))
      partAt = at + 1
    }
    at++
  }
  // Not closed. A backslash that ends the text protects nothing and is dropped; without a character there is no word.
  parts.push(at > text.length ? text.slice(partAt, -1) : text.slice(partAt))
  const kept = parts.join('')
  return { text: kept === '' ? undefined : kept, at: text.length, inComment: false }
}

function endOfLine(text: string, from: number): number {
  const at = text.indexOf('\n', from)
  return at < 0 ? text.length : at
}

const LINE_FEED = 0x0a
const CARRIAGE_RETURN = 0x0d
const QUOTE = 0x22
const HASH = 0x23
const BACKSLASH = 0x5c
const BYTE_ORDER_MARK = 0xfeff

const isLowSurrogate = (code: number): boolean => (code & 0xfc00) === 0xdc00

/** White space as Unicode has it (the property White_Space), which is not JavaScript's `\s`. */
function isBlank(code: number): boolean {
  if (code <= 0x20) return code === 0x20 || (code >= 0x09 && code <= 0x0d)
  if (code < 0x80) return false
  return (
    code === 0x85 ||
    code === 0xa0 ||
    code === 0x1680 ||
    (code >= 0x2000 && code <= 0x200a) ||
    code === 0x2028 ||
    code === 0x2029 ||
    code === 0x202f ||
    code === 0x205f ||
    code === 0x3000
  )
}
