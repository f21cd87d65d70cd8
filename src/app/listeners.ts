// The open sockets of a process. A configuration is switched on all of them at once; a socket that the next configuration
// wants too stays open, with its connections.
import type { Answer } from '../dns/answer.ts'
import { whenReady, type Eventual } from '../dns/plugin.ts'
import {
  derivedQuery,
  LiveUse,
  newQuery,
  QUERY_LIMIT_MS,
  type ListenerInfo,
  type Peer,
  type Query,
  type TransportKind
} from '../dns/query.ts'
import { accept } from '../dns/accept.ts'
import { emptyAnswer, encodeResponse } from '../dns/response.ts'
import { Trace, type Note } from '../dns/trace.ts'
import { HTTPS_RESPONSES } from '../metrics/families.ts'
import type { Metrics } from '../metrics/metrics.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { explainListenError } from '../server/listen-error.ts'
import type { PlannedListener } from '../server/listener-plan.ts'
import { Responder, type ListenerState } from '../server/respond.ts'
import { ConnectionTable, connectionsMaxOf } from '../server/transport/connection-table.ts'
import type * as httpsModule from '../server/transport/https.ts'
import type * as tlsModule from '../server/transport/tls-front.ts'
import { HandshakeQueue } from '../server/transport/handshake-queue.ts'
import { listenPair } from '../server/transport/listen-pair.ts'
import type { StreamOptions, StreamTransport } from '../server/transport/stream-transport.ts'
import { TcpTransport } from '../server/transport/tcp.ts'
import type { Response, Transport } from '../server/transport/transport.ts'
import { UdpTransport } from '../server/transport/udp.ts'
import { ZoneRouter } from '../server/zone-router.ts'
import { isSubdomain, type Name } from '../wire/name.ts'
import { Rcode } from '../wire/numbers.ts'

export interface ListenersOptions {
  readonly runtime: Runtime
  readonly metrics: () => Metrics
  /** The command line, for advice that can be typed. */
  readonly words: readonly string[]
}

interface OpenListener {
  readonly responder: Responder
  readonly stream: StreamTransport
  /** `stream`, and UDP where plain DNS is spoken. */
  readonly transports: readonly Transport[]
}

/** What is loaded once a key asks for it. */
type TlsModule = typeof tlsModule
type HttpsModule = typeof httpsModule

/** Secure connections at once: with 5,000 hostile clients the process grows by 20 to 60 MB. */
const SECURE_CONNECTIONS_MAX = 500
/** Octets that they hold: what waits is there twice, as it is and encrypted. */
const SECURE_HELD_OCTETS_MAX = 2 << 20

/** A query that was answered, and why. */
export interface Told {
  readonly query: Query
  readonly rcode: number
  /** Of the server block that answered; empty when none has a zone for the name. */
  readonly zone: string
  readonly notes: readonly Note[]
  /** Undefined: nothing is sent. */
  readonly response: Buffer | undefined
}

export type Telling = (wire: Buffer, transport: TransportKind, peer: Peer) => Eventual<Told | undefined>

export class Listeners {
  readonly #options: ListenersOptions
  readonly #connections: ConnectionTable
  /** Of `tls://` and `https://` keys, which cost more. */
  readonly #secureConnections: ConnectionTable
  readonly #handshakes: HandshakeQueue
  /** Whether any client was answered. */
  readonly answered = { yet: false }
  /** By what the plan says of them, in the order in which they were opened. */
  readonly #open = new Map<string, OpenListener>()
  /** Of sockets that are closed. */
  readonly #closedErrors = { sendErrors: 0, receiveErrors: 0 }
  readonly #responderOf = new WeakMap<ListenerInfo, Responder>()
  #tls: TlsModule | undefined
  #https: HttpsModule | undefined

