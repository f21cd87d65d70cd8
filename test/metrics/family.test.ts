import t from 'tap'
import { Family, Histogram, histogramSamples, Value, valueSamples } from '../../src/metrics/family.ts'

const counters = (labels?: readonly string[]) =>
  new Family(
    { name: 'x_total', help: 'X.', ...(labels !== undefined && { labels }) },
    'counter',
    () => new Value(),
    valueSamples
  )

t.test('a family without labels is there at 0, one with labels only when something was counted', async t => {
  t.same(counters().collect().samples, [{ suffix: '', labels: {}, value: 0 }])
  const family = counters(['to', 'proto'])
  t.same(family.collect().samples, [])
  family.with('a', 'udp').increment()
  family.with('a', 'udp').increment(2)
  family.with('a', 'tcp').increment()
  t.same(family.collect(), {
    name: 'x_total',
    help: 'X.',
    type: 'counter',
    samples: [
      { suffix: '', labels: { to: 'a', proto: 'udp' }, value: 3 },
      { suffix: '', labels: { to: 'a', proto: 'tcp' }, value: 1 }
    ]
  })
})

t.test('series are bounded, and counting beyond the bound goes nowhere', async t => {
  const family = counters(['name'])
  for (let series = 0; series < 5000; series++) family.with(String(series)).increment()
  t.equal(family.size, 2000)
  family.with('1').increment()
  t.equal(family.with('1').value, 2)
  t.equal(family.collect().samples.length, 2000)
})

t.test('a histogram counts each value in the first bucket that holds it', async t => {
  const histogram = new Histogram([0, 100, 200])
  for (const value of [0, 0.5, 100, 100.1, 200, 201]) histogram.observe(value)
  t.same([...histogram.counts], [1, 2, 2, 1])
  t.equal(histogram.sum, 601.6)
  const values = histogramSamples(histogram.bounds, histogram.counts, histogram.sum, { to: 'a' })
  t.same(
    values.map(({ suffix, labels, value }) => [suffix, labels['le'], value]),
    [
      ['_bucket', '0', 1],
      ['_bucket', '100', 3],
      ['_bucket', '200', 5],
      ['_bucket', '+Inf', 6],
      ['_sum', undefined, 601.6],
      ['_count', undefined, 6]
    ]
  )
})
