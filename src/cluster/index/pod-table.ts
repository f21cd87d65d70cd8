// Pods, where a stanza watches them (`pods verified`): found by namespace and the text of their primary address, and by
// that address alone (who is asking?).
//
// A record: namespace number, 32 bits; address text; name. Texts are a length octet and the octets.
import { read32, write32 } from '../../wire/records.ts'
import type { Pod } from '../objects.ts'
import { HashTable, grown } from './hash-table.ts'
import type { Hasher } from './hash.ts'
import { sameOctets, type Namespaces } from './namespaces.ts'
import type { Change } from './service-table.ts'
import type { Slab } from './slab.ts'

const NAME_SALT = 0x706f_0000
const ADDRESS_SALT = 0x7061_0000

export class PodTable {
  readonly #slab: Slab
  readonly #hasher: Hasher
  readonly #namespaces: Namespaces
  readonly #byName = new HashTable()
  readonly #byAddress = new HashTable()
  #records = new Int32Array(64)
  #count = 0
  readonly #free: number[] = []
  podCount = 0

  constructor(slab: Slab, hasher: Hasher, namespaces: Namespaces) {
    this.#slab = slab
    this.#hasher = hasher
    this.#namespaces = namespaces
  }

  /** Whether a Pod in the namespace has the address with exactly this text as its primary one. */
  hasAddress(namespace: number, text: string): boolean {
    for (const pod of this.#withAddress(text)) if (this.#namespaceOf(pod) === namespace) return true
    return false
  }

  /** The number of the namespace of the first Pod found with this address; -1 when there is none. */
  namespaceAt(text: string): number {
    for (const pod of this.#withAddress(text)) return this.#namespaceOf(pod)
    return -1
  }

  /** Namespace and name of the first Pod found with this address; `undefined` when there is none. */
  podAt(text: string): { readonly namespace: string; readonly name: string } | undefined {
    for (const pod of this.#withAddress(text)) {
      const ref = this.#records[pod] as number
      const octets = this.#slab.octets(ref)
      const at = this.#slab.offset(ref) + 4
      const nameAt = at + 1 + (octets[at] as number)
      const name = Buffer.from(octets.subarray(nameAt + 1, nameAt + 1 + (octets[nameAt] as number))).toString(
        'utf8'
      )
      return { namespace: this.#namespaces.label(this.#namespaceOf(pod)).toString('utf8'), name }
    }
    return undefined
  }

  /** All of them. One that comes while this is read may be missing. */
  *all(): Generator<{ readonly namespace: string; readonly name: string; readonly address: string }, void> {
    for (let pod = 0; pod < this.#count; pod++) {
      const ref = this.#records[pod] as number
      if (ref === 0) continue
      const octets = this.#slab.octets(ref)
      const at = this.#slab.offset(ref) + 4
      const nameAt = at + 1 + (octets[at] as number)
      const name = Buffer.from(octets.subarray(nameAt + 1, nameAt + 1 + (octets[nameAt] as number)))
      const namespace = this.#namespaces.label(this.#namespaceOf(pod)).toString('utf8')
      yield { namespace, name: name.toString('utf8'), address: this.#addressText(pod) }
    }
  }

  *#withAddress(text: string): Iterable<number> {
    const wanted = Buffer.from(text, 'utf8')
    const hash = this.#hasher.hash(wanted, 0, wanted.length, ADDRESS_SALT)
    for (let node = this.#byAddress.first(hash); node !== 0; node = this.#byAddress.next(node)) {
      const pod = this.#byAddress.value(node)
      const ref = this.#records[pod] as number
      const octets = this.#slab.octets(ref)
      const at = this.#slab.offset(ref) + 4
      const length = octets[at] as number
      if (length !== wanted.length) continue
      let same = 0
      while (same < length && octets[at + 1 + same] === wanted[same]) same++
      if (same === length) yield pod
    }
  }

  /** A Pod is new or changed. Those that ended, and new ones that are being deleted, are not kept. */
  put(pod: Pod): Change {
    const old = this.#find(pod.namespace, pod.name)
    if (ENDED.has(pod.phase)) return this.remove(pod.namespace, pod.name)
    if (old < 0 && pod.deleting) return 'none'
    if (old >= 0) {
      if (this.#addressText(old) === pod.podIP) return 'none'
      this.#drop(old)
    }
    const namespace = this.#namespaces.use(pod.namespace)
    const address = Buffer.from(pod.podIP, 'utf8').subarray(0, 255)
    const name = Buffer.from(pod.name, 'utf8').subarray(0, 255)
    const ref = this.#slab.allocate(6 + address.length + name.length)
    const octets = this.#slab.octets(ref)
    const at = this.#slab.offset(ref)
    write32(octets, at, namespace)
    octets[at + 4] = address.length
    octets.set(address, at + 5)
    octets[at + 5 + address.length] = name.length
    octets.set(name, at + 6 + address.length)
    const id = this.#free.pop() ?? this.#count++
    if (id === this.#records.length) this.#records = grown(this.#records)
    this.#records[id] = ref
    this.#byName.add(this.#hasher.hash(name, 0, name.length, NAME_SALT + namespace), id)
    if (address.length > 0)
      this.#byAddress.add(this.#hasher.hash(address, 0, address.length, ADDRESS_SALT), id)
    this.podCount++
    return old < 0 ? 'added' : 'answers'
  }

  remove(namespace: string, name: string): Change {
    const pod = this.#find(namespace, name)
    if (pod < 0) return 'none'
    this.#drop(pod)
    return 'added'
  }

  #find(namespace: string, name: string): number {
    const space = Buffer.from(namespace, 'utf8')
    const known = this.#namespaces.find(space, 0, space.length)
    if (known < 0) return -1
    const wanted = Buffer.from(name, 'utf8').subarray(0, 255)
    const hash = this.#hasher.hash(wanted, 0, wanted.length, NAME_SALT + known)
    for (let node = this.#byName.first(hash); node !== 0; node = this.#byName.next(node)) {
      const pod = this.#byName.value(node)
      const ref = this.#records[pod] as number
      const octets = this.#slab.octets(ref)
      const at = this.#slab.offset(ref) + 4
      const nameAt = at + 1 + (octets[at] as number)
      if (
        this.#namespaceOf(pod) === known &&
        sameOctets(octets, nameAt + 1, octets[nameAt] as number, wanted, 0, wanted.length)
      ) {
        return pod
      }
    }
    return -1
  }

  #namespaceOf(pod: number): number {
    const ref = this.#records[pod] as number
    return read32(this.#slab.octets(ref), this.#slab.offset(ref))
  }

  #addressText(pod: number): string {
    const ref = this.#records[pod] as number
    const octets = this.#slab.octets(ref)
    const at = this.#slab.offset(ref) + 4
    return Buffer.from(octets.subarray(at + 1, at + 1 + (octets[at] as number))).toString('utf8')
  }

  #drop(pod: number): void {
    const ref = this.#records[pod] as number
    const octets = this.#slab.octets(ref)
    const at = this.#slab.offset(ref) + 4
    const addressLength = octets[at] as number
    const nameAt = at + 1 + addressLength
    const nameLength = octets[nameAt] as number
    const namespace = this.#namespaceOf(pod)
    this.#byAddress.remove(this.#hasher.hash(octets, at + 1, at + 1 + addressLength, ADDRESS_SALT), pod)
    this.#byName.remove(
      this.#hasher.hash(octets, nameAt + 1, nameAt + 1 + nameLength, NAME_SALT + namespace),
      pod
    )
    this.#slab.free(ref, 6 + addressLength + nameLength)
    this.#records[pod] = 0
    this.#free.push(pod)
    this.#namespaces.release(namespace)
    this.podCount--
  }
}

/** Phases that the watch leaves out (kubernetes-records.md §14). */
const ENDED = new Set(['Succeeded', 'Failed', 'Unknown'])
