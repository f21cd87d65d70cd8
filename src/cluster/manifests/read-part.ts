// Reads one part of a manifest file: from text to the objects it declares, or to troubles that say where, what was found
// and what was expected.
import { isMap, listed, shown, shownPath, type FieldPath, type Flaw } from '../fields.ts'
import type { Document } from './document.ts'
import { readJson } from './json-document.ts'
import type { Kinds, KnownKind } from './kinds.ts'
import { looksLike, mistakeAround, mistakeBehind } from './mistakes.ts'
import { misspelled } from './misspelled.ts'
import { networkPolicyIn } from './network-policy-in.ts'
import type { ListHeader, Part } from './part.ts'
import type { PartText } from './parts.ts'
import { readPlainYaml } from './plain-yaml.ts'
import type { Service } from '../objects.ts'
import { podDnsIn } from './pod-dns-in.ts'
import { keyOf } from '../object-key.ts'
import { shownObject, type Found, type Held, type Reading, type Trouble } from './reading.ts'

/** The longest part that is read, in characters. Kubernetes stores no object over 1.5 MiB. */
const PART_CHARACTERS_MAX = 4 << 20

/** Reads any YAML, and knows where everything stands: `readYaml` of yaml-document.ts. */
type FullReader = (text: string) => Document

/**
 * Reads the text of `part`. Never throws. Without the full reader it is `undefined` when that is needed: for YAML that is
 * not plain, and whenever there is something to say about a place in it.
 */
export function readPart(text: PartText, part: Part, kinds: Kinds, full: FullReader): Reading
export function readPart(text: PartText, part: Part, kinds: Kinds): Reading | undefined
export function readPart(text: PartText, part: Part, kinds: Kinds, full?: FullReader): Reading | undefined {
  const reader = new PartReader(text, part, kinds)
  if (reader.tooLong()) return reader
  if (part.format === 'json') reader.read(readJson(text.text))
  else if (full !== undefined) reader.read(full(text.text))
  else {
    const plain = readPlainYaml(text.text)
    if (plain === undefined) return undefined
    const asked: FieldPath[] = []
    const locate = (path: FieldPath) => {
      if (path.length > 0) asked.push(path)
      return plain.offset
    }
    reader.read({ value: plain.value, flaw: undefined, duplicates: [], locate })
    if (asked.length > 0 || reader.troubles.length > 0) return undefined
  }
  return reader
}

class PartReader implements Reading {
  readonly found: Found[] = []
  readonly troubles: Trouble[] = []
  readonly #text: string
  readonly #part: Part
  readonly #missing: PartText['missing']
  readonly #kinds: Kinds
  #document: Document | undefined

  constructor({ text, missing }: PartText, part: Part, kinds: Kinds) {
    this.#text = text
    this.#kinds = kinds
    this.#missing = missing
    this.#part = part
  }

  tooLong(): boolean {
    if (this.#text.length <= PART_CHARACTERS_MAX) return false
    this.#cost(
      'document',
      0,
      `a document of over ${PART_CHARACTERS_MAX >> 20} MiB; no Kubernetes object is that long`
    )
    return true
  }

