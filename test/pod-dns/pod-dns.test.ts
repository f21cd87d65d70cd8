// Pods' files: the renderings of resolver-semantics.md §3.9, the facts of Kubernetes' own test tables (§3.3–3.5), and what
// follows from its rules.
import t, { type Test } from 'tap'
import { isFailure } from '../../src/pod-dns/pod-dns.ts'
import { fileText, formed, messages, settings, texts, type Case } from './support.ts'

const CLUSTER = 'search default.svc.cluster.local svc.cluster.local cluster.local corp.example lab.example\n'
const CLUSTER_FILE = `${CLUSTER}nameserver 10.96.0.10\noptions ndots:5\n`
const NODE = 'search corp.example lab.example\nnameserver 10.0.0.2\noptions ndots:2 edns0\n'

type FileCase = Case & { readonly file: string }

const check = (cases: readonly FileCase[]) => (t: Test) => {
  for (const one of cases) t.equal(fileText(one), one.file, one.name)
  t.end()
}

t.test(
  'the reference renderings (§3.9)',
  check([
    { name: 'ClusterFirst', file: `${CLUSTER}nameserver 10.96.0.10\noptions ndots:5\n` },
    { name: 'Default', policy: 'Default', file: NODE },
    { name: 'hostNetwork and ClusterFirst', policy: 'ClusterFirst', hostNetwork: true, file: NODE },
    {
      name: 'hostNetwork and ClusterFirstWithHostNet',
      ...{ policy: 'ClusterFirstWithHostNet', hostNetwork: true },
      file: `${CLUSTER}nameserver 10.96.0.10\noptions ndots:5\n`
    },
    {
      name: 'None with a dnsConfig',
      ...{ policy: 'None', nameservers: ['1.2.3.4'], searches: ['x.test'], options: [['ndots', '1']] },
      file: 'search x.test\nnameserver 1.2.3.4\noptions ndots:1\n'
    },
    {
      name: 'ClusterFirst with searches and options; a search domain that is not there yet is added',
      searches: ['svc.cluster.local', 'x.test'],
      options: [['ndots', '2'], 'single-request'],
      file: `${CLUSTER.trimEnd()} x.test\nnameserver 10.96.0.10\noptions ndots:2 single-request\n`
    },
    {
      name: 'ClusterFirst with another ndots',
      options: [['ndots', '2']],
      file: `${CLUSTER}nameserver 10.96.0.10\noptions ndots:2\n`
    }
  ])
)

t.test(
  'which base a policy has (§3.2)',
  check([
    { name: 'no policy is ClusterFirst', policy: '', file: CLUSTER_FILE },
    { name: 'ClusterFirst', policy: 'ClusterFirst', file: CLUSTER_FILE },
    { name: 'no policy, hostNetwork', hostNetwork: true, file: NODE },
    {
      name: 'ClusterFirstWithHostNet without hostNetwork',
      policy: 'ClusterFirstWithHostNet',
      file: CLUSTER_FILE
    },
    { name: 'Default with hostNetwork', policy: 'Default', hostNetwork: true, file: NODE },
    { name: 'None without dnsConfig: nothing to write', policy: 'None', file: '(none)' },
    {
      name: 'None with hostNetwork',
      policy: 'None',
      hostNetwork: true,
      nameservers: ['1.1.1.1'],
      file: 'nameserver 1.1.1.1\n'
    },
    { name: 'an unknown policy counts as cluster', policy: 'Clusterfirst', file: CLUSTER_FILE },
    {
      name: 'an unknown policy, hostNetwork too',
      policy: 'Node',
      hostNetwork: true,
      file: CLUSTER_FILE
    },
    { name: 'another namespace', namespace: 'shop', file: CLUSTER_FILE.replace('default', 'shop') },
    {
      name: 'another cluster domain',
      clusterDomain: 'kube.example.org',
      file: CLUSTER_FILE.replaceAll('cluster.local', 'kube.example.org')
    },
    {
      name: "no cluster domain: the search list is the node's, as it is",
      ...{ clusterDomain: '', node: 'search a.test b.test a.test\n' },
      file: 'search a.test b.test a.test\nnameserver 10.96.0.10\noptions ndots:5\n'
    },
    {
      name: 'a node that searches what the cluster does: each once',
      node: 'search cluster.local corp.example svc.cluster.local. corp.example\n',
      file: 'search default.svc.cluster.local svc.cluster.local cluster.local corp.example\nnameserver 10.96.0.10\noptions ndots:5\n'
    },
    {
      name: "the node's file unknown: the cluster's entries alone",
      node: 'unknown',
      file: 'search default.svc.cluster.local svc.cluster.local cluster.local\nnameserver 10.96.0.10\noptions ndots:5\n'
    },
    {
      name: 'dual stack: all addresses, in order',
      ...{ node: '', clusterDns: ['10.96.0.10', 'fd00:10:96::a'] },
      file: 'search default.svc.cluster.local svc.cluster.local cluster.local\nnameserver 10.96.0.10\nnameserver fd00:10:96::a\noptions ndots:5\n'
    },
    {
      name: 'IPv6 alone',
      ...{ node: '', clusterDns: ['fd00:10:96::a'] },
      file: 'search default.svc.cluster.local svc.cluster.local cluster.local\nnameserver fd00:10:96::a\noptions ndots:5\n'
    }
  ])
)

