// Reads a manifest file part by part. Parts that did not change since the last time are taken from there, so that one
// edit in a file with 20,000 objects costs one object.
import { hash as digest } from 'node:crypto'
import { isUtf8 } from 'node:buffer'
import type { Kinds } from './kinds.ts'
import type { Entry, FilePart, ManifestFile } from './manifest-file.ts'
import type { Pace } from './pace.ts'
import type { Part } from './part.ts'
import { partsOf, textOf, type PartText } from './parts.ts'
import { readPart } from './read-part.ts'
import { keyOf } from '../object-key.ts'
import type { Reading } from './reading.ts'

/** What a file says now. */
export interface FileContents {
  readonly hash: string
  readonly parts: readonly FilePart[]
  /** Odd but harmless things, the same words for every file that has them. */
  readonly notes: readonly string[]
}

const FILE_OCTETS_MAX = 256 << 20
const PARTS_MAX = 200_000

export function hashOf(octets: Uint8Array): string {
  return digest('sha1', octets, 'base64')
}

export async function readFile(
  octets: Buffer,
  hash: string,
  file: ManifestFile,
  pace: Pace
): Promise<FileContents> {
  const notText = whyNotText(octets)
  if (notText !== undefined) return { hash, parts: [troublePart(notText.line, notText.text)], notes: [] }
  const bom = octets[0] === 0xef && octets[1] === 0xbb && octets[2] === 0xbf
  const text = bom ? octets.subarray(3) : octets
  const notes: string[] = []
  if (bom) notes.push('begins with a byte order mark (U+FEFF), which is passed over')
  if (text.includes('\r\n')) notes.push('has Windows line ends (CR LF), which are read as LF')

  const known = new Map<string, FilePart[]>()
  for (const part of file.parts) {
    const same = known.get(part.hash)
    if (same === undefined) known.set(part.hash, [part])
    else same.push(part)
  }
  const parts: FilePart[] = []
  for (const part of partsOf(text, file.path)) {
    if (pace.due) await pace.pause()
    if (part === undefined) continue
    if (parts.length === PARTS_MAX) {
      parts.push(
        troublePart(part.line, `over ${PARTS_MAX} documents; this one and those behind it are not read`)
      )
      break
    }
    const partHash = hashOfPart(text, part)
    const same = known.get(partHash)?.shift()
    const line = part.line
    const column = columnOf(text, part)
    if (same === undefined) {
      const partText = textOf(text, part)
      const reading =
        readPart(partText, part, file.kinds) ?? (await readWithAllOfYaml(partText, part, file.kinds))
      parts.push(partFrom(reading, partHash, line, column, file))
    } else {
      same.line = line
      same.column = column
      parts.push(same)
    }
  }
  return { hash, parts, notes }
}

/** The full parser is loaded where it is needed: plain manifests without mistakes do without. */
async function readWithAllOfYaml(text: PartText, part: Part, kinds: Kinds): Promise<Reading> {
  const { readYaml } = await import('./yaml-document.ts')
  return readPart(text, part, kinds, readYaml)
}

/** The contents of a file that is gone. */
export const NOTHING: FileContents = { hash: '', parts: [], notes: [] }

/** A file whose parts are all the same objects but moved has new lines; those of parts taken over are set here. */
function partFrom(
  reading: Reading,
  hash: string,
  line: number,
  column: number,
  file: ManifestFile
): FilePart {
  const entries: Entry[] = []
  const part: FilePart = { hash, line, column, entries, troubles: reading.troubles, told: false }
  for (const found of reading.found) {
    entries.push({ key: keyOf(found), found, held: found.held, file, part, kept: false, reported: false })
  }
  return part
}

function hashOfPart(octets: Buffer, part: Part): string {
  const { role, start, end, without, list } = part
  if (without === undefined) {
    const hash = digest('sha1', octets.subarray(start, end), 'base64')
    return list === undefined ? hash : `${hash} ${list.apiVersion} ${list.kind}`
  }
  return `${role} ${hashOf(octets.subarray(start, without.start))} ${hashOf(octets.subarray(without.end, end))}`
}

/** Characters before the part on its first line. One line of JSON may be megabytes: beyond some octets, octets count. */
function columnOf(octets: Buffer, part: Part): number {
  const before = part.start - part.lineStart
  if (before === 0 || before > 4096) return before
  return Array.from(octets.toString('utf8', part.lineStart, part.start)).length
}

function troublePart(line: number, text: string): FilePart {
  const trouble = { level: 'error', line: 0, column: 1, text, costs: 'document', key: undefined } as const
  return { hash: `! ${text}`, line, column: 0, entries: [], troubles: [trouble], told: false }
}

function whyNotText(octets: Buffer): { line: number; text: string } | undefined {
  if (octets.length > FILE_OCTETS_MAX) {
    return { line: 0, text: `over ${FILE_OCTETS_MAX >> 20} MiB; split the file` }
  }
  const [first, second] = octets
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)) {
    return { line: 0, text: 'UTF-16 text, as PowerShell writes it with ">"; save the file as UTF-8' }
  }
  const zero = octets.indexOf(0)
  if (zero >= 0)
    return { line: lineAt(octets, zero), text: 'no text: there is an octet 0; expected YAML or JSON' }
  if (!isUtf8(octets)) return { line: firstBadLine(octets), text: 'not UTF-8; save the file as UTF-8' }
  return undefined
}

function lineAt(octets: Buffer, offset: number): number {
  let line = 0
  for (let at = octets.indexOf(0x0a); at >= 0 && at < offset; at = octets.indexOf(0x0a, at + 1)) line++
  return line
}

/** No octet of a longer UTF-8 sequence is a line feed, so lines can be judged one by one. */
function firstBadLine(octets: Buffer): number {
  let start = 0
  for (let line = 0; ; line++) {
    const end = octets.indexOf(0x0a, start)
    if (end < 0 || !isUtf8(octets.subarray(start, end))) return line
    start = end + 1
  }
}
