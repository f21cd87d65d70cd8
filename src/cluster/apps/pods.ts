// Pods: those that workloads make, those that stand in the files, and those that were given. Names and addresses depend
// on the workload's name and the ordinal alone.
import { isDeepStrictEqual } from 'node:util'
import type { Pod } from '../objects.ts'
import { addressFamily } from '../values.ts'
import { canonical, type AddressPool } from './addresses.ts'
import type { AddressFamily, AppPod, PodTemplate, Workload } from './app-objects.ts'
import { digestOf, generatedName, templateHash } from './generated-names.ts'
import { keyOf } from '../object-key.ts'
import { inOrder, nameOf, pathOf } from './keys.ts'
import type { Nodes } from './nodes.ts'
import { byRank, entryOfGiven, isNotReady, labelsOfPod, type PodEntry } from './pod-entry.ts'

/** Pods of one workload that are made, at most; more are a mistake or an attack. */
export const PODS_OF_WORKLOAD_MAX = 10_000
/** Tries to make up a name that no other Pod has. */
const NAME_TRIES = 20

/** One Pod of a workload, or the Pod that stands in the files: what it holds on to. */
interface Slot {
  readonly ordinal: number
  name: string
  readonly addresses: Map<AddressFamily, string>
  entry: PodEntry | undefined
  /** The maker's revision that `entry` is of; -1: to be made again. */
  revision: number
}

interface Maker {
  readonly key: string
  object: Workload | AppPod
  /** Counts what changes the Pods themselves, and not only how many there are. */
  revision: number
  /** Of a Deployment; else empty. */
  readonly hash: string
  readonly slots: Map<number, Slot>
  /** Addresses that its object states. */
  stated: readonly string[]
}

export class Pods {
  readonly #pools: ReadonlyMap<AddressFamily, AddressPool>
  readonly #nodes: Nodes
  readonly #changed: (before: PodEntry | undefined, after: PodEntry | undefined) => void
  readonly #makers = new Map<string, Maker>()
  readonly #dirty = new Set<string>()
  readonly #gone = new Set<Maker>()
  /** Pods' names in use: by the key of their maker. */
  readonly #names = new Map<string, string>()
  readonly #given = new Map<string, PodEntry>()
  /** Makers with Pods that got no address. */
  readonly #starving = new Map<string, number>()

  /** `changed` is called in `settle` for each Pod that is new, other than before, or gone. */
  constructor(
    pools: ReadonlyMap<AddressFamily, AddressPool>,
    nodes: Nodes,
    changed: (before: PodEntry | undefined, after: PodEntry | undefined) => void
  ) {
    this.#pools = pools
    this.#nodes = nodes
    this.#changed = changed
  }

  put(object: Workload | AppPod): void {
    const key = keyOf(nameOf(object))
    const maker = this.#makers.get(key)
    if (maker === undefined) {
      const hash = object.kind === 'AppPod' ? '' : hashOf(object)
      this.#makers.set(key, { key, object, revision: 0, hash, slots: new Map(), stated: [] })
    } else {
      if (!sameButCount(maker.object, object)) maker.revision++
      maker.object = object
    }
    this.#dirty.add(key)
  }

  remove(key: string): void {
    const maker = this.#makers.get(key)
    if (maker === undefined) return
    this.#makers.delete(key)
    this.#gone.add(maker)
  }

  /** A Pod that somebody else tells of; it can be an endpoint, and its name and address are in use. */
  give(object: Pod): void {
    this.takeBack(object)
    const entry = entryOfGiven(object)
    this.#given.set(pathOf(object), entry)
    for (const address of entry.podIPs) this.#claim(address, `given ${pathOf(object)}`)
    this.#touchNamed(object)
    this.#changed(undefined, entry)
  }

  takeBack(object: { readonly namespace: string; readonly name: string }): void {
    const path = pathOf(object)
    const entry = this.#given.get(path)
    if (entry === undefined) return
    this.#given.delete(path)
    for (const address of entry.podIPs) this.#poolOf(address)?.release(address, `given ${path}`)
    this.#touchNamed(object)
    this.#changed(entry, undefined)
  }

