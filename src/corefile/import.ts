// What `import` brings in: snippets, files, and files by wildcard (corefile-and-plugins.md §1.4).
import { dirname, isAbsolute, join, resolve } from 'node:path'
import { fileErrorText, type Files } from '../runtime/files.ts'
import { nearestWord } from './nearest.ts'
import { readWords, type Word } from './lexer.ts'

/** What an import stands for, or CoreDNS's text for why it stands for nothing. */
export type Imported =
  | { readonly words: readonly Word[]; readonly warning: string | undefined; readonly error?: undefined }
  | { readonly error: string; readonly hint: string | undefined }

/** Imports are counted over the whole configuration, because only a cycle reaches such numbers. */
const SNIPPET_IMPORTS_MAX = 10_000
const FILE_IMPORTS_MAX = 100_000
/** CoreDNS names this number for both. */
export const SNIPPET_DEPTH_TEXT = 'maximum snippet import depth (10000) exceeded'
export const FILE_DEPTH_TEXT = 'maximum file import depth (10000) exceeded'

/** A configuration is something that people wrote; a ConfigMap holds 1 MiB at most. */
export const COREFILE_OCTETS_MAX = 4 * 1024 * 1024
/** What all imported files may have together: their words are held at once, at some sixty octets for each of these. */
const IMPORTED_OCTETS_MAX = 8 * 1024 * 1024

export class Imports {
  readonly #files: Files
  readonly #folder: string
  readonly #snippets = new Map<string, readonly Word[]>()
  /** What was read, by path and by pattern: a cycle of imports reads each file once. */
  readonly #read = new Map<string, Imported>()
  readonly #matched = new Map<string, Imported>()
  readonly #onWords: (afterComment: readonly Word[]) => void
  #snippetImports = 0
  #fileImports = 0
  #octetsLeft = IMPORTED_OCTETS_MAX

  /**
   * `folder`: where relative paths in the configuration's own text start from, absolute. `onWords` is told of words that
   * follow a comment on their line.
   */
  constructor(files: Files, folder: string, onWords: (afterComment: readonly Word[]) => void) {
    this.#files = files
    this.#folder = folder
    this.#onWords = onWords
  }

  defineSnippet(name: string, words: readonly Word[]): void {
    this.#snippets.set(name, words)
  }

  /** `pattern` with its environment variables replaced; `word` is where it stands, which is where its path begins. */
  find(pattern: string, word: Word): Imported {
    const snippet = this.#snippets.get(pattern)
    if (snippet !== undefined) {
      if (this.#snippetImports++ >= SNIPPET_IMPORTS_MAX) {
        return {
          error: SNIPPET_DEPTH_TEXT,
          hint: `'${pattern}' imports itself, directly or through another snippet`
        }
      }
      return { words: snippet, warning: undefined }
    }
    if (this.#fileImports++ >= FILE_IMPORTS_MAX) {
      return { error: FILE_DEPTH_TEXT, hint: `'${pattern}' imports itself, directly or through another file` }
    }
    const folder = word.source === '' ? this.#folder : dirname(word.source)
    const path = isAbsolute(pattern) ? pattern : cleanPath(join(folder, pattern))
    const key = `${path}\0${pattern}` // messages name the pattern as it was written
    let imported = this.#matched.get(key)
    if (imported === undefined) {
      imported = this.#findFiles(pattern, path)
      this.#matched.set(key, imported)
    }
    return imported
  }