t.test(
  'without a file of the node (resolvConf: "")',
  check([
    { name: 'Default', node: null, policy: 'Default', file: 'search .\nnameserver 127.0.0.1\n' },
    {
      name: 'hostNetwork and ClusterFirst',
      node: null,
      hostNetwork: true,
      file: 'search .\nnameserver 127.0.0.1\n'
    },
    {
      name: 'an IPv6 node',
      node: null,
      policy: 'Default',
      nodeIps: ['fd00::1'],
      file: 'search .\nnameserver ::1\n'
    },
    {
      name: 'a dual-stack node',
      ...{ node: null, policy: 'Default', nodeIps: ['192.0.2.7', 'fd00::1'] },
      file: 'search .\nnameserver 127.0.0.1\nnameserver ::1\n'
    },
    {
      name: 'ClusterFirst has no search domain of the node, not even the root',
      node: null,
      file: 'search default.svc.cluster.local svc.cluster.local cluster.local\nnameserver 10.96.0.10\noptions ndots:5\n'
    },
    {
      name: 'Default with options',
      node: null,
      policy: 'Default',
      options: [['ndots', '1']],
      file: 'search .\nnameserver 127.0.0.1\noptions ndots:1\n'
    }
  ])
)

t.test('a kubelet without cluster DNS', t => {
  const words =
    'kubelet does not have ClusterDNS IP configured and cannot create Pod using "ClusterFirst" policy. Falling back to "Default" policy.'
  const expected = [
    `node MissingClusterDNS: ${words}`,
    `pod MissingClusterDNS: pod: "web_default(u-1)". ${words}`
  ]
  for (const policy of ['', 'ClusterFirst', 'ClusterFirstWithHostNet']) {
    const one: Case = { name: policy, policy, clusterDns: [] }
    t.equal(fileText(one), NODE, `${policy}: the node's settings`)
    t.same(messages(one), expected, `${policy}: the event names ClusterFirst`)
    t.equal(settings(one).fellBack, true)
  }
  for (const one of [
    { name: 'Default', policy: 'Default', clusterDns: [] },
    { name: 'hostNetwork', hostNetwork: true, clusterDns: [] },
    { name: 'None', policy: 'None', nameservers: ['1.1.1.1'], clusterDns: [] }
  ]) {
    t.same(messages(one), [], `${one.name} does not miss it`)
  }
  t.end()
})

