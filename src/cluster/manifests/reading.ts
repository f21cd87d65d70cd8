// What reading one part of a file gave: objects, troubles, and where they stand.
import type { AppObject } from '../apps/app-objects.ts'
import type { NetworkPolicy } from '../apps/trim-network-policy.ts'
import type { ClusterObject } from '../objects.ts'
import type { Endpoints } from './endpoints.ts'
import type { WrittenPolicy } from './network-policy-in.ts'
import type { WrittenPodDns } from './pod-dns-in.ts'

/** The ConfigMap with a cluster's Corefile, which can be served with. */
interface CorefileConfigMap {
  readonly kind: 'ConfigMap'
  readonly namespace: 'kube-system'
  readonly name: 'coredns'
}

/**
 * What is kept of an object: what answers need, Endpoints until they are mirrored, what a control plane acts on, and what
 * is only looked at.
 */
export type Held = ClusterObject | Endpoints | AppObject | NetworkPolicy | CorefileConfigMap

/** An object that a file declares. Lines count from 0 within its part, columns from 1. */
export interface Found {
  readonly kind: string
  /** Empty for objects that live in no namespace. */
  readonly namespace: string
  readonly name: string
  /** `undefined` for kinds that no answer needs. */
  readonly held: Held | undefined
  /** The key of the workload that made it in a cluster, if one did. */
  readonly owner?: string | undefined
  /** What it says of its Pods' DNS, where that was asked for. */
  readonly podDns?: WrittenPodDns | undefined
  /** What a NetworkPolicy says of egress, where that was asked for. */
  readonly policy?: WrittenPolicy | undefined
  readonly line: number
  readonly column: number
}

/** Something that a person should know. */
export interface Trouble {
  readonly level: 'error' | 'warning'
  readonly line: number
  readonly column: number
  /** `Service shop/web: spec.clusterIP: "10.96.300.1" is not …` */
  readonly text: string
  /** What it costs: the object with this key, the whole document, or nothing. */
  readonly costs: 'object' | 'document' | 'nothing'
  /** The key of the object that it costs, if it could be read. */
  readonly key: string | undefined
}

export interface Reading {
  readonly found: readonly Found[]
  readonly troubles: readonly Trouble[]
}

/** `Service shop/web`, `Namespace shop`. */
export function shownObject(object: {
  readonly kind: string
  readonly namespace?: string
  readonly name: string
}) {
  const namespace = object.namespace ?? ''
  return `${object.kind} ${namespace === '' ? '' : `${namespace}/`}${object.name}`
}
