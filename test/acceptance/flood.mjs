// A flood of different names through cache and forward, and inside the cluster: what is kept stays within its bounds, and so
// does the process's memory. Usage: flood.mjs [NAMES] [QUERIES-PER-SECOND]; FLOOD_SERIES=1 prints the memory twice a second.
// Last line: N passed, N failed.
import { spawn } from 'node:child_process'
import dgram from 'node:dgram'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { Worker } from 'node:worker_threads'

const names = Number(process.argv[2] ?? 1_000_000)
const perSecond = Number(process.argv[3] ?? 20_000)
const MIB = 1024 * 1024
const ENTRIES_MAX = 9984
const work = mkdtempSync(path.join(os.tmpdir(), 'labdns-flood-'))
let passed = 0
let failed = 0
const check = (what, isSo) => {
  console.log(`${isSo ? 'ok' : 'NOT OK'} ${what}`)
  if (isSo) passed++
  else failed++
}

/** Answers every question: over UDP with one address, over TCP with 64 KB of text. A thread of its own, as this one asks. */
function answerAll() {
  const dgram = require('node:dgram')
  const net = require('node:net')
  const { parentPort } = require('node:worker_threads')
  const TEXTS = 240
  const text = Buffer.concat([Buffer.from('c00c001000010000012c0100ff', 'hex'), Buffer.alloc(255, 'x')])
  const texts = Buffer.concat(Array(TEXTS).fill(text))
  const address = Buffer.from('c00c000100010000012c00040a000001', 'hex')
  const replyTo = (query, count, records) => {
    let end = 12
    while (query[end] !== 0) end += query[end] + 1
    const reply = Buffer.concat([query.subarray(0, end + 5), records])
    reply.writeUInt16BE(0x8180, 2)
    reply.writeUInt16BE(count, 6)
    reply.writeUInt32BE(0, 8)
    return reply
  }
  const upstream = dgram.createSocket({
    type: 'udp4',
    recvBufferSize: 4 << 20,
    lookup: (host, _, done) => done(null, host, 4)
  })
  upstream.on('message', (query, from) => upstream.send(replyTo(query, 1, address), from.port, from.address))
  const server = net.createServer(socket => {
    let rest = Buffer.alloc(0)
    socket.on('error', () => undefined)
    socket.on('data', chunk => {
      rest = Buffer.concat([rest, chunk])
      while (rest.length >= 2 && rest.length >= 2 + rest.readUInt16BE(0)) {
        const length = rest.readUInt16BE(0)
        const reply = replyTo(rest.subarray(2, 2 + length), TEXTS, texts)
        rest = rest.subarray(2 + length)
        socket.write(Buffer.concat([Buffer.from([reply.length >> 8, reply.length]), reply]))
      }
    })
  })
  server.listen(0, '127.0.0.1', () => {
    const { port } = server.address()
    upstream.bind(port, '127.0.0.1', () => parentPort.postMessage(port))
  })
}
const upstream = new Worker(`(${answerAll.toString()})()`, { eval: true })
const [upstreamPort] = await once(upstream, 'message')

writeFileSync(path.join(work, 'cluster.yaml'), 'apiVersion: v1\nkind: Namespace\nmetadata:\n  name: shop\n')
writeFileSync(
  path.join(work, 'Corefile'),
  `.:53 {
  kubernetes cluster.local
  prometheus
  cache 30
  forward . 127.0.0.1:${upstreamPort}
}
`
)
const readyFile = path.join(work, 'ready.json')
const server = spawn(
  process.execPath,
  [
    'build/src/cli/labdns.js',
    'serve',
    '-quiet',
    '-conf',
    path.join(work, 'Corefile'),
    '--manifests',
    path.join(work, 'cluster.yaml'),
    '--listen',
    '127.0.0.1:0',
    '--http-base',
    '0',
    '--ready-file',
    readyFile
  ],
  { stdio: ['ignore', 'inherit', 'inherit'] }
)
let ready
for (let i = 0; i < 200 && ready === undefined; i++) {
  await new Promise(resolve => setTimeout(resolve, 50))
  try {
    ready = JSON.parse(readFileSync(readyFile, 'utf8'))
  } catch {
    // not yet
  }
}
if (ready === undefined) throw new Error('the server did not start')
const port = ready.dns[0].port
const resident = () =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${server.pid}/status`, 'utf8'))[1]) * 1024
const metrics = async () => {
  const { address, port } = ready.http.metrics
  const text = await (await fetch(`http://${address}:${port}/metrics`)).text()
  const sum = name =>
    [...text.matchAll(new RegExp(`^${name}(?:\\{.*\\})? (\\S+)$`, 'gm'))].reduce(
      (all, [, value]) => all + Number(value),
      0
    )
  return {
    entries: sum('coredns_cache_entries'),
    octets: sum('labdns_cache_octets'),
    octetsMax: sum('labdns_cache_octets_max'),
    evictions: sum('coredns_cache_evictions_total')
  }
}

