import t from 'tap'
import { systemTurn } from '../../../src/runtime/turn.ts'
import { ConnectionTable, SWEEP_MS, type Member } from '../../../src/server/transport/connection-table.ts'
import { TcpTransport } from '../../../src/server/transport/tcp.ts'
import type { Response } from '../../../src/server/transport/transport.ts'
import {
  client,
  framed,
  lateAnswer,
  options,
  turns,
  unframed,
  until,
  untilStill,
  type Client,
  type Respond
} from './support.ts'

/** A table whose connections a test can look at. */
class OpenTable extends ConnectionTable {
  readonly members: Member[] = []

  override add(member: Member): void {
    this.members.push(member)
    super.add(member)
  }
}

/** What a test says is done at its end. */
interface Teardown {
  teardown(task: () => Promise<void>): void
}

/** A listener on a free port; it and its clients are gone when the test ends. */
async function listening(t: Teardown, respond: Respond = echo, connectionsMax = 100) {
  const made = options(respond)
  const { clock } = made
  const table = new OpenTable({ clock, nextTurn: systemTurn, connectionsMax })
  const tcp = new TcpTransport({ ...made, table })
  await tcp.listen()
  const clients: Client[] = []
  t.teardown(async () => {
    for (const { socket } of clients) socket.destroy()
    await tcp.close()
  })
  const connected = async () => {
    const accepted = tcp.accepted
    const one = await client(tcp.info.port)
    clients.push(one)
    await until('the connection is accepted', () => tcp.accepted > accepted)
    return one
  }
  return { clock, table, tcp, log: made.log, client: connected }
}

const echo: Respond = wire => Buffer.from(`re:${wire.toString()}`)

t.test('twenty questions in one write: twenty answers in order, in few writes', async t => {
  const { tcp, client } = await listening(t)
  const one = await client()
  const names = Array.from({ length: 20 }, (_, i) => `question ${i}`)
  one.socket.write(Buffer.concat(names.map(framed)))
  t.same(
    await one.expect(20),
    names.map(name => `re:${name}`)
  )
  t.ok(one.chunks.length <= 3, `${one.chunks.length} writes`)
  t.same([tcp.accepted, tcp.received, tcp.sent], [1, 20, 20])
})

t.test('octet by octet', async t => {
  const { tcp, client } = await listening(t)
  const one = await client()
  for (const octet of Buffer.concat([framed('first'), framed('second')])) {
    one.socket.write(Buffer.of(octet))
    await turns(2)
  }
  t.same(await one.expect(2), ['re:first', 're:second'])
  t.equal(tcp.received, 2)
})

t.test('the responder is told who asks', async t => {
  const { client } = await listening(t, (_wire, peer) => Buffer.from(`${peer.address} ${peer.port}`))
  const one = await client()
  one.socket.write(framed('who'))
  t.same(await one.expect(1), [`127.0.0.1 ${one.socket.localPort}`])
})

t.test('messages of no octets are passed over', async t => {
  const { tcp, client } = await listening(t)
  const one = await client()
  one.socket.write(Buffer.concat([framed(''), framed('a'), framed(''), framed(''), framed('b'), framed('')]))
  t.same(await one.expect(2), ['re:a', 're:b'])
  t.equal(tcp.received, 2)
})

t.test('undefined is silence, and the next question has its answer', async t => {
  const { client } = await listening(t, wire => (wire.toString() === 'x' ? undefined : wire))
  const one = await client()
  one.socket.write(Buffer.concat(['x', 'a', 'x', 'b'].map(framed)))
  one.socket.end()
  await until('the server ends', () => one.ending !== undefined)
  t.same(one.answers(), ['a', 'b'])
})

t.test('a client that has closed its side still has its answers', async t => {
  const late = lateAnswer()
  const { table, client } = await listening(t, wire => (wire.toString() === 'late' ? late.promise : wire))
  const one = await client()
  one.socket.end(Buffer.concat(['now', 'late', 'after'].map(framed)))
  t.same(await one.expect(1), ['now'])
  t.equal(one.ending, undefined, 'it is still owed two')
  late.resolve(Buffer.from('late'))
  await until('the server ends', () => one.ending !== undefined)
  t.equal(one.ending, 'end')
  t.same(one.answers(), ['now', 'late', 'after'])
  await until('the connection is gone', () => table.open === 0)
})

t.test('answers that come later keep the order of the questions', async t => {
  const waiting = new Map<string, (response: Response) => void>()
  const { client } = await listening(t, wire => {
    if (wire[0] !== 0x70) return wire // not 'p…'
    return new Promise<Response>(resolve => waiting.set(wire.toString(), resolve))
  })
  const one = await client()
  one.socket.write(Buffer.concat(['p1', 'now', 'p2', 'p3', 'end'].map(framed)))
  await until('all are asked', () => waiting.size === 3)
  waiting.get('p3')!(Buffer.from('p3'))
  waiting.get('p2')!(Buffer.from('p2'))
  await turns()
  t.same(one.answers(), [], 'nothing before the first')
  waiting.get('p1')!(Buffer.from('p1'))
  t.same(await one.expect(5), ['p1', 'now', 'p2', 'p3', 'end'])
})

