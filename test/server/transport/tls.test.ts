import { once } from 'node:events'
import net, { type Socket } from 'node:net'
import type { ConnectionOptions, TLSSocket } from 'node:tls'
import t from 'tap'
import { systemTurn } from '../../../src/runtime/turn.ts'
import { ConnectionTable, SWEEP_MS } from '../../../src/server/transport/connection-table.ts'
import { HandshakeQueue } from '../../../src/server/transport/handshake-queue.ts'
import { TcpTransport } from '../../../src/server/transport/tcp.ts'
import { TlsFront } from '../../../src/server/transport/tls-front.ts'
import type { TlsSettings } from '../../../src/server/transport/tls-settings.ts'
import { framed, options, turns, unframed, until, untilStill, type Respond } from './support.ts'
import {
  beginTls,
  certificate,
  connectTls,
  goodClient,
  otherCertificate,
  strangeClient
} from './tls-support.ts'

interface Teardown {
  teardown(task: () => Promise<void>): void
}

const echo: Respond = wire => Buffer.from(`re:${wire.toString()}`)

interface Fields {
  readonly respond?: Respond
  readonly settings?: TlsSettings
  readonly connectionsMax?: number
}

/** A listener for DNS over TLS; it and its clients are gone when the test ends. */
async function listening(t: Teardown, fields: Fields = {}) {
  const { respond = echo, settings = certificate, connectionsMax = 100 } = fields
  const made = options(respond)
  const { clock } = made
  const table = new ConnectionTable({ clock, nextTurn: systemTurn, connectionsMax })
  const transport = new TcpTransport({ ...made, table }, 'tls')
  const frontOptions = { protocols: ['dot'], waiting: table, queue: new HandshakeQueue(clock, systemTurn) }
  const secure = (wanted: TlsSettings | undefined) =>
    transport.secure(wanted, first => new TlsFront(transport, frontOptions, first))
  secure(settings)
  await transport.listen()
  const clients: Socket[] = []
  t.teardown(async () => {
    for (const socket of clients) socket.destroy()
    await transport.close()
  })
  const { port } = transport.info
  const client = async (more?: ConnectionOptions): Promise<TLSSocket> => {
    const socket = await connectTls(port, more)
    clients.push(socket)
    return socket
  }
  const plain = async (): Promise<Socket> => {
    const socket = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true })
    clients.push(socket)
    socket.on('error', () => undefined)
    const { accepted } = transport
    await until('it is accepted', () => transport.accepted > accepted)
    return socket
  }
  return { clock, table, transport, secure, client, plain, port }
}

/** What comes on a stream, as messages. */
function answersOf(socket: Socket): {
  readonly list: () => string[]
  expect(count: number): Promise<string[]>
} {
  const chunks: Buffer[] = []
  socket.on('data', (chunk: Buffer) => chunks.push(chunk))
  const list = () => unframed(Buffer.concat(chunks)).map(String)
  return {
    list,
    async expect(count) {
      await until(`${count} answers`, () => list().length >= count)
      return list()
    }
  }
}

const ended = (socket: Socket) => until('the connection is over', () => socket.closed || socket.readableEnded)

t.test('twenty questions in one write: twenty answers in order', async t => {
  const { transport, client, port } = await listening(t)
  t.equal(transport.info.label, `tls://127.0.0.1:${port}`)
  const socket = await client({ ALPNProtocols: ['dot'] })
  t.equal(socket.alpnProtocol, 'dot')
  const answers = answersOf(socket)
  const names = Array.from({ length: 20 }, (_, i) => `question ${i}`)
  socket.write(Buffer.concat(names.map(framed)))
  t.same(
    await answers.expect(20),
    names.map(name => `re:${name}`)
  )
  t.same([transport.accepted, transport.received, transport.sent], [1, 20, 20])
})

t.test('versions and protocols', async t => {
  const { client, port } = await listening(t)
  for (const more of [{}, { maxVersion: 'TLSv1.2' as const }, { ALPNProtocols: ['x', 'dot'] }]) {
    const socket = await client(more)
    const answers = answersOf(socket)
    socket.write(framed('a'))
    t.same(await answers.expect(1), ['re:a'], JSON.stringify(more))
  }
  await t.rejects(connectTls(port, { ALPNProtocols: ['h2'] }), 'a client of something else')
  const old = { minVersion: 'TLSv1' as const, maxVersion: 'TLSv1.1' as const }
  await t.rejects(connectTls(port, { ...old, ciphers: 'DEFAULT@SECLEVEL=0' }), 'TLS 1.1')
})

