// Whether NetworkPolicies let a Pod's questions through to the DNS Pods (Kubernetes documentation, "Network Policies"):
// UDP 53 and TCP 53, egress only. What can't be read or isn't known is said, never guessed.
import { selects } from '../../cluster/apps/trim-selector.ts'
import type { PolicyPeer, PolicyPort, WrittenPolicy } from '../../cluster/manifests/network-policy-in.ts'
import { parseCidr } from '../../corefile/addresses.ts'
import { parseAddress, parsedAddress } from '../../wire/address.ts'
import { networkHolds } from '../../wire/network-set.ts'

export interface PolicyPod {
  readonly namespace: string
  readonly labels: Readonly<Record<string, string>>
  readonly address: string
}

export interface EgressInput {
  /** Who asks; undefined: labels are not known (an ordinary Pod). */
  readonly pod: PolicyPod | undefined
  readonly namespace: string
  readonly policies: readonly WrittenPolicy[]
  /** The Pods that serve DNS. */
  readonly dnsPods: readonly PolicyPod[]
  /** Labels of each namespace; undefined: not known. */
  readonly labelsOf: (namespace: string) => Readonly<Record<string, string>> | undefined
}

export interface EgressVerdict {
  readonly udp: 'open' | 'closed' | 'unknown'
  readonly tcp: 'open' | 'closed' | 'unknown'
  /** Policies that select the Pod for egress. */
  readonly policies: readonly string[]
  readonly lines: readonly string[]
}

type Tri = boolean | undefined

const DNS_PORT = 53

/** Undefined: the state has no policies to look at. */
export function egressVerdict(input: EgressInput): EgressVerdict | undefined {
  const { policies, namespace, pod, dnsPods } = input
  const here = policies.filter(policy => policy.namespace === namespace)
  if (here.length === 0) return undefined
  if (pod === undefined) {
    const names = here.map(nameOf)
    const text = `egress: namespace ${namespace} has NetworkPolicies (${names.join(', ')}); which of them select the Pod depends on its labels: name one with --from pod/…`
    return { udp: 'unknown', tcp: 'unknown', policies: names, lines: [text] }
  }
  const selecting: WrittenPolicy[] = []
  const unclear: string[] = []
  for (const policy of here) {
    const isSelected = policy.podSelector === undefined ? undefined : selects(policy.podSelector, pod.labels)
    const isEgress = policy.governsEgress
    if (isSelected === false || isEgress === false) continue
    if (isSelected === undefined || isEgress === undefined) unclear.push(nameOf(policy))
    else selecting.push(policy)
  }
  const names = selecting.map(nameOf)
  if (selecting.length === 0 && unclear.length === 0)
    return { udp: 'open', tcp: 'open', policies: [], lines: [] }
  if (dnsPods.length === 0) {
    const text = `egress: selected by ${[...names, ...unclear].join(', ')}; which Pods serve DNS isn't known, so neither is whether they can be reached`
    return { udp: 'unknown', tcp: 'unknown', policies: names, lines: [text] }
  }
  const udp = allowed(selecting, 'UDP', input)
  const tcp = allowed(selecting, 'TCP', input)
  // A policy that can't be read could only allow more, or be the first that closes.
  const word = (is: Tri): EgressVerdict['udp'] => {
    if (selecting.length === 0) return 'unknown'
    if (is === true) return 'open'
    return is === undefined || unclear.length > 0 ? 'unknown' : 'closed'
  }
  const verdict = { udp: word(udp), tcp: word(tcp), policies: names }
  return { ...verdict, lines: linesOf(verdict, names, unclear, input) }
}

