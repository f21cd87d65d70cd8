// Hands a directive's words to a plugin's set-up, one by one, and raises the errors people know from CoreDNS.
// (To be written: see the contract below.)
import { CorefileError, type Position, type Token } from './position.ts'

/**
 * A cursor over the words of every occurrence of one directive in one server block, in file order:
 * `forward . 9.9.9.9 { max_fails 3 }`. Before the first `next()` it stands before the first word.
 *
 *     while (c.next()) {                 // at the directive's name
 *       const args = c.remainingArgs()   // words on the same line
 *       while (c.nextBlock()) {          // at the first word of each line of its block
 *         switch (c.val()) { case 'max_fails': if (!c.nextArg()) throw c.argErr(); … default: throw c.errf(`unknown property '${c.val()}'`) }
 *       }
 *     }
 */
export interface Dispenser {
  /** The directive. */
  readonly name: string
  /** Moves to the next word; false at the end. */
  next(): boolean
  /** Moves to the next word if it is on the same line (and not `{`); false otherwise. */
  nextArg(): boolean
  /** Moves to the first word of the next line. */
  nextLine(): boolean
  /** Enters or goes on in a block in braces: true at each line's first word, false after `}` or when there is no block. */
  nextBlock(): boolean
  /** The rest of the words on this line, up to `{`; moves past them. */
  remainingArgs(): string[]
  /** The word the cursor stands on; empty before the first. */
  val(): string
  /** The token the cursor stands on. */
  token(): Token
  /** Where the cursor stands. */
  position(): Position
  /** `FILE:LINE - Error during parsing: Wrong argument count or unexpected line ending after 'x'`. */
  argErr(hint?: string): CorefileError
  /** `FILE:LINE - Error during parsing: MESSAGE`. */
  errf(message: string, hint?: string): CorefileError
  /** `FILE:LINE - Syntax error: Unexpected token 'x', expecting 'EXPECTED'`. */
  syntaxErr(expected: string, hint?: string): CorefileError
}
