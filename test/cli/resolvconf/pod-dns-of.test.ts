// The settings of a Pod of a state, without a program around it: where Pods are found, what the nameserver is, why.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { NO_STANZA, OnceSources } from '../../../src/cli/loaded-state.ts'
import { clusterDnsOf } from '../../../src/cli/resolvconf/cluster-dns.ts'
import { podDnsOf, type NodeOptions, type PodDnsState } from '../../../src/cli/resolvconf/pod-dns-of.ts'
import { ManifestPods } from '../../../src/cli/resolvconf/pod-source.ts'
import type { ServeArguments } from '../../../src/cli/arguments.ts'
import { readArguments } from '../../../src/cli/arguments.ts'
import type { Service } from '../../../src/cluster/objects.ts'
import { rulesOf, type KubernetesRules } from '../../../src/pod-dns/versions.ts'
import { testRuntime } from '../../support/running-app.ts'

const folder = mkdtempSync(join(tmpdir(), 'labdns-pod-dns-'))
t.teardown(() => rmSync(folder, { recursive: true, force: true }))

async function stateFrom(option: '--manifests' | '--apps', text: string): Promise<PodDnsState> {
  const file = join(folder, 'state.yaml')
  writeFileSync(file, text)
  const invocation = readArguments(['get', option, file]) as unknown as { arguments: ServeArguments }
  const sources = new OnceSources(invocation.arguments, testRuntime(), { podDns: true })
  await sources.request(NO_STANZA).make().start()
  const objects = sources.objects()
  return { objects, pods: new ManifestPods(sources, objects), clusterDomain: 'cluster.local' }
}

const NODE: NodeOptions = {
  nodeFile: { kind: 'file', path: 'node', octets: Buffer.from('nameserver 10.0.0.2\nsearch corp.example\n') }
}
const OTHERS = 'shop.svc.cluster.local svc.cluster.local cluster.local corp.example'
const KUBE_DNS =
  'apiVersion: v1\nkind: Service\nmetadata: {name: kube-dns, namespace: kube-system}\nspec: {clusterIP: 10.96.0.10}\n'

/** A manifest, on one line. */
const written = (apiVersion: string, kind: string, metadata: object, spec: object): string =>
  `${JSON.stringify({ apiVersion, kind, metadata, spec })}\n---\n`

const ndots = (value: string) => ({ dnsConfig: { options: [{ name: 'ndots', value }] } })
const owned = (kind: string, name: string) => ({ ownerReferences: [{ kind, name, controller: true }] })
const container = { containers: [{ name: 'a', image: 'a' }] }

t.test('the first Pod of a workload, among Pods that were copied from a cluster', async t => {
  const pod = (name: string, owner: object, value: string) =>
    written('v1', 'Pod', { name, namespace: 'shop', ...owner }, ndots(value))
  const state = await stateFrom(
    '--manifests',
    [
      pod('db-10', owned('StatefulSet', 'db'), '10'),
      pod('db-2', owned('StatefulSet', 'db'), '2'),
      pod('web-5d4f-bbbbb', owned('ReplicaSet', 'web-5d4f'), '4'),
      pod('web-5d4f-aaaaa', owned('ReplicaSet', 'web-5d4f'), '3'),
      pod('web-admin-77b6-aaaaa', owned('ReplicaSet', 'web-admin-77b6'), '7'),
      pod('kept-1234-aaaaa', owned('ReplicaSet', 'kept-1234'), '8'),
      written(
        'apps/v1',
        'ReplicaSet',
        { name: 'kept-1234', namespace: 'shop', ...owned('Deployment', 'other') },
        {}
      ),
      pod('backup-29000-aaaaa', owned('Job', 'backup-29000'), '9'),
      pod('log-aaaaa', owned('DaemonSet', 'log'), '6'),
      written(
        'apps/v1',
        'Deployment',
        { name: 'idle', namespace: 'shop' },
        { template: { spec: ndots('1') } }
      ),
      pod('alone', {}, '11'),
      KUBE_DNS
    ].join('')
  )
  for (const [from, what, value] of [
    ['sts/shop/db', 'pod/shop/db-2 of sts/shop/db', '2'],
    ['deploy/shop/web', 'pod/shop/web-5d4f-aaaaa of deploy/shop/web', '3'],
    ['rs/shop/web-5d4f', 'pod/shop/web-5d4f-aaaaa of rs/shop/web-5d4f', '3'],
    ['deploy/shop/web-admin', 'pod/shop/web-admin-77b6-aaaaa of deploy/shop/web-admin', '7'],
    ['deploy/shop/other', 'pod/shop/kept-1234-aaaaa of deploy/shop/other', '8'],
    ['job/shop/backup-29000', 'pod/shop/backup-29000-aaaaa of job/shop/backup-29000', '9'],
    ['cronjob/shop/backup', 'pod/shop/backup-29000-aaaaa of cronjob/shop/backup', '9'],
    ['ds/shop/log', 'pod/shop/log-aaaaa of ds/shop/log', '6'],
    ['deploy/shop/idle', 'a Pod of deploy/shop/idle, which has none: its template is taken', '1'],
    ['pod/shop/alone', 'pod/shop/alone', '11']
  ] as const) {
    const answer = await podDnsOf(state, from, NODE)
    t.equal(answer.pod, what)
    t.equal(answer.resolvConf, `search ${OTHERS}\nnameserver 10.96.0.10\noptions ndots:${value}\n`, from)
  }
  await t.rejects(
    podDnsOf(state, 'deploy/shop/kept'),
    { message: /the state has no such Deployment/ },
    'its ReplicaSet is of another'
  )
  await t.rejects(podDnsOf(state, 'pod/shop/db'), {
    message: /did you mean pod\/shop\/db-10 or pod\/shop\/db-2/
  })
  await t.rejects(podDnsOf(state, 'pod/other/alone'), { message: /did you mean pod\/shop\/alone\?/ })
  await t.rejects(podDnsOf(state, 'deploy/shop/alone'), { message: /did you mean pod\/shop\/alone\?/ })
  await t.rejects(podDnsOf(state, 'pod/nowhere/nothing'), {
    message: 'pod/nowhere/nothing: the state has no such Pod'
  })
})

