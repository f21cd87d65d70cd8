import t from 'tap'
import { makePolicy } from '../../src/upstream/policy.ts'
import { systemRandom } from '../../src/runtime/random.ts'

const random = systemRandom()
const three = ['a', 'b', 'c']

t.test('sequential keeps the order of the line', async t => {
  const policy = makePolicy<string>('sequential', random)
  t.same([policy(three), policy(three)], [three, three])
})

t.test('round_robin begins with the second and moves one to the front', async t => {
  const policy = makePolicy<string>('round_robin', random)
  t.same(
    [1, 2, 3, 4].map(() => policy(three).join('')),
    ['bac', 'cab', 'abc', 'bac']
  )
  t.same(makePolicy<string>('round_robin', random)(['a']), ['a'])
})

t.test('random gives every order equally often', async t => {
  const policy = makePolicy<string>('random', random)
  const counts = new Map<string, number>()
  for (let round = 0; round < 6000; round++) {
    const order = policy(three).join('')
    counts.set(order, (counts.get(order) ?? 0) + 1)
  }
  t.equal(counts.size, 6)
  // 1,000 each; six standard deviations are 173.
  for (const [order, count] of counts) t.ok(Math.abs(count - 1000) < 173, `${order}: ${count}`)
  t.same(three, ['a', 'b', 'c'], 'the line itself stays as it is')
  t.same(policy(['a']), ['a'])
})
