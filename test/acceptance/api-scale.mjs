// What a cluster of many objects costs when its state comes from an API server: memory at rest, while everything is read
// and read again; processor time and the longest block of the event loop; many changes under load; how long one change
// takes. The server is the bundled program; the API server is api-stand-in.mjs, on the other core where there are two.
// Usage: api-scale.mjs [--services N] [--pods N] [--sync N] [--small N] [--changes PER-SECOND] [--queries PER-SECOND]
//          [--seconds N] [--rest SECONDS] [--parts memory,sync,small,changes,latency]
// Sizes are of a part each; a part's last lines are its bounds. Last line: N passed, N failed.
import dgram from 'node:dgram'
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import dnsPacket from 'dns-packet'
import { kubeadmCorefile } from '../../build/bench/corefile.js'
import { buildLoad, startLoad } from '../../build/bench/load.js'
import { CORES, cpuNs } from '../../build/bench/machine.js'
import { QUERY_FILE } from '../../build/bench/queries.js'

const { values } = parseArgs({
  options: {
    services: { type: 'string', default: '100000' },
    pods: { type: 'string', default: '150000' },
    sync: { type: 'string', default: '10000' },
    small: { type: 'string', default: '1000' },
    changes: { type: 'string', default: '10000' },
    queries: { type: 'string', default: '5000' },
    seconds: { type: 'string', default: '15' },
    rest: { type: 'string', default: '10' },
    parts: { type: 'string', default: 'memory,sync,small,changes,latency' }
  }
})
const number = name => Number(values[name])

const STEADY_MB = 250
const READING_TIMES = 1.5
const SYNC_CPU_MS = 1500
const BLOCK_MS = 50
const SMALL_MB = 110
const P99_MS = 5
const LAG_MS = 2000
const FLAT_MB = 10
const CHANGE_MS = 10
const CHANGES_ASKED = 200
const SYNC_MAX_MS = 120_000

const root = path.resolve(import.meta.dirname, '../..')
const folder = mkdtempSync(path.join(os.tmpdir(), 'labdns-api-scale-'))
const children = new Set()
process.on('exit', () => {
  for (const child of children) child.kill('SIGKILL')
  rmSync(folder, { recursive: true, force: true })
})
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1))

let passed = 0
let failed = 0
function judge(what, value, limit, unit) {
  const isHeld = value <= limit
  if (isHeld) passed++
  else failed++
  console.log(
    `${isHeld ? 'ok  ' : 'FAIL'}  ${what}: ${value.toFixed(unit === 'ms' ? 1 : 0)} ${unit}, at most ${limit} ${unit}`
  )
}

/** The program and its words on a core of its own, where there is a choice. */
const onCore = (core, program, words) =>
  core === undefined ? [program, words] : ['taskset', ['-c', String(core), program, ...words]]

async function until(what, holds, withinMs) {
  const since = performance.now()
  for (;;) {
    const found = await holds()
    if (found) return performance.now() - since
    if (performance.now() - since > withinMs) throw new Error(`${what}: not within ${withinMs} ms`)
    await sleep(20)
  }
}

// --- the API server --------------------------------------------------------------------------------------------------

class Api {
  #child
  #waiting = []
  port = 0

  static async start(size) {
    const api = new Api()
    const [program, words] = onCore(CORES?.load, process.execPath, [
      path.join(import.meta.dirname, 'api-stand-in.mjs'),
      JSON.stringify(size)
    ])
    api.#child = spawn(program, words, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
    children.add(api.#child)
    // The load on the same core goes first: else its waiting would count as the server's.
    os.setPriority(api.#child.pid, 15)
    api.#child.on('message', message => {
      for (const [at, { key, resolve }] of api.#waiting.entries()) {
        if (!(key in message)) continue
        api.#waiting.splice(at, 1)
        resolve(message)
        return
      }
    })
    api.port = (await api.next('port')).port
    return api
  }

