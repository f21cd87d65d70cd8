// What Kubernetes does differently from version to version, as far as a Pod's resolv.conf shows it
// (resolver-semantics.md §3.5–3.7).

export interface KubernetesRules {
  /** As it was given, or `current`. */
  readonly version: string
  /** The most entries of a search list. */
  readonly searchPathsMax: number
  /** The most octets of a search list, its blanks included. */
  readonly searchOctetsMax: number
  /** What the kubelet makes of a lone `.` in the node's search list. */
  readonly rootSearch: 'dropped' | 'kept' | 'empty'
  /** Whether the API server takes `_` in search domains, and a lone `.` (RelaxedDNSSearchValidation). */
  readonly relaxedSearch: boolean
}

/** Nameservers, in every version. */
export const NAMESERVERS_MAX = 3
/** The most octets of one search domain, in every version. */
export const SEARCH_OCTETS_MAX = 253

export const CURRENT_RULES: KubernetesRules = {
  version: 'current',
  searchPathsMax: 32,
  searchOctetsMax: 2048,
  rootSearch: 'dropped',
  relaxedSearch: true
}

/** The rules of `1.24`, `v1.33.2`; undefined when that is no version. */
export function rulesOf(version: string): KubernetesRules | undefined {
  const found = /^v?1\.(\d{1,3})(?:\.(\d{1,3}))?(?:[-+][\w.+-]{0,100})?$/.exec(version)
  if (found === null) return undefined
  const minor = Number(found[1])
  // ExpandedDNSConfig is on from 1.26.
  const isExpanded = minor >= 26
  const isFirst25 = minor === 25 && Number(found[2] ?? 99) === 0
  return {
    version,
    searchPathsMax: isExpanded ? 32 : 6,
    searchOctetsMax: isExpanded ? 2048 : 256,
    rootSearch: minor <= 24 ? 'empty' : isFirst25 ? 'kept' : 'dropped',
    relaxedSearch: minor >= 33
  }
}
