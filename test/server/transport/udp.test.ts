import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { networkInterfaces } from 'node:os'
import t from 'tap'
import { UdpTransport } from '../../../src/server/transport/udp.ts'
import { lateAnswer, options, until, type Respond, type TestOptions } from './support.ts'

interface Teardown {
  teardown(task: () => Promise<void>): void
}

async function listening(t: Teardown, respond: Respond, address = '127.0.0.1') {
  const made: TestOptions = options(respond, { address })
  const udp = new UdpTransport(made)
  await udp.listen()
  t.teardown(() => udp.close())
  return { udp, clock: made.clock, log: made.log }
}

/** A client that asks one server; `answers` fills as they come. */
async function client(t: Teardown, port: number, host = '127.0.0.1') {
  const socket: Socket = createSocket(host.includes(':') ? 'udp6' : 'udp4')
  const answers: string[] = []
  socket.on('message', message => void answers.push(message.toString()))
  socket.connect(port, host)
  await once(socket, 'connect')
  t.teardown(async () => {
    const closed = once(socket, 'close')
    socket.close()
    await closed
  })
  const ask = (text: string | Buffer) =>
    new Promise<void>((resolve, reject) =>
      socket.send(text, error => (error === null ? resolve() : reject(error)))
    )
  const expect = async (count: number) => {
    await until(`${count} answers`, () => answers.length >= count)
    return answers
  }
  return { ask, expect, answers, port: socket.address().port }
}

const echo: Respond = wire => Buffer.from(`re:${wire.toString()}`)

t.test('each question has its answer', async t => {
  const { udp } = await listening(t, echo)
  t.match(udp.info, { label: `dns://127.0.0.1:${udp.info.port}`, address: '127.0.0.1' })
  const one = await client(t, udp.info.port)
  const other = await client(t, udp.info.port)
  await Promise.all([one.ask('a'), one.ask('b'), other.ask('c')])
  t.same([...(await one.expect(2))].sort(), ['re:a', 're:b'])
  t.same(await other.expect(1), ['re:c'])
  t.same([udp.received, udp.sent, udp.sendErrors], [3, 3, 0])
})

t.test('an empty datagram and the largest one', async t => {
  const { udp } = await listening(t, wire => Buffer.from(`${wire.length}`))
  const one = await client(t, udp.info.port)
  await one.ask('')
  t.same(await one.expect(1), ['0'])
  await one.ask(Buffer.alloc(65_507))
  t.same(await one.expect(2), ['0', '65507'])
})

t.test('an answer that is too long for a datagram is counted, and the next one is sent', async t => {
  const { udp } = await listening(t, wire => (wire.toString() === 'long' ? Buffer.alloc(65_508) : wire))
  const one = await client(t, udp.info.port)
  await one.ask('long')
  await until('the kernel refuses it', () => udp.sendErrors === 1)
  await one.ask('a')
  t.same(await one.expect(1), ['a'])
})

t.test('undefined is silence', async t => {
  const { udp } = await listening(t, wire => (wire.toString() === 'x' ? undefined : wire))
  const one = await client(t, udp.info.port)
  await one.ask('x')
  await until('it is asked', () => udp.received === 1)
  await one.ask('a')
  t.same(await one.expect(1), ['a'])
  t.equal(udp.sent, 1)
})

t.test('answers that come later hold nothing up', async t => {
  const late = lateAnswer()
  const { udp } = await listening(t, wire => (wire.toString() === 'late' ? late.promise : wire))
  const one = await client(t, udp.info.port)
  const other = await client(t, udp.info.port)
  await one.ask('late')
  await until('it is asked', () => udp.received === 1)
  await other.ask('now')
  t.same(await other.expect(1), ['now'])
  t.same(one.answers, [])
  late.resolve(Buffer.from('here'))
  t.same(await one.expect(1), ['here'], 'to the one who asked')
})

t.test('of a transfer the first message is sent, and the rest is never made', async t => {
  let made = 0
  function* transfer(): Generator<Buffer> {
    for (;;) yield Buffer.from(`message ${++made}`)
  }
  const { udp } = await listening(t, transfer)
  const one = await client(t, udp.info.port)
  await one.ask('axfr')
  t.same(await one.expect(1), ['message 1'])
  t.equal(made, 1)
})

t.test('a responder that throws or rejects is told of once', async t => {
  const { udp, log } = await listening(t, wire => {
    const text = wire.toString()
    if (text === 'throw') throw new Error('thrown')
    return text === 'reject' ? Promise.reject(new Error('rejected')) : wire
  })
  const one = await client(t, udp.info.port)
  for (const text of ['throw', 'reject', 'throw']) await one.ask(text)
  await until('all are asked', () => udp.received === 3)
  await one.ask('a')
  t.same(await one.expect(1), ['a'])
  t.equal(udp.failures, 3)
  t.equal(log.lines.length, 1)
  t.match(log.lines[0], /^\[ERROR\] udp dns:\/\/127\.0\.0\.1:\d+: .*thrown/)
})

const who: Respond = (_wire, peer) => Buffer.from(`${peer.address} ${peer.port}`)

t.test('the responder is told who asks', async t => {
  const { udp } = await listening(t, who)
  const one = await client(t, udp.info.port)
  await one.ask('who')
  t.same(await one.expect(1), [`127.0.0.1 ${one.port}`])
})

t.test('on every address: IPv4 peers are plain IPv4', async t => {
  const { udp } = await listening(t, who, '')
  t.equal(udp.info.label, `dns://:${udp.info.port}`)
  const four = await client(t, udp.info.port)
  await four.ask('who')
  t.same(await four.expect(1), [`127.0.0.1 ${four.port}`])
  const hasIPv6 = Object.values(networkInterfaces()).some(each => each?.some(one => one.address === '::1'))
  if (!hasIPv6) {
    t.comment('this machine has no ::1: IPv6 peers of a dual-stack socket are not tested')
    return
  }
  t.equal(udp.info.address, '[::]')
  const six = await client(t, udp.info.port, '::1')
  await six.ask('who')
  t.same(await six.expect(1), [`::1 ${six.port}`])
})