  /** The simulated Pods of a workload, in order. */
  of(key: string): PodEntry[] {
    const slots = [...(this.#makers.get(key)?.slots.values() ?? [])]
    return slots.flatMap(slot => slot.entry ?? []).sort(byRank)
  }

  *all(): Iterable<PodEntry> {
    for (const maker of this.#makers.values()) {
      for (const slot of maker.slots.values()) if (slot.entry !== undefined) yield slot.entry
    }
  }

  /** How many Pods of a workload got no address. */
  withoutAddress(key: string): number {
    return this.#starving.get(key) ?? 0
  }

  /** What a Pod's addresses are taken from. */
  get ranges(): string[] {
    return [...this.#pools.values()].map(pool => pool.range.cidr)
  }

  /** Makes the Pods of all workloads that changed; returns the keys of those it looked at. */
  settle(): string[] {
    for (const maker of this.#gone) {
      for (const slot of maker.slots.values()) this.#drop(maker, slot)
      this.#state(maker, [])
      this.#starving.delete(maker.key)
    }
    this.#gone.clear()
    const looked = new Set<string>()
    // What is stated comes first: names, then addresses. Either may take one from a Pod that has it by chance.
    for (const maker of this.#dirtyMakers()) this.#free(maker)
    for (const maker of this.#dirtyMakers())
      if (maker.object.kind === 'AppPod') this.#declare(maker, maker.object)
    if (![...this.#pools.values()].some(pool => pool.full)) {
      for (const key of this.#starving.keys()) this.#dirty.add(key)
    }
    for (const maker of this.#dirtyMakers()) {
      this.#make(maker)
      looked.add(maker.key)
    }
    this.#dirty.clear()
    return [...looked]
  }

  #dirtyMakers(): Maker[] {
    return [...this.#dirty].sort(inOrder).flatMap(key => this.#makers.get(key) ?? [])
  }

  /** Lets go what the object doesn't ask for any more. */
  #free(maker: Maker): void {
    const { first, count } = ordinals(maker.object, this.#nodes)
    for (const slot of maker.slots.values()) {
      if (slot.ordinal < first || slot.ordinal >= first + count) this.#drop(maker, slot)
      else if (maker.object.kind === 'AppPod' && maker.object.podIPs.length > 0)
        this.#freeAddresses(maker, slot)
      else if (templateOf(maker.object).hostNetwork) this.#freeAddresses(maker, slot)
    }
    this.#state(maker, maker.object.kind === 'AppPod' ? maker.object.podIPs.map(canonical) : [])
  }

  /** A Pod that stands in the files has its name, and the addresses that it states. */
  #declare(maker: Maker, pod: AppPod): void {
    const path = pathOf(pod)
    const other = this.#names.get(path)
    if (other === maker.key) return
    this.#names.set(path, maker.key)
    this.#takeName(other, pod.name)
  }

  /** Takes a Pod's name from its maker, which has to find another or do without that Pod. */
  #takeName(key: string | undefined, name: string): void {
    const maker = key === undefined ? undefined : this.#makers.get(key)
    if (maker === undefined) return
    for (const slot of maker.slots.values()) {
      if (slot.name !== name) continue
      slot.name = ''
      slot.revision = -1
    }
    this.#dirty.add(maker.key)
  }

  #make(maker: Maker): void {
    const { first, count } = ordinals(maker.object, this.#nodes)
    let without = 0
    for (let ordinal = first; ordinal < first + count; ordinal++) {
      let slot = maker.slots.get(ordinal)
      if (slot === undefined) {
        slot = { ordinal, name: '', addresses: new Map(), entry: undefined, revision: -1 }
        maker.slots.set(ordinal, slot)
      }
      if (slot.revision === maker.revision) continue
      const addresses = this.#addresses(maker, slot)
      if (addresses === undefined) without++
      const named = addresses !== undefined && this.#name(maker, slot)
      this.#set(slot, named ? this.#entry(maker, slot, addresses) : undefined)
      slot.revision = slot.entry === undefined ? -1 : maker.revision
      if (slot.entry === undefined) {
        this.#freeAddresses(maker, slot)
        if (!named && slot.name === '') maker.slots.delete(ordinal)
      }
    }
    if (without === 0) this.#starving.delete(maker.key)
    else this.#starving.set(maker.key, without)
  }

  /** Undefined when a range is full. */
  #addresses(maker: Maker, slot: Slot): readonly string[] | undefined {
    const { object } = maker
    if (maker.stated.length > 0) return maker.stated
    if (templateOf(object).hostNetwork) {
      const node = this.#nodeOf(maker, slot)
      return this.#nodes.families.flatMap(family => this.#nodes.address(node, family) ?? [])
    }
    const found: string[] = []
    for (const [family, pool] of this.#pools) {
      let address = slot.addresses.get(family)
      address ??= pool.take(`${maker.key} ${slot.ordinal}`, `${family} ${maker.key} ${slot.ordinal}`)
      if (address === undefined) return undefined
      slot.addresses.set(family, address)
      found.push(address)
    }
    return found
  }

  /** Sees to it that the slot has a name; false when another Pod has the only one it can have. */
  #name(maker: Maker, slot: Slot): boolean {
    const { object } = maker
    const { namespace } = object
    if (slot.name !== '' && !this.#given.has(`${namespace}/${slot.name}`)) return true
    if (object.kind === 'AppPod' || object.workload === 'StatefulSet') {
      const name = object.kind === 'AppPod' ? object.name : `${object.name}-${slot.ordinal}`
      return this.#useName(maker, slot, name)
    }
    const base = object.workload === 'Deployment' ? `${object.name}-${maker.hash}-` : `${object.name}-`
    for (let attempt = 0; attempt < NAME_TRIES; attempt++) {
      if (this.#useName(maker, slot, generatedName(base, `name ${maker.key} ${slot.ordinal} ${attempt}`)))
        return true
    }
    return false
  }

  #useName(maker: Maker, slot: Slot, name: string): boolean {
    const path = `${maker.object.namespace}/${name}`
    const user = this.#names.get(path)
    if (this.#given.has(path) || (user !== undefined && user !== maker.key)) return false
    if (user === maker.key && maker.object.kind === 'Workload') return false
    this.#names.set(path, maker.key)
    slot.name = name
    return true
  }

  #entry(maker: Maker, slot: Slot, podIPs: readonly string[]): PodEntry {
    const { object } = maker
    const template = templateOf(object)
    const { namespace } = object
    const { name } = slot
    const ofSet = object.kind === 'Workload' && object.workload === 'StatefulSet'
    const labels =
      object.kind === 'Workload' ? labelsOfPod(object, slot.ordinal, name, maker.hash) : template.labels
    const index = slot.ordinal - (object.kind === 'Workload' ? object.start : 0)
    return {
      namespace,
      name,
      labels,
      object: {
        kind: 'Pod',
        ...{ namespace, name, labels, podIP: podIPs[0] ?? '' },
        ...{ phase: 'Running', deleting: false }
      },
      podIPs,
      ready: !isNotReady(object.notReady, index),
      nodeName: this.#nodes.name(this.#nodeOf(maker, slot)),
      hostname: ofSet ? name : template.hostname,
      subdomain: ofSet ? object.serviceName : template.subdomain,
      ports: template.ports,
      source: nameOf(object),
      rank: [maker.key, slot.ordinal]
    }
  }

  /** Round robin, each workload from a node of its own; a DaemonSet has one Pod a node. */
  #nodeOf({ key, object }: Maker, { ordinal }: Slot): number {
    if (this.#nodes.count === 1 || (object.kind === 'Workload' && object.workload === 'DaemonSet'))
      return ordinal
    return (digestOf(`node ${key}`).readUInt32BE(0) % this.#nodes.count) + ordinal
  }

  #set(slot: Slot, entry: PodEntry | undefined): void {
    const before = slot.entry
    if (before === entry || isDeepStrictEqual(before, entry)) return
    slot.entry = entry
    this.#changed(before, entry)
  }

  #drop(maker: Maker, slot: Slot): void {
    this.#freeAddresses(maker, slot)
    this.#freeName(maker, slot.name)
    this.#set(slot, undefined)
    maker.slots.delete(slot.ordinal)
  }

  #freeAddresses(maker: Maker, slot: Slot): void {
    for (const [family, address] of slot.addresses) {
      this.#pools.get(family)?.release(address, `${maker.key} ${slot.ordinal}`)
    }
    slot.addresses.clear()
    slot.revision = -1
  }

  #freeName(maker: Maker, name: string): void {
    const path = `${maker.object.namespace}/${name}`
    if (this.#names.get(path) !== maker.key) return
    this.#names.delete(path)
    this.#touchNamed({ namespace: maker.object.namespace, name })
  }

  /** Replaces what the maker's object states. */
  #state(maker: Maker, addresses: readonly string[]): void {
    if (isDeepStrictEqual(maker.stated, addresses)) return
    for (const address of maker.stated) this.#poolOf(address)?.release(address, maker.key)
    for (const address of addresses) this.#claim(address, maker.key)
    maker.stated = addresses
  }

  /** Claims a stated address; a Pod that has it by chance gets another. */
  #claim(address: string, holder: string): void {
    const pool = this.#poolOf(address)
    if (pool === undefined) return
    const other = pool.holder(address)
    if (other !== undefined && !other.stated) {
      pool.release(address, other.holder)
      const [key = '', ordinal = ''] = other.holder.split(' ')
      const slot = this.#makers.get(key)?.slots.get(Number(ordinal))
      if (slot !== undefined) {
        slot.addresses.delete(pool.range.family)
        slot.revision = -1
      }
      this.#dirty.add(key)
    }
    pool.claim(address, { holder, stated: true })
  }

