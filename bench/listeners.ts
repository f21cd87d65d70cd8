// What the sockets cost, without any DNS: CPU time of the server per query, for a bare node:dgram echo, UdpTransport and
// TcpTransport, each answering with the question itself and its QR bit set. Rounds alternate, so that drift of the machine
// hits all alike; the median counts.
//
//     node build/bench/listeners.js [SECONDS [ROUNDS]]     prints a table (default 2 s, 7 rounds)
//     node build/bench/listeners.js serve PORT             answers every name with canned A records, to aim other load at
//
// Load comes from this process, on another core where `taskset` is there: UDP with 256 queries on their way over 8 sockets,
// TCP with 16 connections and 32 questions a write.
import { fork, spawnSync, type ChildProcess } from 'node:child_process'
import dgram from 'node:dgram'
import { once } from 'node:events'
import net from 'node:net'
import { availableParallelism } from 'node:os'
import type { Files } from '../src/runtime/files.ts'
import { readFileSync } from 'node:fs'
import { systemClock } from '../src/runtime/clock.ts'
import type { Log } from '../src/runtime/log.ts'
import { systemTurn } from '../src/runtime/turn.ts'
import { ConnectionTable, connectionsMaxOf } from '../src/server/transport/connection-table.ts'
import { listenPair } from '../src/server/transport/listen-pair.ts'
import { TcpTransport } from '../src/server/transport/tcp.ts'
import type { Responder } from '../src/server/transport/transport.ts'
import { UdpTransport } from '../src/server/transport/udp.ts'

const UDP_SOCKETS = 8
const UDP_WINDOW = 256
const TCP_CONNECTIONS = 16
const TCP_QUESTIONS = 32

const question = (name: string): Buffer => {
  const labels = name
    .split('.')
    .map(label => Buffer.concat([Buffer.from([label.length]), Buffer.from(label)]))
  const header = Buffer.from([0, 7, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0])
  return Buffer.concat([header, ...labels, Buffer.from([0, 0, 1, 0, 1])])
}

const echo: Responder = {
  respond(wire) {
    wire[2] = (wire[2] as number) | 0x80
    return wire
  }
}

const streamRoom = Buffer.alloc(0x10000)

/** Answers names that begin with `headless` with 40 addresses (cut to 512 octets over UDP), all others with one. */
const canned: Responder = {
  respond(wire, transport) {
    if (wire.length < 17 || wire.length > 512 || ((wire[2] as number) & 0x80) !== 0) return undefined
    let end = 12
    while (end < wire.length && wire[end] !== 0) end += (wire[end] as number) + 1
    end += 5
    if (end > wire.length) return undefined
    const many = wire.toString('latin1', 13, 21) === 'headless'
    const count = !many ? 1 : transport === 'udp' ? 20 : 40
    const length = end + 16 * count
    const response = transport === 'udp' ? Buffer.allocUnsafe(length) : streamRoom.subarray(0, length)
    wire.copy(response, 0, 0, end)
    response[2] = 0x84 | ((wire[2] as number) & 1) | (many && transport === 'udp' ? 2 : 0)
    response[3] = 0
    response.writeUInt16BE(1, 4)
    response.writeUInt16BE(count, 6)
    response.writeUInt32BE(0, 8)
    for (let i = 0; i < count; i++) {
      const record = [0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 5, 0, 4, 10, 96, 0, i + 1]
      response.set(record, end + 16 * i)
    }
    return response
  }
}

const files: Files = {
  read: path => readFileSync(path),
  list: () => [],
  kind: () => undefined,
  stat: () => ({ modifiedMs: 0, octets: 0 })
}
const quiet = () => undefined
const silent: Log = {
  debug: quiet,
  info: quiet,
  warn: quiet,
  error: quiet,
  fatal: quiet,
  plugin: () => silent,
  own: () => silent
}

async function serve(responder: Responder, address: string, port: number): Promise<number> {
  const table = new ConnectionTable({
    clock: systemClock,
    nextTurn: systemTurn,
    connectionsMax: connectionsMaxOf(files)
  })
  const options = { address, responder, clock: systemClock, log: silent, nextTurn: systemTurn, table }
  const { tcp } = await listenPair(
    port,
    port => new TcpTransport({ ...options, port }),
    port => new UdpTransport({ ...options, port })
  )
  return tcp.info.port
}

async function serveBareEcho(): Promise<number> {
  const socket = dgram.createSocket({ type: 'udp4', lookup: (host, _options, use) => use(null, host, 4) })
  socket.on('message', (wire, from) => {
    wire[2] = (wire[2] as number) | 0x80
    socket.send(wire, from.port, from.address)
  })
  const listening = once(socket, 'listening')
  socket.bind(0, '127.0.0.1')
  await listening
  return socket.address().port
}

