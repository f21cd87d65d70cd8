// What a `kubernetes` stanza asks for (kubernetes-records.md §13).
import type { Name } from '../../wire/name.ts'
import type { ZoneTable } from '../../dns/zone.ts'

/** One zone of the stanza. */
export interface Zone {
  /** Lower-cased. */
  readonly name: Name
  readonly isMulticluster: boolean
  /** In `in-addr.arpa` or `ip6.arpa`: no Services, only `svc` and `pod` themselves exist besides addresses. */
  readonly isReverse: boolean
}

export interface KubernetesOptions {
  readonly zones: readonly Zone[]
  /** Seconds. */
  readonly ttl: number
  readonly pods: 'disabled' | 'insecure' | 'verified'
  /** Labels of the namespaces to expose; empty: all. */
  readonly namespaces: readonly Uint8Array[]
  readonly ignoreEmptyService: boolean
  readonly zonal: boolean
  /** Zones whose name errors go to the next plugin; undefined: none do. */
  readonly fallthrough: ZoneTable<true> | undefined
  /** The zone that PTR targets lie in. */
  readonly primaryZone: Name
  /** The server's own addresses, loopback left out: what NS records are made from. */
  readonly localAddresses: readonly string[]
}
