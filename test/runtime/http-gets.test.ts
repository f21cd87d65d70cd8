// GETs over real sockets on the loopback: bodies as they arrive, compressed ones too, and everything that can end them.
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { readFileSync } from 'node:fs'
import { createServer as createTcpServer, type AddressInfo, type Server } from 'node:net'
import t from 'tap'
import { gzipSync } from 'node:zlib'
import { systemGets, type GetRequest, type HttpGets } from '../../src/runtime/http-gets.ts'

interface Test {
  teardown(task: () => unknown): unknown
}

const fixture = (name: string) =>
  readFileSync(new URL(`../../../test/fixtures/tls/${name}`, import.meta.url), 'utf8')

async function listening(t: Test, server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  return (server.address() as AddressInfo).port
}

type Answer = (request: IncomingMessage, response: ServerResponse) => void

async function serving(
  t: Test,
  answer: Answer
): Promise<{ port: number; sockets: () => number; gets: HttpGets }> {
  const server = createServer(answer)
  let sockets = 0
  server.on('connection', () => sockets++)
  t.teardown(() => server.closeAllConnections())
  const gets = systemGets()
  t.teardown(() => gets.close())
  return { port: await listening(t, server), sockets: () => sockets, gets }
}

const asked = (port: number, more: Partial<GetRequest> = {}): GetRequest => ({
  url: new URL(`http://127.0.0.1:${port}/a?b=c`),
  headers: { 'user-agent': 'labdns/1' },
  tls: {},
  dialMs: 2000,
  signal: new AbortController().signal,
  ...more
})

async function textOf(body: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = []
  for await (const chunk of body) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}

async function failure(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => undefined,
    (error: unknown) => error
  )
}

t.test('one connection for requests that follow each other, and what they say', async t => {
  const seen: string[] = []
  const { port, sockets, gets } = await serving(t, (request, response) => {
    seen.push(`${request.url} ${request.headers['user-agent']} ${request.headers['accept-encoding']}`)
    response.setHeader('X-Two', ['a', 'b'])
    response.end('text')
  })
  for (let at = 0; at < 3; at++) {
    const { status, headers, body } = await gets.get(asked(port))
    t.equal(status, 200)
    t.equal(headers['x-two'], 'a, b')
    t.equal(await textOf(body), 'text')
  }
  t.same(new Set(seen), new Set(['/a?b=c labdns/1 gzip']))
  t.equal(sockets(), 1)
})

t.test('a compressed body is unzipped while it arrives', async t => {
  const text = JSON.stringify(Array.from({ length: 20_000 }, (_, at) => `item ${at}`))
  const zipped = gzipSync(text)
  const { port, gets } = await serving(t, (_, response) => {
    response.setHeader('content-encoding', 'gzip')
    response.write(zipped.subarray(0, 5000))
    setImmediate(() => response.end(zipped.subarray(5000)))
  })
  t.equal(await textOf((await gets.get(asked(port))).body), text)
})

t.test('a body is told before it is over, and its cutting off is an error', async t => {
  const { port, gets } = await serving(t, (request, response) => {
    if (request.url === '/zipped') response.setHeader('content-encoding', 'gzip')
    response.write(request.url === '/zipped' ? gzipSync('x'.repeat(100_000)).subarray(0, 60) : 'first')
    response.on('drain', () => undefined)
    setTimeout(() => request.socket.resetAndDestroy(), 30)
  })
  const plain = (await gets.get(asked(port))).body[Symbol.asyncIterator]()
  t.equal(Buffer.from((await plain.next()).value as Buffer).toString(), 'first')
  t.match(await failure(plain.next()), { code: 'ECONNRESET' })
  const url = new URL(`http://127.0.0.1:${port}/zipped`)
  t.match(await failure(textOf((await gets.get(asked(port, { url }))).body)), Error)
})