t.test(
  'what dnsConfig adds (§3.4)',
  check([
    {
      name: 'nameservers behind those of the base, each once',
      ...{ node: '', clusterDomain: '', nameservers: ['1.1.1.1', '10.96.0.10', '1.1.1.1'] },
      file: 'nameserver 10.96.0.10\nnameserver 1.1.1.1\noptions ndots:5\n'
    },
    {
      name: 'a dot at the end makes another search domain',
      ...{ node: 'search a.test.\n', clusterDomain: '', searches: ['a.test.', 'a.test', 'A.test'] },
      file: 'search a.test a.test. A.test\nnameserver 10.96.0.10\noptions ndots:5\n'
    },
    {
      name: "the node's options never reach a cluster Pod",
      ...{ node: 'options timeout:1 rotate\n', clusterDomain: '', options: ['edns0'] },
      file: 'nameserver 10.96.0.10\noptions ndots:5 edns0\n'
    },
    {
      name: 'options of the node are merged with those of a Default Pod',
      ...{ node: 'nameserver 9.9.9.9\noptions ndots:2 edns0 timeout:1\n', policy: 'Default' },
      options: [['timeout', '3'], 'rotate'],
      file: 'nameserver 9.9.9.9\noptions ndots:2 edns0 timeout:3 rotate\n'
    },
    {
      name: 'an option without value takes the value away: ndots is 1 then',
      ...{ node: '', clusterDomain: '', options: ['ndots'] },
      file: 'nameserver 10.96.0.10\noptions ndots\n'
    },
    {
      name: 'an empty value is none',
      ...{ node: '', clusterDomain: '', options: [['ndots', '']] },
      file: 'nameserver 10.96.0.10\noptions ndots\n'
    },
    {
      name: 'of an option that stands twice the last one counts',
      ...{
        node: '',
        clusterDomain: '',
        options: [
          ['ndots', '2'],
          ['ndots', '3']
        ]
      },
      file: 'nameserver 10.96.0.10\noptions ndots:3\n'
    },
    {
      name: 'a name that holds the value is another option: both stand in the file',
      ...{ node: '', clusterDomain: '', options: ['ndots:2'] },
      file: 'nameserver 10.96.0.10\noptions ndots:5 ndots:2\n'
    },
    {
      name: 'values are not looked at',
      ...{ node: '', clusterDomain: '', options: [['ndots', '500']] },
      file: 'nameserver 10.96.0.10\noptions ndots:500\n'
    },
    {
      name: 'an empty dnsConfig changes nothing',
      ...{ emptyConfig: true, file: CLUSTER_FILE }
    },
    {
      name: "but merges what the node's file says twice",
      ...{
        node: 'nameserver 9.9.9.9\nnameserver 9.9.9.9\noptions a:1 a:2\n',
        policy: 'Default',
        emptyConfig: true
      },
      file: 'nameserver 9.9.9.9\noptions a:2\n'
    },
    {
      name: "without dnsConfig the node's options stay as they are",
      ...{ node: 'nameserver 9.9.9.9\nnameserver 9.9.9.9\noptions a:1 a:2\n', policy: 'Default' },
      file: 'nameserver 9.9.9.9\nnameserver 9.9.9.9\noptions a:1 a:2\n'
    },
    { name: 'searches without nameservers', policy: 'None', searches: ['x.test'], file: 'search x.test\n' },
    {
      name: 'text that is not ASCII keeps its octets',
      ...{ policy: 'None', nameservers: ['1.1.1.1'], options: [['note', 'grün']] },
      file: 'nameserver 1.1.1.1\noptions note:grün\n'
    }
  ])
)

