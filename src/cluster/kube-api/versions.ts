// Resource versions: which object is held in which. A number where it can be one: 16 octets instead of a text.

/** A version as the API writes it; decimal ones as numbers. */
export type Version = number | string

export function versionOf(text: unknown): Version | undefined {
  if (typeof text !== 'string' || text === '') return undefined
  return /^[1-9]\d{0,14}$/.test(text) ? Number(text) : text
}

/**
 * Whether `a` is older than `b`. Versions are opaque, but decimal ones count upwards in every API server there is; of
 * others nobody can say, so they are never older.
 */
export function isOlder(a: Version, b: Version): boolean {
  return typeof a === 'number' && typeof b === 'number' && a < b
}

/** Versions by namespace and name: two maps deep, since the texts are those that the parser made. */
export class Versions {
  readonly #namespaces = new Map<string, Map<string, Version>>()
  #size = 0

  get size(): number {
    return this.#size
  }

  get(namespace: string, name: string): Version | undefined {
    return this.#namespaces.get(namespace)?.get(name)
  }

  set(namespace: string, name: string, version: Version): void {
    let names = this.#namespaces.get(namespace)
    if (names === undefined) {
      names = new Map()
      this.#namespaces.set(namespace, names)
    }
    const before = names.size
    names.set(name, version)
    this.#size += names.size - before
  }

  delete(namespace: string, name: string): boolean {
    const names = this.#namespaces.get(namespace)
    if (names?.delete(name) !== true) return false
    this.#size--
    if (names.size === 0) this.#namespaces.delete(namespace)
    return true
  }

  clear(): void {
    this.#namespaces.clear()
    this.#size = 0
  }

  /** All of them; those that are deleted meanwhile are passed over. */
  *entries(): Iterable<readonly [namespace: string, name: string, version: Version]> {
    for (const [namespace, names] of this.#namespaces) {
      for (const [name, version] of names) yield [namespace, name, version]
    }
  }
}
