// `labdns get` and `labdns names` as programs: what they print, where, and how they end.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'

// As compiled: build/test/cli.
const program = fileURLToPath(new URL('../../src/cli/labdns.js', import.meta.url))
const root = fileURLToPath(new URL('../../../', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'labdns-get-'))
t.teardown(() => rmSync(folder, { recursive: true, force: true }))

function run(line: string, input = '') {
  const words = line.split(' ').filter(word => word !== '')
  const { stdout, stderr, status } = spawnSync(process.execPath, [program, ...words], {
    cwd: root,
    encoding: 'utf8',
    input
  })
  return { stdout, stderr, status }
}

const app = `apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db, namespace: shop, annotations: {labdns.dev/not-ready: "1"}}
spec:
  serviceName: db
  replicas: 2
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec:
      containers:
        - {name: db, image: x, ports: [{name: pg, containerPort: 5432}]}
---
apiVersion: v1
kind: Service
metadata: {name: db, namespace: shop}
spec: {clusterIP: None, selector: {app: db}, ports: [{name: pg, port: 5432, targetPort: pg}]}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {clusterIP: 10.96.7.7, ports: [{port: 80}]}
`

t.test('what the README shows is what is printed', t => {
  const readme = readFileSync(join(root, 'README.md'), 'utf8')
  let found = 0
  for (const [, block = ''] of readme.matchAll(/^```console\n([\s\S]*?)^```$/gm)) {
    for (const [, line = '', output = ''] of block.matchAll(
      /^\$ npx labdns ((?:get|names) .*)\n((?:(?!\$ ).*\n)*)/gm
    )) {
      found++
      t.equal(run(line).stdout, output, line)
    }
  }
  t.ok(found >= 2, 'there are examples')
  t.end()
})

t.test('an application, what is simulated for it, and the manifests that give the same names', t => {
  writeFileSync(join(folder, 'app.yaml'), app)
  const shown = run(`get svc,po -n shop -o wide --apps ${folder}/app.yaml`)
  t.match(shown.stdout, /^service\/db +ClusterIP +None +<none> +5432\/TCP +<unknown> +app=db$/m)
  t.match(shown.stdout, /^service\/web +ClusterIP +10\.96\.7\.7 +<none> +80\/TCP +<unknown> +<none>$/m)
  t.match(shown.stdout, /^pod\/db-0 +1\/1 +Running +0 +<unknown> +10\.244\.\d+\.\d+ +\S+ +<none> +<none>$/m)
  t.match(shown.stdout, /^pod\/db-1 +0\/1 /m)
  const everything = run(`get -A -o yaml --apps ${folder}/app.yaml`)
  t.equal(everything.status, 0)
  writeFileSync(join(folder, 'list.yaml'), everything.stdout)
  type Row = {
    name: string
    type: string
    data: string
    from: { file?: string; line?: number; kind: string }
  }
  const names = (option: string) => {
    const { stdout, status } = run(`names -o json ${option}`)
    t.equal(status, 0)
    return JSON.parse(stdout) as Row[]
  }
  const rowsOf = (rows: readonly Row[]) =>
    rows.filter(row => row.type !== 'SOA').map(({ name, type, data }) => ({ name, type, data }))
  const [before, after] = [names(`--apps ${folder}/app.yaml`), names(`--manifests ${folder}/list.yaml`)]
  t.strictSame(rowsOf(after), rowsOf(before))
  const originOf = (name: string) => {
    const from = before.find(row => row.name === name)?.from
    return from === undefined
      ? 'not listed'
      : `${from.file?.slice(folder.length + 1) ?? 'always'}:${from.line ?? ''} ${from.kind}`
  }
  t.equal(originOf('web.shop.svc.cluster.local.'), 'app.yaml:19 Service')
  t.equal(originOf('db-0.db.shop.svc.cluster.local.'), 'app.yaml:14 Service')
  t.equal(originOf('db-1.db.shop.svc.cluster.local.'), 'not listed', 'it is not ready')
  t.equal(originOf('kubernetes.default.svc.cluster.local.'), 'always: Service')
  t.end()
})

const bad = `apiVersion: v1
kind: Service
metadata: {name: a, namespace: b}
spec: {clusterIP: 10.96.300.1}
`

const endings: readonly (readonly [
  line: string,
  status: number,
  stdout: RegExp,
  stderr: RegExp,
  input?: string
])[] = [
  [
    'get svc nope web -n shop --apps config/apps',
    1,
    /^NAME +TYPE .*\nweb +ClusterIP .*\n$/,
    /^Error from server \(NotFound\): services "nope" not found\n$/
  ],
  [
    'get svc --manifests /does/not/exist',
    1,
    /^$/,
    /^manifests: cannot read \/does\/not\/exist: no such file or folder\n$/
  ],
  [
    'get svc,po --manifests -',
    0,
    /^$/,
    /^\[ERROR\] labdns: <stdin>:4:19: Service b\/a: spec\.clusterIP: "10\.96\.300\.1" is not an IP address .*\nNo resources found in default namespace\.\n$/,
    bad
  ],
  [
    'names --zone example.org --apps config/apps',
    1,
    /^$/,
    /^error: --zone example\.org: is not served; .*cluster\.local\., in-addr/
  ]
]

t.test('how it ends', t => {
  for (const [line, status, stdout, stderr, input] of endings) {
    const ended = run(line, input)
    t.equal(ended.status, status, line)
    t.match(ended.stdout, stdout, line)
    t.match(ended.stderr, stderr, line)
  }
  t.end()
})