interface Server {
  readonly child: ChildProcess
  readonly port: number
}

async function startServer(kind: 'echo' | 'transports'): Promise<Server> {
  const child = fork(process.argv[1] as string, ['child', kind])
  const [port] = (await once(child, 'message')) as [number]
  if (availableParallelism() > 1) spawnSync('taskset', ['-cp', '0', String(child.pid)])
  return { child, port }
}

async function cpuOf(server: Server): Promise<number> {
  const reply = once(server.child, 'message')
  server.child.send('cpu')
  return ((await reply) as [number])[0]
}

/** Answers that came within `ms`, over UDP. Lost datagrams are not sent again: there are none on loopback at this window. */
async function loadUdp(port: number, ms: number): Promise<number> {
  let answers = 0
  let over = false
  const wire = question('svc-1.default.svc.cluster.local')
  const sockets = Array.from({ length: UDP_SOCKETS }, () =>
    dgram.createSocket({ type: 'udp4', recvBufferSize: 1 << 22 })
  )
  for (const socket of sockets) {
    socket.connect(port, '127.0.0.1')
    await once(socket, 'connect')
    socket.on('message', () => {
      answers++
      if (!over) socket.send(wire)
    })
    for (let i = 0; i < UDP_WINDOW / UDP_SOCKETS; i++) socket.send(wire)
  }
  await systemClock.sleep(ms)
  over = true
  await systemClock.sleep(50)
  for (const socket of sockets) socket.close()
  return answers
}

async function loadTcp(port: number, ms: number): Promise<number> {
  let answers = 0
  let over = false
  const wire = question('svc-1.default.svc.cluster.local')
  const framed = Buffer.concat([Buffer.from([0, wire.length]), wire])
  const batch = Buffer.concat(Array<Buffer>(TCP_QUESTIONS).fill(framed))
  const sockets = Array.from({ length: TCP_CONNECTIONS }, () =>
    net.connect({ port, host: '127.0.0.1', noDelay: true })
  )
  for (const socket of sockets) {
    let octets = 0
    socket.on('connect', () => socket.write(batch))
    socket.on('data', chunk => {
      octets += chunk.length
      if (octets < batch.length) return // every answer is as long as its question
      octets -= batch.length
      answers += TCP_QUESTIONS
      if (!over) socket.write(batch)
    })
  }
  await systemClock.sleep(ms)
  over = true
  await systemClock.sleep(50)
  for (const socket of sockets) socket.destroy()
  return answers
}

const median = (values: number[]) => values.sort((a, b) => a - b)[values.length >> 1] as number

async function main(seconds: number, rounds: number): Promise<void> {
  if (availableParallelism() > 1) spawnSync('taskset', ['-cp', '1', String(process.pid)])
  const bare = await startServer('echo')
  const ours = await startServer('transports')
  const cases = [
    {
      name: 'node:dgram echo',
      server: bare,
      load: loadUdp,
      microseconds: [] as number[],
      rates: [] as number[]
    },
    {
      name: 'UdpTransport',
      server: ours,
      load: loadUdp,
      microseconds: [] as number[],
      rates: [] as number[]
    },
    { name: 'TcpTransport', server: ours, load: loadTcp, microseconds: [] as number[], rates: [] as number[] }
  ]
  for (const { server, load } of cases) await load(server.port, 500)
  for (let round = 0; round < rounds; round++) {
    for (const one of cases) {
      const before = await cpuOf(one.server)
      const answers = await one.load(one.server.port, seconds * 1000)
      one.microseconds.push(((await cpuOf(one.server)) - before) / answers)
      one.rates.push(answers / seconds)
    }
  }
  bare.child.disconnect()
  ours.child.disconnect()
  const base = median(cases[0]?.microseconds ?? [])
  console.log('                   µs/query   queries/s   queries per CPU second, to the echo')
  for (const { name, microseconds, rates } of cases) {
    const each = median(microseconds)
    console.log(
      `${name.padEnd(18)} ${each.toFixed(2).padStart(8)} ${median(rates).toFixed(0).padStart(11)} ${(base / each).toFixed(2).padStart(10)}`
    )
  }
}

const [mode, ...rest] = process.argv.slice(2)
if (mode === 'serve') {
  const port = await serve(canned, rest[1] ?? '', Number(rest[0] ?? 0))
  console.log(`serving on port ${port}, pid ${process.pid}`)
} else if (mode === 'child') {
  const port = rest[0] === 'echo' ? await serveBareEcho() : await serve(echo, '127.0.0.1', 0)
  process.on('message', () => {
    const { user, system } = process.cpuUsage()
    process.send?.(user + system)
  })
  process.on('disconnect', () => process.exit())
  process.send?.(port)
} else {
  await main(Number(mode ?? 2), Number(rest[0] ?? 7))
}
