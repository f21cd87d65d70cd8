// `labdns explain` with the state of an API server: the same reasons as from manifests of the same cluster, what its
// NetworkPolicies let through, and what is said of lists that a person may not read.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { readArguments } from '../../../src/cli/arguments.ts'
import { reportFor, textsOf } from '../../../src/cli/explain.ts'
import type { Report } from '../../../src/cli/explain/report.ts'
import { beyondOf } from '../../../src/cli/get/beyond.ts'
import { asWritten } from '../../../src/cluster/as-written.ts'
import { ManifestSource } from '../../../src/cluster/manifests/manifest-source.ts'
import { LAB } from '../../explain/lab.ts'
import { scenarios, type Scenario } from '../../explain/scenarios.ts'
import { testRuntime } from '../../support/running-app.ts'
import { refuse, WireApi } from '../../support/wire-api.ts'

const folder = mkdtempSync(join(tmpdir(), 'labdns-explain-api-'))
t.teardown(() => rmSync(folder, { recursive: true, force: true }))
const put = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text)
  return join(folder, name)
}
const lab = fileURLToPath(LAB)

type Raw = Record<string, unknown>
const GROUPS: Readonly<Record<string, string>> = {
  namespaces: '/api/v1',
  services: '/api/v1',
  pods: '/api/v1',
  endpointslices: '/apis/discovery.k8s.io/v1',
  networkpolicies: '/apis/networking.k8s.io/v1'
}
const KINDS: Readonly<Record<string, string>> = {
  namespaces: 'Namespace',
  services: 'Service',
  pods: 'Pod',
  endpointslices: 'EndpointSlice',
  networkpolicies: 'NetworkPolicy'
}

/** What a control plane makes of the lab, as its API server would list it: items without kind and version. */
async function labObjects(): Promise<Record<string, Raw[]>> {
  const source = new ManifestSource({ paths: [], apps: [lab], runtime: testRuntime(), selectors: true })
  await source.start()
  const plane = source.controlPlane!
  const beyond = beyondOf([plane])
  const ports = new Map([...plane.pods()].map(({ pod, ports }) => [pod, ports]))
  const lists: Record<string, Raw[]> = { networkpolicies: [] }
  let version = 5
  for (const object of source.objects()) {
    const [plural = ''] = Object.entries(KINDS).find(([, kind]) => kind === object.kind) ?? []
    const { metadata, spec, ...rest } = beyond.complete(object, asWritten(object)) as {
      metadata: Raw
      spec?: Raw
    }
    const containers =
      object.kind === 'Pod'
        ? {
            containers: [
              {
                ...{ name: 'main', image: 'registry.example.org/main:1' },
                ports: (ports.get(object) ?? []).map(({ name, port, protocol }) => ({
                  ...{ containerPort: port, protocol },
                  ...(name === '' ? {} : { name })
                }))
              }
            ]
          }
        : {}
    const left = Object.fromEntries(
      Object.entries(rest).filter(([key]) => key !== 'kind' && key !== 'apiVersion')
    )
    const own = { ...left, metadata: { ...metadata, resourceVersion: String(version++) } }
    ;(lists[plural] ??= []).push(spec === undefined ? own : { ...own, spec: { ...spec, ...containers } })
  }
  await source.close()
  return lists
}

const lists = await labObjects()
/** Paths of lists that were asked for, without watches. */
const asked: string[] = []
/** How a resource is refused. */
const refused = new Map<string, readonly [code: number, reason: string]>()

const api = new WireApi()
api.respond = (request, response) => {
  const url = new URL(request.url ?? '/', 'http://localhost')
  response.setHeader('content-type', 'application/json')
  if (url.searchParams.has('watch')) return response.flushHeaders()
  asked.push(url.pathname)
  const [, root = '', namespace, plural = '', name] =
    /^(.*\/v1)(?:\/namespaces\/([^/]+))?\/([^/]+)(?:\/([^/]+))?$/.exec(url.pathname) ?? []
  const [code, reason] = refused.get(plural) ?? []
  if (code !== undefined && name === undefined) return refuse(response, code, reason ?? '', 'no')
  if (GROUPS[plural] !== root) return refuse(response, 404, 'NotFound', 'no such resource')
  const wanted = (url.searchParams.get('labelSelector') ?? '').split(',').filter(text => text !== '')
  const items = (lists[plural] ?? []).filter(({ metadata }) => {
    const {
      namespace: own,
      name: called,
      labels = {}
    } = metadata as { labels?: Record<string, string> } & Raw
    const isHere = (namespace === undefined || own === namespace) && (name === undefined || called === name)
    return isHere && wanted.every(text => labels[text.split('=')[0] ?? ''] === text.split('=')[1])
  })
  const [one] = items
  if (name !== undefined && one === undefined) return refuse(response, 404, 'NotFound', 'no such object')
  const list = {
    kind: `${KINDS[plural]!}List`,
    apiVersion: 'v1',
    metadata: { resourceVersion: '900' },
    items
  }
  response.end(JSON.stringify(name === undefined ? list : { ...one, kind: KINDS[plural], apiVersion: 'v1' }))
}
await api.open()
t.teardown(() => api.close())

