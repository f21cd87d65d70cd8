// Hands a directive's words to a plugin's set-up, one by one, and raises the errors people know from CoreDNS.
import { isOnLaterLine, isOnSameLine, type Word } from './lexer.ts'
import { nearestWord } from './nearest.ts'
import { placeText } from './parse-errors.ts'
import type { DirectiveWords } from './server-block.ts'
import { CorefileError, type CorefileErrorCode, type Position, type Token } from './position.ts'

/**
 * A cursor over the words of every occurrence of one directive in one server block, in file order:
 * `forward . 9.9.9.9 { max_fails 3 }`. Before the first `next()` it stands before the first word.
 *
 *     while (c.next()) {                 // at the directive's name
 *       const args = c.remainingArgs()   // words on the same line
 *       while (c.nextBlock()) {          // at the first word of each line of its block
 *         switch (c.val()) { case 'max_fails': if (!c.nextArg()) throw c.argErr(); … default: throw c.unknownProperty([…]) }
 *       }
 *     }
 *
 * It moves as CoreDNS's does, also where a configuration makes little sense, so that the same mistake gives the same
 * text: words left over on a block's line are taken for the next line's first word, and words left over after the
 * directive for its next occurrence.
 */
export class Dispenser {
  /** The directive. */
  readonly name: string
  readonly #words: readonly Word[]
  readonly #starts: readonly Position[]
  readonly #file: string
  /** Index of the word it stands on; -1 before the first. */
  #at = -1
  #inBlock = false

  /** `file` is what messages name while the cursor stands before the first word. */
  constructor(directive: DirectiveWords, file: string) {
    this.name = directive.name
    this.#words = directive.words
    this.#starts = directive.starts
    this.#file = file
  }

  /** Moves to the next word; false at the end. */
  next(): boolean {
    if (this.#at >= this.#words.length - 1) return false
    this.#at++
    return true
  }

  /** Moves to the next word if it is on the same line, be it `{` or `}`; false otherwise. */
  nextArg(): boolean {
    return this.#nextIf(isOnSameLine)
  }

  /** Moves to the next word if it begins a line below. */
  nextLine(): boolean {
    return this.#nextIf(isOnLaterLine)
  }

  /**
   * Enters or goes on in a block in braces: true at each line's first word, false after `}` or when there is no block.
   * In an empty block it is false at once, and the cursor stands on the `}`. Blocks within blocks are not known here:
   * their `{` is a word like any other.
   */
  nextBlock(): boolean {
    if (this.#inBlock) {
      if (!this.next()) return false
      if (this.val() !== '}') return true
      this.#inBlock = false
      return false
    }
    if (!this.nextArg()) return false
    if (this.val() !== '{') {
      this.#at--
      return false
    }
    if (!this.next() || this.val() === '}') return false
    this.#inBlock = true
    return true
  }

  /** The rest of the words on this line, up to `{`; moves past them. */
  remainingArgs(): string[] {
    return this.remainingTokens().map(token => token.text)
  }

  /** As `remainingArgs`, with their places, for errors that point at one of them. */
  remainingTokens(): Token[] {
    const tokens: Token[] = []
    while (this.nextArg()) {
      if (this.val() === '{') {
        this.#at--
        break
      }
      tokens.push(this.token())
    }
    return tokens
  }

  /** The word the cursor stands on; empty before the first. */
  val(): string {
    return this.#words[this.#at]?.text ?? ''
  }

  /** The token the cursor stands on; before the first word an empty one on line 0. */
  token(): Token {
    return this.#words[this.#at] ?? { text: '', at: { file: this.#file, line: 0, column: 0 } }
  }

  /** Where the cursor stands. */
  position(): Position {
    return this.token().at
  }

  /**
   * `FILE:LINE - Error during parsing: Wrong argument count or unexpected line ending after 'x'`, where x is the word
   * the cursor stands on; on `{`, `… Unexpected token '{', expecting argument`.
   */
  argErr(hint?: string): CorefileError {
    const text = this.val()
    const message =
      text === '{'
        ? `Unexpected token '{', expecting argument`
        : `Wrong argument count or unexpected line ending after '${text}'`
    return this.#error('ARGUMENT_COUNT', this.#parsing(message), hint)
  }

  /** `FILE:LINE - Error during parsing: MESSAGE`. The caret goes below `at` where that is given. */
  errf(message: string, hint?: string, at?: Token): CorefileError {
    return this.#error('BAD_VALUE', this.#parsing(message), hint, at)
  }

  /** `FILE:LINE - Syntax error: Unexpected token 'x', expecting 'EXPECTED'`. */
  syntaxErr(expected: string, hint?: string): CorefileError {
    const message = `${this.#place()} - Syntax error: Unexpected token '${this.val()}', expecting '${expected}'`
    return this.#error('SYNTAX', message, hint)
  }

  /** `FILE:LINE - Error during parsing: Unexpected EOF`. */
  eofErr(hint?: string): CorefileError {
    return this.#error('SYNTAX', this.#parsing('Unexpected EOF'), hint)
  }

  /** `MESSAGE` alone, for the many texts that CoreDNS prints without a place; ours still point at the word. */
  bareErr(message: string, hint?: string, at?: Token): CorefileError {
    return this.#error('BAD_VALUE', message, hint, at)
  }

  /** `FILE:LINE - Error during parsing: unknown property 'x'`, with the nearest of `known` as the hint. */
  unknownProperty(known: readonly string[]): CorefileError {
    const near = nearestWord(this.val(), known)
    const hint = near === undefined ? `${this.name} knows ${known.join(', ')}` : `did you mean '${near}'?`
    return this.errf(`unknown property '${this.val()}'`, known.length === 0 ? undefined : hint)
  }

  /** `this plugin can only be used once per Server Block`; the hint names the other place. */
  onceErr(): CorefileError {
    const message = 'this plugin can only be used once per Server Block'
    const first = this.#starts[0]
    const hint = first === undefined ? undefined : `'${this.name}' is also at ${placeText(first)}`
    return this.#error('DUPLICATE', message, hint)
  }

  /** Like CoreDNS's, it moves from before the first word without asking for a line, even when there is none. */
  #nextIf(follows: (before: Word, word: Word) => boolean): boolean {
    const before = this.#words[this.#at]
    const word = this.#words[this.#at + 1]
    if (before !== undefined && (word === undefined || !follows(before, word))) return false
    if (before === undefined && this.#at >= 0) return false
    this.#at++
    return true
  }

  #place(): string {
    const at = this.position()
    return `${at.file}:${at.line}`
  }

  #parsing(message: string): string {
    return `${this.#place()} - Error during parsing: ${message}`
  }

  #error(code: CorefileErrorCode, message: string, hint?: string, at = this.token()): CorefileError {
    return new CorefileError(code, message, at.at, hint)
  }
}

/** A set-up's error as the server prints it: `plugin/NAME: ` before the message. */
export function withPluginName(error: CorefileError, name: string): CorefileError {
  return new CorefileError(error.code, `plugin/${name}: ${error.message}`, error.at, error.hint)
}
