// Commands that read the state of an API server once: what they print, whom they ask, what they say when they may not, and
// that they end. The server is a script in this process; it answers what a kubeconfig's token may read.
import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { readArguments } from '../../src/cli/arguments.ts'
import { resolvconf } from '../../src/cli/resolvconf.ts'
import { testRuntime } from '../support/running-app.ts'

// As compiled: build/test/cli.
const program = fileURLToPath(new URL('../../src/cli/labdns.js', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'labdns-api-state-'))
t.teardown(() => rmSync(folder, { recursive: true, force: true }))

const meta = (name: string, namespace?: string, more: object = {}) => ({
  metadata: { name, ...(namespace === undefined ? {} : { namespace }), resourceVersion: '5', ...more }
})
const owned = (kind: string, name: string) => ({ ownerReferences: [{ kind, name, controller: true }] })
const core = { apiVersion: 'v1' }
const pod = (name: string, more: object, spec: object = {}) => ({
  ...core,
  ...{ kind: 'Pod', ...meta(name, 'shop', { uid: `uid-${name}`, labels: { app: 'web' }, ...more }) },
  ...{ spec, status: { phase: 'Running', podIP: '10.244.0.9' } }
})

/** By the path of their list. */
const objects: Readonly<Record<string, readonly { metadata: { name: string; namespace?: string } }[]>> = {
  '/api/v1/namespaces': ['default', 'kube-system', 'shop'].map(name => ({
    ...core,
    ...{ kind: 'Namespace', ...meta(name) }
  })),
  '/api/v1/services': [
    {
      ...core,
      ...{ kind: 'Service', ...meta('kube-dns', 'kube-system') },
      spec: { type: 'ClusterIP', clusterIP: '10.96.0.10', clusterIPs: ['10.96.0.10'], ports: [{ port: 53 }] }
    },
    {
      ...core,
      ...{ kind: 'Service', ...meta('web', 'shop') },
      spec: { type: 'ClusterIP', clusterIP: '10.96.7.7', clusterIPs: ['10.96.7.7'], ports: [{ port: 80 }] }
    },
    {
      ...core,
      ...{ kind: 'Service', ...meta('db', 'shop') },
      spec: { type: 'ClusterIP', clusterIP: 'None', clusterIPs: ['None'], ports: [{ port: 5432 }] }
    }
  ] as never,
  '/apis/discovery.k8s.io/v1/endpointslices': [
    {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      ...meta('db-1', 'shop', { labels: { 'kubernetes.io/service-name': 'db' } }),
      addressType: 'IPv4',
      ports: [{ name: '', port: 5432, protocol: 'TCP' }],
      endpoints: [{ addresses: ['10.244.0.4'], hostname: 'db-0', conditions: { ready: true } }]
    } as never
  ],
  '/api/v1/pods': [
    pod('web-7d-aaaaa', owned('ReplicaSet', 'other-7d')),
    pod('web-7d-bbbbb', owned('ReplicaSet', 'web-7d'), {
      dnsConfig: { options: [{ name: 'ndots', value: '2' }] }
    }),
    pod('agent', {}, { dnsPolicy: 'ClusterFirst', hostNetwork: true })
  ],
  '/apis/networking.k8s.io/v1/networkpolicies': [
    {
      apiVersion: 'networking.k8s.io/v1',
      ...{ kind: 'NetworkPolicy', ...meta('closed', 'kube-system') },
      spec: { podSelector: {}, policyTypes: ['Egress'] }
    } as never
  ],
  '/apis/apps/v1/deployments': [
    {
      apiVersion: 'apps/v1',
      ...{ kind: 'Deployment', ...meta('web', 'shop') },
      spec: { selector: { matchLabels: { app: 'web' } }, template: { spec: {} } }
    } as never,
    {
      apiVersion: 'apps/v1',
      ...{ kind: 'Deployment', ...meta('idle', 'shop') },
      spec: {
        selector: { matchLabels: { app: 'idle' } },
        template: { spec: { dnsConfig: { searches: ['x.test'] } } }
      }
    } as never
  ]
}

const asked: string[] = []
/** Paths that the token may not read. */
const forbidden = new Set<string>()

