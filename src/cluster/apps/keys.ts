// How the simulation's parts name objects to each other.
import { writtenKind, type AppObject } from './app-objects.ts'
import type { ObjectName } from './simulated.ts'

/** `namespace/name`. */
export function pathOf(object: { readonly namespace: string; readonly name: string }): string {
  return `${object.namespace}/${object.name}`
}

export function nameOf(object: AppObject): ObjectName {
  return { kind: writtenKind(object), namespace: object.namespace, name: object.name }
}

/** Orders texts the same on every machine, whatever its language. */
export function inOrder(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
