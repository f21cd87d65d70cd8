// The sockets to one upstream over one transport. As CoreDNS does, each carries one exchange at a time and is reused for a
// while, the longest unused first, so that source ports vary; only when there are many do exchanges share sockets. HTTP/2
// connections are made to be shared, so they are at once.
import type { Clock } from '../runtime/clock.ts'
import type { Random } from '../runtime/random.ts'
import { read16 } from '../wire/records.ts'
import type { Channel, ChannelOwner } from './channel.ts'
import { Deadline, type DeadlineWheel } from './deadline-wheel.ts'
import { Exchange, type Carrier, type ExchangeHost, type ExchangeRequest } from './exchange.ts'
import { UpstreamError } from './upstream-error.ts'

export interface PoolOptions {
  /** How long an unused socket is kept, in milliseconds. */
  readonly expireMs: number
  /** How old a socket may become, in milliseconds; 0: any age. */
  readonly maxAgeMs: number
  /** How many unused sockets are kept; 0: no limit but the one on all of them. */
  readonly idleMax: number
  /** Whether exchanges share a socket as long as it has room; otherwise only when there are many sockets. */
  readonly shares?: boolean
}

export interface PoolMeter {
  /** An exchange found a socket that was open, or didn't. */
  reused(): void
  opened(): void
}

export interface PoolRuntime {
  readonly clock: Clock
  readonly random: Random
  readonly wheel: DeadlineWheel
}

/** Sockets to one upstream: beyond it exchanges share them. */
export const CHANNELS_MAX = 256
/** Times as many may be open when most take no new questions: whose replies are late, say. */
const RETIRED_FACTOR = 4
/** Connections to one upstream that exchanges share at once. */
const SHARED_CHANNELS_MAX = 16
/** Messages that belong to nothing before a socket is given up: somebody guesses ids. */
export const STRAYS_MAX = 100
/** How often an exchange moves to a fresh socket. */
const MOVES_MAX = 2
/** How often unused sockets are looked through, in milliseconds. */
const SWEEP_MS = 1000

/** Closes sockets that nobody used for too long. */
class Sweep extends Deadline {
  readonly #sweep: () => void

  constructor(sweep: () => void) {
    super()
    this.#sweep = sweep
  }

  expire(): void {
    this.#sweep()
  }
}

export class ChannelPool implements ChannelOwner, ExchangeHost {
  readonly #open: (owner: ChannelOwner) => Channel
  readonly #options: PoolOptions
  readonly #runtime: PoolRuntime
  readonly #meter: PoolMeter
  /** Every socket that isn't closed. */
  readonly #all = new Set<Carrier>()
  /** Unused ones, the longest unused first. */
  #idle: Carrier[] = []
  readonly #sweep = new Sweep(() => this.#closeExpired())
  #stopped = false
  #draining = false

  constructor(
    open: (owner: ChannelOwner) => Channel,
    options: PoolOptions,
    runtime: PoolRuntime,
    meter: PoolMeter
  ) {
    this.#open = open
    this.#options = options
    this.#runtime = runtime
    this.#meter = meter
  }

  /** Sockets that are open. */
  get size(): number {
    return this.#all.size
  }

  get idle(): number {
    return this.#idle.length
  }

  /** Asks, and settles with the reply's octets. Rejects with an UpstreamError. */
  exchange(request: ExchangeRequest): Promise<Buffer> {
    const exchange = new Exchange(request, this)
    this.#start(exchange, false)
    return exchange.reply
  }

  /** As `exchange`, over a socket of its own that is closed afterwards. */
  exchangeAlone(request: ExchangeRequest): Promise<Buffer> {
    const exchange = new Exchange(request, this)
    this.#start(exchange, true)
    return exchange.reply
  }