  /** Addresses that somebody else has, those of given slices for one. */
  claimOther(address: string, holder: string): void {
    this.#claim(canonical(address), holder)
  }

  releaseOther(address: string, holder: string): void {
    const text = canonical(address)
    this.#poolOf(text)?.release(text, holder)
  }

  #poolOf(address: string): AddressPool | undefined {
    const family = addressFamily(address)
    return family === undefined ? undefined : this.#pools.get(family)
  }

  /** A name came into use or went out of it: who has it, or has to have it, looks again. */
  #touchNamed({ namespace, name }: { readonly namespace: string; readonly name: string }): void {
    this.#dirty.add(`Pod/${namespace}/${name}`)
    this.#dirty.add(`StatefulSet/${namespace}/${name.replace(/-\d+$/, '')}`)
    const user = this.#names.get(`${namespace}/${name}`)
    if (user !== undefined && this.#given.has(`${namespace}/${name}`)) {
      this.#names.delete(`${namespace}/${name}`)
      this.#takeName(user, name)
    }
  }
}

/** Ordinals that the Pods of an object have. */
function ordinals(object: Workload | AppPod, nodes: Nodes): { first: number; count: number } {
  if (object.kind === 'AppPod') return { first: 0, count: 1 }
  const wanted = object.replicas < 0 ? nodes.count : object.replicas
  return { first: object.start, count: Math.min(wanted, PODS_OF_WORKLOAD_MAX) }
}

function templateOf(object: Workload | AppPod): PodTemplate {
  return object.template
}

function hashOf(workload: Workload): string {
  return workload.workload === 'Deployment' ? templateHash(workload.namespace, workload.name) : ''
}

/** Whether the Pods of both are the same, but for how many there are. */
function sameButCount(a: Workload | AppPod, b: Workload | AppPod): boolean {
  return (
    a.kind === 'Workload' &&
    b.kind === 'Workload' &&
    isDeepStrictEqual({ ...a, replicas: 0 }, { ...b, replicas: 0 })
  )
}