t.test('Pods that are simulated have what their template says', async t => {
  const workload = (kind: string, name: string, spec: object, more: object = {}) => {
    const template = { metadata: { labels: { app: name } }, spec: { ...container, ...spec } }
    return written(
      'apps/v1',
      kind,
      { name, namespace: 'shop' },
      { selector: { matchLabels: { app: name } }, template, ...more }
    )
  }
  const state = await stateFrom(
    '--apps',
    [
      workload('Deployment', 'web', ndots('2')),
      workload('StatefulSet', 'db', { dnsPolicy: 'Default' }, { replicas: 3, serviceName: 'db' }),
      workload('DaemonSet', 'agent', { hostNetwork: true }),
      workload(
        'Deployment',
        'zero',
        { dnsPolicy: 'None', dnsConfig: { nameservers: ['9.9.9.9'] } },
        { replicas: 0 }
      )
    ].join('')
  )
  const web = await podDnsOf(state, 'deploy/shop/web', NODE)
  t.match(web.pod, /^pod\/shop\/web-\w+-\w+ of deploy\/shop\/web$/)
  t.equal(web.resolvConf, `search ${OTHERS}\nnameserver 10.96.0.10\noptions ndots:2\n`)
  const [name = ''] = web.pod.split(' ')
  t.equal((await podDnsOf(state, name, NODE)).resolvConf, web.resolvConf, 'by its own name')
  t.match(
    [web.asksClusterDns, web.clusterDns, web.policy, web.base],
    [true, ['10.96.0.10'], 'ClusterFirst', 'cluster']
  )
  const db = await podDnsOf(state, 'pod/shop/db-1', NODE)
  t.match(db, { nameservers: ['10.0.0.2'], asksClusterDns: false, base: 'node', policy: 'Default' })
  t.match(db.why, /^dnsPolicy Default: the node's own settings; the cluster's DNS is not asked/)
  t.match((await podDnsOf(state, 'ds/shop/agent', NODE)).why, /with hostNetwork/)
  const zero = await podDnsOf(state, 'deploy/shop/zero')
  t.match(
    zero.why,
    "dnsPolicy None: dnsConfig alone; the cluster's DNS is not asked (dnsPolicy: ClusterFirst would, or 10.96.0.10 in dnsConfig.nameservers)"
  )
  t.equal(zero.resolvConf, 'nameserver 9.9.9.9\n')
  const dns = await podDnsOf(state, 'deploy/kube-system/coredns', NODE)
  t.equal(dns.policy, 'Default', 'the DNS does not ask itself')
  const unknown = await podDnsOf(state, 'pod/shop/db-1')
  t.match([unknown.nodeFileMissing, unknown.nameservers, unknown.resolvConf], [true, [], ''])
})

t.test('an ordinary Pod of a namespace', async t => {
  const state = await stateFrom(
    '--manifests',
    KUBE_DNS + '---\n' + written('v1', 'Namespace', { name: 'shop' }, {})
  )
  const answer = await podDnsOf(state, 'ns/shop', NODE)
  t.equal(answer.pod, 'an ordinary Pod in shop')
  t.equal(answer.resolvConf, `search ${OTHERS}\nnameserver 10.96.0.10\noptions ndots:5\n`)
  await t.rejects(podDnsOf(state, 'ns/shpo'), {
    message: 'ns/shpo: the state has no such namespace; did you mean ns/shop?'
  })
})

