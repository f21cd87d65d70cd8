import { once } from 'node:events'
import http from 'node:http'
import http2, { type ClientHttp2Session, type ClientHttp2Stream } from 'node:http2'
import net, { type Socket } from 'node:net'
import t from 'tap'
import { systemTurn } from '../../../src/runtime/turn.ts'
import { ConnectionTable, SWEEP_MS } from '../../../src/server/transport/connection-table.ts'
import { HandshakeQueue } from '../../../src/server/transport/handshake-queue.ts'
import { HttpsTransport, HTTPS_PROTOCOLS, PLAINTEXT_REPLY } from '../../../src/server/transport/https.ts'
import type { StreamLimits } from '../../../src/server/transport/stream-transport.ts'
import { TlsFront } from '../../../src/server/transport/tls-front.ts'
import { options, turns, until, type Respond } from './support.ts'
import { beginTls, certificate, connectTls } from './tls-support.ts'

interface Teardown {
  teardown(task: () => Promise<void>): void
}

const echo: Respond = wire => Buffer.from(`re:${wire.toString()}`)

interface Fields {
  readonly respond?: Respond
  readonly limits?: StreamLimits
  readonly isPlain?: true
  readonly heldOctetsMax?: number
}

/** A listener for HTTPS that takes messages which don't begin with `?`; it and its clients are gone when the test ends. */
async function listening(t: Teardown, { respond = echo, limits = {}, isPlain, heldOctetsMax }: Fields = {}) {
  const made = options(respond)
  const { clock } = made
  const table = new ConnectionTable({
    clock,
    nextTurn: systemTurn,
    connectionsMax: 100,
    ...(heldOctetsMax !== undefined && { heldOctetsMax })
  })
  const statuses: number[] = []
  const transport = new HttpsTransport({
    ...made,
    table,
    timeouts: limits,
    isReadable: wire => wire.length > 0 && wire[0] !== 0x3f,
    answered: status => void statuses.push(status)
  })
  const front = { waiting: table, queue: new HandshakeQueue(clock, systemTurn), protocols: HTTPS_PROTOCOLS }
  const makeFront = () => new TlsFront(transport, { ...front, plaintextReply: PLAINTEXT_REPLY }, certificate)
  transport.secure(isPlain ? undefined : certificate, makeFront)
  await transport.listen()
  const { port } = transport.info
  const ends: (() => void)[] = []
  t.teardown(async () => {
    for (const end of ends) end()
    await transport.close()
  })
  const session = async (): Promise<ClientHttp2Session> => {
    const made = http2.connect('https://dns.example', {
      createConnection: () => beginTls(port, { ALPNProtocols: ['h2'] })
    })
    made.on('error', () => undefined)
    ends.push(() => made.destroy())
    await once(made, 'remoteSettings')
    return made
  }
  /** A connection that HTTP is written on by hand. */
  const stream = async (protocol: 'http/1.1' | 'h2' | 'plain'): Promise<Socket> => {
    const socket =
      protocol === 'plain'
        ? net.connect(port, '127.0.0.1')
        : await connectTls(port, { ALPNProtocols: [protocol] })
    socket.on('error', () => undefined)
    ends.push(() => socket.destroy())
    return socket
  }
  return { clock, table, transport, statuses, session, stream, port }
}

interface Reply {
  readonly status: number | undefined
  readonly headers: Readonly<Record<string, unknown>>
  readonly body: string
}

async function replyOf(stream: ClientHttp2Stream): Promise<Reply> {
  const chunks: Buffer[] = []
  stream.on('data', (chunk: Buffer) => chunks.push(chunk))
  const [headers] = (await once(stream, 'response')) as [Record<string, unknown>]
  if (!stream.readableEnded) await once(stream, 'end')
  return { status: headers[':status'] as number, headers, body: Buffer.concat(chunks).toString() }
}

const target = (message: string) => `/dns-query?dns=${Buffer.from(message).toString('base64url')}`

/** A whole POST over HTTP/2. */
function post(session: ClientHttp2Session, message: string | Buffer, path = '/dns-query'): Promise<Reply> {
  const stream = session.request({
    ':method': 'POST',
    ':path': path,
    'content-type': 'application/dns-message'
  })
  stream.on('error', () => undefined)
  const reply = replyOf(stream)
  stream.end(message)
  return reply
}

