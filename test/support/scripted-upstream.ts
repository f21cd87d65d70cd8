// A DNS server on loopback that does what a test says, over UDP and TCP on one port.
import dgram from 'node:dgram'
import { once } from 'node:events'
import net, { type AddressInfo, type Socket } from 'node:net'
import packet, { type Answer, type Packet } from 'dns-packet'

export interface Asked {
  readonly network: 'udp' | 'tcp'
  /** The query as it came. */
  readonly wire: Buffer
  readonly query: Packet
  /** `example.org A`. */
  readonly question: string
  /** The client's port. */
  readonly port: number
  /** Sends octets as they are. */
  send(wire: Buffer): void
  /** Closes the connection (TCP). */
  close(): void
  /** Resets the connection (TCP). */
  reset(): void
}

export type Script = (asked: Asked) => void

/** Sends a response with these answers; the id and question are the query's. */
export function reply(
  asked: Asked,
  answers: Answer[] = [],
  fields: Partial<Packet> & { rcode?: number } = {}
): Buffer {
  const { query } = asked
  const { rcode = 0, ...rest } = fields
  const flags = packet.RECURSION_AVAILABLE | ((query.flags ?? 0) & packet.RECURSION_DESIRED) | rcode
  const wire = packet.encode({
    type: 'response',
    id: query.id!,
    flags,
    questions: query.questions!,
    answers,
    ...rest
  })
  return wire
}

/** An A record for the name that was asked. */
export const a = (asked: Asked, address: string): Answer => ({
  type: 'A',
  name: asked.query.questions![0]!.name,
  ttl: 60,
  data: address
})

export class ScriptedUpstream {
  /** What was asked, in order: `udp example.org A`. */
  readonly seen: string[] = []
  readonly asked: Asked[] = []
  readonly port: number
  /** TCP connections that were opened. */
  connections = 0
  #script: Script
  readonly #udp: dgram.Socket
  readonly #tcp: net.Server
  readonly #sockets = new Set<Socket>()
  #waiting: { readonly count: number; readonly done: () => void }[] = []

  private constructor(script: Script, udp: dgram.Socket, tcp: net.Server) {
    this.#script = script
    this.#udp = udp
    this.#tcp = tcp
    this.port = (tcp.address() as AddressInfo).port
    udp.on('message', (wire, from) =>
      this.#take('udp', wire, from.port, {
        send: octets => udp.send(octets, from.port, from.address),
        close: () => undefined,
        reset: () => undefined
      })
    )
    tcp.on('connection', socket => {
      this.connections++
      this.#sockets.add(socket)
      socket.on('error', () => undefined)
      socket.on('close', () => this.#sockets.delete(socket))
      let octets = Buffer.alloc(0)
      socket.on('data', chunk => {
        octets = Buffer.concat([octets, chunk])
        while (octets.length >= 2 && octets.length >= 2 + octets.readUInt16BE(0)) {
          const end = 2 + octets.readUInt16BE(0)
          this.#take('tcp', Buffer.from(octets.subarray(2, end)), socket.remotePort ?? 0, {
            send: message => {
              const length = Buffer.alloc(2)
              length.writeUInt16BE(message.length)
              socket.write(Buffer.concat([length, message]))
            },
            close: () => void socket.end(),
            reset: () => void socket.resetAndDestroy()
          })
          octets = octets.subarray(end)
        }
      })
    })
  }

  /** Opens a free port for both. */
  static async open(script: Script): Promise<ScriptedUpstream> {
    for (let attempt = 0; attempt < 20; attempt++) {
      const tcp = net.createServer()
      tcp.listen(0, '127.0.0.1')
      await once(tcp, 'listening')
      const udp = dgram.createSocket('udp4')
      const bound = await new Promise<boolean>(resolve => {
        udp.once('error', () => resolve(false))
        udp.bind((tcp.address() as AddressInfo).port, '127.0.0.1', () => resolve(true))
      })
      if (bound) return new ScriptedUpstream(script, udp, tcp)
      udp.close()
      tcp.close()
    }
    throw new Error('no port is free for both UDP and TCP')
  }

  get text(): string {
    return `127.0.0.1:${this.port}`
  }

  set script(script: Script) {
    this.#script = script
  }

  /** Settles when `count` queries have come in all. */
  async received(count: number): Promise<void> {
    if (this.seen.length >= count) return
    await new Promise<void>(done => this.#waiting.push({ count, done }))
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    const closed = Promise.all([
      new Promise<void>(resolve => this.#udp.close(() => resolve())),
      new Promise<void>(resolve => void this.#tcp.close(() => resolve()))
    ])
    await closed
  }

  #take(
    network: 'udp' | 'tcp',
    wire: Buffer,
    port: number,
    actions: Pick<Asked, 'send' | 'close' | 'reset'>
  ): void {
    const query = packet.decode(wire)
    const first = query.questions![0]!
    const asked = { network, wire, query, question: `${first.name} ${first.type}`, port, ...actions }
    this.seen.push(`${network} ${asked.question}`)
    this.asked.push(asked)
    this.#script(asked)
    this.#waiting = this.#waiting.filter(each => {
      if (this.seen.length < each.count) return true
      each.done()
      return false
    })
  }
}

/** A port of loopback on which nobody listens, for UDP or TCP. */
export async function deadPort(): Promise<number> {
  const upstream = await ScriptedUpstream.open(() => undefined)
  await upstream.close()
  return upstream.port
}
