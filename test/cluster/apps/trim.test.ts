// Objects of applications, cut down to what a control plane acts on: in every spelling that an API server takes.
import t from 'tap'
import { trimAppService } from '../../../src/cluster/apps/trim-app-service.ts'
import { trimNetworkPolicy } from '../../../src/cluster/apps/trim-network-policy.ts'
import { trimAppPod } from '../../../src/cluster/apps/trim-pod.ts'
import { trimWorkload } from '../../../src/cluster/apps/trim-workload.ts'
import type { WorkloadKind } from '../../../src/cluster/apps/app-objects.ts'
import type { Flaw } from '../../../src/cluster/fields.ts'
import { readYaml } from '../../../src/cluster/manifests/yaml-document.ts'

function trim<T>(how: (raw: unknown, flaws: Flaw[]) => T, text: string): T {
  const flaws: Flaw[] = []
  const object = how(readYaml(text).value, flaws)
  if (flaws.length > 0) throw new Error(flaws.map(flaw => `${flaw.path.join('.')}: ${flaw.text}`).join('\n'))
  return object
}

const service = (spec: string) => trim(trimAppService, `metadata: {name: web}\nspec: ${spec}`)
const pod = (spec: string, rest = '') => trim(trimAppPod, `metadata: {name: one}\nspec: ${spec}\n${rest}`)
const workload = (kind: WorkloadKind, spec: string, annotations = '{}') =>
  trim(trimWorkload(kind), `metadata: {name: web, annotations: ${annotations}}\nspec: ${spec}`)

const CONTAINERS = 'containers: [{name: c, image: i}]'
const TEMPLATE = `template: {metadata: {labels: {app: web, tier: front}}, spec: {${CONTAINERS}}}`
const JOB = `template: {spec: {restartPolicy: Never, ${CONTAINERS}}}`

t.test('a Service as it is written, and what an API server fills in', t => {
  t.same(service('{selector: {app: web}, ports: [{port: 80}]}'), {
    kind: 'AppService',
    ...{ namespace: 'default', name: 'web', labels: {}, type: 'ClusterIP' },
    ...{ clusterIPs: [], ipFamilies: [], ipFamilyPolicy: undefined },
    ...{ selector: { app: 'web' }, publishNotReadyAddresses: false },
    ports: [{ name: '', port: 80, protocol: 'TCP', targetPort: undefined }],
    ...{ externalName: '', externalIPs: [], ingress: [] }
  })
  t.end()
})

