// Finds what a selector selects, and which selectors select something, without looking at all there is: by namespace and
// one label.

type Labels = Readonly<Record<string, string>>

/** Whether all pairs of a selector are among the labels. */
export function selects(selector: Labels, labels: Labels): boolean {
  for (const [key, value] of Object.entries(selector)) {
    if (!Object.hasOwn(labels, key) || labels[key] !== value) return false
  }
  return true
}

interface Labelled {
  readonly namespace: string
  readonly labels: Labels
}

/** Labelled objects, to be found by selector. */
export class LabelIndex<T extends Labelled> {
  readonly #buckets = new Map<string, Set<T>>()

  add(item: T): void {
    for (const bucket of pairs(item.namespace, item.labels)) into(this.#buckets, bucket, item)
  }

  remove(item: T): void {
    for (const bucket of pairs(item.namespace, item.labels)) outOf(this.#buckets, bucket, item)
  }

  /** What the selector selects, in no order; an empty one selects nothing. */
  select(namespace: string, selector: Labels): T[] {
    let smallest: ReadonlySet<T> | undefined
    for (const bucket of pairs(namespace, selector)) {
      const items = this.#buckets.get(bucket)
      if (items === undefined) return []
      if (smallest === undefined || items.size < smallest.size) smallest = items
    }
    return smallest === undefined ? [] : [...smallest].filter(item => selects(selector, item.labels))
  }
}

/** Selectors under a key, to be found by labels. */
export class SelectorIndex {
  readonly #buckets = new Map<string, Set<string>>()
  readonly #selectors = new Map<string, { readonly selector: Labels; readonly bucket: string }>()

  /** Sets the selector of a key; `undefined` or an empty one selects nothing. */
  set(key: string, namespace: string, selector: Labels | undefined): void {
    const before = this.#selectors.get(key)
    if (before !== undefined) {
      outOf(this.#buckets, before.bucket, key)
      this.#selectors.delete(key)
    }
    if (selector === undefined) return
    // Under the pair that fewest share: `part-of: shop` is in every selector of a chart.
    let best: string | undefined
    let bestSize = Infinity
    for (const bucket of pairs(namespace, selector)) {
      const size = this.#buckets.get(bucket)?.size ?? 0
      if (size < bestSize) {
        best = bucket
        bestSize = size
      }
    }
    if (best === undefined) return
    into(this.#buckets, best, key)
    this.#selectors.set(key, { selector, bucket: best })
  }

  /** Calls back with every key whose selector selects the labels. */
  matching(namespace: string, labels: Labels, found: (key: string) => void): void {
    for (const bucket of pairs(namespace, labels)) {
      for (const key of this.#buckets.get(bucket) ?? []) {
        const entry = this.#selectors.get(key)
        if (entry !== undefined && selects(entry.selector, labels)) found(key)
      }
    }
  }
}

function pairs(namespace: string, labels: Labels): string[] {
  return Object.entries(labels).map(([key, value]) => `${namespace}/${key}=${value}`)
}

function into<T>(buckets: Map<string, Set<T>>, bucket: string, item: T): void {
  const items = buckets.get(bucket)
  if (items === undefined) buckets.set(bucket, new Set([item]))
  else items.add(item)
}

function outOf<T>(buckets: Map<string, Set<T>>, bucket: string, item: T): void {
  const items = buckets.get(bucket)
  items?.delete(item)
  if (items?.size === 0) buckets.delete(bucket)
}
