// NetworkPolicies: whether a Pod's questions get through to the DNS Pods, and what is said when nobody can know.
import t from 'tap'
import { parse } from 'yaml'
import { egressVerdict, type EgressInput } from '../../../src/cli/explain/egress.ts'
import { networkPolicyIn, type WrittenPolicy } from '../../../src/cluster/manifests/network-policy-in.ts'

const dns = { namespace: 'kube-system', labels: { 'k8s-app': 'kube-dns' }, address: '10.244.0.2' }
const pod = { namespace: 'shop', labels: { app: 'web' }, address: '10.244.0.9' }
const labels: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  shop: { 'kubernetes.io/metadata.name': 'shop', team: 'a' },
  'kube-system': { 'kubernetes.io/metadata.name': 'kube-system' }
}

function policy(spec: string, name = 'p', namespace = 'shop'): WrittenPolicy {
  const value = {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name, namespace },
    spec: parse(spec) as unknown
  }
  return networkPolicyIn('NetworkPolicy', value.apiVersion, value)!
}

function verdict(policies: readonly WrittenPolicy[], more: Partial<EgressInput> = {}) {
  const input = { pod, namespace: 'shop', policies, dnsPods: [dns], labelsOf: (name: string) => labels[name] }
  return egressVerdict({ ...input, ...more })
}

const ports = (text: string) => `{podSelector: {}, policyTypes: [Egress], egress: [{ports: [${text}]}]}`
const to = (text: string) => `{podSelector: {}, policyTypes: [Egress], egress: [{to: [${text}]}]}`
const SYSTEM = 'namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: kube-system}}'

const cases: readonly (readonly [spec: string, udp: string, tcp: string, why: string])[] = [
  ['{podSelector: {}, policyTypes: [Egress]}', 'closed', 'closed', 'no rule at all'],
  ['{podSelector: {}, policyTypes: [Egress], egress: []}', 'closed', 'closed', 'an empty list'],
  ['{podSelector: {}, policyTypes: [Egress], egress: [{}]}', 'open', 'open', 'a rule for everything'],
  ['{podSelector: {}, policyTypes: [Ingress]}', 'open', 'open', 'not about egress'],
  ['{podSelector: {}}', 'open', 'open', 'without types and rules it is about ingress'],
  ['{podSelector: {}, egress: [{ports: [{port: 443}]}]}', 'closed', 'closed', 'rules make it about egress'],
  ['{podSelector: {matchLabels: {app: db}}, policyTypes: [Egress]}', 'open', 'open', 'other Pods'],
  [
    '{podSelector: {matchExpressions: [{key: app, operator: In, values: [web]}]}, policyTypes: [Egress]}',
    'closed',
    'closed',
    'an expression'
  ],
  [ports('{port: 53, protocol: UDP}'), 'open', 'closed', 'UDP alone'],
  [ports('{port: 53}'), 'closed', 'open', 'TCP is the default'],
  [ports('{port: 53, protocol: UDP}, {port: 53, protocol: TCP}'), 'open', 'open', 'both'],
  [
    ports('{port: 50, endPort: 60, protocol: UDP}, {protocol: TCP}'),
    'open',
    'open',
    'a range, and every port'
  ],
  [ports('{port: 54, endPort: 60, protocol: UDP}'), 'closed', 'closed', 'the range begins behind it'],
  [ports('{port: dns, protocol: UDP}'), 'unknown', 'closed', "a name is that of a container's port"],
  [ports('{port: true}'), 'closed', 'unknown', 'unreadable'],
  [to(`{${SYSTEM}}`), 'open', 'open', 'the namespace'],
  [to('{namespaceSelector: {matchLabels: {name: kube-system}}}'), 'closed', 'closed', "the guides' label"],
  [to('{namespaceSelector: {}}'), 'open', 'open', 'every namespace'],
  [
    to('{podSelector: {matchLabels: {k8s-app: kube-dns}}}'),
    'closed',
    'closed',
    "Pods of the policy's own namespace"
  ],
  [to(`{${SYSTEM}, podSelector: {matchLabels: {k8s-app: kube-dns}}}`), 'open', 'open', 'both selectors'],
  [to(`{${SYSTEM}, podSelector: {matchLabels: {k8s-app: coredns}}}`), 'closed', 'closed', 'other Pods there'],
  [to('{ipBlock: {cidr: 10.244.0.0/16}}'), 'open', 'open', 'their network'],
  [to('{ipBlock: {cidr: 10.244.0.0/16, except: [10.244.0.0/24]}}'), 'closed', 'closed', 'excepted'],
  [to('{ipBlock: {cidr: 10.96.0.10/32}}'), 'closed', 'closed', "the Service's address is none of a Pod"],
  [to('{ipBlock: {cidr: nonsense}}'), 'unknown', 'unknown', 'unreadable'],
  [to('{}'), 'unknown', 'unknown', 'no peer'],
  [
    '{podSelector: {matchExpressions: [{key: app, operator: Gt, values: ["1"]}]}, policyTypes: [Egress]}',
    'unknown',
    'unknown',
    'an operator that nobody knows'
  ],
  ['{podSelector: {}, policyTypes: [Egress], egress: 5}', 'unknown', 'unknown', 'unreadable'],
  ['5', 'unknown', 'unknown', 'unreadable']
]

