import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import t from 'tap'
import { systemHttp, type HttpReply, type HttpRequest } from '../../src/runtime/http.ts'

const http = systemHttp()

interface Teardown {
  teardown(task: () => Promise<void>): void
}

async function listening(t: Teardown, answer: (request: HttpRequest) => HttpReply | Promise<HttpReply>) {
  const listener = await http.listen('127.0.0.1', 0, answer)
  t.teardown(() => listener.close())
  return { listener, url: `http://127.0.0.1:${listener.port}` }
}

/** A server that does with a connection what a test says. */
async function rawServer(t: Teardown, serve: (socket: Socket) => void): Promise<string> {
  const sockets = new Set<Socket>()
  const server = createServer(socket => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    serve(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(async () => {
    for (const socket of sockets) socket.destroy()
    const closed = once(server, 'close')
    server.close()
    await closed
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
}

/** Sends octets as they are; settles with what came back until the server closed. */
async function raw(port: number, octets: string): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  let text = ''
  socket.setEncoding('latin1')
  socket.on('data', (part: string) => (text += part))
  socket.on('error', () => undefined)
  const closed = once(socket, 'close')
  socket.write(octets)
  await closed
  return text
}

const replies: readonly {
  readonly name: string
  readonly path: string
  readonly method?: string
  readonly reply: HttpReply
  readonly body?: string
  readonly seen?: Partial<HttpRequest>
}[] = [
  { name: 'a body', path: '/health', reply: { status: 200, body: 'OK' }, body: 'OK' },
  { name: 'another status', path: '/ready', reply: { status: 503, body: 'kubernetes' }, body: 'kubernetes' },
  {
    name: 'not found',
    path: '/x',
    reply: { status: 404, body: '404 page not found\n' },
    body: '404 page not found\n'
  },
  { name: 'octets are counted, not characters', path: '/', reply: { status: 200, body: 'é€' }, body: 'é€' },
  { name: 'HEAD has no body', path: '/', method: 'HEAD', reply: { status: 200, body: 'OK' }, body: '' },
  {
    name: 'the query is no part of the path',
    path: '/a/b?c=/d?e',
    reply: { status: 200, body: '' },
    body: '',
    seen: { path: '/a/b' }
  },
  {
    name: 'the method',
    path: '/',
    method: 'DELETE',
    reply: { status: 405, body: 'no' },
    body: 'no',
    seen: { method: 'DELETE' }
  }
]

for (const { name, path, method = 'GET', reply, body, seen } of replies) {
  t.test(`replies: ${name}`, async t => {
    const requests: HttpRequest[] = []
    const { url } = await listening(t, request => {
      requests.push(request)
      return reply
    })
    const response = await fetch(url + path, { method, headers: { connection: 'close' } })
    t.equal(response.status, reply.status)
    t.equal(response.headers.get('content-type'), 'text/plain; charset=utf-8')
    t.equal(response.headers.get('content-length'), String(Buffer.byteLength(reply.body)))
    t.equal(await response.text(), body)
    t.match(requests, [{ method, path, ...seen }])
  })
}

t.test('a content type of its own, from a promise', async t => {
  const { url } = await listening(t, async () => ({
    status: 200,
    contentType: 'text/plain; version=0.0.4',
    body: 'x'
  }))
  const response = await fetch(url, { headers: { connection: 'close' } })
  t.equal(response.headers.get('content-type'), 'text/plain; version=0.0.4')
})

t.test('an answer that throws or rejects is a 500, and the listener goes on', async t => {
  const { url } = await listening(t, ({ path }) => {
    if (path === '/throws') throw new Error('a secret')
    return path === '/rejects' ? Promise.reject(new Error('a secret')) : { status: 200, body: 'OK' }
  })
  for (const path of ['/throws', '/rejects']) {
    const response = await fetch(url + path, { headers: { connection: 'close' } })
    t.equal(response.status, 500)
    t.equal(await response.text(), 'internal error\n')
  }
  t.equal(await http.get(`${url}/`, 1000), 200)
})

t.test('a port that is taken', async t => {
  const { listener } = await listening(t, () => ({ status: 200, body: '' }))
  await t.rejects(
    http.listen('127.0.0.1', listener.port, () => ({ status: 200, body: '' })),
    { code: 'EADDRINUSE' }
  )
})

t.test('close ends idle connections and frees the port', async t => {
  const first = await http.listen('127.0.0.1', 0, () => ({ status: 200, body: 'one' }))
  const idle = connect(first.port, '127.0.0.1')
  idle.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n')
  await once(idle, 'data')
  const ended = once(idle, 'close')
  await first.close()
  await ended
  const second = await http.listen('127.0.0.1', first.port, () => ({ status: 204, body: '' }))
  t.equal(await http.get(`http://127.0.0.1:${second.port}/`, 1000), 204)
  await second.close()
})

t.test('headers beyond 16 KiB are not answered', async t => {
  let asked = 0
  const { listener } = await listening(t, () => {
    asked++
    return { status: 200, body: 'OK' }
  })
  const request = (octets: number) =>
    `GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\nx-long: ${'x'.repeat(octets)}\r\n\r\n`
  t.match(await raw(listener.port, request(15_000)), /^HTTP\/1\.1 200 /)
  t.equal(await raw(listener.port, request(17_000)), '')
  t.equal(asked, 1)
})

t.test('what is no HTTP is not answered', async t => {
  const { listener } = await listening(t, () => ({ status: 200, body: 'OK' }))
  t.equal(await raw(listener.port, '\x00\x1dAA\x01\x00\r\n\r\n'), '')
})

t.test('get: any status is an answer', async t => {
  const { url } = await listening(t, ({ path }) => ({ status: Number(path.slice(1)), body: 'x' }))
  for (const status of [200, 302, 404, 503]) t.equal(await http.get(`${url}/${status}`, 1000), status)
})

t.test('get: nobody listens', async t => {
  const listener = await http.listen('127.0.0.1', 0, () => ({ status: 200, body: '' }))
  await listener.close()
  await t.rejects(http.get(`http://127.0.0.1:${listener.port}/`, 1000), { code: 'ECONNREFUSED' })
})

/** Servers that give no whole answer within the time. */
const silences: readonly { readonly name: string; readonly serve: (socket: Socket) => void }[] = [
  { name: 'says nothing', serve: () => undefined },
  { name: 'says half a status', serve: socket => socket.write('HTTP/1.1 2') },
  {
    name: 'goes on with headers for ever',
    serve: socket => {
      socket.write('HTTP/1.1 200 OK\r\n')
      const timer = setInterval(() => socket.write('x-more: x\r\n'), 10)
      socket.on('close', () => clearInterval(timer))
    }
  },
  {
    name: 'goes on with a body for ever',
    serve: socket => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n')
      const timer = setInterval(() => socket.write('x'), 10)
      socket.on('close', () => clearInterval(timer))
    }
  }
]

for (const { name, serve } of silences) {
  t.test(`get: a server that ${name} is given up in time`, { timeout: 5000 }, async t => {
    const url = await rawServer(t, serve)
    await t.rejects(http.get(url, 80), { message: 'timed out' })
  })
}

t.test('get: a server that cuts its answer off', { timeout: 5000 }, async t => {
  const url = await rawServer(t, socket => {
    socket.once('data', () => {
      socket.end('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf')
    })
  })
  await t.rejects(http.get(url, 1000), { code: 'ECONNRESET' })
})
