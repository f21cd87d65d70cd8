// Listeners of a test's own, a client on a stream, and waiting that ends.
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Eventual } from '../../../src/dns/plugin.ts'
import type { Peer } from '../../../src/dns/query.ts'
import { systemTurn } from '../../../src/runtime/turn.ts'
import type { Responder, Response, TransportOptions } from '../../../src/server/transport/transport.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { memoryLog, type MemoryLog } from '../../support/memory-log.ts'

export interface TestOptions extends TransportOptions {
  readonly clock: FakeClock
  readonly log: MemoryLog
}

export type Respond = (wire: Buffer, peer: Peer) => Eventual<Response>

/** What a transport needs, on 127.0.0.1 and a free port, answering what `respond` says. */
export function options(respond: Respond, changes: Partial<TransportOptions> = {}): TestOptions {
  const responder: Responder = { respond: (wire, _transport, peer) => respond(wire, peer) }
  const own = { address: '127.0.0.1', port: 0, responder, nextTurn: systemTurn }
  return { ...own, ...changes, clock: new FakeClock(), log: memoryLog() }
}

/** Waits until something is so; fails after 10 s of the machine's clock. */
export async function until(what: string, isSo: () => boolean): Promise<void> {
  const end = Date.now() + 10_000
  while (!isSo()) {
    if (Date.now() > end) throw new Error(`never happened: ${what}`)
    await sleep(1)
  }
}

/** Waits until a number has stood still for 60 ms. */
export async function untilStill(what: string, read: () => number): Promise<void> {
  let before = read()
  let since = Date.now()
  await until(what, () => {
    const now = read()
    if (now !== before) since = Date.now()
    before = now
    return Date.now() - since >= 60
  })
}

/** Lets the event loop go round some times, for what must not happen. */
export async function turns(count = 20): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise(resolve => setImmediate(resolve))
}

/** A message behind its length. */
export function framed(message: string | Buffer): Buffer {
  const body = Buffer.from(message)
  const length = Buffer.alloc(2)
  length.writeUInt16BE(body.length)
  return Buffer.concat([length, body])
}

/** Cuts whole messages off a stream, with code of its own. */
export function unframed(stream: Buffer): Buffer[] {
  const messages: Buffer[] = []
  for (let at = 0; at + 2 <= stream.length;) {
    const end = at + 2 + stream.readUInt16BE(at)
    if (end > stream.length) break
    messages.push(stream.subarray(at + 2, end))
    at = end
  }
  return messages
}

export interface Client {
  readonly socket: Socket
  readonly chunks: Buffer[]
  /** How it ended: 'end' when the server closed its side, 'reset' when the connection was torn down. */
  ending: 'end' | 'reset' | undefined
  answers(): string[]
  /** Waits for as many answers. */
  expect(count: number): Promise<string[]>
}

/** Connects; keeps its own side open when the server closes. */
export async function client(port: number, host = '127.0.0.1'): Promise<Client> {
  const socket = connect({ port, host, allowHalfOpen: true, noDelay: true })
  const chunks: Buffer[] = []
  const answers = () => unframed(Buffer.concat(chunks)).map(String)
  const made: Client = {
    socket,
    chunks,
    ending: undefined,
    answers,
    async expect(count) {
      await until(`${count} answers`, () => answers().length >= count)
      return answers()
    }
  }
  await once(socket, 'connect')
  socket.on('data', (chunk: Buffer) => void chunks.push(chunk))
  socket.on('end', () => (made.ending ??= 'end'))
  socket.on('error', () => (made.ending ??= 'reset'))
  return made
}

/** An answer that a test gives when it wants to. */
export function lateAnswer(): { readonly promise: Promise<Response>; resolve(response: Response): void } {
  let resolve: (response: Response) => void = () => undefined
  const promise = new Promise<Response>(settle => (resolve = settle))
  return { promise, resolve: response => resolve(response) }
}
