import t from 'tap'
import { queryLength, queryNameText } from '../../src/dns/query-text.ts'
import { makeQuery } from '../support/messages.ts'

t.test('names as CoreDNS writes them in its logs', async t => {
  const cases: readonly (readonly [name: string, text: string])[] = [
    ['.', '.'],
    ['Example.ORG', 'example.org.'],
    ['a\\.b.org', 'a\\.b.org.'],
    ['a\\032b.org', 'a\\ b.org.'],
    ['\\"\\\\\\(\\)\\;\\@\'.org', '\\"\\\\\\(\\)\\;\\@\\\'.org.'],
    ['\\000\\009\\010\\027\\127\\128\\255.org', '\\000\\009\\010\\027\\127\\128\\255.org.'],
    ['_dns-sd._udp.$x.org', '_dns-sd._udp.$x.org.']
  ]
  for (const [name, text] of cases) t.equal(queryNameText(makeQuery(name, 'A')), text, name)
})

t.test('the length of a query is that of its records', async t => {
  t.equal(queryLength(makeQuery('a.org', 'A')), 23)
  t.equal(queryLength(makeQuery('a.org', 'A', { trailing: '00' })), 23)
  t.equal(
    queryLength(makeQuery('a.org', 'A', { edns: 1232, options: [[10, '0102030405060708']] })),
    23 + 11 + 12
  )
  t.equal(queryLength(makeQuery('a.org', 'A', { edns: 1232, trailing: 'c0ffee' })), 34)
})
