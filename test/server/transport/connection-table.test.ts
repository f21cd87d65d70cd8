import t from 'tap'
import { ConnectionTable, type Member } from '../../../src/server/transport/connection-table.ts'
import { FakeClock } from '../../support/fake-clock.ts'

/** A connection that does what it is told. */
class One implements Member {
  older: Member | undefined = undefined
  newer: Member | undefined = undefined
  known = false
  scheduled = false
  deadline = Infinity
  held = 0
  /** Messages that it has put off. */
  backlog = 0
  readonly name: string
  readonly #world: World

  constructor(name: string, world: World) {
    this.name = name
    this.#world = world
  }

  heldOctets(): number {
    return this.held
  }

  work(units: number): number {
    const done = Math.min(units, this.backlog)
    this.backlog -= done
    this.#world.worked.push([this.name, done])
    if (this.backlog > 0) this.#world.table.schedule(this)
    return done
  }

  expire(): void {
    this.#end('expired')
  }

  abort(): void {
    this.#end('aborted')
  }

  #end(how: string): void {
    this.#world.table.remove(this)
    this.#world.ended.push(`${this.name} ${how}`)
  }
}

interface World {
  readonly table: ConnectionTable
  readonly clock: FakeClock
  readonly ended: string[]
  readonly worked: [string, number][]
  readonly add: (name: string, asks?: boolean) => One
  /** Lets the event loop go round once. */
  readonly turn: () => void
}

function world(connectionsMax: number, heldOctetsMax = 1000): World {
  const clock = new FakeClock()
  let tasks: (() => void)[] = []
  const nextTurn = (task: () => void) => void tasks.push(task)
  const table = new ConnectionTable({ clock, nextTurn, connectionsMax, heldOctetsMax })
  const made: World = {
    table,
    clock,
    ended: [],
    worked: [],
    add(name, asks = false) {
      const one = new One(name, made)
      table.add(one)
      if (asks) table.touch(one)
      return one
    },
    turn() {
      const now = tasks
      tasks = []
      for (const task of now) task()
    }
  }
  return made
}

// Who goes when one more comes: `?` marks those that have asked nothing yet, oldest first; who is named again asks again.
const evictions: readonly { readonly name: string; readonly come: string; readonly goes: string }[] = [
  { name: 'strangers only: the oldest', come: '?a ?b ?c ?d', goes: '?a' },
  { name: 'none but those that ask: the one idle longest', come: 'a b c d a', goes: 'b' },
  {
    name: 'a flood of strangers: one of them, even with older ones that asked',
    come: 'a ?b ?c ?d',
    goes: '?b'
  },
  { name: 'many that ask: one of them, even with an older stranger', come: '?a b c d b', goes: 'c' },
  { name: 'half and half: one of those that asked', come: '?a ?b c d', goes: 'c' }
]

for (const { name, come, goes } of evictions) {
  t.test(`at the bound goes, of ${name}`, t => {
    const { table, add, ended } = world(4)
    const all = new Map<string, One>()
    for (const word of come.split(' ')) {
      const one = all.get(word)
      if (one === undefined) all.set(word, add(word, !word.startsWith('?')))
      else table.touch(one)
    }
    t.same(ended, [])
    add('new')
    t.same(ended, [`${goes} aborted`])
    t.same([table.open, table.evicted], [4, 1])
    t.end()
  })
}

t.test('those with a bound of their own make room among themselves', t => {
  const { table, add, ended } = world(100)
  for (const name of ['x1', 'x2', 'a1', 'a2', 'a3']) add(name, true)
  const isOne = (member: Member) => member instanceof One && member.name.startsWith('a')
  table.makeRoom(isOne, 3)
  add('x3')
  add('a4')
  add('a5')
  table.makeRoom(isOne, 3)
  table.makeRoom(member => member instanceof One && member.name === 'nobody', 3)
  t.same(ended, ['a1 aborted', 'a4 aborted'])
  t.equal(table.evicted, 2)
  t.end()
})

t.test('over the bound of octets those that hold most go first, of equals the one idle longest', t => {
  const { table, add, ended, clock } = world(100)
  const held = { little: 10, much: 400, alsoMuch: 400, most: 500, nothing: 0 }
  for (const [name, octets] of Object.entries(held)) add(name, name !== 'little').held = octets
  clock.advance(250)
  t.same(ended, ['most aborted'], '810 are within 1,000')
  add('late').held = 200
  table.kept(400)
  t.same(ended.slice(1), [], 'looked at in time')
  table.kept(601)
  t.same(ended.slice(1), ['much aborted'], 'looked at at once')
  t.equal(table.shed, 2)
  t.end()
})

t.test('a deadline that has passed ends a connection, of whichever kind', t => {
  const { table, add, ended, clock } = world(100)
  for (const [name, deadline] of [
    ['soon', 200],
    ['later', 600],
    ['never', Infinity]
  ] as const) {
    add(`?${name}`).deadline = clock.now() + deadline
    add(name, true).deadline = clock.now() + deadline
  }
  clock.advance(250)
  t.same(ended, ['?soon expired', 'soon expired'])
  clock.advance(500)
  t.same(ended.slice(2), ['?later expired', 'later expired'])
  t.same([table.open, table.expired], [2, 4])
  t.end()
})

t.test('work that was put off: a slice for each, and little while connections come in', t => {
  const { table, add, worked, turn } = world(100)
  const [a, b] = [add('a', true), add('b', true)]
  turn()
  a.backlog = b.backlog = 100
  table.schedule(a)
  table.schedule(b)
  table.schedule(a)
  turn()
  t.same(worked.splice(0), [
    ['a', 64],
    ['b', 64]
  ])
  table.hurry()
  turn()
  t.same(worked.splice(0), [['a', 32]], 'the other one waits')
  turn()
  t.same(worked.splice(0), [
    ['b', 36],
    ['a', 4]
  ])
  turn()
  t.same(worked, [])
  t.end()
})

t.test('a turn has an end: reading counts too', t => {
  const { table, turn } = world(100)
  t.notOk(table.exhausted)
  for (let i = 0; i < 1024 / (8 + 24); i++) {
    t.notOk(table.exhausted, `reading ${i}`)
    table.spend(24)
  }
  t.ok(table.exhausted)
  t.equal(table.slice(), 4)
  turn()
  t.notOk(table.exhausted)
  t.equal(table.slice(), 64)
  t.end()
})

t.test('no timer stays behind', t => {
  const { table, add, clock } = world(100)
  const one = add('a')
  t.equal(clock.pending, 1)
  table.touch(one)
  one.abort()
  t.same([clock.pending, table.open], [0, 0])
  t.end()
})