  /** Closes what nobody uses, now and from now on; exchanges go on. */
  drain(): void {
    this.#draining = true
    this.#sweep.disarm()
    for (const channel of this.#idle.splice(0)) channel.end(new UpstreamError('STOPPED', 'drained'))
  }

  /** Closes everything. Exchanges that wait are rejected. */
  close(): void {
    this.#stopped = true
    this.#sweep.disarm()
    for (const channel of [...this.#all])
      channel.end(new UpstreamError('STOPPED', 'proxy: transport stopped'))
  }

  onOpen(channel: Channel): void {
    // What was connecting has been sent now: from here on the time for reading counts.
    for (const exchange of channel.exchanges.values())
      if (exchange !== undefined) this.#limitReading(exchange)
  }

  onMessage(channel: Channel, wire: Buffer): void {
    const exchange = channel.exchanges.get(read16(wire, 0))
    if (exchange?.accepts(wire) !== true) {
      if (++channel.strays >= STRAYS_MAX) this.#giveUp(channel)
      return
    }
    channel.exchanges.delete(exchange.id)
    exchange.succeed(wire)
    this.#release(channel)
  }

  onEnd(channel: Channel, error: UpstreamError): void {
    this.#all.delete(channel)
    const at = channel.waiting === 0 ? this.#idle.indexOf(channel) : -1
    if (at >= 0) this.#idle.splice(at, 1)
    const exchanges = [...channel.exchanges.values()]
    channel.exchanges.clear()
    channel.waiting = 0
    for (const exchange of exchanges) {
      // A server may close a connection at the moment we use it again: that says nothing about the server.
      const isUnread = exchange?.onUsedChannel === true && channel.kind !== 'udp' && isClosed(error)
      if (exchange !== undefined) this.#retryOrFail(exchange, isUnread, error)
    }
  }

  onFailure(channel: Channel, id: number, error: UpstreamError, isUnread: boolean): void {
    const exchange = channel.exchanges.get(id)
    channel.exchanges.delete(id)
    if (exchange === undefined) return
    this.#release(channel)
    this.#retryOrFail(exchange, isUnread, error)
  }

  /** Asks again over another socket where the server has not seen the question; not for ever. */
  #retryOrFail(exchange: Exchange, isUnread: boolean, error: UpstreamError): void {
    exchange.disarm()
    if (isUnread && !this.#stopped && ++exchange.moves <= MOVES_MAX) {
      this.#start(exchange, this.#options.shares !== true)
    } else exchange.fail(error)
  }

  onExpired(exchange: Exchange): void {
    const { channel } = exchange
    const error = exchange.timeoutError
    if (channel !== undefined) {
      if (!channel.abandon(exchange.id)) channel.retired = true
      this.#release(channel)
    }
    exchange.fail(error)
  }

  #start(exchange: Exchange, alone: boolean): void {
    if (this.#stopped) {
      exchange.fail(new UpstreamError('STOPPED', 'proxy: transport stopped'))
      return
    }
    const channel = this.#channelFor(exchange, alone)
    if (channel === undefined) {
      exchange.fail(
        new UpstreamError(
          'OVERLOAD',
          `too many queries wait for one upstream: its ${this.#all.size} sockets hold no more`
        )
      )
      return
    }
    let id = this.#runtime.random.integer(0x10000)
    while (channel.exchanges.has(id)) id = this.#runtime.random.integer(0x10000)
    exchange.channel = channel
    channel.exchanges.set(id, exchange)
    channel.waiting++
    if (channel.isOpen) this.#limitReading(exchange)
    else this.#limit(exchange, Infinity)
    channel.send(exchange.encode(id))
  }

  #limitReading(exchange: Exchange): void {
    this.#limit(exchange, exchange.request.readLimitMs)
  }

