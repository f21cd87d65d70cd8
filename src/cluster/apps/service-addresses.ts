// Cluster IPs and load balancers' addresses: stated ones first, then those that a hash of the Service's name chooses.
// Whoever has an address keeps it; only a stated one takes it from a computed one.
import { addressFamily } from '../values.ts'
import { canonical, type AddressPool } from './addresses.ts'
import type { AddressFamily, AppService } from './app-objects.ts'
import { familiesOf, isHeadless } from './families.ts'
import { inOrder, pathOf } from './keys.ts'
import type { ServiceEntry } from './service-entry.ts'

/** Services that have their place: offsets in the range that they get where nothing else is stated. */
const PLACES: Readonly<Record<string, number>> = { 'default/kubernetes': 1, 'kube-system/kube-dns': 10 }

export class ServiceAddresses {
  readonly #clusterPools: ReadonlyMap<AddressFamily, AddressPool>
  readonly #balancerPools: ReadonlyMap<AddressFamily, AddressPool>
  readonly #entries = new Map<string, ServiceEntry>()
  readonly #dirty = new Set<string>()
  readonly #gone = new Set<ServiceEntry>()
  /** Services that state an address another has, to look again when it is free. */
  readonly #waiting = new Map<string, Set<string>>()
  readonly #starving = new Set<string>()
  /** Load balancers that found no address. */
  readonly #unbalanced = new Set<string>()

  constructor(
    clusterPools: ReadonlyMap<AddressFamily, AddressPool>,
    balancerPools: ReadonlyMap<AddressFamily, AddressPool>
  ) {
    this.#clusterPools = clusterPools
    this.#balancerPools = balancerPools
  }

  entry(path: string): ServiceEntry | undefined {
    return this.#entries.get(path)
  }

  entries(): Iterable<ServiceEntry> {
    return this.#entries.values()
  }

