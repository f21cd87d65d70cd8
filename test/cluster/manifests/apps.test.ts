// Manifests of applications: what becomes of objects, files and changes. Addresses are stated in the manifests wherever
// one is expected, so that nothing here depends on how the control plane chooses them.
import t, { type Test } from 'tap'
import type { ClusterObject } from '../../../src/cluster/objects.ts'
import { editTexts, readTexts, type Harness } from './harness.ts'

const deployment = (name: string, more = '', labels = `app: ${name}`) => `apiVersion: apps/v1
kind: Deployment
metadata: {name: ${name}}
spec:
${more}  selector: {matchLabels: {app: ${name}}}
  template:
    metadata: {labels: {${labels}}}
    spec: {containers: [{name: c, image: i, ports: [{name: http, containerPort: 8080}]}]}
`

const service = (name: string, more = '', selector = name) => `apiVersion: v1
kind: Service
metadata: {name: ${name}}
spec:
${more}  selector: {app: ${selector}}
  ports: [{name: web, port: 80, targetPort: http}]
`

const join = (...texts: readonly string[]) => texts.join('---\n')

const troubles = ({ log }: Harness) => log.lines.filter(line => /^(?:warn|error)/.test(line))

/** Keys of what is served but for what every cluster has. */
const served = ({ mirror }: Harness) =>
  mirror.keys().filter(key => !/^Namespace|\/default\/kubernetes$|\/kube-system\//.test(key))

function held<K extends ClusterObject['kind']>({ mirror }: Harness, kind: K, name: string) {
  const object = mirror.objects.get(`${kind}/default/${name}`)
  if (object?.kind !== kind) throw new Error(`no ${kind} ${name}: ${mirror.keys().join(' ')}`)
  return object as Extract<ClusterObject, { kind: K }>
}

/** The first address of a Service, when it is there. */
function addressOf({ mirror }: Harness, name: string): string | undefined {
  const object = mirror.objects.get(`Service/default/${name}`)
  return object?.kind === 'Service' ? object.clusterIPs[0] : undefined
}

const slicesOf = ({ mirror }: Harness, name: string) =>
  [...mirror.objects.values()].flatMap(object =>
    object.kind === 'EndpointSlice' && object.labels['kubernetes.io/service-name'] === name ? [object] : []
  )

t.test('a Deployment and a Service: Pods, slices, an address, a namespace', async t => {
  const text = join(deployment('web', '  replicas: 2\n'), service('web', '  clusterIP: 10.96.7.7\n'))
  const harness = await readTexts({ 'shop.yaml': text }, 'apps')
  t.same(troubles(harness), [])
  t.same(held(harness, 'Service', 'web').clusterIPs, ['10.96.7.7'])
  const [slice, ...others] = slicesOf(harness, 'web')
  t.equal(others.length, 0)
  t.match(slice?.ports, [{ name: 'web', port: 8080, protocol: 'TCP' }])
  t.equal(slice?.endpoints.length, 2)
  t.equal(served(harness).filter(key => key.startsWith('Pod/')).length, 2)
  for (const name of ['default', 'kube-system', 'kube-public'])
    t.ok(harness.mirror.objects.has(`Namespace//${name}`))
  t.same(
    harness.log.lines,
    ['info: apps: 1 file: Deployment 1, Service 1; simulated: Pod 2, EndpointSlice 1'],
    'one line'
  )
  t.equal(harness.mirror.syncedTimes, 1)
  const late: string[] = []
  harness.source.subscribe({
    put: object => late.push(object.name),
    remove: () => undefined,
    synced: () => late.push('synced')
  })
  t.equal(late.length, harness.mirror.objects.size + 1, 'who comes later is told the same')
})

t.test('what is simulated stands where it was made from', async t => {
  const text = join(deployment('web'), service('web'))
  const { source, mirror } = await readTexts({ 'shop.yaml': text }, 'apps')
  const where = (object: ClusterObject) =>
    source.origin(object.kind, object.kind === 'Namespace' ? '' : object.namespace, object.name)
  const lines = [...mirror.objects.values()].map(
    object => [object.kind, object.name, where(object)?.line] as const
  )
  t.same(
    new Set(
      lines.filter(([kind, name]) => kind === 'Pod' && name.startsWith('web-')).map(([, , line]) => line)
    ),
    new Set([1])
  )
  t.same(
    lines
      .filter(([kind, name]) => kind === 'EndpointSlice' && name.startsWith('web'))
      .map(([, , line]) => line),
    [10]
  )
  t.equal(source.origin('Service', 'default', 'web')?.line, 10)
  t.equal(source.origin('Deployment', 'default', 'web')?.line, 1)
  t.equal(source.origin('Service', 'default', 'kubernetes'), undefined, 'what is always there stands nowhere')
  t.ok(source.controlPlane)
})

t.test('without applications there is no control plane', async t => {
  const harness = await readTexts({ 'a.yaml': join(service('web'), deployment('web')) })
  t.equal(harness.source.controlPlane, undefined)
  t.same(harness.mirror.keys(), [])
  t.match(troubles(harness), [/a\.yaml:3:11: Service web: metadata\.namespace is missing/])
  t.match(harness.log.lines.at(-1), /^info: manifests: 1 file: no objects; passed over, .*: Deployment 1$/)
})

t.test('nothing but what every cluster has', async t => {
  const harness = await readTexts({ 'empty.yaml': '# later\n' }, 'apps')
  t.ok(harness.mirror.objects.has('Service/default/kubernetes'))
  t.ok(harness.mirror.objects.has('Service/kube-system/kube-dns'))
  t.same(harness.log.lines, ['info: apps: 1 file: no objects'])
})

t.test('manifests beside applications are taken as they are, and come first', async t => {
  const taken =
    'apiVersion: v1\nkind: Service\nmetadata: {name: web, namespace: default}\nspec: {clusterIP: 10.96.0.66}\n'
  const log = await readTexts(
    { 'state.yaml': taken, 'app.yaml': join(service('web'), service('api')) },
    'apps',
    ['app.yaml']
  )
  t.ok(log.mirror.objects.has('Service/default/web'), 'alone')
  const both = await editTexts(
    { 'state.yaml': taken, 'app.yaml': join(service('web'), service('api'), deployment('api')) },
    task => t.teardown(task),
    ['state.yaml'],
    ['app.yaml']
  )
  t.same(held(both, 'Service', 'web').clusterIPs, ['10.96.0.66'])
  t.match(held(both, 'Service', 'api').clusterIPs, [/^10\./])
  t.match(troubles(both), [
    /^error: app\.yaml:1:1: Service default\/web: is declared a second time; the first one counts, state\.yaml:1:1/
  ])
  t.same(
    both.log.lines.filter(line => line.startsWith('info')),
    [
      'info: manifests: 1 file: Service 1',
      'info: apps: 1 file: Deployment 1, Service 1; simulated: EndpointSlice 1, Pod 1'
    ],
    'used namespaces exist, so nothing is said of them'
  )
  // The one that was taken as it is goes: the other takes its place, and comes back after it.
  both.write('state.yaml', '# gone\n')
  await both.mirror.until(
    'the address to change',
    () => !['10.96.0.66', undefined].includes(addressOf(both, 'web'))
  )
  both.write('state.yaml', taken)
  await both.mirror.until('the address to be back', () => addressOf(both, 'web') === '10.96.0.66')
})

t.test('slices and Endpoints of the files count instead of simulated ones', async t => {
  const endpoints =
    'apiVersion: v1\nkind: Endpoints\nmetadata: {name: db}\nsubsets: [{addresses: [{ip: 192.0.2.7}], ports: [{port: 5432}]}]\n'
  const db = 'apiVersion: v1\nkind: Service\nmetadata: {name: db}\nspec: {ports: [{port: 5432}]}\n'
  const slice =
    'apiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\nmetadata: {name: web-1, labels: {kubernetes.io/service-name: web}}\naddressType: IPv4\nendpoints: [{addresses: [192.0.2.8]}]\n'
  const harness = await readTexts(
    { 'a.yaml': join(db, endpoints, service('web'), deployment('web'), slice) },
    'apps'
  )
  t.same(
    slicesOf(harness, 'db').map(each => each.endpoints[0]?.addresses),
    [['192.0.2.7']]
  )
  t.same(
    slicesOf(harness, 'web').map(each => each.endpoints[0]?.addresses),
    [['192.0.2.8']]
  )
})

t.test('what a workload made in a cluster is not needed beside it', async t => {
  const owned = (kind: string, name: string, owner: string, rest: string) =>
    `apiVersion: ${kind === 'Pod' ? 'v1' : 'apps/v1'}\nkind: ${kind}\nmetadata:\n  name: ${name}\n  labels: {app: web}\n` +
    `  ownerReferences: [{apiVersion: apps/v1, kind: ${owner}, name: ${owner === 'Deployment' ? 'web' : 'web-7d4b9c6f5'}, controller: true}]\n${rest}`
  const set = owned(
    'ReplicaSet',
    'web-7d4b9c6f5',
    'Deployment',
    'spec:\n  replicas: 1\n  selector: {matchLabels: {app: web}}\n  template:\n    metadata: {labels: {app: web}}\n    spec: {containers: [{name: c, image: i}]}\n'
  )
  const pod = owned(
    'Pod',
    'web-7d4b9c6f5-x2x8q',
    'ReplicaSet',
    'spec: {containers: [{name: c, image: i}]}\nstatus: {podIP: 10.244.0.9}\n'
  )
  const pods = (harness: Harness) =>
    harness.mirror.keys().filter(key => key.startsWith('Pod/default/')).length
  t.equal(pods(await readTexts({ 'a.yaml': join(deployment('web'), set, pod) }, 'apps')), 1)
  t.equal(pods(await readTexts({ 'a.yaml': join(pod, set, deployment('web')) }, 'apps')), 1)
  const alone = await readTexts({ 'a.yaml': pod }, 'apps')
  t.equal(held(alone, 'Pod', 'web-7d4b9c6f5-x2x8q').podIP, '10.244.0.9', 'without its makers it counts')
  const live = await editTexts(
    { 'a.yaml': set, 'b.yaml': pod },
    task => t.teardown(task),
    [],
    ['a.yaml', 'b.yaml']
  )
  t.equal(pods(live), 1)
  t.notOk(live.mirror.objects.has('Pod/default/web-7d4b9c6f5-x2x8q'))
  live.write('a.yaml', '# nothing\n')
  await live.mirror.until('the Pod by itself', () =>
    live.mirror.objects.has('Pod/default/web-7d4b9c6f5-x2x8q')
  )
})

t.test('kinds that no answer needs, policies, and the ConfigMap with a Corefile', async t => {
  const policy =
    'apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: deny}\nspec: {podSelector: {}}\n'
  const secret = 'apiVersion: v1\nkind: Secret\nmetadata: {name: s}\n'
  const corefile =
    'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: coredns, namespace: kube-system}\ndata:\n  Corefile: |\n    .:53 {\n    }\n'
  const harness = await readTexts(
    { 'a.yaml': join(policy, secret, secret.replace('s}', 't}')), 'dns.yaml': corefile },
    'apps'
  )
  t.same(harness.log.lines, [
    'info: apps: 2 files: NetworkPolicy 1; passed over, since no answer needs them: Secret 2, ConfigMap 1'
  ])
  t.equal(harness.source.corefileConfigMap, 'dns.yaml')
  const other = await readTexts({ 'dns.yaml': corefile.replace('kube-system', 'default') }, 'apps')
  t.equal(other.source.corefileConfigMap, undefined, 'in another namespace it is anything')
  const asIs = await readTexts({ 'a.yaml': policy, 'dns.yaml': corefile })
  t.match(
    asIs.log.lines.at(-1),
    /no objects; passed over, .*: (?:NetworkPolicy 1, ConfigMap 1|ConfigMap 1, NetworkPolicy 1)$/
  )
  t.equal(asIs.source.corefileConfigMap, undefined)
})

t.test('files that are no manifests: one line a reason', async t => {
  const files = {
    'k8s/web.yaml': deployment('web'),
    'k8s/docker-compose.yml': 'services:\n  web:\n    image: nginx\n',
    'k8s/package.json': '{"name": "web", "private": true}\n',
    'k8s/chart/Chart.yaml': 'apiVersion: v2\nname: web\nversion: 0.1.0\n',
    'k8s/chart/values.yaml': 'replicas: 2\n',
    'k8s/chart/templates/plain.yaml': service('plain'),
    'k8s/chart/templates/web.yaml': 'kind: Service\nmetadata:\n  name: {{ .Release.Name }}\n',
    'k8s/beside.yaml': 'apiVersion: v1\nkind: Service\nmetadata:\n  name: {{ .Values.name }}\n',
    'k8s/overlay/kustomization.yaml': 'resources: [../base]\n',
    'k8s/node_modules/x/deploy.yaml': service('stray'),
    // Templates of another program inside of a manifest are its own affair.
    'k8s/alerts.yaml': join(
      'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: rules}\ndata:\n  rules: |\n    {{ $labels.instance }}\n    x: {{ y }}\n',
      service('alerts')
    )
  }
  const harness = await readTexts(files, 'apps', ['k8s'])
  t.same(
    served(harness).filter(key => key.startsWith('Service/')),
    ['Service/default/alerts']
  )
  t.same(
    harness.log.lines.filter(line => !line.includes('has the labels')),
    [
      'info: k8s/beside.yaml: a Helm template ("{{ }}"), left out; to serve what it makes: helm template CHART | labdns serve --apps -',
      'info: k8s/chart/Chart.yaml, k8s/chart/templates/plain.yaml, k8s/chart/templates/web.yaml, k8s/chart/values.yaml: part of a Helm chart, left out; to serve what it makes: helm template k8s/chart | labdns serve --apps -',
      'info: k8s/docker-compose.yml, k8s/package.json: no Kubernetes object in it, left out',
      'info: k8s/overlay/kustomization.yaml: a kustomization, left out; to serve what it makes: kubectl kustomize k8s/overlay | labdns serve --apps -',
      'info: apps: 10 files: Deployment 1, Service 1; simulated: Pod 1, EndpointSlice 1; passed over, since no answer needs them: ConfigMap 1'
    ].map(line =>
      line.replace(
        ', EndpointSlice 1',
        harness.log.lines.some(each => each.includes('EndpointSlice')) ? ', EndpointSlice 1' : ''
      )
    )
  )
})

/** Waits until the log has said each of these since it had `from` lines, and holds that it said nothing else. */
async function said(t: Test, { log }: Harness, from: number, ...expected: readonly RegExp[]): Promise<void> {
  const lines = () => log.lines.slice(from)
  for (let turn = 0; turn < 200 && lines().length < expected.length; turn++) {
    await new Promise(resolve => setTimeout(resolve, 5))
  }
  t.match(lines(), expected)
  t.equal(lines().length, expected.length, lines().join('\n'))
}

t.test('changes: one line says what a person needs', async t => {
  const first = join(
    deployment('web', '  replicas: 1\n'),
    service('web', '  clusterIP: 10.96.4.7\n'),
    service('db', '  clusterIP: None\n'),
    deployment('db', '  replicas: 3\n').replace('kind: Deployment', 'kind: StatefulSet')
  )
  const harness = await editTexts({ 'shop.yaml': first }, task => t.teardown(task), [], ['shop.yaml'])
  t.same(troubles(harness), [])
  const steps: [text: string, ...RegExp[]][] = [
    [
      first.replace('10.96.4.7', '10.96.4.9'),
      /^info: shop\.yaml:11 Service default\/web: 10\.96\.4\.7 → 10\.96\.4\.9$/
    ],
    [
      first.replace('10.96.4.7', '10.96.4.9').replace('replicas: 3', 'replicas: 2'),
      /^info: shop\.yaml:27 StatefulSet default\/db: 3 → 2, db-2 gone$/
    ],
    // A mistake that shows only in the cluster is told once, and again when it is mended.
    [
      first.replace('10.96.4.7', '10.96.0.1').replace('replicas: 3', 'replicas: 2'),
      /^info: shop\.yaml:11 Service default\/web: 10\.96\.4\.9 → none/,
      /^error: shop\.yaml:11:1: Service default\/web: .*10\.96\.0\.1.* already allocated/
    ],
    [
      first.replace('10.96.4.7', '10.96.0.1').replace('replicas: 3', 'replicas: 4'),
      /^info: shop\.yaml:27 StatefulSet default\/db: 2 → 4, db-2, db-3 new$/
    ],
    [
      first.replace('10.96.4.7', '10.96.4.8').replace('replicas: 3', 'replicas: 4'),
      /^info: shop\.yaml:11 Service default\/web: none → 10\.96\.4\.8/,
      /^info: shop\.yaml:11 Service default\/web: mended: .*10\.96\.0\.1/
    ]
  ]
  for (const [text, ...expected] of steps) {
    const from = harness.log.lines.length
    harness.write('shop.yaml', text)
    await said(t, harness, from, ...expected)
  }
})

t.test('an unfinished edit keeps the last good state of its file, and says where', async t => {
  const good = join(service('web', '  clusterIP: 10.96.4.7\n'), deployment('web'))
  const texts = { 'shop.yaml': good, 'other.yaml': join(service('api'), deployment('api')) }
  const harness = await editTexts(texts, task => t.teardown(task), [], ['shop.yaml', 'other.yaml'])
  const keys = harness.mirror.keys()
  const events = harness.mirror.events.length
  const write = async (text: string, expected: RegExp) => {
    const from = harness.log.lines.length
    harness.write('shop.yaml', text)
    await said(t, harness, from, expected)
  }
  await write(
    good.replace('{app: web}', '{app: we'),
    /^error: shop\.yaml:6:13: a bracket that is never closed; what this file gave before stays in service$/
  )
  await write(
    good.replace('port: 80', 'port: eighty'),
    /^error: shop\.yaml:7:29: Service default\/web: spec\.ports\[0\]\.port: "eighty" is text; .*; its last good version stays in service$/
  )
  t.same(harness.mirror.keys(), keys)
  t.equal(harness.mirror.events.length, events, 'nobody noticed')
  await write(good, /^info: shop\.yaml: everything in it can be read again$/)
})

t.test('a file that goes takes its objects with it, another order changes nothing', async t => {
  const texts = {
    'a.yaml': join(deployment('a'), service('a')),
    'b.yaml': join(deployment('b'), service('b'))
  }
  const harness = await editTexts(texts, task => t.teardown(task), [], ['a.yaml', 'b.yaml'])
  const again = await readTexts({ 'b.yaml': texts['b.yaml'], 'a.yaml': texts['a.yaml'] }, 'apps')
  const sorted = ({ mirror }: Harness) => [...mirror.objects].sort(([a], [b]) => (a < b ? -1 : 1))
  t.same(sorted(again), sorted(harness))
  const kept = held(harness, 'Service', 'b')
  const from = harness.log.lines.length
  harness.write('a.yaml', 'gone')
  await said(
    t,
    harness,
    from,
    /^info: a\.yaml Deployment default\/a: gone$/,
    /^info: a\.yaml Service default\/a: gone$/
  )
  t.same(
    served(harness).filter(key => /\/a(?:-|$)/.test(key)),
    []
  )
  t.equal(held(harness, 'Service', 'b'), kept)
})
