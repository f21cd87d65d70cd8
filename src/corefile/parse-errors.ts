// The errors of one parsing: CoreDNS's texts about the word that the parser stands on, and when to stop.
import type { Word } from './lexer.ts'
import { CorefileError, type CorefileErrorCode, type Position, type Token } from './position.ts'
import type { WordStream } from './word-stream.ts'

/** Ends the parsing after an error that leaves the rest of the file without meaning. */
export class Stop extends Error {}

export class ParseErrors {
  readonly list: CorefileError[] = []
  readonly #file: string
  readonly #stream: WordStream
  readonly #most: number

  /** `file` is what messages name where there is no word. Parsing stops at `most` errors. */
  constructor(file: string, stream: WordStream, most: number) {
    this.#file = file
    this.#stream = stream
    this.#most = most
  }

  /** Notes an error after which the rest can still be read. */
  fail(code: CorefileErrorCode, message: string, token: Token | undefined, hint?: string): void {
    this.list.push(new CorefileError(code, message, token?.at, hint))
    if (this.list.length >= this.#most) throw new Stop()
  }

  /** Notes an error and ends the parsing. */
  stop(code: CorefileErrorCode, message: string, token: Token | undefined, hint?: string): never {
    this.fail(code, message, token, hint)
    throw new Stop()
  }

  /** `FILE:LINE - Error during parsing: MESSAGE`; the line is 0 where there is no word (`null`). */
  parsingText(message: string, word: Word | null | undefined = this.#stream.current): string {
    return `${this.#place(word)} - Error during parsing: ${message}`
  }

  argumentText(): string {
    const text = this.#stream.current?.text ?? ''
    return this.parsingText(`Wrong argument count or unexpected line ending after '${text}'`)
  }

  syntaxText(expected: string): string {
    const word = this.#stream.current
    return `${this.#place(word)} - Syntax error: Unexpected token '${word?.text ?? ''}', expecting '${expected}'`
  }

  #place(word: Word | null | undefined): string {
    return `${word?.at.file ?? this.#file}:${word?.at.line ?? 0}`
  }
}

/** `Corefile:7:9`. */
export const placeText = (at: Position): string => `${at.file}:${at.line}:${at.column}`
