import t from 'tap'
import { HandshakeQueue } from '../../../src/server/transport/handshake-queue.ts'
import { FakeClock } from '../../support/fake-clock.ts'

/** A queue, and who has begun. A handshake takes `costMs`. */
function world(costMs = 0) {
  const clock = new FakeClock()
  let tasks: (() => void)[] = []
  const queue = new HandshakeQueue(clock, task => void tasks.push(task))
  const begun: string[] = []
  return {
    clock,
    queue,
    begun,
    /** `name`: a letter for the address, and what tells those of an address apart. */
    hello(name: string) {
      const begin = () => {
        begun.push(name)
        clock.advance(costMs)
      }
      const one = { address: name.slice(0, 1), isOver: false, begin }
      queue.add(one)
      return one
    },
    /** Lets the event loop go round; returns who has begun meanwhile. */
    turn(): string[] {
      const now = tasks
      tasks = []
      for (const task of now) task()
      return begun.splice(0)
    },
    get waits() {
      return tasks.length > 0
    }
  }
}

/** All that begin in turns to come. */
function drain(one: ReturnType<typeof world>): string[] {
  const all: string[] = []
  for (let i = 0; i < 1000 && one.waits; i++) all.push(...one.turn())
  return all
}

t.test('six in a turn, in the order in which they came', t => {
  const one = world()
  for (let i = 0; i < 8; i++) one.hello(`a${i}`)
  t.same(one.turn(), ['a0', 'a1', 'a2', 'a3', 'a4', 'a5'])
  t.same(one.turn(), ['a6', 'a7'])
  one.turn()
  t.notOk(one.waits, 'no turn is asked for when nobody waits')
  t.end()
})

t.test('handshakes that take long: those that begin within 2 ms', t => {
  const one = world(0.9)
  for (let i = 0; i < 5; i++) one.hello(`a${i}`)
  t.same(one.turn(), ['a0', 'a1', 'a2'])
  t.same(one.turn(), ['a3', 'a4'])
  t.end()
})

t.test('addresses take turns', t => {
  const one = world()
  for (let i = 0; i < 1000; i++) one.hello(`a${i}`)
  for (const name of ['b0', 'b1', 'c0']) one.hello(name)
  t.same(one.turn(), ['a0', 'b0', 'c0', 'a1', 'b1', 'a2'])
  one.hello('d0')
  t.ok(one.turn().includes('d0'))
  t.end()
})

t.test('those that have waited for a second come after the others, newest first', t => {
  const one = world()
  for (const name of ['a1', 'a2', 'a3']) one.hello(name)
  one.clock.advance(600)
  for (const name of ['a4', 'a5']) one.hello(name)
  one.clock.advance(401)
  one.hello('a6')
  t.same(drain(one), ['a4', 'a5', 'a6', 'a3', 'a2', 'a1'])
  t.end()
})

t.test('those that have gone cost no turn', t => {
  const one = world()
  const all = Array.from({ length: 20 }, (_, i) => one.hello(`a${i}`))
  one.hello('b0').isOver = true
  for (const each of all.slice(0, 15)) each.isOver = true
  t.same(one.turn(), ['a15', 'a16', 'a17', 'a18', 'a19'])
  for (let i = 0; i < 3; i++) one.hello(`a${i}`).isOver = true
  one.clock.advance(2000)
  one.hello('a4')
  t.same(drain(one), ['a4'])
  t.end()
})

t.test('while connections are accepted, one handshake for four of them', t => {
  const one = world()
  for (let i = 0; i < 20; i++) one.hello(`a${i}`)
  const begun: number[] = []
  for (let i = 0; i < 8; i++) {
    one.queue.accepted()
    begun.push(one.turn().length)
  }
  t.same(begun, [0, 0, 0, 1, 0, 0, 0, 1])
  t.equal(one.turn().length, 6)
  t.end()
})

t.test('a flood that goes on: all are begun or let go', t => {
  const one = world()
  const waiting: { isOver: boolean }[] = []
  let begun = 0
  for (let ms = 0; ms < 10_000; ms += 10) {
    for (let i = 0; i < 10; i++) waiting.push(one.hello(`a${ms}-${i}`))
    begun += one.turn().length
    for (const each of waiting.splice(0, Math.max(0, waiting.length - 3000))) each.isOver = true
    one.clock.advance(10)
  }
  t.equal(begun, 6000, 'six a turn, none lost to those that wait')
  for (const each of waiting) each.isOver = true
  t.same(drain(one), [])
  t.notOk(one.waits)
  t.end()
})
