// What the options of `resolvconf` say of the Pod and of its node, checked. What they would make an API server refuse is
// told with the option and its value.
import { podDnsFlaws } from '../../cluster/apps/pod-dns-rules.ts'
import type { FieldPath } from '../../cluster/fields.ts'
import { reasonOf } from '../../cluster/manifests/inputs.ts'
import { parseIp } from '../../corefile/addresses.ts'
import type { NodeFile } from '../../pod-dns/node-file.ts'
import type { DnsConfig, DnsOption, PodDnsSpec } from '../../pod-dns/pod-dns.ts'
import { CONTAINER_RUNTIMES } from '../../pod-dns/resolv-conf.ts'
import { CURRENT_RULES, rulesOf, type KubernetesRules } from '../../pod-dns/versions.ts'
import type { Files } from '../../runtime/files.ts'
import { formatName, parseName } from '../../wire/name.ts'
import type { ResolvconfArguments } from '../arguments.ts'
import { clipped, PodDnsMistake } from './from.ts'
import type { NodeOptions } from './pod-dns-of.ts'

/** The node, and the rules of its Kubernetes. Throws PodDnsMistake. */
export function nodeOptions(
  words: ResolvconfArguments,
  files: Files
): NodeOptions & { readonly rules: KubernetesRules } {
  const { kubernetesVersion, runtime, nodeResolvConf } = words
  const rules = kubernetesVersion === undefined ? CURRENT_RULES : rulesOf(kubernetesVersion)
  if (rules === undefined) {
    throw new PodDnsMistake(
      `--kubernetes-version ${clipped(kubernetesVersion ?? '')}: expected a version such as 1.34 or 1.24.3`
    )
  }
  const known = CONTAINER_RUNTIMES.find(each => each === (runtime ?? 'containerd'))
  if (known === undefined) {
    throw new PodDnsMistake(`--runtime ${clipped(runtime ?? '')}: expected ${CONTAINER_RUNTIMES.join(', ')}`)
  }
  const clusterDns = listed(words.clusterDns).map(address => {
    const parsed = parseIp(address)
    if (parsed === undefined) {
      throw new PodDnsMistake(`--cluster-dns ${clipped(address)}: expected an IP address, as in 10.96.0.10`)
    }
    return parsed.text
  })
  return {
    ...{ rules, runtime: known },
    ...(clusterDns.length === 0 ? {} : { clusterDns }),
    ...(nodeResolvConf === undefined ? {} : { nodeFile: nodeFile(nodeResolvConf, files) })
  }
}

function nodeFile(path: string, files: Files): NodeFile {
  if (path === '') return { kind: 'none' }
  try {
    return { kind: 'file', path, octets: files.read(path) }
  } catch (error) {
    throw new PodDnsMistake(`--node-resolv-conf ${clipped(path)}: cannot be read: ${reasonOf(error)}`)
  }
}

/** `--cluster-domain`, without a dot at its end; undefined when it isn't given. Throws PodDnsMistake. */
export function clusterDomain({ clusterDomain: text }: ResolvconfArguments): string | undefined {
  if (text === undefined || text === '') return text
  const name = parseName(text)
  const domain = name === undefined ? '' : withoutDot(formatName(name))
  if (domain === '' || /[\s\\]/.test(domain)) {
    throw new PodDnsMistake(`--cluster-domain ${clipped(text)}: expected a domain name, as in cluster.local`)
  }
  return domain
}

export const withoutDot = (name: string): string => (name.endsWith('.') ? name.slice(0, -1) : name)

/** The spec with what the options change. Throws PodDnsMistake when an API server would refuse what they say. */
export function withOptions(
  spec: PodDnsSpec,
  words: ResolvconfArguments,
  rules: KubernetesRules
): PodDnsSpec {
  const own: DnsConfig = {
    nameservers: listed(words.nameserver),
    searches: listed(words.search),
    options: words.option.flatMap(text => text.split(/\s+/)).flatMap(dnsOption)
  }
  const hasOwn = own.nameservers.length + own.searches.length + own.options.length > 0
  if (!hasOwn && words.dnsPolicy === undefined && !words.hostNetwork) return spec
  const before = spec.dnsConfig ?? { nameservers: [], searches: [], options: [] }
  const changed: PodDnsSpec = {
    dnsPolicy: words.dnsPolicy ?? spec.dnsPolicy,
    hostNetwork: words.hostNetwork || spec.hostNetwork,
    dnsConfig: !hasOwn
      ? spec.dnsConfig
      : {
          nameservers: [...before.nameservers, ...own.nameservers],
          searches: [...before.searches, ...own.searches],
          options: [...before.options, ...own.options]
        }
  }
  // What the Pod brings is judged where it stands.
  const counts = {
    nameservers: before.nameservers.length,
    searches: before.searches.length,
    options: before.options.length
  }
  const flaws = podDnsFlaws(changed, rules).filter(({ path }) => !isOfPod(path, counts))
  if (flaws.length > 0) {
    const lines = flaws.slice(0, TOLD_MAX).map(({ path, text }) => `${optionOf(path)}: ${text}`)
    if (flaws.length > TOLD_MAX) lines.push(`(and ${flaws.length - TOLD_MAX} more)`)
    throw new PodDnsMistake(lines.join('\n'))
  }
  return changed
}

const TOLD_MAX = 10

type Counts = Readonly<Record<'nameservers' | 'searches' | 'options', number>>

function isOfPod([, list, at]: FieldPath, counts: Counts): boolean {
  return typeof at === 'number' && at < counts[list as keyof Counts]
}

const OPTIONS: Readonly<Record<string, string>> = {
  nameservers: '--nameserver',
  searches: '--search',
  options: '--option'
}

function optionOf([field, list]: FieldPath): string {
  if (field === 'dnsPolicy') return '--dns-policy'
  return typeof list === 'string' ? (OPTIONS[list] ?? list) : '--dns-policy None without --nameserver'
}

/** Values may be given one by one, or several with commas or blanks between. */
const listed = (values: readonly string[]): string[] =>
  values.flatMap(value => value.split(/[\s,]+/).filter(part => part !== ''))

/** `ndots:2`, `ndots=2`, `rotate`. */
function dnsOption(text: string): DnsOption[] {
  const [, name = '', value] = /^([^:=]*)(?:[:=](.*))?$/su.exec(text) ?? []
  return text === '' ? [] : [{ name, value }]
}