const services: [name: string, spec: string, expected: object][] = [
  ['no selector', '{ports: [{port: 80}]}', { selector: undefined }],
  ['an empty selector is none', '{selector: {}, ports: [{port: 80}]}', { selector: undefined }],
  ['an empty address is to be given', '{clusterIP: "", ports: [{port: 80}]}', { clusterIPs: [] }],
  ['a null is as good as nothing', '{clusterIP: null, type: ~, ports: [{port: 80}]}', { type: 'ClusterIP' }],
  ['headless', '{clusterIP: None}', { clusterIPs: ['None'], ports: [] }],
  [
    'as kubectl prints it',
    '{clusterIP: 10.96.0.7, clusterIPs: [10.96.0.7], ports: [{port: 80}]}',
    { clusterIPs: ['10.96.0.7'] }
  ],
  [
    'two stacks',
    '{ipFamilyPolicy: RequireDualStack, ipFamilies: [IPv6, IPv4], ports: [{port: 80}]}',
    { ipFamilyPolicy: 'RequireDualStack', ipFamilies: ['IPv6', 'IPv4'] }
  ],
  [
    'two stated addresses',
    '{ipFamilyPolicy: PreferDualStack, clusterIP: 10.96.0.7, clusterIPs: [10.96.0.7, "fd00:10:96::7"], ports: [{port: 80}]}',
    { clusterIPs: ['10.96.0.7', 'fd00:10:96::7'] }
  ],
  [
    'a headless Service without selector is of both families',
    '{clusterIP: None, ipFamilies: [IPv4, IPv6]}',
    { ipFamilies: ['IPv4', 'IPv6'] }
  ],
  ['a target port by number', '{ports: [{port: 80, targetPort: 8080}]}', { ports: [{ targetPort: 8080 }] }],
  ['a target port by name', '{ports: [{port: 80, targetPort: web-1}]}', { ports: [{ targetPort: 'web-1' }] }],
  [
    'a target port of 0 is none',
    '{ports: [{port: 80, targetPort: 0}]}',
    { ports: [{ targetPort: undefined }] }
  ],
  [
    'one number over two protocols',
    '{ports: [{name: dns, port: 53, protocol: UDP}, {name: dns-tcp, port: 53}]}',
    { ports: [{ protocol: 'UDP' }, { protocol: 'TCP' }] }
  ],
  [
    'an ExternalName',
    '{type: ExternalName, externalName: db.example.com.}',
    { externalName: 'db.example.com.', ports: [] }
  ],
  [
    'an ExternalName with what it ignores',
    '{type: ExternalName, externalName: a.b, selector: {app: x}, ports: [{port: 1}]}',
    { ports: [{ port: 1 }] }
  ],
  [
    'a name outside is nothing to other types',
    '{externalName: a.b, ports: [{port: 80}]}',
    { externalName: '' }
  ],
  ['a NodePort', '{type: NodePort, ports: [{port: 80, nodePort: 30080}]}', { type: 'NodePort' }],
  [
    'a LoadBalancer that asks for an address',
    '{type: LoadBalancer, loadBalancerIP: 192.0.2.7, ports: [{port: 80}]}',
    { ingress: ['192.0.2.7'] }
  ],
  ['only a LoadBalancer gets it', '{loadBalancerIP: 192.0.2.7, ports: [{port: 80}]}', { ingress: [] }],
  [
    'not ready addresses',
    '{clusterIP: None, publishNotReadyAddresses: true}',
    { publishNotReadyAddresses: true }
  ],
  [
    'numbers in other spellings',
    '{ports: [{port: 0x50}, {port: 8_1, name: b}]}'.replace('{port: 0x50}', '{port: 0x50, name: a}'),
    { ports: [{ port: 80 }, { port: 81 }] }
  ]
]
t.test('Services', t => {
  for (const [name, spec, expected] of services) t.match(service(spec), expected, name)
  const status = '\nstatus: {loadBalancer: {ingress: [{ip: 192.0.2.8}, {hostname: lb.example.com}, {}]}}'
  t.same(service(`{type: LoadBalancer, loadBalancerIP: 192.0.2.7, ports: [{port: 80}]}${status}`)?.ingress, [
    '192.0.2.8',
    'lb.example.com'
  ])
  t.end()
})

const workloads: [name: string, kind: WorkloadKind, spec: string, expected: object][] = [
  [
    'one Pod where nothing is said',
    'Deployment',
    `{selector: {matchLabels: {app: web}}, ${TEMPLATE}}`,
    { replicas: 1, start: 0, serviceName: '' }
  ],
  ['none', 'Deployment', `{replicas: 0, selector: {matchLabels: {app: web}}, ${TEMPLATE}}`, { replicas: 0 }],
  [
    'an expression',
    'ReplicaSet',
    `{selector: {matchExpressions: [{key: app, operator: In, values: [web, api]}, {key: tier, operator: Exists}, {key: old, operator: DoesNotExist}, {key: tier, operator: NotIn, values: [back]}]}, ${TEMPLATE}}`,
    { workload: 'ReplicaSet' }
  ],
  [
    'a StatefulSet that starts at 5',
    'StatefulSet',
    `{replicas: 3, ordinals: {start: 5}, serviceName: db, selector: {matchLabels: {app: web}}, ${TEMPLATE}}`,
    { replicas: 3, start: 5, serviceName: 'db' }
  ],
  ['one Pod a node', 'DaemonSet', `{selector: {matchLabels: {app: web}}, ${TEMPLATE}}`, { replicas: -1 }],
  [
    'a selector of labels alone',
    'ReplicationController',
    `{replicas: 2, selector: {app: web}, ${TEMPLATE}}`,
    { replicas: 2 }
  ],
  ['no selector: that of the template', 'ReplicationController', `{${TEMPLATE}}`, { replicas: 1 }],
  ['a Job', 'Job', `{${JOB}}`, { replicas: 1 }],
  ['a Job with more hands than work', 'Job', `{parallelism: 5, completions: 2, ${JOB}}`, { replicas: 2 }],
  ['a Job that waits', 'Job', `{parallelism: 5, suspend: true, ${JOB}}`, { replicas: 0 }],
  [
    'a CronJob has no Pods until it runs',
    'CronJob',
    `{schedule: "@daily", jobTemplate: {spec: {parallelism: 3, ${JOB}}}}`,
    { replicas: 0 }
  ],
  [
    'a schedule with its time zone',
    'CronJob',
    `{schedule: "TZ=UTC 0 3 * * *", jobTemplate: {spec: {${JOB}}}}`,
    { workload: 'CronJob' }
  ]
]
t.test('workloads', t => {
  for (const [name, kind, spec, expected] of workloads) t.match(workload(kind, spec), expected, name)
  t.end()
})

