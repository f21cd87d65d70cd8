// Where something stands in a file, and the error that points there.

/** A place in a file; line and column count from 1, columns in characters. */
export interface Position {
  readonly file: string
  readonly line: number
  readonly column: number
}

/** One word of a Corefile. */
export interface Token {
  readonly text: string
  readonly at: Position
}

export type CorefileErrorCode =
  'SYNTAX' | 'UNKNOWN_DIRECTIVE' | 'ARGUMENT_COUNT' | 'BAD_VALUE' | 'DUPLICATE' | 'FILE'

/**
 * A mistake in the configuration. `message` is CoreDNS's text for the same mistake, octet for octet
 * (`Corefile:7 - Error during parsing: Unknown directive 'x'`); `at` and `hint` are what we add below it.
 */
export class CorefileError extends Error {
  readonly code: CorefileErrorCode
  readonly at: Position | undefined
  /** A sentence on how to mend it: the nearest known word, the option to use. */
  readonly hint: string | undefined

  constructor(code: CorefileErrorCode, message: string, at?: Position, hint?: string) {
    super(message)
    this.name = 'CorefileError'
    this.code = code
    this.at = at
    this.hint = hint
  }
}