t.test('one policy', t => {
  for (const [spec, udp, tcp, why] of cases) {
    const found = verdict([policy(spec)])!
    t.same([found.udp, found.tcp], [udp, tcp], `${why}: ${spec}`)
    const says = found.lines.join('\n')
    const isClosed = udp === 'closed' || tcp === 'closed'
    t.equal(says.includes('closed: NetworkPolicy shop/p does not allow it'), isClosed, says)
    t.equal(says.includes("can't be told"), !isClosed && (udp === 'unknown' || tcp === 'unknown'), says)
  }
  t.end()
})

t.test('policies add up', t => {
  const deny = policy('{podSelector: {}, policyTypes: [Egress]}', 'deny')
  const allow = policy(ports('{port: 53, protocol: UDP}, {port: 53}'), 'dns')
  t.match(verdict([deny, allow]), { udp: 'open', tcp: 'open', policies: ['shop/deny', 'shop/dns'] })
  const unreadable = policy('{podSelector: {}, policyTypes: [Egress], egress: 5}', 'odd')
  t.match(verdict([deny, unreadable]), { udp: 'unknown', tcp: 'unknown' }, 'it could allow it')
  t.match(verdict([unreadable, allow]), { udp: 'open', tcp: 'open' }, 'it can take nothing away')
  const elsewhere = policy('{podSelector: {}, policyTypes: [Egress]}', 'deny', 'other')
  t.equal(verdict([elsewhere]), undefined, 'policies of other namespaces')
  t.end()
})

t.test('the rule to add', t => {
  const found = verdict([policy(ports('{port: 53, protocol: UDP}'), 'web')])!
  t.same(found.lines, [
    'egress: TCP 53 to the DNS Pods is closed: NetworkPolicy shop/web does not allow it',
    'egress: UDP 53 is open: short answers come, long ones (cut over UDP) never do',
    'egress: add this to spec.egress of shop/web:',
    '  - to:',
    '      - namespaceSelector:',
    '          matchLabels: { kubernetes.io/metadata.name: kube-system }',
    '        podSelector:',
    '          matchLabels: { k8s-app: kube-dns }',
    '    ports:',
    '      - { protocol: UDP, port: 53 }',
    '      - { protocol: TCP, port: 53 }'
  ])
  const rules = parse(found.lines.slice(3).join('\n')) as unknown[]
  const mended = policy(
    JSON.stringify({
      podSelector: {},
      policyTypes: ['Egress'],
      egress: [{ ports: [{ port: 53, protocol: 'UDP' }] }, ...rules]
    })
  )
  t.match(verdict([mended]), { udp: 'open', tcp: 'open' })
  t.end()
})

t.test('what is not known is not guessed', t => {
  const deny = policy('{podSelector: {}, policyTypes: [Egress]}')
  t.match(verdict([deny], { pod: undefined }), { udp: 'unknown', tcp: 'unknown' }, 'an ordinary Pod')
  t.match(verdict([deny], { dnsPods: [] }), { udp: 'unknown', tcp: 'unknown' }, 'no DNS Pods')
  const there = policy(to(`{${SYSTEM}}`))
  t.match(verdict([there], { labelsOf: () => undefined }), { udp: 'unknown', tcp: 'unknown' }, 'no labels')
  t.equal(verdict([]), undefined)
  const two = { ...dns, address: '192.0.2.9' }
  const block = policy(to('{ipBlock: {cidr: 10.244.0.0/16}}'))
  t.match(
    verdict([block], { dnsPods: [dns, two] }),
    { udp: 'closed' },
    'each of the DNS Pods must be reached'
  )
  t.end()
})
