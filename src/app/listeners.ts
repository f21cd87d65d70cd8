// The open sockets of a process. A configuration is switched on all of them at once; a socket that the next configuration
// wants too stays open, with its connections.
import type { Answer } from '../dns/answer.ts'
import { whenReady, type Eventual } from '../dns/plugin.ts'
import {
  derivedQuery,
  LiveUse,
  newQuery,
  type ListenerInfo,
  type Peer,
  type Query,
  type TransportKind
} from '../dns/query.ts'
import { emptyAnswer } from '../dns/response.ts'
import type { Metrics } from '../metrics/metrics.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { explainListenError } from '../server/listen-error.ts'
import type { PlannedListener } from '../server/listener-plan.ts'
import { Responder, type ListenerState } from '../server/respond.ts'
import { ConnectionTable, connectionsMaxOf } from '../server/transport/connection-table.ts'
import { listenPair } from '../server/transport/listen-pair.ts'
import { TcpTransport } from '../server/transport/tcp.ts'
import type { Response } from '../server/transport/transport.ts'
import { UdpTransport } from '../server/transport/udp.ts'
import { ZoneRouter } from '../server/zone-router.ts'
import type { Name } from '../wire/name.ts'
import { Rcode } from '../wire/numbers.ts'

export interface ListenersOptions {
  readonly runtime: Runtime
  readonly metrics: () => Metrics
  /** The command line, for advice that can be typed. */
  readonly words: readonly string[]
}

interface OpenListener {
  readonly responder: Responder
  readonly udp: UdpTransport
  readonly tcp: TcpTransport
}

export class Listeners {
  readonly #options: ListenersOptions
  readonly #connections: ConnectionTable
  /** Whether any client was answered. */
  readonly answered = { yet: false }
  /** By what the plan says of them, in the order in which they were opened. */
  readonly #open = new Map<string, OpenListener>()
  readonly #responderOf = new WeakMap<ListenerInfo, Responder>()

  constructor(options: ListenersOptions) {
    const { clock, nextTurn, files } = options.runtime
    this.#options = options
    this.#connections = new ConnectionTable({ clock, nextTurn, connectionsMax: connectionsMaxOf(files) })
  }

  /** Where a planned listener is (its UDP half); undefined while it is not open. */
  infoOf(planned: PlannedListener): ListenerInfo | undefined {
    return this.#open.get(keyOf(planned))?.udp.info
  }

  /** The port that a planned listener got; the planned one while it is not open. */
  portOf(planned: PlannedListener): number {
    return this.#open.get(keyOf(planned))?.udp.info.port ?? planned.port
  }

  addresses(): { readonly address: string; readonly port: number; readonly transport: string }[] {
    return [...this.#open.values()].flatMap(({ udp, tcp }) =>
      [udp, tcp].map(({ kind, info: { address, port } }) => ({ address, port, transport: kind }))
    )
  }

  /**
   * Opens those that are not open yet; they answer at once. Rejects with what to do about it when one can't be had, and
   * closes again what it has opened.
   */
  async open(plan: readonly PlannedListener[]): Promise<void> {
    const opened: string[] = []
    try {
      for (const planned of plan) {
        const key = keyOf(planned)
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
      listener.tcp.limit(planned.limits)
    }
  }

  /** Sends what is still being answered, and closes; without a plan, everything. */
  async closeAllBut(plan: readonly PlannedListener[]): Promise<void> {
    const wanted = new Set(plan.map(keyOf))
    await this.#close([...this.#open.keys()].filter(key => !wanted.has(key)))
  }

  /** Asks the listener that a query came in on, as a client there would. */
  lookup(name: Name, qtype: number, query: Query): Eventual<Answer> {
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

  #socketless(planned: PlannedListener): { responder: Responder; listener: ListenerInfo } {
    const { transport, address, port } = planned
    const responder = new Responder(this.#stateOf(planned))
    const listener: ListenerInfo = { label: `${transport}://${address}:${port}`, address, port }
    this.#responderOf.set(listener, responder)
    return { responder, listener }
  }

  async #listen(planned: PlannedListener): Promise<OpenListener> {
    const { clock, nextTurn, log } = this.#options.runtime
    const { address, port, limits } = planned
    const responder = new Responder(this.#stateOf(planned))
    const options = { address, responder, clock, nextTurn, log: log.own() }
    try {
      const { tcp, udp } = await listenPair(
        port,
        actual => new TcpTransport({ ...options, port: actual, table: this.#connections, timeouts: limits }),
        actual => new UdpTransport({ ...options, port: actual })
      )
      this.#responderOf.set(udp.info, responder).set(tcp.info, responder)
      return { responder, udp, tcp }
    } catch (error) {
      throw explainListenError(error, { address, port, words: this.#options.words })
    }
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
    await Promise.all(listeners.flatMap(({ udp, tcp }) => [udp.close(), tcp.close()]))
  }
}

const keyOf = ({ transport, address, port }: PlannedListener): string => `${transport} ${address} ${port}`