const kubeconfig = put(
  'config',
  JSON.stringify({
    ...{ apiVersion: 'v1', kind: 'Config', 'current-context': 'lab' },
    clusters: [{ name: 'lab', cluster: { server: `http://127.0.0.1:${api.port}` } }],
    users: [{ name: 'me', user: { token: 'lab-token' } }],
    contexts: [{ name: 'lab', context: { cluster: 'lab', user: 'me' } }]
  })
)

const corefile = (stanza: readonly string[] = []): string =>
  put(
    `Corefile${stanza.join('').replaceAll(' ', '-')}`,
    `.:53 {\nkubernetes cluster.local in-addr.arpa {\npods insecure\n${stanza.join('\n')}\n}\n}\n`
  )

async function report(words: readonly string[], state: readonly string[]): Promise<Report> {
  const invocation = readArguments(['explain', ...words, ...state])
  if (invocation.command !== 'explain') throw new Error(JSON.stringify(invocation))
  return reportFor(invocation.arguments, invocation.explain, testRuntime())
}

const FROM_API = ['--kubeconfig', kubeconfig]
const FROM_FILES = ['--apps', lab]
const ask = ({ name, type, stanza }: Scenario, state: readonly string[]) =>
  report([`${name}.`, '--type', type, '-conf', corefile(stanza)], state)
const text = (given: Report) => [...textsOf(given, { json: false, dot: false })].join('')
const rows = ({ walks }: Report) => walks.map(({ queries }) => queries)

const isOfPods = ({ reason }: Scenario): boolean => /Pod|endpoint|selector/.test(reason)

t.test('every reason is the same from an API server as from manifests', async t => {
  for (const scenario of scenarios) {
    const live = await ask(scenario, FROM_API)
    // That manifests say this is another test's matter.
    t.same(live.walks[0]!.queries[0]!.why, scenario.says, scenario.reason)
    if (!isOfPods(scenario)) continue
    const written = await ask(scenario, FROM_FILES)
    t.same(rows(live), rows(written), `${scenario.reason}: with all its facts`)
    t.same(live.services, written.services, `${scenario.reason}: and the Service to make`)
    t.same(live.notes, written.notes, scenario.reason)
  }
})

t.test('each list is asked for once, and only what is needed', async t => {
  asked.length = 0
  await report(['web.shop', '-conf', corefile()], FROM_API)
  t.same([...asked].sort(), [
    '/api/v1/namespaces',
    '/api/v1/pods',
    '/api/v1/services',
    '/apis/discovery.k8s.io/v1/endpointslices',
    '/apis/networking.k8s.io/v1/networkpolicies'
  ])
  asked.length = 0
  const conf = put('resolv.conf', 'nameserver 10.96.0.10\n')
  await report(['web.shop', '--resolv-conf', conf, '-conf', corefile(['pods verified'])], FROM_API)
  t.equal(asked.filter(path => path.endsWith('/pods')).length, 1, 'the answers need them too: once')
  t.notOk(
    asked.some(path => path.endsWith('/networkpolicies')),
    'nobody knows whose they would be'
  )
})

