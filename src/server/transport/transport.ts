// What the transports have in common: they take messages in, hand them to a responder, and send what it gives back.
// They know nothing of what the octets mean; the responder knows nothing of sockets.
import { isIPv6 } from 'node:net'
import type { Eventual } from '../../dns/plugin.ts'
import type { ListenerInfo, Peer, TransportKind } from '../../dns/query.ts'
import type { Clock } from '../../runtime/clock.ts'
import type { Log } from '../../runtime/log.ts'
import type { NextTurn } from '../../runtime/turn.ts'

/**
 * What goes back: one message, the messages of a transfer one after another, or nothing at all. Over UDP the octets belong
 * to the transport from then on (a datagram that the kernel doesn't take at once is sent from where it stands); over
 * streams they are copied before anything else is asked for, so a responder may use the same room for every response.
 */
export type Response = Buffer | Iterable<Buffer> | undefined

/**
 * Turns a message into a response; never throws on account of its octets. Makes no promise unless it waits on the
 * network. `wire` stays as it is after the call: nobody writes into it again, so it may be held without a copy.
 */
export interface Responder {
  respond(wire: Buffer, transport: TransportKind, peer: Peer, listener: ListenerInfo): Eventual<Response>
}

/** One open socket that answers. */
export interface Transport {
  readonly kind: TransportKind
  /** Where it listens; the port is the real one once `listen` has settled. */
  readonly info: ListenerInfo
  /** Opens the socket and starts answering. Rejects with the operating system's error. */
  listen(): Promise<void>
  /** Takes what has arrived already and nothing after that; settles then. May be called more than once. */
  stopReceiving(): Promise<void>
  /** Stops receiving, sends what is still being answered (for at most 5 s) and closes. */
  close(): Promise<void>
}

export interface TransportOptions {
  /** An IPv4 or IPv6 address (with `%zone` where it needs one), or empty for every address of both families. */
  readonly address: string
  /** 0 picks a free one. */
  readonly port: number
  readonly responder: Responder
  readonly clock: Clock
  readonly log: Log
  readonly nextTurn: NextTurn
}

/** How long `close` waits for answers that are still to be sent, in milliseconds (corefile-and-plugins.md §5.3). */
export const CLOSE_WAIT_MS = 5000

/** How long `stopReceiving` goes on taking what keeps coming, in milliseconds. */
const DRAIN_MS = 250

/** `dns://:53`, `dns://127.0.0.1:53`, `tls://[::1]:853`; `bound` is where the socket really is. */
export function listenerInfo(scheme: string, asked: string, bound: string, port: number): ListenerInfo {
  return { label: `${scheme}://${bracketed(asked)}:${port}`, address: bracketed(bound), port }
}

const bracketed = (address: string) => (isIPv6(address) ? `[${address}]` : address)

const MAPPED = '::ffff:'

/** An address as people write it: a dual-stack socket shows IPv4 peers as `::ffff:192.0.2.1` (RFC 4291 §2.5.5.2). */
export function plainAddress(address: string): string {
  return address.startsWith(MAPPED) && address.includes('.') ? address.slice(MAPPED.length) : address
}

/**
 * Settles when `count` has stood still for one whole turn of the event loop: the poll between found nothing waiting in
 * the kernel. Gives up after a quarter of a second of steady traffic.
 */
export async function untilQuiet(count: () => number, clock: Clock, nextTurn: NextTurn): Promise<void> {
  const end = clock.now() + DRAIN_MS
  const turn = () => new Promise<void>(resolve => nextTurn(resolve))
  await turn() // the rest of the present turn, which may be past its poll
  let before: number
  do {
    before = count()
    await turn()
  } while (count() !== before && clock.now() < end)
}

/** Says the first thing that went wrong in a responder and counts the rest: one bad packet must not fill the log. */
export class Failures {
  count = 0
  readonly #log: Log
  readonly #label: () => string

  constructor(log: Log, label: () => string) {
    this.#log = log
    this.#label = label
  }

  add(error: unknown): void {
    if (this.count++ > 0) return
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
    this.#log.error(`${this.#label()}: a query was dropped (further ones are only counted): ${text}`)
  }
}