t.test('a handshake octet by octet', async t => {
  const { port, plain } = await listening(t)
  const slow = await plain()
  // The client's octets go through a socket that sends them one by one.
  const relay = net.createServer(inner => {
    inner.on('data', chunk => {
      for (const octet of chunk) slow.write(Buffer.of(octet))
    })
    inner.on('error', () => undefined)
    slow.on('data', chunk => inner.write(chunk))
    slow.on('close', () => inner.destroy())
  })
  relay.listen(0, '127.0.0.1')
  await once(relay, 'listening')
  t.teardown(() => relay.close())
  slow.setNoDelay(true)
  const socket = await connectTls((relay.address() as net.AddressInfo).port)
  const answers = answersOf(socket)
  socket.write(framed('a'))
  t.same(await answers.expect(1), ['re:a'])
  socket.destroy()
  t.ok(port > 0)
})

// How long a connection may last: what is sent when, and when it must be over. Times are those of the fake clock.
const lifetimes: readonly {
  readonly name: string
  readonly isPlain?: true
  readonly steps: readonly { readonly atMs: number; readonly octets: Buffer; readonly answers?: number }[]
  readonly endsMs: number
}[] = [
  { name: 'nothing comes', isPlain: true, steps: [], endsMs: 3000 },
  {
    name: 'the handshake does not become whole',
    isPlain: true,
    steps: [22, 3, 1, 2].map((octet, i) => ({ atMs: 700 * i, octets: Buffer.of(octet) })),
    endsMs: 3000
  },
  { name: 'a handshake, and nothing more', steps: [], endsMs: 3000 },
  {
    name: 'the first message does not become whole',
    steps: [0, 1000, 2000, 2900].map(atMs => ({ atMs, octets: Buffer.of(0) })),
    endsMs: 3000
  },
  {
    name: 'a later message does not become whole',
    steps: [
      { atMs: 500, octets: framed('a'), answers: 1 },
      { atMs: 6000, octets: Buffer.of(0) },
      { atMs: 8500, octets: Buffer.of(9) }
    ],
    endsMs: 9000
  },
  { name: 'idle after an answer', steps: [{ atMs: 1000, octets: framed('a'), answers: 1 }], endsMs: 11_000 }
]

for (const { name, isPlain, steps, endsMs } of lifetimes) {
  t.test(`closes: ${name}`, async t => {
    const { clock, table, client, plain } = await listening(t)
    const startMs = clock.now()
    const socket = isPlain === true ? await plain() : await client()
    const answers = answersOf(socket)
    const advanceTo = (ms: number) => clock.advance(ms - (clock.now() - startMs))
    for (const { atMs, octets, answers: count } of steps) {
      advanceTo(atMs)
      socket.write(octets)
      if (count !== undefined) await answers.expect(count)
      await turns(10)
    }
    advanceTo(endsMs - 1)
    await turns()
    t.notOk(socket.closed || socket.readableEnded, 'a millisecond before, it is open')
    t.equal(table.expired, 0)
    advanceTo(endsMs + SWEEP_MS)
    await ended(socket)
    t.equal(table.expired, 1)
    clock.advance(2000 + SWEEP_MS)
    await until('it is gone', () => table.open === 0)
    t.equal(clock.pending, 0, 'no timer stays behind')
  })
}

t.test('what is no TLS is not listened to', async t => {
  const { table, plain } = await listening(t)
  for (const octets of [framed('a'), Buffer.from('GET / HTTP/1.1\r\n\r\n'), Buffer.of(22, 3, 1, 255, 255)]) {
    const socket = await plain()
    socket.write(octets)
    await ended(socket)
    await until('it is gone', () => table.open === 0)
  }
  const broken = await plain()
  broken.resume()
  broken.write(Buffer.concat([Buffer.of(22, 3, 1, 0, 40), Buffer.alloc(40, 7)]))
  await ended(broken)
  await until('it is gone', () => table.open === 0)
})

