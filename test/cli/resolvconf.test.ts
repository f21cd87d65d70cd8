// `labdns resolvconf` as a program: what it prints, where, and how it ends. Files are those of the reference renderings
// (resolver-semantics.md §3.9) where Pods are.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { readArguments } from '../../src/cli/arguments.ts'
import { resolvconf } from '../../src/cli/resolvconf.ts'
import type { Log } from '../../src/runtime/log.ts'
import { silent, testRuntime } from '../support/running-app.ts'

// As compiled: build/test/cli.
const program = fileURLToPath(new URL('../../src/cli/labdns.js', import.meta.url))
const root = fileURLToPath(new URL('../../../', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'labdns-resolvconf-'))
t.teardown(() => rmSync(folder, { recursive: true, force: true }))

interface Ran {
  /** One character an octet. */
  readonly stdout: string
  readonly stderr: string
  readonly status: number
  readonly lines: readonly string[]
}

/** The command in this process. */
async function run(words: readonly string[]): Promise<Ran> {
  let [stdout, stderr] = ['', '']
  const invocation = readArguments(['resolvconf', ...words])
  if (invocation.command !== 'resolvconf') {
    const said = invocation.command === 'exit' ? invocation : { stderr: '', code: 0 }
    return { stdout, stderr: said.stderr, status: said.code, lines: [] }
  }
  const line = (text: string) => void (stderr += `${text}\n`)
  const log: Log = { ...silent, warn: line, error: line, plugin: () => log, own: () => log }
  const status = await resolvconf(invocation.arguments, invocation.resolvconf, {
    runtime: testRuntime({ log }),
    flush: () => Promise.resolve(),
    print: octets => {
      stdout += Buffer.from(octets).toString('latin1')
      return Promise.resolve()
    },
    say: text => void (stderr += text)
  })
  return { stdout, stderr, status, lines: stderr.split('\n') }
}

const put = (name: string, contents: string | Uint8Array): string => {
  const path = join(folder, name)
  writeFileSync(path, contents)
  return path
}

const node = put('node', 'nameserver 10.0.0.2\nsearch corp.example. lab.example\noptions ndots:2 edns0\n')

t.test('what docs/resolvconf.md and the README show is what is printed', async t => {
  let found = 0
  for (const document of ['docs/resolvconf.md', 'README.md']) {
    for (const [, block = ''] of readFileSync(join(root, document), 'utf8').matchAll(
      /^```console\n([\s\S]*?)^```$/gm
    )) {
      for (const [, line = '', output = ''] of block.matchAll(
        /^\$ npx labdns resolvconf (.*)\n((?:(?!\$ ).*\n)*)/gm
      )) {
        found++
        const { stdout, stderr } = await run(line.split(' '))
        t.equal(stderr + stdout, output, line)
      }
    }
  }
  t.ok(found >= 5, 'there are examples')
})

t.test('Pods of a state: the file on standard output, everything else on standard error', async t => {
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
  const web = await run(['--manifests', state, '--from', 'deploy/default/web', '--node-resolv-conf', node])
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
  const agent = await run(['--manifests', state, '--from', 'pod/agent', '--node-resolv-conf', node])
  t.equal(agent.stdout, 'search corp.example lab.example\nnameserver 10.0.0.2\noptions ndots:2 edns0\n')
  t.match(
    agent.stderr,
    /hostNetwork: the node's own settings; the cluster's DNS is not asked \(dnsPolicy: ClusterFirstWithHostNet would\)/
  )
  const unknown = await run(['--manifests', state, '--from', 'pod/agent'])
  t.equal(unknown.status, 1, 'nobody told of the node')
  t.equal(unknown.stdout, '')
  t.match(
    unknown.lines.at(-2),
    /^error: these are the settings of the Pod's node, which are not known: --node-resolv-conf FILE/
  )
  const missing = await run(['--manifests', state, '--from', 'pod/default/agnet'])
  t.equal(missing.status, 1)
  t.match(
    missing.stderr,
    /^state: .*\nerror: pod\/default\/agnet: the state has no such Pod; did you mean pod\/default\/agent\?\n$/
  )
  const lettered = await run(['--manifests', state, '-ndefault', '--from=deploy/web', '-ojson'])
  const json = JSON.parse(lettered.stdout) as Record<string, unknown>
  t.match(json, {
    policy: 'ClusterFirst',
    base: 'cluster',
    nameservers: ['10.96.0.10'],
    asksClusterDns: true,
    options: ['ndots:2']
  })
})