// The table of TestGetPodDNSCustom: node `nameserver 8.8.8.8`, `search host.domain`; cluster 10.0.0.10, kubernetes.io.
t.test('the same dnsConfig under each policy', t => {
  const one = {
    ...{ node: 'nameserver 8.8.8.8\nsearch host.domain\n', namespace: 'testNS' },
    ...{ clusterDns: ['10.0.0.10'], clusterDomain: 'kubernetes.io' },
    ...{ nameservers: ['10.0.0.11'], searches: ['my.domain'] }
  }
  const options: Case['options'] = [['ndots', '3'], 'debug']
  const cluster = {
    nameservers: ['10.0.0.10', '10.0.0.11'],
    searches: ['testNS.svc.kubernetes.io', 'svc.kubernetes.io', 'kubernetes.io', 'host.domain', 'my.domain'],
    options: ['ndots:3', 'debug']
  }
  const cases: readonly (Case & { readonly expected: object })[] = [
    { name: 'ClusterFirst', policy: 'ClusterFirst', expected: cluster },
    {
      name: 'ClusterFirstWithHostNet',
      policy: 'ClusterFirstWithHostNet',
      hostNetwork: true,
      expected: cluster
    },
    {
      ...{ name: 'Default', policy: 'Default' },
      expected: {
        nameservers: ['8.8.8.8', '10.0.0.11'],
        searches: ['host.domain', 'my.domain'],
        options: ['ndots:3', 'debug']
      }
    },
    {
      ...{ name: 'None', policy: 'None' },
      expected: { nameservers: ['10.0.0.11'], searches: ['my.domain'], options: ['ndots:3', 'debug'] }
    }
  ]
  for (const { expected, ...policy } of cases) {
    const { nameservers, searches, options: given } = settings({ ...one, ...policy, options })
    t.same({ nameservers, searches, options: given }, expected, policy.name)
  }
  const none = settings({ ...one, name: 'None', policy: 'None', nameservers: [], searches: [] })
  t.same([none.nameservers, none.searches, none.options], [[], [], []], 'None without dnsConfig')
  t.end()
})

t.test('options of the base, overridden and added (TestMergeDNSOptions)', t => {
  const { options } = settings({
    ...{ name: 'merge', policy: 'Default', node: 'options ndots:5 debug\n' },
    options: [['ndots', '3'], 'debug', 'single-request', ['attempts', '3']]
  })
  t.same([...options].sort(), ['attempts:3', 'debug', 'ndots:3', 'single-request'])
  t.equal(settings({ name: 'any order', options: ['debug'] }).optionsInAnyOrder, true)
  t.equal(settings({ name: 'one option', options: [['ndots', '2']] }).optionsInAnyOrder, false)
  t.equal(settings({ name: 'no dnsConfig', policy: 'Default' }).optionsInAnyOrder, false)
  t.end()
})

t.test(
  'what each container runtime writes (§3.8)',
  check([
    { name: 'containerd', runtime: 'containerd', file: CLUSTER_FILE },
    { name: 'CRI-O', runtime: 'cri-o', file: CLUSTER_FILE },
    { name: 'Docker', runtime: 'docker', file: `nameserver 10.96.0.10\n${CLUSTER}options ndots:5\n` },
    {
      name: 'Docker, without options',
      runtime: 'docker',
      node: null,
      policy: 'Default',
      file: 'nameserver 127.0.0.1\nsearch .\n'
    },
    { name: 'nothing at all', runtime: 'docker', node: '', policy: 'Default', file: '(none)' },
    { name: 'options alone', node: 'options rotate\n', policy: 'Default', file: 'options rotate\n' }
  ])
)

t.test("a node's file that the kubelet refuses fails Pods of every policy", t => {
  for (const policy of ['ClusterFirst', 'Default', 'None']) {
    const one = {
      name: policy,
      policy,
      node: 'search a.test\n  nameserver\t\noptions x\n',
      nameservers: ['1.1.1.1']
    }
    const failure = formed(one)
    if (!isFailure(failure)) t.fail(`${policy} is formed`)
    else {
      t.equal(failure.line, 2, policy)
      t.equal(failure.path, '/etc/resolv.conf')
      t.match(failure.text, /^nameserver without an address \("nameserver list is empty"\)$/)
    }
  }
  t.end()
})

t.test("what is missing while nobody told of the node's file", t => {
  t.equal(settings({ name: 'cluster', node: 'unknown' }).nodeFileMissing, true)
  t.equal(settings({ name: 'Default', node: 'unknown', policy: 'Default' }).nodeFileMissing, true)
  t.equal(settings({ name: 'None', node: 'unknown', policy: 'None' }).nodeFileMissing, false)
  t.equal(settings({ name: 'given', policy: 'Default' }).nodeFileMissing, false)
  t.same(texts(settings({ name: 'Default', node: 'unknown', policy: 'Default' }).nameservers), [])
  t.end()
})
