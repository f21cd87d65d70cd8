import t from 'tap'
import { atLeast, atMost, percentile, spread, spreadText, tableText } from '../../bench/report.ts'

t.test('median, least and most', async t => {
  t.same(spread([5, 1, 3]), { median: 3, least: 1, most: 5 })
  t.same(spread([4, 1, 3, 2]), { median: 2.5, least: 1, most: 4 })
  t.equal(spreadText(spread([1, 2, 4]), 1), '2.0 (1.0–4.0)')
})

t.test('a percentile is one of the values', async t => {
  const values = Array.from({ length: 200 }, (_, i) => 200 - i)
  t.equal(percentile(values, 0.99), 198)
  t.equal(percentile(values, 1), 200)
  t.equal(percentile([7], 0.5), 7)
})

t.test('bounds hold up to the limit itself', async t => {
  t.equal(atMost('x', 1, 1, ' s').holds, true)
  t.equal(atMost('x', 1.01, 1, ' s').holds, false)
  t.equal(atLeast('x', 0.7, 0.7, '').holds, true)
  t.equal(atLeast('x', 0.69, 0.7, '').holds, false)
})

t.test('tables are aligned', async t => {
  t.equal(
    tableText({ head: ['a', 'long head'], rows: [['wide cell', '1']] }),
    '| a         | long head |\n| --------- | --------- |\n| wide cell | 1         |'
  )
})
