// Holds hostile connections open against DNS over TLS and over HTTPS while good clients go on asking, and judges what comes
// of it by the rules of hold.mjs: good clients lose nothing, memory grows by 64 MB at most, the server lets go in the end.
// Usage: tls-hold.mjs tls|https MODE CONNECTIONS SECONDS
//   silent: connect and say nothing            hello: send the beginning of a handshake, an octet a second
//   idle: a handshake, then nothing            partial: a handshake and the beginning of a question
//   drip: a handshake, then an octet a second  noread: ask for much and read nothing
//   reset (https): ask and take back, without end
// Prints one line of JSON with what was measured (of good clients' queries that were lost, how far they had come), then the
// rules that were broken.
import dgram from 'node:dgram'
import { readFileSync, readdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import http2 from 'node:http2'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import tls from 'node:tls'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { start } from './serving.mjs'

const root = path.resolve(import.meta.dirname, '../..')
const fixture = name => path.join(root, 'test/fixtures', name)

/** A question in class IN. */
function question(name, type = 1) {
  const labels = name.split('.').map(label => Buffer.concat([Buffer.of(label.length), Buffer.from(label)]))
  const head = Buffer.from([0, 7, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0])
  return Buffer.concat([head, ...labels, Buffer.from([0, 0, type, 0, 1])])
}
const framed = message => Buffer.concat([Buffer.of(message.length >> 8, message.length & 255), message])
const good = question('svc-1.default.svc.cluster.local')
const big = question('headless.default.svc.cluster.local')

async function main() {
  const [scheme, mode, connections, seconds] = process.argv.slice(2)
  const count = Number(connections)
  const folder = mkdtempSync(path.join(os.tmpdir(), 'labdns-tls-hold-'))
  const corefile = path.join(folder, 'Corefile')
  writeFileSync(
    corefile,
    `.:1053 tls://.:0 https://.:0 {
    bind 127.0.0.1
    tls ${fixture('tls/cert.pem')} ${fixture('tls/key.pem')}
    errors
    kubernetes cluster.local in-addr.arpa {
        pods insecure
    }
}
`
  )
  const words = ['serve', '-conf', corefile, '--manifests', fixture('probe/cluster.json')]
  const server = await start(process.execPath, [
    path.join(root, 'build/src/cli/labdns.js'),
    ...words,
    '--listen',
    '127.0.0.1:0',
    '--http-base',
    '0'
  ])
  const { pid, dns } = server.ready
  const ports = Object.fromEntries(dns.map(each => [each.transport, each.port]))
  const ask = askedOf(ports)
  // What one connection holds is told from what a process needs that has done all this a few times.
  for (let i = 0; i < 200; i++) await Promise.all(Object.values(ask).map(one => one()))
  const before = rssOf(pid)
  const socketsBefore = socketsOn(pid, ports[scheme])
  const worker = new Worker(new URL(import.meta.url), { workerData: ports })
  const hostile = new Hostile(scheme, mode, ports[scheme])
  let rssMax = 0
  const endAt = Date.now() + Number(seconds) * 1000
  await hostile.hold(count)
  const told = { accepted: 0 }
  while (Date.now() < endAt) {
    rssMax = Math.max(rssMax, rssOf(pid))
    await sleep(100)
  }
  told.accepted = hostile.accepted
  const socketsAtEnd = socketsOn(pid, ports[scheme])
  hostile.end()
  await sleep(500)
  worker.postMessage('stop')
  const found = await new Promise(resolve => void worker.once('message', resolve))
  rssMax = Math.max(rssMax, rssOf(pid))
  await server.stop()
  rmSync(folder, { recursive: true })
  const growth = Number((rssMax - before).toFixed(1))
  const text = { scheme, mode, count, ...told, secured: hostile.secured, found, growth, socketsAtEnd }
  console.log(JSON.stringify(text))
  const rules = [['growth in MB', growth, 64]]
  for (const [kind, { ok, failed }] of Object.entries(found)) {
    // As in hold.mjs: of those that need a connection, one of a hundred may be lost.
    if (kind === 'udp') rules.push([`${kind} queries of a good client lost`, failed, 0])
    else rules.push([`${kind} queries of a good client lost, of 100`, (100 * failed) / (ok + failed), 1])
  }
  // Those that go on asking are not let go.
  if (Number(seconds) >= 40 && mode !== 'reset') {
    rules.push(['sockets at the end', Math.abs(socketsAtEnd - socketsBefore), 5])
  }
  const broken = rules.filter(([, value, limit]) => !(value <= limit))
  for (const [what, value, limit] of broken) console.log(`${what}: ${value}, at most ${limit}`)
  process.exit(broken.length > 0 ? 1 : 0)
}

/** Good clients: each asks again and again, with a new connection each time. */
async function askOnAndOn(ports) {
  let isOver = false
  parentPort.on('message', () => (isOver = true))
  const ask = askedOf(ports)
  const found = {}
  const loop = async kind => {
    const times = []
    const lost = {}
    let failed = 0
    while (!isOver) {
      const startAt = performance.now()
      const stage = await ask[kind]()
      if (stage === ANSWERED) times.push(performance.now() - startAt)
      else {
        failed++
        lost[stage] = (lost[stage] ?? 0) + 1
      }
      await sleep(100)
    }
    times.sort((a, b) => a - b)
    const at = share =>
      Number(times[Math.min(times.length - 1, Math.floor(times.length * share))]?.toFixed(1))
    found[kind] = { ok: times.length, failed, lost, p50: at(0.5), p99: at(0.99), max: at(1) }
  }
  await Promise.all(Object.keys(ask).map(loop))
  parentPort.postMessage(found)
}

const ANSWERED = 'answered'

/** Ways to ask one question; each settles with `answered`, or with its last step and what it ended with. */
function askedOf(ports) {
  const within = (ms, begin) =>
    new Promise(resolve => {
      const steps = { stage: 'sent' }
      const done = why => {
        clearTimeout(timer)
        close()
        resolve(why === ANSWERED ? why : `${steps.stage} ${why}`)
      }
      const timer = setTimeout(() => done('late'), ms)
      const close = begin(done, steps)
    })
  const watched = (socket, steps) => {
    steps.stage = 'new'
    socket.on('connect', () => (steps.stage = 'connected'))
    socket.on('secureConnect', () => (steps.stage = 'secure'))
    return socket
  }
  const stream = (socket, ready, done) => {
    socket.on(ready, () => socket.write(framed(good)))
    socket.on('data', () => done(ANSWERED))
    socket.on('error', error => done(error.code))
    socket.on('end', () => done('end'))
    return () => socket.destroy()
  }
  return {
    udp: () =>
      within(1000, done => {
        const socket = dgram.createSocket('udp4')
        socket.on('message', () => done(ANSWERED))
        socket.send(good, ports.udp, '127.0.0.1')
        return () => socket.close()
      }),
    tcp: () =>
      within(2000, (done, steps) =>
        stream(watched(net.connect(ports.tcp, '127.0.0.1'), steps), 'connect', done)
      ),
    tls: () =>
      within(2000, (done, steps) =>
        stream(watched(secure(ports.tls, ['dot']), steps), 'secureConnect', done)
      ),
    https: () =>
      within(2000, (done, steps) => {
        const session = http2.connect('https://127.0.0.1', {
          createConnection: () => watched(secure(ports.https, ['h2']), steps)
        })
        session.on('error', error => done(error.code))
        const stream = session.request({ ':path': `/dns-query?dns=${good.toString('base64url')}` })
        stream.on('response', headers => done(headers[':status'] === 200 ? ANSWERED : headers[':status']))
        stream.on('error', error => done(error.code))
        return () => session.destroy()
      })
  }
}

const secure = (port, protocols) =>
  tls.connect({ port, host: '127.0.0.1', ALPNProtocols: protocols, rejectUnauthorized: false })

class Hostile {
  accepted = 0
  secured = 0
  #sockets = new Set()
  #timers = new Set()
  #isOver = false

  constructor(scheme, mode, port) {
    this.scheme = scheme
    this.mode = mode
    this.port = port
  }

  async hold(count) {
    for (let i = 0; i < count; i++) {
      this.#connect()
      if (i % 50 === 49) await sleep(5)
    }
  }

  end() {
    this.#isOver = true
    for (const timer of this.#timers) clearInterval(timer)
    for (const socket of this.#sockets) socket.destroy()
  }

  #connect() {
    const { mode, scheme } = this
    const isPlain = mode === 'silent' || mode === 'hello'
    const socket = isPlain
      ? net.connect(this.port, '127.0.0.1')
      : secure(this.port, [scheme === 'tls' ? 'dot' : 'h2'])
    this.#sockets.add(socket)
    socket.on('connect', () => this.accepted++)
    const gone = () => this.#sockets.delete(socket)
    socket.on('error', gone).on('close', gone).on('end', gone)
    if (mode !== 'noread') socket.resume()
    if (mode === 'hello') socket.on('connect', () => this.#drip(socket, clientHello()))
    if (isPlain) return
    socket.on('secureConnect', () => {
      this.secured++
      const [before, one] = scheme === 'tls' ? [Buffer.alloc(0), framed(good)] : [preface(), request(1, good)]
      if (mode === 'partial') socket.write(Buffer.concat([before, one.subarray(0, 5)]))
      if (mode === 'drip') this.#drip(socket, Buffer.concat([before, one]))
      if (mode === 'noread') {
        socket.pause()
        // No window: the server can't send a single octet of a body.
        socket.write(before)
        let stream = 1
        this.#pour(socket, 400, () =>
          scheme === 'tls' ? framed(big) : request((stream += 2), big, Buffer.alloc(2000, 97).toString())
        )
      }
      if (mode === 'reset') {
        socket.write(before)
        let stream = 1
        this.#pour(socket, Infinity, () => Buffer.concat([request((stream += 2), big), reset(stream)]))
      }
    })
  }

  #drip(socket, octets) {
    let at = 0
    const timer = setInterval(() => {
      if (at < octets.length && socket.writable) socket.write(octets.subarray(at, ++at))
    }, 1000)
    this.#timers.add(timer)
  }

  #pour(socket, count, make) {
    let left = count
    const more = () => {
      for (let i = 0; i < 1000 && left > 0 && !this.#isOver && socket.writable; i++) {
        left--
        if (!socket.write(make())) return void socket.once('drain', more)
      }
      if (left > 0 && !this.#isOver && socket.writable) setImmediate(more)
    }
    more()
  }
}

/** What a client says first: the octets that Node's own client would send. */
function clientHello() {
  return Buffer.concat([Buffer.from([0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3]), Buffer.alloc(500)])
}

const frame = (type, flags, stream, payload) => {
  const head = Buffer.alloc(9)
  head.writeUIntBE(payload.length, 0, 3)
  head[3] = type
  head[4] = flags
  head.writeUInt32BE(stream, 5)
  return Buffer.concat([head, payload])
}

/** The connection preface of HTTP/2 with a window of 0 for every stream (RFC 9113 §3.4, §6.5). */
function preface() {
  return Buffer.concat([
    Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
    frame(4, 0, 0, Buffer.from([0, 4, 0, 0, 0, 0]))
  ])
}

/** A GET, whole in its HEADERS; literals without indexing (RFC 7541 §6.2.2). */
function request(stream, message, padding = '') {
  const literal = text => {
    const octets = Buffer.from(text)
    const length = octets.length < 127 ? [octets.length] : [127, ...varint(octets.length - 127)]
    return Buffer.concat([Buffer.from(length), octets])
  }
  const block = [
    Buffer.of(0x82, 0x87, 0x04),
    literal(`/dns-query?dns=${message.toString('base64url')}&${padding}`),
    Buffer.of(0x01),
    literal('dns.example')
  ]
  return frame(1, 5, stream, Buffer.concat(block))
}

function varint(value) {
  const octets = []
  for (; value >= 128; value >>= 7) octets.push((value & 127) | 128)
  return [...octets, value]
}

const reset = stream => frame(3, 0, stream, Buffer.from([0, 0, 0, 8]))

function rssOf(pid) {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))[1]) / 1024
}

/** Sockets of the server that the kernel still has: established, half closed, or with octets that nobody takes. */
function socketsOn(pid, port) {
  const open = ['01', '04', '05', '08']
  return ['tcp', 'tcp6'].reduce((sum, table) => {
    const lines = readFileSync(`/proc/${pid}/net/${table}`, 'latin1').split('\n').slice(1)
    const words = lines.map(line => line.trim().split(/\s+/)).filter(each => each.length > 3)
    return (
      sum +
      words.filter(each => parseInt(each[1].split(':')[1], 16) === port && open.includes(each[3])).length
    )
  }, 0)
}

if (isMainThread) await main()
else await askOnAndOn(workerData)
