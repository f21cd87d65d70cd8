// An experiment as a YAML file says it. Every mistake has its line and column; unknown keys are mistakes.
import { LineCounter, isMap, isScalar, isSeq, parseDocument, type Node, type YAMLMap } from 'yaml'
import { nearestWord } from '../corefile/nearest.ts'
import { parseDuration } from '../corefile/values.ts'
import type { Family } from '../resolver/model.ts'
import { resolverModel, resolverModels } from '../resolver/registry.ts'
import { readAssertion } from './assertions.ts'
import { ExperimentMistake, shown } from './mistake.ts'
import { NAMES_MAX, type UpstreamSetting } from './spec.ts'

/** What a file says; what it leaves out is undefined. */
export interface SpecParts {
  readonly title?: string
  readonly names?: readonly string[]
  /** A file of names, relative to the experiment's. */
  readonly namesFile?: string
  readonly ndots?: readonly number[]
  readonly search?: ReadonlyMap<string, readonly string[]>
  readonly resolvers?: readonly string[]
  readonly family?: Family
  readonly autopath?: readonly boolean[]
  readonly upstreams?: readonly UpstreamSetting[]
  readonly exists?: readonly string[]
  readonly networkMs?: number
  readonly server?: string
  readonly assertions?: readonly string[]
}

const OCTETS_MAX = 8 << 20
export const NDOTS_MAX = 255
const DELAY_MAX_MS = 60_000

/** Reads the text of an experiment. Throws ExperimentMistake. */
export function readSpec(text: string, file: string): SpecParts {
  if (text.length > OCTETS_MAX) throw new ExperimentMistake(`${file}: longer than ${OCTETS_MAX} characters`)
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true })
  const reader = new Reader(file, lines)
  const [error] = document.errors
  if (error !== undefined) throw reader.at(error.pos[0], error.message)
  if (!isMap(document.contents)) {
    throw reader.at(
      document.contents?.range[0] ?? 0,
      'expected keys and values, as in `names: [web, web.shop]`'
    )
  }
  return reader.spec(document.contents)
}

/** Nothing was written. */
const isEmpty = (node: unknown): boolean => node === null || (isScalar(node) && node.value === null)

class Reader {
  readonly #file: string
  readonly #lines: LineCounter

  constructor(file: string, lines: LineCounter) {
    this.#file = file
    this.#lines = lines
  }

  at(offset: number, message: string): ExperimentMistake {
    const { line, col } = this.#lines.linePos(offset)
    return new ExperimentMistake(`${this.#file}:${Math.max(1, line)}:${Math.max(1, col)}: ${message}`)
  }

