// The search path of the Pod that asks, for *autopath* (kubernetes-records.md §18): by its address, or by what it asks for.
import type { ClusterIndex } from '../../cluster/index/cluster-index.ts'
import { joinLabels, lowerOctet, type Name } from '../../wire/name.ts'
import { ClusterName, NameKind } from './name.ts'
import type { Zone } from './options.ts'
import type { NoSearchPath } from '../cluster-view.ts'

const SVC = Buffer.from('svc', 'latin1')
const UNDERSCORE = 0x5f

/** Whether the label whose length stands at `at` is `svc`. */
function isSvcAt(wire: Uint8Array, at: number): boolean {
  if (wire[at] !== SVC.length) return false
  return SVC.every((octet, index) => lowerOctet[wire[at + 1 + index] as number] === octet)
}

export class SearchPaths {
  readonly #index: ClusterIndex
  readonly #name = new ClusterName()
  /** By the namespace's label: that object lives as long as its number stands for the namespace. */
  readonly #made = new WeakMap<Buffer, Map<Zone, readonly Name[]>>()

  constructor(index: ClusterIndex) {
    this.#index = index
  }

  /** `NS.svc.ZONE`, `svc.ZONE`, `ZONE` for the Pod with this address; `undefined` when none has it. */
  of(address: string, zone: Zone): readonly Name[] | undefined {
    const { pods, namespaces } = this.#index
    const namespace = pods.namespaceAt(address)
    return namespace < 0 ? undefined : this.#path(namespaces.label(namespace), zone)
  }

  /**
   * The search path of a client that tries `BASE.NS.svc.ZONE` first, whoever it is. No path when the name may be meant as
   * it stands: a Service's own name, or one below a Service that is there.
   */
  ofName(wire: Uint8Array, start: number, zoneAt: number, zone: Zone): readonly Name[] | NoSearchPath {
    if (zone.isReverse) return 'outside-path'
    const { namespaces, services, imports } = this.#index
    const name = this.#name
    name.read(wire, start, zoneAt, zone.isMulticluster)
    if (name.isPod || name.labelCount < 3 || !isSvcAt(wire, name.namespaceEnd)) return 'outside-path'
    const namespace = namespaces.find(wire, name.namespaceAt, name.namespaceEnd)
    if (namespace < 0 || !namespaces.isDeclared(namespace)) return 'unknown-namespace'
    if (name.kind === NameKind.SERVICE) return 'may-be-meant'
    if (name.kind !== NameKind.INVALID) {
      const table = zone.isMulticluster ? imports : services
      const isThere = table.find(namespace, wire, name.serviceAt, name.serviceEnd) >= 0
      if (isThere || wire[start + 1] === UNDERSCORE) return 'may-be-meant'
    }
    return this.#path(namespaces.label(namespace), zone)
  }

  #path(label: Buffer, zone: Zone): readonly Name[] {
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
