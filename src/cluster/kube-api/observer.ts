// What happens below `ClusterSource`, for those who count it.
import type { ApiErrorKind } from './api-error.ts'
import type { ResourceName } from './resources.ts'

/** Why everything of a resource was listed. */
export type ListReason =
  | 'start'
  /** The version to go on from is no longer known. */
  | 'gone'
  /** The watch can't be had from that version, and says nothing of why. */
  | 'watch-failed'
  /** The server's state is older than what was seen of it: it was restored. */
  | 'restored'
  /** Somebody new wants to be told everything. */
  | 'subscriber'
  /** The periodic comparison. */
  | 'consistency'

export type EventType = 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR'

/** Why an event or object changed nothing. */
export type IgnoreReason =
  /** It is older than what is held, or the same. */
  | 'old'
  /** Not an event or object of this resource, or without name or version. */
  | 'odd'
  /** An object that can't be served as it is. */
  | 'invalid'
  /** Somebody who was told of it failed. */
  | 'sink'

/** Every method is called synchronously and must not throw. */
export interface ApiObserver {
  /** A whole list was taken over. */
  relisted(resource: ResourceName, reason: ListReason): void
  /** Changes that the watch had missed were found and made up for. */
  repaired(resource: ResourceName, count: number): void
  event(resource: ResourceName, type: EventType): void
  ignored(resource: ResourceName, reason: IgnoreReason): void
  requestFailed(resource: ResourceName, kind: ApiErrorKind): void
  /** A GET was sent to `host`; `status` is what came back, 0 where nothing did. */
  requested(host: string, status: number): void
  /** A list, or a page of one, was read or has failed: so many seconds after it was asked for. */
  requestTook(host: string, seconds: number): void
  /**
   * From the change of an endpoint, by its controller's clock, to its being served: seconds
   * (`coredns_kubernetes_dns_programming_duration_seconds`, kubernetes-records.md §14).
   */
  programmed(serviceKind: 'cluster_ip' | 'headless_with_selector', seconds: number): void
}

export const NOBODY: ApiObserver = {
  relisted: () => undefined,
  repaired: () => undefined,
  event: () => undefined,
  ignored: () => undefined,
  requestFailed: () => undefined,
  requested: () => undefined,
  requestTook: () => undefined,
  programmed: () => undefined
}
