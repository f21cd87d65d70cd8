// The weight file of `loadbalance weighted`: which address of a name goes first, and how often (corefile-and-plugins.md
// §8.11).
import { createHash } from 'node:crypto'
import { parseIp } from '../../corefile/addresses.ts'
import { parseUnsigned } from '../../corefile/values.ts'
import type { Answer } from '../../dns/answer.ts'
import { rdataAt, type RecordSpan } from '../../dns/answer-sections.ts'
import type { Files } from '../../runtime/files.ts'
import type { Log } from '../../runtime/log.ts'
import type { Random } from '../../runtime/random.ts'
import { nameKey, parseName, readName, type NameKey } from '../../wire/name.ts'
import { byKind } from './record-kinds.ts'

/** By name, and there by the address's octets as latin-1. */
export type WeightTable = ReadonlyMap<NameKey, ReadonlyMap<string, number>>

export class WeightFileError extends Error {}

const FILE_OCTETS_MAX = 16 << 20
const WEIGHT_DEFAULT = 1

export class Weights {
  readonly #path: string
  readonly #files: Files
  readonly #log: Log
  readonly #random: Random
  #table: WeightTable = new Map<NameKey, ReadonlyMap<string, number>>()
  /** Of what was read last, whether it could be used or not. */
  #hash = ''

  constructor(path: string, files: Files, log: Log, random: Random) {
    this.#path = path
    this.#files = files
    this.#log = log
    this.#random = random
  }

  /** Reads the file if it has changed. `'missing'` when it can't be opened. Throws WeightFileError; the old weights stay. */
  read(): 'read' | 'missing' {
    let octets: Buffer
    try {
      octets = this.#files.read(this.#path, FILE_OCTETS_MAX)
    } catch {
      return 'missing'
    }
    const hash = createHash('sha256').update(octets).digest('hex')
    if (hash === this.#hash) return 'read'
    this.#hash = hash
    this.#table = parseWeights(octets.toString('utf8'), this.#path)
    this.#log.info(`Successfully reloaded weight file ${this.#path}`)
    return 'read'
  }

  /** The records with the address first, of all of them, that chance and the weights choose. */
  arrange(answer: Answer, spans: readonly RecordSpan[]): readonly RecordSpan[] {
    const { cname, address, mx, rest } = byKind(spans)
    const [first] = address
    if (first === undefined) return spans
    const at = this.#choose(answer, address)
    address[0] = address[at] as RecordSpan
    address[at] = first
    return [...cname, ...rest, ...address, ...mx]
  }

  #choose(answer: Answer, address: readonly RecordSpan[]): number {
    const weights = address.map(span => this.#weightOf(answer, span))
    let left = this.#random.integer(weights.reduce((sum, weight) => sum + weight, 0))
    for (const [at, weight] of weights.entries()) {
      left -= weight
      if (left < 0) return at
    }
    return 0
  }

  #weightOf({ octets }: Answer, span: RecordSpan): number {
    const owner = readName(octets, span.start)
    const ofName = owner === undefined ? undefined : this.#table.get(nameKey(owner))
    return ofName?.get(octets.toString('latin1', rdataAt(span), span.end)) ?? WEIGHT_DEFAULT
  }
}

/** Throws WeightFileError in CoreDNS's words. */
export function parseWeights(text: string, path: string): WeightTable {
  const table = new Map<NameKey, Map<string, number>>()
  const fail = (message: string) => new WeightFileError(`${message} in weight file ${path}`)
  let weights: Map<string, number> | undefined
  for (const each of text.split('\n')) {
    const line = each.trim()
    if (line === '' || line.startsWith('#')) continue
    const [first = '', second, ...more] = line.split(/\s+/)
    if (more.length > 0) throw fail(`could not parse weight line:"${line}"`)
    const address = parseIp(first)
    if (second === undefined) {
      if (address !== undefined) {
        throw new WeightFileError(
          `wrong domain name:"${first}" in weight file ${path}. (Maybe a missing weight value?)`
        )
      }
      const name = parseName(first)
      // What is no name no answer has, and its lines are still read.
      const key = name === undefined ? undefined : nameKey(name)
      weights = (key === undefined ? undefined : table.get(key)) ?? new Map<string, number>()
      if (key !== undefined) table.set(key, weights)
      continue
    }
    if (address === undefined) throw fail(`wrong IP address:"${first}"`)
    const weight = parseUnsigned(second, 8)
    if (weight.error !== undefined || weight.value === 0) throw fail(`wrong weight value:"${second}"`)
    if (weights === undefined) throw fail('missing domain name')
    const octets = Buffer.from(address.octets).toString('latin1')
    // The first line about an address counts.
    if (!weights.has(octets)) weights.set(octets, weight.value)
  }
  return table
}
