// Model time, sockets, and pieces that run side by side.
import t from 'tap'
import type { Fate, Reply, ResolverNetwork } from '../../src/resolver/network.ts'
import { replyKind } from '../../src/resolver/network.ts'
import {
  pause,
  perform,
  SENDS_MAX,
  Session,
  Socket,
  together,
  type Steps
} from '../../src/resolver/session.ts'

const reply: Reply = {
  kind: 'ANSWER',
  rcode: 0,
  answers: 1,
  addresses: ['192.0.2.1'],
  truncated: false,
  authoritative: true,
  recursionAvailable: true,
  additional: 0
}
const message = (name: string) => ({ name, type: 'A', transport: 'udp', server: '192.0.2.53' }) as const
/** Answers after as many milliseconds as the name says; `x` is never answered, `c` turned away. */
const byName: ResolverNetwork = {
  send({ name }): Fate {
    if (name === 'x') return { kind: 'silence' }
    if (name === 'c') return { kind: 'closed', afterMs: 1 }
    return { kind: 'reply', afterMs: Number(name), reply }
  }
}
const never = () => {
  throw new Error('no limit was reached')
}

t.test('waits end with what arrives first, or when their time is over', t => {
  const session = new Session(byName, 0)
  const seen = perform(
    session,
    (function* (): Steps<string[]> {
      const seen: string[] = []
      const socket = new Socket()
      session.send(message('30'), socket)
      session.send(message('20'), socket)
      session.send(message('20'), new Socket())
      for (const untilMs of [10, 25, 25, 25, 40]) {
        const arrival = yield { untilMs, on: socket }
        seen.push(`${arrival?.query.name ?? '-'}@${session.nowMs}`)
      }
      return seen
    })(),
    never
  )
  t.same(seen, ['-@10', '20@20', '-@25', '-@25', '30@30'])
  t.same(
    session.queries.map(query => [query.socket, query.reply, query.replyMs]),
    [
      [0, 'ANSWER', 30],
      [0, 'ANSWER', 20],
      [1, 'ANSWER', 20]
    ]
  )
  t.end()
})

t.test('a closed socket hears nothing; a message turned away arrives without a reply', t => {
  const session = new Session(byName, 0)
  perform(
    session,
    (function* (): Steps<void> {
      const socket = new Socket()
      session.send(message('5'), socket)
      socket.close()
      t.equal(yield { untilMs: 100 }, undefined)
      t.equal(session.nowMs, 100)
      session.send(message('c'), new Socket())
      const arrival = yield { untilMs: 200 }
      t.equal(arrival?.reply, undefined)
      t.equal(arrival?.query.reply, 'CLOSED')
      t.equal(session.nowMs, 101)
      session.send(message('x'), new Socket())
      t.equal(yield { untilMs: 200 }, undefined)
      yield* pause(session, 50)
      t.equal(session.nowMs, 250)
    })(),
    never
  )
  t.equal(session.queries.at(-1)?.reply, 'DROP')
  t.end()
})

t.test('pieces side by side keep their own sockets and deadlines', t => {
  const session = new Session(byName, 0)
  const order: string[] = []
  const piece = function* (names: string[], patienceMs: number): Steps<number> {
    for (const name of names) {
      const on = new Socket()
      session.send(message(name), on)
      const arrival = yield { untilMs: session.nowMs + patienceMs, on }
      order.push(`${name}${arrival === undefined ? ' late' : ''}@${session.nowMs}`)
    }
    return names.length
  }
  const counts = perform(
    session,
    together(session, [piece(['30', '30'], 100), piece(['x', '5', '5'], 20), piece([], 1)]),
    never
  )
  t.same(counts, [2, 3, 0])
  t.same(order, ['x late@20', '5@25', '30@30', '5@30', '30@60'])
  t.end()
})

t.test('a network that promises is waited for, in the same model time', async t => {
  const later: ResolverNetwork = { send: (...args) => Promise.resolve(byName.send(...args)) }
  const session = new Session(later, 0)
  const steps = (function* (): Steps<number> {
    session.send(message('40'), new Socket())
    session.send(message('20'), new Socket())
    const first = yield { untilMs: 100 }
    t.equal(first?.query.name, '20')
    yield { untilMs: 100 }
    return session.nowMs
  })()
  const result = perform(session, steps, never)
  t.type(result, Promise)
  t.equal(await result, 40)
})

t.test('messages are bounded', t => {
  const session = new Session(byName, 0)
  const result = perform(
    session,
    (function* (): Steps<string> {
      const socket = new Socket()
      for (;;) {
        session.send(message('x'), socket)
        yield { untilMs: session.nowMs + 1 }
      }
    })(),
    () => 'cut short'
  )
  t.equal(result, 'cut short')
  t.equal(session.queries.length, SENDS_MAX)
  t.end()
})

t.test('kinds of reply from their parts', t => {
  const cases: [part: Partial<Reply>, kind: string][] = [
    [{}, 'ANSWER'],
    [{ addresses: [], answers: 0 }, 'NODATA'],
    [{ addresses: [], answers: 1, alias: 'a.' }, 'CNAME'],
    [{ addresses: [], answers: 0, truncated: true }, 'TC'],
    [{ addresses: [], answers: 0, authoritative: false, recursionAvailable: false }, 'LAME'],
    [{ rcode: 1 }, 'FORMERR'],
    [{ rcode: 2 }, 'SERVFAIL'],
    [{ rcode: 3 }, 'NXDOMAIN'],
    [{ rcode: 4 }, 'NOTIMP'],
    [{ rcode: 5 }, 'REFUSED'],
    [{ rcode: 9 }, 'OTHER']
  ]
  for (const [part, kind] of cases) t.equal(replyKind({ ...reply, ...part }), kind)
  t.end()
})
