// The octets of a snapshot: JSON, one object a line. First what it is, then for each index a line with its key and its
// objects, last how many lines there are and a hash of all octets before, so that half a file is never taken for a whole.
import { createHash } from 'node:crypto'
import type { NextTurn } from '../../runtime/turn.ts'
import type { ClusterObject } from '../objects.ts'

export interface Section {
  /** Equal text: the same source and options. */
  readonly key: string
  readonly objects: Iterable<ClusterObject>
}

export interface Snapshot {
  /** Milliseconds since 1970. */
  readonly writtenMs: number
  readonly sections: ReadonlyMap<string, readonly ClusterObject[]>
}

const VERSION = 1
/** Octets that are put together, and lines that are read, between two turns of the event loop: some milliseconds. */
const PART_OCTETS = 64 * 1024
const LINES = 500

const KINDS: ReadonlySet<unknown> = new Set(['Namespace', 'Service', 'EndpointSlice', 'Pod', 'ServiceImport'])

/** Throws when there are more than `octetsMax`. */
export async function* encodeSnapshot(
  writtenMs: number,
  sections: Iterable<Section>,
  octetsMax: number,
  nextTurn: NextTurn
): AsyncGenerator<Buffer, void> {
  const hash = createHash('sha256')
  let lines = 0
  let total = 0
  let pending = ''
  const take = () => {
    const octets = Buffer.from(pending)
    pending = ''
    total += octets.length
    if (total > octetsMax) throw new Error(`it would have more than ${octetsMax >> 20} MiB`)
    hash.update(octets)
    return octets
  }
  const add = (value: object) => {
    pending += `${JSON.stringify(value)}\n`
    lines++
  }
  add({ labdns: 'snapshot', version: VERSION, writtenMs })
  for (const { key, objects } of sections) {
    add({ section: key })
    for (const object of objects) {
      add(object)
      if (pending.length < PART_OCTETS) continue
      yield take()
      await turn(nextTurn)
    }
  }
  yield take()
  yield Buffer.from(`${JSON.stringify({ end: lines, sha256: hash.digest('hex') })}\n`)
}

/** Rejects with an Error that says what is wrong, for octets that are no whole snapshot. */
export async function decodeSnapshot(octets: Buffer, nextTurn: NextTurn): Promise<Snapshot> {
  const lastAt = octets.lastIndexOf(0x0a, octets.length - 2) + 1
  const end = parsed(octets.subarray(lastAt).toString())
  if (octets.at(-1) !== 0x0a || typeof end?.['end'] !== 'number') throw new Error('its end is missing')
  const body = octets.subarray(0, lastAt)
  const hash = createHash('sha256')
  for (let at = 0; at < body.length; at += 1 << 20) {
    hash.update(body.subarray(at, at + (1 << 20)))
    await turn(nextTurn)
  }
  if (hash.digest('hex') !== end['sha256']) throw new Error('its octets are not those that were written')
  let lines = 0
  let writtenMs = 0
  const sections = new Map<string, ClusterObject[]>()
  let objects: ClusterObject[] | undefined
  for (let at = 0; at < body.length; lines++) {
    const next = body.indexOf(0x0a, at) + 1
    const value = parsed(body.subarray(at, next).toString())
    at = next
    if (value === undefined) throw new Error(`line ${lines + 1} is no JSON object`)
    if (lines === 0) {
      if (value['labdns'] !== 'snapshot') throw new Error('it is no snapshot of labdns')
      if (value['version'] !== VERSION || typeof value['writtenMs'] !== 'number') {
        throw new Error(`it is of version ${JSON.stringify(value['version'])}, expected ${VERSION}`)
      }
      writtenMs = value['writtenMs']
    } else if (typeof value['section'] === 'string') {
      objects = []
      sections.set(value['section'], objects)
    } else if (objects !== undefined && KINDS.has(value['kind'])) {
      // What we wrote ourselves, as the hash says.
      objects.push(value as unknown as ClusterObject)
    } else throw new Error(`line ${lines + 1} is not of a kind that is known`)
    if (lines % LINES === LINES - 1) await turn(nextTurn)
  }
  if (lines !== end['end']) throw new Error('lines are missing')
  return { writtenMs, sections }
}

const turn = (nextTurn: NextTurn): Promise<void> => new Promise(resolve => nextTurn(resolve))

function parsed(line: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}
