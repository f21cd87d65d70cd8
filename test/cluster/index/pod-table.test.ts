// Pods by address, against a Map.
import t from 'tap'
import { Namespaces } from '../../../src/cluster/index/namespaces.ts'
import { PodTable } from '../../../src/cluster/index/pod-table.ts'
import { Slab } from '../../../src/cluster/index/slab.ts'
import { Dice, pod, seededHasher } from './support.ts'

function setUp() {
  const slab = new Slab()
  const hasher = seededHasher()
  const namespaces = new Namespaces(hasher)
  const pods = new PodTable(slab, hasher, namespaces)
  const has = (namespace: string, address: string) => {
    const octets = Buffer.from(namespace)
    const id = namespaces.find(octets, 0, octets.length)
    return id >= 0 && pods.hasAddress(id, address)
  }
  return { slab, namespaces, pods, has }
}

t.test('random changes', t => {
  const { slab, namespaces, pods, has } = setUp()
  const dice = new Dice(3)
  const spaces = ['default', 'shop', '__proto__', 'a.b']
  const names = ['web-0', '__proto__', 'constructor', 'p'.repeat(253), 'Größe']
  const addresses = ['10.0.0.1', '10.0.0.2', 'fd00::1', 'fd00:0:0::1', '']
  const model = new Map<string, { readonly space: string; readonly address: string }>()
  for (let step = 0; step < 20_000; step++) {
    const [space, name] = [dice.pick(spaces), dice.pick(names)]
    const key = `${space}/${name}`
    if (dice.below(3) === 0) {
      t.equal(pods.remove(space, name), model.delete(key) ? 'added' : 'none')
    } else {
      const address = dice.pick(addresses)
      const phase = dice.below(6) === 0 ? dice.pick(['Succeeded', 'Failed', 'Unknown']) : 'Running'
      const deleting = dice.below(6) === 0
      const old = model.get(key)
      const change = pods.put(pod(space, name, address, { phase, deleting }))
      let expected = 'none'
      if (phase !== 'Running') expected = model.delete(key) ? 'added' : 'none'
      else if (old !== undefined || !deleting) {
        expected = old === undefined ? 'added' : old.address === address ? 'none' : 'answers'
        model.set(key, { space, address })
      }
      if (change !== expected) return t.fail(`step ${step}: ${change}, expected ${expected}`)
    }
    if (step % 40 !== 0) continue
    t.equal(pods.podCount, model.size)
    for (const address of addresses) {
      const holders = [...model].filter(([, one]) => one.address === address && address !== '')
      for (const one of spaces)
        t.equal(
          has(one, address),
          holders.some(([, held]) => held.space === one),
          `${one} ${address}`
        )
      const found = pods.podAt(address)
      t.equal(found !== undefined, holders.length > 0)
      if (found !== undefined) t.ok(holders.some(([held]) => held === `${found.namespace}/${found.name}`))
    }
  }
  for (const key of model.keys()) pods.remove(key.slice(0, key.indexOf('/')), key.slice(key.indexOf('/') + 1))
  t.equal(pods.podCount, 0)
  t.equal(slab.octetsUsed, 0, 'room is given back')
  for (const space of spaces)
    t.equal(namespaces.find(Buffer.from(space), 0, space.length), -1, 'and so are namespaces')
  return t.end()
})

t.test('the address is compared as text', t => {
  const { pods, has } = setUp()
  pods.put(pod('default', 'a', 'fd00::A'))
  t.ok(has('default', 'fd00::A'))
  t.notOk(has('default', 'fd00::a'))
  t.notOk(has('default', 'fd00:0::A'))
  t.end()
})

t.test('many Pods with one address, and changes without end', t => {
  const { slab, pods, has } = setUp()
  for (let i = 0; i < 5000; i++) pods.put(pod('kube-system', `host-${i}`, '192.0.2.1'))
  t.ok(has('kube-system', '192.0.2.1'))
  for (let i = 0; i < 5000; i++) pods.remove('kube-system', `host-${i}`)
  const before = slab.octetsReserved
  for (let i = 0; i < 100_000; i++) pods.put(pod('default', `web-${i % 100}`, `10.0.${i % 250}.${i % 251}`))
  t.equal(slab.octetsReserved, before)
  t.equal(pods.podCount, 100)
  t.end()
})
