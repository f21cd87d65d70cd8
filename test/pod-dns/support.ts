// A Pod's resolv.conf, from a few words.
import {
  formPodDns,
  isFailure,
  ORDINARY_SPEC,
  type DnsOption,
  type KubeletSettings,
  type PodDns,
  type PodDnsFailure,
  type PodDnsSpec
} from '../../src/pod-dns/pod-dns.ts'
import { plainText } from '../../src/pod-dns/octet-text.ts'
import { resolvConfOf, type ContainerRuntime } from '../../src/pod-dns/resolv-conf.ts'
import { CURRENT_RULES, rulesOf, type KubernetesRules } from '../../src/pod-dns/versions.ts'

export interface Case {
  readonly name: string
  /** The node's file; `null`: `resolvConf: ""`; `unknown`; undefined: that of the reference renderings. */
  readonly node?: string | null
  readonly nodeIps?: readonly string[]
  readonly policy?: string
  readonly hostNetwork?: boolean
  readonly nameservers?: readonly string[]
  readonly searches?: readonly string[]
  readonly options?: readonly (string | readonly [string, string])[]
  /** `dnsConfig: {}`. */
  readonly emptyConfig?: boolean
  readonly namespace?: string
  readonly clusterDns?: readonly string[]
  readonly clusterDomain?: string
  readonly version?: string
  readonly runtime?: ContainerRuntime
}

export const REFERENCE_NODE = 'nameserver 10.0.0.2\nsearch corp.example. lab.example\noptions ndots:2 edns0\n'

export function formed(one: Case): PodDns | PodDnsFailure {
  return formPodDns(
    { namespace: one.namespace ?? 'default', name: 'web', uid: 'u-1', spec: specOf(one) },
    kubeletOf(one)
  )
}

/** The same, where it must go well. */
export function settings(one: Case): PodDns {
  const dns = formed(one)
  if (isFailure(dns)) throw new Error(`${one.name}: ${dns.text}`)
  return dns
}

/** The file's text; `(none)` when there is nothing to write. */
export function fileText(one: Case): string {
  return resolvConfOf(settings(one), one.runtime ?? 'containerd')?.toString('utf8') ?? '(none)'
}

export const messages = (one: Case): string[] =>
  settings(one).events.map(({ on, reason, message }) => `${on} ${reason}: ${message}`)

export const texts = (list: readonly string[]): string[] => list.map(plainText)

function specOf(one: Case): PodDnsSpec {
  const { nameservers = [], searches = [], options = [] } = one
  const hasConfig = one.emptyConfig === true || nameservers.length + searches.length + options.length > 0
  const option = (written: string | readonly [string, string]): DnsOption =>
    typeof written === 'string'
      ? { name: written, value: undefined }
      : { name: written[0], value: written[1] }
  return {
    ...ORDINARY_SPEC,
    dnsPolicy: one.policy ?? '',
    hostNetwork: one.hostNetwork ?? false,
    ...(hasConfig ? { dnsConfig: { nameservers, searches, options: options.map(option) } } : {})
  }
}

function kubeletOf({ node = REFERENCE_NODE, nodeIps = [], version, ...one }: Case): KubeletSettings {
  return {
    clusterDns: one.clusterDns ?? ['10.96.0.10'],
    clusterDomain: one.clusterDomain ?? 'cluster.local',
    nodeFile:
      node === null
        ? { kind: 'none' }
        : node === 'unknown'
          ? { kind: 'unknown' }
          : { kind: 'file', path: '/etc/resolv.conf', octets: Buffer.from(node) },
    nodeIps,
    rules: version === undefined ? CURRENT_RULES : (rulesOf(version) as KubernetesRules)
  }
}