  spec(map: YAMLMap): SpecParts {
    return this.#keys<SpecParts>(map, {
      title: node => ({ title: this.#text(node) }),
      names: node => ({ names: this.names(node) }),
      'names-file': node => ({ namesFile: this.#text(node) }),
      ndots: node => ({ ndots: this.#list(node, each => this.#ndots(each)) }),
      search: node => ({ search: this.#search(node) }),
      resolvers: node => ({ resolvers: this.#list(node, each => this.#resolver(each)) }),
      family: node => ({ family: this.#family(node) }),
      autopath: node => ({ autopath: this.#list(node, each => this.#switch(each)) }),
      upstream: node => ({ upstreams: this.#list(node, each => this.#upstream(each)) }),
      exists: node => ({ exists: this.names(node) }),
      network: node => ({ networkMs: this.#delay(node) }),
      server: node => ({ server: this.#text(node) }),
      assert: node => ({ assertions: this.#list(node, each => this.#assertion(each)) })
    })
  }

  names(node: Node): readonly string[] {
    const names = this.#list(node, each => this.#text(each))
    if (names.length > NAMES_MAX) throw this.#wrong(node, `more than ${NAMES_MAX} names`)
    return names
  }

  /** Reads a map key by key; a key that isn't among these is a mistake. */
  #keys<T extends object>(
    map: YAMLMap,
    readers: Readonly<Record<string, (node: Node) => Partial<T>>>
  ): Partial<T> {
    let parts: Partial<T> = {}
    for (const { key, value } of map.items) {
      if (!isScalar(key) || typeof key.value !== 'string')
        throw this.#wrong(key as Node, 'expected a word as the key')
      const read = Object.hasOwn(readers, key.value) ? readers[key.value] : undefined
      if (read === undefined) {
        const near = nearestWord(key.value, Object.keys(readers))
        const hint =
          near === undefined ? `one of ${Object.keys(readers).join(', ')}` : `did you mean '${near}'?`
        throw this.#wrong(key, `unknown key ${shown(key.value)}: ${hint}`)
      }
      if (isEmpty(value)) throw this.#wrong(key, `${key.value}: expected a value`)
      parts = { ...parts, ...read(value as Node) }
    }
    return parts
  }

  #wrong(node: Node, message: string): ExperimentMistake {
    return this.at(node.range?.[0] ?? 0, message)
  }

  /** A list, or one item as a list of one. */
  #list<T>(node: Node, item: (node: Node) => T): readonly T[] {
    if (!isSeq(node)) return [item(node)]
    if (node.items.length === 0) throw this.#wrong(node, 'expected at least one item')
    return node.items.map(each => item(each as Node))
  }

  #scalar(node: Node): unknown {
    if (!isScalar(node)) throw this.#wrong(node, 'expected a single value')
    return node.value
  }

  #text(node: Node): string {
    const value = this.#scalar(node)
    if (typeof value !== 'string' && typeof value !== 'number') throw this.#wrong(node, 'expected a text')
    return isScalar(node) && typeof value === 'number' ? (node.source ?? String(value)) : String(value)
  }

  #ndots(node: Node): number {
    const value = this.#scalar(node)
    if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= NDOTS_MAX) return value
    throw this.#wrong(
      node,
      `ndots: expected a whole number from 0 to ${NDOTS_MAX}, found ${shown(String(value))}`
    )
  }

  #switch(node: Node): boolean {
    const value = this.#scalar(node)
    if (value === true || value === 'on') return true
    if (value === false || value === 'off') return false
    throw this.#wrong(node, `autopath: expected on or off, found ${shown(String(value))}`)
  }

  #resolver(node: Node): string {
    const text = this.#text(node)
    const model = resolverModel(text)
    if (model !== undefined) return model.name
    const known = resolverModels.map(({ name }) => name)
    throw this.#wrong(node, `no resolver ${shown(text)}: expected one of ${known.join(', ')}`)
  }

  #family(node: Node): Family {
    const text = this.#text(node)
    if (text === 'unspec' || text === 'inet' || text === 'inet6') return text
    throw this.#wrong(node, `family: expected unspec, inet or inet6, found ${shown(text)}`)
  }

  /** Lists by label; a plain list is one without a label. */
  #search(node: Node): ReadonlyMap<string, readonly string[]> {
    if (!isMap(node)) return new Map([['default', this.#domains(node)]])
    const lists = new Map<string, readonly string[]>()
    for (const { key, value } of node.items) lists.set(this.#text(key as Node), this.#domains(value as Node))
    if (lists.size === 0) throw this.#wrong(node, 'expected at least one list')
    return lists
  }

  #domains(node: Node | null): readonly string[] {
    if (node === null || isEmpty(node)) return []
    const items = isSeq(node)
      ? node.items.map(each => this.#text(each as Node))
      : this.#text(node).split(/[\s,]+/)
    const wrong = items.find(each => !/^[^\s]+$/.test(each))
    if (wrong !== undefined) throw this.#wrong(node, `search: expected domains, found ${shown(wrong)}`)
    return items
  }

  #upstream(node: Node): UpstreamSetting {
    if (!isMap(node))
      throw this.#wrong(node, 'upstream: expected delay and loss, as in {delay: 20ms, loss: 1%}')
    const parts = this.#keys<{ delayMs: number; loss: number }>(node, {
      delay: each => ({ delayMs: this.#delay(each) }),
      loss: each => ({ loss: this.#loss(each) })
    })
    return { delayMs: parts.delayMs ?? 0, loss: parts.loss ?? 0 }
  }

  #delay(node: Node): number {
    const text = this.#text(node)
    const duration = parseDuration(text)
    if (duration.error === undefined && duration.value >= 0 && duration.value <= DELAY_MAX_MS)
      return duration.value
    throw this.#wrong(node, `expected a duration from 0 to 1m, as in 20ms, found ${shown(text)}`)
  }

  #loss(node: Node): number {
    const text = this.#text(node)
    const percent = /^(\d+(?:\.\d+)?)%$/.exec(text)?.[1]
    if (percent !== undefined && Number(percent) <= 100) return Number(percent) / 100
    throw this.#wrong(node, `loss: expected a share from 0% to 100%, found ${shown(text)}`)
  }

  #assertion(node: Node): string {
    const text = this.#text(node)
    const assertion = readAssertion(text)
    if (typeof assertion === 'string') throw this.#wrong(node, assertion)
    return text
  }
}
