// One file as it was last read: its parts, the objects they declare, and objects that stay in service although the file
// doesn't (readably) declare them any more.
import type { Kinds } from './kinds.ts'
import type { Found, Held, Trouble } from './reading.ts'

export interface ManifestFile {
  /** Absolute; `<stdin>` for standard input. */
  readonly path: string
  /** As messages show it: below the path that was given. */
  readonly shown: string
  /** The place of its input in the list of inputs; then the path decides. */
  readonly order: number
  /** How its objects are read. */
  readonly kinds: Kinds
  /** Of the contents that were applied last; '' for none. */
  hash: string
  /** When these contents were read first (monotonic milliseconds). */
  readAt: number
  parts: readonly FilePart[]
  /** Declared by an earlier version of the file, and kept. */
  kept: Entry[]
  /** When the file was first seen in a state that may be a half-written one; its removals wait. */
  unsettledSince: number | undefined
  /** Why it can't be read, once that was said. */
  failure: string
  /** Whether the last thing that was said of it is that something in it is wrong. */
  broken: boolean
  /** Whether its odd but harmless sides were told. */
  noted: boolean
}

/** A part that was read. Its place may move when lines are added above it, without it being read again. */
export interface FilePart {
  readonly hash: string
  line: number
  /** Characters before it on its first line. */
  column: number
  readonly entries: readonly Entry[]
  readonly troubles: readonly Trouble[]
  /** Whether its troubles were told. */
  told: boolean
}

/** An object that a file declares. */
export interface Entry {
  readonly key: string
  readonly found: Found
  readonly held: Held | undefined
  readonly file: ManifestFile
  readonly part: FilePart
  kept: boolean
  /** Whether it was reported as a second declaration. */
  reported: boolean
}

export function newFile(path: string, shown: string, order: number, kinds: Kinds): ManifestFile {
  return {
    ...{ path, shown, order, kinds, hash: '', readAt: 0, parts: [], kept: [] },
    ...{ unsettledSince: undefined, failure: '', broken: false, noted: false }
  }
}

/** `shop.yaml:14:3`: lines and columns from 1. */
export function placeOf(
  file: ManifestFile,
  part: FilePart,
  at: { readonly line: number; readonly column: number }
) {
  return `${file.shown}:${lineOf(part, at)}:${at.column + (at.line === 0 ? part.column : 0)}`
}

export function lineOf(part: FilePart, at: { readonly line: number }): number {
  return part.line + at.line + 1
}

/** Which of two declarations of one object counts: the first by input, path and line; one that is kept only if alone. */
export function compareEntries(a: Entry, b: Entry): number {
  if (a.kept !== b.kept) return a.kept ? 1 : -1
  return (
    compareFiles(a.file, b.file) ||
    a.part.line - b.part.line ||
    a.part.column - b.part.column ||
    a.found.line - b.found.line
  )
}

export function compareFiles(a: ManifestFile, b: ManifestFile): number {
  return a.order - b.order || (a.path < b.path ? -1 : a.path > b.path ? 1 : 0)
}