t.test('a responder that throws or rejects closes nothing, and is told of once', async t => {
  const { tcp, log, client } = await listening(t, wire => {
    const text = wire.toString()
    if (text === 'throw') throw new Error('thrown')
    return text === 'reject' ? Promise.reject(new Error('rejected')) : wire
  })
  const one = await client()
  const other = await client()
  one.socket.write(Buffer.concat(['a', 'throw', 'b', 'reject', 'c'].map(framed)))
  t.same(await one.expect(3), ['a', 'b', 'c'])
  other.socket.write(framed('d'))
  t.same(await other.expect(1), ['d'])
  t.same([one.ending, other.ending], [undefined, undefined])
  t.equal(tcp.failures.count, 2)
  t.equal(log.lines.length, 1)
  t.match(log.lines[0], /^\[ERROR\] tcp dns:\/\/127\.0\.0\.1:\d+: .*thrown/)
})

// How long a connection may last. What is sent after `atMs`; when it must still be open; when it must be closed. The
// deadline is noticed up to SWEEP_MS late.
const lifetimes: readonly {
  readonly name: string
  readonly steps: readonly { readonly atMs: number; readonly octets: Buffer; readonly answers?: number }[]
  readonly endsMs: number
}[] = [
  { name: 'nothing comes', steps: [], endsMs: 3000 },
  {
    name: 'the first message does not become whole, octet after octet',
    steps: [0, 1000, 2000, 2900].map(atMs => ({ atMs, octets: Buffer.of(0) })),
    endsMs: 3000
  },
  {
    name: 'a later message does not become whole: 3 s from its first octet',
    steps: [
      { atMs: 500, octets: framed('a'), answers: 1 },
      { atMs: 6000, octets: Buffer.of(0) },
      { atMs: 7000, octets: Buffer.of(9) },
      { atMs: 8500, octets: Buffer.of(1) }
    ],
    endsMs: 9000
  },
  {
    name: 'idle for 10 s after an answer',
    steps: [{ atMs: 1000, octets: framed('a'), answers: 1 }],
    endsMs: 11_000
  },
  {
    name: 'idle for 10 s after the last of two answers',
    steps: [
      { atMs: 1000, octets: framed('a'), answers: 1 },
      { atMs: 10_500, octets: framed('b'), answers: 2 }
    ],
    endsMs: 20_500
  },
  {
    name: 'messages of no octets do not keep it open',
    steps: [
      { atMs: 0, octets: framed('a'), answers: 1 },
      { atMs: 9000, octets: framed('') }
    ],
    endsMs: 10_000
  }
]

for (const { name, steps, endsMs } of lifetimes) {
  t.test(`closes: ${name}`, async t => {
    const { clock, table, client } = await listening(t)
    const one = await client()
    const start = clock.now()
    const advanceTo = (ms: number) => clock.advance(ms - (clock.now() - start))
    for (const { atMs, octets, answers } of steps) {
      advanceTo(atMs)
      one.socket.write(octets)
      if (answers !== undefined) await one.expect(answers)
      // No sign tells that an octet was read: the kernel has it at once, so a poll finds it.
      await turns(10)
    }
    advanceTo(endsMs - 1)
    await turns()
    t.equal(one.ending, undefined, 'a millisecond before, it is open')
    advanceTo(endsMs + SWEEP_MS)
    await until('the server ends', () => one.ending !== undefined)
    t.equal(one.ending, 'end')
    t.equal(table.expired, 1)
    clock.advance(2000 + SWEEP_MS) // the client never closes its side
    t.equal(table.open, 0)
    t.equal(clock.pending, 0, 'no timer stays behind')
  })
}

t.test('no time runs while an answer is owed', async t => {
  const late = lateAnswer()
  const { clock, tcp, client } = await listening(t, () => late.promise)
  const one = await client()
  one.socket.write(framed('a'))
  await until('it is asked', () => tcp.received === 1)
  clock.advance(60_000)
  await turns()
  t.equal(one.ending, undefined)
  late.resolve(Buffer.from('b'))
  t.same(await one.expect(1), ['b'])
})

