// What all files together declare: which declaration of an object counts, what the sinks were told, and which slices are
// mirrored from Endpoints.
import { isDeepStrictEqual } from 'node:util'
import { SERVICE_NAME_LABEL, type ClusterObject, type EndpointSlice } from '../objects.ts'
import type { AppObject } from '../apps/app-objects.ts'
import type { AppsState } from './apps-state.ts'
import type { Change } from './change.ts'
import { mirrored, type Endpoints } from './endpoints.ts'
import { compareEntries, type Entry, type ManifestFile } from './manifest-file.ts'
import { keyOf } from '../object-key.ts'
import type { Held } from './reading.ts'

export class Catalog {
  /** All declarations of an object, the one that counts first. */
  readonly #declared = new Map<string, Entry[]>()
  /** The objects that are in service. */
  readonly #objects = new Map<string, ClusterObject>()
  readonly #touched = new Map<string, ManifestFile>()
  /** Services whose mirrored slices may have to change, by `namespace/name`. */
  readonly #services = new Set<string>()
  /** How many slices of the files belong to each Service, by `namespace/name`. */
  readonly #slices = new Map<string, number>()
  readonly #mirrors = new Map<string, readonly EndpointSlice[]>()
  /** How many objects in service live in each namespace. */
  readonly #namespaces = new Map<string, number>()
  /** The objects of applications that the control plane was given. */
  readonly #apps = new Map<string, AppObject>()
  /** Keys of what a workload made in the cluster that it was copied from, by the workload's key. */
  readonly #owned = new Map<string, Set<string>>()
  #simulation: AppsState | undefined

  /** From now on objects of applications may come, and go to this control plane. */
  simulate(simulation: AppsState): void {
    this.#simulation = simulation
  }

  /** The objects in service that are taken as they are. */
  objects(): IterableIterator<ClusterObject> {
    return this.#objects.values()
  }

  has(key: string): boolean {
    return this.#objects.has(key)
  }

  /** The declaration that counts, and those that don't. */
  declarations(key: string): readonly Entry[] {
    return this.#declared.get(key) ?? []
  }

  /** All keys of everything that is declared, kinds that no answer needs included. */
  entries(): IterableIterator<readonly Entry[]> {
    return this.#declared.values()
  }

  declare(entry: Entry): void {
    const entries = this.#declared.get(entry.key)
    if (entries === undefined) this.#declared.set(entry.key, [entry])
    else entries.push(entry)
    this.touch(entry)
    const { owner } = entry.found
    if (owner !== undefined) this.#owned.set(owner, (this.#owned.get(owner) ?? new Set()).add(entry.key))
  }

  withdraw(entry: Entry): void {
    const entries = this.#declared.get(entry.key)?.filter(each => each !== entry) ?? []
    if (entries.length === 0) this.#declared.delete(entry.key)
    else this.#declared.set(entry.key, entries)
    this.touch(entry)
    const { owner } = entry.found
    if (owner === undefined || entries.length > 0) return
    const owned = this.#owned.get(owner)
    owned?.delete(entry.key)
    if (owned?.size === 0) this.#owned.delete(owner)
  }

  /** The entry is kept or moved: which one counts may be another. */
  touch(entry: Entry): void {
    this.#touched.set(entry.key, entry.file)
    for (const key of this.#owned.get(entry.key) ?? []) {
      const owned = this.#declared.get(key)?.[0]
      if (owned !== undefined) this.#touched.set(key, owned.file)
    }
  }

