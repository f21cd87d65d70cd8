// Faults of an API server over real sockets: the failure matrix of kubernetes-api.md §2, with a proxy that does harm before
// Kubernetes' own API machinery (../shared/kube-api). What must hold in each row: the last state stays while the fault
// lasts, it equals the truth within 5 s after it, no object that was there before and after is ever gone, and no more than
// a tenth of a core is used.
// Usage: node test/acceptance/api-faults.mjs PROGRAM [long]   PROGRAM: ../shared/kube-api, built; `long`: the rows that
// take minutes too. Without PROGRAM: one line, and nothing is done.
import { fork, spawn } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import http from 'node:http'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { ApiSource } from '../../build/src/cluster/kube-api/api-source.js'
import { PLAIN_INDEX } from '../../build/src/cluster/index/cluster-index.js'
import { systemClock } from '../../build/src/runtime/clock.js'
import { systemGets } from '../../build/src/runtime/http-gets.js'
import { systemRandom } from '../../build/src/runtime/random.js'
import { systemTurn } from '../../build/src/runtime/turn.js'
import { check, end } from './tally.mjs'

if (process.argv[2] === '--watch') await watchForParent(JSON.parse(process.argv[3]))

const [program, mode] = process.argv.slice(2)
if (program === undefined || !existsSync(program)) {
  console.log('no kube-api program: the faults of an API server are not tried over real sockets')
  process.exit(0)
}

const folder = mkdtempSync(path.join(os.tmpdir(), 'labdns-api-faults-'))
const PATHS = {
  Namespace: '/api/v1/namespaces',
  Service: '/api/v1/services',
  EndpointSlice: '/apis/discovery.k8s.io/v1/endpointslices'
}
// --- the server ------------------------------------------------------------------------------------------------------

class Server {
  #child
  #data
  #flags
  port = 0
  tlsPort = 0

  constructor(data, flags = []) {
    this.#data = data
    this.#flags = flags
  }

