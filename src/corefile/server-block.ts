// What the parser makes of a configuration: server blocks whose directives' words no plugin has read yet.
import type { Word } from './lexer.ts'
import type { Position, Token } from './position.ts'

/** A server block: its keys as written, and the words of its directives. */
export interface ServerBlock {
  /** Environment variables replaced, commas dropped. */
  readonly keys: readonly Token[]
  /** By name, in order of first appearance. */
  readonly directives: ReadonlyMap<string, DirectiveWords>
}

/** All occurrences of one directive in one block, one after the other: what a plugin's set-up reads. */
export interface DirectiveWords {
  readonly name: string
  readonly words: readonly Word[]
  /** Where each occurrence begins. */
  readonly starts: readonly Position[]
}

/** Something that is no error, and yet hardly what its writer meant. CoreDNS says nothing about it. */
export interface Note {
  readonly message: string
  readonly at: Position
}

export interface ParsedCorefile {
  readonly blocks: readonly ServerBlock[]
  /** Texts that CoreDNS logs as warnings, in its words and order. */
  readonly warnings: readonly string[]
  readonly notes: readonly Note[]
}