/** What comes on a connection until it ends. */
async function textOf(socket: Socket): Promise<string> {
  const chunks: Buffer[] = []
  socket.on('data', (chunk: Buffer) => chunks.push(chunk))
  await until('the server ends', () => socket.readableEnded || socket.closed)
  return Buffer.concat(chunks).toString()
}

t.test('GET and POST over HTTP/2', async t => {
  const { session, transport, port, statuses } = await listening(t)
  t.equal(transport.info.label, `https://127.0.0.1:${port}`)
  const one = await session()
  const [get, posted] = await Promise.all([replyOf(one.request({ ':path': target('a') })), post(one, 'b')])
  t.match(
    [get, posted],
    [
      { status: 200, body: 're:a' },
      { status: 200, body: 're:b' }
    ]
  )
  t.match(get.headers, {
    'content-type': 'application/dns-message',
    'content-length': '4',
    'cache-control': 'max-age=5'
  })
  t.same([transport.accepted, transport.received, transport.sent, statuses], [1, 2, 2, [200, 200]])
})

for (const isPlain of [undefined, true] as const) {
  t.test(`HTTP/1.1, ${isPlain ? 'in plain text' : 'secure'}, one request after another`, async t => {
    const { port, transport, stream } = await listening(t, isPlain ? { isPlain } : {})
    const socket = await stream(isPlain ? 'plain' : 'http/1.1')
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 })
    Object.assign(agent, { createConnection: () => socket })
    const request = async (method: string, path: string, body = ''): Promise<Reply> => {
      const made = http.request({ agent, port, method, path })
      made.end(body)
      const [response] = (await once(made, 'response')) as [http.IncomingMessage]
      const chunks: Buffer[] = []
      for await (const chunk of response) chunks.push(chunk as Buffer)
      return {
        status: response.statusCode,
        headers: response.headers,
        body: Buffer.concat(chunks).toString()
      }
    }
    t.match(await request('GET', target('a')), { status: 200, body: 're:a' })
    t.match(await request('POST', '/dns-query', 'b'), { status: 200, body: 're:b' })
    t.match(await request('GET', '/'), { status: 404, body: '\n' })
    t.equal(transport.accepted, 1)
    agent.destroy()
  })
}

t.test('status codes', async t => {
  const responses: Readonly<Record<string, ReturnType<Respond>>> = {
    silence: undefined,
    'one of one': [Buffer.from('whole')],
    'one of two': [Buffer.from('1'), Buffer.from('2')],
    late: Promise.resolve(Buffer.from('late'))
  }
  const { session, statuses, transport } = await listening(t, {
    respond: wire => {
      if (wire.toString() === 'thrown') throw new Error('thrown')
      if (wire.toString() === 'rejected') return Promise.reject(new Error('rejected'))
      return responses[wire.toString()]
    }
  })
  const one = await session()
  const cases: readonly (readonly [message: string, status: number, body: string])[] = [
    ['one of one', 200, 'whole'],
    ['late', 200, 'late'],
    ['?', 400, 'invalid request\n'],
    ['', 400, 'invalid request\n'],
    ['silence', 500, 'No response\n'],
    ['one of two', 500, 'No response\n'],
    ['thrown', 500, 'No response\n'],
    ['rejected', 500, 'No response\n']
  ]
  for (const [message, status, body] of cases) t.match(await post(one, message), { status, body }, message)
  t.match(await post(one, 'late', '/other'), { status: 404, body: '\n' })
  t.match(await replyOf(one.request({ ':method': 'HEAD', ':path': target('late') })), {
    status: 400,
    body: ''
  })
  t.equal(transport.failures.count, 2)
  t.same(statuses, [...cases.map(([, status]) => status), 404, 400])
})

t.test('what can not become an answer is refused before it is sent', async t => {
  const { session, stream } = await listening(t)
  const one = await session()
  const headers = { ':method': 'POST', ':path': '/dns-query' }
  t.equal((await replyOf(one.request({ ...headers, 'content-length': '65536' }))).status, 400, 'too long')
  t.equal((await replyOf(one.request({ ...headers, ':path': '/x' }))).status, 404, 'elsewhere')
  t.equal((await replyOf(one.request({ ...headers, ':method': 'PUT' }))).status, 400, 'another method')
  const endless = one.request(headers)
  endless.on('error', () => undefined)
  const reply = replyOf(endless)
  endless.write(Buffer.alloc(65_536, 1))
  t.equal((await reply).status, 400, 'a body without end')
  t.match(await post(one, 'a'), { status: 200, body: 're:a' }, 'and the connection goes on')
  const socket = await stream('http/1.1')
  socket.write('POST /dns-query HTTP/1.1\r\nhost: x\r\ncontent-length: 70000\r\n\r\n')
  t.match(await textOf(socket), /^HTTP\/1\.1 400 Bad Request\r\n/)
})

