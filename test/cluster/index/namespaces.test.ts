// Namespaces as numbers, against a Map of users.
import t from 'tap'
import { Namespaces, sameLabel, sameOctets } from '../../../src/cluster/index/namespaces.ts'
import { Dice, seededHasher } from './support.ts'

const NAMES = [
  'default',
  'kube-system',
  '__proto__',
  'constructor',
  'a.b',
  'a',
  'Größe',
  'n'.repeat(63),
  'n'.repeat(64),
  ''
]

const find = (namespaces: Namespaces, name: string) => {
  const octets = Buffer.from(`<${name}>`)
  return namespaces.find(octets, 1, octets.length - 1)
}

t.test('random use, release and declaration', t => {
  const dice = new Dice(11)
  const namespaces = new Namespaces(seededHasher())
  const users = new Map<string, number[]>()
  const declared = new Set<string>()
  for (let step = 0; step < 20_000; step++) {
    const name = dice.pick(NAMES)
    const list = users.get(name) ?? []
    switch (dice.below(4)) {
      case 0:
        users.set(name, [
          ...list,
          namespaces.use(dice.pick([name, name.replace(/[a-z]/g, c => c.toUpperCase())]))
        ])
        break
      case 1:
        if (list.length > 0) namespaces.release(list[0]!)
        users.set(name, list.slice(1))
        break
      default: {
        const exists = dice.below(2) === 0
        namespaces.declare(name, exists)
        if (exists) declared.add(name)
        else declared.delete(name)
      }
    }
    if (step % 50 !== 0) continue
    const numbers = new Set<number>()
    for (const one of NAMES) {
      const id = find(namespaces, one)
      const isKnown = declared.has(one) || (users.get(one)?.length ?? 0) > 0
      t.equal(id >= 0, isKnown, `step ${step}: ${one} is ${isKnown ? '' : 'not '}known`)
      if (id < 0) continue
      numbers.add(id)
      t.equal(namespaces.isDeclared(id), declared.has(one), `step ${step}: ${one}`)
      t.ok(
        (users.get(one) ?? []).every(user => user === id),
        'the number stays while it is used'
      )
      t.ok(sameLabel(Buffer.from(one), namespaces.label(id), 0, namespaces.label(id).length))
    }
    t.equal([...namespaces.declared()].length, declared.size)
    t.ok(
      numbers.size <= NAMES.length && [...numbers].every(id => id < NAMES.length),
      'numbers are used again'
    )
  }
  t.end()
})

t.test('letter case aside, names are told apart exactly', t => {
  const namespaces = new Namespaces(seededHasher())
  const id = namespaces.use('Shop')
  t.equal(find(namespaces, 'sHOP'), id)
  t.equal(namespaces.use('shop'), id)
  t.equal(find(namespaces, 'shop2'), -1)
  t.equal(find(namespaces, 'sho'), -1)
  t.equal(find(namespaces, 'toString'), -1)
  t.end()
})

t.test('declaring twice is once', t => {
  const namespaces = new Namespaces(seededHasher())
  namespaces.declare('shop', true)
  namespaces.declare('shop', true)
  namespaces.declare('shop', false)
  t.equal(find(namespaces, 'shop'), -1)
  namespaces.declare('shop', false)
  t.equal(find(namespaces, 'shop'), -1)
  t.end()
})

t.test('comparing octets', t => {
  const a = Buffer.from('xxWeByy')
  const b = Buffer.from('zwebz')
  t.ok(sameOctets(a, 2, 3, b, 1, 3))
  t.notOk(sameOctets(a, 2, 3, b, 1, 4))
  t.notOk(sameOctets(a, 3, 3, b, 1, 3))
  t.notOk(
    sameLabel(Buffer.from('{'), Buffer.from('['), 0, 1),
    'octets that differ by 0x20 and are no letters'
  )
  t.end()
})
