// The files that all inputs together mean at the moment, and the folders in which more may come.
import { basename, resolve } from 'node:path'
import type { Files } from '../../runtime/files.ts'
import { expand, isManifestName, mayBelong, readInput, type Input, type InputOption } from './inputs.ts'

/** The path of what came on standard input. */
export const STDIN = '<stdin>'

interface Scan {
  /** Files that are there but not known: absolute path to the one to show. */
  readonly unknown: ReadonlyMap<string, string>
  /** Paths that are known but not there. */
  readonly missing: readonly string[]
  /** What couldn't be looked at: `config/apps: permission denied`. */
  readonly failures: readonly string[]
}

export class InputFiles {
  readonly #files: Files
  readonly #hasStandardInput: boolean
  readonly #inputs: Input[] = []
  #folders: ReadonlySet<string> = new Set()

  constructor(files: Files, hasStandardInput: boolean) {
    this.#files = files
    this.#hasStandardInput = hasStandardInput
  }

  add(option: InputOption, paths: readonly string[]): void {
    for (const given of paths) this.#inputs.push(readInput(given, this.#files, option))
  }

  /** Absolute paths of the folders to watch, as the last `scan` found them. */
  get folders(): ReadonlySet<string> {
    return this.#folders
  }

  /** Inputs without a file yet. */
  empty(): Input[] {
    return this.#inputs.filter(input => input.kind !== 'stdin' && expand(input, this.#files).files.size === 0)
  }

  /** Compares with the paths that are known. At the start a file that isn't there is a failure. */
  scan(known: ReadonlyMap<string, unknown>, isStart: boolean): Scan {
    const failures: string[] = []
    const there = new Map<string, string>()
    const folders = new Set<string>()
    for (const input of this.#inputs) {
      if (input.kind === 'stdin') {
        if (this.#hasStandardInput) there.set(STDIN, STDIN)
        else failures.push('-: nothing was given on standard input')
        continue
      }
      const found = expand(input, this.#files)
      // A file that is deleted while serving is no failure: its objects go with it.
      if (isStart || input.kind !== 'file') failures.push(...found.failures)
      for (const [path, shown] of found.files) if (!there.has(path)) there.set(path, shown)
      for (const folder of found.folders) folders.add(folder)
    }
    this.#folders = folders
    const unknown = new Map([...there].filter(([path]) => !known.has(path)))
    return { unknown, missing: [...known.keys()].filter(path => !there.has(path)), failures }
  }

  /** Whether a path that is not known may be a file of an input, or a folder with some: worth a scan. */
  isInteresting(path: string): boolean {
    if (!this.#inputs.some(input => mayBelong(input, path))) return false
    if (isManifestName(basename(path)) || this.#inputs.some(input => input.kind !== 'folder')) return true
    return this.#files.kind(path) === 'directory'
  }

  /** The place of a file's input in the list of inputs, and the option that it was given to. */
  placeOf(path: string): { readonly order: number; readonly option: InputOption } {
    const order = this.#inputs.findIndex(input => {
      return input.kind === 'stdin' ? path === STDIN : resolve(input.base) === path || mayBelong(input, path)
    })
    const input = this.#inputs[order]
    return input === undefined
      ? { order: this.#inputs.length, option: 'manifests' }
      : { order, option: input.option }
  }
}