t.test('clients that ask a hundred things at once and read are not shed', async t => {
  const { session, table } = await listening(t, {
    heldOctetsMax: 2 << 20,
    respond: wire => Buffer.concat([wire, Buffer.alloc(700)])
  })
  const sessions = await Promise.all(Array.from({ length: 5 }, session))
  for (let round = 0; round < 3; round++) {
    const replies = sessions.flatMap(one =>
      Array.from({ length: 100 }, (_, i) => replyOf(one.request({ ':path': target(`${i}`) })))
    )
    const found = await Promise.all(replies)
    t.ok(
      found.every(({ status, body }) => status === 200 && body.length > 700),
      `round ${round}`
    )
  }
  t.equal(table.shed, 0)
})

t.test('of two clients the one that takes no answers is shed', async t => {
  const { session, table, stream, transport, clock } = await listening(t, { heldOctetsMax: 1 << 20 })
  const good = await session()
  t.match(await post(good, 'a'), { status: 200 })
  const socket = await stream('h2')
  const window0 = Buffer.from([0, 0, 6, 4, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0])
  const path = Buffer.from(target('x'))
  const request = (id: number) => {
    // :method GET, :scheme https, and literals for :path and :authority (RFC 7541 §6.2.2).
    const block = Buffer.concat([Buffer.of(0x82, 0x87, 0x04, path.length), path, Buffer.of(0x01, 1, 0x78)])
    return Buffer.concat([Buffer.from([0, 0, block.length, 1, 5, 0, 0, 0, id]), block])
  }
  const requests = Array.from({ length: 90 }, (_, i) => request(2 * i + 1))
  socket.write(Buffer.concat([Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), window0, ...requests]))
  t.match(await post(good, 'b'), { status: 200 })
  await until('all is answered, or it has been noticed', () => transport.sent === 92 || table.shed > 0)
  clock.advance(SWEEP_MS)
  await until('it is shed', () => table.shed === 1)
  socket.resume()
  await until('it is told', () => socket.closed)
  t.match(await post(good, 'c'), { status: 200 })
  t.equal(table.shed, 1)
})

t.test('malformed HTTP', async t => {
  const { stream, table } = await listening(t)
  const cases: readonly (readonly [octets: string, found: RegExp])[] = [
    ['nonsense\r\n\r\n', /^HTTP\/1\.1 400 Bad Request\r\n/],
    ['GET / HTTP/1.1\r\n\r\n', /^HTTP\/1\.1 400 Bad Request\r\n/], // no host
    ['\0\0\0\0', /^HTTP\/1\.1 400 Bad Request\r\n/],
    [`GET /${'x'.repeat(20_000)} HTTP/1.1\r\n\r\n`, /^HTTP\/1\.1 431 Request Header Fields Too Large\r\n/],
    [
      'POST /dns-query HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n',
      /^HTTP\/1\.1 400 Bad Request\r\n/
    ]
  ]
  for (const [octets, found] of cases) {
    const socket = await stream('http/1.1')
    socket.write(octets)
    socket.end()
    t.match(await textOf(socket), found, JSON.stringify(octets.slice(0, 40)))
  }
  const notHttp2 = await stream('h2')
  notHttp2.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n')
  t.notMatch(await textOf(notHttp2), /HTTP\/1\.1/)
  const plain = await stream('plain')
  plain.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n')
  t.match(await textOf(plain), /^HTTP\/1\.1 400 Bad Request\r\n[^]*plain HTTP/)
  await until('all are gone', () => table.open === 0)
})