/** Questions under way at once: fewer than the server lets one client have at its upstreams. */
const OPEN_MAX = 1500
/** After so long without any answer, what is open is lost. */
const LOST_AFTER_MS = 2000

/**
 * Asks `count` different names; settles with the highest of what was seen meanwhile. Reading metrics leaves garbage behind,
 * a hundred kilobytes each time.
 */
async function flood(count, suffix, salt, readsMetrics) {
  const socket = dgram.createSocket({
    type: 'udp4',
    recvBufferSize: 4 * MIB,
    lookup: (host, _, done) => done(null, host, 4)
  })
  let answered = 0
  let failed = 0
  let answeredAt = performance.now()
  socket.on('message', reply => {
    answered++
    const rcode = reply[3] & 15
    // NXDOMAIN is the right answer inside the cluster.
    if (rcode !== 0 && rcode !== 3) failed++
  })
  // Nothing is looked up, so it listens at once.
  const listening = once(socket, 'listening')
  socket.bind(0, '127.0.0.1')
  await listening
  const tail = Buffer.concat([
    ...suffix.split('.').map(label => Buffer.concat([Buffer.from([label.length]), Buffer.from(label)])),
    Buffer.from([0, 0, 1, 0, 1])
  ])
  const from = performance.now()
  const highest = { entries: 0, octets: 0, resident: 0 }
  let sent = 0
  let lost = 0
  let seen = 0
  let sampledAt = from
  while (sent < count) {
    const now = performance.now()
    if (answered > seen) {
      seen = answered
      answeredAt = now
    } else if (now - answeredAt > LOST_AFTER_MS) {
      lost = sent - answered
      answeredAt = now
    }
    const due = Math.min(count, ((now - from) / 1000) * perSecond)
    for (; sent < due && sent - answered - lost < OPEN_MAX; sent++) {
      const label = Buffer.from(`${salt}${String(sent).padStart(8, '0')}`)
      const head = Buffer.from([sent >> 8, sent, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, label.length])
      socket.send(Buffer.concat([head, label, tail]), port, '127.0.0.1')
    }
    await new Promise(resolve => setTimeout(resolve, 1))
    if (now - sampledAt < 500) continue
    sampledAt = now
    if (readsMetrics) {
      const shown = await metrics()
      highest.entries = Math.max(highest.entries, shown.entries)
      highest.octets = Math.max(highest.octets, shown.octets)
    }
    highest.resident = Math.max(highest.resident, resident())
    if (process.env.FLOOD_SERIES) console.log(`  ${suffix} ${sent}: ${mib(resident())} MiB`)
  }
  const seconds = (performance.now() - from) / 1000
  for (let i = 0; i < 100 && answered < sent; i++) await new Promise(resolve => setTimeout(resolve, 20))
  socket.close()
  return { ...highest, answered: answered - failed, failed, rate: Math.round(count / seconds) }
}

/** Questions that one connection has under way. */
const PIPELINED = 16

