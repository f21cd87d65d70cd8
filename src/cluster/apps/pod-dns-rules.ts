// What an API server refuses of a Pod's `dnsPolicy` and `dnsConfig`, in its words (resolver-semantics.md §3.7;
// Kubernetes documentation, "DNS for Services and Pods").
import type { DnsConfig, PodDnsSpec } from '../../pod-dns/pod-dns.ts'
import { NAMESERVERS_MAX, type KubernetesRules } from '../../pod-dns/versions.ts'
import { parseAddress } from '../../wire/address.ts'
import type { FieldPath } from '../fields.ts'
import { invalid, required, subdomain, subdomainWithUnderscore, unsupported } from './trim-rules.ts'

interface PodDnsFlaw {
  /** Below the Pod's spec. */
  readonly path: FieldPath
  readonly text: string
}

/** In the order of the API server's message. */
const POLICIES = ['ClusterFirstWithHostNet', 'ClusterFirst', 'Default', 'None']

/** All that is wrong, in the order of the API server; empty: it is taken. */
export function podDnsFlaws({ dnsPolicy, dnsConfig }: PodDnsSpec, rules: KubernetesRules): PodDnsFlaw[] {
  const flaws: PodDnsFlaw[] = []
  if (dnsPolicy !== '' && !POLICIES.includes(dnsPolicy)) {
    flaws.push({ path: ['dnsPolicy'], text: unsupported(dnsPolicy, POLICIES) })
  }
  if (dnsPolicy === 'None' && dnsConfig === undefined) {
    const text = required('must provide `dnsConfig` when `dnsPolicy` is None')
    flaws.push({ path: ['dnsConfig'], text })
  } else if (dnsPolicy === 'None' && dnsConfig?.nameservers.length === 0) {
    const text = required('must provide at least one DNS nameserver when `dnsPolicy` is None')
    flaws.push({ path: ['dnsConfig', 'nameservers'], text })
  } else if (dnsConfig !== undefined) flaws.push(...configFlaws(dnsConfig, rules))
  return flaws
}

function* configFlaws(config: DnsConfig, rules: KubernetesRules): Generator<PodDnsFlaw, void> {
  const { nameservers, searches, options } = config
  if (nameservers.length > NAMESERVERS_MAX) {
    const detail = `must not have more than ${NAMESERVERS_MAX} nameservers`
    yield { path: ['dnsConfig', 'nameservers'], text: invalid(nameservers, detail) }
  }
  for (const [at, address] of nameservers.entries()) {
    if (isAddress(address)) continue
    yield { path: ['dnsConfig', 'nameservers', at], text: invalid(address, BAD_ADDRESS) }
  }
  if (searches.length > rules.searchPathsMax) {
    const detail = `must not have more than ${rules.searchPathsMax} search paths`
    yield { path: ['dnsConfig', 'searches'], text: invalid(searches, detail) }
  }
  if (Buffer.byteLength(searches.join(' ')) > rules.searchOctetsMax) {
    const detail = `must not have more than ${rules.searchOctetsMax} characters (including spaces) in the search list`
    yield { path: ['dnsConfig', 'searches'], text: invalid(searches, detail) }
  }
  for (const [at, search] of searches.entries()) {
    if (search === '.' && rules.relaxedSearch) continue
    const domain = search.endsWith('.') ? search.slice(0, -1) : search
    const bad = (rules.relaxedSearch ? subdomainWithUnderscore : subdomain)(domain)
    if (bad !== undefined) yield { path: ['dnsConfig', 'searches', at], text: invalid(domain, bad) }
  }
  for (const [at, { name }] of options.entries()) {
    if (name === '') yield { path: ['dnsConfig', 'options', at], text: required('must not be empty') }
  }
}

const BAD_ADDRESS = 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)'

/** This field is an old one: zeros before a number are still taken there (`010.0.0.1`), as decimal. */
function isAddress(text: string): boolean {
  const dotted = /(?:\d+\.){3}\d+$/.exec(text)?.[0]
  if (dotted === undefined) return parseAddress(text) !== 0
  return parseAddress(text.slice(0, -dotted.length) + dotted.replace(/\b0+(?=\d)/g, '')) !== 0
}