// How long a connection may last: what is asked when, and when it must be over. Times are those of the fake clock.
const lifetimes: readonly {
  readonly name: string
  readonly ask: (session: ClientHttp2Session, advance: (ms: number) => void) => Promise<unknown>
  readonly endsMs: number
}[] = [
  { name: 'nothing is asked', ask: () => Promise.resolve(), endsMs: 3000 },
  {
    name: 'the first body does not become whole',
    ask: async (session, advance) => {
      advance(1000)
      session
        .request({ ':method': 'POST', ':path': '/dns-query' })
        .on('error', () => undefined)
        .write('a')
      await turns(20)
    },
    endsMs: 3000
  },
  {
    name: 'a later body does not become whole',
    ask: async (session, advance) => {
      await post(session, 'a')
      advance(5000)
      session
        .request({ ':method': 'POST', ':path': '/dns-query' })
        .on('error', () => undefined)
        .write('a')
      await turns(20)
    },
    endsMs: 8000
  },
  { name: 'idle after an answer', ask: session => post(session, 'a'), endsMs: 10_000 }
]

for (const { name, ask, endsMs } of lifetimes) {
  t.test(`closes: ${name}`, async t => {
    const { clock, table, session } = await listening(t)
    const startMs = clock.now()
    const one = await session()
    await ask(one, ms => clock.advance(ms))
    await turns(20)
    clock.advance(endsMs - 1 - (clock.now() - startMs))
    await turns()
    t.same([one.closed, one.destroyed, table.expired], [false, false, 0], 'a millisecond before, it is open')
    clock.advance(1 + SWEEP_MS)
    await until('the client is told', () => one.closed || one.destroyed)
    clock.advance(2000 + SWEEP_MS)
    await until('it is gone', () => table.open === 0)
    t.equal(clock.pending, 0, 'no timer stays behind')
  })
}

t.test('requests that are taken back end the connection in the end', async t => {
  const { session, table, transport } = await listening(t, { respond: () => new Promise(() => undefined) })
  const one = await session()
  let taken = 0
  while (!one.destroyed && taken < 1000) {
    const stream = one.request({ ':path': target('a') })
    stream.on('error', () => undefined)
    await until('it is asked', () => transport.received > taken || one.destroyed)
    taken++
    stream.close(http2.constants.NGHTTP2_CANCEL)
    await turns(1)
  }
  t.ok(taken > 90 && taken < 120, `${taken} were taken back`)
  await until('it is gone', () => table.open === 0)
})

t.test('no more streams than a connection may have', async t => {
  const { session, transport } = await listening(t, { respond: () => new Promise(() => undefined) })
  const one = await session()
  t.equal(one.remoteSettings.maxConcurrentStreams, 100)
  for (let i = 0; i < 150; i++) one.request({ ':path': target('a') }).on('error', () => undefined)
  await until('a hundred are asked', () => transport.received === 100)
  await turns()
  t.equal(transport.received, 100)
})

t.test('HTTP/1.1 requests that wait are bounded too', async t => {
  const { stream, table, transport } = await listening(t, { respond: () => new Promise(() => undefined) })
  const socket = await stream('http/1.1')
  socket.write(`GET ${target('a')} HTTP/1.1\r\nhost: x\r\n\r\n`.repeat(200))
  await until('it is gone', () => transport.received >= 100 && table.open === 0)
  t.equal(transport.received, 100)
})

t.test('at the bound of the listener the one that has been idle longest goes', async t => {
  const { session, table } = await listening(t, { limits: { connectionsMax: 2 } })
  const first = await session()
  t.equal((await post(first, 'a')).status, 200)
  const second = await session()
  t.equal((await post(second, 'b')).status, 200)
  t.equal((await post(first, 'c')).status, 200)
  const third = await session()
  await until('the second is closed', () => second.destroyed)
  t.equal((await post(third, 'd')).status, 200)
  t.equal((await post(first, 'e')).status, 200)
  t.same([table.open, table.evicted], [2, 1])
})

t.test('closing: what was asked is answered', async t => {
  let answer: (response: Buffer) => void = () => undefined
  const late = new Promise<Buffer>(resolve => (answer = resolve))
  const { transport, session } = await listening(t, { respond: () => late })
  const one = await session()
  const idle = await session()
  const reply = post(one, 'a')
  await until('it is asked', () => transport.received === 1)
  const closing = transport.close()
  await until('the idle one is closed', () => idle.closed)
  answer(Buffer.from('b'))
  t.match(await reply, { status: 200, body: 'b' })
  await closing
  t.equal(transport.table.open, 0)
})
