// A Pod's DNS settings as the kubelet forms them: which base, what `dnsConfig` adds, what limits take away
// (resolver-semantics.md §3.2–3.5). Pure: everything it depends on is handed in.
import { fitNameservers, fitSearches, nodeFileEvents, type KubeletEvent } from './limits.ts'
import { isFlaw, NO_SETTINGS, readNodeFile, type NodeFile, type NodeSettings } from './node-file.ts'
import { octetText } from './octet-text.ts'
import type { KubernetesRules } from './versions.ts'

export interface DnsOption {
  readonly name: string
  readonly value: string | undefined
}

/** `spec.dnsConfig`, as it is written. */
export interface DnsConfig {
  readonly nameservers: readonly string[]
  readonly searches: readonly string[]
  readonly options: readonly DnsOption[]
}

/** What a Pod's spec says of its DNS. */
export interface PodDnsSpec {
  /** Empty: not written, which is ClusterFirst. */
  readonly dnsPolicy: string
  readonly hostNetwork: boolean
  readonly dnsConfig: DnsConfig | undefined
}

export const ORDINARY_SPEC: PodDnsSpec = { dnsPolicy: '', hostNetwork: false, dnsConfig: undefined }

export interface PodIdentity {
  readonly namespace: string
  readonly name: string
  /** Empty: not known. */
  readonly uid: string
}

/** How the kubelet of the Pod's node is set. */
export interface KubeletSettings {
  /** `clusterDNS`: addresses in their usual form. */
  readonly clusterDns: readonly string[]
  /** `clusterDomain`, without a dot at its end; may be empty. */
  readonly clusterDomain: string
  readonly nodeFile: NodeFile
  /** Of the node; only looked at where `resolvConf` is "". */
  readonly nodeIps: readonly string[]
  readonly rules: KubernetesRules
}

/** Where settings begin: the cluster's, the node's, or nothing. */
export type Base = 'cluster' | 'node' | 'none'

/** What the kubelet hands to the container runtime. Texts are octet texts (octet-text.ts). */
export interface PodDns {
  readonly nameservers: readonly string[]
  readonly searches: readonly string[]
  readonly options: readonly string[]
  readonly policy: string
  readonly base: Base
  /** Whether that is the node's because the kubelet knows no cluster DNS. */
  readonly fellBack: boolean
  /** Whether the kubelet writes options in an order that is chance. */
  readonly optionsInAnyOrder: boolean
  /** Whether something that belongs here is missing, since nobody told of the node's file. */
  readonly nodeFileMissing: boolean
  readonly events: readonly KubeletEvent[]
}

/** The Pod can't start, since the kubelet can't read the node's file. */
export interface PodDnsFailure {
  readonly path: string
  readonly line: number | undefined
  readonly text: string
}

export const isFailure = (formed: PodDns | PodDnsFailure): formed is PodDnsFailure => 'path' in formed

/** Cluster settings have these options, whatever the node has. */
const CLUSTER_OPTIONS = ['ndots:5']

export function formPodDns(
  pod: PodIdentity & { readonly spec: PodDnsSpec },
  kubelet: KubeletSettings
): PodDns | PodDnsFailure {
  const { nodeFile, clusterDomain, clusterDns, rules } = kubelet
  const { spec } = pod
  const events: KubeletEvent[] = []
  let node = NO_SETTINGS
  // It is read first, for every policy: even a Pod that needs nothing of it does not start when it can't be read.
  if (nodeFile.kind === 'file') {
    const read = readNodeFile(nodeFile.octets, rules)
    if (isFlaw(read)) return { path: nodeFile.path, ...read }
    node = read
    events.push(...nodeFileEvents(nodeFile.path, read.searches, clusterDomain !== '', rules))
  }
  const policy = spec.dnsPolicy === '' ? 'ClusterFirst' : spec.dnsPolicy
  const wanted = baseOf(policy, spec.hostNetwork)
  const fellBack = wanted === 'cluster' && clusterDns.length === 0
  if (fellBack) events.push(...missingClusterDns(pod))
  const base = fellBack ? 'node' : wanted
  let settings: NodeSettings =
    base === 'cluster' ? clusterSettings(pod.namespace, node, kubelet) : NO_SETTINGS
  if (base === 'node') settings = nodeFile.kind === 'none' ? localSettings(kubelet.nodeIps) : node
  if (spec.dnsConfig !== undefined) settings = merge(settings, spec.dnsConfig)
  return {
    nameservers: fitNameservers(settings.nameservers, events),
    searches: fitSearches(settings.searches, rules, events),
    options: settings.options,
    ...{ policy, base, fellBack },
    optionsInAnyOrder: spec.dnsConfig !== undefined && settings.options.length > 1,
    nodeFileMissing: nodeFile.kind === 'unknown' && base !== 'none',
    events
  }
}

/** An unknown policy counts as ClusterFirst that takes no notice of `hostNetwork`. */
function baseOf(policy: string, hostNetwork: boolean): Base {
  if (policy === 'None') return 'none'
  if (policy === 'Default') return 'node'
  return policy === 'ClusterFirst' && hostNetwork ? 'node' : 'cluster'
}

function clusterSettings(namespace: string, node: NodeSettings, kubelet: KubeletSettings): NodeSettings {
  const domain = octetText(kubelet.clusterDomain)
  const cluster = [`${octetText(namespace)}.svc.${domain}`, `svc.${domain}`, domain]
  return {
    nameservers: kubelet.clusterDns,
    searches: domain === '' ? node.searches : distinct([...cluster, ...node.searches]),
    options: CLUSTER_OPTIONS
  }
}

/** `resolvConf: ""`: whoever serves DNS on the Pod's own loopback, and no search list. */
function localSettings(nodeIps: readonly string[]): NodeSettings {
  const nameservers = nodeIps.map(ip => (ip.includes(':') ? '::1' : '127.0.0.1'))
  return {
    nameservers: nameservers.length === 0 ? ['127.0.0.1'] : nameservers,
    searches: ['.'],
    options: []
  }
}

function merge(base: NodeSettings, config: DnsConfig): NodeSettings {
  return {
    nameservers: distinct([...base.nameservers, ...config.nameservers.map(octetText)]),
    searches: distinct([...base.searches, ...config.searches.map(octetText)]),
    options: mergedOptions(base.options, config.options)
  }
}

/** One value a name, the Pod's before the base's; none can be taken away. */
function mergedOptions(base: readonly string[], added: readonly DnsOption[]): string[] {
  const values = new Map<string, string>()
  for (const option of base) {
    const colon = option.indexOf(':')
    if (colon < 0) values.set(option, '')
    else values.set(option.slice(0, colon), option.slice(colon + 1))
  }
  for (const { name, value } of added) values.set(octetText(name), octetText(value ?? ''))
  return Array.from(values, ([name, value]) => (value === '' ? name : `${name}:${value}`))
}

/** Compared as they are: letter case and a dot at the end count. */
const distinct = (texts: readonly string[]): string[] => [...new Set(texts)]

function missingClusterDns({ name, namespace, uid }: PodIdentity): KubeletEvent[] {
  // These words name ClusterFirst whatever the Pod's policy is.
  const message =
    'kubelet does not have ClusterDNS IP configured and cannot create Pod using "ClusterFirst" policy. Falling back to "Default" policy.'
  const reason = 'MissingClusterDNS'
  return [
    { on: 'node', reason, message },
    { on: 'pod', reason, message: `pod: "${name}_${namespace}(${uid})". ${message}` }
  ]
}