const server = createServer((request, response) => {
  const url = new URL(request.url ?? '/', 'http://localhost')
  const send = (status: number, body: object) => {
    response.writeHead(status, { 'content-type': 'application/json' })
    response.end(JSON.stringify(body))
  }
  const refuse = (code: number, reason: string) =>
    send(code, { kind: 'Status', apiVersion: 'v1', status: 'Failure', code, reason, message: reason })
  asked.push(url.pathname)
  if (request.headers.authorization !== 'Bearer lab-token') return refuse(401, 'Unauthorized')
  if (forbidden.has(url.pathname)) return refuse(403, 'Forbidden')
  if (url.searchParams.has('watch')) {
    response.writeHead(200, { 'content-type': 'application/json' })
    return response.flushHeaders()
  }
  const [, root = '', namespace, plural = '', name] =
    /^(.*\/v1)(?:\/namespaces\/([^/]+))?\/([^/]+)(?:\/([^/]+))?$/.exec(url.pathname) ?? []
  const all = objects[`${root}/${plural}`]
  if (all === undefined) return refuse(404, 'NotFound')
  const inside = all.filter(({ metadata }) => namespace === undefined || metadata.namespace === namespace)
  if (name === undefined) {
    const [, app] = /^app=(.*)$/.exec(url.searchParams.get('labelSelector') ?? '') ?? []
    const items = inside.filter(
      ({ metadata }) => app === undefined || (metadata as { labels?: { app?: string } }).labels?.app === app
    )
    const { kind, apiVersion } = all[0] as unknown as { kind: string; apiVersion: string }
    return send(200, { kind: `${kind}List`, apiVersion, metadata: { resourceVersion: '10' }, items })
  }
  const found = inside.find(({ metadata }) => metadata.name === name)
  if (found === undefined) return refuse(404, 'NotFound')
  send(200, found)
})
await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
const { port } = server.address() as AddressInfo
t.teardown(() => {
  server.closeAllConnections()
  server.close()
})

const kubeconfig = (at: number, token = 'lab-token') =>
  JSON.stringify({
    ...{ apiVersion: 'v1', kind: 'Config', 'current-context': 'kind-lab' },
    clusters: [{ name: 'lab', cluster: { server: `http://127.0.0.1:${at}` } }],
    users: [{ name: 'me', user: { token } }],
    contexts: [{ name: 'kind-lab', context: { cluster: 'lab', user: 'me' } }]
  })
const put = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text)
  return join(folder, name)
}
const config = put('config', kubeconfig(port))
mkdirSync(join(folder, 'home/.kube'), { recursive: true })
put('home/.kube/config', kubeconfig(port))
const items = Object.values(objects).flat()
const manifests = put('all.json', JSON.stringify({ apiVersion: 'v1', kind: 'List', items }))

interface Ran {
  readonly stdout: string
  readonly stderr: string
  readonly status: number
}

/** The command in this process. */
async function within(line: string, home: string): Promise<Ran> {
  let [stdout, stderr] = ['', '']
  const invocation = readArguments(line.split(' '))
  if (invocation.command !== 'resolvconf') throw new Error(line)
  const status = await resolvconf(invocation.arguments, invocation.resolvconf, {
    runtime: testRuntime({ environment: { HOME: home } }),
    flush: () => Promise.resolve(),
    print: octets => {
      stdout += Buffer.from(octets).toString()
      return Promise.resolve()
    },
    say: text => void (stderr += text)
  })
  return { stdout, stderr, status }
}

/** The program, in a folder without a Corefile and, unless it is said otherwise, a home without a kubeconfig. */
function run(line: string, home = folder): Promise<Ran> {
  if (line.startsWith('resolvconf ')) return within(line, home)
  const env = { PATH: process.env['PATH'], HOME: home }
  const options = { cwd: folder, encoding: 'utf8', timeout: 15_000, env } as const
  return new Promise(resolve => {
    const child = execFile(process.execPath, [program, ...line.split(' ')], options, (_, stdout, stderr) => {
      resolve({ stdout, stderr, status: child.exitCode ?? -1 })
    })
    child.stdin?.end('. {\n whoami\n}\n')
  })
}

const SHOP = 'search shop.svc.cluster.local svc.cluster.local cluster.local\nnameserver 10.96.0.10\n'

t.test('resolvconf: a Pod, the first Pod of a workload, a template, a namespace', async t => {
  asked.length = 0
  const direct = await run(`resolvconf --kubeconfig ${config} --from pod/shop/web-7d-bbbbb`)
  t.equal(direct.stdout, `${SHOP}options ndots:2\n`, direct.stderr)
  t.equal(direct.stderr.split('\n')[0], `state: kubeconfig ~/config, context kind-lab`)
  t.ok(asked.includes('/api/v1/namespaces/shop/pods/web-7d-bbbbb'), 'it is asked for alone')
  t.notOk(asked.includes('/api/v1/pods'))
  t.notOk(
    asked.some(path => path.endsWith('endpointslices')),
    'no endpoint is needed'
  )
  const [workload, idle, space] = await Promise.all([
    run(`resolvconf --kubeconfig ${config} --from deploy/shop/web`),
    run(`resolvconf --kubeconfig ${config} --from deploy/shop/idle`),
    run(`resolvconf --kubeconfig ${config} --from ns/shop`)
  ])
  t.equal(workload.stdout, `${SHOP}options ndots:2\n`)
  t.match(workload.stderr, /^pod\/shop\/web-7d-bbbbb of deploy\/shop\/web: dnsPolicy ClusterFirst/m)
  t.equal(idle.stdout, `${SHOP.replace('\nname', ' x.test\nname')}options ndots:5\n`)
  t.match(idle.stderr, /^a Pod of deploy\/shop\/idle, which has none: its template is taken/m)
  t.equal(space.stdout, `${SHOP}options ndots:5\n`)
})

