// Namespaces as small numbers, so that a Service's identity is (number, label). A number exists while a Namespace object
// or any other object uses it; whether names below it exist is a flag of its own.
import { lowerOctet } from '../../wire/name.ts'
import type { Hasher } from './hash.ts'
import { HashTable } from './hash-table.ts'

/** Keeps namespace labels apart from other labels in hashes. */
const SALT = 0x6e73

export class Namespaces {
  readonly #hasher: Hasher
  readonly #table = new HashTable()
  readonly #labels: Buffer[] = []
  readonly #declared: boolean[] = []
  readonly #users: number[] = []
  readonly #free: number[] = []
  /** How many Namespace objects there are. */
  declaredCount = 0

  constructor(hasher: Hasher) {
    this.#hasher = hasher
  }

  /** The number of the namespace named by the octets between two offsets; -1 when nothing is known of it. */
  find(octets: Uint8Array, start: number, end: number): number {
    for (
      let node = this.#table.first(this.#hasher.hash(octets, start, end, SALT));
      node !== 0;
      node = this.#table.next(node)
    ) {
      const id = this.#table.value(node)
      if (sameLabel(this.#labels[id] as Buffer, octets, start, end)) return id
    }
    return -1
  }

  /** Whether a Namespace object of that number is there. */
  isDeclared(id: number): boolean {
    return this.#declared[id] === true
  }

  /** The namespace's name as a label, without its length octet. */
  label(id: number): Buffer {
    return this.#labels[id] as Buffer
  }

  /** Declared namespaces, as numbers. */
  *declared(): Iterable<number> {
    for (let id = 0; id < this.#labels.length; id++) if (this.#declared[id]) yield id
  }

  /** The namespace's number, made when needed, with one more user. */
  use(name: string): number {
    const label = Buffer.from(name, 'utf8')
    let id = this.find(label, 0, label.length)
    if (id < 0) {
      id = this.#free.pop() ?? this.#labels.length
      this.#labels[id] = label
      this.#declared[id] = false
      this.#users[id] = 0
      this.#table.add(this.#hasher.hash(label, 0, label.length, SALT), id)
    }
    this.#users[id]!++
    return id
  }

  /** One user less; the number is free once nobody uses it. */
  release(id: number): void {
    if (--this.#users[id]! > 0) return
    const label = this.#labels[id] as Buffer
    this.#table.remove(this.#hasher.hash(label, 0, label.length, SALT), id)
    this.#labels[id] = Buffer.alloc(0)
    this.#free.push(id)
  }

  /** A Namespace object came or went. */
  declare(name: string, exists: boolean): void {
    const label = Buffer.from(name, 'utf8')
    const id = this.find(label, 0, label.length)
    if (exists) {
      if (id >= 0 && this.#declared[id]) return
      this.#declared[this.use(name)] = true
      this.declaredCount++
    } else if (id >= 0 && this.#declared[id]) {
      this.#declared[id] = false
      this.declaredCount--
      this.release(id)
    }
  }
}

/** Whether a label equals the octets between two offsets, letter case aside. */
export function sameLabel(label: Uint8Array, octets: Uint8Array, start: number, end: number): boolean {
  if (label.length !== end - start) return false
  for (let at = 0; start < end; at++, start++) {
    if (lowerOctet[label[at] as number] !== lowerOctet[octets[start] as number]) return false
  }
  return true
}

/** Whether two runs of octets are equal, letter case aside. */
export function sameOctets(
  a: Uint8Array,
  aStart: number,
  aLength: number,
  b: Uint8Array,
  bStart: number,
  bLength: number
): boolean {
  if (aLength !== bLength) return false
  for (let at = 0; at < aLength; at++) {
    if (lowerOctet[a[aStart + at] as number] !== lowerOctet[b[bStart + at] as number]) return false
  }
  return true
}
