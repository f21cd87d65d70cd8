// A manifest source over a real temporary folder, with a log and a sink that remember what they were told.
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative, resolve } from 'node:path'
import type { ClusterKind, ClusterObject } from '../../../src/cluster/objects.ts'
import type { ClusterSink } from '../../../src/cluster/source.ts'
import { chokidarWatching } from '../../../src/cluster/manifests/chokidar-watcher.ts'
import { ManifestSource, type ManifestOptions } from '../../../src/cluster/manifests/manifest-source.ts'
import type { StartWatching } from '../../../src/cluster/manifests/watcher.ts'
import { keyOf } from '../../../src/cluster/object-key.ts'
import { systemClock } from '../../../src/runtime/clock.ts'
import type { Files } from '../../../src/runtime/files.ts'
import type { Log } from '../../../src/runtime/log.ts'

export const diskFiles: Files = {
  stat: () => ({ modifiedMs: 0, octets: 0 }),
  read: path => readFileSync(path),
  list: path => readdirSync(path).sort(),
  kind(path) {
    const found = statSync(path, { throwIfNoEntry: false })
    return found?.isDirectory() === true ? 'directory' : found?.isFile() === true ? 'file' : undefined
  }
}

/** Remembers lines as `warn: text`. */
export class LogBook implements Log {
  readonly lines: string[] = []

  debug(message: string): void {
    this.lines.push(`debug: ${message}`)
  }

  info(message: string): void {
    this.lines.push(`info: ${message}`)
  }

  warn(message: string): void {
    this.lines.push(`warn: ${message}`)
  }

  error(message: string): void {
    this.lines.push(`error: ${message}`)
  }

  fatal(message: string): void {
    this.lines.push(`fatal: ${message}`)
  }

  plugin(): Log {
    return this
  }

  own(): Log {
    return this
  }
}

/** Keeps the objects that it was told of, and can wait for something to be true of them. */
export class Mirror implements ClusterSink {
  readonly objects = new Map<string, ClusterObject>()
  readonly events: string[] = []
  syncedTimes = 0
  readonly #waiting = new Set<() => void>()

  put(object: ClusterObject): void {
    this.objects.set(keyOf(object), object)
    this.events.push(`put ${keyOf(object)}`)
    this.#wake()
  }

  remove(kind: ClusterKind, namespace: string, name: string): void {
    this.objects.delete(keyOf({ kind, namespace, name }))
    this.events.push(`remove ${keyOf({ kind, namespace, name })}`)
    this.#wake()
  }

  synced(): void {
    this.syncedTimes++
    this.#wake()
  }

  keys(): string[] {
    return [...this.objects.keys()].sort()
  }

  /** Settles with the milliseconds it took, or rejects after `limitMs`. */
  until(what: string, condition: () => boolean, limitMs = 5000): Promise<number> {
    const from = performance.now()
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(check)
        reject(new Error(`not within ${limitMs} ms: ${what}`))
      }, limitMs)
      const check = () => {
        if (!condition()) return
        this.#waiting.delete(check)
        clearTimeout(timer)
        resolve(performance.now() - from)
      }
      this.#waiting.add(check)
      check()
    })
  }

  #wake(): void {
    for (const check of [...this.#waiting]) check()
  }
}

export interface Harness {
  readonly folder: string
  readonly log: LogBook
  readonly mirror: Mirror
  readonly source: ManifestSource
}

export async function temporaryFolder(teardown: (task: () => Promise<void>) => void): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'labdns-manifests-'))
  teardown(() => rm(folder, { recursive: true, force: true }))
  return folder
}

/** Files in memory, by the names that are shown; `undefined` as contents makes one unreadable. */
export class MemoryFiles implements Files {
  stat = () => ({ modifiedMs: 0, octets: 0 })
  readonly contents = new Map<string, string | Uint8Array | undefined>()

  constructor(texts: Readonly<Record<string, string | Uint8Array>>) {
    for (const [name, text] of Object.entries(texts)) this.contents.set(name, text)
  }

  read(path: string): Buffer {
    const name = relative(process.cwd(), resolve(path))
    if (!this.contents.has(name)) throw Object.assign(new Error('ENOENT'), { code: 'ENOENT' })
    const contents = this.contents.get(name)
    if (contents === undefined) throw Object.assign(new Error('EACCES'), { code: 'EACCES' })
    return Buffer.from(contents)
  }

  list(path: string): string[] {
    const folder = relative(process.cwd(), resolve(path))
    const prefix = folder === '' ? '' : `${folder}/`
    const names = [...this.contents.keys()].filter(name => name.startsWith(prefix))
    if (names.length === 0) throw Object.assign(new Error('ENOENT'), { code: 'ENOENT' })
    return [...new Set(names.map(name => name.slice(prefix.length).split('/')[0] ?? ''))].sort()
  }

  kind(path: string): 'file' | 'directory' | undefined {
    const name = relative(process.cwd(), resolve(path))
    if (this.contents.has(name)) return 'file'
    return [...this.contents.keys()].some(each => each.startsWith(`${name}/`)) ? 'directory' : undefined
  }
}

/** A source over files that don't change, for reading `texts` (name to contents) from memory. */
export async function readTexts(
  texts: Readonly<Record<string, string | Uint8Array>>,
  option: 'paths' | 'apps' = 'paths',
  paths: readonly string[] = Object.keys(texts)
): Promise<Harness> {
  const log = new LogBook()
  const files = new MemoryFiles(texts)
  return begin({ paths: [], [option]: paths, runtime: { clock: systemClock, files, log } }, log, '')
}

/** A source over files in memory; `write` changes one and says so, as a watcher would. */
export async function editTexts(
  texts: Readonly<Record<string, string>>,
  teardown: (task: () => Promise<void>) => void,
  paths: readonly string[] = Object.keys(texts),
  apps: readonly string[] = []
): Promise<
  Harness & {
    readonly write: (name: string, contents: string | Uint8Array | undefined) => void
    /** The files that the watcher was asked to look at. */
    readonly watched: () => readonly string[]
  }
> {
  const log = new LogBook()
  const files = new MemoryFiles(texts)
  let changed: (path: string) => void = () => undefined
  let watched: readonly string[] = []
  const watch: StartWatching = listener => {
    changed = path => listener.changed(path)
    return {
      keep: files => void (watched = [...files].map(path => relative(process.cwd(), path))),
      ready: () => new Promise(() => undefined),
      close: async () => undefined
    }
  }
  const harness = await begin({ paths, apps, runtime: { clock: systemClock, files, log }, watch }, log, '')
  teardown(() => harness.source.close())
  return {
    ...harness,
    watched: () => watched,
    write(name, contents) {
      if (contents === 'gone') files.contents.delete(name)
      else files.contents.set(name, contents)
      changed(resolve(name))
    }
  }
}

/** A source over a folder on disk; watched with chokidar unless said otherwise. */
export async function watchFolder(
  folder: string,
  teardown: (task: () => Promise<void>) => void,
  paths: readonly string[] = [folder]
): Promise<Harness> {
  const log = new LogBook()
  const options = {
    ...{ paths, runtime: { clock: systemClock, files: diskFiles, log } },
    watch: chokidarWatching(systemClock)
  }
  const harness = await begin(options, log, folder)
  teardown(() => harness.source.close())
  return harness
}

async function begin(options: ManifestOptions, log: LogBook, folder: string): Promise<Harness> {
  const source = new ManifestSource(options)
  const mirror = new Mirror()
  source.subscribe(mirror)
  await source.start()
  return { folder, log, mirror, source }
}
