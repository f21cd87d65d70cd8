// The DNS settings of one Pod of a state: its file, whom it asks, and why. What `labdns resolvconf` prints and `labdns
// explain --from` obeys.
import type { ClusterObject } from '../../cluster/objects.ts'
import { nearestWord } from '../../corefile/nearest.ts'
import type { KubeletEvent } from '../../pod-dns/limits.ts'
import type { NodeFile } from '../../pod-dns/node-file.ts'
import { plainText } from '../../pod-dns/octet-text.ts'
import {
  formPodDns,
  isFailure,
  ORDINARY_SPEC,
  type Base,
  type KubeletSettings,
  type PodDns,
  type PodDnsSpec
} from '../../pod-dns/pod-dns.ts'
import { OLD_RUNTIME_SEARCHES_MAX, resolvConfOf, type ContainerRuntime } from '../../pod-dns/resolv-conf.ts'
import { CURRENT_RULES, type KubernetesRules } from '../../pod-dns/versions.ts'
import { clusterDnsOf, type ClusterDns } from './cluster-dns.ts'
import { fromText, PodDnsMistake, readFrom, type From } from './from.ts'
import { suggestions, type FoundPod, type PodSource } from './pod-source.ts'

/** What is known of a cluster, as far as Pods' DNS depends on it. */
export interface PodDnsState {
  readonly pods: PodSource
  /** Objects as answers need them: namespaces, and the DNS's own Service. */
  readonly objects: readonly ClusterObject[]
  /** `cluster.local`: the zone that the cluster's DNS serves, without a dot at its end. */
  readonly clusterDomain: string
}

/** How the node is set, where that is not the ordinary way. */
export interface NodeOptions {
  /** The file that the kubelet's `resolvConf` names; not known when absent. */
  readonly nodeFile?: NodeFile
  /** The kubelet's `clusterDNS`, instead of the DNS Service's addresses. */
  readonly clusterDns?: readonly string[]
  readonly rules?: KubernetesRules
  readonly runtime?: ContainerRuntime
}

export interface PodDnsAnswer {
  /** What the Pod is: `pod/shop/web-0`, `pod/shop/web-7d4b9c6f5-x2x8q of deploy/shop/web`, `an ordinary Pod in shop`. */
  readonly pod: string
  readonly namespace: string
  /** The octets of the Pod's `/etc/resolv.conf`, as far as they can be known. */
  readonly octets: Uint8Array
  /** The same as text. */
  readonly resolvConf: string
  /** Whom the Pod asks; empty: its node's nameservers, which are not known. */
  readonly nameservers: readonly string[]
  readonly searches: readonly string[]
  readonly options: readonly string[]
  /** `ClusterFirst` where none is written. */
  readonly policy: string
  readonly base: Base
  /** Addresses of the cluster's DNS; empty: not known. */
  readonly clusterDns: readonly string[]
  /** Whether a nameserver of the Pod is one of these. */
  readonly asksClusterDns: boolean
  /** Whether the file depends on a file of the node that nobody told of. */
  readonly nodeFileMissing: boolean
  /** One sentence: which settings the Pod has and because of what; how to change it where that may surprise. */
  readonly why: string
  /** What the kubelet would report. */
  readonly events: readonly KubeletEvent[]
  /** What a person should know besides. */
  readonly notes: readonly string[]
}

/**
 * The settings of the Pod that `from` names (`pod/NS/NAME`, `deploy/NS/NAME`…, `ns/NS`). Rejects with PodDnsMistake when
 * there is no such Pod, or it can't start.
 */
export async function podDnsOf(
  state: PodDnsState,
  from: From | string,
  options: NodeOptions = {}
): Promise<PodDnsAnswer> {
  const wanted = typeof from === 'string' ? readFrom(from) : from
  const found = await findPod(state, wanted)
  return answerFor(describe(wanted, found), found, state, options)
}