  #findFiles(pattern: string, path: string): Imported {
    const stars = path.split('*').length - 1
    const marks = path.split('?').length - 1
    if (stars > 1 || marks > 1 || (path.includes('[') && path.includes(']'))) {
      return {
        error: `Glob pattern may only contain one wildcard (*), but has others: ${path}`,
        hint: 'at most one * and one ? are taken, folders included; write one import for each'
      }
    }
    const found = matchPaths(this.#files, path)
    if (found === undefined) {
      return { error: `Failed to use import pattern ${pattern}: syntax error in pattern`, hint: UNFINISHED }
    }
    if (found.length === 0 && !/[*?[\]]/.test(path)) {
      const near = nearestWord(pattern, this.#snippets.keys())
      const hint =
        near === undefined
          ? `there is no snippet (${pattern}) above this line, and no file ${path}`
          : `did you mean the snippet '${near}'?`
      return { error: `File to import not found: ${pattern}`, hint }
    }
    const words: Word[] = []
    for (const file of found) {
      const read = this.#readFile(file)
      if (read.error !== undefined) return read
      for (const word of read.words) words.push(word)
    }
    const warning = found.length === 0 ? `No files matching import glob pattern: ${pattern}` : undefined
    return { words, warning }
  }

  #readFile(path: string): Imported {
    const known = this.#read.get(path)
    if (known !== undefined) return known
    const imported = this.#readWords(path)
    this.#read.set(path, imported)
    return imported
  }

  #readWords(path: string): Imported {
    if (this.#files.kind(path) === 'directory') {
      const hint = path.includes('/..')
        ? 'a folder of a ConfigMap volume holds ..data and dated folders too: name an ending, as in custom/*.override'
        : 'name the files in it, as in folder/*.conf'
      return { error: `Could not import ${path}: is a directory`, hint }
    }
    let octets: Buffer
    try {
      octets = this.#files.read(path, Math.min(COREFILE_OCTETS_MAX, this.#octetsLeft))
    } catch (error) {
      return { error: `Could not import ${path}: ${fileErrorText(error, path)}`, hint: undefined }
    }
    this.#octetsLeft -= octets.length
    const source = resolve(path)
    const list = readWords(octets.toString('utf8'), source, (_, line, column) => ({
      file: source,
      line,
      column
    }))
    this.#onWords(list.afterComment)
    return { words: list.words, warning: undefined }
  }
}

const UNFINISHED = 'a [ without its ], or a backslash at the end, is no pattern'

/** Without the final slash that Node leaves at a joined path. */
const cleanPath = (path: string): string => (path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path)

/** Paths that match, in order of their octets; undefined for a pattern that is none (`[` without an end). */
function matchPaths(files: Files, pattern: string): readonly string[] | undefined {
  if (!hasWildcard(pattern)) return exists(files, pattern) ? [pattern] : []
  const slash = pattern.lastIndexOf('/')
  const folder = slash <= 0 ? pattern.slice(0, slash + 1) : pattern.slice(0, slash)
  const nameMatches = nameMatcher(pattern.slice(slash + 1))
  const folders = hasWildcard(folder) ? matchPaths(files, folder) : [folder]
  if (nameMatches === undefined || folders === undefined) return undefined
  return folders.flatMap(each =>
    listFolder(files, each)
      .filter(nameMatches)
      .map(name => join(each, name))
  )
}

const hasWildcard = (pattern: string): boolean => /[*?[\\]/.test(pattern)

/** One path component with `*` (any characters, none too), `?` (one character) and `\` before a character meant as it is. */
function nameMatcher(pattern: string): ((name: string) => boolean) | undefined {
  let expression = ''
  for (let at = 0; at < pattern.length; at++) {
    const character = pattern[at] as string
    if (character === '[') return undefined
    if (character === '*') expression += '.*'
    else if (character === '?') expression += '.'
    else if (character === '\\') {
      if (++at === pattern.length) return undefined
      expression += escapeRegExp(pattern[at] as string)
    } else expression += escapeRegExp(character)
  }
  const whole = new RegExp(`^${expression}$`, 'su')
  return name => whole.test(name)
}

const escapeRegExp = (character: string): string => character.replace(/[\\^$.*+?()[\]{}|/]/, '\\$&')

function listFolder(files: Files, folder: string): readonly string[] {
  try {
    return files.kind(folder) === 'directory' ? files.list(folder) : []
  } catch {
    return [] // a folder that may not be read matches nothing
  }
}

/** Whether there is something at a path, be it a link that leads nowhere (which then can't be read, and that is said). */
function exists(files: Files, path: string): boolean {
  if (files.kind(path) !== undefined) return true
  return listFolder(files, dirname(path)).includes(path.slice(path.lastIndexOf('/') + 1))
}