  next(key) {
    return new Promise(resolve => this.#waiting.push({ key, resolve }))
  }

  tell(message) {
    this.#child.send(message)
  }

  async state() {
    const told = this.next('state')
    this.tell({ state: true })
    return (await told).state
  }

  stop() {
    children.delete(this.#child)
    this.#child.kill('SIGTERM')
  }
}

// --- labdns ----------------------------------------------------------------------------------------------------------

/** Measures within the server how long its loop is blocked: of a gap, no more than the processor time used in it. */
const PROBE = `
let at = performance.now(), cpu = process.cpuUsage(), longest = 0
setInterval(() => {
  const now = performance.now(), used = process.cpuUsage(cpu)
  longest = Math.max(longest, Math.min(now - at - 1, (used.user + used.system) / 1000))
  at = now
  cpu = process.cpuUsage()
}, 1).unref()
process.on('message', () => {
  process.send({ longest })
  longest = 0
})
process.channel.unref()
`
const probeFile = path.join(folder, 'probe.cjs')
writeFileSync(probeFile, PROBE)

/** Says that no name exists, to whoever asks. */
async function startUpstream() {
  const socket = dgram.createSocket('udp4')
  socket.on('message', (query, { port, address }) => {
    query[2] |= 0x80
    query[3] = 0x83
    socket.send(query, port, address)
  })
  await new Promise(resolve => socket.bind(0, '127.0.0.1', resolve))
  return socket
}
const upstream = await startUpstream()

class Server {
  #child
  #output = ''
  port = 0

  /** Settles when it has asked for its lists. */
  static async start(api, { pods = 'insecure', isProbed = false }) {
    const server = new Server()
    const corefile = kubeadmCorefile({ upstreamPort: upstream.address().port })
    const file = path.join(folder, 'Corefile')
    const readyFile = path.join(folder, `ready-${process.hrtime.bigint()}.json`)
    writeFileSync(
      file,
      corefile.replace('pods insecure', `pods ${pods}\n       endpoint http://127.0.0.1:${api.port}`)
    )
    const [program, words] = onCore(CORES?.server, process.execPath, [
      ...(isProbed ? ['--require', probeFile] : []),
      path.join(root, 'build/src/cli/labdns.js'),
      ...['serve', '-conf', file, '--listen', '127.0.0.1:0', '--http-base', '0', '--ready-file', readyFile]
    ])
    server.#child = spawn(program, words, {
      stdio: ['ignore', 'pipe', 'pipe', ...(isProbed ? ['ipc'] : [])]
    })
    children.add(server.#child)
    for (const stream of [server.#child.stdout, server.#child.stderr])
      stream.on('data', data => (server.#output = (server.#output + data).slice(-20_000)))
    const resources = pods === 'verified' ? 4 : 3
    await until(
      'lists asked for',
      async () => {
        if (server.#child.exitCode !== null) throw new Error(server.#output)
        return (await api.state()).held >= resources
      },
      20_000
    )
    server.resources = resources
    server.readyFile = readyFile
    return server
  }

  /** Lets the API server answer; settles when all is read and served. */
  async sync(api) {
    api.tell({ release: true })
    const ms = await until('state read', async () => /\d+ services, /.test(this.#output), SYNC_MAX_MS).catch(
      error => {
        throw new Error(`${error.message}: ${this.#output}`)
      }
    )
    return ms
  }

  async ready(api) {
    await until('watches', async () => (await api.state()).opened >= this.resources, 20_000)
    await until('ready file', () => this.#isReady(), 20_000)
  }

  #isReady() {
    try {
      const { dns } = JSON.parse(readFileSync(this.readyFile, 'utf8'))
      this.port = dns.find(({ transport }) => transport === 'udp').port
      return true
    } catch {
      return false
    }
  }

  #status(field) {
    const status = readFileSync(`/proc/${this.#child.pid}/status`, 'utf8')
    return (Number(new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(status)[1]) * 1024) / 1e6
  }

  get residentMb() {
    return this.#status('VmRSS')
  }

  /** The highest since the start, or since `forgetPeak`. */
  get peakMb() {
    return this.#status('VmHWM')
  }

  forgetPeak() {
    writeFileSync(`/proc/${this.#child.pid}/clear_refs`, '5')
  }

  get cpuMs() {
    return cpuNs(this.#child.pid) / 1e6
  }

  /** The longest block since it was asked before. */
  longestMs() {
    return new Promise(resolve => {
      this.#child.once('message', ({ longest }) => resolve(longest))
      this.#child.send('longest')
    })
  }

  async stop() {
    const ended = new Promise(resolve => this.#child.once('exit', resolve))
    children.delete(this.#child)
    this.#child.kill('SIGTERM')
    const late = setTimeout(() => this.#child.kill('SIGKILL'), 10_000)
    await ended
    clearTimeout(late)
  }
}

async function withBoth(size, options, work) {
  const api = await Api.start({ ...size, isHeld: true })
  const server = await Server.start(api, options)
  try {
    await work(server, api)
  } finally {
    await server.stop()
    api.stop()
  }
}

// --- the parts -------------------------------------------------------------------------------------------------------

async function memory() {
  const size = { services: number('services'), namespaces: 100, pods: number('pods') }
  console.log(
    `memory: ${size.services} Services, as many EndpointSlices of 3 endpoints, ${size.pods} Pods verified`
  )
  await withBoth(size, { pods: 'verified' }, async (server, api) => {
    const cpuMs = server.cpuMs
    const tookMs = await server.sync(api)
    await server.ready(api)
    const firstMb = server.peakMb
    const { listOctets } = await api.state()
    console.log(
      `      read in ${(tookMs / 1000).toFixed(1)} s with ${((server.cpuMs - cpuMs) / 1000).toFixed(1)} s of CPU, ${(listOctets / 1e6).toFixed(0)} MB of JSON`
    )
    await sleep(1000 * number('rest'))
    const steadyMb = server.residentMb
    server.forgetPeak()
    api.tell({ relist: true })
    await until('read again', async () => (await api.state()).opened >= server.resources, SYNC_MAX_MS)
    const againMb = server.peakMb
    await sleep(1000 * number('rest'))
    const afterMb = server.residentMb
    judge('resident at rest', steadyMb, STEADY_MB, 'MB')
    judge('resident at rest after a relist', afterMb, STEADY_MB, 'MB')
    judge('highest during the first list', firstMb, Math.round(steadyMb * READING_TIMES), 'MB')
    judge('highest during a relist', againMb, Math.round(steadyMb * READING_TIMES), 'MB')
    console.log(
      `      to the memory at rest: first list ${(firstMb / steadyMb).toFixed(2)}, relist ${(againMb / steadyMb).toFixed(2)}`
    )
  })
}

async function sync() {
  const size = { services: number('sync'), namespaces: 20, pods: 0 }
  console.log(`sync: ${size.services} Services and as many EndpointSlices`)
  await withBoth(size, { isProbed: true }, async (server, api) => {
    await server.longestMs()
    const cpuMs = server.cpuMs
    const tookMs = await server.sync(api)
    const usedMs = server.cpuMs - cpuMs
    const longestMs = await server.longestMs()
    await server.ready(api)
    console.log(`      read in ${tookMs.toFixed(0)} ms; the start had used ${cpuMs.toFixed(0)} ms of CPU`)
    judge('CPU', usedMs, SYNC_CPU_MS, 'ms')
    judge('longest block of the event loop', longestMs, BLOCK_MS, 'ms')
  })
}

async function small() {
  const size = { services: number('small'), namespaces: 20, pods: 0 }
  console.log(`small: the kubeadm Corefile and ${size.services} Services`)
  await withBoth(size, {}, async (server, api) => {
    await server.sync(api)
    await server.ready(api)
    await sleep(2000)
    console.log(`      at rest ${server.residentMb.toFixed(0)} MB`)
    if (hasLoad) await load(server.port, 5)
    judge(`highest of the whole process${hasLoad ? ', with a load' : ''}`, server.peakMb, SMALL_MB, 'MB')
  })
}

async function load(port, seconds) {
  const asking = startLoad({ port, file: QUERY_FILE, seconds, rate: number('queries') })
  try {
    return JSON.parse(await asking.line((seconds + 10) * 1000))
  } finally {
    await asking.stop()
  }
}

/** Asks for the canary's address all the time, and remembers when each was answered first. */
class Watcher {
  #socket = dgram.createSocket('udp4')
  #timer
  seen = new Map()

  constructor(port, everyMs) {
    const questions = [{ type: 'A', name: 'canary.default.svc.cluster.local' }]
    const query = dnsPacket.encode({ type: 'query', id: 7, questions })
    this.#socket.on('message', reply => {
      const at = Number(process.hrtime.bigint()) / 1e6
      const [address] = reply.subarray(-4).length === 4 ? [reply.subarray(-4).join('.')] : []
      if (!this.seen.has(address)) this.seen.set(address, at)
    })
    this.#socket.on('error', () => undefined)
    this.#timer = setInterval(() => this.#socket.send(query, port, '127.0.0.1'), everyMs)
  }

  stop() {
    clearInterval(this.#timer)
    this.#socket.close()
  }
}

const quantile = (values, share) =>
  [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))]

/** Moves the canary so many times; settles with how long each took to be answered, in milliseconds. */
async function moves(api, watcher, count, everyMs) {
  const sent = new Map()
  for (let turn = 1; turn <= count; turn++) {
    const address = `10.1.${turn >> 8}.${turn & 255}`
    const told = api.next('canary')
    api.tell({ canary: address })
    sent.set(address, (await told).at)
    await sleep(everyMs)
  }
  await until('the last move', () => watcher.seen.has([...sent.keys()].at(-1)), 30_000)
  // An address that was never answered was overtaken by the next one, and so was its lag.
  const addresses = [...sent.keys()]
  return addresses.map((address, at) => {
    const next = addresses.slice(at).find(one => watcher.seen.has(one))
    return watcher.seen.get(next) - sent.get(address)
  })
}

async function changes() {
  const size = { services: 10_000, namespaces: 20, pods: 0 }
  const seconds = number('seconds')
  console.log(
    `changes: ${number('changes')} a second for ${seconds} s at ${number('queries')} queries a second`
  )
  await withBoth(size, {}, async (server, api) => {
    await server.sync(api)
    await server.ready(api)
    await load(server.port, 2)
    const watcher = new Watcher(server.port, 5)
    const cpuMs = server.cpuMs
    const resident = []
    const sampling = setInterval(() => resident.push(server.residentMb), 250)
    const changed = api.next('changed')
    api.tell({ change: [number('changes'), seconds] })
    const asking = load(server.port, seconds)
    const lags = await moves(api, watcher, seconds * 5, 200)
    const made = (await changed).changed
    const result = await asking
    clearInterval(sampling)
    watcher.stop()
    const part = (from, to) =>
      quantile(resident.slice(resident.length * from, Math.max(1, resident.length * to)), 0.5)
    console.log(
      `      ${made} changes made, ${((server.cpuMs - cpuMs) / seconds / 10).toFixed(0)}% of a core, p50 ${result.p50} µs, p99 ${result.p99} µs, longest ${result.max} µs, ${result.lost} of ${result.sent} lost; lag median ${quantile(lags, 0.5).toFixed(1)} ms; ${part(0, 0.25).toFixed(0)} MB at first, ${part(0.75, 1).toFixed(0)} MB at last`
    )
    judge('changes not made', number('changes') * seconds - made, 0, '')
    judge('p99 of the answers', result.p99 / 1000, P99_MS, 'ms')
    judge('answers lost or wrong', result.lost + result.bad, 0, '')
    judge('longest lag', Math.max(...lags), LAG_MS, 'ms')
    judge('growth from the second quarter to the last', part(0.75, 1) - part(0.25, 0.5), FLAT_MB, 'MB')
  })
}

async function latency() {
  const size = { services: 10_000, namespaces: 20, pods: 0 }
  console.log(`latency: ${CHANGES_ASKED} changes, one every 50 ms, the name asked for every millisecond`)
  await withBoth(size, {}, async (server, api) => {
    await server.sync(api)
    await server.ready(api)
    const watcher = new Watcher(server.port, 1)
    await sleep(500)
    const lags = await moves(api, watcher, CHANGES_ASKED, 50)
    watcher.stop()
    console.log(
      `      median ${quantile(lags, 0.5).toFixed(1)} ms, longest ${Math.max(...lags).toFixed(1)} ms`
    )
    judge('99 of 100, from the event to the answer', quantile(lags, 0.99), CHANGE_MS, 'ms')
  })
}

const PARTS = { memory, sync, small, changes, latency }
const problem = await buildLoad()
const hasLoad = problem === undefined
try {
  for (const part of values.parts.split(',')) {
    if (part === 'changes' && !hasLoad) console.log(`changes: ${problem}`)
    else await PARTS[part]()
  }
} finally {
  upstream.close()
}
console.log(`${passed} passed, ${failed} failed`)
process.exit(failed > 0 ? 1 : 0)