t.test('a connection that is closed under a request, because it was idle, is no failure', async t => {
  let sockets = 0
  const server = createTcpServer(socket => {
    const isFirst = sockets++ === 0
    let requests = 0
    socket.on('error', () => undefined)
    socket.on('data', () => {
      if (isFirst && requests++ > 0) socket.resetAndDestroy()
      else socket.write('HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nx')
    })
    t.teardown(() => socket.destroy())
  })
  const port = await listening(t, server)
  const gets = systemGets()
  t.teardown(() => gets.close())
  for (let at = 0; at < 3; at++) t.equal(await textOf((await gets.get(asked(port))).body), 'x')
  t.equal(sockets, 2)
})

t.test('refused, and no connection in time', async t => {
  const server = createTcpServer()
  const port = await listening(t, server)
  server.close()
  await once(server, 'close')
  const gets = systemGets()
  t.teardown(() => gets.close())
  t.match(await failure(gets.get(asked(port))), { code: 'ECONNREFUSED' })
  // Takes connections and never speaks TLS.
  const mute = await listening(
    t,
    createTcpServer(socket => {
      t.teardown(() => socket.destroy())
    })
  )
  const url = new URL(`https://127.0.0.1:${mute}/`)
  t.match(await failure(gets.get(asked(mute, { url, dialMs: 50 }))), { code: 'ETIMEDOUT' })
})

t.test('the signal ends a request before its headers, and a body', async t => {
  const { port, gets } = await serving(t, (request, response) => {
    if (request.url === '/silent') return
    response.write('x')
  })
  for (const path of ['/silent', '/body']) {
    const controller = new AbortController()
    const why = new Error('enough')
    const url = new URL(`http://127.0.0.1:${port}${path}`)
    const got = gets.get(asked(port, { url, signal: controller.signal }))
    const reading = failure(path === '/silent' ? got : got.then(({ body }) => textOf(body)))
    setTimeout(() => controller.abort(why), 20)
    const error = await reading
    t.ok(error instanceof Error)
    if (path === '/silent') t.equal(error, why)
  }
  const aborted = AbortSignal.abort(new Error('before'))
  t.match(await failure(gets.get(asked(port, { signal: aborted }))), { message: 'before' })
})

t.test('who stops reading closes the connection', async t => {
  let closed: () => void = () => undefined
  const isClosed = new Promise<void>(resolve => (closed = resolve))
  const { port, gets } = await serving(t, (_, response) => {
    response.on('close', closed)
    response.write('x')
  })
  const { body } = await gets.get(asked(port))
  for await (const chunk of body) {
    t.equal(Buffer.from(chunk).toString(), 'x')
    break
  }
  await isClosed
})

t.test(
  'TLS: the material decides, and another one takes effect at once without harm to what is open',
  async t => {
    const server = createTlsServer(
      { cert: fixture('cert.pem'), key: fixture('key.pem') },
      (request, response) => {
        if (request.url === '/open') response.write('open')
        else response.end('x')
      }
    )
    t.teardown(() => server.closeAllConnections())
    const port = await listening(t, server)
    const gets = systemGets()
    t.teardown(() => gets.close())
    const at = (path: string, tls: GetRequest['tls']) =>
      gets.get(asked(port, { url: new URL(`https://127.0.0.1:${port}${path}`), tls }))
    const good = { ca: fixture('cert.pem'), servername: 'dns.example' }
    t.match(await failure(at('/', {})), { code: /SELF_SIGNED|UNABLE_TO|ISSUER/ })
    const open = (await at('/open', { rejectUnauthorized: false })).body[Symbol.asyncIterator]()
    t.equal(Buffer.from((await open.next()).value as Buffer).toString(), 'open')
    t.equal(await textOf((await at('/', { rejectUnauthorized: false })).body), 'x')
    t.match(await failure(at('/', { ...good, servername: 'other.example' })), {
      code: 'ERR_TLS_CERT_ALTNAME_INVALID'
    })
    const next = open.next()
    server.closeAllConnections()
    t.match(await failure(next), Error, 'it was open until now')
  }
)