t.test('what their Pods have in common', t => {
  const spec =
    'containers: [{name: a, image: i, ports: [{containerPort: 80, name: http}, {containerPort: 53, protocol: UDP}]}, {name: side, image: i, ports: [{containerPort: 9000}]}]'
  const init =
    'initContainers: [{name: once, image: i, ports: [{containerPort: 1}]}, {name: mesh, image: i, restartPolicy: Always, ports: [{containerPort: 15001}]}]'
  t.same(pod(`{hostname: a, subdomain: b, hostNetwork: true, ${spec}, ${init}}`)?.template, {
    ...{ labels: {}, hostname: 'a', subdomain: 'b', hostNetwork: true },
    ports: [
      { name: 'http', port: 80, protocol: 'TCP' },
      { name: '', port: 53, protocol: 'UDP' },
      { name: '', port: 9000, protocol: 'TCP' },
      { name: '', port: 15001, protocol: 'TCP' }
    ]
  })
  t.end()
})

t.test('a Pod by itself', t => {
  const bare = pod(`{${CONTAINERS}}`)
  t.same([bare?.namespace, bare?.podIPs, bare?.notReady], ['default', [], []])
  t.same(pod(`{${CONTAINERS}}`, 'status: {podIP: 10.244.0.5}')?.podIPs, ['10.244.0.5'])
  const two = 'status: {podIP: 10.244.0.5, podIPs: [{ip: 10.244.0.5}, {ip: "fd00::5"}]}'
  t.same(pod(`{${CONTAINERS}}`, two)?.podIPs, ['10.244.0.5', 'fd00::5'])
  t.end()
})

t.test('Pods that are not ready', t => {
  const cases: [text: string, expected: unknown][] = [
    ['all', 'all'],
    ['"0,2"', [0, 2]],
    ['0,2', [0, 2]],
    ['" 2 , 0,2"', [0, 2]],
    ['"1"', [1]],
    ['""', []]
  ]
  for (const [text, expected] of cases) {
    const spec = `{selector: {matchLabels: {app: web}}, ${TEMPLATE}}`
    t.same(
      workload(
        'Deployment',
        spec,
        `{labdns.dev/not-ready: ${text.includes(',') && !text.includes('"') ? `'${text}'` : text}}`
      )?.notReady,
      expected,
      text
    )
  }
  t.end()
})

t.test('a NetworkPolicy', t => {
  const text =
    'metadata: {name: deny, namespace: shop}\nspec: {podSelector: {matchLabels: {app: web}}, policyTypes: [Ingress]}'
  t.same(trim(trimNetworkPolicy, text), {
    ...{ kind: 'NetworkPolicy', namespace: 'shop', name: 'deny' },
    podSelector: { matchLabels: { app: 'web' }, matchExpressions: [] }
  })
  t.same(trim(trimNetworkPolicy, 'metadata: {name: all}\nspec: {}')?.podSelector, {
    matchLabels: {},
    matchExpressions: []
  })
  t.end()
})

t.test('any value is judged, none throws', t => {
  const odd = [
    null,
    1,
    'x',
    true,
    [],
    {},
    { metadata: [] },
    { metadata: { name: {} }, spec: 7 },
    { spec: { ports: [null, 1, {}], template: [] } }
  ]
  const kinds: WorkloadKind[] = [
    'Deployment',
    'ReplicaSet',
    'ReplicationController',
    'StatefulSet',
    'DaemonSet',
    'Job',
    'CronJob'
  ]
  for (const how of [trimAppService, trimAppPod, trimNetworkPolicy, ...kinds.map(trimWorkload)]) {
    for (const value of odd) {
      const flaws: Flaw[] = []
      t.equal(how(value, flaws), undefined)
      t.ok(flaws.some(flaw => flaw.level === 'error'))
    }
  }
  t.end()
})
