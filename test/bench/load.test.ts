// The generator's verdicts, against a server that is wrong on purpose.
import { createSocket } from 'node:dgram'
import { createServer, type Socket } from 'node:net'
import t, { type Test } from 'tap'
import { firstAddress } from '../../bench/asker.ts'
import { buildLoad, startLoad, type LoadOptions, type LoadResult } from '../../bench/load.ts'
import { encodeName } from '../../src/wire/name.ts'

const missing = await buildLoad()
const options = missing === undefined ? {} : { skip: missing }
const QUESTIONS = [
  'good.test A',
  'Missing.test AAAA',
  'other-question.test A',
  'other-id.test SRV',
  'silent.test A'
].join('\n')

/** What the server does with a query, by the first letters of its name. */
function replyTo(query: Buffer): Buffer | undefined {
  const reply = Buffer.from(query)
  reply[2]! |= 0x80
  switch (query.subarray(13, 17).toString().toLowerCase()) {
    case 'good':
      reply[7] = 1
      return Buffer.concat([reply, Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 5, 0, 4, 192, 0, 2, 7])])
    case 'miss':
      reply[3] = 3
      return reply
    case 'othe':
      if (query.includes('id')) reply[0]! ^= 0x80
      else reply[14]! ^= 1
      return reply
    default:
      return undefined
  }
}

async function run(t: Test, given: Omit<LoadOptions, 'file'>, questions = QUESTIONS): Promise<LoadResult> {
  const file = `${t.testdir({ 'questions.txt': questions })}/questions.txt`
  const child = startLoad({ ...given, file })
  try {
    return JSON.parse(await child.line(20_000)) as LoadResult
  } finally {
    await child.stop()
  }
}

async function udpServer(t: Test): Promise<number> {
  const socket = createSocket('udp4', (query, peer) => {
    const reply = replyTo(query)
    if (reply !== undefined) socket.send(reply, peer.port, peer.address)
  })
  t.teardown(() => socket.close())
  await new Promise<void>(resolve => socket.bind(0, '127.0.0.1', resolve))
  return socket.address().port
}

t.test('UDP, closed loop: counts what was answered, lost and wrong', options, async t => {
  const result = await run(t, { port: await udpServer(t), seconds: 5, count: 5, sockets: 2 })
  t.match(result, { mode: 'closed', sent: 5, done: 2, lost: 3, bad: 2, empty: 0 })
  t.same(result.rcodes, { NOERROR: 1, NXDOMAIN: 1 })
})

t.test('UDP, open loop: keeps its rate', options, async t => {
  const result = await run(t, { port: await udpServer(t), seconds: 1, rate: 500 }, 'good.test A\n')
  t.equal(result.lost + result.bad + result.shed, 0)
  // A machine that is busy elsewhere may keep it from asking at the very end; it never asks more.
  t.ok(result.done > 400 && result.done <= 501, `${result.done} of 500`)
  t.ok(result.p50 > 0 && result.p50 <= result.p99 && result.p99 <= result.max + 1)
})

t.test('TCP: many questions a write, replies in pieces and out of order', options, async t => {
  const sockets = new Set<Socket>()
  const server = createServer(socket => {
    sockets.add(socket)
    let rest = Buffer.alloc(0)
    socket.on('error', () => undefined)
    socket.on('data', chunk => {
      rest = Buffer.concat([rest, chunk])
      const replies: Buffer[] = []
      while (rest.length >= 2 && rest.length >= 2 + rest.readUInt16BE(0)) {
        const end = 2 + rest.readUInt16BE(0)
        const reply = replyTo(rest.subarray(2, end))!
        replies.unshift(Buffer.from([reply.length >> 8, reply.length & 0xff]), reply)
        rest = rest.subarray(end)
      }
      const all = Buffer.concat(replies)
      socket.write(all.subarray(0, 3))
      setImmediate(() => socket.write(all.subarray(3)))
    })
  })
  t.teardown(() => {
    sockets.forEach(socket => socket.destroy())
    server.close()
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  const result = await run(
    t,
    { port, seconds: 10, count: 600, sockets: 3, perWrite: 4 },
    'good.test A\nmissing.test A\n'
  )
  t.match(result, { mode: 'tcp', sent: 600, done: 600, lost: 0, bad: 0 })
  t.same(result.rcodes, { NOERROR: 300, NXDOMAIN: 300 })
})

t.test('a line that is no question ends it with the line’s number', options, async t => {
  const child = startLoad({ port: 9, seconds: 1, file: `${t.testdir({ q: 'good.test A\nnonsense\n' })}/q` })
  await t.rejects(child.line(10_000), /q:2: expected `name TYPE`/)
})

t.test('the first address of a reply', async t => {
  const question = Buffer.concat([encodeName('good.test'), Buffer.from([0, 1, 0, 1])])
  const query = Buffer.concat([Buffer.from([0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0]), question])
  t.equal(firstAddress(replyTo(query)!), '192.0.2.7')
  t.equal(firstAddress(query), undefined)
  t.equal(firstAddress(Buffer.from([1, 2])), undefined)
})
