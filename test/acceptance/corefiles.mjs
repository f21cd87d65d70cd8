// Every Corefile of real distributions loads and serves: nothing in it changed but where upstreams, mounted files and the
// cluster's state are. Each is asked the questions of the recorded kubeadm case that its zones cover; the answers are those
// of the case recorded for the file where there is one, else those of kubeadm's as far as the file has the same plugins.
// Usage: corefiles.mjs [FOLDER [VECTORS]]. Its last line is "N passed, N failed".
import dgram from 'node:dgram'
import { spawn } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync
} from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import dnsPacket from 'dns-packet'
import { start } from './serving.mjs'

const root = path.resolve(import.meta.dirname, '../..')
const folder = path.resolve(process.argv[2] ?? path.join(root, '../shared/corefiles'))
const vectors = path.resolve(process.argv[3] ?? path.join(folder, '../vectors/plugins/corefiles.json'))
const { objects, cases } = JSON.parse(readFileSync(vectors, 'utf8'))
const recorded = new Map(cases.map(one => [one.id, one]))
const kubeadm = recorded.get('kubeadm')

let passed = 0
let failed = 0
const check = (what, isRight, detail) => {
  if (isRight) passed++
  else {
    failed++
    console.log(`FAIL ${what}: ${detail}`)
  }
}

const work = mkdtempSync(path.join(os.tmpdir(), 'labdns-corefiles-'))
const manifests = path.join(work, 'cluster.json')
writeFileSync(manifests, JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }))

// The upstream of every file: it knows every name outside of the cluster, and cluster names as a kube-dns would.
const upstream = dgram.createSocket('udp4')
upstream.on('message', (message, peer) => {
  const query = dnsPacket.decode(message)
  const { name, type } = query.questions[0]
  const fields = {
    type: 'response',
    id: query.id,
    flags: (query.flags & 0x100) | 0x80,
    questions: query.questions
  }
  if (type === 'PTR') fields.answers = [{ type: 'PTR', name, ttl: 300, data: 'host.example.com' }]
  else if (/cluster\.local$/i.test(name) || type !== 'A') fields.flags |= 3
  else fields.answers = [{ type: 'A', name, ttl: 300, data: '192.0.2.80' }]
  upstream.send(dnsPacket.encode(fields), peer.port, peer.address)
})
await new Promise(resolve => upstream.bind(0, '127.0.0.1', resolve))
const upstreamAt = `127.0.0.1:${upstream.address().port}`

/** Where a file's options make an answer differ from the case it is compared with (kubernetes-records.md). */
const ENDPOINT_POD_NAMES = new Map([
  ['10-244-1-5.web.demo.svc.cluster.local A', { rcode: 'NXDOMAIN' }],
  [
    '5.1.244.10.in-addr.arpa PTR',
    { rcode: 'NOERROR', answer: ['5.1.244.10.in-addr.arpa. 5 IN PTR web-abc.web.demo.svc.cluster.local.'] }
  ]
])