  async start() {
    const args = ['--listen', `127.0.0.1:${this.tlsPort}`, '--http', `127.0.0.1:${this.port}`]
    this.#child = spawn(program, [...args, '--data', this.#data, ...this.#flags], {
      stdio: ['ignore', 'pipe', 'ignore']
    })
    let output = ''
    this.#child.stdout.on('data', data => (output += data))
    const until = Date.now() + 60_000
    for (;;) {
      const ready = /ready url=https:\/\/[\d.]+:(\d+) .*http=http:\/\/[\d.]+:(\d+)/.exec(output)
      if (ready !== null) {
        this.tlsPort = Number(ready[1])
        this.port = Number(ready[2])
        return this
      }
      if (Date.now() > until || this.#child.exitCode !== null) throw new Error(`kube-api: ${output}`)
      await sleep(50)
    }
  }

  /** Leaves nothing running when a row throws. */
  kill() {
    this.#child?.kill('SIGKILL')
  }

  async stop() {
    const ended = new Promise(resolve => this.#child.once('exit', resolve))
    this.#child.kill('SIGTERM')
    await ended
  }

  get token() {
    return readFileSync(path.join(this.#data, 'admin.token'), 'utf8').trim()
  }

  get ca() {
    return readFileSync(path.join(this.#data, 'ca.crt'), 'utf8')
  }

  /** Asked again while its caches are made anew. */
  async ask(method, where, body) {
    for (let tries = 0; ; tries++) {
      try {
        return await this.#askOnce(method, where, body)
      } catch (error) {
        if (tries === 50 || !/: 429 /.test(error.message)) throw error
        await sleep(100)
      }
    }
  }

  #askOnce(method, where, body) {
    return new Promise((resolve, reject) => {
      const request = http.request(
        {
          host: '127.0.0.1',
          port: this.port,
          method,
          path: where,
          headers: { authorization: `Bearer ${this.token}`, 'content-type': 'application/json' }
        },
        response => {
          let text = ''
          response.on('data', data => (text += data))
          response.on('end', () =>
            response.statusCode < 300
              ? resolve(text === '' ? undefined : JSON.parse(text))
              : reject(new Error(`${method} ${where}: ${response.statusCode} ${text}`))
          )
        }
      )
      request.on('error', reject)
      request.end(body === undefined ? undefined : JSON.stringify(body))
    })
  }

  /** `Service/default/web@7`, of everything there is. */
  async truth() {
    const all = []
    for (const [kind, where] of Object.entries(PATHS)) {
      const { items } = await this.ask('GET', where)
      for (const { metadata } of items) all.push(`${kind}/${metadata.namespace ?? ''}/${metadata.name}`)
    }
    return all.sort()
  }

  service(name, clusterIP = '10.96.0.10') {
    const spec = { clusterIP, ports: [{ name: 'http', port: 80 }] }
    return this.ask('POST', '/api/v1/namespaces/default/services', {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name },
      spec
    })
  }

  move(name, clusterIP) {
    return this.ask('PUT', `/api/v1/namespaces/default/services/${name}`, {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name },
      spec: { clusterIP, ports: [{ name: 'http', port: 80 }] }
    })
  }

  slice(name, ip) {
    return this.ask('POST', '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices', {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { name, labels: { 'kubernetes.io/service-name': 'web-0' } },
      addressType: 'IPv4',
      ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
      endpoints: [{ addresses: [ip] }]
    })
  }

  remove(name) {
    return this.ask('DELETE', `/api/v1/namespaces/default/services/${name}`)
  }
}

// --- the proxy -------------------------------------------------------------------------------------------------------

/** Passes requests on, and does what its fields say. */
class Proxy {
  /** An answer in the server's place: `request => ({ status, headers, body })`. */
  intercept
  /** Called before a request is passed on. */
  before
  /** What becomes of octets of a watch: `octets => octets`, or undefined for nothing. */
  alter = octets => octets
  /** Takes requests and says nothing. */
  isSilent = false
  /** Octets a second of each body; 0: as they come. */
  rate = 0
  requests = 0
  port = 0
  #target
  #server
  #sockets = new Set()

  constructor(target) {
    this.#target = target
  }

  async listen() {
    this.#server = http.createServer((request, response) => void this.#pass(request, response))
    this.#server.on('connection', socket => {
      this.#sockets.add(socket)
      socket.on('close', () => this.#sockets.delete(socket))
    })
    await new Promise(resolve => this.#server.listen(this.port, '127.0.0.1', resolve))
    this.port = this.#server.address().port
  }

  /** Nobody listens there any more; open connections are reset. */
  async leave() {
    const closed = new Promise(resolve => this.#server.close(resolve))
    this.reset()
    await closed
  }

  reset() {
    for (const socket of this.#sockets) socket.resetAndDestroy()
  }

  async #pass(request, response) {
    this.requests++
    if (this.isSilent) return
    const answer = this.intercept?.(request)
    if (answer !== undefined) {
      response.writeHead(answer.status, answer.headers)
      response.end(answer.body)
      return
    }
    await this.before?.(request)
    const isWatch = request.url.includes('watch=1')
    const passed = http.request(
      {
        host: '127.0.0.1',
        port: this.#target.port,
        path: request.url,
        method: request.method,
        headers: request.headers
      },
      answered => {
        response.writeHead(answered.statusCode, answered.headers)
        response.flushHeaders()
        answered.on('data', octets => {
          const left = isWatch ? this.alter(octets) : octets
          if (left === undefined || left.length === 0) return
          response.write(left)
          if (this.rate === 0) return
          answered.pause()
          setTimeout(() => answered.resume(), (octets.length / this.rate) * 1000)
        })
        answered.on('end', () => response.end())
        answered.on('error', () => response.destroy())
      }
    )
    passed.on('error', () => response.destroy())
    response.on('close', () => passed.destroy())
    passed.end()
  }
}

// --- the watcher -----------------------------------------------------------------------------------------------------

/** Holds what it is told; remembers what was taken away. */
class Held {
  objects = new Map()
  isSynced = false
  removed = new Set()

  put(object) {
    this.objects.set(`${object.kind}/${object.namespace ?? ''}/${object.name}`, object)
  }

  remove(kind, namespace, name) {
    const key = `${kind}/${namespace}/${name}`
    this.objects.delete(key)
    this.removed.add(key)
  }

  synced() {
    this.isSynced = true
  }

  names() {
    return [...this.objects.keys()].sort()
  }
}

const counters = new Map()
const counted = words => counters.get(words) ?? 0
const lines = []

/** An ApiSource in a process of its own, so that what it uses of the processor is its own. */
function watcher(base, options = {}) {
  const { tls = {}, tokenFile = path.join(folder, 'data', 'admin.token'), ...rest } = options
  const child = fork(new URL(import.meta.url), ['--watch', JSON.stringify({ base, tls, tokenFile, ...rest })])
  const held = new Held()
  let answered = () => undefined
  child.on('message', ({ put, remove, synced, count, line, status }) => {
    if (put !== undefined) held.put(put)
    if (remove !== undefined) held.remove(...remove)
    if (synced !== undefined) held.synced()
    if (line !== undefined) lines.push(line)
    if (count !== undefined) counters.set(count[0], counted(count[0]) + count[1])
    if (status !== undefined) answered(status)
  })
  return {
    held,
    /** `{ isSynced, problems, cpuMs }` */
    status: () =>
      new Promise(resolve => {
        answered = resolve
        child.send('status')
      }),
    async close() {
      const ended = new Promise(resolve => child.once('exit', resolve))
      child.send('close')
      await ended
    }
  }
}

/** What the process of a watcher does. */
async function watchForParent({ base, tls, tokenFile, consistencyMs = 0, initial = 'pages' }) {
  const tell = message => process.connected && process.send(message, () => undefined)
  const say = level => message => tell({ line: `${level} ${message}` })
  const log = {
    debug: say('D'),
    info: say('I'),
    warn: say('W'),
    error: say('E'),
    fatal: say('F'),
    plugin: () => log,
    own: () => log
  }
  const count = (...words) => tell({ count: [words.join(' '), 1] })
  const credentials = () =>
    Promise.resolve({ headers: { authorization: `Bearer ${readFileSync(tokenFile, 'utf8').trim()}` }, tls })
  const source = new ApiSource({
    connection: { base: new URL(base), name: base, credentials },
    needs: PLAIN_INDEX,
    runtime: {
      clock: systemClock,
      random: systemRandom(),
      log,
      nextTurn: systemTurn,
      gets: systemGets()
    },
    version: '0.0.0',
    consistencyMs,
    initial,
    observer: {
      relisted: (...words) => count('relisted', ...words),
      repaired: (resource, n) => tell({ count: [`repaired ${resource}`, n] }),
      event: () => undefined,
      ignored: (...words) => count('ignored', ...words),
      requestFailed: (...words) => count('failed', ...words),
      programmed: () => undefined
    }
  })
  source.subscribe({
    put: object => tell({ put: object.endpoints?.length > 100 ? { ...object, endpoints: [] } : object }),
    remove: (...remove) => tell({ remove }),
    synced: () => tell({ synced: true })
  })
  process.on('disconnect', () => process.exit(1))
  process.on('message', message => {
    const { user, system } = process.cpuUsage()
    if (message === 'status') tell({ status: { ...source.status(), cpuMs: (user + system) / 1000 } })
    else void source.close().then(() => process.exit(0))
  })
  await source.start()
  await new Promise(() => undefined)
}

/** Waits until `holds` says so; how long that took in milliseconds, or undefined when it took too long. */
async function until(holds, withinMs) {
  const since = performance.now()
  for (;;) {
    if (await holds()) return Math.round(performance.now() - since)
    if (performance.now() - since > withinMs) return undefined
    await sleep(50)
  }
}

const same = (a, b) => a.length === b.length && a.every((one, at) => one === b[at])

/**
 * One row: `during` does harm and changes the world, `after` ends it. `withinMs`: how long the truth may take then; for
 * rows where the harm is done once, it counts from its end.
 */
async function row(name, watched, { during, after = () => undefined, withinMs = 5000, also }) {
  const { held } = watched
  const before = await server.truth()
  held.removed.clear()
  const wasSynced = held.isSynced
  const lists = counted('relisted services gone')
  const { cpuMs } = await watched.status()
  const since = performance.now()
  await during()
  const mid = held.names().length
  await after()
  const isThere = async () => held.isSynced && same(held.names(), await server.truth())
  const tookMs = await until(isThere, withinMs)
  // Over ten seconds: what one list of 700 objects takes is no tenth of a core for long.
  const wallMs = Math.max(performance.now() - since, 10_000)
  const status = await watched.status()
  const share = (status.cpuMs - cpuMs) / wallMs
  const truth = await server.truth()
  const lost = [...held.removed].filter(key => before.includes(key) && truth.includes(key))
  const detail = `${tookMs ?? `over ${withinMs}`} ms, ${mid} objects meanwhile, ${Math.round(share * 1000) / 10}% of a core`
  const isEmpty = wasSynced && mid < Math.min(before.length, truth.length) - 5
  const more = also === undefined ? '' : also(lists)
  const holds = tookMs !== undefined && lost.length === 0 && !isEmpty && share <= 0.1 && more === ''
  check(
    name,
    holds,
    `${detail}${more === '' ? '' : `, ${more}`}${lost.length > 0 ? `, lost ${lost[0]}` : ''}`
  )
  if (!holds) console.log(`      ${status.problems.join('; ')}`)
}

const status = (code, reason, message) => ({
  status: code,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ kind: 'Status', status: 'Failure', reason, message, code })
})

