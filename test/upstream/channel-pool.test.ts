// The pool's bounds and failures, with sockets that do what a test says.
import t from 'tap'
import { systemRandom } from '../../src/runtime/random.ts'
import { Channel, DIAL_LIMIT_MS, type ChannelOwner } from '../../src/upstream/channel.ts'
import { SHARED_MAX } from '../../src/upstream/channel.ts'
import { CHANNELS_MAX, ChannelPool, type PoolOptions } from '../../src/upstream/channel-pool.ts'
import { DeadlineWheel } from '../../src/upstream/deadline-wheel.ts'
import { UpstreamError } from '../../src/upstream/upstream-error.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { queryWire } from '../support/messages.ts'

class FakeChannel extends Channel {
  readonly sent: Buffer[] = []
  destroyed = 0

  constructor(owner: ChannelOwner, clock: FakeClock, wheel: DeadlineWheel, kind: 'udp' | 'tcp') {
    super(kind, '192.0.2.1:53', owner, clock, wheel)
  }

  send(wire: Buffer): void {
    this.sent.push(wire)
  }

  protected destroy(): void {
    this.destroyed++
  }

  connect(): void {
    this.opened('192.0.2.7:1024')
  }

  /** Answers the message that was sent at `at`. */
  answer(at = this.sent.length - 1): void {
    const wire = Buffer.from(this.sent[at]!)
    wire[2]! |= 0x80
    this.owner.onMessage(this, wire)
  }

  break(code: string): void {
    this.failed(Object.assign(new Error(code), { code }))
  }

  closeByPeer(): void {
    this.closedByPeer()
  }
}

function bench(options: Partial<PoolOptions> = {}, kind: 'udp' | 'tcp' = 'udp') {
  const clock = new FakeClock()
  const wheel = new DeadlineWheel(clock)
  const channels: FakeChannel[] = []
  const pool = new ChannelPool(
    owner => {
      const channel = new FakeChannel(owner, clock, wheel, kind)
      channels.push(channel)
      return channel
    },
    { expireMs: 10_000, maxAgeMs: 0, idleMax: 0, ...options },
    { clock, random: systemRandom(), wheel },
    { reused: () => undefined, opened: () => undefined }
  )
  const wire = queryWire('a.org', 'A')
  const ask = async (limitMs = 5000): Promise<string> => {
    const request = {
      wire,
      questionEnd: wire.length,
      readLimitMs: 2000,
      endAt: clock.now() + limitMs,
      anyReply: false
    }
    try {
      await pool.exchange(request)
      return 'answered'
    } catch (error) {
      return error instanceof UpstreamError ? error.message : String(error)
    }
  }
  return { clock, wheel, channels, pool, ask }
}

t.test('connecting takes two seconds at most, and the time for reading begins after it', async t => {
  const { clock, channels, ask } = bench({}, 'tcp')
  const first = ask()
  clock.advance(DIAL_LIMIT_MS + 20)
  t.equal(await first, 'dial tcp 192.0.2.1:53: i/o timeout')
  t.equal(channels[0]!.destroyed, 1)

  const second = ask()
  clock.advance(1500)
  channels[1]!.connect()
  clock.advance(1990)
  channels[1]!.answer()
  t.equal(await second, 'answered')

  const third = ask(2500)
  clock.advance(1980)
  t.equal(channels[1]!.sent.length, 2, 'on the connection that is there')
  clock.advance(40)
  t.equal(await third, 'read tcp 192.0.2.7:1024->192.0.2.1:53: i/o timeout')

  const fourth = ask(1000)
  clock.advance(1020)
  t.equal(await fourth, 'dial tcp 192.0.2.1:53: i/o timeout', 'or when the query is over')
})

t.test('a connection that cannot be made fails every query that waits for it', async t => {
  const { channels, ask, pool, wheel } = bench({}, 'tcp')
  const one = ask()
  channels[0]!.break('ECONNREFUSED')
  t.equal(await one, 'dial tcp 192.0.2.1:53: connect: connection refused')
  t.same([pool.size, wheel.size], [0, 0])
})

t.test('beyond so many sockets they are shared, and beyond so many queries they are turned away', async t => {
  const { channels, ask, pool, clock, wheel } = bench()
  const most = CHANNELS_MAX * SHARED_MAX
  const asked: Promise<string>[] = []
  for (let count = 0; count < most; count++) {
    asked.push(ask())
    if (count < CHANNELS_MAX) channels[count]!.connect()
  }
  t.equal(channels.length, CHANNELS_MAX)
  t.ok(channels.every(channel => channel.waiting === SHARED_MAX))
  for (const channel of channels)
    t.equal(new Set(channel.sent.map(wire => wire.readUInt16BE(0))).size, SHARED_MAX)
  t.equal(await ask(), `too many queries wait for one upstream: its ${CHANNELS_MAX} sockets hold no more`)
  for (const channel of channels) for (const at of channel.sent.keys()) channel.answer(at)
  t.same(new Set(await Promise.all(asked)), new Set(['answered']))
  t.equal(pool.idle, CHANNELS_MAX)
  clock.advance(11_100)
  t.same([pool.size, wheel.size, clock.pending], [0, 0, 0], 'all of it goes away again')
})

t.test('a socket whose query timed out takes no more, and closes behind the last', async t => {
  const { channels, clock, ask } = bench()
  const asked: Promise<string>[] = []
  for (let count = 0; count <= CHANNELS_MAX; count++) {
    asked.push(ask())
    channels.at(-1)!.connect()
    if (count === 0) clock.advance(1000)
  }
  const shared = channels.find(channel => channel.waiting === 2)!
  clock.advance(1020)
  t.equal(shared.waiting, 1)
  t.ok(shared.retired)
  t.equal(shared.destroyed, 0)
  shared.answer(0)
  t.equal(shared.waiting, 1, 'a reply that comes too late is nobody’s')
  shared.answer(1)
  t.equal(shared.destroyed, 1)
  t.match(await asked[0]!, /i\/o timeout/)
})

t.test('two replies to one query are one', async t => {
  const { channels, ask, pool } = bench()
  const one = ask()
  channels[0]!.connect()
  channels[0]!.answer()
  channels[0]!.answer()
  t.equal(await one, 'answered')
  t.equal(pool.idle, 1)
  const two = ask()
  t.equal(channels.length, 1)
  channels[0]!.answer()
  t.equal(await two, 'answered')
})

t.test('only a used connection that was closed is tried again, and only once', async t => {
  const { channels, ask } = bench({}, 'tcp')
  const one = ask()
  channels[0]!.connect()
  channels[0]!.answer()
  await one
  const two = ask()
  channels[0]!.closeByPeer()
  t.equal(channels.length, 2)
  channels[1]!.connect()
  channels[1]!.closeByPeer()
  t.equal(await two, 'EOF')
  const three = ask()
  channels[2]!.connect()
  channels[2]!.closeByPeer()
  t.equal(await three, 'EOF')
})
