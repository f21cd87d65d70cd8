// What has been told to those who answer, and what changes.
import { isDeepStrictEqual } from 'node:util'
import type { ClusterObject } from '../objects.ts'
import { keyOf } from '../object-key.ts'
import type { ObjectName, SimulatedChange } from './simulated.ts'

interface Line {
  readonly object: ClusterObject
  readonly from: ObjectName | undefined
}

export class Ledger {
  readonly #lines = new Map<string, Line>()
  /** As it was before the changes that are being collected. */
  readonly #before = new Map<string, ClusterObject | undefined>()

  has(key: string): boolean {
    return this.#lines.has(key)
  }

  line(key: string): Line | undefined {
    return this.#lines.get(key)
  }

  *objects(): Iterable<ClusterObject> {
    for (const { object } of this.#lines.values()) yield object
  }

  set(object: ClusterObject, from: ObjectName | undefined): void {
    const key = keyOf(object)
    const before = this.#lines.get(key)
    if (!this.#before.has(key)) this.#before.set(key, before?.object)
    this.#lines.set(key, { object, from })
  }

  delete(key: string): void {
    const before = this.#lines.get(key)
    if (before === undefined) return
    if (!this.#before.has(key)) this.#before.set(key, before.object)
    this.#lines.delete(key)
  }

  /** Forgets an object without telling: somebody else tells of one with that name. */
  forget(key: string): void {
    this.#lines.delete(key)
    this.#before.delete(key)
  }

  /** The changes since the last call: what is gone first, so that a name or address is never in two places. */
  collect(): SimulatedChange[] {
    const removed: SimulatedChange[] = []
    const rest: SimulatedChange[] = []
    for (const [key, before] of this.#before) {
      const object = this.#lines.get(key)?.object
      if (object === undefined) {
        if (before !== undefined) removed.push({ action: 'removed', object: before })
      } else if (before === undefined) rest.push({ action: 'added', object })
      else if (before !== object && !isDeepStrictEqual(before, object))
        rest.push({ action: 'changed', object })
    }
    this.#before.clear()
    return [...removed, ...rest]
  }
}