/** The Pod that is meant. Rejects with PodDnsMistake, and the nearest names, when there is none. */
export async function findPod(state: PodDnsState, from: From): Promise<FoundPod> {
  if (from.kind === 'Namespace') {
    const known = state.objects.flatMap(object =>
      object.kind === 'Namespace' ? [object.name] : [object.namespace]
    )
    if (known.includes(from.namespace)) {
      return { namespace: from.namespace, name: '', uid: '', spec: ORDINARY_SPEC, flaws: [] }
    }
    const near = nearestWord(from.namespace, new Set(known))
    const hint = near === undefined ? '' : `; did you mean ns/${near}?`
    throw new PodDnsMistake(`${fromText(from)}: the state has no such namespace${hint}`)
  }
  const found = await state.pods.find(from.kind, from.namespace, from.name)
  if (found !== undefined) return found
  const meant = (await suggestions(state.pods, from, nearestWord)).map(({ kind, path }) => {
    const [namespace = '', name = ''] = path.split('/')
    return fromText({ kind, namespace, name })
  })
  let hint = meant.length === 0 ? '' : `; did you mean ${meant.join(' or ')}?`
  if (meant.length === 0) {
    const others = (await state.pods.paths(from.kind)).filter(path => path.startsWith(`${from.namespace}/`))
    const shown = others.slice(0, SHOWN_MAX).map(path => path.slice(from.namespace.length + 1))
    if (shown.length > 0)
      hint = `; in ${from.namespace} there is ${shown.join(', ')}${others.length > SHOWN_MAX ? ', …' : ''}`
  }
  throw new PodDnsMistake(`${fromText(from)}: the state has no such ${from.kind}${hint}`)
}

const SHOWN_MAX = 5

/** What the Pod is, for a person. */
export function describe(from: From, found: FoundPod): string {
  if (from.kind === 'Namespace') return `an ordinary Pod in ${from.namespace}`
  if (from.kind === 'Pod') return fromText(from)
  if (found.name === '') return `a Pod of ${fromText(from)}, which has none: its template is taken`
  return `${fromText({ kind: 'Pod', namespace: found.namespace, name: found.name })} of ${fromText(from)}`
}

/** The settings of a Pod that was found, or made up. Throws PodDnsMistake when it can't start. */
export function answerFor(
  pod: string,
  found: FoundPod,
  state: Pick<PodDnsState, 'objects' | 'clusterDomain'>,
  options: NodeOptions = {}
): PodDnsAnswer {
  const { nodeFile = { kind: 'unknown' }, rules = CURRENT_RULES, runtime = 'containerd' } = options
  const clusterDns: ClusterDns =
    options.clusterDns === undefined
      ? clusterDnsOf(state.objects)
      : { addresses: options.clusterDns, note: undefined }
  const kubelet: KubeletSettings = {
    ...{ clusterDns: clusterDns.addresses, clusterDomain: state.clusterDomain, nodeFile, nodeIps: [], rules }
  }
  const formed = formPodDns({ ...found, name: found.name === '' ? 'POD' : found.name }, kubelet)
  if (isFailure(formed)) {
    const { path, line, text } = formed
    throw new PodDnsMistake(
      `${path}${line === undefined ? '' : `:${line}`}: ${text}; no Pod starts on a node with this file`
    )
  }
  const written = resolvConfOf(formed, runtime)
  const octets = written ?? (nodeFile.kind === 'file' ? nodeFile.octets : new Uint8Array())
  const nameservers = formed.nameservers.map(plainText)
  const needsDns = formed.base === 'cluster' || formed.fellBack
  return {
    ...{ pod, namespace: found.namespace, octets, resolvConf: Buffer.from(octets).toString('utf8') },
    nameservers,
    searches: formed.searches.map(plainText),
    options: formed.options.map(plainText),
    ...{ policy: formed.policy, base: formed.base, clusterDns: clusterDns.addresses },
    asksClusterDns: nameservers.some(address => clusterDns.addresses.includes(address)),
    nodeFileMissing: formed.nodeFileMissing,
    why: whyOf(found.spec, formed, clusterDns.addresses),
    events: formed.events,
    notes: [
      ...found.flaws.map(flaw => `an API server refuses ${flaw}`),
      ...(needsDns && clusterDns.note !== undefined ? [clusterDns.note] : []),
      ...notesOn(formed, written === undefined, runtime),
      ...noteOnOthers(formed.base, nameservers, clusterDns.addresses)
    ]
  }
}