t.test('a client that reads nothing', async t => {
  const QUESTIONS = 40_000
  const { clock, tcp, table, client } = await listening(t, () => Buffer.alloc(60_000))
  const one = await client()
  one.socket.pause()
  one.socket.write(Buffer.concat(Array.from({ length: QUESTIONS }, () => framed(Buffer.alloc(998, 1)))))
  await until('something is asked', () => tcp.received > 0)
  await untilStill('no more is asked', () => tcp.received)
  t.ok(tcp.received < QUESTIONS / 10, `${tcp.received} questions were read`)
  t.ok(one.socket.writableLength > 0, 'its own questions are stuck: reading is paused')
  const held = table.members[0]!.heldOctets()
  // One gathered write (64 KiB and a message), one chunk read (64 KiB), part of a question.
  t.ok(held > 0 && held < 256 << 10, `${held} octets are held`)
  clock.advance(9999)
  await turns()
  t.same([table.open, table.expired], [1, 0])
  clock.advance(1 + SWEEP_MS)
  t.same([table.open, table.expired], [0, 1])
  one.socket.resume()
  await until('the client is told', () => one.ending !== undefined)
  t.ok(one.answers().length < tcp.received, 'what was not taken is lost')
})

t.test('a client that reads slowly has everything in the end', async t => {
  const QUESTIONS = 600
  const { table, tcp, client } = await listening(t, wire => Buffer.concat([wire, Buffer.alloc(40_000)]))
  const one = await client()
  one.socket.pause()
  const numbers = Array.from({ length: QUESTIONS }, (_, i) => String(i).padStart(4, '0'))
  one.socket.write(Buffer.concat(numbers.map(framed)))
  await until('something is asked', () => tcp.received > 0)
  await untilStill('no more is asked', () => tcp.received)
  one.socket.resume()
  await until('all is sent', () => tcp.sent === QUESTIONS)
  one.socket.end()
  await until('the server ends', () => one.ending !== undefined)
  const answers = unframed(Buffer.concat(one.chunks))
  t.same(
    answers.map(answer => answer.toString('latin1', 0, 4)),
    numbers
  )
  t.ok(answers.every(answer => answer.length === 40_004))
  await until('the connection is gone', () => table.open === 0)
})

t.test('at the bound, the one of those that asked that has been idle longest goes', async t => {
  const { table, client } = await listening(t, echo, 4)
  const [first, second, silent, third] = [await client(), await client(), await client(), await client()]
  for (const one of [second, third, first]) {
    one.socket.write(framed('a'))
    await one.expect(1)
  }
  const fourth = await client()
  await until('the second is ended', () => second.ending !== undefined)
  t.equal(second.ending, 'reset')
  t.same([table.open, table.evicted], [4, 1])
  for (const one of [first, silent, third, fourth]) {
    const before = one.answers().length
    one.socket.write(framed('still'))
    t.equal((await one.expect(before + 1)).at(-1), 're:still')
  }
})

t.test('a transfer is made as the client takes it', async t => {
  const MESSAGES = 800
  let pulled = 0
  let isLetGo = false
  function* transfer(): Generator<Buffer> {
    try {
      for (let i = 0; i < MESSAGES; i++) {
        pulled++
        yield Buffer.alloc(60_000, i)
      }
    } finally {
      isLetGo = true
    }
  }
  const { client, table } = await listening(t, wire => (wire.toString() === 'axfr' ? transfer() : wire))

  const one = await client()
  one.socket.pause()
  one.socket.write(Buffer.concat(['axfr', 'after'].map(framed)))
  await until('it begins', () => pulled > 0)
  await untilStill('it pauses', () => pulled)
  t.ok(pulled < MESSAGES / 2, `${pulled} messages are made`)
  const held = table.members[0]!.heldOctets()
  t.ok(held < 256 << 10, `${held} octets are held`)
  one.socket.resume()
  one.socket.end()
  await until('the server ends', () => one.ending !== undefined)
  const answers = unframed(Buffer.concat(one.chunks))
  t.equal(answers.length, MESSAGES + 1)
  t.ok(answers.slice(0, MESSAGES).every((answer, i) => answer.length === 60_000 && answer[0] === i % 256))
  t.equal(answers.at(-1)!.toString(), 'after', 'the question behind it waits for its end')

  pulled = 0
  isLetGo = false
  const other = await client()
  other.socket.pause()
  other.socket.write(framed('axfr'))
  await until('it begins', () => pulled > 0)
  t.equal(isLetGo, false)
  other.socket.resetAndDestroy()
  await until('it is let go', () => isLetGo)
  t.ok(pulled < MESSAGES)
})

t.test('a transfer that breaks ends the connection: half a zone must not look whole', async t => {
  function* broken(): Generator<Buffer> {
    yield Buffer.from('one')
    throw new Error('broken')
  }
  const { tcp, client } = await listening(t, wire => (wire.toString() === 'axfr' ? broken() : wire))
  const one = await client()
  one.socket.write(Buffer.concat(['axfr', 'after'].map(framed)))
  await until('the server ends', () => one.ending !== undefined)
  t.same(one.answers(), ['one'])
  t.equal(tcp.failures.count, 1)
})
