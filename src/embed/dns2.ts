// dns2 and labdns in each other: an engine of ours as the handler of any dns2 server, and a dns2 handler as a plugin of
// ours. The one file that knows dns2 (3.1.1); it is loaded by whoever imports `labdns/dns2`.
import dns2 from 'dns2'
import type { Answer } from '../dns/answer.ts'
import { foreignAnswer, isResponseTo } from '../dns/foreign-answer.ts'
import type { Plugin } from '../dns/plugin.ts'
import type { Peer, Query, TransportKind } from '../dns/query.ts'
import { emptyAnswer } from '../dns/response.ts'
import { endOfName } from '../wire/name.ts'
import { HEADER_OCTETS, Rcode, Rtype } from '../wire/numbers.ts'
import { endOfQuestion, endOfRecord, read16, read32 } from '../wire/records.ts'
import { systemClock, type Clock } from '../runtime/clock.ts'
import type { Engine } from './engine.ts'

export { createEngine, type Engine, type EngineOptions } from './engine.ts'

/** What dns2 hands to a handler besides the question and the way back. */
export type Dns2Client = Parameters<dns2.DnsHandler>[2]

/**
 * A handler for dns2's UDP, TCP and DoH servers (`dns2.createServer({ udp: true, handle: mount(engine) })`). What dns2
 * itself does not hand over the engine can't see: see `docs/embedding.md`. A zone transfer is refused, since dns2 sends one
 * message a question.
 */
export function mount(engine: Pick<Engine, 'respond'>): dns2.DnsHandler {
  return (request, send, client) => {
    const { transport, peer } = cameFrom(client)
    const response = engine.respond(octetsOf(request), transport, peer)
    const reply = (octets: Awaited<typeof response>) => {
      if (octets === undefined) return
      const message = octets instanceof Uint8Array ? octets : refusal(octets)
      // Only TCP and UDP take octets as they are; the DoH server asks for a message that can say its least TTL.
      const sent = send(transport === 'https' ? (new Encoded(message) as unknown as dns2.Packet) : message)
      // A client that has left is no error; DoH gives no promise.
      Promise.resolve(sent).catch(() => undefined)
    }
    if (response instanceof Promise) void response.then(reply)
    else reply(response)
  }
}

/** What is known of a stream's other end. */
interface Connected {
  readonly remoteAddress?: string | undefined
  readonly remotePort?: number | undefined
}

/** A response that DoH can send: octets that are there already. */
class Encoded {
  readonly answers: readonly { readonly ttl: number }[]
  readonly #octets: Buffer

  constructor(octets: Buffer) {
    const ttl = leastTtl(octets)
    this.answers = ttl === undefined ? [] : [{ ttl }]
    this.#octets = octets
  }

  toBuffer(): Buffer {
    return this.#octets
  }
}

/** The least TTL of a message of ours, in seconds; the OPT has none. */
function leastTtl(message: Buffer): number | undefined {
  let least: number | undefined
  let at = endOfQuestion(message, HEADER_OCTETS)
  const records = read16(message, 6) + read16(message, 8) + read16(message, 10)
  for (let n = 0; n < records && at > 0; n++) {
    const nameEnd = endOfName(message, at)
    if (read16(message, nameEnd) !== Rtype.OPT) {
      const ttl = read32(message, nameEnd + 4)
      least = Math.min(least ?? ttl, ttl)
    }
    at = endOfRecord(message, at)
  }
  return least
}

/** The question as it would stand on the wire. One that dns2 could not read whole becomes a header that promises more. */
function octetsOf(request: dns2.Packet): Buffer {
  if (request.errors.length === 0) {
    try {
      return request.toBuffer()
    } catch {
      // A value that dns2 reads and doesn't write.
    }
  }
  const header = Buffer.alloc(HEADER_OCTETS)
  const { id, opcode, rd } = request.header
  header.writeUInt16BE(id, 0)
  header[2] = (opcode << 3) | (rd ? 1 : 0)
  header.writeUInt16BE(1, 4)
  return header
}

/** The first message of a transfer without its records, as REFUSED. */
function refusal(messages: Iterable<Buffer>): Buffer {
  for (const message of messages) {
    let end = HEADER_OCTETS
    while (message[end] !== 0) end += (message[end] as number) + 1
    const refused = Buffer.from(message.subarray(0, end + 5))
    refused[2] = (refused[2] as number) & ~0x04
    refused[3] = ((refused[3] as number) & 0xf0) | Rcode.REFUSED
    refused.fill(0, 6, HEADER_OCTETS)
    return refused
  }
  return Buffer.alloc(0)
}

function cameFrom(client: Dns2Client): { transport: TransportKind; peer: Peer } {
  if ('headers' in client) return { transport: 'https', peer: peerOf(client.socket) }
  if ('remoteAddress' in client) return { transport: 'tcp', peer: peerOf(client) }
  const { address, port } = client as Peer
  return { transport: 'udp', peer: { address, port } }
}

function peerOf({ remoteAddress = '', remotePort = 0 }: Connected): Peer {
  return { address: remoteAddress.replace(/^::ffff:(?=\d+\.)/, ''), port: remotePort }
}

export interface FromDns2Options {
  /** The plugin's name in logs and metrics; `dns2` by default. */
  readonly name?: string
  /** How long the handler may take, in milliseconds; 5,000 by default. */
  readonly limitMs?: number
  readonly clock?: Clock
}

/**
 * A plugin that asks a dns2 handler: every query that reaches it. A handler that throws, sends something else than a
 * response to the question, or doesn't send in time is SERVFAIL, with the reason for *errors*.
 */
export function fromDns2(
  handler: dns2.DnsHandler,
  { name = 'dns2', limitMs = 5000, clock = systemClock }: FromDns2Options = {}
): Plugin {
  return {
    name,
    answer: query =>
      new Promise<Answer>(resolve => {
        const fail = (error: unknown) => {
          const answer = emptyAnswer(query, Rcode.SERVFAIL)
          answer.error = error instanceof Error ? error : new Error(String(error))
          resolve(answer)
        }
        const timer = clock.after(limitMs, () =>
          fail(new Error(`the dns2 handler did not send within ${limitMs} ms`))
        )
        try {
          const request = dns2.Packet.parse(Buffer.from(query.wire))
          const send = (response: dns2.Packet | Buffer): Promise<Buffer> => {
            timer.cancel()
            const octets = response instanceof Uint8Array ? Buffer.from(response) : response.toBuffer()
            resolve(readAnswer(query, octets))
            return Promise.resolve(octets)
          }
          handler(request, send, query.peer as Dns2Client)
        } catch (error) {
          timer.cancel()
          fail(error)
        }
      })
  }
}

function readAnswer(query: Query, octets: Buffer): Answer {
  if (isResponseTo(query.wire, query.questionEnd, octets)) {
    const answer = foreignAnswer(query, octets)
    if (answer !== undefined) return answer
  }
  const answer = emptyAnswer(query, Rcode.SERVFAIL)
  answer.error = new Error('the dns2 handler sent no response to this question')
  return answer
}
