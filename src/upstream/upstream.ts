// One server that queries are forwarded to: its sockets, its health, its counts.
import type { ConnectionOptions } from 'node:tls'
import type { Clock } from '../runtime/clock.ts'
import type { Random } from '../runtime/random.ts'
import { addressText, type UpstreamAddress } from './address.ts'
import { ChannelPool, type PoolOptions } from './channel-pool.ts'
import { DeadlineWheel } from './deadline-wheel.ts'
import { InFlight } from './in-flight.ts'
import { probeEnd, probeQuery, PROBE_READ_LIMIT_MS, Prober, type ProbeOptions } from './prober.ts'
import { StreamChannel } from './stream-channel.ts'
import { UdpChannel } from './udp-channel.ts'
import { UpstreamError } from './upstream-error.ts'

export type Network = 'udp' | 'tcp'

export interface UpstreamOptions {
  readonly pool: PoolOptions
  /** How long one attempt waits for its reply, in milliseconds. */
  readonly readLimitMs: number
  readonly sourceAddress: string | undefined
  /** For `tls://`: certificates and names. */
  readonly tls: ConnectionOptions | undefined
  readonly probe: ProbeOptions & {
    /** Over the transport that queries take: TCP with `force_tcp`. */
    readonly network: Network
  }
}

/** What is counted; called for every exchange. */
export interface UpstreamMeter {
  reusedChannel(network: Network): void
  openedChannel(network: Network): void
  probeFailed(): void
}

/** How many queries may wait for other servers, over all of a process. */
export const IN_FLIGHT_MAX = 10_000

/** What all upstreams of one configuration share. */
export class UpstreamRuntime {
  readonly clock: Clock
  readonly random: Random
  readonly wheel: DeadlineWheel
  readonly inFlight: InFlight

  constructor(runtime: { readonly clock: Clock; readonly random: Random }, inFlightMax = IN_FLIGHT_MAX) {
    this.clock = runtime.clock
    this.random = runtime.random
    this.wheel = new DeadlineWheel(runtime.clock)
    this.inFlight = new InFlight(inFlightMax)
  }
}

export class Upstream {
  readonly address: UpstreamAddress
  /** `192.0.2.1:53`. */
  readonly text: string
  readonly #options: UpstreamOptions
  readonly #runtime: UpstreamRuntime
  readonly #pools: Readonly<Record<Network, ChannelPool>>
  readonly #prober: Prober
  readonly #probeQuery: Buffer
  readonly #badPort: string | undefined

  constructor(
    address: UpstreamAddress,
    options: UpstreamOptions,
    runtime: UpstreamRuntime,
    meter: UpstreamMeter
  ) {
    this.address = address
    this.text = addressText(address)
    this.#options = options
    this.#runtime = runtime
    this.#badPort = badPort(address.port)
    const { sourceAddress, tls } = options
    const target = { host: address.host, port: Number(address.port), text: this.text, sourceAddress, tls }
    const pool = (network: Network) =>
      new ChannelPool(
        owner =>
          network === 'udp'
            ? new UdpChannel(target, owner, runtime.clock, runtime.wheel)
            : new StreamChannel(target, owner, runtime.clock, runtime.wheel),
        options.pool,
        runtime,
        { reused: () => meter.reusedChannel(network), opened: () => meter.openedChannel(network) }
      )
    this.#pools = { udp: pool('udp'), tcp: pool('tcp') }
    this.#probeQuery = probeQuery(options.probe)
    this.#prober = new Prober(
      runtime.wheel,
      options.probe.intervalMs,
      () => this.#probe(),
      () => meter.probeFailed()
    )
  }

  /** How many probes failed in a row. */
  get fails(): number {
    return this.#prober.fails
  }

  /** Whether more than `failsMax` probes failed in a row; never when that is 0. */
  isDown(failsMax: number): boolean {
    return failsMax > 0 && this.#prober.fails > failsMax
  }

  /** An attempt failed: finds out whether the server is down. */
  suspect(): void {
    this.#prober.start()
  }

  /**
   * Sends a query, which ends with its question at `questionEnd` and whatever follows, and settles with the reply's
   * octets: a response to that question, its records not looked at. Rejects with an UpstreamError, at `endAt` (on the
   * clock) at the latest. `tls://` upstreams are always asked over TLS.
   */
  exchange(wire: Uint8Array, questionEnd: number, network: Network, endAt: number): Promise<Buffer> {
    const used = this.networkFor(network)
    if (this.#badPort !== undefined) {
      return Promise.reject(new UpstreamError('BAD_ADDRESS', `dial ${used}: ${this.#badPort}`))
    }
    const { readLimitMs } = this.#options
    return this.#pools[used].exchange({ wire, questionEnd, readLimitMs, endAt, anyReply: false })
  }

  /** What a query over `network` is really sent over. */
  networkFor(network: Network): Network {
    return this.#options.tls === undefined ? network : 'tcp'
  }

  /** Closes all sockets and stops probing. */
  close(): void {
    this.#prober.stop()
    this.#pools.udp.close()
    this.#pools.tcp.close()
  }

  #probe(): Promise<unknown> {
    const network = this.networkFor(this.#options.probe.network)
    if (this.#badPort !== undefined) return Promise.reject(new UpstreamError('BAD_ADDRESS', this.#badPort))
    return this.#pools[network].exchangeAlone({
      wire: this.#probeQuery,
      questionEnd: this.#probeQuery.length,
      readLimitMs: PROBE_READ_LIMIT_MS,
      endAt: probeEnd(this.#runtime.clock),
      anyReply: true
    })
  }
}

/** What Go says when it comes to use such a port. */
function badPort(port: string): string | undefined {
  if (!/^[+-]?\d+$/.test(port)) return `lookup udp/${port}: unknown port`
  const number = Number(port)
  return number < 1 || number > 0xffff ? `address ${port}: invalid port` : undefined
}
