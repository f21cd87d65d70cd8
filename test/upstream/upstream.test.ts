// The sockets: real ones on loopback, with a clock that only moves when told to.
import packet from 'dns-packet'
import t from 'tap'
import { encodeName } from '../../src/wire/name.ts'
import { systemRandom } from '../../src/runtime/random.ts'
import { Upstream, UpstreamRuntime, type Network, type UpstreamOptions } from '../../src/upstream/upstream.ts'
import { UpstreamError } from '../../src/upstream/upstream-error.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { queryWire } from '../support/messages.ts'
import { a, reply, ScriptedUpstream, type Script } from '../support/scripted-upstream.ts'

const options: UpstreamOptions = {
  pool: { expireMs: 10_000, maxAgeMs: 0, idleMax: 0 },
  readLimitMs: 2000,
  sourceAddress: undefined,
  tls: undefined,
  probe: { intervalMs: 500, recursionDesired: true, domain: encodeName('.'), network: 'udp' }
}

interface Test {
  teardown(task: () => unknown): void
}

interface Bench {
  readonly clock: FakeClock
  readonly server: ScriptedUpstream
  readonly upstream: Upstream
  readonly counts: Record<string, number>
  readonly ask: (name?: string, network?: Network, limitMs?: number) => Promise<string>
}

/** An answer's first address, or the error's text with ephemeral ports taken out. */
async function outcome(reply: Promise<Buffer>): Promise<string> {
  try {
    const message = packet.decode(await reply)
    const first = message.answers?.[0]
    return first?.type === 'A' ? first.data : 'no address'
  } catch (error) {
    if (!(error instanceof UpstreamError)) throw error
    return `${error.code}: ${error.message.replace(/127\.0\.0\.1:\d+->/, 'US->').replace(/127\.0\.0\.1:\d+/, 'IT')}`
  }
}

async function bench(t: Test, script: Script, more: Partial<UpstreamOptions> = {}): Promise<Bench> {
  const clock = new FakeClock()
  const server = await ScriptedUpstream.open(script)
  const counts: Record<string, number> = {}
  const count = (name: string) => (counts[name] = (counts[name] ?? 0) + 1)
  const upstream = new Upstream(
    { scheme: 'dns', host: '127.0.0.1', port: String(server.port), serverName: '', isName: false },
    { ...options, ...more },
    new UpstreamRuntime({ clock, random: systemRandom() }),
    {
      reusedChannel: network => count(`${network} reused`),
      openedChannel: network => count(`${network} opened`),
      probeFailed: () => count('probe failed')
    }
  )
  // The sockets of an upstream don't keep a process alive.
  const alive = setInterval(() => undefined, 1000)
  t.teardown(async () => {
    clearInterval(alive)
    upstream.close()
    await server.close()
  })
  return {
    clock,
    server,
    upstream,
    counts,
    ask: (name = 'a.org', network = 'udp', limitMs = 5000) => {
      const wire = queryWire(name, 'A')
      return outcome(upstream.exchange(wire, wire.length, network, clock.now() + limitMs))
    }
  }
}

/** Lets the event loop go round until something is so; fails after two seconds. */
async function until(what: () => boolean): Promise<void> {
  for (let turns = 0; turns < 2000; turns++) {
    if (what()) return
    await new Promise(resolve => setTimeout(resolve, 1))
  }
  throw new Error('it never was so')
}

const good: Script = asked => asked.send(reply(asked, [a(asked, '10.0.0.1')]))

t.test('asks over UDP and TCP, and uses a socket again', async t => {
  const { ask, server, counts } = await bench(t, good)
  for (const network of ['udp', 'tcp'] as const) {
    t.equal(await ask('a.org', network), '10.0.0.1')
    t.equal(await ask('b.org', network), '10.0.0.1')
  }
  t.same(server.seen, ['udp a.org A', 'udp b.org A', 'tcp a.org A', 'tcp b.org A'])
  t.equal(server.asked[0]!.port, server.asked[1]!.port)
  t.equal(server.connections, 1)
  t.same(counts, { 'udp opened': 1, 'udp reused': 1, 'tcp opened': 1, 'tcp reused': 1 })
})