  put(object: AppService, builtIn: boolean): void {
    const path = pathOf(object)
    const entry = this.#entries.get(path)
    this.#dirty.add(path)
    if (entry?.builtIn === builtIn) {
      entry.object = object
      return
    }
    if (entry !== undefined) this.remove(path)
    this.#entries.set(path, {
      ...{ path, object, builtIn, families: [], problem: undefined, warning: undefined },
      ...{ clusterIPs: new Map(), ingress: new Map() }
    })
  }

  remove(path: string): void {
    const entry = this.#entries.get(path)
    if (entry === undefined) return
    this.#entries.delete(path)
    this.#gone.add(entry)
    this.#dirty.add(path)
  }

  /** An address that a given Service has. */
  claimGiven(address: string, path: string): void {
    const text = canonical(address)
    const pool = this.#poolOf(text)
    const other = pool?.holder(text)
    const holder = `given ${path}`
    if (pool === undefined) return
    if (other !== undefined && !other.holder.startsWith('given ')) {
      this.#evict(pool, text)
      this.#dirty.add(other.holder)
    }
    pool.claim(text, { holder, stated: true })
  }

  releaseGiven(address: string, path: string): void {
    const text = canonical(address)
    const pool = this.#poolOf(text)
    if (pool !== undefined) this.#release(pool, text, `given ${path}`)
  }

  /** Gives addresses to all Services that changed, and to those that this affects; returns their paths. */
  settle(): Set<string> {
    const looked = new Set<string>()
    for (const entry of this.#gone) {
      this.#releaseAll(entry)
      looked.add(entry.path)
    }
    this.#gone.clear()
    if ([...this.#clusterPools.values(), ...this.#balancerPools.values()].some(pool => !pool.full)) {
      for (const path of this.#starving) this.#dirty.add(path)
      for (const path of this.#unbalanced) this.#dirty.add(path)
    }
    // Each round lets go of addresses at most, so that those who wait for them look again. Every round but the first
    // needs a refusal in the one before, so there are few.
    for (let round = 0; this.#dirty.size > 0 && round <= this.#entries.size; round++) this.#round(looked)
    return looked
  }

  #round(looked: Set<string>): void {
    // What this lets go of adds to the round: the address goes to the first of all who state it.
    for (const path of this.#dirty) {
      const entry = this.#entries.get(path)
      if (entry !== undefined) this.#plan(entry)
    }
    const batch = this.#inOrder(this.#dirty)
    const evicted = new Set(this.#dirty)
    this.#dirty.clear()
    for (const entry of batch) {
      looked.add(entry.path)
      this.#claimStated(entry, evicted)
    }
    for (const entry of this.#inOrder(evicted)) {
      looked.add(entry.path)
      this.#compute(entry)
      this.#balance(entry)
    }
  }

  /** Decides families, and lets go of addresses that don't fit what the Service says now. */
  #plan(entry: ServiceEntry): void {
    const { object, path } = entry
    entry.warning = undefined
    for (const paths of this.#waiting.values()) paths.delete(path)
    this.#starving.delete(path)
    this.#unbalanced.delete(path)
    const found: ReturnType<typeof familiesOf> =
      object.type === 'ExternalName' ? { families: [] } : familiesOf(object, [...this.#clusterPools.keys()])
    entry.problem = found.problem
    entry.families = found.problem === undefined ? found.families : []
    const given = entry.problem !== undefined || object.type === 'ExternalName' || isHeadless(object)
    for (const [family, address] of entry.clusterIPs) {
      const stated = this.#stated(entry, family)
      const claim = this.#clusterPools.get(family)?.holder(address)
      const fits =
        stated === undefined ? claim?.stated === false : stated === address && claim?.stated === true
      if (!given && entry.families.includes(family) && fits) continue
      this.#releaseCluster(entry, family)
    }
    for (const family of entry.ingress.keys()) {
      if (object.type !== 'LoadBalancer' || object.ingress.length > 0 || !entry.families.includes(family)) {
        this.#releaseIngress(entry, family)
      }
    }
  }

  /** The address that the Service itself names for a family. */
  #stated({ object, builtIn, path }: ServiceEntry, family: AddressFamily): string | undefined {
    const own = object.clusterIPs.find(address => addressFamily(address) === family)
    if (own !== undefined) return canonical(own)
    return builtIn ? this.#place(path, family) : undefined
  }

  /** The address that a Service has in every cluster. */
  #place(path: string, family: AddressFamily): string | undefined {
    const place = PLACES[path]
    const range = this.#clusterPools.get(family)?.range
    return place === undefined || range === undefined || place > range.last ? undefined : range.at(place)
  }

  #claimStated(entry: ServiceEntry, evicted: Set<string>): void {
    if (entry.problem !== undefined || entry.object.type === 'ExternalName' || isHeadless(entry.object))
      return
    const wanted: [AddressFamily, AddressPool, string][] = []
    for (const family of entry.families) {
      const pool = this.#clusterPools.get(family)
      const address = this.#stated(entry, family)
      if (pool === undefined || address === undefined || entry.clusterIPs.has(family)) continue
      const other = pool.holder(address)
      const invalid = `spec.clusterIPs: Invalid value: ${JSON.stringify(entry.object.clusterIPs)}: failed to allocate IP ${address}`
      if (!pool.range.contains(address)) {
        entry.problem =
          `${invalid}: the provided IP (${address}) is not in the valid range. ` +
          `The range of valid IPs is ${pool.range.cidr}`
      } else if (other?.stated === true && other.holder !== entry.path) {
        entry.problem = `${invalid}: provided IP is already allocated (Service ${other.holder.replace('given ', '')} has it)`
        const waiting = this.#waiting.get(address)
        if (waiting === undefined) this.#waiting.set(address, new Set([entry.path]))
        else waiting.add(entry.path)
      } else wanted.push([family, pool, address])
    }
    if (entry.problem !== undefined) {
      for (const family of [...entry.clusterIPs.keys()]) this.#releaseCluster(entry, family)
      for (const family of [...entry.ingress.keys()]) this.#releaseIngress(entry, family)
      return
    }
    for (const [family, pool, address] of wanted) {
      const other = this.#evict(pool, address)
      if (other !== undefined) evicted.add(other)
      pool.claim(address, { holder: entry.path, stated: true })
      entry.clusterIPs.set(family, address)
    }
  }

  /** Takes an address from the Service that has it; returns which that was. */
  #evict(pool: AddressPool, address: string): string | undefined {
    const other = pool.holder(address)
    if (other === undefined) return undefined
    pool.release(address, other.holder)
    this.#entries.get(other.holder)?.clusterIPs.delete(pool.range.family)
    return other.holder
  }

  #compute(entry: ServiceEntry): void {
    const { object, path } = entry
    if (entry.problem !== undefined || object.type === 'ExternalName' || isHeadless(object)) return
    for (const family of entry.families) {
      const pool = this.#clusterPools.get(family)
      if (pool === undefined || entry.clusterIPs.has(family)) continue
      const place = this.#place(path, family)
      let address: string | undefined
      if (place !== undefined && pool.holder(place) === undefined) {
        address = place
        pool.claim(address, { holder: path, stated: false })
      } else address = pool.take(path, `${family} Service ${path}`)
      if (address === undefined) {
        const more = `${pool.range.cidr} has no more; --service-cidr sets a larger one`
        entry.problem = `failed to allocate a serviceIP: range is full (${more})`
        this.#starving.add(path)
        for (const held of [...entry.clusterIPs.keys()]) this.#releaseCluster(entry, held)
        return
      }
      entry.clusterIPs.set(family, address)
    }
  }

  #balance(entry: ServiceEntry): void {
    const { object, path } = entry
    if (entry.problem !== undefined || object.type !== 'LoadBalancer' || object.ingress.length > 0) return
    for (const family of entry.families) {
      const pool = this.#balancerPools.get(family)
      if (pool === undefined || entry.ingress.has(family)) continue
      const address = pool.take(path, `${family} LoadBalancer ${path}`)
      if (address === undefined) {
        this.#unbalanced.add(path)
        entry.warning = `has no load balancer's address: ${pool.range.cidr} has no more; status.loadBalancer.ingress can state one`
      } else entry.ingress.set(family, address)
    }
  }

  #releaseAll(entry: ServiceEntry): void {
    for (const family of [...entry.clusterIPs.keys()]) this.#releaseCluster(entry, family)
    for (const family of [...entry.ingress.keys()]) this.#releaseIngress(entry, family)
    for (const paths of this.#waiting.values()) paths.delete(entry.path)
    this.#starving.delete(entry.path)
    this.#unbalanced.delete(entry.path)
  }

  #releaseCluster(entry: ServiceEntry, family: AddressFamily): void {
    const address = entry.clusterIPs.get(family)
    const pool = this.#clusterPools.get(family)
    entry.clusterIPs.delete(family)
    if (address !== undefined && pool !== undefined) this.#release(pool, address, entry.path)
  }

  #releaseIngress(entry: ServiceEntry, family: AddressFamily): void {
    const address = entry.ingress.get(family)
    if (address !== undefined) this.#balancerPools.get(family)?.release(address, entry.path)
    entry.ingress.delete(family)
  }

  #release(pool: AddressPool, address: string, holder: string): void {
    pool.release(address, holder)
    for (const path of this.#waiting.get(address) ?? []) this.#dirty.add(path)
    this.#waiting.delete(address)
  }

  #poolOf(address: string): AddressPool | undefined {
    const family = addressFamily(address)
    return family === undefined ? undefined : this.#clusterPools.get(family)
  }

  /** What is always there comes first, then by name. */
  #inOrder(paths: Iterable<string>): ServiceEntry[] {
    return [...paths]
      .flatMap(path => this.#entries.get(path) ?? [])
      .sort((a, b) => Number(b.builtIn) - Number(a.builtIn) || inOrder(a.path, b.path))
  }
}
