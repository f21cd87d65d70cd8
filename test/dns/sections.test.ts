// Answers taken apart and put together again.
import t from 'tap'
import {
  readSections,
  replaceSections,
  writeSections,
  type SectionRecord,
  type Sections
} from '../../src/dns/sections.ts'
import { Flag, Rcode } from '../../src/wire/numbers.ts'
import { formatRecord, parseRecord } from '../../src/wire/rdata.ts'
import { makeQuery, responseText } from '../support/messages.ts'

const records = (...lines: string[]): SectionRecord[] =>
  lines.map(line => {
    const { name, rtype, rclass, ttl, rdata } = parseRecord(line)
    return { owner: name, rtype, rclass, ttl, rdata: Uint8Array.from(rdata) }
  })

const texts = (found: Sections | undefined) =>
  [found?.answer, found?.authority, found?.additional].map(section =>
    section?.map(record => formatRecord({ ...record, name: record.owner }))
  )

const sections = (): Sections => ({
  answer: records(
    'a.org. 5 IN CNAME www.a.org.',
    'www.a.org. 5 IN A 192.0.2.1',
    'www.a.org. 5 IN MX 7 mail.A.org.'
  ),
  authority: records('org. 9 IN SOA ns.a.org. h.org. 1 2 3 4 5'),
  additional: records('x.a.org. 5 IN SRV 1 2 3 t.a.org.')
})

t.test('what is written is read back, and an independent decoder reads it too', t => {
  const query = makeQuery('a.org', 'A')
  const answer = writeSections(query, sections(), Rcode.NOERROR, Flag.AA)
  t.same(texts(readSections(answer)), texts(sections()))
  t.equal(answer.plainLength, 23 + 28 + 25 + 35 + 52 + 34, 'as without compression')
  t.ok(answer.length < answer.plainLength - 40)
  const text = responseText(query, answer)
  t.same(text.answer, [
    'a.org 5 CNAME www.a.org',
    'www.a.org 5 A 192.0.2.1',
    'www.a.org 5 MX preference=7 exchange=mail.A.org'
  ])
  t.match(text.additional, ['x.a.org 5 SRV priority=1 weight=2 port=3 target=t.a.org'])
  t.end()
})

t.test('the same records for another question', t => {
  const answer = writeSections(makeQuery('a.org', 'A'), sections(), Rcode.NOERROR, 0)
  answer.error = new Error('kept')
  const other = makeQuery('something.else.example', 'A')
  const moved = replaceSections(other, answer, readSections(answer)!)
  t.same(texts(readSections(moved)), texts(sections()))
  t.equal(moved.error?.message, 'kept')
  t.equal(responseText(other, moved).question, 'something.else.example A')
  t.end()
})

t.test('what does not fit is left out, and TC says so', t => {
  const query = makeQuery('a.org', 'TXT', { transport: 'tcp' })
  const [record] = records(`a.org. 5 IN TXT ${'"' + 'x'.repeat(200) + '"'}`)
  const answer = writeSections(
    query,
    {
      answer: Array.from({ length: 400 }, () => record!),
      authority: [],
      additional: records('a.org. 5 IN A 192.0.2.1')
    },
    Rcode.NOERROR,
    0
  )
  t.ok(answer.length <= 65_535)
  t.equal(answer.flags & Flag.TC, Flag.TC)
  t.ok(answer.answerCount > 250)
  t.equal(answer.additionalCount, 0)
  t.end()
})

t.test('octets that are no records are not read', t => {
  const query = makeQuery('a.org', 'A')
  const answer = writeSections(query, sections(), Rcode.NOERROR, 0)
  answer.length -= 3
  t.equal(readSections(answer), undefined)
  t.end()
})