/** Asks `count` different names with answers of 64 KB over one connection; the octets and memory at the most. */
async function floodLarge(count) {
  const socket = net.connect(port, '127.0.0.1')
  await once(socket, 'connect')
  const highest = { octets: 0, resident: 0, answered: 0 }
  let sent = 0
  const ask = () => {
    const label = Buffer.from(`l${String(sent).padStart(8, '0')}`)
    const head = Buffer.from([sent >> 8, sent++, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, label.length])
    const query = Buffer.concat([head, label, Buffer.from('\x05large\x00\x00\x10\x00\x01', 'latin1')])
    socket.write(Buffer.concat([Buffer.from([0, query.length]), query]))
  }
  const done = new Promise((resolve, reject) => {
    socket.once('error', reject)
    socket.once('close', resolve)
    // What is left of the reply that is coming in; its length comes in two octets.
    let left = 0
    let lengthSoFar = -1
    socket.on('data', chunk => {
      for (let at = 0; at < chunk.length;) {
        if (left === 0) {
          const octet = chunk[at++]
          if (lengthSoFar < 0) lengthSoFar = octet
          else {
            left = (lengthSoFar << 8) | octet
            if (left > 60_000) highest.answered++
            lengthSoFar = -1
          }
          continue
        }
        const taken = Math.min(left, chunk.length - at)
        at += taken
        left -= taken
        if (left > 0) continue
        if (sent < count) ask()
        else if (highest.answered >= count) resolve()
      }
    })
  })
  const sample = setInterval(async () => {
    highest.resident = Math.max(highest.resident, resident())
    highest.octets = Math.max(highest.octets, (await metrics()).octets)
  }, 250)
  for (let i = 0; i < Math.min(PIPELINED, count); i++) ask()
  const late = setTimeout(() => socket.destroy(), 120_000)
  await done
  clearTimeout(late)
  clearInterval(sample)
  socket.destroy()
  return highest
}

const mib = octets => (octets / MIB).toFixed(1)
try {
  // What the process takes to forward and to answer at this rate is there before the bounds are looked at.
  await flood(Math.min(200_000, names), 'shop.svc.cluster.local', 'w', false)
  const idle = resident()
  const inside = await flood(Math.min(names, 400_000), 'shop.svc.cluster.local', 'c', false)
  const cost = resident() - idle
  const afterInside = await metrics()
  check(
    `${inside.answered} cluster names at ${inside.rate}/s: ${mib(cost)} MiB of growth, 2 at most (${mib(inside.resident - idle)} meanwhile)`,
    cost <= 2 * MIB
  )
  check(`${afterInside.entries} of them are kept`, afterInside.entries === 0)
  await flood(Math.min(100_000, names), 'example.net', 'w', true)
  const before = resident() - (await metrics()).octets
  const outside = await flood(names, 'example.org', 'o', true)
  const { octetsMax, evictions } = await metrics()
  check(
    `${outside.answered} forwarded names at ${outside.rate}/s: ${outside.entries} entries, ${ENTRIES_MAX} at most`,
    outside.entries <= ENTRIES_MAX && evictions > 0
  )
  check(`${mib(outside.octets)} MiB, ${mib(octetsMax)} at most`, outside.octets <= octetsMax)
  const growth = outside.resident - before
  check(
    `the process grew by ${mib(growth)} MiB; the cache may take ${mib(octetsMax)} and everything else 30`,
    growth <= octetsMax + 30 * MIB
  )
  check(
    `${((outside.answered / names) * 100).toFixed(2)}% of them were answered`,
    outside.answered > names * 0.99
  )
  const count = Math.min(20_000, names)
  const large = await floodLarge(count)
  check(`${large.answered} of ${count} answers of 64 KB came`, large.answered === count)
  check(
    `${mib(large.octets)} MiB of them are kept at the most, ${mib(octetsMax)} may be`,
    large.octets <= octetsMax && large.octets > octetsMax * 0.9
  )
  const largeGrowth = large.resident - before
  check(
    `the process has grown by ${mib(largeGrowth)} MiB meanwhile; the cache may take ${mib(octetsMax)} and everything else 30`,
    largeGrowth <= octetsMax + 30 * MIB
  )
} finally {
  server.kill('SIGTERM')
  await upstream.terminate()
  rmSync(work, { recursive: true, force: true })
}
console.log(`${passed} passed, ${failed} failed`)
process.exit(failed > 0 ? 1 : 0)