const server = await new Server(path.join(folder, 'data')).start()
process.on('exit', () => server.kill())
const proxy = new Proxy(server)
await server.ask('POST', '/api/v1/namespaces', {
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name: 'default' }
})
for (let at = 0; at < 40; at++) await server.service(`web-${at}`, `10.96.0.${at + 1}`)
for (let at = 0; at < 40; at++) await server.slice(`web-${at}-x`, `10.1.0.${at + 1}`)

// A port that is free now is where the proxy will be.
await proxy.listen()
await proxy.leave()
const w = watcher(`http://127.0.0.1:${proxy.port}`)
await row('away at start', w, {
  during: () => sleep(7000),
  after: () => proxy.listen()
})
await row('changes arrive', w, {
  during: async () => {
    await server.service('new')
    await server.remove('web-0')
    await server.move('web-1', '10.96.77.1')
  },
  withinMs: 1000
})
check('and with what is in them', w.held.objects.get('Service/default/web-1')?.clusterIPs[0] === '10.96.77.1')
for (const seconds of mode === 'long' ? [1, 10, 90] : [1, 10]) {
  await row(`away for ${seconds} s in the middle`, w, {
    during: async () => {
      await proxy.leave()
      await server.service(`away-${seconds}`)
      await server.remove(`web-${seconds + 1}`)
      await sleep(seconds * 1000)
    },
    after: () => proxy.listen(),
    withinMs: seconds > 60 ? 30_000 : 5000,
    also: lists => (counted('relisted services gone') === lists ? '' : 'it listed instead of resuming')
  })
}
await row('a connection reset in the middle of an event', w, {
  during: async () => {
    proxy.alter = octets => octets.subarray(0, octets.length >> 1)
    await server.service('half')
    await sleep(200)
    proxy.reset()
    proxy.alter = octets => octets
    await server.service('after-half')
  }
})
await row('resets again and again', w, {
  during: async () => {
    for (let at = 0; at < 20; at++) {
      await server.service(`reset-${at}`)
      proxy.reset()
      await sleep(300)
    }
  }
})
await row('410: all history is gone while we were away', w, {
  during: async () => {
    await proxy.leave()
    await server.remove('web-20')
    await server.service('while-gone')
    await server.ask('POST', '/admin/compact')
    await sleep(1000)
  },
  after: () => proxy.listen(),
  also: lists => (counted('relisted services gone') > lists ? '' : 'nothing was listed')
})
await row('410: under an open watch', w, {
  during: async () => {
    await server.remove('web-21')
    await server.ask('POST', '/admin/compact')
    await server.service('after-compaction')
  }
})
await row('all watches end: the caches are made anew', w, {
  during: async () => {
    await server.ask('POST', '/admin/reset-watch-caches')
    await server.service('after-reset')
  }
})
await row('the server is restarted', w, {
  during: async () => {
    await server.stop()
    await sleep(1000)
    await server.start()
    await server.service('after-restart')
    await server.remove('web-22')
  }
})
let fresh = 23
for (const [code, answer] of [
  [
    429,
    {
      status: 429,
      headers: { 'content-type': 'text/plain', 'retry-after': '1' },
      body: 'Too many requests\n'
    }
  ],
  [500, status(500, 'InternalError', 'etcd is away')],
  [503, status(503, 'ServiceUnavailable', 'not now')],
  [401, status(401, 'Unauthorized', 'Unauthorized')],
  [200, { status: 200, headers: { 'content-type': 'text/html' }, body: '<html>log in</html>' }]
]) {
  await row(code === 200 ? 'a web page instead of JSON' : `${code} for everything`, w, {
    during: async () => {
      proxy.intercept = () => answer
      proxy.reset()
      await server.service(`code-${code}`)
      await server.remove(`web-${fresh++}`)
      await sleep(6000)
    },
    after: () => {
      proxy.intercept = undefined
    }
  })
}
await row('403 on slices: services go on', w, {
  during: async () => {
    proxy.intercept = ({ url }) =>
      url.includes('endpointslices') ? status(403, 'Forbidden', 'endpointslices is forbidden') : undefined
    proxy.reset()
    await server.service('while-forbidden')
    await until(() => w.held.objects.has('Service/default/while-forbidden'), 5000)
    await sleep(500)
  },
  after: async () => {
    const said = async () => (await w.status()).problems.find(one => one.startsWith('endpointslices')) ?? ''
    await until(async () => (await said()).includes('403'), 5000)
    const problem = await said()
    check(
      'and the rule that is missing is said',
      problem.includes('apiGroups [discovery.k8s.io], resources [endpointslices], verbs [list, watch]'),
      problem
    )
    proxy.intercept = undefined
    await server.slice('after-forbidden', '10.2.0.1')
  }
})
await row('the token is rotated', w, {
  during: async () => {
    const file = path.join(folder, 'data', 'tokens.csv')
    const token = server.token
    const next = token.split('').reverse().join('')
    writeFileSync(file, readFileSync(file, 'utf8').replace(token, next))
    writeFileSync(path.join(folder, 'data', 'admin.token'), next)
    await sleep(3000)
    proxy.reset()
    await server.service('new-token')
  }
})
await row('a continue token that expires in the middle of a list', w, {
  during: async () => {
    for (let at = 0; at < 600; at++) await server.service(`many-${at}`)
    let left = 1
    proxy.before = async ({ url }) => {
      if (!url.includes('continue=') || left-- <= 0) return
      await server.service('between-pages')
      await server.ask('POST', '/admin/compact')
    }
    await proxy.leave()
    await server.service('before-list')
    await server.ask('POST', '/admin/compact')
    await proxy.listen()
  },
  after: () => sleep(1000)
})
proxy.before = undefined
await row('a slow list: 100 kB a second', w, {
  during: async () => {
    proxy.rate = 100_000
    await proxy.leave()
    await server.remove('many-7')
    await server.ask('POST', '/admin/compact')
    await proxy.listen()
    await sleep(1500)
  },
  withinMs: 30_000
})
proxy.rate = 0
await row('odd and broken events', w, {
  during: async () => {
    proxy.alter = octets =>
      Buffer.concat([
        Buffer.from('{"type":"ADDED","object":null}\n{"type":"X"}\n[]\n'),
        octets,
        octets // twice
      ])
    await server.service('odd-1')
    await sleep(300)
    proxy.alter = octets => Buffer.concat([Buffer.from('}{\n'), octets])
    await server.service('odd-2')
    await sleep(300)
    proxy.alter = octets => octets
  }
})
await row('an object of 1 MB', w, {
  during: async () => {
    const endpoints = Array.from({ length: 9000 }, (_, at) => ({
      addresses: [`10.3.${at >> 8}.${at & 255}`],
      conditions: { ready: true },
      nodeName: `node-${at}`
    }))
    await server.ask('POST', '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices', {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { name: 'big', labels: { 'kubernetes.io/service-name': 'web-1' } },
      addressType: 'IPv4',
      endpoints
    })
  }
})
await w.close()

