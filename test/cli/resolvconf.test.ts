// `labdns resolvconf` as a program: what it prints, where, and how it ends. Files are those of the reference renderings
// (resolver-semantics.md §3.9) where Pods are.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'

// As compiled: build/test/cli.
const program = fileURLToPath(new URL('../../src/cli/labdns.js', import.meta.url))
const root = fileURLToPath(new URL('../../../', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'labdns-resolvconf-'))
t.teardown(() => rmSync(folder, { recursive: true, force: true }))

function run(words: readonly string[], input = '') {
  const { stdout, stderr, status } = spawnSync(process.execPath, [program, 'resolvconf', ...words], {
    cwd: root,
    encoding: 'latin1',
    input
  })
  return { stdout, stderr, status, lines: stderr.split('\n') }
}

const put = (name: string, contents: string | Uint8Array): string => {
  const path = join(folder, name)
  writeFileSync(path, contents)
  return path
}

const node = put('node', 'nameserver 10.0.0.2\nsearch corp.example. lab.example\noptions ndots:2 edns0\n')

t.test('what docs/resolvconf.md and the README show is what is printed', t => {
  let found = 0
  for (const document of ['docs/resolvconf.md', 'README.md']) {
    for (const [, block = ''] of readFileSync(join(root, document), 'utf8').matchAll(
      /^```console\n([\s\S]*?)^```$/gm
    )) {
      for (const [, line = '', output = ''] of block.matchAll(
        /^\$ npx labdns resolvconf (.*)\n((?:(?!\$ ).*\n)*)/gm
      )) {
        found++
        const { stdout, stderr } = run(line.split(' '))
        t.equal(stderr + stdout, output, line)
      }
    }
  }
  t.ok(found >= 5, 'there are examples')
  t.end()
})

t.test('Pods of a state: the file on standard output, everything else on standard error', t => {
  const state = put(
    'state.yaml',
    `apiVersion: v1
kind: Namespace
metadata: {name: kube-system}
---
apiVersion: v1
kind: Namespace
metadata: {name: default}
---
apiVersion: v1
kind: Service
metadata: {name: kube-dns, namespace: kube-system}
spec: {clusterIP: 10.96.0.10}
---
apiVersion: v1
kind: Pod
metadata: {name: web-6d4c5b7f9-abcde, namespace: default, uid: 1-2, ownerReferences: [{kind: ReplicaSet, name: web-6d4c5b7f9, controller: true}]}
spec: {dnsPolicy: ClusterFirst, dnsConfig: {searches: [svc.cluster.local, x.test], options: [{name: ndots, value: "2"}]}}
---
apiVersion: v1
kind: Pod
metadata: {name: agent, namespace: default}
spec: {hostNetwork: true, dnsPolicy: ClusterFirst}
`
  )
  const web = run(['--manifests', state, '--from', 'deploy/default/web', '--node-resolv-conf', node])
  t.equal(web.status, 0)
  t.equal(
    web.stdout,
    'search default.svc.cluster.local svc.cluster.local cluster.local corp.example lab.example x.test\nnameserver 10.96.0.10\noptions ndots:2\n'
  )
  t.equal(web.lines[0], `state: --manifests ${state}`)
  t.equal(
    web.lines[1],
    "pod/default/web-6d4c5b7f9-abcde of deploy/default/web: dnsPolicy ClusterFirst: the cluster's DNS, and what dnsConfig adds"
  )
  t.equal(web.lines.length, 3, 'and no more')
  const agent = run(['--manifests', state, '--from', 'pod/agent', '--node-resolv-conf', node])
  t.equal(agent.stdout, 'search corp.example lab.example\nnameserver 10.0.0.2\noptions ndots:2 edns0\n')
  t.match(
    agent.stderr,
    /hostNetwork: the node's own settings; the cluster's DNS is not asked \(dnsPolicy: ClusterFirstWithHostNet would\)/
  )
  const unknown = run(['--manifests', state, '--from', 'pod/agent'])
  t.equal(unknown.status, 1, 'nobody told of the node')
  t.equal(unknown.stdout, '')
  t.match(
    unknown.lines.at(-2),
    /^error: these are the settings of the Pod's node, which are not known: --node-resolv-conf FILE/
  )
  const missing = run(['--manifests', state, '--from', 'pod/default/agnet'])
  t.equal(missing.status, 1)
  t.match(
    missing.stderr,
    /^state: .*\nerror: pod\/default\/agnet: the state has no such Pod; did you mean pod\/default\/agent\?\n$/
  )
  const lettered = run(['--manifests', state, '-ndefault', '--from=deploy/web', '-ojson'])
  const json = JSON.parse(lettered.stdout) as Record<string, unknown>
  t.match(json, {
    policy: 'ClusterFirst',
    base: 'cluster',
    nameservers: ['10.96.0.10'],
    asksClusterDns: true,
    options: ['ndots:2']
  })
  t.end()
})

