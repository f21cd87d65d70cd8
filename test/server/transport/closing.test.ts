// How listeners end, and that there is one to a port: the same for every kind of them.
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import t from 'tap'
import { systemTurn } from '../../../src/runtime/turn.ts'
import { ConnectionTable } from '../../../src/server/transport/connection-table.ts'
import { HandshakeQueue } from '../../../src/server/transport/handshake-queue.ts'
import { TcpTransport } from '../../../src/server/transport/tcp.ts'
import { TlsFront } from '../../../src/server/transport/tls-front.ts'
import type { Response, Transport } from '../../../src/server/transport/transport.ts'
import { UdpTransport } from '../../../src/server/transport/udp.ts'
import {
  client as tcpClient,
  framed,
  lateAnswer,
  options,
  turns,
  unframed,
  until,
  type TestOptions
} from './support.ts'
import { certificate, connectTls } from './tls-support.ts'

interface Listener extends Transport {
  /** Questions that came in. */
  readonly received: number
}

interface Asker {
  ask(text: string): void
  answers(): string[]
  /** Whether the server has ended the connection; undefined where there is none. */
  isOver(): boolean | undefined
  end(): void
}

interface Kind {
  readonly name: string
  readonly make: (options: TestOptions) => Listener
  readonly connect: (port: number) => Promise<Asker>
}

const tableOf = ({ clock }: TestOptions) =>
  new ConnectionTable({ clock, nextTurn: systemTurn, connectionsMax: 100 })

async function connectUdp(port: number): Promise<Asker> {
  const socket = createSocket('udp4')
  const answers: string[] = []
  socket.on('message', message => void answers.push(message.toString()))
  socket.on('error', () => undefined) // nobody is there any more
  socket.connect(port, '127.0.0.1')
  await once(socket, 'connect')
  return {
    ask: text => socket.send(text, () => undefined),
    answers: () => answers,
    isOver: () => undefined,
    end: () => socket.close()
  }
}

const kinds: readonly Kind[] = [
  { name: 'udp', make: made => new UdpTransport(made), connect: connectUdp },
  {
    name: 'tcp',
    make: made => new TcpTransport({ ...made, table: tableOf(made) }),
    async connect(port) {
      const one = await tcpClient(port)
      return {
        ask: text => one.socket.write(framed(text)),
        answers: () => one.answers(),
        isOver: () => one.ending !== undefined,
        end: () => one.socket.destroy()
      }
    }
  },
  {
    name: 'tls',
    make(made) {
      const table = tableOf(made)
      const transport = new TcpTransport({ ...made, table }, 'tls')
      const queue = new HandshakeQueue(made.clock, systemTurn)
      const front = { protocols: ['dot'], waiting: table, queue }
      transport.secure(certificate, settings => new TlsFront(transport, front, settings))
      return transport
    },
    async connect(port) {
      const socket = await connectTls(port)
      const chunks: Buffer[] = []
      socket.on('data', (chunk: Buffer) => chunks.push(chunk))
      return {
        ask: text => socket.write(framed(text)),
        answers: () => unframed(Buffer.concat(chunks)).map(String),
        isOver: () => socket.readableEnded || socket.closed,
        end: () => socket.destroy()
      }
    }
  }
]

/** Answers `late` when the test says so, `never` never, and all else at once. */
function answering() {
  const late = lateAnswer()
  const made = options(wire => {
    const text = wire.toString()
    if (text === 'late') return late.promise
    return text === 'never' ? new Promise<Response>(() => undefined) : Buffer.from(`re:${text}`)
  })
  return { late, made }
}

for (const { name, make, connect } of kinds) {
  t.test(`${name}: close sends what is in flight, answers no one new, and frees the port`, async t => {
    const { late, made } = answering()
    const listener = make(made)
    await listener.listen()
    const { port } = listener.info
    const [one, idle] = [await connect(port), await connect(port)]
    idle.ask('a')
    await until('it is answered', () => idle.answers().length === 1)
    one.ask('late')
    await until('both are asked', () => listener.received === 2)
    let isClosed = false
    const closed = listener.close().then(() => (isClosed = true))
    await listener.stopReceiving()
    await until('the idle one is ended', () => idle.isOver() !== false)
    one.ask('too late')
    await turns()
    t.equal(isClosed, false)
    t.not(one.isOver(), true)
    late.resolve(Buffer.from('here'))
    await until('what was asked is answered', () => one.answers().length > 0)
    await until('the connection is ended', () => one.isOver() !== false)
    idle.end()
    if (one.isOver() === true) one.end()
    await closed
    t.same(one.answers(), ['here'])
    t.equal(made.clock.pending, 0, 'no timer stays behind')
    const again = make({ ...made, port })
    await again.listen()
    await turns()
    t.same(one.answers(), ['here'])
    if (one.isOver() !== true) one.end()
    await again.close()
  })

  t.test(`${name}: close does not wait longer than 5 s for an answer`, async t => {
    const { made } = answering()
    const listener = make(made)
    await listener.listen()
    const one = await connect(listener.info.port)
    one.ask('never')
    await until('it is asked', () => listener.received === 1)
    let isClosed = false
    const closed = listener.close().then(() => (isClosed = true))
    await listener.stopReceiving()
    await turns()
    made.clock.advance(4999)
    await turns()
    t.equal(isClosed, false)
    made.clock.advance(1)
    await closed
    await until('the client is told', () => one.isOver() !== false)
    t.same(one.answers(), [])
    one.end()
  })

  t.test(`${name}: a port that is taken`, async t => {
    const first = make(answering().made)
    await first.listen()
    const { port } = first.info
    const second = make({ ...answering().made, port })
    await t.rejects(second.listen(), { code: 'EADDRINUSE' })
    await second.close()
    const one = await connect(port)
    one.ask('a')
    await until('the first goes on', () => one.answers().length === 1)
    t.same(one.answers(), ['re:a'])
    one.end()
    await first.close()
  })

  t.test(`${name}: closing what was never opened`, async t => {
    const { made } = answering()
    await make(made).close()
    t.equal(made.clock.pending, 0)
  })
}

t.test('udp: an answer that comes after the end goes nowhere', async t => {
  const { late, made } = answering()
  const udp = new UdpTransport(made)
  await udp.listen()
  const one = await connectUdp(udp.info.port)
  one.ask('late')
  await until('it is asked', () => udp.received === 1)
  const closed = udp.close()
  await udp.stopReceiving()
  await turns()
  made.clock.advance(5000)
  await closed
  late.resolve(Buffer.from('nobody takes this'))
  await turns()
  t.same([udp.sent, udp.failures], [0, 0])
  one.end()
})