const checked = watcher(`http://127.0.0.1:${proxy.port}`, { consistencyMs: 10_000 })
await until(() => checked.held.isSynced, 10_000)
await row('missed events without any error: within one interval', checked, {
  during: async () => {
    proxy.alter = () => undefined
    await server.service('missed')
    await server.remove('many-8')
    await sleep(500)
    proxy.alter = octets => octets
    await server.service('seen')
  },
  withinMs: 18_000,
  also: () => (counted('repaired services') === 2 ? '' : `${counted('repaired services')} repairs`)
})
const old = path.join(folder, 'old')
await row('the server is restored from an older copy', checked, {
  during: async () => {
    await server.stop()
    cpSync(path.join(folder, 'data'), old, { recursive: true })
    await server.start()
    for (let at = 0; at < 30; at++) await server.service(`lost-${at}`)
    await until(() => checked.held.objects.has('Service/default/lost-29'), 5000)
    await server.stop()
    rmSync(path.join(folder, 'data'), { recursive: true })
    cpSync(old, path.join(folder, 'data'), { recursive: true })
    await server.start()
  },
  withinMs: 18_000
})
check(
  'and it is said',
  lines.some(line => line.includes('went back to an older state'))
)
await checked.close()

for (const initial of ['stream', 'whole']) {
  const other = watcher(`http://127.0.0.1:${proxy.port}`, { initial })
  const tookMs = await until(
    async () => other.held.isSynced && same(other.held.names(), await server.truth()),
    5000
  )
  check(`everything at once, read as ${initial}`, tookMs !== undefined, `${tookMs} ms`)
  await row(`410 there too`, other, {
    during: async () => {
      await proxy.leave()
      await server.service(`other-${initial}`)
      await server.ask('POST', '/admin/compact')
      await sleep(300)
      await proxy.listen()
    }
  })
  await other.close()
}

