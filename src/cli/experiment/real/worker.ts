// The process inside a private namespace: has port 53 there, hands what comes in to the experiment, sends back what it is
// given, and runs one program at a time. It ends when the experiment does.
import { spawn, type ChildProcess } from 'node:child_process'
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

const say = (news: News): void => void process.send?.(news)

type SendBack = (octets: Buffer) => void

class Worker {
  readonly #resolvConfFile: string
  readonly #waiting = new Map<number, SendBack>()
  /** Sockets of the running program, by transport, address and port, in the order in which they were first seen. */
  readonly #sockets = new Map<string, number>()
  readonly #connections = new Set<Socket>()
  #answered: [number, number][] = []
  #queries = 0
  #running: ChildProcess | undefined

  /** `resolvConfFile` is mounted over /etc/resolv.conf: what is written to it is what programs read. */
  constructor(resolvConfFile: string) {
    this.#resolvConfFile = resolvConfFile
  }

  listen(): void {
    const failed = (error: Error) => say({ kind: 'failed', why: errorText(error) })
    const udp = createSocket('udp4').on('error', failed)
    udp.on('message', (octets, { address, port }) => {
      this.#came(octets, 'udp', `udp ${address} ${port}`, reply => {
        udp.send(reply, port, address)
      })
    })
    const tcp = createServer(connection => this.#connected(connection)).on('error', failed)
    udp.bind(PORT, ADDRESS, () => tcp.listen(PORT, ADDRESS, () => say({ kind: 'ready', inet6: hasInet6() })))
  }

  take(order: Order): void {
    if (order.kind === 'lookup') {
      this.#lookup(order)
      return
    }
    const sendBack = this.#waiting.get(order.id)
    this.#waiting.delete(order.id)
    if (sendBack === undefined || order.octets === undefined) return
    sendBack(Buffer.from(order.octets, 'base64'))
    this.#answered.push([order.id, performance.now()])
  }

  stop(): void {
    this.#running?.kill('SIGKILL')
  }

  #came(octets: Buffer, transport: Outgoing['transport'], client: string, sendBack: SendBack): void {
    let socket = this.#sockets.get(client)
    if (socket === undefined) this.#sockets.set(client, (socket = this.#sockets.size))
    const id = this.#queries++
    this.#waiting.set(id, sendBack)
    say({ kind: 'query', id, octets: octets.toString('base64'), transport, socket, atMs: performance.now() })
  }

  #connected(connection: Socket): void {
    const client = `tcp ${connection.remoteAddress ?? ''} ${connection.remotePort ?? 0}`
    let read = Buffer.alloc(0)
    this.#connections.add(connection)
    connection.on('error', () => connection.destroy())
    connection.on('close', () => this.#connections.delete(connection))
    connection.on('data', chunk => {
      read = Buffer.concat([read, chunk])
      while (read.length >= LENGTH_OCTETS) {
        const end = LENGTH_OCTETS + read.readUInt16BE(0)
        if (read.length < end) break
        this.#came(read.subarray(LENGTH_OCTETS, end), 'tcp', client, reply => {
          const length = Buffer.alloc(LENGTH_OCTETS)
          length.writeUInt16BE(reply.length)
          connection.write(Buffer.concat([length, reply]))
        })
        read = read.subarray(end)
      }
    })
  }

  #lookup({ resolvConf, command, limitMs }: LookupOrder): void {
    writeFileSync(this.#resolvConfFile, resolvConf)
    this.#waiting.clear()
    this.#sockets.clear()
    this.#answered = []
    const [file = '', ...args] = command
    const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'] })
    this.#running = child
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
    let atMs: number | undefined
    const end = (exitCode: number | null) => {
      if (atMs !== undefined) return
      const endMs = (atMs = performance.now())
      clearTimeout(limit)
      this.#running = undefined
      setTimeout(() => {
        for (const connection of this.#connections) connection.destroy()
        say({ kind: 'done', exitCode, overdue, ...printed, atMs: endMs, answered: this.#answered })
      }, SETTLE_MS)
    }
    child.on('error', error => {
      printed.stderr += errorText(error)
      end(null)
    })
    child.on('close', end)
  }
}

/** Whether there is an IPv6 address besides ::1. */
function hasInet6(): boolean {
  const addresses = Object.values(networkInterfaces()).flatMap(each => each ?? [])
  return addresses.some(({ family, address }) => family === 'IPv6' && address !== '::1')
}

const worker = new Worker(process.argv[2] ?? '')
process.on('message', order => worker.take(order as Order))
process.on('disconnect', () => {
  worker.stop()
  process.exit(0)
})
// A person's Ctrl-C reaches every process of the terminal; the experiment decides, and the channel tells.
process.on('SIGINT', () => undefined)
worker.listen()
