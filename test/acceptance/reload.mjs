// Sixty reloads, ten of each kind, under 20,000 UDP questions and 200 TCP connections a second: no answer may be lost or
// wrong. Then SIGTERM under the same load: what is asked before it and during the lameduck time is answered.
// Usage: reload.mjs [RATE]. Needs gcc (bench/load.c). Ends with `N passed, N failed`.
import { execFileSync, spawn } from 'node:child_process'
import dgram from 'node:dgram'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import net from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'

const rate = Number(process.argv[2] ?? 20_000)
const LAMEDUCK_MS = 2000
const SERVICES = 200
const folder = mkdtempSync(path.join(tmpdir(), 'labdns-reload-'))
const file = name => path.join(folder, name)
const sleep = ms => new Promise(resolve => setTimeout(resolve, ms))
let passed = 0
let failed = 0
const check = (holds, what) => {
  if (holds) passed++
  else failed++
  console.log(`${holds ? 'ok  ' : 'FAIL'}  ${what}`)
}

// The cluster, and the questions about it.
const name = n => `svc-${n}.lab.svc.cluster.local`
const items = [{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'lab' } }]
for (let n = 0; n < SERVICES; n++) {
  items.push({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: `svc-${n}`, namespace: 'lab' },
    spec: { clusterIP: `10.96.1.${n}`, ports: [{ port: 80 }] }
  })
}
writeFileSync(file('cluster.json'), JSON.stringify({ apiVersion: 'v1', kind: 'List', items }))
writeFileSync(file('queries.txt'), Array.from({ length: SERVICES }, (_, n) => `${name(n)} A\n`).join(''))
execFileSync('gcc', ['-O2', '-o', file('load'), 'bench/load.c'])

// A port that is free for us, and one that is not.
const freePort = async () => {
  const server = net.createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address()
  server.close()
  await once(server, 'close')
  return port
}
const port = await freePort()
const http = [await freePort(), await freePort()]
const holder = net.createServer().listen(0, '127.0.0.1')
await once(holder, 'listening')

const corefile = (ttl, more = '') => `.:${port} {
    bind 127.0.0.1
    errors
    health 127.0.0.1:${http[0]} {
        lameduck ${LAMEDUCK_MS}ms
    }
    ready 127.0.0.1:${http[1]}
    kubernetes cluster.local {
        ttl ${ttl}
    }
${more}    loadbalance
}
`
let ttl = 5
const nextTtl = () => (ttl = ttl === 5 ? 30 : 5)
const kinds = {
  valid: () => corefile(nextTtl(), '    whoami\n'),
  same: text => text,
  broken: () => corefile(ttl).replace('}\n', '').trimEnd().slice(0, -1),
  'missing import': () => corefile(ttl, '    import nowhere.conf\n'),
  'port taken': () => `${corefile(ttl)}.:${holder.address().port} {\n    bind 127.0.0.1\n    whoami\n}\n`,
  'plugin removed': () => corefile(nextTtl()).replace('    loadbalance\n', '').replace('    errors\n', '')
}
const good = new Set(['valid', 'same', 'plugin removed'])

let inService = corefile(ttl)
writeFileSync(file('Corefile'), inService)
const server = spawn(
  process.execPath,
  [
    'build/src/cli/labdns.js',
    'serve',
    '-conf',
    file('Corefile'),
    '--manifests',
    file('cluster.json'),
    '--ready-file',
    file('ready')
  ],
  { stdio: ['ignore', 'pipe', 'inherit'] }
)
let log = ''
server.stdout.on('data', chunk => (log += chunk))
const exited = once(server, 'exit')
for (let n = 0; n < 200 && !tryRead('ready'); n++) await sleep(50)

function tryRead(which) {
  try {
    return readFileSync(file(which), 'utf8')
  } catch {
    return ''
  }
}

// The load.
const load = spawn(file('load'), [
  '-p',
  String(port),
  '-f',
  file('queries.txt'),
  '-d',
  '60',
  '-r',
  String(rate),
  '-s',
  '16'
])
let loadSaid = ''
load.stdout.on('data', chunk => (loadSaid += chunk))
const loaded = once(load, 'exit')

const question = (n, id) => {
  const labels = name(n)
    .split('.')
    .map(label => Buffer.concat([Buffer.of(label.length), Buffer.from(label)]))
  return Buffer.concat([
    Buffer.from([id >> 8, id & 255, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0]),
    ...labels,
    Buffer.from([0, 0, 1, 0, 1])
  ])
}
/** Whether a message answers question `n` with the Service's address. */
const answers = (message, n) =>
  message.readUInt16BE(6) === 1 && message.subarray(-4).equals(Buffer.of(10, 96, 1, n))
