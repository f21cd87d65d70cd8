// Limits of a Pod's resolv.conf, and what the kubelet says where it keeps to them (resolver-semantics.md §3.5). Texts are
// octet texts: what the kubelet calls characters are octets.
import { plainText } from './octet-text.ts'
import { NAMESERVERS_MAX, SEARCH_OCTETS_MAX, type KubernetesRules } from './versions.ts'

/** A Warning event of the kubelet. */
export interface KubeletEvent {
  readonly on: 'pod' | 'node'
  readonly reason: 'DNSConfigForming' | 'MissingClusterDNS' | 'CheckLimitsForResolvConf'
  readonly message: string
}

type Limits = Pick<KubernetesRules, 'searchPathsMax' | 'searchOctetsMax'>

/** The first three; adds to `events` when there were more. */
export function fitNameservers(nameservers: readonly string[], events: KubeletEvent[]): readonly string[] {
  if (nameservers.length <= NAMESERVERS_MAX) return nameservers
  const kept = nameservers.slice(0, NAMESERVERS_MAX)
  const message = `Nameserver limits were exceeded, some nameservers have been omitted, the applied nameserver line is: ${shown(kept)}`
  events.push({ on: 'pod', reason: 'DNSConfigForming', message })
  return kept
}

/**
 * What is left of a search list: too many entries are cut first, then those that are too long go, then entries at the end
 * until the line fits. The order matters: an entry that is too long takes the place of another before it goes.
 */
export function fitSearches(
  searches: readonly string[],
  limits: Limits,
  events: KubeletEvent[]
): readonly string[] {
  const kept = searches.slice(0, limits.searchPathsMax).filter(isShortEnough)
  let length = joinedLength(kept)
  while (length > limits.searchOctetsMax) length -= (kept.pop() ?? '').length + 1
  if (kept.length === searches.length) return searches
  const message = `Search Line limits were exceeded, some search paths have been omitted, the applied search line is: ${shown(kept)}`
  events.push({ on: 'pod', reason: 'DNSConfigForming', message })
  return kept
}

/** What the kubelet says of the node's own file, when it starts and every now and then: the first thing that is wrong. */
export function nodeFileEvents(
  path: string,
  searches: readonly string[],
  hasClusterDomain: boolean,
  limits: Limits
): KubeletEvent[] {
  const pathsMax = limits.searchPathsMax - (hasClusterDomain ? CLUSTER_SEARCHES : 0)
  const message =
    searches.length > pathsMax
      ? `Resolv.conf file '${path}' contains search line consisting of more than ${pathsMax} domains!`
      : !searches.every(isShortEnough)
        ? `Resolv.conf file ${JSON.stringify(path)} contains a search path which length is more than allowed ${SEARCH_OCTETS_MAX} chars!`
        : joinedLength(searches) > limits.searchOctetsMax
          ? `Resolv.conf file '${path}' contains search line which length is more than allowed ${limits.searchOctetsMax} chars!`
          : undefined
  return message === undefined ? [] : [{ on: 'node', reason: 'CheckLimitsForResolvConf', message }]
}

/** Search domains that come from the cluster's domain. */
const CLUSTER_SEARCHES = 3

const isShortEnough = (search: string): boolean => search.length <= SEARCH_OCTETS_MAX

/** With one blank between two. */
const joinedLength = (texts: readonly string[]): number => texts.join(' ').length

const shown = (texts: readonly string[]): string => plainText(texts.join(' '))