  constructor(options: ListenersOptions) {
    const { clock, nextTurn, files } = options.runtime
    const connectionsMax = connectionsMaxOf(files)
    this.#options = options
    this.#connections = new ConnectionTable({ clock, nextTurn, connectionsMax })
    this.#handshakes = new HandshakeQueue(clock, nextTurn)
    this.#secureConnections = new ConnectionTable({
      clock,
      nextTurn,
      connectionsMax: Math.min(SECURE_CONNECTIONS_MAX, connectionsMax),
      heldOctetsMax: SECURE_HELD_OCTETS_MAX
    })
  }

  /** Connections of clients that are open, those with TLS included. */
  get connections(): number {
    return this.#connections.open + this.#secureConnections.open
  }

  /** What was given up to stay within bounds or because the kernel refused it, by reason. */
  drops(): Readonly<Record<string, number>> {
    const tables = [this.#connections, this.#secureConnections]
    const sum = (field: 'evicted' | 'expired' | 'shed') =>
      tables.reduce((total, table) => total + table[field], 0)
    const udp = { ...this.#closedErrors }
    for (const { transports } of this.#open.values()) addErrors(udp, transports)
    return {
      udp_send_error: udp.sendErrors,
      udp_receive_error: udp.receiveErrors,
      tcp_evicted: sum('evicted'),
      tcp_expired: sum('expired'),
      tcp_shed: sum('shed')
    }
  }

  /** Where a planned listener is (its UDP half where it has one); undefined while it is not open. */
  infoOf(planned: PlannedListener): ListenerInfo | undefined {
    return this.#open.get(keyOf(planned))?.transports[0]?.info
  }

  /** The port that a planned listener got; the planned one while it is not open. */
  portOf(planned: PlannedListener): number {
    return this.#open.get(keyOf(planned))?.stream.info.port ?? planned.port
  }

  addresses(): { readonly address: string; readonly port: number; readonly transport: string }[] {
    return [...this.#open.values()].flatMap(({ transports }) =>
      transports.map(({ kind, info: { address, port } }) => ({ address, port, transport: kind }))
    )
  }

  /**
   * Opens those that are not open yet; they answer at once. Rejects with what to do about it when one can't be had or a
   * certificate can't be used, and closes again what it has opened.
   */
  async open(plan: readonly PlannedListener[]): Promise<void> {
    const opened: string[] = []
    try {
      for (const planned of plan) {
        const key = keyOf(planned)
        await this.#prepare(planned)
        if (this.#open.has(key)) continue
        this.#open.set(key, await this.#listen(planned))
        opened.push(key)
      }
    } catch (error) {
      await this.#close(opened)
      throw error
    }
  }

  /** From now on everything is answered as this plan says. What it doesn't name must be closed then. */
  switchTo(plan: readonly PlannedListener[]): void {
    for (const planned of plan) {
      const listener = this.#open.get(keyOf(planned))
      if (listener === undefined) continue
      listener.responder.state = this.#stateOf(planned)
      listener.stream.limit(planned.limits)
      this.#secure(listener.stream, planned)
    }
  }

  /** Sends what is still being answered, and closes; without a plan, everything. */
  async closeAllBut(plan: readonly PlannedListener[]): Promise<void> {
    const wanted = new Set(plan.map(keyOf))
    await this.#close([...this.#open.keys()].filter(key => !wanted.has(key)))
  }

  /**
   * Asks the listener that a query came in on, as a client there would. All that is looked up for one query shares the
   * time that one query has.
   */
  lookup(name: Name, qtype: number, query: Query): Eventual<Answer> {
    if (query.answerBy === 0) query.answerBy = this.#options.runtime.clock.now() + QUERY_LIMIT_MS
    const [first] = this.#open.values()
    const responder = this.#responderOf.get(query.listener) ?? first?.responder
    const inner = derivedQuery(query, name, qtype)
    if (responder === undefined) return emptyAnswer(inner, Rcode.SERVFAIL)
    return whenReady(responder.lookup(inner), answer => {
      if (inner.liveUse !== LiveUse.NONE) query.liveUse = LiveUse.ANSWERED
      if (inner.judged || inner.restsOnJudged) query.restsOnJudged = true
      return answer
    })
  }

  /** How to ask a listener that isn't open, as a client over TCP would. */
  inProcess(planned: PlannedListener): (name: Name, qtype: number) => Eventual<Answer> {
    const { responder, listener } = this.#socketless(planned)
    return (name, qtype) => responder.answer(newQuery(name, qtype, listener))
  }

  /** Answers messages as a listener would that isn't open. */
  handedIn(
    planned: PlannedListener
  ): (wire: Buffer, transport: TransportKind, peer: Peer) => Eventual<Response> {
    const { responder, listener } = this.#socketless(planned)
    return (wire, transport, peer) => responder.respond(wire, transport, peer, listener)
  }

  /** As `handedIn`, with what plugins noted meanwhile. What can't be read as a query is answered by undefined. */
  telling(planned: PlannedListener): Telling {
    const { responder, listener } = this.#socketless(planned)
    return (wire, transport, peer) => {
      const query = accept(wire, transport, peer, listener)
      if (typeof query === 'string') return undefined
      const trace = new Trace()
      query.trace = trace
      return whenReady(responder.answer(query), answer => {
        const { rcode, dropped } = answer
        const zone = planned.zones
          .filter(({ name }) => name !== undefined && isSubdomain(query.name, name))
          .reduce((longest, { text }) => (text.length > longest.length ? text : longest), '')
        const response = dropped ? undefined : encodeResponse(query, answer)
        return { query, rcode, zone, notes: trace.notes, response }
      })
    }
  }

  #socketless(planned: PlannedListener): { responder: Responder; listener: ListenerInfo } {
    const { transport, address, port } = planned
    const responder = new Responder(this.#stateOf(planned))
    const listener: ListenerInfo = { label: `${transport}://${address}:${port}`, address, port }
    this.#responderOf.set(listener, responder)
    return { responder, listener }
  }

  /** Loads what a listener needs, and looks whether its certificate can be used. */
  async #prepare({ transport, tls }: PlannedListener): Promise<void> {
    if (transport === 'https') this.#https ??= await import('../server/transport/https.ts')
    if (tls === undefined) return
    this.#tls ??= await import('../server/transport/tls-front.ts')
    try {
      this.#tls.checkSettings(tls)
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error)
      throw new Error(`plugin/tls: the certificate can't be used: ${text}`, { cause: error })
    }
  }

  async #listen(planned: PlannedListener): Promise<OpenListener> {
    const { address, port } = planned
    const responder = new Responder(this.#stateOf(planned))
    try {
      const { stream, transports } = await this.#openTransports(planned, responder)
      for (const { info } of transports) this.#responderOf.set(info, responder)
      return { responder, stream, transports }
    } catch (error) {
      throw explainListenError(error, { address, port, words: this.#options.words })
    }
  }

  async #openTransports(
    planned: PlannedListener,
    responder: Responder
  ): Promise<{ readonly stream: StreamTransport; readonly transports: readonly Transport[] }> {
    const { clock, nextTurn, log } = this.#options.runtime
    const { address, port, limits, transport } = planned
    const options = { address, responder, clock, nextTurn, log: log.own(), timeouts: limits }
    if (transport === 'dns') {
      const { tcp, udp } = await listenPair(
        port,
        actual => new TcpTransport({ ...options, port: actual, table: this.#connections }),
        actual => new UdpTransport({ ...options, port: actual })
      )
      return { stream: tcp, transports: [udp, tcp] }
    }
    const secure = { ...options, port, table: this.#secureConnections }
    const stream = transport === 'https' ? this.#makeHttps(secure) : new TcpTransport(secure, 'tls')
    this.#secure(stream, planned)
    await stream.listen()
    return { stream, transports: [stream] }
  }

  #makeHttps(options: StreamOptions): StreamTransport {
    const { HttpsTransport } = this.#https as HttpsModule
    const made: StreamTransport = new HttpsTransport({
      ...options,
      isReadable: wire => typeof accept(wire, 'https', NOBODY, made.info) !== 'string',
      answered: status =>
        this.#options.metrics().counter(HTTPS_RESPONSES).with(made.info.label, String(status)).increment()
    })
    return made
  }

  /** Has a listener speak TLS as its plan says, from the next connection on. */
  #secure(stream: StreamTransport, { transport, tls }: PlannedListener): void {
    stream.secure(tls, settings => {
      const { TlsFront } = this.#tls as TlsModule
      const common = { waiting: this.#connections, queue: this.#handshakes }
      if (transport !== 'https')
        return new TlsFront(stream, { ...common, protocols: DOT_PROTOCOLS }, settings)
      const { HTTPS_PROTOCOLS: protocols, PLAINTEXT_REPLY: plaintextReply } = this.#https as HttpsModule
      return new TlsFront(stream, { ...common, protocols, plaintextReply }, settings)
    })
  }

  #stateOf({ zones, anyClass }: PlannedListener): ListenerState {
    const { runtime } = this.#options
    const metrics = this.#options.metrics()
    const named = zones.flatMap(({ name, chain, filter }) =>
      name === undefined ? [] : [[name, chain, filter] as const]
    )
    return {
      router: new ZoneRouter(named),
      anyClass,
      answered: this.answered,
      dropped: (query, rcode) => metrics.countDropped(query, rcode),
      failed: (query, error) => {
        metrics.countPanic()
        const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
        runtime.log.error(`Recovered from panic in server: ${query.questionText}: ${text}`)
      }
    }
  }

  async #close(keys: readonly string[]): Promise<void> {
    const listeners = keys.flatMap(key => this.#open.get(key) ?? [])
    for (const key of keys) this.#open.delete(key)
    await Promise.all(listeners.flatMap(({ transports }) => transports.map(one => one.close())))
    // A counter never falls.
    for (const { transports } of listeners) addErrors(this.#closedErrors, transports)
  }
}

/** Names for ALPN (RFC 7858 has none; IANA registers `dot`, which zone transfers over TLS insist on, RFC 9103 §8.1). */
const DOT_PROTOCOLS: readonly string[] = ['dot']

/** The peer of a message that is only looked at. */
const NOBODY: Peer = { address: '', port: 0 }

const keyOf = ({ transport, address, port }: PlannedListener): string => `${transport} ${address} ${port}`

/** Adds what UDP sockets among these could not send or receive. */
function addErrors(
  sum: { sendErrors: number; receiveErrors: number },
  transports: readonly Transport[]
): void {
  for (const transport of transports) {
    if (!(transport instanceof UdpTransport)) continue
    sum.sendErrors += transport.sendErrors
    sum.receiveErrors += transport.receiveErrors
  }
}