const tcp = { asked: 0, answered: 0, wrong: 0 }
let asking = true
function askTcp() {
  const n = tcp.asked++ % SERVICES
  const wire = question(n, n)
  const socket = net.connect(port, '127.0.0.1', () =>
    socket.write(Buffer.concat([Buffer.of(0, wire.length), wire]))
  )
  socket.setTimeout(3000, () => socket.destroy())
  socket.on('error', () => undefined)
  socket.once('data', chunk => {
    tcp.answered++
    if (!answers(chunk.subarray(2), n)) tcp.wrong++
    socket.destroy()
  })
}
const tcpTimer = setInterval(() => asking && askTcp(), 5)

// The reloads.
const outcomes = []
for (let round = 0; round < 10; round++) {
  for (const [kind, make] of Object.entries(kinds)) {
    const text = make(inService)
    writeFileSync(file('Corefile'), text)
    log = ''
    server.kill('SIGUSR1')
    const wanted = good.has(kind) ? 'Reloading complete' : 'Restart failed'
    for (let n = 0; n < 300 && !log.includes(wanted) && server.exitCode === null; n++) await sleep(10)
    outcomes.push([kind, log.includes(wanted)])
    if (good.has(kind)) inService = text
    await sleep(300)
  }
}
for (const kind of Object.keys(kinds)) {
  const each = outcomes.filter(([which]) => which === kind)
  const right = each.filter(([, holds]) => holds).length
  check(
    right === 10,
    `${kind}: ${right} of 10 ended as they should (${good.has(kind) ? 'taken' : 'refused'})`
  )
}
await loaded
asking = false
clearInterval(tcpTimer)
await sleep(500)
const udp = JSON.parse(loadSaid)
check(udp.sent > rate * 30, `${udp.sent} UDP questions in ${udp.seconds} s`)
check(
  udp.bad === 0 && udp.empty === 0 && Object.keys(udp.rcodes).join() === 'NOERROR',
  `${udp.bad + udp.empty} UDP answers wrong; ${JSON.stringify(udp.rcodes)}`
)
check(tcp.answered === tcp.asked, `${tcp.asked - tcp.answered} of ${tcp.asked} TCP answers lost`)
check(tcp.wrong === 0, `${tcp.wrong} TCP answers wrong`)
const drops = readFileSync('/proc/net/udp', 'utf8')
  .split('\n')
  .map(line => line.trim().split(/\s+/))
  .filter(words => parseInt(words[1]?.split(':')[1] ?? '', 16) === port)
  .map(words => words.at(-1))
const dropped = drops.reduce((sum, count) => sum + Number(count), 0)
check(
  udp.lost <= dropped,
  `${udp.lost} UDP answers lost, ${dropped} of them questions that the kernel had no room for and the server never saw`
)

// The end: asked before the signal, and during the lameduck time but for its last moments.
const sockets = Array.from({ length: 8 }, () => dgram.createSocket('udp4'))
const open = new Map()
for (const [index, socket] of sockets.entries()) {
  socket.on('message', message => open.delete((index << 16) | message.readUInt16BE(0)))
}
let sent = 0
let last = Date.now()
const udpTimer = setInterval(() => {
  const now = Date.now()
  const due = Math.min(400, Math.round(((now - last) * rate) / 1000))
  last = now
  for (let n = 0; n < due; n++, sent++) {
    const index = sent % 8
    const id = (sent >> 3) & 0xffff
    open.set((index << 16) | id, now)
    sockets[index].send(question(sent % SERVICES, id), port, '127.0.0.1')
  }
}, 2)
await sleep(1000)
const signalled = Date.now()
server.kill('SIGTERM')
await sleep(LAMEDUCK_MS / 2)
const refused = await fetch(`http://127.0.0.1:${http[1]}/ready`).then(
  () => '',
  error => String(error.cause?.code)
)
check(refused === 'ECONNREFUSED', `/ready during the lameduck time: ${refused || 'answers'}`)
const [code] = await Promise.race([exited, sleep(10_000).then(() => ['still running'])])
const took = Date.now() - signalled
clearInterval(udpTimer)
await sleep(200)
const unanswered = [...open.values()].filter(at => at < signalled + LAMEDUCK_MS - 10)
check(
  unanswered.length === 0,
  `${unanswered.length} of ${sent} UDP questions before and during lameduck were not answered`
)
check(code === 0, `exit code ${code}, ${took} ms after the signal`)
for (const socket of sockets) socket.close()
holder.close()
if (server.exitCode === null) server.kill('SIGKILL')
rmSync(folder, { recursive: true })
console.log(`${passed} passed, ${failed} failed`)
process.exit(failed > 0 ? 1 : 0)
