// A piece of a manifest file that is read by itself.

/** A piece of a file. Octets `start` to `end`, lines counted from 0. */
export interface Part {
  readonly format: 'yaml' | 'json'
  /** `list` is a List without its items, `item` one item of a List. */
  readonly role: 'document' | 'list' | 'item'
  readonly start: number
  readonly end: number
  readonly line: number
  /** Where the line begins on which the part begins: a JSON item may stand in the middle of it. */
  readonly lineStart: number
  /** In a `list`: the octets of the items, which are left out, and how many lines they are. */
  readonly without?: { readonly start: number; readonly end: number; readonly lines: number }
  /** In a YAML item: the place of its dash in the part, which is read as a blank. */
  readonly dash?: number
  /** In an item: apiVersion and kind of the List, for items that rely on it as those of a ServiceList do. */
  readonly list?: ListHeader
}

export interface ListHeader {
  readonly apiVersion: string
  readonly kind: string
}