t.test('a Pod as it stands in a cluster may be one that ours would refuse: it is told', async t => {
  const state = await stateFrom(
    '--manifests',
    KUBE_DNS +
      '---\n' +
      written('v1', 'Pod', { name: 'a', namespace: 'shop' }, { dnsConfig: { searches: ['A'] } })
  )
  const { notes, searches } = await podDnsOf(state, 'pod/shop/a', NODE)
  t.equal(searches.at(-1), 'A')
  t.match(
    notes[0],
    /^an API server refuses spec\.dnsConfig\.searches\[0\]: Invalid value: "A": a lowercase RFC 1123/
  )
})

t.test('what is worth a note', async t => {
  const state = await stateFrom(
    '--manifests',
    KUBE_DNS + '---\n' + written('v1', 'Namespace', { name: 'shop' }, {})
  )
  const notes = async (node: string | undefined, options: NodeOptions = {}) => {
    const nodeFile =
      node === undefined
        ? {}
        : { nodeFile: { kind: 'file', path: 'node', octets: Buffer.from(node) } as const }
    return (await podDnsOf(state, 'ns/shop', { ...nodeFile, ...options })).notes
  }
  t.same(await notes('search a b c\n'), [])
  t.match(await notes(undefined), [/^search domains of the node would follow/])
  t.match(await notes('search a b c d\n'), [/^7 search domains: containerd before 1\.5\.6/])
  t.same(await notes('search a b c d\n', { runtime: 'docker' }), [])
  t.same(
    await notes('search a b c d\n', { rules: rulesOf('1.24') as KubernetesRules }),
    [],
    'there are six then'
  )
  // `search `, what the cluster has, a blank and the domain: 254 octets are the most that musl reads.
  const cluster = 'search shop.svc.cluster.local svc.cluster.local cluster.local '.length
  t.same(await notes(`search ${'x'.repeat(254 - cluster)}\n`), [])
  t.match(await notes(`search ${'x'.repeat(255 - cluster)}\n`), [/^the search line has 255 octets: musl/])
  t.match(await notes('', { clusterDns: [] }), [/nothing to write/])
})

t.test('the DNS Service', t => {
  const service = (namespace: string, name: string, clusterIPs: string[], labels = {}): Service => ({
    ...{ kind: 'Service', namespace, name, labels, type: 'ClusterIP', clusterIPs },
    ...{ externalName: '', ports: [], externalIPs: [] }
  })
  const label = { 'k8s-app': 'kube-dns' }
  const addresses = (...services: Service[]) => clusterDnsOf(services).addresses
  t.same(addresses(service('kube-system', 'kube-dns', ['10.96.0.10'])), ['10.96.0.10'])
  t.same(addresses(service('kube-system', 'kube-dns', ['fd00:10:96:0::A', '10.96.0.10'])), [
    'fd00:10:96::a',
    '10.96.0.10'
  ])
  t.same(addresses(service('shop', 'kube-dns', ['10.96.0.11'])), [], 'in another namespace')
  const rke2 = service('kube-system', 'rke2-coredns-rke2-coredns', ['10.43.0.10'], label)
  t.same(addresses(rke2), ['10.43.0.10'], 'by its label')
  t.match(clusterDnsOf([rke2]).note, /taken is kube-system\/rke2-coredns-rke2-coredns, by its label/)
  t.same(
    addresses(rke2, service('kube-system', 'kube-dns', ['10.96.0.10'], label)),
    ['10.96.0.10'],
    'the name comes first'
  )
  t.same(addresses(rke2, service('x', 'dns', ['10.1.1.1'], label)), [], 'two of the label')
  t.same(addresses(service('kube-system', 'kube-dns', ['None'])), [])
  t.match(clusterDnsOf([service('kube-system', 'kube-dns', ['None'])]).note, /has no cluster IP/)
  t.match(clusterDnsOf([]).note, /no Service kube-system\/kube-dns.*--cluster-dns ADDRESS names it/)
  t.end()
})

t.test("a cluster without DNS: the node's settings, the event and the note", async t => {
  const state = await stateFrom(
    '--manifests',
    written('v1', 'Pod', { name: 'a', namespace: 'shop', uid: 'u-7' }, {})
  )
  const { resolvConf, events, notes, why } = await podDnsOf(state, 'pod/shop/a', NODE)
  t.equal(resolvConf, 'search corp.example\nnameserver 10.0.0.2\n')
  t.same(
    events.map(({ on, reason }) => `${on} ${reason}`),
    ['node MissingClusterDNS', 'pod MissingClusterDNS']
  )
  t.match(events[1]?.message, /^pod: "a_shop\(u-7\)"\. kubelet does not have ClusterDNS IP configured/)
  t.match(notes[0], /the state has no Service kube-system\/kube-dns/)
  t.match(why, /but the kubelet knows no cluster DNS: the node's own settings$/)
})