  /** Keys that were touched since the last `settle()`. */
  touchedKeys(): string[] {
    return [...this.#touched.keys()]
  }

  /** Whether there is something to settle. */
  get unsettled(): boolean {
    return this.#touched.size > 0
  }

  /** What follows from what was touched, at most `most` objects at a time. */
  settle(most: number): Change[] {
    const changes: Change[] = []
    for (const [key, file] of this.#touched) {
      if (most-- === 0) return changes
      this.#touched.delete(key)
      this.#settleObject(key, file, changes)
    }
    // Only now is it known which Services have slices of their own.
    for (const service of this.#services) this.#mirror(service, changes)
    this.#services.clear()
    return changes
  }

  #settleObject(key: string, file: ManifestFile, changes: Change[]): void {
    const entries = this.#declared.get(key)
    if (entries !== undefined && entries.length > 1) entries.sort(compareEntries)
    const first = entries?.[0]
    const held = first?.held
    if (held?.kind === 'Endpoints' || key.startsWith('Endpoints/')) {
      this.#services.add(key.slice('Endpoints/'.length))
      return
    }
    if (this.#simulation !== undefined) this.#settleApp(this.#simulation, key, first, file)
    const object = isTakenAsIs(held) ? held : undefined
    const before = this.#objects.get(key)
    const change = this.#set(key, object, first?.file ?? file)
    if (change === undefined) return
    changes.push(change)
    this.#noteService(before)
    this.#noteService(object)
    this.#countSlice(before, -1)
    this.#countSlice(object, 1)
  }

  #settleApp(simulation: AppsState, key: string, first: Entry | undefined, file: ManifestFile): void {
    const owner = first?.found.owner
    const held = owner !== undefined && this.#declared.has(owner) ? undefined : first?.held
    const object = isAppObject(held) ? held : undefined
    const before = this.#apps.get(key)
    if (object === undefined) {
      if (before === undefined) return
      this.#apps.delete(key)
      simulation.remove(before, file)
    } else {
      if (before === object || isDeepStrictEqual(before, object)) return
      this.#apps.set(key, object)
      simulation.put(object, before === undefined, first?.file ?? file)
    }
    if (key.startsWith('Service/')) this.#services.add(key.slice('Service/'.length))
  }

  /** Namespaces that objects live in but that are not declared, in order. */
  undeclaredNamespaces(): string[] {
    return [...this.#namespaces.keys()]
      .filter(name => !this.#objects.has(keyOf({ kind: 'Namespace', name })))
      .sort()
  }

  #set(key: string, object: ClusterObject | undefined, file: ManifestFile | undefined): Change | undefined {
    const before = this.#objects.get(key)
    if (object === undefined) {
      if (before === undefined) return undefined
      this.#objects.delete(key)
      this.#countNamespace(before, -1)
      return this.#given({ action: 'removed', object: before, file })
    }
    if (before !== undefined && (before === object || isDeepStrictEqual(before, object))) return undefined
    this.#objects.set(key, object)
    if (before === undefined) this.#countNamespace(object, 1)
    return this.#given({ action: before === undefined ? 'added' : 'changed', object, file })
  }

  #given(change: Change): Change {
    this.#simulation?.given(change)
    return change
  }

  /** As the mirroring controller does: for a Service that exists, and has no slices of its own. */
  #mirror(service: string, changes: Change[]): void {
    const endpoints = this.#declared.get(`Endpoints/${service}`)?.[0]?.held as Endpoints | undefined
    if (endpoints === undefined && !this.#mirrors.has(service)) return
    const wanted = endpoints !== undefined && !this.#slices.has(service) && this.#hasService(service)
    const slices = wanted ? mirrored(endpoints) : []
    const now = new Map(slices.map(slice => [keyOf(slice), slice]))
    for (const slice of this.#mirrors.get(service) ?? [])
      if (!now.has(keyOf(slice))) now.set(keyOf(slice), slice)
    for (const [key, slice] of now) {
      // A slice of that name in the files is not ours to change.
      if (this.#declared.has(key)) continue
      const change = this.#set(key, slices.includes(slice) ? slice : undefined, undefined)
      if (change !== undefined) changes.push(change)
    }
    if (slices.length === 0) this.#mirrors.delete(service)
    else this.#mirrors.set(service, slices)
  }

  #hasService(service: string): boolean {
    const key = `Service/${service}`
    return this.#objects.has(key) || this.#apps.has(key) || this.#simulation?.has(key) === true
  }

  #noteService(object: ClusterObject | undefined): void {
    const service = serviceOf(object)
    if (service !== undefined) this.#services.add(service)
  }

  #countSlice(object: ClusterObject | undefined, by: 1 | -1): void {
    if (object?.kind !== 'EndpointSlice') return
    const service = serviceOf(object)
    if (service === undefined || this.#mirrors.get(service)?.includes(object)) return
    add(this.#slices, service, by)
  }

  #countNamespace(object: ClusterObject, by: 1 | -1): void {
    if (object.kind !== 'Namespace') add(this.#namespaces, object.namespace, by)
  }
}

function isAppObject(held: Held | undefined): held is AppObject {
  return held?.kind === 'AppService' || held?.kind === 'AppPod' || held?.kind === 'Workload'
}

/** What sinks are told exactly as it is written. */
function isTakenAsIs(held: Held | undefined): held is ClusterObject {
  switch (held?.kind) {
    case 'Namespace':
    case 'Service':
    case 'Pod':
    case 'EndpointSlice':
    case 'ServiceImport':
      return true
    default:
      return false
  }
}

/** The Service that an object is, or that a slice belongs to, as `namespace/name`. */
function serviceOf(object: ClusterObject | undefined): string | undefined {
  if (object?.kind === 'Service') return `${object.namespace}/${object.name}`
  if (object?.kind !== 'EndpointSlice') return undefined
  const name = object.labels[SERVICE_NAME_LABEL]
  return name === undefined || name === '' ? undefined : `${object.namespace}/${name}`
}

function add(counts: Map<string, number>, key: string, by: number): void {
  const count = (counts.get(key) ?? 0) + by
  if (count === 0) counts.delete(key)
  else counts.set(key, count)
}