t.test('a Corefile names the state and the zone', t => {
  const apps = put('apps.yaml', '# nothing\n')
  const corefile = put('Corefile', `.:53 {\n kubernetes kube.test in-addr.arpa {\n  apps ${apps}\n }\n}\n`)
  const { stdout, lines } = run(['-conf', corefile, '--from', 'ns/kube-system', '--node-resolv-conf', ''])
  t.equal(
    stdout,
    'search kube-system.svc.kube.test svc.kube.test kube.test\nnameserver 10.96.0.10\noptions ndots:5\n'
  )
  t.equal(lines[0], `state: Corefile ${corefile}`)
  t.equal(lines[1], "an ordinary Pod in kube-system: dnsPolicy ClusterFirst (the default): the cluster's DNS")
  t.end()
})

t.test('a manifest that an API server refuses: file, line and column, and no file', t => {
  const bad = put(
    'bad.yaml',
    `apiVersion: v1
kind: Pod
metadata: {name: bad}
spec:
  dnsPolicy: None
  dnsConfig:
    nameservers: [1.1.1.1, 1.2.3.x]
  containers: [{name: a, image: a}]
`
  )
  const { stdout, stderr, status } = run(['-f', bad])
  t.equal(status, 1)
  t.equal(stdout, '')
  t.match(
    stderr,
    `${bad}:7:28: Pod default/bad: spec.dnsConfig.nameservers[1]: Invalid value: "1.2.3.x": must be a valid IP address`
  )
  t.match(stderr, /holds no Pod, and nothing that makes Pods/)
  const binary = run(['-f', put('binary.yaml', Buffer.from([0, 1, 2, 0xff]))])
  t.equal(binary.status, 1)
  t.match(binary.stderr, /binary\.yaml:1:1: no text: there is an octet 0/)
  t.end()
})

t.test('a manifest on standard input', t => {
  const pod = {
    metadata: { name: 'a', namespace: 'x' },
    spec: { dnsPolicy: 'Default', containers: [{ name: 'a', image: 'a' }] }
  }
  const { stdout, lines } = run(
    ['-f', '-', '--node-resolv-conf', node],
    JSON.stringify({ apiVersion: 'v1', kind: 'Pod', ...pod })
  )
  t.equal(stdout, 'search corp.example lab.example\nnameserver 10.0.0.2\noptions ndots:2 edns0\n')
  t.equal(lines[0], 'state: simulated for -')
  t.end()
})

t.test("a node's file of 1 MB, of any octets, and one that no kubelet reads", t => {
  const big = put(
    'big',
    `options ${Array.from({ length: 10_000 }, (_, at) => `o${at}`).join(' ')}\nsearch ${'a.test '.repeat(1 << 17)}\n`
  )
  const args = ['--cluster-dns', '10.96.0.10', '--dns-policy', 'Default', '--node-resolv-conf']
  const { stdout, stderr } = run([...args, big])
  t.match(stdout, /^search (?:a\.test ){31}a\.test\noptions o0 .* o9999\n$/)
  t.match(
    stderr,
    /Warning {2}DNSConfigForming {2}pod: Search Line limits were exceeded, some search paths have been omitted/
  )
  t.match(
    stderr,
    /Warning {2}CheckLimitsForResolvConf {2}node: Resolv\.conf file '.*big' contains search line consisting of more than 29 domains!/
  )
  const octets = put(
    'octets',
    Buffer.concat([Buffer.from('search '), Buffer.from([0xff, 0x1b, 0x5b]), Buffer.from('\n')])
  )
  const odd = run([...args, octets])
  t.equal(odd.stdout, 'search \xff\x1b[\n', 'as they are')
  t.notMatch(odd.stderr, /\x1b/, 'but never where a terminal obeys')
  const broken = run([...args, put('broken', 'search a\n\n nameserver \n')])
  t.equal(broken.status, 1)
  t.match(
    broken.stderr,
    /broken:3: nameserver without an address \("nameserver list is empty"\); no Pod starts on a node with this file/
  )
  t.end()
})

t.test('options that make no sense', t => {
  for (const [words, complaint] of [
    [['--from', 'x/y/z'], 'error: --from x/y/z: "x" is no kind of Pods; expected pod/NAMESPACE/NAME'],
    [['--runtime', 'rkt'], 'error: --runtime rkt: expected containerd, cri-o, docker'],
    [['--cluster-dns', '10.96.0'], 'error: --cluster-dns 10.96.0: expected an IP address'],
    [
      ['--dns-policy', 'default'],
      'error: --dns-policy: Unsupported value: "default": supported values: "ClusterFirst", "ClusterFirstWithHostNet", "Default", "None"'
    ],
    [
      ['--dns-policy', 'None'],
      'error: --dns-policy None without --nameserver: Required value: must provide `dnsConfig`'
    ],
    [['--node-resolv-conf', join(folder, 'nowhere')], 'nowhere: cannot be read: no such file or folder'],
    [['--from', 'ns/shop'], 'error: there is no state to look in: name it with --manifests PATH'],
    [[], "error: there is no state to take the cluster's DNS from: name it with"],
    [['surplus'], 'extra command line arguments: [surplus]']
  ] as const) {
    const { stdout, stderr, status } = run(words)
    t.match(stderr, complaint, words.join(' '))
    t.notSame(status, 0)
    t.equal(stdout, '')
  }
  t.end()
})
