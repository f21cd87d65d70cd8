// One resource as it is held: which objects in which version. Decides what a listed object or an event changes, and tells
// the sinks. State never goes backwards here, but for a list that is believed (kubernetes-api.md §1, §2).
import type { ClusterObject } from '../objects.ts'
import { shownPath, type Flaw } from '../fields.ts'
import { trims } from '../trim.ts'
import type { EventType, IgnoreReason } from './observer.ts'
import type { Resource } from './resources.ts'
import type { Sinks } from './sinks.ts'
import type { Turns } from './turns.ts'
import { isOlder, versionOf, Versions, type Version } from './versions.ts'

export interface MirrorOptions {
  readonly resource: Resource
  readonly sinks: Sinks
  /** `detail`: where there is something to say of it. */
  readonly ignored: (reason: IgnoreReason, detail?: string) => void
  /** An object is in service now; `isEvent`: because of an event. */
  readonly inService?: (object: ClusterObject, isEvent: boolean) => void
  /** An object is out of service. */
  readonly gone?: (namespace: string, name: string) => void
}

/** What one reading of everything has seen so far. */
export interface ListRun {
  readonly seen: Versions
  /** Objects are told again though their version is known: the versions are of another history. */
  isForced: boolean
  count: number
}

/** Which object, in which version. */
export interface ObjectKey {
  readonly namespace: string
  readonly name: string
  readonly version: Version
}

/** Deletions that are remembered, so that a late event of before doesn't bring an object back. */
const GRAVES_MAX = 4096

export class Mirror {
  readonly held = new Versions()
  readonly #options: MirrorOptions
  readonly #graves = new Map<string, Version>()
  #sweeping: ListRun | undefined
  /** How many deletions are remembered no more. */
  gravesLost = 0
  /** Objects that a comparison has told before the watch did; the watch's event strikes them out. */
  readonly ahead = new Map<string, Version>()

  constructor(options: MirrorOptions) {
    this.#options = options
  }

  begin(): ListRun {
    return { seen: new Versions(), isForced: false, count: 0 }
  }

  /** Takes an object of a list, which replaces what is held. */
  list(raw: unknown, run: ListRun): void {
    const key = this.keyOf(raw)
    if (key === undefined) {
      this.#options.ignored('odd', 'an object in the list has no name or version')
      return
    }
    run.seen.set(key.namespace, key.name, key.version)
    run.count++
    const isHeld = this.held.get(key.namespace, key.name) === key.version
    if (!isHeld || run.isForced) this.take(raw, key)
    else if (this.#options.sinks.hasLatecomers) this.#takeLate(raw)
  }

  /** Removes what the list didn't have. */
  async sweep(run: ListRun, turns: Turns): Promise<void> {
    // Events may come in meanwhile.
    this.#sweeping = run
    this.#graves.clear()
    turns.begin()
    for (const [namespace, name] of this.held.entries()) {
      if (run.seen.get(namespace, name) === undefined) this.drop(namespace, name)
      if (turns.isOver) await turns.next()
    }
    this.#sweeping = undefined
  }

  /** Takes an event's object; says its version, or undefined when it has none that can be used. */
  event(type: EventType, raw: unknown): Version | undefined {
    const key = this.keyOf(raw)
    if (key === undefined || this.#isForeign(raw)) {
      this.#options.ignored('odd', `an event ${type} has an object that is no ${this.#options.resource.kind}`)
      return undefined
    }
    const { namespace, name, version } = key
    const path = `${namespace}/${name}`
    const early = this.ahead.get(path)
    if (early !== undefined && !isOlder(version, early)) this.ahead.delete(path)
    const held = this.held.get(namespace, name)
    if (type === 'DELETED') {
      // Of its object only the name counts: what left a selection is sent as it was before (§4.2 row 13).
      if (held === undefined || isOlder(version, held)) this.#options.ignored('old')
      else {
        this.drop(namespace, name)
        this.#bury(path, version)
      }
      return version
    }
    const grave = this.#graves.get(path)
    const isOld =
      (held !== undefined && (held === version || isOlder(version, held))) ||
      (grave !== undefined && (grave === version || isOlder(version, grave)))
    if (isOld) {
      if (early !== version) this.#options.ignored('old')
      return version
    }
    this.take(raw, key, true)
    return version
  }

  /** Puts an object in service, whatever is held. What can't be served stays as it was. */
  take(raw: unknown, { namespace, name, version }: ObjectKey, isEvent = false): void {
    this.held.set(namespace, name, version)
    this.#sweeping?.seen.set(namespace, name, version)
    const object = this.#trimmed(raw, true)
    if (object === undefined) return
    this.#options.sinks.put(object)
    this.#options.inService?.(object, isEvent)
  }

  drop(namespace: string, name: string): void {
    if (!this.held.delete(namespace, name)) return
    this.#options.sinks.remove(this.#options.resource.kind, namespace, name)
    this.#options.gone?.(namespace, name)
  }

  /** Whether a deletion after `version` is known. */
  isBuriedAfter({ namespace, name }: ObjectKey, version: Version): boolean {
    const grave = this.#graves.get(`${namespace}/${name}`)
    return grave !== undefined && isOlder(version, grave)
  }

  /** `undefined` where name or version are missing. */
  keyOf(raw: unknown): ObjectKey | undefined {
    const { name, namespace, resourceVersion } = metadataOf(raw)
    const version = versionOf(resourceVersion)
    if (typeof name !== 'string' || name === '' || version === undefined) return undefined
    if (this.#options.resource.kind === 'Namespace') return { namespace: '', name, version }
    return typeof namespace === 'string' && namespace !== '' ? { namespace, name, version } : undefined
  }

  #takeLate(raw: unknown): void {
    const object = this.#trimmed(raw, false)
    if (object !== undefined) this.#options.sinks.putLate(object)
  }

  #trimmed(raw: unknown, isNew: boolean): ClusterObject | undefined {
    const { kind } = this.#options.resource
    const flaws: Flaw[] = []
    const object = trims[kind](raw, flaws)
    if (object === undefined && isNew) {
      const { namespace, name } = metadataOf(raw)
      const flaw = flaws.find(({ level }) => level === 'error')
      const where = typeof namespace === 'string' ? `${namespace}/` : ''
      this.#options.ignored(
        'invalid',
        `${where}${String(name)} stays as it was: ${flaw === undefined ? 'it cannot be read' : `${shownPath(flaw.path)} ${flaw.text}`}`
      )
    }
    return object
  }

  /** Whether an object says that it is of another kind; those of lists say nothing. */
  #isForeign(raw: unknown): boolean {
    const { kind } = raw as { kind?: unknown }
    return kind !== undefined && kind !== this.#options.resource.kind
  }

  #bury(path: string, version: Version): void {
    this.#graves.delete(path)
    this.#graves.set(path, version)
    if (this.#graves.size <= GRAVES_MAX) return
    for (const oldest of this.#graves.keys()) {
      this.#graves.delete(oldest)
      this.gravesLost++
      return
    }
  }
}

/** The metadata of any value; empty where there is none. */
export function metadataOf(raw: unknown): Readonly<Record<string, unknown>> {
  if (typeof raw !== 'object' || raw === null) return {}
  const { metadata } = raw as { metadata?: unknown }
  return typeof metadata === 'object' && metadata !== null ? (metadata as Record<string, unknown>) : {}
}
