// What deploy/ holds: fields, ports, probes and rights equal to a table; Corefiles that set up; metrics that are there.
import { readdirSync, readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { parseAllDocuments } from 'yaml'
import { apiMetrics } from '../../src/app/api-metrics.ts'
import { interpretCorefile } from '../../src/corefile/load.ts'
import { directives } from '../../src/plugins/order.ts'
import { askUdp } from '../support/ask-udp.ts'
import { MemorySource } from '../support/memory-source.ts'
import { parseMetrics } from '../support/metrics-text.ts'
import { runApp, testRuntime } from '../support/running-app.ts'
import { ScriptedUpstream, a, reply } from '../support/scripted-upstream.ts'
import { fieldFaults } from '../support/strict-fields.ts'

const root = new URL('../../../deploy/', import.meta.url).pathname
const read = (file: string) => readFileSync(path.join(root, file), 'utf8')
const files = readdirSync(root, { recursive: true, encoding: 'utf8' })
  .filter(file => statSync(path.join(root, file)).isFile())
  .sort()

interface Container {
  readonly name: string
  readonly args: readonly string[]
  readonly ports: readonly unknown[]
  readonly livenessProbe: unknown
  readonly readinessProbe: unknown
  readonly resources: unknown
  readonly securityContext: unknown
}
interface Manifest {
  readonly kind: string
  readonly metadata: { readonly name: string; readonly labels?: Readonly<Record<string, string>> }
  readonly rules?: unknown
  readonly spec: {
    readonly selector: { readonly matchLabels: Readonly<Record<string, string>> }
    readonly ports: readonly unknown[]
    readonly groups: readonly {
      readonly rules: readonly { readonly alert: string; readonly expr: string }[]
    }[]
    readonly egress: readonly { readonly to?: readonly unknown[]; readonly ports: readonly unknown[] }[]
    readonly template: {
      readonly metadata: { readonly labels: Readonly<Record<string, string>> }
      readonly spec: {
        readonly containers: readonly Container[]
        readonly securityContext: Readonly<Record<string, unknown>>
      }
    }
  }
}

const objects = files
  .filter(file => file.endsWith('.yaml') && !file.endsWith('kustomization.yaml'))
  .flatMap(file => parseAllDocuments(read(file)).map(each => ({ file, object: each.toJS() as Manifest })))
const of = (kind: string) => objects.filter(({ object }) => object.kind === kind)

t.test('every field is one that Kubernetes knows', async t => {
  for (const { file, object } of objects) {
    // A merge patch takes a list away with null.
    const isPatch = file === 'overlays/ha/spread.yaml'
    const faults = fieldFaults(object).filter(fault => !isPatch || !fault.includes('expected a list'))
    t.same(faults, [], `${file} ${object.kind}`)
  }
  t.same(fieldFaults({ kind: 'Service', spec: { port: [] } }), ['Service.spec.port: unknown field'])
  t.same(fieldFaults({ kind: 'Service', spec: { ports: [{ port: '53' }] } }), [
    'Service.spec.ports[0].port: expected number, found "53"'
  ])
})

t.test('kustomizations name files that are there', async t => {
  for (const file of files.filter(each => each.endsWith('kustomization.yaml'))) {
    const folder = path.dirname(file)
    const [document] = parseAllDocuments(read(file))
    const { resources = [], patches = [] } = document?.toJS() as {
      resources?: string[]
      patches?: { path?: string }[]
    }
    for (const each of [...resources, ...patches.flatMap(patch => patch.path ?? [])]) {
      t.ok(statSync(path.join(root, folder, each)), `${file}: ${each}`)
    }
  }
})

// CoreDNS's own Deployment, as kubeadm 1.33 writes it.
const PORTS = [
  { name: 'dns', containerPort: 53, protocol: 'UDP' },
  { name: 'dns-tcp', containerPort: 53, protocol: 'TCP' },
  { name: 'metrics', containerPort: 9153, protocol: 'TCP' }
]
const probe = (at: string, port: number) => ({ httpGet: { path: at, port, scheme: 'HTTP' } })
const LIVENESS = {
  ...probe('/health', 8080),
  initialDelaySeconds: 60,
  timeoutSeconds: 5,
  successThreshold: 1,
  failureThreshold: 5
}

t.test('Pods: ports, probes, limits and security as in the table', async t => {
  const workloads = [...of('Deployment'), ...of('DaemonSet')].filter(({ file }) => !file.includes('/ha/'))
  t.equal(workloads.length, 2)
  for (const { file, object } of workloads) {
    const { metadata, spec } = object.spec.template
    t.equal(metadata.labels['k8s-app'], 'kube-dns', file)
    for (const [label, value] of Object.entries(object.spec.selector.matchLabels)) {
      t.equal(metadata.labels[label], value, `${file}: ${label}`)
    }
    const [container] = spec.containers
    t.same(container?.args, ['-conf', '/etc/coredns/Corefile'])
    t.same(container?.ports, PORTS)
    t.same(container?.livenessProbe, LIVENESS)
    t.same(container?.readinessProbe, probe('/ready', 8181))
    t.same(container?.resources, { requests: { cpu: '100m', memory: '70Mi' }, limits: { memory: '170Mi' } })
    t.same(container?.securityContext, {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { add: ['NET_BIND_SERVICE'], drop: ['ALL'] }
    })
    t.equal(spec.securityContext['runAsNonRoot'], true)
  }
})

t.test('rights: list and watch on five resources, and nothing else', async t => {
  const watch = ['list', 'watch']
  t.same(
    of('ClusterRole').map(({ object }) => object.rules),
    [
      [
        { apiGroups: [''], resources: ['namespaces', 'services', 'pods'], verbs: watch },
        { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs: watch },
        { apiGroups: ['multicluster.x-k8s.io'], resources: ['serviceimports'], verbs: watch }
      ]
    ]
  )
  t.same(of('Role'), [])
})

t.test('NetworkPolicies that let Pods ask name UDP and TCP, and the namespace by its own label', async t => {
  const policies = of('NetworkPolicy').filter(({ file }) => file.includes('allow-dns'))
  t.equal(policies.length, 2)
  for (const { file, object } of policies) {
    const [rule] = object.spec.egress
    t.same(rule?.ports, [
      { protocol: 'UDP', port: 53 },
      { protocol: 'TCP', port: 53 }
    ])
    t.match(rule?.to, [
      {
        namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': /^(kube-system|labdns)$/ } },
        podSelector: { matchLabels: { 'k8s-app': 'kube-dns' } }
      }
    ])
    t.match(read(file.replace('labdns.yaml', 'kube-system.yaml')), /UDP \*and\* TCP/)
  }
})

t.test('the ports of the Corefiles are those of the Pods', async t => {
  for (const file of files.filter(each => path.basename(each) === 'Corefile')) {
    const { blocks } = interpretCorefile(read(file), file, {
      files: testRuntime().files,
      environment: { LABDNS_SERVICE_HOST: '10.96.0.53' },
      knownDirectives: directives
    })
    t.same([...new Set(blocks.flatMap(block => block.keys.map(key => key.port)))], [53], file)
    const named = (name: string) => blocks.some(block => block.directives.has(name))
    t.ok(named('health') && named('ready') && named('prometheus') && named('reload'), file)
  }
})

t.test('every metric of a rule or a panel is there', async t => {
  const upstream = await ScriptedUpstream.open(asked => asked.send(reply(asked, [a(asked, '192.0.2.1')])))
  t.teardown(() => upstream.close())
  const source = Object.assign(new MemorySource(), {
    confirmedAt: Date.now(),
    status: () => ({ isSynced: true, problems: [] })
  })
  const corefile = read('base/Corefile').replace('/etc/resolv.conf', upstream.text)
  // Without the wait for Services to notice that a Pod goes.
  const running = await runApp(corefile.replace('lameduck 5s', ''), source)
  t.teardown(() => running.stop())
  // As an API server's state would have counted.
  const api = apiMetrics(() => running.app.metrics)
  api.relisted('services', 'start')
  api.repaired('services', 1)
  api.requestFailed('services', 'dial')
  api.programmed('cluster_ip', 0.1)
  for (const name of ['kubernetes.default.svc.cluster.local', 'outside.example', 'outside.example']) {
    await askUdp(running.port, name)
  }
  const { port } = running.addresses.http['metrics']!
  const scraped = await fetch(`http://127.0.0.1:${port}/metrics`)
  const there = parseMetrics(await scraped.text())
  const dashboard = JSON.parse(read('overlays/monitoring/dashboard.json')) as {
    readonly panels: readonly {
      readonly title: string
      readonly targets: readonly { readonly expr: string }[]
    }[]
  }
  const expressions = [
    ...of('PrometheusRule').flatMap(({ object }) =>
      object.spec.groups.flatMap(({ rules }) => rules.map(({ alert, expr }) => ({ in: alert, expr })))
    ),
    ...dashboard.panels.flatMap(({ title, targets }) => targets.map(({ expr }) => ({ in: title, expr })))
  ]
  t.ok(expressions.length >= 20)
  for (const { in: where, expr } of expressions) {
    const names = expr.match(/\b(?:coredns|labdns|process|nodejs)_\w+/g) ?? []
    t.ok(names.length > 0, `${where}: names a metric`)
    for (const name of names) {
      t.ok(there.has(name) || there.has(name.replace(/_(bucket|sum|count)$/, '')), `${where}: ${name}`)
    }
  }
})