t.test('who may not list Pods is told so, and nothing is made up', async t => {
  refused.set('pods', [403, 'Forbidden'])
  t.teardown(() => refused.clear())
  const thinner: string[] = []
  for (const scenario of scenarios.filter(isOfPods)) {
    const found = await ask(scenario, FROM_API)
    const note =
      'Pods could not be read (the API server does not let you list them (403); the rule would be apiGroups [""], resources [pods], verbs [list]): nothing is said about them'
    t.equal(found.notes.filter(each => each === note).length, 1, scenario.reason)
    const { why, facts } = found.walks[0]!.queries[0]!
    t.equal(why[0], scenario.says[0], scenario.reason)
    t.equal(facts.at(-1)!.rule, scenario.rule, scenario.reason)
    if (why.join() === scenario.says.join()) continue
    thinner.push(scenario.reason)
    if (scenario.rule === 'service')
      t.equal(why[1], 'nothing answers there: its selector app=emptyy matches no Pod that has an address')
    else
      t.ok(
        why.every(sentence => scenario.says.includes(sentence)),
        `${scenario.reason}: ${why.join('; ')}`
      )
  }
  t.same(thinner, [
    'a workload whose Pods no Service selects',
    'a ClusterIP Service whose selector matches nothing'
  ])
  const verified = report(['web.shop', '-conf', corefile(['pods verified'])], FROM_API)
  await t.rejects(verified, { message: /pods: .*\(403\)/ }, 'answers need them then')
})

const policy = (name: string, spec: object, namespace = 'shop'): Raw => ({
  metadata: { name, namespace, resourceVersion: '7' },
  spec
})
const CLOSED = policy('closed', { podSelector: {}, policyTypes: ['Egress'], egress: [] })
const words = ['backend.default', '--type', 'A', '-conf', corefile()]

t.test('NetworkPolicies of an API server', async t => {
  t.teardown(() => void (lists['networkpolicies'] = []))
  const none = await report([...words, '--from', 'pod/shop/peer-a'], FROM_API)
  t.equal(none.egress, undefined)
  lists['networkpolicies'] = [CLOSED, policy('other', { podSelector: {}, egress: [] }, 'default')]
  const closed = await report([...words, '--from', 'pod/shop/peer-a'], FROM_API)
  t.match(closed.egress, { udp: 'closed', tcp: 'closed', policies: ['shop/closed'] })
  t.match(
    text(closed),
    /\negress: UDP 53 and TCP 53 to the DNS Pods are closed: NetworkPolicy shop\/closed does not allow it\n/
  )
  lists['networkpolicies'] = [
    policy('udp', {
      podSelector: { matchLabels: { app: 'peers' } },
      policyTypes: ['Egress'],
      egress: [
        {
          to: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'kube-system' } } }],
          ports: [{ protocol: 'UDP', port: 53 }]
        }
      ]
    })
  ]
  const half = await report([...words, '--from', 'pod/shop/peer-a'], FROM_API)
  t.match(half.egress, { udp: 'open', tcp: 'closed', policies: ['shop/udp'] })
  const others = await report([...words, '--from', 'pod/shop/front-a'], FROM_API)
  t.match(others.egress, { udp: 'open', tcp: 'open', policies: [] }, 'it selects other Pods')
  t.same(others.egress!.lines, [])
})

t.test('DNS Pods that are gone or not there yet are nobody to ask', async t => {
  const before = lists['pods']!
  const other = (name: string, status: object): Raw => ({
    metadata: { name, namespace: 'kube-system', labels: { 'k8s-app': 'kube-dns' }, resourceVersion: '8' },
    ...{ spec: {}, status }
  })
  lists['pods'] = [
    ...before,
    other('evicted', { phase: 'Failed', podIP: '192.0.2.1' }),
    other('waiting', { phase: 'Pending' })
  ]
  const to = [{ ipBlock: { cidr: '10.244.0.0/16' } }]
  lists['networkpolicies'] = [policy('block', { podSelector: {}, policyTypes: ['Egress'], egress: [{ to }] })]
  t.teardown(() => {
    lists['pods'] = before
    lists['networkpolicies'] = []
  })
  const found = await report([...words, '--from', 'pod/shop/peer-a'], FROM_API)
  t.match(found.egress, { udp: 'open', tcp: 'open', policies: ['shop/block'] })
})