  #limit(exchange: Exchange, limitMs: number): void {
    const left = exchange.request.endAt - this.#runtime.clock.now()
    this.#runtime.wheel.arm(exchange, Math.min(limitMs, left))
  }

  #channelFor(exchange: Exchange, alone: boolean): Carrier | undefined {
    exchange.onUsedChannel = false
    if (!alone) {
      const now = this.#runtime.clock.now()
      for (let channel = this.#idle.shift(); channel !== undefined; channel = this.#idle.shift()) {
        if (this.#isExpired(channel, now)) {
          channel.end(new UpstreamError('STOPPED', 'expired'))
          continue
        }
        this.#meter.reused()
        exchange.onUsedChannel = true
        return channel
      }
    }
    const shares = this.#options.shares === true
    const channelsMax = shares ? SHARED_CHANNELS_MAX : CHANNELS_MAX
    if (alone || (!shares && this.#all.size < channelsMax)) return this.#openChannel(alone)
    const { best, usable, retired } = this.#leastBusy()
    if (shares && best !== undefined) {
      this.#meter.reused()
      exchange.onUsedChannel = best.isOpen
      return best
    }
    if (usable < channelsMax && this.#all.size < channelsMax * RETIRED_FACTOR) return this.#openChannel(false)
    return best ?? retired
  }

  #openChannel(alone: boolean): Channel {
    if (!alone) this.#meter.opened()
    const channel = this.#open(this)
    channel.retired = alone
    this.#all.add(channel)
    return channel
  }

  /**
   * The sockets with the fewest exchanges, of those that take new ones and of the others, and how many the former are. Only
   * under a flood of slow answers, or among few, so a look at all of them will do.
   */
  #leastBusy(): { best: Carrier | undefined; retired: Carrier | undefined; usable: number } {
    const now = this.#runtime.clock.now()
    let best: Carrier | undefined
    let retired: Carrier | undefined
    let usable = 0
    for (const channel of this.#all) {
      if (this.#isTooOld(channel, now)) channel.retired = true
      if (!channel.retired) usable++
      if (channel.waiting >= channel.capacity) continue
      if (channel.retired) {
        if (retired === undefined || channel.waiting < retired.waiting) retired = channel
      } else if (best === undefined || channel.waiting < best.waiting) best = channel
    }
    return { best, retired, usable }
  }

  /** An exchange on `channel` is over. */
  #release(channel: Carrier): void {
    if (--channel.waiting > 0 || channel.ended) return
    const { idleMax } = this.#options
    if (channel.retired || this.#draining || (idleMax > 0 && this.#idle.length >= idleMax)) {
      channel.end(new UpstreamError('STOPPED', 'retired'))
      return
    }
    channel.idleSince = this.#runtime.clock.now()
    this.#idle.push(channel)
    if (this.#sweep.wheel === undefined) this.#runtime.wheel.arm(this.#sweep, SWEEP_MS)
  }

  /** Too many messages came that belong to nothing: whoever waits asks again from another port. */
  #giveUp(channel: Channel): void {
    const waiting = [...channel.exchanges.values()].filter(exchange => exchange !== undefined)
    channel.exchanges.clear()
    channel.waiting = 0
    channel.retired = true
    channel.end(new UpstreamError('STRAY_MESSAGES', 'retired'))
    for (const exchange of waiting) {
      exchange.disarm()
      if (++exchange.moves > MOVES_MAX) {
        exchange.fail(
          new UpstreamError(
            'STRAY_MESSAGES',
            `${channel.remote} sent ${STRAYS_MAX} messages that answer nothing`
          )
        )
      } else this.#start(exchange, true)
    }
  }

  #isExpired(channel: Carrier, now: number): boolean {
    return now - channel.idleSince > this.#options.expireMs || this.#isTooOld(channel, now)
  }

  #isTooOld(channel: Carrier, now: number): boolean {
    const { maxAgeMs } = this.#options
    return maxAgeMs > 0 && now - channel.createdAt > maxAgeMs
  }

  #closeExpired(): void {
    const now = this.#runtime.clock.now()
    const expired = this.#idle.filter(channel => this.#isExpired(channel, now))
    this.#idle = this.#idle.filter(channel => !this.#isExpired(channel, now))
    for (const channel of expired) channel.end(new UpstreamError('STOPPED', 'expired'))
    if (this.#idle.length > 0) this.#runtime.wheel.arm(this.#sweep, SWEEP_MS)
  }
}

const isClosed = (error: UpstreamError): boolean =>
  error.code === 'CLOSED' || error.code === 'CONNECTION_RESET'
