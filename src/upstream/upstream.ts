// One server that queries are forwarded to: its sockets, its health, its counts.
import type { Clock } from '../runtime/clock.ts'
import type { Random } from '../runtime/random.ts'
import { addressText, type UpstreamAddress } from './address.ts'
import { ChannelPool, type PoolOptions } from './channel-pool.ts'
import { DIAL_LIMIT_MS, type Channel, type ChannelOwner } from './channel.ts'
import { DeadlineWheel } from './deadline-wheel.ts'
import { HttpsChannel, type HttpMethod } from './https-channel.ts'
import { InFlight } from './in-flight.ts'
import { probeEnd, probeQuery, PROBE_READ_LIMIT_MS, Prober, type ProbeOptions } from './prober.ts'
import { StreamChannel } from './stream-channel.ts'
import type { TlsSettings } from './tls-settings.ts'
import { UdpChannel } from './udp-channel.ts'
import { UpstreamError } from './upstream-error.ts'

export type Network = 'udp' | 'tcp'

export interface UpstreamOptions {
  readonly pool: PoolOptions
  /** How long one attempt waits for its reply, in milliseconds. */
  readonly readLimitMs: number
  readonly sourceAddress: string | undefined
  /** For `tls://` and `https://`: certificates and names. */
  readonly tls: TlsSettings | undefined
  /** For `https://`: how it is asked. */
  readonly httpMethod?: HttpMethod
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
/** How many of them may be one client's. */
export const IN_FLIGHT_CLIENT_MAX = 2000

/** What all upstreams of one configuration share. */
export class UpstreamRuntime {
  readonly clock: Clock
  readonly random: Random
  readonly wheel: DeadlineWheel
  readonly inFlight: InFlight

  constructor(
    runtime: { readonly clock: Clock; readonly random: Random },
    inFlightMax = IN_FLIGHT_MAX,
    inFlightClientMax = IN_FLIGHT_CLIENT_MAX
  ) {
    this.clock = runtime.clock
    this.random = runtime.random
    this.wheel = new DeadlineWheel(runtime.clock)
    this.inFlight = new InFlight(inFlightMax, inFlightClientMax)
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
    const { sourceAddress, tls = {}, httpMethod: method = 'POST' } = options
    const { clock, wheel } = runtime
    const target = { host: address.host, port: Number(address.port), text: this.text, sourceAddress }
    const isHttps = address.scheme === 'https'
    const open = (network: Network, owner: ChannelOwner): Channel => {
      if (network === 'udp') return new UdpChannel(target, owner, clock, wheel)
      if (isHttps) return new HttpsChannel({ ...target, tls, method }, owner, clock, wheel)
      return new StreamChannel({ ...target, tls: options.tls }, owner, clock, wheel)
    }
    const pool = (network: Network) =>
      new ChannelPool(owner => open(network, owner), { ...options.pool, shares: isHttps }, runtime, {
        reused: () => meter.reusedChannel(network),
        opened: () => meter.openedChannel(network)
      })
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
   * clock) at the latest, and after the longer of the read limit and 2 s, connecting included. `tls://` and `https://`
   * upstreams are always asked over TLS.
   */
  exchange(wire: Uint8Array, questionEnd: number, network: Network, endAt: number): Promise<Buffer> {
    const used = this.networkFor(network)
    if (this.#badPort !== undefined) {
      return Promise.reject(new UpstreamError('BAD_ADDRESS', `dial ${used}: ${this.#badPort}`))
    }
    const { readLimitMs } = this.#options
    const attemptEnd = this.#runtime.clock.now() + Math.max(readLimitMs, DIAL_LIMIT_MS)
    const request = { wire, questionEnd, readLimitMs, endAt: Math.min(endAt, attemptEnd), anyReply: false }
    return this.#pools[used].exchange(request)
  }

  /** What a query over `network` is really sent over. */
  networkFor(network: Network): Network {
    return this.#options.tls === undefined ? network : 'tcp'
  }

  /** Stops probing and keeps no sockets any more; queries that come are still asked. */
  drain(): void {
    this.#prober.stop()
    this.#pools.udp.drain()
    this.#pools.tcp.drain()
  }

  /** Closes all sockets and stops probing. Queries that wait are rejected. */
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