function linesOf(
  { udp, tcp }: Pick<EgressVerdict, 'udp' | 'tcp'>,
  names: readonly string[],
  unclear: readonly string[],
  input: EgressInput
): string[] {
  const lines: string[] = []
  const closed = [...(udp === 'closed' ? ['UDP 53'] : []), ...(tcp === 'closed' ? ['TCP 53'] : [])]
  const unknown = [...(udp === 'unknown' ? ['UDP 53'] : []), ...(tcp === 'unknown' ? ['TCP 53'] : [])]
  const subject = names.length === 1 ? 'NetworkPolicy' : 'NetworkPolicies'
  if (closed.length > 0) {
    const verb = names.length === 1 ? 'does' : 'do'
    lines.push(
      `egress: ${closed.join(' and ')} to the DNS Pods ${closed.length === 1 ? 'is' : 'are'} closed: ${subject} ${names.join(', ')} ${verb} not allow it`
    )
    const more = udp === 'open' ? ': short answers come, long ones (cut over UDP) never do' : ''
    if (more !== '') lines.push(`egress: UDP 53 is open${more}`)
    lines.push(...ruleLines(names[0] ?? '', input))
  } else if (unknown.length > 0) {
    const who = unclear.length === 0 ? names : unclear
    lines.push(
      `egress: whether ${unknown.join(' and ')} to the DNS Pods is open can't be told: ${who.join(', ')} can't be read to the end`
    )
  } else lines.push(`egress: UDP 53 and TCP 53 to the DNS Pods are open (${names.join(', ')})`)
  return lines
}

function ruleLines(policy: string, { dnsPods }: EgressInput): string[] {
  const [dns] = dnsPods
  const label = dns?.labels['k8s-app'] === undefined ? undefined : `k8s-app: ${dns.labels['k8s-app']}`
  return [
    `egress: add this to spec.egress of ${policy}:`,
    '  - to:',
    '      - namespaceSelector:',
    `          matchLabels: { kubernetes.io/metadata.name: ${dns?.namespace ?? 'kube-system'} }`,
    ...(label === undefined ? [] : ['        podSelector:', `          matchLabels: { ${label} }`]),
    '    ports:',
    '      - { protocol: UDP, port: 53 }',
    '      - { protocol: TCP, port: 53 }'
  ]
}

/** Whether all DNS Pods can be reached: policies add up, and each Pod needs one rule of one of them. */
function allowed(policies: readonly WrittenPolicy[], protocol: 'UDP' | 'TCP', input: EgressInput): Tri {
  return all(
    input.dnsPods.map(dns =>
      any(
        policies.flatMap(policy =>
          policy.egress === undefined
            ? [undefined]
            : policy.egress.map(rule =>
                all([portAllowed(rule.ports, protocol), peerAllowed(rule.to, dns, policy.namespace, input)])
              )
        )
      )
    )
  )
}

/** No list: every port. */
function portAllowed(ports: readonly PolicyPort[], protocol: 'UDP' | 'TCP'): Tri {
  if (ports.length === 0) return true
  return any(
    ports.map(port => {
      if (port.protocol === undefined) return undefined
      if (port.protocol !== protocol) return false
      if (port.port === 'any') return true
      // A name is that of a container's port, which nobody tells of.
      if (typeof port.port !== 'number') return undefined
      return port.endPort === undefined
        ? port.port === DNS_PORT
        : port.port <= DNS_PORT && DNS_PORT <= port.endPort
    })
  )
}

/** No list: every peer. */
function peerAllowed(
  peers: readonly PolicyPeer[],
  dns: PolicyPod,
  namespace: string,
  { labelsOf }: EgressInput
): Tri {
  if (peers.length === 0) return true
  return any(
    peers.map(peer => {
      if (peer.kind === 'unreadable') return undefined
      if (peer.kind === 'block') return blockHolds(peer, dns.address)
      const labels = labelsOf(dns.namespace)
      const inNamespace =
        peer.namespaces === undefined
          ? dns.namespace === namespace
          : labels === undefined
            ? undefined
            : selects(peer.namespaces, labels)
      return all([inNamespace, peer.pods === undefined ? true : selects(peer.pods, dns.labels)])
    })
  )
}

/** Undefined: the block or the address can't be read. */
function blockHolds({ cidr, except }: Extract<PolicyPeer, { kind: 'block' }>, address: string): Tri {
  const length = parseAddress(address)
  const octets = parsedAddress.slice(0, length)
  const holds = (text: string): Tri => {
    const block = parseCidr(text)
    return block === undefined || length === 0 ? undefined : networkHolds(block, octets, 0, length)
  }
  const left = any(except.map(holds))
  return all([holds(cidr), left === undefined ? undefined : !left])
}

const nameOf = ({ namespace, name }: WrittenPolicy): string => `${namespace}/${name}`

const any = (values: readonly Tri[]): Tri =>
  values.includes(true) ? true : values.includes(undefined) ? undefined : false
const all = (values: readonly Tri[]): Tri =>
  values.includes(false) ? false : values.includes(undefined) ? undefined : true