/** The text with what a machine must bring replaced: upstreams, bound addresses, mounted files, addresses of HTTP. */
function fitted(text, place) {
  return text
    .replace(/^([ \t]*forward[ \t]+\S+)(?:[ \t]+[^\s{#]\S*)+/gm, (_, head) => `${head} ${upstreamAt}`)
    .replace(/^[ \t]*force_tcp[ \t]*\n/gm, '')
    .replace(/^([ \t]*(?:health|ready)) (?:\d+\.){3}\d+:(\d+)/gm, '$1 127.0.0.1:$2')
    .replace(/(\S*\/)(NodeHosts|etchosts|hosts\.internal|hosts)(?=\s)/g, (_, _at, name) =>
      path.join(place, name)
    )
    .replace(/\S+\/ca-bundle\.crt/g, path.join(root, 'test/fixtures/tls/cert.pem'))
}

const zonesOf = text =>
  [...text.matchAll(/^([^\s#{][^{\n]*)\{\s*$/gm)].flatMap(match =>
    match[1]
      .trim()
      .split(/[\s,]+/)
      .map(key =>
        key
          .replace(/^dns:\/\//, '')
          .replace(/:\d+$/, '')
          .replace(/\.$/, '')
      )
  )

const covers = (zones, name) =>
  zones.some(zone => zone === '' || name === zone || name.toLowerCase().endsWith(`.${zone}`))

async function query(port, name, type, rclass = 'IN') {
  const socket = dgram.createSocket('udp4')
  try {
    return await new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error('no reply')), 8000)
      socket.on('message', message => {
        clearTimeout(timer)
        resolve(dnsPacket.decode(message))
      })
      const questions = [{ type, name, class: rclass }]
      socket.send(dnsPacket.encode({ type: 'query', id: 1, flags: 256, questions }), port, '127.0.0.1')
    })
  } finally {
    socket.close()
  }
}

const rcodeOf = reply => reply.rcode
/** Owner, type and data of what stands in an answer section, as a set: `loadbalance` turns addresses round. */
const dataOf = record => {
  const { data } = record
  if (record.type === 'SRV') return `${data.priority} ${data.weight} ${data.port} ${data.target}.`
  if (record.type === 'SOA') return `${data.mname}.`
  if (Array.isArray(data)) return data.map(each => `"${each}"`).join(' ')
  return ['CNAME', 'PTR', 'NS'].includes(record.type) ? `${data}.` : String(data)
}
const seen = reply =>
  reply.answers.map(each => `${each.name}. ${each.type} ${dataOf(each)}`.toLowerCase()).sort()
const wanted = lines =>
  (lines ?? [])
    .map(line => line.split(' '))
    .map(([owner, , , type, ...data]) =>
      `${owner} ${type} ${type === 'SOA' ? data[0] : data.join(' ')}`.toLowerCase()
    )
    .sort()

/** Cluster questions of a case: what they are answered with rests on the objects alone. */
function clusterSteps(one) {
  return one.steps.flatMap(({ q, edns, tcp, opts }, at) => {
    if (q === undefined || edns !== undefined || tcp !== undefined || opts !== undefined) return []
    const [name, type, rclass] = q.split(' ')
    if (rclass !== undefined || !/(?:cluster\.local|in-addr\.arpa|ip6\.arpa)$/i.test(name)) return []
    const { reply } = one.recorded.steps[at]
    return typeof reply === 'object' ? [{ name, type, reply }] : []
  })
}

/** Starts the text; settles with the server, or with the reason it doesn't. */
async function serve(name, text) {
  const place = path.join(work, name)
  mkdirSync(place, { recursive: true })
  for (const file of ['NodeHosts', 'etchosts', 'hosts.internal', 'hosts']) {
    cpSync(path.join(folder, 'k3s.NodeHosts'), path.join(place, file))
  }
  writeFileSync(path.join(place, 'Corefile'), fitted(text, place))
  const conf = path.join(place, 'Corefile')
  const options = ['-conf', conf, '--manifests', manifests, '--listen', '127.0.0.1:0', '--http-base', '0']
  return start(process.execPath, [path.join(root, 'build/src/cli/labdns.js'), 'serve', ...options], {
    cwd: place
  })
}

async function serves(name, text, ask) {
  let server
  try {
    server = await serve(name, text)
  } catch (error) {
    check(`${name} loads and serves`, false, error.message)
    return
  }
  check(`${name} loads and serves`, true)
  try {
    await ask(server.port)
  } catch (error) {
    check(name, false, error.message)
  }
  // Once to end it, and once more: lameduck is a matter of other tests.
  process.kill(server.ready.pid, 'SIGINT')
  await server.stop('SIGKILL').catch(() => undefined)
}

const files = readdirSync(folder)
  .filter(file => file.endsWith('.Corefile'))
  .sort()
for (const file of files) {
  const name = file.replace(/\.Corefile$/, '')
  const text = readFileSync(path.join(folder, file), 'utf8')
  if (name === 'kubespray-options') {
    await refused(name, text)
    continue
  }
  const own = recorded.get(name)
  const zones = zonesOf(text)
  await serves(name, text, async port => {
    const hasCluster = /^\s*kubernetes\b/m.test(text)
    // Without `pods insecure` names of Pods' addresses don't exist; the case of the same add-on says so.
    const podsOff = hasCluster && !/pods insecure/.test(text)
    const reference =
      own?.steps?.length > 0 ? own : podsOff ? recorded.get('coredns-deployment-stubdomain') : kubeadm
    for (const step of clusterSteps(hasCluster ? reference : kubeadm)) {
      if (!covers(zones, step.name)) continue
      const reply = await query(port, step.name, step.type)
      const what = `${name}: ${step.name} ${step.type}`
      const { rcode, answer } =
        (/endpoint_pod_names/.test(text) && ENDPOINT_POD_NAMES.get(`${step.name} ${step.type}`)) || step.reply
      if (!hasCluster) {
        check(what, reply.id === 1 && reply.type === 'response', rcodeOf(reply))
        continue
      }
      check(`${what} (code)`, rcodeOf(reply) === rcode, `${rcodeOf(reply)}, expected ${rcode}`)
      const [got, expected] = [seen(reply), wanted(answer)]
      check(
        `${what} (answer)`,
        isDeepStrictEqual(got, expected),
        `${got.join(' | ')}, expected ${expected.join(' | ')}`
      )
    }
    if (covers(zones, 'www.example.com') && /^\s*forward\b/m.test(text)) {
      const reply = await query(port, 'www.example.com', 'A')
      check(`${name}: www.example.com`, reply.answers[0]?.data === '192.0.2.80', rcodeOf(reply))
    }
  })
}

/** A Corefile that CoreDNS refuses: exit status and first line are CoreDNS's. */
async function refused(name, text) {
  const { start: expected } = recorded.get(name).recorded
  const place = path.join(work, name)
  mkdirSync(place, { recursive: true })
  writeFileSync(path.join(place, 'Corefile'), text)
  const args = [
    'build/src/cli/labdns.js',
    'serve',
    '-conf',
    path.join(place, 'Corefile'),
    '--manifests',
    manifests
  ]
  const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'ignore', 'pipe'] })
  let output = ''
  child.stderr.on('data', data => (output += data))
  const timer = setTimeout(() => child.kill('SIGKILL'), 30_000)
  const status = await new Promise(resolve => child.on('close', code => resolve(code)))
  clearTimeout(timer)
  const said = output
    .split('\n')
    .filter(line => !line.startsWith('    | '))
    .join('\n')
    .trimEnd()
  check(`${name}: exit status`, status === expected.exit, `${status}, expected ${expected.exit}`)
  const ownError = expected.stderr.replaceAll('@DIR@', place)
  check(`${name}: message`, said === ownError, `${said}, expected ${ownError}`)
}

// Each file of the import folders by itself: servers beside the stock block, overrides within it.
const aks = readFileSync(path.join(folder, 'aks.Corefile'), 'utf8')
const custom = path.join(folder, 'custom')
for (const file of existsSync(custom) ? readdirSync(custom).sort() : []) {
  if (!/\.(?:server|override)$/.test(file)) continue
  const name = `custom-${file}`
  const text = readFileSync(path.join(custom, file), 'utf8')
  mkdirSync(path.join(work, name, 'custom'), { recursive: true })
  writeFileSync(path.join(work, name, 'custom', file), fitted(text, work))
  await serves(name, aks, async port => {
    const own = await query(port, 'kubernetes.default.svc.cluster.local', 'A')
    check(`${name}: the cluster is served beside it`, own.answers[0]?.data === '10.96.0.1', rcodeOf(own))
    for (const zone of file.endsWith('.server') ? zonesOf(text) : []) {
      const reply = await query(port, `a.${zone}`, 'A')
      check(`${name}: ${zone} is answered`, reply.type === 'response' && reply.id === 1, rcodeOf(reply))
    }
    if (file === 'aks-hosts.override') {
      const reply = await query(port, 'example1.org', 'A')
      check(`${name}: example1.org`, reply.answers[0]?.data === '10.0.0.1', rcodeOf(reply))
    }
    if (file === 'aks-stub-domains.server') {
      const reply = await query(port, 'a.my.cluster.local', 'A')
      check(`${name}: the longest zone answers`, rcodeOf(reply) === 'NXDOMAIN', rcodeOf(reply))
    }
  })
}

upstream.close()
rmSync(work, { recursive: true, force: true })
console.log(`${passed} passed, ${failed} failed`)
process.exit(failed > 0 ? 1 : 0)