  read(document: Document): void {
    this.#document = document
    if (document.flaw !== undefined) {
      const mistake = mistakeBehind(this.#text, document.flaw)
      this.#cost('document', mistake.offset, mistake.text)
      return
    }
    this.#duplicates(document)
    if (this.#part.role === 'list' || document.value === null) return
    this.#object(document.value, [], this.#part.list)
  }

  #object(value: unknown, path: FieldPath, list: ListHeader | undefined): void {
    if (!isMap(value)) {
      this.#noObject(path, Array.isArray(value) ? 'a list' : shown(value), 'error')
      return
    }
    const inherited = inherit(list)
    const kind = value['kind'] ?? inherited?.kind
    const apiVersion = value['apiVersion'] ?? inherited?.apiVersion
    if (kind === undefined && apiVersion === undefined) {
      const keys = Object.keys(value)
      // A kustomization or the values of a chart beside the manifests: worth a word, no mistake.
      this.#noObject(path, keys.length === 0 ? 'an empty map' : `a map with ${listedKeys(keys)}`, 'warning')
    } else if (typeof kind !== 'string' || kind === '') {
      this.#field(path, 'kind', kind, `expected what the object is, for example kind: Service`)
    } else if (typeof apiVersion !== 'string' || apiVersion === '') {
      const known = this.#kindOf(kind)?.apiVersions[0] ?? 'v1'
      this.#field(path, 'apiVersion', apiVersion, `expected apiVersion: ${known}`)
    } else if (kind.endsWith('List') && Array.isArray(value['items'])) {
      const items = value['items'] as readonly unknown[]
      items.forEach((item, index) => this.#object(item, [...path, 'items', index], { apiVersion, kind }))
    } else this.#known(value, path, kind, apiVersion)
  }

  #known(value: Readonly<Record<string, unknown>>, path: FieldPath, kind: string, apiVersion: string): void {
    const known = this.#kindOf(kind)
    if (known?.apiVersions.includes(apiVersion)) {
      this.#trim(value, path, kind, apiVersion, known)
      return
    }
    const meant = Object.keys(this.#kinds.known).find(name => name.toLowerCase() === kind.toLowerCase())
    if (known?.oldVersions?.includes(apiVersion)) {
      const text = `no matches for kind "${kind}" in version "${apiVersion}"; write apiVersion: ${known.apiVersions[0] ?? ''}`
      const flaw = { level: 'error', path: ['apiVersion'], text } as const
      this.#flaw(flaw, path, this.#subject(value, kind), 0)
    } else if (meant !== undefined && known === undefined) {
      this.#field(path, 'kind', kind, `expected ${meant} (letter case counts)`)
    } else if (known !== undefined && isBuiltIn(apiVersion)) {
      this.#field(path, 'apiVersion', apiVersion, `expected ${listed(known.apiVersions)} for kind ${kind}`)
    } else
      this.#passOver(
        value,
        path,
        known === undefined ? kind : `${kind}.${apiVersion.split('/')[0] ?? ''}`,
        apiVersion
      )
  }

  #kindOf(kind: string): KnownKind | undefined {
    return Object.hasOwn(this.#kinds.known, kind) ? this.#kinds.known[kind] : undefined
  }

  #subject(
    value: Readonly<Record<string, unknown>>,
    kind: string
  ): { kind: string; namespace: string; name: string } {
    const { namespace, name } = nameIn(value)
    if (kind === 'Namespace') return { kind, namespace: '', name }
    return { kind, namespace: namespace === '' ? this.#kinds.defaultNamespace : namespace, name }
  }

  #trim(
    value: Readonly<Record<string, unknown>>,
    path: FieldPath,
    kind: string,
    apiVersion: string,
    known: KnownKind
  ): void {
    const flaws: Flaw[] = []
    const held = known.trim(value, flaws)
    const subject = this.#subject(value, kind)
    const errors = flaws.filter(flaw => flaw.level === 'error')
    // One mistake may show in several fields; the first is where to begin, and the rest would only hide it.
    const first = errors[0]
    if (first !== undefined) this.#flaw(first, path, subject, errors.length - 1)
    for (const { path, meant } of misspelled(value, this.#kinds.option)) {
      flaws.push({ level: 'warning', path, text: `is unknown; did you mean ${meant}?` })
    }
    for (const flaw of flaws) if (flaw.level === 'warning') this.#flaw(flaw, path, subject, 0)
    if (held === undefined) return
    const owner = ownerOf(held, value)
    this.found.push({
      ...subject,
      held: detached(this.#kinds.selectors === true ? held : withoutSelector(held)),
      ...this.#place(path),
      ...(owner === undefined ? {} : { owner }),
      ...this.#asked(kind, apiVersion, value)
    })
  }

  /** A valid object of a kind that no answer needs. */
  #passOver(
    value: Readonly<Record<string, unknown>>,
    path: FieldPath,
    kind: string,
    apiVersion: string
  ): void {
    const held = this.#kinds.keep(kind, apiVersion, value)
    const asked = this.#asked(kind, apiVersion, value)
    this.found.push({ kind, ...nameIn(value), held, ...this.#place(path), ...asked })
  }

  /** What only commands need that ask for it. */
  #asked(
    kind: string,
    apiVersion: string,
    value: Readonly<Record<string, unknown>>
  ): Pick<Found, 'podDns' | 'policy'> {
    if (this.#kinds.podDns !== true) return {}
    const podDns = podDnsIn(kind, apiVersion, value)
    const policy = networkPolicyIn(kind, apiVersion, value)
    return {
      ...(podDns === undefined ? {} : { podDns: detached(podDns) }),
      ...(policy === undefined ? {} : { policy: detached(policy) })
    }
  }

  /** Something that Kubernetes has no word for: prose, a saved web page, or the settings of another program. */
  #noObject(path: FieldPath, found: string, level: Trouble['level']): void {
    const offset = this.#offset(path)
    const likely = looksLike(this.#text)
    const mistake = mistakeAround(this.#text, offset, true)
    const seen = likely === '' ? `found ${found}` : `this looks like ${likely}`
    const text = `no Kubernetes object: expected apiVersion, kind and metadata, ${seen}`
    this.#trouble(
      level,
      offset,
      mistake === undefined ? text : `${text}: ${mistake.text}`,
      'document',
      undefined
    )
  }

  /** A flaw in apiVersion or kind. */
  #field(path: FieldPath, field: string, value: unknown, expected: string): void {
    const found = value === undefined || value === null ? 'is missing' : `${shown(value)} is not known`
    this.#cost('document', this.#offset([...path, field]), `${stated(field, found)}; ${expected}`)
  }

  #flaw(
    flaw: Flaw,
    path: FieldPath,
    subject: { kind: string; namespace: string; name: string },
    more: number
  ): void {
    const missing = flaw.text.startsWith('is missing') || flaw.text.startsWith('is empty')
    let offset = this.#offset([...path, ...(flaw.at ?? flaw.path)])
    const mistake = mistakeAround(this.#text, offset, missing)
    if (mistake !== undefined) offset = mistake.offset
    const error = flaw.level === 'error'
    const who = subject.name === '' ? subject.kind : shownObject(subject)
    const rest = more === 0 ? '' : ` (and ${more} more)`
    const cause = mistake === undefined ? '' : ` (${mistake.text})`
    const key = error && subject.name !== '' ? keyOf(subject) : undefined
    const costs = error ? (key === undefined ? 'document' : 'object') : 'nothing'
    this.#trouble(
      flaw.level,
      offset,
      `${who}: ${stated(shownPath(flaw.path), flaw.text)}${cause}${rest}`,
      costs,
      key
    )
  }

  #duplicates(document: Document): void {
    const [first] = document.duplicates
    if (first === undefined) return
    const { line } = this.#placeOf(first.offset)
    const firstLine = this.#placeOf(first.firstOffset).line
    const advice =
      first.atTop && first.key !== 'items' ? `; is a line with --- missing before this object?` : ''
    const others = document.duplicates.length - 1
    const count = others === 0 ? '' : ` (and ${others} more keys)`
    const distance = line === firstLine ? 'in this line' : `${line - firstLine} lines above`
    const text = `the key ${shown(first.key)} stands twice, first ${distance}${count}; the last one counts, as in kubectl`
    this.#trouble('warning', first.offset, `${text}${advice}`, 'nothing', undefined)
  }