function whyOf(spec: PodDnsSpec, formed: PodDns, clusterDns: readonly string[]): string {
  const { policy, base, fellBack } = formed
  const written = spec.dnsPolicy === '' ? `${policy} (the default)` : policy
  const added = spec.dnsConfig === undefined ? '' : ', and what dnsConfig adds'
  if (fellBack) {
    return `dnsPolicy ${written}, but the kubelet knows no cluster DNS: the node's own settings${added}`
  }
  if (base === 'none') {
    const asks = formed.nameservers.some(address => clusterDns.includes(plainText(address)))
    if (asks) return "dnsPolicy None: dnsConfig alone, which names the cluster's DNS"
    const [address = 'its address'] = clusterDns
    return `dnsPolicy None: dnsConfig alone; the cluster's DNS is not asked (dnsPolicy: ClusterFirst would, or ${address} in dnsConfig.nameservers)`
  }
  if (policy === 'Default') {
    return `dnsPolicy Default: the node's own settings${added}; the cluster's DNS is not asked (dnsPolicy: ClusterFirst would)`
  }
  if (base === 'node') {
    return `dnsPolicy ${written} with hostNetwork: the node's own settings${added}; the cluster's DNS is not asked (dnsPolicy: ClusterFirstWithHostNet would)`
  }
  const isKnown = policy === 'ClusterFirst' || policy === 'ClusterFirstWithHostNet'
  const unknown = isKnown ? '' : ', which is unknown and counts as ClusterFirst'
  return `dnsPolicy ${written}${unknown}: the cluster's DNS${added}`
}

/** A second nameserver is no second chance for names that the first one denies. */
function noteOnOthers(base: Base, nameservers: readonly string[], clusterDns: readonly string[]): string[] {
  const others = nameservers.filter(address => !clusterDns.includes(address))
  if (base !== 'cluster' || others.length === 0) return []
  return [
    `${others.join(' and ')}: asked by glibc and Go only where the cluster's DNS does not answer; musl (Alpine) asks all nameservers at once and takes the first answer, so that names of the cluster fail now and then`
  ]
}

/** musl takes no line of more octets, `search ` included. */
const MUSL_LINE_MAX = 254

function notesOn(formed: PodDns, isEmpty: boolean, runtime: ContainerRuntime): string[] {
  const { base, searches, nodeFileMissing } = formed
  const notes: string[] = []
  if (nodeFileMissing && base === 'cluster') {
    notes.push(
      "search domains of the node would follow; they are not known: --node-resolv-conf FILE names the node's file"
    )
  } else if (isEmpty && !nodeFileMissing) {
    notes.push("there is nothing to write, so the container runtime copies its host's own /etc/resolv.conf")
  }
  if (formed.optionsInAnyOrder)
    notes.push('with a dnsConfig the kubelet writes options in an order that is chance')
  if (searches.length > OLD_RUNTIME_SEARCHES_MAX && runtime !== 'docker') {
    notes.push(
      `${searches.length} search domains: containerd before 1.5.6 and CRI-O before 1.22 start no Pod with more than ${OLD_RUNTIME_SEARCHES_MAX}`
    )
  }
  const lineLength = 'search '.length + searches.join(' ').length
  if (lineLength > MUSL_LINE_MAX) {
    notes.push(
      `the search line has ${lineLength} octets: musl (Alpine) passes over lines of more than ${MUSL_LINE_MAX}, so programs there have no search list`
    )
  }
  return notes
}