t.test('sends the query as it is but for its id', async t => {
  const { upstream, server, clock } = await bench(t, good)
  const wire = queryWire('A.oRg', 'A', { id: 7, flags: 0x0130, edns: 4096, options: [[65001, 'abcd']] })
  const before = Buffer.from(wire)
  const ids = new Set<number>()
  for (let round = 0; round < 5; round++) {
    const answer = await upstream.exchange(wire, 12 + 11, 'udp', clock.now() + 1000)
    ids.add(answer.readUInt16BE(0))
  }
  t.same(server.asked[0]!.wire.subarray(2), wire.subarray(2))
  t.ok(ids.size > 1, 'each time another one')
  t.same(wire, before, 'and leaves it alone')
})

t.test('queries under way at once go over sockets of their own', async t => {
  const held: (() => void)[] = []
  const { ask, server, counts } = await bench(t, asked => void held.push(() => good(asked)))
  for (const network of ['udp', 'tcp'] as const) {
    const answers = [ask('a.org', network), ask('b.org', network), ask('c.org', network)]
    await until(() => held.length === 3)
    for (const send of held.splice(0).reverse()) send()
    t.same(await Promise.all(answers), ['10.0.0.1', '10.0.0.1', '10.0.0.1'])
  }
  t.equal(new Set(server.asked.map(each => each.port)).size, 6)
  t.same(counts, { 'udp opened': 3, 'tcp opened': 3 })
})

t.test('takes the longest unused socket first, and closes those that are unused too long', async t => {
  const held: (() => void)[] = []
  const { ask, server, clock, counts } = await bench(t, asked => void held.push(() => good(asked)))
  const one = ask('one.org')
  await server.received(1)
  const two = ask('two.org')
  await server.received(2)
  held[0]!()
  await one
  held[1]!()
  await two
  const three = ask('three.org')
  await server.received(3)
  held[2]!()
  await three
  t.equal(server.asked[2]!.port, server.asked[0]!.port, 'the first one again')
  clock.advance(10_100)
  const four = ask('four.org')
  await server.received(4)
  held[3]!()
  await four
  t.notOk(
    server.asked.slice(0, 3).some(each => each.port === server.asked[3]!.port),
    'then a new one'
  )
  t.same(counts, { 'udp opened': 3, 'udp reused': 1 })
})

t.test('max_age ends sockets that are used all the time, max_idle_conns those that are too many', async t => {
  const old = await bench(t, good, { pool: { expireMs: 10_000, maxAgeMs: 15_000, idleMax: 0 } })
  for (let round = 0; round < 3; round++) {
    await old.ask()
    old.clock.advance(8000)
  }
  t.same(old.counts, { 'udp opened': 2, 'udp reused': 1 })

  const held: (() => void)[] = []
  const few = await bench(t, asked => void held.push(() => good(asked)), {
    pool: { expireMs: 10_000, maxAgeMs: 0, idleMax: 1 }
  })
  const asks = ['a.org', 'b.org', 'c.org'].map(name => few.ask(name))
  await few.server.received(3)
  for (const send of held.splice(0)) send()
  await Promise.all(asks)
  const more = ['d.org', 'e.org'].map(name => few.ask(name))
  await few.server.received(5)
  for (const send of held.splice(0)) send()
  await Promise.all(more)
  t.same(few.counts, { 'udp opened': 4, 'udp reused': 1 })
})

t.test('a silent upstream costs the read limit', async t => {
  for (const network of ['udp', 'tcp'] as const) {
    const { ask, server, clock } = await bench(t, () => undefined)
    let result = ''
    const asked = ask('a.org', network).then(text => (result = text))
    await server.received(1)
    clock.advance(1990)
    await new Promise(setImmediate)
    t.equal(result, '')
    clock.advance(40)
    t.equal(await asked, `TIMEOUT: read ${network} US->IT: i/o timeout`)
  }
})

t.test('gives up at the end of the query whatever the read limit is', async t => {
  const { ask, server, clock } = await bench(t, () => undefined)
  const asked = ask('a.org', 'udp', 500)
  await server.received(1)
  clock.advance(520)
  t.equal(await asked, 'TIMEOUT: read udp US->IT: i/o timeout')
})

