// The search path of the Pod that asks, for *autopath* (kubernetes-records.md §18).
import type { ClusterIndex } from '../../cluster/index/cluster-index.ts'
import { joinLabels, type Name } from '../../wire/name.ts'
import type { Zone } from './options.ts'

const SVC = Buffer.from('svc', 'latin1')

export class SearchPaths {
  readonly #index: ClusterIndex
  /** By the namespace's label: that object lives as long as its number stands for the namespace. */
  readonly #made = new WeakMap<Buffer, Map<Zone, readonly Name[]>>()

  constructor(index: ClusterIndex) {
    this.#index = index
  }

  /** `NS.svc.ZONE`, `svc.ZONE`, `ZONE` for the Pod with this address; `undefined` when none has it. */
  of(address: string, zone: Zone): readonly Name[] | undefined {
    const { pods, namespaces } = this.#index
    const namespace = pods.namespaceAt(address)
    if (namespace < 0) return undefined
    const label = namespaces.label(namespace)
    let paths = this.#made.get(label)
    if (paths === undefined) this.#made.set(label, (paths = new Map<Zone, readonly Name[]>()))
    let path = paths.get(zone)
    if (path === undefined) paths.set(zone, (path = searchPath(label, zone)))
    return path
  }
}

function searchPath(label: Buffer, zone: Zone): readonly Name[] {
  const all = [joinLabels([label, SVC], zone.name), joinLabels([SVC], zone.name), zone.name]
  // The first element decides whether a name is looked at; without it there is no path.
  return all[0] === undefined ? [] : (all.filter(name => name !== undefined) as Uint8Array[] as Name[])
}