t.test('without an option the current context of the kubeconfig is taken, and said', async t => {
  const home = join(folder, 'home')
  const [taken, shown, none] = await Promise.all([
    run('resolvconf --from ns/shop', home),
    run('get svc -A --no-headers', home),
    run('get svc')
  ])
  t.equal(taken.stdout, `${SHOP}options ndots:5\n`)
  t.equal(taken.stderr.split('\n')[0], 'state: kubeconfig ~/.kube/config, context kind-lab')
  t.equal(shown.stderr, 'state: kubeconfig ~/.kube/config, context kind-lab\n')
  t.match(shown.stdout, /^shop +web +ClusterIP +10\.96\.7\.7 /m)
  t.equal(none.status, 1)
  t.equal(
    none.stderr,
    'error: there is no state to show: name it with --manifests PATH, --apps PATH, --kubeconfig FILE or -conf FILE\n'
  )
})

t.test('what is not there, or not allowed, is said in words', async t => {
  const unknown = await run(`resolvconf --kubeconfig ${config} --from pod/shop/web`)
  t.equal(unknown.status, 1)
  t.match(
    unknown.stderr,
    /^error: pod\/shop\/web: the state has no such Pod; did you mean deploy\/shop\/web/m
  )
  forbidden.add('/api/v1/namespaces/shop/pods/agent')
  const pod = await run(`resolvconf --kubeconfig ${config} --from pod/shop/agent`)
  t.equal(pod.status, 1)
  t.match(
    pod.stderr,
    /\(403\); add to our ClusterRole the rule apiGroups \[""\], resources \[pods\], verbs \[get\]/
  )
  forbidden.clear()
  forbidden.add('/api/v1/services')
  const since = Date.now()
  const services = await run(`get svc --kubeconfig ${config}`)
  t.equal(services.status, 1)
  t.match(
    services.stderr,
    /^error: services: .*\(403\); add to our ClusterRole the rule apiGroups \[""\], resources \[services\], verbs \[list, watch\]/
  )
  t.ok(Date.now() - since < 8000, 'waiting would not help')
  forbidden.clear()
  const bad = put('bad', kubeconfig(port, 'stolen'))
  t.match((await run(`names --kubeconfig ${bad}`)).stderr, /^error: .*does not know our credentials \(401\)/)
  // Nobody listens on port 1 of loopback.
  const away = await run(`explain web.shop --kubeconfig ${put('away', kubeconfig(1))}`)
  t.equal(away.status, 1)
  t.match(
    away.stderr,
    /^error: namespaces, services, endpointslices: cannot connect to the API server http:\/\/127\.0\.0\.1:1: connection refused; check that it runs, and the address and port \(from context kind-lab of .*\)\n$/
  )
  const context = await run(`get svc --kubeconfig ${config} --context other`)
  t.match(context.stderr, /context "other" does not exist\n.*has these contexts: kind-lab/)
})

t.test('get, names, explain and experiment: as from manifests of the same objects', async t => {
  const both = async (line: string): Promise<readonly [Ran, Ran]> =>
    Promise.all([run(`${line} --kubeconfig ${config}`), run(`${line} --manifests ${manifests}`)])
  asked.length = 0
  const [got, expected] = await both('get svc,ep,endpointslices,ns,pods -A')
  t.notOk(asked.includes('/apis/networking.k8s.io/v1/networkpolicies'), 'explain alone reads policies')
  t.match(got.stdout, /web +ClusterIP/)
  t.equal(got.stdout, expected.stdout)
  const [names, expectedNames] = await both('names -o json')
  type Rows = { name: string; type: string; from: { file?: string; line?: number } }[]
  // The serial of the SOA is the time.
  const rows = ({ stdout }: Ran) =>
    (JSON.parse(stdout) as Rows)
      .filter(({ type }) => type !== 'SOA')
      .map(row => ({
        ...row,
        from: { ...row.from, file: undefined, line: undefined }
      }))
  t.ok(rows(names).some(({ name }) => name === 'db-0.db.shop.svc.cluster.local.'))
  t.same(rows(names), rows(expectedNames))
  t.match(
    (await run(`names --kubeconfig ${config} --no-headers`)).stdout,
    /^web\.shop\.svc\.cluster\.local\. +A +10\.96\.7\.7 +\(API server\) Service shop\/web$/m
  )
  const [walk, expectedWalk] = await both('explain web --from ns/shop')
  t.equal(walk.status, 0, walk.stderr)
  const [first, ...rest] = walk.stdout.split('\n')
  t.equal(first, 'state: kubeconfig ~/config, context kind-lab, the embedded Corefile')
  t.same(rest, expectedWalk.stdout.split('\n').slice(1))
  const [run1, expectedRun] = await both('experiment --name web.shop --ndots 1,5 --csv -')
  t.equal(run1.status, 0, run1.stderr)
  t.equal(run1.stdout, expectedRun.stdout)
})

t.test('check reads standard input as -, too', async t => {
  const checked = await run('check -')
  t.equal(checked.status, 0, checked.stderr)
  t.match(checked.stdout, /whoami/)
})
