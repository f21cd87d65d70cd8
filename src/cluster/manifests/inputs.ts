// What a person names with `--manifests` and `--apps`: files, folders, globs, and `-` for standard input.
//
// A folder means its `*.yaml`, `*.yml` and `*.json` files and those of the folders below it, hidden ones left out
// (`kubectl apply -R -f`). A file or glob means exactly what it names, whatever its ending; a glob that matches a folder
// means that folder.
import { join, relative, resolve, sep } from 'node:path'
import type { Files } from '../../runtime/files.ts'
import { isGlob, partMatcher, splitGlob } from './glob.ts'

export type InputOption = 'manifests' | 'apps'

export interface Input {
  readonly kind: 'file' | 'folder' | 'glob' | 'stdin'
  /** The option that it was given to. */
  readonly option: InputOption
  /** As it was given. */
  readonly given: string
  /** The file, or the folder below which to look. */
  readonly base: string
  /** The parts of a glob behind `base`. */
  readonly parts: readonly string[]
}

/** What an input means at the moment. Paths are absolute in `files` (with the path to show) and `folders`. */
export interface Expansion {
  readonly files: ReadonlyMap<string, string>
  /** Folders in which files may come and go. */
  readonly folders: ReadonlySet<string>
  /** What couldn't be looked at: `config/apps: permission denied`. */
  readonly failures: readonly string[]
}

const MANIFEST = /\.(?:yaml|yml|json)$/

/** Deep enough for any layout of manifests; ends the walk through a link that leads back up. */
const DEPTH_MAX = 16
const FILES_MAX = 20_000

export function readInput(given: string, files: Files, option: InputOption = 'manifests'): Input {
  const plain = { given, option, base: given, parts: [] }
  if (given === '-') return { kind: 'stdin', ...plain }
  const kind = files.kind(given)
  if (kind === 'directory') return { kind: 'folder', ...plain }
  if (kind === undefined && isGlob(given)) return { kind: 'glob', given, option, ...splitGlob(given) }
  // A path that ends in a slash was meant as a folder, and may become one.
  return { kind: given.endsWith('/') ? 'folder' : 'file', ...plain }
}

export function expand(input: Input, files: Files): Expansion {
  const walk = new Walk(files, input.option)
  if (input.kind === 'file') walk.file(input.base)
  else if (input.kind === 'folder') walk.folder(input.base, 0)
  else if (input.kind === 'glob') walk.glob(input.base, input.parts, 0)
  return walk
}

/** Whether a path that was not there before may belong to an input: then it is looked at. */
export function mayBelong(input: Input, path: string): boolean {
  if (input.kind === 'stdin') return false
  if (input.kind === 'file') return resolve(input.base) === path
  const below = relative(resolve(input.base), path)
  if (below === '' || below.startsWith('..') || resolve(below) === below) return below === ''
  const names = below.split(sep)
  if (input.kind === 'folder') return !names.some(isHidden)
  // A folder on the way, a match, or something in a folder that matched: the walk decides.
  if (input.parts.includes('**')) return true
  return names.every(
    (name, index) => index >= input.parts.length || partMatcher(input.parts[index] ?? '')(name)
  )
}

export function isManifestName(name: string): boolean {
  return MANIFEST.test(name) && !isHidden(name)
}

/** Words for an error of the operating system. */
export function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  const words: Readonly<Record<string, string>> = {
    ENOENT: 'no such file or folder',
    EACCES: 'permission denied',
    EPERM: 'permission denied',
    ENOTDIR: 'is no folder',
    EISDIR: 'is a folder',
    EMFILE: 'too many open files in this process',
    ENFILE: 'too many open files on this machine',
    ELOOP: 'a symbolic link that leads back to itself'
  }
  return words[code] ?? (error instanceof Error ? error.message : String(error))
}

class Walk implements Expansion {
  readonly files = new Map<string, string>()
  readonly folders = new Set<string>()
  readonly failures: string[] = []
  readonly #files: Files
  readonly #option: InputOption

  constructor(files: Files, option: InputOption) {
    this.#files = files
    this.#option = option
  }

  file(path: string): void {
    this.folders.add(resolve(path, '..'))
    const kind = this.#files.kind(path)
    if (kind === 'directory') this.failures.push(`${path}: is a folder now`)
    else if (kind === undefined) this.failures.push(`${path}: no such file or folder`)
    else this.#take(path)
  }

  folder(path: string, depth: number): void {
    const names = this.#list(path)
    if (depth >= DEPTH_MAX) return
    for (const name of names) {
      // Beside an application lie the packages that it is built from.
      if (isHidden(name) || (name === 'node_modules' && this.#option === 'apps')) continue
      const inside = join(path, name)
      const kind = this.#files.kind(inside)
      if (kind === 'directory') this.folder(inside, depth + 1)
      else if (kind === 'file' && MANIFEST.test(name)) this.#take(inside)
    }
  }

  glob(path: string, parts: readonly string[], depth: number): void {
    const [part, ...rest] = parts
    if (part === undefined || depth >= DEPTH_MAX) return
    const names = this.#list(path)
    if (part === '**') {
      this.glob(path, rest.length === 0 ? ['*'] : rest, depth)
      for (const name of names) {
        const inside = join(path, name)
        if (!isHidden(name) && this.#files.kind(inside) === 'directory') this.glob(inside, parts, depth + 1)
      }
      return
    }
    const matches = partMatcher(part)
    for (const name of names) {
      if (!matches(name)) continue
      const inside = join(path, name)
      const kind = this.#files.kind(inside)
      if (rest.length > 0) {
        if (kind === 'directory') this.glob(inside, rest, depth + 1)
      } else if (kind === 'directory') this.folder(inside, depth + 1)
      else if (kind === 'file') this.#take(inside)
    }
  }

  #take(path: string): void {
    if (this.files.size < FILES_MAX) this.files.set(resolve(path), path)
    else if (this.files.size === FILES_MAX && !this.failures.some(each => each.includes('over'))) {
      this.failures.push(`${path}: over ${FILES_MAX} files; this one and those behind it are not read`)
    }
  }

  #list(path: string): string[] {
    // Links that lead back up can make many folders of few.
    if (this.folders.size >= FILES_MAX) return []
    this.folders.add(resolve(path))
    try {
      return this.#files.list(path)
    } catch (error) {
      this.failures.push(`${path}: ${reasonOf(error)}`)
      return []
    }
  }
}

function isHidden(name: string): boolean {
  return name.startsWith('.')
}
