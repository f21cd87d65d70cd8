// What vectors.mjs starts in labdns's place to have the recorded questions answered from a real Kubernetes API: takes the
// objects of the runner's own small API server, loads them into the program given first, and starts labdns with its
// kubeconfig. Changes are carried over while it runs. Usage: behind-kube-api.mjs PROGRAM -conf COREFILE
import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

const [program, , conf] = process.argv.slice(2)
const work = mkdtempSync(path.join(os.tmpdir(), 'labdns-kube-api-'))
const corefile = readFileSync(conf, 'utf8')
const fake = /endpoint (http:\/\/127\.0\.0\.1:\d+)/.exec(corefile)?.[1]

/** The kinds that the program serves, and how objects of each are written. */
const KINDS = new Map([
  ['namespaces', { prefix: '/api/v1', isIn: false }],
  ['services', { prefix: '/api/v1', isIn: true }],
  ['pods', { prefix: '/api/v1', isIn: true }],
  ['endpointslices', { prefix: '/apis/discovery.k8s.io/v1', isIn: true }]
])

/** A child that ends when this process does, however that ends: the runner kills it. */
function bound(command, args, stdout) {
  const script =
    'exec 3<&0; "$@" < /dev/null & pid=$!; (cat <&3 > /dev/null; kill -9 $pid) & wait $pid; kill 0'
  return spawn('setsid', ['bash', '-c', script, 'bound', command, ...args], {
    stdio: ['pipe', stdout, 'inherit']
  })
}

async function objectsNow() {
  const objects = new Map()
  for (const [plural, { prefix }] of KINDS) {
    const { items } = await (await fetch(`${fake}${prefix}/${plural}`)).json()
    for (const { metadata, ...rest } of items) {
      const { uid, resourceVersion, creationTimestamp, ...own } = metadata
      void [uid, resourceVersion, creationTimestamp]
      objects.set(`${plural}/${own.namespace ?? ''}/${own.name}`, JSON.stringify({ ...rest, metadata: own }))
    }
  }
  return objects
}

let known = await objectsNow()
writeFileSync(
  path.join(work, 'objects.json'),
  JSON.stringify({ apiVersion: 'v1', kind: 'List', items: [...known.values()].map(text => JSON.parse(text)) })
)
const api = bound(
  program,
  [
    '--listen',
    '127.0.0.1:0',
    '--http',
    '127.0.0.1:0',
    '--data',
    `${work}/data`,
    '--load',
    `${work}/objects.json`
  ],
  'pipe'
)
let said = ''
const ready = await new Promise((resolve, reject) => {
  api.stdout.on('data', data => {
    said += data
    const line = /^ready .* http=.*(?=\n)/m.exec(said)?.[0]
    if (line !== undefined) resolve(line)
  })
  api.on('exit', () => reject(new Error(`the API server ended: ${said}`)))
})
const [, kubeconfig, http] = /kubeconfig=(\S+) .*http=(\S+)/.exec(ready)
// Somewhere else first, and where the runner looks once the state is there: its first question would come too early.
const real = corefile.replaceAll(`endpoint ${fake}`, `kubeconfig ${kubeconfig}`)
const file = `${conf}.real`
const readyFile = path.join(work, 'ready.json')
writeFileSync(file, real.replaceAll(/:\d+(?=\s*\{)/g, ':0'))
const entry = fileURLToPath(new URL('../../build/src/cli/labdns.js', import.meta.url))
const labdns = bound(
  process.execPath,
  [entry, 'serve', '-conf', file, '--ready-file', readyFile, '--quiet'],
  'inherit'
)
const end = () => {
  rmSync(work, { recursive: true, force: true })
  process.exit(1)
}
labdns.on('exit', end)
while (!existsSync(readyFile)) await sleep(20)
writeFileSync(file, real)
process.kill(JSON.parse(readFileSync(readyFile, 'utf8')).pid, 'SIGUSR1')

const token = readFileSync(`${work}/data/admin.token`, 'utf8').trim()
async function send(method, key, body) {
  const [plural, namespace, name] = key.split('/')
  const { prefix, isIn } = KINDS.get(plural)
  const folder = `${http}${prefix}${isIn ? `/namespaces/${namespace}` : ''}/${plural}`
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
  const reply = await fetch(method === 'POST' ? folder : `${folder}/${name}`, { method, headers, body })
  if (!reply.ok) throw new Error(`${method} ${key}: ${reply.status} ${await reply.text()}`)
}

// Ended by the runner.
for (let version; ; await sleep(100)) {
  const state = await (await fetch(`${fake}/admin/state`)).json()
  if (state.resourceVersion === version) continue
  version = state.resourceVersion
  const now = await objectsNow()
  for (const [key, text] of now) {
    if (known.get(key) !== text) await send(known.has(key) ? 'PUT' : 'POST', key, text)
  }
  for (const key of known.keys()) {
    if (!now.has(key))
      await send('DELETE', key, key.startsWith('pods/') ? '{"gracePeriodSeconds":0}' : undefined)
  }
  known = now
}