t.test('a late reply answers nothing', async t => {
  const held: (() => void)[] = []
  const { ask, server, clock } = await bench(t, asked => void held.push(() => good(asked)))
  const first = ask('a.org')
  await server.received(1)
  clock.advance(2020)
  t.match(await first, /^TIMEOUT/)
  const second = ask('b.org')
  await server.received(2)
  held[0]!()
  await new Promise(resolve => setTimeout(resolve, 20))
  t.not(server.asked[1]!.port, server.asked[0]!.port, 'it has a socket of its own')
  held[1]!()
  t.equal(await second, '10.0.0.1')
})

t.test('what is not the reply is passed over, and the reply behind it is taken', async t => {
  const strays: readonly (readonly [string, (asked: Parameters<Script>[0]) => Buffer])[] = [
    [
      'another id',
      asked => reply({ ...asked, query: { ...asked.query, id: asked.query.id! ^ 1 } }, [a(asked, '10.6.6.6')])
    ],
    ['another name', asked => reply(asked, [], { questions: [{ name: 'b.org', type: 'A', class: 'IN' }] })],
    ['another type', asked => reply(asked, [], { questions: [{ name: 'a.org', type: 'MX', class: 'IN' }] })],
    ['a query', asked => asked.wire],
    [
      'garbage',
      asked => Buffer.concat([asked.wire.subarray(0, 2), Buffer.from('8180ffffffffffffffffdeadbeef', 'hex')])
    ],
    ['too few octets', asked => asked.wire.subarray(0, 11)],
    ['nothing', () => Buffer.alloc(0)]
  ]
  for (const network of ['udp', 'tcp'] as const) {
    for (const [name, stray] of strays) {
      const { ask } = await bench(t, asked => {
        for (let count = 0; count < 63; count++) asked.send(stray(asked))
        good(asked)
      })
      t.equal(await ask('a.org', network), '10.0.0.1', `${network}: ${name}`)
    }
  }
})

t.test('a hundred strays end a socket, and the query is asked from another port', async t => {
  const { ask, server } = await bench(t, asked => {
    if (server.seen.length > 1) return good(asked)
    const stray = Buffer.from(reply(asked))
    stray.writeUInt16BE(asked.query.id! ^ 1, 0)
    for (let count = 0; count < 100; count++) asked.send(stray)
  })
  t.equal(await ask(), '10.0.0.1')
  t.equal(server.seen.length, 2)
  t.not(server.asked[0]!.port, server.asked[1]!.port)

  const always = await bench(t, asked => {
    const stray = Buffer.from(reply(asked))
    stray.writeUInt16BE(asked.query.id! ^ 1, 0)
    for (let count = 0; count < 100; count++) asked.send(stray)
  })
  t.equal(await always.ask(), 'STRAY_MESSAGES: IT sent 100 messages that answer nothing')
  t.equal(always.server.seen.length, 3)
})

t.test('an upstream on which nobody listens is refused at once', async t => {
  for (const network of ['udp', 'tcp'] as const) {
    const { ask, server } = await bench(t, good)
    await server.close()
    server.close = () => Promise.resolve()
    const text =
      network === 'udp'
        ? 'read udp US->IT: read: connection refused'
        : 'dial tcp IT: connect: connection refused'
    t.equal(await ask('a.org', network), `CONNECTION_REFUSED: ${text}`)
  }
})

t.test('a connection that ends', async t => {
  const closing = await bench(t, asked => asked.close())
  t.equal(await closing.ask('a.org', 'tcp'), 'CLOSED: EOF')
  const resetting = await bench(t, asked => asked.reset())
  t.equal(
    await resetting.ask('a.org', 'tcp'),
    'CONNECTION_RESET: read tcp US->IT: read: connection reset by peer'
  )
  const half = await bench(t, asked => {
    asked.send(Buffer.alloc(0))
    asked.close()
  })
  t.equal(await half.ask('a.org', 'tcp'), 'CLOSED: EOF')
})

t.test('a pooled connection that ends when it is used again is not the answer', async t => {
  const { ask, server, counts } = await bench(t, asked => {
    if (server.seen.length === 2) asked.reset()
    else good(asked)
  })
  t.equal(await ask('a.org', 'tcp'), '10.0.0.1')
  t.equal(await ask('b.org', 'tcp'), '10.0.0.1')
  t.same(server.seen, ['tcp a.org A', 'tcp b.org A', 'tcp b.org A'])
  t.same(counts, { 'tcp opened': 1, 'tcp reused': 1 })
})