  #cost(costs: 'document', offset: number, text: string): void {
    this.#trouble('error', offset, text, costs, undefined)
  }

  #trouble(
    level: Trouble['level'],
    offset: number,
    text: string,
    costs: Trouble['costs'],
    key: string | undefined
  ) {
    this.troubles.push({ level, ...this.#placeOf(offset), text, costs, key })
  }

  #offset(path: FieldPath): number {
    return this.#document?.locate(path) ?? 0
  }

  #place(path: FieldPath): { line: number; column: number } {
    return path.length === 0 ? this.#placeOf(this.#offset([])) : this.#placeOf(this.#offset(path))
  }

  /** Line from 0 and column from 1, in characters, of an offset in the text. */
  #placeOf(offset: number): { line: number; column: number } {
    let line = 0
    let start = 0
    for (let at = this.#text.indexOf('\n'); at >= 0 && at < offset; at = this.#text.indexOf('\n', start)) {
      line++
      start = at + 1
    }
    if (this.#missing !== undefined && offset > this.#missing.offset) line += this.#missing.lines
    const before = this.#text.slice(start, offset)
    return { line, column: (isAscii(before) ? before.length : Array.from(before).length) + 1 }
  }
}

/** `spec.ports is a map`, but `spec.clusterIP: "x" is not …`. */
function stated(field: string, what: string): string {
  return what.startsWith('is ') ? `${field} ${what}` : `${field}: ${what}`
}

