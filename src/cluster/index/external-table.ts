// Addresses and names that Services have outside the cluster: `externalIPs` and what load balancers gave them. Few Services
// have any, so each is an object here; they are kept only where a *k8s_external* stanza asks for them.
import { formatAddress, parseAddress, parsedAddress } from '../../wire/address.ts'
import { lowerName, parseName, type Name } from '../../wire/name.ts'
import type { Service } from '../objects.ts'

/** Listed targets of one Service that are kept; the API sets no limit. */
const TARGETS_MAX = 255

/** One external address, or the name of a load balancer. */
export type ExternalTarget = { readonly address: Uint8Array } | { readonly name: Name }

export interface ExternalService {
  /** Labels as the object spells them, without length octets. */
  readonly namespace: Buffer
  readonly service: Buffer
  /** In the order of the object; repeated ones stay. Never empty. */
  readonly targets: readonly ExternalTarget[]
}

export class ExternalTable {
  readonly #services = new Map<string, ExternalService>()
  /** Keys of Services by the octets of an address that was written canonically, in the order they came. */
  readonly #byAddress = new Map<string, Set<string>>()

  /** The external side of a Service, by its labels; `undefined` when it has none. */
  find(namespace: Uint8Array, service: Uint8Array): ExternalService | undefined {
    return this.#services.size === 0 ? undefined : this.#services.get(keyOf(namespace, service))
  }

  /** Services with this external address. */
  withAddress(address: Uint8Array): readonly ExternalService[] {
    const keys = this.#byAddress.get(Buffer.from(address).toString('latin1')) ?? []
    return [...keys].map(key => this.#services.get(key) as ExternalService)
  }

  all(): Iterable<ExternalService> {
    return this.#services.values()
  }

  get size(): number {
    return this.#services.size
  }

  /** A Service is new or changed. Returns whether its targets did. */
  put(service: Service): boolean {
    const namespace = Buffer.from(service.namespace, 'utf8')
    const name = Buffer.from(service.name, 'utf8')
    const key = keyOf(namespace, name)
    const old = this.#services.get(key)
    if (old !== undefined) this.#drop(key, old)
    const texts = service.externalIPs.slice(0, TARGETS_MAX)
    const targets = texts.map(targetOf).filter(target => target !== undefined)
    if (targets.length === 0) return old !== undefined
    this.#services.set(key, { namespace, service: name, targets })
    for (const octets of texts.map(canonicalOctets)) {
      if (octets === undefined) continue
      const keys = this.#byAddress.get(octets)
      if (keys === undefined) this.#byAddress.set(octets, new Set([key]))
      else keys.add(key)
    }
    return old === undefined || !sameTargets(old.targets, targets)
  }

  /** Returns whether it was there. */
  remove(namespace: string, name: string): boolean {
    const key = keyOf(Buffer.from(namespace, 'utf8'), Buffer.from(name, 'utf8'))
    const old = this.#services.get(key)
    if (old !== undefined) this.#drop(key, old)
    return old !== undefined
  }

  #drop(key: string, service: ExternalService): void {
    this.#services.delete(key)
    for (const target of service.targets) {
      if (!('address' in target)) continue
      const octets = Buffer.from(target.address).toString('latin1')
      const keys = this.#byAddress.get(octets)
      keys?.delete(key)
      if (keys?.size === 0) this.#byAddress.delete(octets)
    }
  }
}

/** Both labels, lower-cased, each behind its length: no pair of labels gives the key of another. */
function keyOf(namespace: Uint8Array, service: Uint8Array): string {
  const octets = Buffer.concat([Buffer.of(namespace.length), namespace, Buffer.of(service.length), service])
  return Buffer.from(lowerName(octets as Uint8Array as Name)).toString('latin1')
}

function targetOf(text: string): ExternalTarget | undefined {
  const family = parseAddress(text)
  if (family !== 0) return { address: parsedAddress.slice(0, family) }
  const name = parseName(text)
  return name === undefined ? undefined : { name }
}

/** Reverse lookups go by text, as those of cluster IPs do (kubernetes-records.md §10). */
function canonicalOctets(text: string): string | undefined {
  const family = parseAddress(text)
  if (family === 0 || formatAddress(parsedAddress, 0, family) !== text) return undefined
  return Buffer.from(parsedAddress.subarray(0, family)).toString('latin1')
}

function sameTargets(a: readonly ExternalTarget[], b: readonly ExternalTarget[]): boolean {
  return a.length === b.length && a.every((one, i) => octetsOf(one) === octetsOf(b[i] as ExternalTarget))
}

const octetsOf = (target: ExternalTarget): string =>
  'address' in target
    ? `a${Buffer.from(target.address).toString('latin1')}`
    : `n${Buffer.from(target.name).toString('latin1')}`