t.test('a pooled connection that was closed while nobody used it is gone', async t => {
  const { ask, counts } = await bench(t, asked => {
    good(asked)
    asked.close()
  })
  t.equal(await ask('a.org', 'tcp'), '10.0.0.1')
  await new Promise(resolve => setTimeout(resolve, 20))
  t.equal(await ask('b.org', 'tcp'), '10.0.0.1')
  t.same(counts, { 'tcp opened': 2 })
})

t.test('a message over TCP may come octet by octet, and be as long as can be', async t => {
  const { ask } = await bench(t, asked => {
    const answers = Array.from({ length: 2700 }, (_, at) => a(asked, `10.0.${at >> 8}.${at & 255}`))
    asked.send(reply(asked, answers))
  })
  t.equal(await ask('a.org', 'tcp'), '10.0.0.0')
})

t.test('a port that is none fails when it is used', async t => {
  const make = (port: string) => {
    const upstream = new Upstream(
      { scheme: 'dns', host: '127.0.0.1', port, serverName: '', isName: false },
      options,
      new UpstreamRuntime({ clock: new FakeClock(), random: systemRandom() }),
      { reusedChannel: () => undefined, openedChannel: () => undefined, probeFailed: () => undefined }
    )
    const wire = queryWire('a.org', 'A')
    return outcome(upstream.exchange(wire, wire.length, 'udp', 5000))
  }
  t.equal(await make('99999'), 'BAD_ADDRESS: dial udp: address 99999: invalid port')
  t.equal(await make('x'), 'BAD_ADDRESS: dial udp: lookup udp/x: unknown port')
})

t.test('source_address is where queries come from', async t => {
  const { ask, server } = await bench(t, good, { sourceAddress: '127.0.0.2' })
  t.equal(await ask('a.org', 'udp'), '10.0.0.1')
  t.equal(await ask('a.org', 'tcp'), '10.0.0.1')
  t.equal(server.seen.length, 2)
})

t.test('probing goes on until there is an answer', async t => {
  let alive = false
  const { upstream, server, clock, counts } = await bench(t, asked => {
    if (alive) asked.send(reply(asked, [], { rcode: 5 }))
  })
  upstream.suspect()
  upstream.suspect()
  await server.received(1)
  t.same(server.seen, ['udp . NS'])
  t.equal(server.asked[0]!.wire.readUInt16BE(2), 0x0100)
  for (let fails = 1; fails <= 3; fails++) {
    clock.advance(1020)
    await until(() => upstream.fails === fails)
    t.equal(upstream.isDown(2), fails === 3)
    t.notOk(upstream.isDown(0), '0 means never down')
    clock.advance(520)
    await server.received(fails + 1)
  }
  alive = true
  clock.advance(1020)
  await until(() => upstream.fails === 4)
  clock.advance(520)
  await until(() => upstream.fails === 0)
  t.equal(server.seen.length, 5)
  t.same(counts, { 'probe failed': 4 })
  clock.advance(5000)
  await new Promise(resolve => setTimeout(resolve, 20))
  t.equal(server.seen.length, 5, 'and then no longer')
})

t.test('a probe as the Corefile wants it', async t => {
  const probe = {
    intervalMs: 100,
    recursionDesired: false,
    domain: encodeName('probe.example.'),
    network: 'tcp'
  } as const
  const { upstream, server } = await bench(t, good, { probe })
  upstream.suspect()
  await server.received(1)
  t.same(server.seen, ['tcp probe.example NS'])
  t.equal(server.asked[0]!.wire.readUInt16BE(2), 0)
})

t.test('closing rejects what waits and what comes after', async t => {
  const { ask, upstream, server } = await bench(t, () => undefined)
  const waits = [ask('a.org', 'udp'), ask('a.org', 'tcp')]
  await server.received(2)
  upstream.close()
  t.same(await Promise.all(waits), Array(2).fill('STOPPED: proxy: transport stopped'))
  t.equal(await ask(), 'STOPPED: proxy: transport stopped')
})