function isAscii(text: string): boolean {
  for (let at = 0; at < text.length; at++) if (text.charCodeAt(at) > 0x7f) return false
  return true
}

/** What an item without apiVersion and kind is, when its List says so: an item of a ServiceList is a Service. */
function inherit(list: ListHeader | undefined): ListHeader | undefined {
  if (list === undefined || list.kind === 'List') return undefined
  return { apiVersion: list.apiVersion, kind: list.kind.slice(0, -'List'.length) }
}

/** API groups that only Kubernetes itself fills: `apps/v1` can't have a Service of its own. */
function isBuiltIn(apiVersion: string): boolean {
  const group = apiVersion.includes('/') ? (apiVersion.split('/')[0] ?? '') : ''
  return !group.includes('.') || group.endsWith('.k8s.io')
}

/** Workloads whose Pods are simulated where they stand in the files: what they made in a cluster is not needed beside. */
const OWNERS = new Set([
  'Deployment',
  'ReplicaSet',
  'ReplicationController',
  'StatefulSet',
  'DaemonSet',
  'Job'
])

/** The key of the workload that made a Pod or workload in the cluster that it was copied from. */
function ownerOf(held: Held, value: Readonly<Record<string, unknown>>): string | undefined {
  if (held.kind !== 'AppPod' && held.kind !== 'Workload') return undefined
  const references = isMap(value['metadata']) ? value['metadata']['ownerReferences'] : undefined
  if (!Array.isArray(references)) return undefined
  const owner = (references as unknown[]).filter(isMap).find(each => each['controller'] === true)
  const { kind, name } = owner ?? {}
  if (typeof kind !== 'string' || typeof name !== 'string' || !OWNERS.has(kind)) return undefined
  return keyOf({ kind, namespace: held.namespace, name })
}

function nameIn(value: Readonly<Record<string, unknown>>): { namespace: string; name: string } {
  const metadata = isMap(value['metadata']) ? value['metadata'] : {}
  const { name, namespace } = metadata
  return {
    namespace: typeof namespace === 'string' ? namespace : '',
    name: typeof name === 'string' ? name : ''
  }
}

function listedKeys(keys: readonly string[]): string {
  const first = keys.slice(0, 3).map(key => shown(key))
  return keys.length > 3
    ? `${first.join(', ')} and ${keys.length - 3} more keys`
    : listed(first).replace(' or ', ' and ')
}

/** No answer needs it, and every object is kept. */
function withoutSelector(held: Held): Held {
  if (held.kind !== 'Service' || held.selector === undefined) return held
  const others: { -readonly [Key in keyof Service]: Service[Key] } = { ...held }
  delete others.selector
  return others
}

/** A copy that holds no slice of the file's text: V8 would keep the whole text alive for one long name. */
function detached<T extends object>(held: T): T {
  return JSON.parse(JSON.stringify(held)) as T
}
