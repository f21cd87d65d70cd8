// The table for terminals and pipes: narrow, without colour, without Unicode.
/* eslint-disable no-control-regex -- controls are what some of these look for */
import t from 'tap'
import { jsonReport } from '../../../src/experiment/report/json.ts'
import { tableReport } from '../../../src/experiment/report/table.ts'
import { hostile, sample } from './sample.ts'

const piped = { width: undefined, colour: false, unicode: false }

t.test('a row a setting that awk can read, then what it comes to', t => {
  const lines = tableReport(sample, piped).split('\n')
  t.same(lines[0]!.split(/ {2,}/), [
    'RESOLVER',
    'NDOTS',
    'QUERIES',
    'NXDOMAIN',
    'LEAKS',
    'P50 MS',
    'P90 MS',
    'P99 MS',
    'NAMES',
    'ORIGIN'
  ])
  t.same(lines[1]!.trim().split(/ {2,}/), [
    'glibc-2.36',
    '1',
    '2',
    '25%',
    '0.6',
    '0.5',
    '20.5',
    '120',
    '1 broken',
    'modelled'
  ])
  t.same(lines[2]!.trim().split(/ {2,}/).slice(-2), ['least', 'modelled'])
  t.same(lines[3]!.trim().split(/ {2,}/).slice(-2), ['none broken', 'modelled'])
  t.match(lines[7], 'ndots 5 is the least that breaks no name in any setting.')
  t.match(
    lines[8],
    'glibc-2.36 (modelled): ndots 2 is the least that breaks no name: 2.4 queries a lookup, 60% fewer'
  )
  t.match(lines[9], 'musl-1.2.5 (modelled): ndots 5 is the least')
  t.match(lines.slice(10), [
    'assert queries_per_lookup<=2.5: does not hold',
    'assert failures==0: holds',
    'note: 1 name is found in no setting',
    'note: Names that nothing in the cluster answers exist beyond it.',
    ''
  ])
  t.notMatch(lines.join('\n'), /[^\n -~]/, 'ASCII, and no sequences for terminals')
  t.end()
})

t.test('what matters least is left out of a narrow terminal', t => {
  const table = (width: number) =>
    tableReport(sample, { width, colour: true, unicode: true }).split('\n').slice(0, 9)
  const plain = (line: string) => line.replace(/\u001b\[\d+m/g, '')
  for (const width of [60, 72, 80, 100]) {
    for (const line of table(width)) t.ok(plain(line).length <= width, `${width}: ${plain(line)}`)
  }
  t.match(plain(table(60).join('')), /RESOLVER.*NDOTS.*QUERIES.*NAMES.*ORIGIN/, 'what it is about stays')
  t.notMatch(plain(table(60).join('')), /P90/)
  t.match(plain(table(200).join('')), /P50 MS.*P90 MS.*P99 MS/)
  t.match(table(80).join(''), '\u001b[1m')
  t.end()
})

t.test('a terminal obeys no name', t => {
  const text = tableReport(hostile(), { ...piped, unicode: true })
  t.notMatch(text, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/)
  t.end()
})

t.test('JSON has every key, null where nothing is known', t => {
  const read = JSON.parse(
    jsonReport({ ...sample, least: [{ ...sample.least[0]!, ndots: undefined }] })
  ) as typeof sample
  t.equal(read.least[0]!.ndots, null)
  t.equal(read.spec.exists, null)
  t.same(read.settings, sample.settings)
  t.same(read.walks, sample.walks)
  t.end()
})
