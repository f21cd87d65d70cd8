// Messages to one server without a pool: NOTIFY, SOA checks and zone transfers, which are rare and need a socket of their
// own.
import dgram from 'node:dgram'
import net, { type Socket } from 'node:net'
import type { Clock } from '../runtime/clock.ts'
import { HEADER_OCTETS } from '../wire/numbers.ts'
import { read16 } from '../wire/records.ts'
import { placeText } from './address.ts'
import { dialTimeout, readTimeout, systemError, UpstreamError, type SocketPlace } from './upstream-error.ts'

export interface DirectTarget {
  /** An IP address. */
  readonly host: string
  readonly port: number
  /** The address to send from; left out: the machine's choice. */
  readonly source?: string | undefined
}

/** How long connecting may take, and waiting for the next octets, in milliseconds, as in CoreDNS. */
const LIMIT_MS = 2000

class Place implements SocketPlace {
  readonly network: 'udp' | 'tcp'
  readonly remote: string
  local = ''

  constructor(network: 'udp' | 'tcp', { host, port }: DirectTarget) {
    this.network = network
    this.remote = placeText(host, port)
  }
}

/**
 * Sends one datagram; the reply is the first message from there with the same id and QR set. Rejects with an
 * UpstreamError after two seconds.
 */
export function askOverUdp(target: DirectTarget, wire: Buffer, clock: Clock): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const place = new Place('udp', target)
    const socket = dgram.createSocket(target.host.includes(':') ? 'udp6' : 'udp4')
    const end = (use: () => void): void => {
      timer.cancel()
      socket.removeAllListeners()
      socket.on('error', () => undefined)
      socket.close()
      use()
    }
    const timer = clock.after(LIMIT_MS, () => end(() => reject(readTimeout(place))))
    socket.on('error', error => end(() => reject(systemError(error, 'read', place))))
    socket.on('message', reply => {
      if (isReply(wire, reply)) end(() => resolve(reply))
    })
    socket.on('connect', () => {
      const { address, port } = socket.address()
      place.local = placeText(address, port)
      socket.send(wire)
    })
    const connect = (): void => {
      socket.connect(target.port, target.host)
    }
    if (target.source === undefined) connect()
    else socket.bind({ address: target.source, port: 0, exclusive: true }, connect)
    socket.unref()
  })
}

/** Whether a message has the id of what was asked, and is a response. */
function isReply(wire: Buffer, reply: Buffer): boolean {
  return reply.length >= HEADER_OCTETS && (reply[2] as number) >= 0x80 && read16(reply, 0) === read16(wire, 0)
}

/**
 * Sends one message over TCP and gives every message that comes back, until the caller has had enough: leaving the loop
 * closes the connection. Reads no faster than the caller takes. Throws UpstreamError: no connection, nothing for two
 * seconds, the end of the stream (`EOF`), or `signal` aborted.
 */
export async function* askOverTcp(
  target: DirectTarget,
  wire: Buffer,
  clock: Clock,
  signal: AbortSignal
): AsyncGenerator<Buffer, never> {
  const place = new Place('tcp', target)
  const socket = await connect(target, place, clock, signal)
  const give = (): void => void socket.destroy(new UpstreamError('STOPPED', 'the server is going away'))
  signal.addEventListener('abort', give, { once: true })
  let timer = clock.after(LIMIT_MS, () => socket.destroy(readTimeout(place)))
  try {
    const length = Buffer.alloc(2)
    length.writeUInt16BE(wire.length)
    socket.write(Buffer.concat([length, wire]))
    let octets: Buffer = Buffer.alloc(0)
    for await (const chunk of socket as AsyncIterable<Buffer>) {
      timer.cancel()
      octets = octets.length === 0 ? chunk : Buffer.concat([octets, chunk])
      while (octets.length >= 2 && octets.length >= 2 + octets.readUInt16BE(0)) {
        const end = 2 + octets.readUInt16BE(0)
        // A copy: the message outlives the chunk.
        const message = Buffer.from(octets.subarray(2, end))
        octets = octets.subarray(end)
        yield message
      }
      timer = clock.after(LIMIT_MS, () => socket.destroy(readTimeout(place)))
    }
    throw new UpstreamError('CLOSED', 'EOF')
  } catch (error) {
    throw error instanceof UpstreamError ? error : systemError(error, 'read', place)
  } finally {
    timer.cancel()
    signal.removeEventListener('abort', give)
    socket.destroy()
  }
}

function connect(target: DirectTarget, place: Place, clock: Clock, signal: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const { host, port, source } = target
    const socket = net.connect({ host, port, ...(source !== undefined && { localAddress: source }) })
    socket.unref()
    const fail = (error: Error): void => {
      end()
      socket.destroy()
      reject(error)
    }
    const give = (): void => fail(new UpstreamError('STOPPED', 'the server is going away'))
    const onError = (error: Error): void => fail(systemError(error, 'dial', place))
    const end = (): void => {
      timer.cancel()
      signal.removeEventListener('abort', give)
      socket.off('error', onError)
      // Errors between two reads come out of the next one.
      socket.on('error', () => undefined)
    }
    const timer = clock.after(LIMIT_MS, () => fail(dialTimeout(place)))
    socket.on('error', onError)
    socket.on('connect', () => {
      end()
      place.local = placeText(socket.localAddress ?? '', socket.localPort ?? 0)
      resolve(socket)
    })
    if (signal.aborted) give()
    else signal.addEventListener('abort', give, { once: true })
  })
}
