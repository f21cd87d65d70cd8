// One document of a manifest file, read: its value, and where in the text each part of it stands.
import type { FieldPath } from '../fields.ts'

export interface DuplicateKey {
  readonly key: string
  /** Where the key stands again, as an offset in the document's text. */
  readonly offset: number
  readonly firstOffset: number
  /** Whether it is a key of the object itself, as `kind` is: then a `---` may be missing. */
  readonly atTop: boolean
}

export interface SyntaxFlaw {
  readonly offset: number
  /** A word for the kind of mistake, from the reader. */
  readonly code: string
  readonly text: string
}

export interface Document {
  /** `undefined` when there is a syntax flaw; `null` for an empty document. */
  readonly value: unknown
  readonly flaw: SyntaxFlaw | undefined
  readonly duplicates: readonly DuplicateKey[]
  /** The offset of the value at `path`, or of the nearest thing around it that is there. */
  locate(path: FieldPath): number
}
