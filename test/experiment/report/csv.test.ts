// CSV as a strict reader of RFC 4180 takes it, and nothing in it that a spreadsheet would compute.
import t from 'tap'
import { settingsCsv } from '../../../src/experiment/report/csv.ts'
import { HOSTILE, hostile, sample } from './sample.ts'

/** RFC 4180 §2, to the letter; throws where the text isn't. */
function read(text: string): string[][] {
  const rows: string[][] = []
  let fields: string[] = []
  let at = 0
  while (at < text.length) {
    const quoted = /^"((?:[^"]|"")*)"/.exec(text.slice(at))
    const plain = quoted === null ? /^[^",\r\n]*/.exec(text.slice(at)) : null
    fields.push(quoted === null ? (plain?.[0] ?? '') : (quoted[1] ?? '').replaceAll('""', '"'))
    at += (quoted ?? plain)![0].length
    if (text[at] === ',') at++
    else if (text.startsWith('\r\n', at)) {
      rows.push(fields)
      fields = []
      at += 2
    } else throw new Error(`neither , nor a line end at ${at}: ${text.slice(at, at + 20)}`)
  }
  return rows
}

const objects = (text: string): Record<string, string>[] => {
  const [head = [], ...rows] = read(text)
  return rows.map(row => {
    t.equal(row.length, head.length, 'as many fields as the head has')
    return Object.fromEntries(head.map((name, at) => [name, row[at] ?? '']))
  })
}

t.test('one row a setting', t => {
  const rows = objects(settingsCsv(sample))
  t.equal(rows.length, 6)
  t.match(rows[1], {
    ...{
      setting: '2',
      origin: 'modelled',
      resolver: 'glibc-2.36',
      ndots: '2',
      search: 'default',
      autopath: 'off'
    },
    ...{ search_domains: 'shop.svc.cluster.local svc.cluster.local cluster.local', upstream_delay_ms: '20' },
    ...{ upstream_loss: '0.01', lookups: '10', found: '10', queries: '24', nxdomain: '6', upstream: '6' },
    ...{ queries_per_lookup: '2.4', nxdomain_share: '0.25', p99_ms: '120.25', broken_names: '0' },
    ...{ least_that_breaks_no_name: 'yes', broken: '' }
  })
  t.match(rows[4], { resolver: 'musl-1.2.5', ndots: '2', least_that_breaks_no_name: 'no', broken: 'web' })
  t.end()
})

t.test('no name is a formula', t => {
  const names = [
    '=1+1',
    '+1',
    '-1',
    '@SUM(A1)',
    '\t=1',
    '\r=1',
    '\n=1',
    '＝1',
    'a,b',
    'say "hi"',
    'two\r\nlines',
    ...HOSTILE
  ]
  const settings = names.map(name => ({ ...sample.settings[0]!, broken: [name] }))
  const rows = objects(settingsCsv({ ...sample, settings }))
  t.equal(rows.length, names.length)
  for (const { broken: name = '' } of rows)
    t.notMatch(name, /^[=+\-@\t\r\n＝]/, JSON.stringify(name.slice(0, 40)))
  t.same(
    rows.slice(0, 5).map(({ broken }) => broken),
    ["'=1+1", "'+1", "'-1", "'@SUM(A1)", "'\t=1"]
  )
  t.same(
    rows.slice(8, 11).map(({ broken }) => broken),
    ['a,b', 'say "hi"', 'two\r\nlines'],
    'quotes, commas and lines come back'
  )
  for (const [first] of read(settingsCsv(hostile()))) t.notMatch(first, /^[=+\-@]/)
  t.end()
})

t.test('a cell that a spreadsheet would cut says what is missing', t => {
  const broken = Array.from({ length: 2000 }, (_, at) => `${'x'.repeat(30)}${at}`)
  const [cells] = objects(settingsCsv({ ...sample, settings: [{ ...sample.settings[0]!, broken }] }))
  const text = cells?.['broken'] ?? ''
  t.ok(text.length < 32_767)
  const [, more = ''] = / and (\d+) more$/.exec(text) ?? []
  t.equal(text.replace(/ and \d+ more$/, '').split(' ').length + Number(more), 2000)
  t.end()
})
