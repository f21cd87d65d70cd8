// How an object is told from all others.

/** The key of an object of any kind; cluster-wide kinds have no namespace. No part can hold a slash: names with one are refused. */
export function keyOf(object: {
  readonly kind: string
  readonly namespace?: string
  readonly name: string
}): string {
  return `${object.kind}/${object.namespace ?? ''}/${object.name}`
}