t.test('at the bound the one that has been idle longest goes, handshake or not', async t => {
  const { table, client, plain } = await listening(t, { connectionsMax: 3 })
  const silent = await plain()
  await plain()
  // Each asks, so that the server has seen the end of its handshake.
  const asking = async () => {
    const socket = await client()
    const answers = answersOf(socket)
    socket.write(framed('a'))
    await answers.expect(1)
    return { socket, answers }
  }
  const first = await asking()
  const second = await asking()
  await ended(silent)
  t.same([table.open, table.evicted], [3, 1])
  first.socket.write(framed('b'))
  await first.answers.expect(2)
  await asking()
  await ended(second.socket)
  t.same([table.open, table.evicted], [3, 2])
  first.socket.write(framed('c'))
  t.same(await first.answers.expect(3), ['re:a', 're:b', 're:c'], 'one that asks is not the first to go')
})

t.test('another certificate: the next connection has it, open ones stay', async t => {
  const { client, secure } = await listening(t)
  const subject = (socket: TLSSocket) => socket.getPeerCertificate().subject.CN
  const before = await client()
  const answers = answersOf(before)
  secure(otherCertificate)
  const after = await client()
  t.same([subject(before), subject(after)], ['dns.example', 'other.example'])
  before.write(framed('a'))
  t.same(await answers.expect(1), ['re:a'])
  t.throws(() => secure({ ...certificate, key: otherCertificate.key }), /key values mismatch/)
  t.equal(subject(await client()), 'other.example', 'one that can not be used changes nothing')
})

t.test('without a certificate it is plain TCP', async t => {
  const { plain, secure, transport } = await listening(t)
  secure(undefined)
  const socket = await plain()
  const answers = answersOf(socket)
  socket.write(framed('a'))
  t.same(await answers.expect(1), ['re:a'])
  t.equal(transport.kind, 'tls')
})

// Who is served, by what the client shows: nothing, a certificate that the CA signed, another one.
const welcome: Readonly<Record<TlsSettings['clientAuth'], readonly [boolean, boolean, boolean]>> = {
  nocert: [true, true, true],
  request: [true, true, true],
  require: [false, true, true],
  verify_if_given: [true, true, false],
  require_and_verify: [false, true, false]
}

t.test('certificates of clients', async t => {
  for (const [clientAuth, served] of Object.entries(welcome)) {
    const settings = { ...certificate, ca: certificate.cert, clientAuth: clientAuth as keyof typeof welcome }
    const { port, table } = await listening(t, { settings })
    for (const [i, shown] of [{}, goodClient, strangeClient].entries()) {
      const socket = beginTls(port, shown)
      const answers = answersOf(socket)
      socket.write(framed('a'))
      await until('it is answered or over', () => answers.list().length > 0 || socket.closed)
      t.equal(answers.list().length > 0, served[i], `${clientAuth} ${i}`)
      socket.destroy()
      await until('it is gone', () => table.open === 0)
    }
  }
})

t.test('the secrets of a connection are told where that is wanted', async t => {
  const lines: string[] = []
  const { client } = await listening(t, {
    settings: { ...certificate, keyLog: line => lines.push(line.toString()) }
  })
  await client()
  t.match(lines.join(''), /^CLIENT_HANDSHAKE_TRAFFIC_SECRET [0-9a-f]{64} [0-9a-f]+$/m)
})

t.test('a client that reads nothing is held to its bounds, then reset', async t => {
  const { clock, table, transport, client } = await listening(t, { respond: () => Buffer.alloc(60_000) })
  const socket = await client()
  socket.pause()
  socket.write(Buffer.concat(Array.from({ length: 40_000 }, () => framed(Buffer.alloc(98, 1)))))
  await until('something is asked', () => transport.received > 0)
  await untilStill('no more is asked', () => transport.received)
  t.ok(transport.received < 4000, `${transport.received} questions were read`)
  clock.advance(9999)
  t.equal(table.open, 1)
  clock.advance(1 + SWEEP_MS)
  t.same([table.open, table.expired], [0, 1])
  socket.resume()
  await ended(socket)
})

t.test('closing: what was asked is answered, handshakes end', async t => {
  let answer: (response: Buffer) => void = () => undefined
  const late = new Promise<Buffer>(resolve => (answer = resolve))
  const { transport, table, client, plain } = await listening(t, { respond: () => late })
  const socket = await client()
  const answers = answersOf(socket)
  const halfway = await plain()
  socket.write(framed('a'))
  await until('it is asked', () => transport.received === 1)
  const closing = transport.close()
  await ended(halfway)
  t.equal(table.open, 1)
  answer(Buffer.from('b'))
  t.same(await answers.expect(1), ['b'])
  socket.end()
  await closing
  t.equal(table.open, 0)
})
