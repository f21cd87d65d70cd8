// Files as something that is handed in: reading whole files and folders, and no more than that.
import { appendFileSync, closeSync, fstatSync, openSync, readdirSync, readSync, statSync } from 'node:fs'
import { open, rename, unlink } from 'node:fs/promises'
import { dirname } from 'node:path'

export interface Files {
  /**
   * The whole file; `/dev/stdin` is the process's standard input. Throws the operating system's error (with `code`) when
   * it can't be read, and one with the code `EFBIG` when it has more than `octetsMax` octets (1 GiB when left out).
   */
  read(path: string, octetsMax?: number): Buffer
  /** Names in a folder, in code-point order. Throws the operating system's error. */
  list(path: string): string[]
  /**
   * What is there, links followed: `directory`, `file` for anything else that can be read (a pipe too), or `undefined`
   * for nothing (or something that may not be looked at).
   */
  kind(path: string): 'file' | 'directory' | undefined
  /** When a file was last changed and how large it is, links followed. Throws the operating system's error. */
  stat(path: string): FileStat
  /**
   * Adds octets to a file; one that isn't there yet is made, for its owner's eyes alone. Throws the system's error. Absent
   * where nothing can be written.
   */
  append?(path: string, octets: Uint8Array): void
  /**
   * Puts a file with these octets in the place of what is there, for its owner's eyes alone: whoever reads it finds the
   * old one or the new one whole, also after a crash. Rejects with the system's error, or with what `parts` throws; the
   * old one then stays. Absent where nothing can be written.
   */
  replace?(path: string, parts: AsyncIterable<Uint8Array>): Promise<void>
}

export interface FileStat {
  /** Milliseconds since 1970, with fractions. */
  readonly modifiedMs: number
  readonly octets: number
}

/** No file that anybody configures a DNS server with is larger; `/dev/zero` is. */
const OCTETS_MAX = 1 << 30
const CHUNK_OCTETS = 64 * 1024

/** The machine's files. */
export const systemFiles: Files = {
  read(path, octetsMax = OCTETS_MAX) {
    // Opening /dev/stdin by name fails where it is a socket, which is what a Node parent gives its children.
    const isStdin = path === '/dev/stdin'
    const descriptor = isStdin ? 0 : openSync(path, 'r')
    try {
      return readAll(descriptor, path, octetsMax)
    } finally {
      if (!isStdin) closeSync(descriptor)
    }
  },
  list(path) {
    // UTF-8 octets sort like code points; JavaScript's own order is that of UTF-16.
    return readdirSync(path)
      .map(name => ({ name, octets: Buffer.from(name) }))
      .sort((a, b) => Buffer.compare(a.octets, b.octets))
      .map(entry => entry.name)
  },
  kind(path) {
    try {
      return statSync(path).isDirectory() ? 'directory' : 'file'
    } catch {
      return undefined
    }
  },
  stat(path) {
    const { mtimeMs, size } = statSync(path)
    return { modifiedMs: mtimeMs, octets: size }
  },
  append(path, octets) {
    appendFileSync(path, octets, { mode: 0o600 })
  },
  async replace(path, parts) {
    const beside = `${path}.new`
    try {
      const file = await open(beside, 'w', 0o600)
      try {
        for await (const octets of parts) await file.writeFile(octets)
        await file.sync()
      } finally {
        await file.close()
      }
      await rename(beside, path)
    } catch (error) {
      await unlink(beside).catch(() => undefined)
      throw error
    }
    // The folder too, so that the new name outlives a crash.
    const folder = await open(dirname(path), 'r')
    try {
      await folder.sync()
    } finally {
      await folder.close()
    }
  }
}

function readAll(descriptor: number, path: string, octetsMax: number): Buffer {
  // The size is a hint only: it is 0 for pipes and for files under /proc.
  let buffer = Buffer.allocUnsafe(Math.min(fstatSync(descriptor).size, octetsMax) + CHUNK_OCTETS)
  let length = 0
  for (;;) {
    if (length > octetsMax) throw tooLarge(path)
    if (length === buffer.length) buffer = Buffer.concat([buffer], length * 2)
    const octets = readSync(descriptor, buffer, length, buffer.length - length, null)
    if (octets === 0) return buffer.subarray(0, length)
    length += octets
  }
}

function tooLarge(path: string): Error {
  return Object.assign(new Error(`EFBIG: file too large, read '${path}'`), {
    code: 'EFBIG',
    syscall: 'read',
    path
  })
}

/** The texts of the operating system for what can go wrong with a file; libuv's own differ for some. */
const TEXTS: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EFBIG: 'file too large',
  EIO: 'input/output error',
  EISDIR: 'is a directory',
  ELOOP: 'too many levels of symbolic links',
  EMFILE: 'too many open files',
  ENAMETOOLONG: 'file name too long',
  ENOENT: 'no such file or directory',
  ENOTDIR: 'not a directory',
  ENXIO: 'no such device or address',
  EPERM: 'operation not permitted',
  ERR_INVALID_ARG_VALUE: 'invalid argument' // Node's own: there is a NUL in the path
}

/**
 * What went wrong with a file in the words that CoreDNS's messages have: `open /x: no such file or directory`,
 * `read /x: is a directory`. `error` is what a method of `Files` threw.
 */
export function fileErrorText(error: unknown, path: string): string {
  const { code, syscall } = error as { code?: unknown; syscall?: unknown }
  const call = typeof syscall === 'string' ? syscall : 'open'
  if (typeof code === 'string') return `${call} ${path}: ${TEXTS[code] ?? code}`
  return `${call} ${path}: ${error instanceof Error ? error.message : String(error)}`
}
