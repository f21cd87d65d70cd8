// Names in canonical order (RFC 4034 §6.1): needed to prove with NSEC records that a name doesn't exist.
import { nameKey } from '../wire/name.ts'

/**
 * A string that sorts as the name does: labels from the right, each followed by what sorts before any octet, so that a
 * name stands before what lies below it. Code units are octets plus one.
 */
function sortKey(name: Uint8Array): string {
  const key = nameKey(name)
  const labels: string[] = []
  for (let at = 0; key.charCodeAt(at) > 0; at += key.charCodeAt(at) + 1) {
    let label = ''
    for (let i = at + 1; i <= at + key.charCodeAt(at); i++)
      label += String.fromCharCode(key.charCodeAt(i) + 1)
    labels.push(label)
  }
  return labels.reverse().join('\0')
}

/** Nodes by canonical order. Built once for a zone that never changes. */
export class CanonicalOrder<Node extends { readonly name: Uint8Array }> {
  readonly #keys: readonly string[]
  readonly #nodes: readonly Node[]

  constructor(nodes: readonly Node[]) {
    const keyed = nodes.map(node => ({ node, key: sortKey(node.name) }))
    keyed.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
    this.#keys = keyed.map(each => each.key)
    this.#nodes = keyed.map(each => each.node)
  }

  /** The last node whose name is this one or stands before it. */
  atOrBefore(name: Uint8Array): Node | undefined {
    const key = sortKey(name)
    let low = 0
    let high = this.#keys.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.#keys[middle] as string) <= key) low = middle + 1
      else high = middle
    }
    return this.#nodes[low - 1]
  }
}