t.test('whose Pods they are', async t => {
  const before = lists['pods']!
  const pod = (name: string, labels: Readonly<Record<string, string>>): Raw => ({
    metadata: { name, namespace: 'shop', labels, resourceVersion: '8' },
    ...{ spec: {}, status: { phase: 'Running', podIP: '10.244.0.77' } }
  })
  lists['pods'] = [
    ...before,
    pod('stock-db-x7k2p', { tier: 'data', 'controller-revision-hash': 'abc' }),
    pod('cart-6b7f9d-x7k2p', { tier: 'front', 'pod-template-hash': '6b7f9d' }),
    pod('tidy-28391040-x7k2p', {
      'job-name': 'tidy-28391040',
      'batch.kubernetes.io/job-name': 'tidy-28391040'
    })
  ]
  t.teardown(() => void (lists['pods'] = before))
  const service = (name: string) =>
    `1 Pod of shop/${name} runs, and no Service selects it: make a Service ${name} with the selector tier=`
  for (const [name, says] of [
    ['stock-db', `${service('stock-db')}data`],
    ['stock', undefined],
    ['cart', `${service('cart')}front`],
    ['cart-6b7f9d', `${service('cart-6b7f9d')}front`],
    ['tidy', undefined]
  ] as const) {
    const asked = [`${name}.shop.svc.cluster.local.`, '--type', 'A', '-conf', corefile()]
    const { walks } = await report(asked, FROM_API)
    t.equal(walks[0]!.queries[0]!.why[1], says, name)
  }
})

t.test('policies that may not be read, or do not come, are said to be unknown', async t => {
  lists['networkpolicies'] = [CLOSED]
  t.teardown(() => {
    refused.clear()
    lists['networkpolicies'] = []
  })
  for (const [code, reason, why] of [
    [
      403,
      'Forbidden',
      'the API server does not let you list them (403); the rule would be apiGroups [networking.k8s.io], resources [networkpolicies], verbs [list]'
    ],
    [404, 'NotFound', '404'],
    [500, 'InternalError', '500']
  ] as const) {
    refused.set('networkpolicies', [code, reason])
    const found = await report([...words, '--from', 'pod/shop/peer-a'], FROM_API)
    t.equal(found.egress, undefined, `${code}: no guess`)
    t.equal(found.walks[0]!.ok, true, `${code}: no failure`)
    const notes = found.notes.filter(note => note.startsWith('NetworkPolicies could not be read ('))
    t.equal(notes.length, 1, `${code}: ${found.notes.join(' | ')}`)
    t.ok(notes[0]!.includes(why))
    t.match(notes[0], /: nothing is said about them$/)
    t.ok(text(found).includes(`\nnote: ${notes[0]!}\n`))
  }
})

t.test(
  'policies, when Pods may not be listed: the Pod itself is known, those that serve DNS are not',
  async t => {
    lists['networkpolicies'] = [CLOSED]
    refused.set('pods', [403, 'Forbidden'])
    t.teardown(() => {
      refused.clear()
      lists['networkpolicies'] = []
    })
    const found = await report([...words, '--from', 'pod/shop/peer-a'], FROM_API)
    t.match(found.egress, { udp: 'unknown', tcp: 'unknown', policies: ['shop/closed'] })
    t.match(found.egress!.lines, [/^egress: selected by shop\/closed; which Pods serve DNS isn't known/])
  }
)

t.test('Pods that are not there yet, or no more: what simulated ones never are', async t => {
  const pending = {
    metadata: { name: 'late-0', namespace: 'shop', labels: { app: 'emptyy' }, resourceVersion: '8' },
    spec: { containers: [{ name: 'main', image: 'registry.example.org/main:1' }] },
    status: { phase: 'Pending' }
  }
  // Its address may be another Pod's by now.
  const done = {
    ...pending,
    metadata: { ...pending.metadata, name: 'old-0' },
    status: { phase: 'Succeeded', podIP: '10.244.0.9' }
  }
  const before = lists['pods']!
  lists['pods'] = [...before, pending, done]
  t.teardown(() => void (lists['pods'] = before))
  const found = await report(['empty.shop.svc.cluster.local.', '--type', 'A', '-conf', corefile()], FROM_API)
  t.same(found.walks[0]!.queries[0]!.why, [
    'Service shop/empty has these cluster IPs',
    'nothing answers there: its selector app=emptyy matches late-0, and it is no endpoint yet'
  ])
  const cases = [
    ['late-0.shop.pod.cluster.local', 'Pod shop/late-0 has no address yet'],
    ['old-0.shop.pod.cluster.local', 'Pod shop/old-0 has ended'],
    ['late-0.peers.shop.svc.cluster.local', 'Pod shop/late-0 has no address yet'],
    ['old-0.front.shop.svc.cluster.local', 'Pod shop/old-0 has ended']
  ] as const
  for (const [name, says] of cases) {
    const { walks } = await report([`${name}.`, '--type', 'A', '-conf', corefile()], FROM_API)
    t.equal(walks[0]!.queries[0]!.why.at(-1), says, name)
  }
})
