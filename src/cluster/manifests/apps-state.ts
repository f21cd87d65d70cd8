// Between the manifests and the simulated control plane: hands over what the files declare, and turns what the control
// plane says into changes for the sinks and lines for people. Loaded only where applications are served.
import { writtenKind, type AppObject } from '../apps/app-objects.ts'
import type { ControlPlane, ObjectName, SimulatedNote, SimulatedProblem } from '../apps/simulated.ts'
import type { ClusterObject } from '../objects.ts'
import type { Change, Changed } from './change.ts'
import type { ManifestFile } from './manifest-file.ts'
import { keyOf } from '../object-key.ts'

/** Services that every cluster has, so that Endpoints for them are mirrored. */
const ALWAYS_THERE = new Set(['Service/default/kubernetes', 'Service/kube-system/kube-dns'])

/** What followed from a round of changes. */
export interface AppsSettled {
  readonly changes: readonly Change[]
  /** What files changed, by itself. */
  readonly written: readonly Changed[]
  readonly notes: readonly SimulatedNote[]
}

export class AppsState {
  readonly controlPlane: ControlPlane
  /** What is simulated, by key. */
  readonly #simulated = new Map<string, ClusterObject>()
  #written: Changed[] = []

  constructor(controlPlane: ControlPlane) {
    this.controlPlane = controlPlane
  }

  put(object: AppObject, isNew: boolean, file: ManifestFile): void {
    this.controlPlane.put(object)
    this.#wrote(isNew ? 'added' : 'changed', object, file)
  }

  remove(object: AppObject, file: ManifestFile): void {
    this.controlPlane.remove(writtenKind(object), object.namespace, object.name)
    this.#wrote('removed', object, file)
  }

  /** Something that is taken as it is came, changed or went. */
  given({ action, object }: Change): void {
    if (action !== 'removed') this.controlPlane.given(object)
    else {
      const namespace = object.kind === 'Namespace' ? '' : object.namespace
      this.controlPlane.takenBack(object.kind, namespace, object.name)
    }
  }

  /** What follows from everything since the last time; `isGiven` knows the objects that the files brought. */
  settle(isGiven: (key: string) => boolean): AppsSettled {
    const settled = this.controlPlane.settle()
    const changes: Change[] = []
    for (const { action, object } of settled.changes) {
      const key = keyOf(object)
      if (action === 'removed') this.#simulated.delete(key)
      else this.#simulated.set(key, object)
      // An object of the files that took the place of a simulated one was told already.
      if (action !== 'removed' || !isGiven(key)) changes.push({ action, object, file: undefined })
    }
    const written = this.#written
    this.#written = []
    return { changes, written, notes: settled.notes }
  }

  /** What a simulated object was made from. */
  madeFrom(kind: string, namespace: string, name: string): ObjectName | undefined {
    const object = this.#simulated.get(keyOf({ kind, namespace, name }))
    return object === undefined ? undefined : this.controlPlane.madeFrom(object)
  }

  /** Whether an object is simulated, or will be with the next `settle`. */
  has(key: string): boolean {
    return this.#simulated.has(key) || ALWAYS_THERE.has(key)
  }

  objects(): Iterable<ClusterObject> {
    return this.controlPlane.objects()
  }

  problems(): readonly SimulatedProblem[] {
    return this.controlPlane.problems()
  }

  /** Kinds of what was made from something that somebody wrote. */
  *madeKinds(): Generator<string, void> {
    for (const object of this.controlPlane.objects()) {
      if (object.kind !== 'Pod' && object.kind !== 'EndpointSlice') continue
      if (this.controlPlane.madeFrom(object) !== undefined) yield object.kind
    }
  }

  #wrote(action: Changed['action'], object: AppObject, file: ManifestFile): void {
    const { namespace, name } = object
    this.#written.push({ action, object: { kind: writtenKind(object), namespace, name }, file })
  }
}
