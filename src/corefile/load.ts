// A configuration from its file: read, unwrapped from a ConfigMap, parsed, its keys understood.
import { posix } from 'node:path'
import { fileErrorText } from '../runtime/files.ts'
import { Dispenser } from './dispenser.ts'
import { COREFILE_OCTETS_MAX } from './import.ts'
import type { Locate } from './lexer.ts'
import { looksLikeManifest } from './manifest-look.ts'
import { ERRORS_MAX, NOTES_MAX, parseCorefileAll, type ParseOptions } from './parser.ts'
import { CorefileError, type Position } from './position.ts'
import type { Note, ParsedCorefile, ServerBlock } from './server-block.ts'
import type { ServerKey } from './server-key.ts'
import { keyNote, readServerKeys, SERVER_KEYS_MAX } from './server-keys.ts'

/** Everything that a configuration says, before any plugin has looked at its words. */
export interface Configuration {
  /** Its name in messages. */
  readonly file: string
  /** In file order. Empty when the file has none (or is not there): what then is served is the caller's to decide. */
  readonly blocks: readonly Block[]
  /** What CoreDNS logs as warnings while it parses, in its words and order. */
  readonly warnings: readonly string[]
  /** What is no error and yet hardly meant so. CoreDNS says nothing about it. */
  readonly notes: readonly Note[]
}

/** A server block. */
export interface Block {
  /** At least one; the keys of a CIDR are all there. */
  readonly keys: readonly ServerKey[]
  /** By name, in order of first appearance. */
  readonly directives: ReadonlyMap<string, Directive>
}

/** All occurrences of one directive in one block. */
export interface Directive {
  readonly name: string
  /** Where each occurrence begins. */
  readonly starts: readonly Position[]
  /** A cursor over its words, at their beginning. */
  dispenser(): Dispenser
}

export interface LoadOptions extends ParseOptions {
  /** The port of plain-DNS keys without one (`-dns.port`); 53 when left out. */
  readonly dnsPort?: number
}

/** Manifests may hold much besides the Corefile. */
const MANIFEST_OCTETS_MAX = 4 * COREFILE_OCTETS_MAX

/**
 * The configuration in the file that `-conf` names; `stdin` reads standard input. A ConfigMap manifest will do too.
 * Rejects with a CorefileError with the text that CoreDNS ends with.
 */
export async function loadCorefile(path: string, options: LoadOptions): Promise<Configuration> {
  const { text, file } = readConfigured(path, options)
  return interpretUnwrapped(text, file, options)
}

/** The configuration in `Corefile` of the working folder, where no `-conf` is given; without blocks when there is none. */
export async function loadDefaultCorefile(options: LoadOptions): Promise<Configuration> {
  const file = 'Corefile'
  const path = options.folder === undefined ? file : posix.resolve(options.folder, file)
  let octets: Buffer
  try {
    octets = options.files.read(path, MANIFEST_OCTETS_MAX)
  } catch (error) {
    if ((error as { code?: unknown }).code === 'ENOENT') return { file, blocks: [], warnings: [], notes: [] }
    throw new CorefileError('FILE', fileErrorText(error, file))
  }
  return interpretUnwrapped(octets.toString('utf8'), file, options)
}

async function interpretUnwrapped(text: string, file: string, options: LoadOptions): Promise<Configuration> {
  const corefile = await unwrapped(text, file)
  return interpretCorefile(corefile.text, file, { ...options, ...corefile })
}

/**
 * The Corefile in a text: itself, or what a ConfigMap manifest holds, with the places of its characters in there. Rejects
 * with a CorefileError where a manifest has none. The YAML reader is loaded for manifests only: 30 ms of a start.
 */
export async function unwrapped(
  text: string,
  file: string
): Promise<{ readonly text: string; readonly locate?: Locate }> {
  if (!looksLikeManifest(text)) return { text }
  const { extractCorefile } = await import('./configmap.ts')
  return extractCorefile(text, file)
}

/** The configuration that a text says. `file` is its name in messages, and relative imports start at its folder. */
export function interpretCorefile(text: string, file: string, options: LoadOptions): Configuration {
  const { errors, ...configuration } = checkCorefile(text, file, options)
  if (errors[0] !== undefined) throw errors[0]
  return configuration
}

/** As `interpretCorefile`, with all errors that can be told apart, CoreDNS's first one first. */
export function checkCorefile(
  text: string,
  file: string,
  options: LoadOptions
): Configuration & { readonly errors: readonly CorefileError[] } {
  const errors: CorefileError[] = []
  const collect = <T>(act: () => T): T | undefined => {
    try {
      return act()
    } catch (error) {
      if (!(error instanceof CorefileError)) throw error
      errors.push(error)
      return undefined
    }
  }
  const parsed = collect(() => parseText(text, file, options))
  errors.push(...(parsed?.errors ?? []))

  const blocks: Block[] = []
  const notes: Note[] = [...(parsed?.notes ?? [])]
  let keyCount = 0
  for (const block of parsed?.blocks ?? []) {
    const keys: ServerKey[] = []
    for (const token of block.keys) {
      keys.push(...(collect(() => readServerKeys([token], options.dnsPort ?? 53)) ?? []))
      if (keyCount + keys.length > SERVER_KEYS_MAX || errors.length >= ERRORS_MAX) break
    }
    keyCount += keys.length
    if (keyCount > SERVER_KEYS_MAX) {
      const message = `error inspecting server blocks: more than ${SERVER_KEYS_MAX} zones`
      errors.push(new CorefileError('BAD_VALUE', message, block.keys[0]?.at))
      break
    }
    for (const key of keys) {
      const note = notes.length < NOTES_MAX ? keyNote(key) : undefined
      if (note !== undefined) notes.push(note)
    }
    blocks.push({ keys, directives: directivesOf(block, file) })
    if (errors.length >= ERRORS_MAX) break
  }
  return { file, blocks, warnings: parsed?.warnings ?? [], notes, errors }
}

/**
 * The text of the file that `-conf` names, and its name in messages; for `stdin` that is `/dev/stdin`. Throws a
 * CorefileError. Standard input can be read once, so who wants to show its lines later keeps the text.
 */
export function readConfigured(
  path: string,
  options: LoadOptions
): { readonly text: string; readonly file: string } {
  const file = path === 'stdin' ? '/dev/stdin' : path
  const clean = posix.normalize(file).replace(/(?<=.)\/$/, '')
  try {
    const octets = options.files.read(
      options.folder === undefined ? clean : posix.resolve(options.folder, clean),
      MANIFEST_OCTETS_MAX
    )
    return { text: octets.toString('utf8'), file }
  } catch (error) {
    throw new CorefileError('FILE', `loading Caddyfile via flag: ${fileErrorText(error, clean)}`)
  }
}

function parseText(
  text: string,
  file: string,
  options: LoadOptions
): ParsedCorefile & { readonly errors: readonly CorefileError[] } {
  if (Buffer.byteLength(text) > COREFILE_OCTETS_MAX) {
    throw new CorefileError('FILE', `${file}: a Corefile has at most ${COREFILE_OCTETS_MAX} octets`)
  }
  return parseCorefileAll(text, file, options)
}

function directivesOf(block: ServerBlock, file: string): ReadonlyMap<string, Directive> {
  return new Map(
    [...block.directives].map(([name, words]) => [
      name,
      { name, starts: words.starts, dispenser: () => new Dispenser(words, file) }
    ])
  )
}