t.test('a Corefile names the state and the zone', async t => {
  const apps = put('apps.yaml', '# nothing\n')
  const corefile = put('Corefile', `.:53 {\n kubernetes kube.test in-addr.arpa {\n  apps ${apps}\n }\n}\n`)
  const { stdout, lines } = await run([
    '-conf',
    corefile,
    '--from',
    'ns/kube-system',
    '--node-resolv-conf',
    ''
  ])
  t.equal(
    stdout,
    'search kube-system.svc.kube.test svc.kube.test kube.test\nnameserver 10.96.0.10\noptions ndots:5\n'
  )
  t.equal(lines[0], `state: Corefile ${corefile}`)
  t.equal(lines[1], "an ordinary Pod in kube-system: dnsPolicy ClusterFirst (the default): the cluster's DNS")
})

t.test('a manifest that an API server refuses: file, line and column, and no file', async t => {
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
  const { stdout, stderr, status } = await run(['-f', bad])
  t.equal(status, 1)
  t.equal(stdout, '')
  t.match(
    stderr,
    `${bad}:7:28: Pod default/bad: spec.dnsConfig.nameservers[1]: Invalid value: "1.2.3.x": must be a valid IP address`
  )
  t.match(stderr, /holds no Pod, and nothing that makes Pods/)
  const binary = await run(['-f', put('binary.yaml', Buffer.from([0, 1, 2, 0xff]))])
  t.equal(binary.status, 1)
  t.match(binary.stderr, /^error: .*binary\.yaml: no Kubernetes object in it, left out$/m)
})

t.test('the program itself, with a manifest on standard input', t => {
  const pod = {
    metadata: { name: 'a', namespace: 'x' },
    spec: { dnsPolicy: 'Default', containers: [{ name: 'a', image: 'a' }] }
  }
  const words = ['resolvconf', '-f', '-', '--node-resolv-conf', node]
  const { stdout, stderr, status } = spawnSync(process.execPath, [program, ...words], {
    ...{ cwd: root, encoding: 'utf8', input: JSON.stringify({ apiVersion: 'v1', kind: 'Pod', ...pod }) }
  })
  t.equal(status, 0)
  t.equal(stdout, 'search corp.example lab.example\nnameserver 10.0.0.2\noptions ndots:2 edns0\n')
  t.match(stderr, /^state: simulated for -\npod\/x\/a: dnsPolicy Default: /)
  t.end()
})

t.test("a node's file of 1 MB, of any octets, and one that no kubelet reads", async t => {
  const big = put(
    'big',
    `options ${Array.from({ length: 10_000 }, (_, at) => `o${at}`).join(' ')}\nsearch ${'a.test '.repeat(1 << 17)}\n`
  )
  const args = ['--cluster-dns', '10.96.0.10', '--dns-policy', 'Default', '--node-resolv-conf']
  const { stdout, stderr } = await run([...args, big])
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
  const odd = await run([...args, octets])
  t.equal(odd.stdout, 'search \xff\x1b[\n', 'as they are')
  t.notOk(odd.stderr.includes('\x1b'), 'but never where a terminal obeys')
  const broken = await run([...args, put('broken', 'search a\n\n nameserver \n')])
  t.equal(broken.status, 1)
  t.match(
    broken.stderr,
    /broken:3: nameserver without an address \("nameserver list is empty"\); no Pod starts on a node with this file/
  )
})

t.test('options that make no sense', async t => {
  for (const [words, complaint] of [
    [['--from', 'x/y/z'], 'error: --from x/y/z: "x" is no kind of Pods; expected pod/NAMESPACE/NAME'],
    [['--runtime', 'rkt'], 'error: --runtime rkt: expected containerd, cri-o, docker'],
    [['--cluster-dns', '10.96.0'], 'error: --cluster-dns 10.96.0: expected an IP address'],
    [
      ['--dns-policy', 'default'],
      'error: --dns-policy: Unsupported value: "default": supported values: "ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"'
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
    const { stdout, stderr, status } = await run(words)
    t.match(stderr, complaint, words.join(' '))
    t.notSame(status, 0)
    t.equal(stdout, '')
  }
})
