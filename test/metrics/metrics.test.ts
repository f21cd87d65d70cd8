import t from 'tap'
import { Metrics, metricsOf } from '../../src/metrics/metrics.ts'

const spec = { name: 'x_total', help: 'X.', labels: ['to'] }

t.test('a family that is asked for twice is the same one', async t => {
  const metrics = new Metrics()
  metrics.counter(spec).with('a').increment()
  metrics.counter(spec).with('a').increment()
  t.equal(metrics.counter(spec).with('a').value, 2)
  const histogram = { name: 'y', help: 'Y.', buckets: [1] }
  t.equal(metrics.histogram(histogram), metrics.histogram(histogram))
  metrics.gauge({ name: 'z', help: 'Z.' }).with().value = 7
  const shown = metrics.collect().filter(family => !family.name.startsWith('coredns_'))
  t.same(
    shown.map(family => `${family.name} ${family.type}`),
    ['x_total counter', 'y histogram', 'z gauge']
  )
})

t.test('collectors are asked each time, joined by name, and can be taken away', async t => {
  const metrics = new Metrics()
  let value = 1
  const collect = (to: string) => () => ({
    name: 'x',
    help: 'X.',
    type: 'gauge' as const,
    samples: [{ suffix: '' as const, labels: { to }, value }]
  })
  const forget = metrics.addCollector(collect('a'))
  metrics.addCollector(collect('b'))
  const samples = () => metrics.collect().find(family => family.name === 'x')?.samples
  t.same(samples(), [
    { suffix: '', labels: { to: 'a' }, value: 1 },
    { suffix: '', labels: { to: 'b' }, value: 1 }
  ])
  value = 2
  forget()
  t.same(samples(), [{ suffix: '', labels: { to: 'b' }, value: 2 }])
})

t.test('panics are counted', async t => {
  const metrics = new Metrics()
  const panics = () =>
    metrics.collect().find(family => family.name === 'coredns_panics_total')?.samples[0]?.value
  t.equal(panics(), 0)
  metrics.countPanic()
  t.equal(panics(), 1)
})

t.test('a process has one', async t => {
  const made = new Map<string, unknown>()
  const shared = {
    keep: <T>(key: string, make: () => T): T => {
      if (!made.has(key)) made.set(key, make())
      return made.get(key) as T
    }
  }
  t.equal(metricsOf(shared), metricsOf(shared))
})