/** Connections that can't work: what a person reads. */
for (const [name, base, tls, says] of [
  [
    'HTTP where HTTPS is spoken',
    () => `http://127.0.0.1:${server.tlsPort}`,
    {},
    /speaks HTTPS; write https:/
  ],
  ['HTTPS where HTTP is spoken', () => `https://127.0.0.1:${server.port}`, {}, /does not speak TLS there/],
  ['a CA of another cluster', () => `https://127.0.0.1:${server.tlsPort}`, {}, /not signed by the CA/],
  [
    'another name',
    () => `https://127.0.0.1:${server.tlsPort}`,
    { servername: 'elsewhere.example' },
    /for other names/
  ],
  ['nobody there', () => 'https://127.0.0.1:1', {}, /connection refused/],
  ['no such host', () => 'https://no-such-host.invalid', {}, /no such host|cannot be resolved/]
]) {
  const lost = watcher(base(), { tls: tls.servername === undefined ? tls : { ...tls, ca: server.ca } })
  await until(async () => (await lost.status()).problems.some(problem => says.test(problem)), 5000)
  const { problems } = await lost.status()
  check(name, problems.length === 3 && says.test(problems[0]), problems[0])
  await lost.close()
}
const secure = watcher(`https://127.0.0.1:${server.tlsPort}`, { tls: { ca: server.ca } })
check('and over TLS with the right CA', (await until(() => secure.held.isSynced, 5000)) !== undefined)
await secure.close()

if (mode === 'long') {
  const silent = watcher(`http://127.0.0.1:${proxy.port}`)
  await until(() => silent.held.isSynced, 5000)
  await row('a silent stall: within ten minutes', silent, {
    during: async () => {
      proxy.alter = () => undefined
      await server.service('unseen')
      await sleep(1000)
    },
    withinMs: 605_000
  })
  await silent.close()
}

await proxy.leave()
await server.stop()
rmSync(folder, { recursive: true, force: true })
end()
