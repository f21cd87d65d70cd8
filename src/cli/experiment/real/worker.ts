// The process inside a private namespace: has port 53 there, hands what comes in to the experiment, sends back what it is
// given, and runs one program at a time. It ends when the experiment does.
import { spawn } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { writeFileSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { networkInterfaces } from 'node:os'
import type { Outgoing } from '../../../resolver/network.ts'
import { errorText } from './error-text.ts'
import type { LookupOrder, News, Order } from './messages.ts'

const ADDRESS = '10.96.0.10'
const PORT = 53
/** Of what a program prints, that much is kept. */
const OUTPUT_MAX = 64 << 10
/** How long messages of a program that has ended may still come in. */
const SETTLE_MS = 5
const LENGTH_OCTETS = 2

const [, , resolvConfFile = ''] = process.argv
const waiting = new Map<number, (octets: Buffer) => void>()
const sockets = new Map<string, number>()
const connections = new Set<Socket>()
let answered: [number, number][] = []
let queries = 0
let running: ReturnType<typeof spawn> | undefined

const say = (news: News): void => void process.send?.(news)

function came(
  octets: Buffer,
  transport: Outgoing['transport'],
  client: string,
  back: (octets: Buffer) => void
): void {
  let socket = sockets.get(client)
  if (socket === undefined) sockets.set(client, (socket = sockets.size))
  const id = queries++
  waiting.set(id, back)
  say({ kind: 'query', id, octets: octets.toString('base64'), transport, socket, atMs: performance.now() })
}

function answer(id: number, octets: string | undefined): void {
  const back = waiting.get(id)
  waiting.delete(id)
  if (back === undefined || octets === undefined) return
  back(Buffer.from(octets, 'base64'))
  answered.push([id, performance.now()])
}

const udp = createSocket('udp4')
udp.on('message', (octets, { address, port }) => {
  came(octets, 'udp', `udp ${address} ${port}`, reply => void udp.send(reply, port, address))
})

const tcp = createServer(connection => {
  connections.add(connection)
  let read = Buffer.alloc(0)
  connection.on('error', () => connection.destroy())
  connection.on('close', () => connections.delete(connection))
  connection.on('data', chunk => {
    read = Buffer.concat([read, chunk])
    while (read.length >= LENGTH_OCTETS) {
      const end = LENGTH_OCTETS + read.readUInt16BE(0)
      if (read.length < end) break
      const client = `tcp ${connection.remoteAddress ?? ''} ${connection.remotePort ?? 0}`
      came(read.subarray(LENGTH_OCTETS, end), 'tcp', client, reply => {
        const length = Buffer.alloc(LENGTH_OCTETS)
        length.writeUInt16BE(reply.length)
        connection.write(Buffer.concat([length, reply]))
      })
      read = read.subarray(end)
    }
  })
})

function lookup({ resolvConf, command, limitMs }: LookupOrder): void {
  // The file is mounted over /etc/resolv.conf: what is written to it is what the program reads.
  writeFileSync(resolvConfFile, resolvConf)
  waiting.clear()
  sockets.clear()
  answered = []
  const [file = '', ...args] = command
  const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  running = child
  const printed = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      if (printed[name].length < OUTPUT_MAX) printed[name] += text
    })
  }
  let overdue = false
  const limit = setTimeout(() => {
    overdue = true
    child.kill('SIGKILL')
  }, limitMs)
  let ended = false
  const end = (exitCode: number | null) => {
    if (ended) return
    ended = true
    clearTimeout(limit)
    running = undefined
    const atMs = performance.now()
    setTimeout(() => {
      for (const connection of connections) connection.destroy()
      say({ kind: 'done', exitCode, overdue, ...printed, atMs, answered })
    }, SETTLE_MS)
  }
  child.on('error', error => {
    printed.stderr += errorText(error)
    end(null)
  })
  child.on('close', end)
}

process.on('message', (order: Order) => {
  if (order.kind === 'answer') answer(order.id, order.octets)
  else lookup(order)
})
process.on('disconnect', () => {
  running?.kill('SIGKILL')
  process.exit(0)
})
// A person's Ctrl-C reaches every process of the terminal; the experiment decides, and the channel tells.
process.on('SIGINT', () => undefined)

const ready = () => {
  const addresses = Object.values(networkInterfaces()).flatMap(each => each ?? [])
  say({
    kind: 'ready',
    inet6: addresses.some(({ family, address }) => family === 'IPv6' && address !== '::1')
  })
}
const failed = (error: Error) => {
  say({ kind: 'failed', why: errorText(error) })
}
udp.on('error', failed)
tcp.on('error', failed)
udp.bind(PORT, ADDRESS, () => tcp.listen(PORT, ADDRESS, ready))
