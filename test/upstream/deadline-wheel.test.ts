import t from 'tap'
import { systemClock, type Clock } from '../../src/runtime/clock.ts'
import { Deadline, DeadlineWheel } from '../../src/upstream/deadline-wheel.ts'
import { FakeClock } from '../support/fake-clock.ts'

class Recorded extends Deadline {
  readonly struck: number[] = []
  readonly #clock: FakeClock
  readonly #then: (() => void) | undefined

  constructor(clock: FakeClock, then?: () => void) {
    super()
    this.#clock = clock
    this.#then = then
  }

  expire(): void {
    this.struck.push(this.#clock.now())
    this.#then?.()
  }
}

t.test('a deadline strikes once, never early and at most two ticks late', async t => {
  for (const delayMs of [0, 1, 9, 10, 11, 995, 2000, 2555, 2560, 2570, 30_000]) {
    const clock = new FakeClock(12_345.6)
    const wheel = new DeadlineWheel(clock)
    clock.advance(3.3)
    const start = clock.now()
    const deadline = new Recorded(clock)
    wheel.arm(deadline, delayMs)
    clock.advance(delayMs + 100)
    t.equal(deadline.struck.length, 1, `${delayMs} ms: once`)
    const after = deadline.struck[0]! - start
    t.ok(after >= delayMs && after <= delayMs + 20, `${delayMs} ms: after ${after}`)
    clock.advance(6000)
    t.equal(deadline.struck.length, 1)
  }
})

t.test('the timer runs only while something waits', async t => {
  const clock = new FakeClock()
  const wheel = new DeadlineWheel(clock)
  t.equal(clock.pending, 0)
  const one = new Recorded(clock)
  const two = new Recorded(clock)
  wheel.arm(one, 50)
  wheel.arm(two, 500)
  t.equal(clock.pending, 1)
  clock.advance(100)
  t.equal(wheel.size, 1)
  two.disarm()
  two.disarm()
  t.same([wheel.size, clock.pending], [0, 0])
  clock.advance(1000)
  t.same([one.struck.length, two.struck.length], [1, 0])
})

t.test('arming again replaces the limit', async t => {
  const clock = new FakeClock()
  const wheel = new DeadlineWheel(clock)
  const deadline = new Recorded(clock)
  wheel.arm(deadline, 50)
  clock.advance(40)
  wheel.arm(deadline, 200)
  clock.advance(150)
  t.same(deadline.struck, [])
  clock.advance(100)
  t.equal(deadline.struck.length, 1)
})

t.test('a deadline may disarm its neighbours or arm itself again while it strikes', async t => {
  const clock = new FakeClock()
  const wheel = new DeadlineWheel(clock)
  const neighbours = Array.from({ length: 3 }, () => new Recorded(clock))
  let rounds = 0
  const first: Recorded = new Recorded(clock, () => {
    neighbours[0]!.disarm()
    wheel.arm(neighbours[1]!, 1000)
    if (++rounds < 3) wheel.arm(first, 0)
  })
  wheel.arm(first, 10)
  for (const neighbour of neighbours) wheel.arm(neighbour, 10)
  clock.advance(200)
  t.same(
    neighbours.map(each => each.struck.length),
    [0, 0, 1]
  )
  t.equal(first.struck.length, 3)
  clock.advance(1100)
  t.equal(neighbours[1]!.struck.length, 1)
  t.equal(wheel.size, 0)
})

t.test('after a pause of the event loop everything that is due strikes in one turn', async t => {
  let now = 0
  let turn = () => {
    // Set when the wheel asks for its timer.
  }
  const stalled: Clock = {
    ...systemClock,
    now: () => now,
    every: (_periodMs, task) => {
      turn = task
      return { cancel: () => undefined }
    }
  }
  const wheel = new DeadlineWheel(stalled)
  const clock = new FakeClock()
  const deadlines = Array.from({ length: 600 }, () => new Recorded(clock))
  for (const [at, deadline] of deadlines.entries()) wheel.arm(deadline, at * 10)
  now = 5000
  turn()
  t.equal(deadlines.filter(each => each.struck.length === 1).length, 501)
  now = 20_000
  turn()
  t.equal(deadlines.filter(each => each.struck.length === 1).length, 600)
})
