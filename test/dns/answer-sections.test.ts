import fc from 'fast-check'
import t from 'tap'
import packet, { type Answer as PacketAnswer } from 'dns-packet'
import { arrangeRecords, readSections, type Sections } from '../../src/dns/answer-sections.ts'
import { foreignAnswer } from '../../src/dns/foreign-answer.ts'
import { Answer } from '../../src/dns/answer.ts'
import { makeQuery, responseText } from '../support/messages.ts'

const srv = (target: string): PacketAnswer => ({
  type: 'SRV',
  name: 'a.org',
  ttl: 60,
  data: { priority: 0, weight: 0, port: 80, target }
})
const ns = (data: string): PacketAnswer => ({ type: 'NS', name: 'a.org', ttl: 60, data })
const a = (name: string, data: string): PacketAnswer => ({ type: 'A', name, ttl: 60, data })

/** Names in the data of NS records lean on each other: `n2` stands as `\x02n2` and a pointer into the first one. */
const query = makeQuery('a.org', 'NS', { transport: 'tcp' })
const made = (): Answer =>
  foreignAnswer(
    query,
    packet.encode({
      type: 'response',
      id: query.id,
      flags: packet.RECURSION_DESIRED,
      questions: [{ type: 'NS', name: 'a.org' }],
      answers: [ns('n1.deep.example.net'), ns('n2.deep.example.net'), srv('n3.deep.example.net')],
      authorities: [ns('n4.deep.example.net')],
      additionals: [a('n1.deep.example.net', '192.0.2.1'), a('n2.deep.example.net', '192.0.2.2')]
    })
  )!

const texts = (answer: Answer) => {
  const { answer: first, authority, additional } = responseText(query, answer)
  return [first, authority, additional].map(lines => lines.map(line => line.split(' ').at(-1)))
}

const cases: readonly (readonly [
  title: string,
  arrange: (sections: Sections) => Sections,
  expected: unknown
])[] = [
  [
    'as they are',
    sections => sections,
    [
      ['n1.deep.example.net', 'n2.deep.example.net', 'target=n3.deep.example.net'],
      ['n4.deep.example.net'],
      ['192.0.2.1', '192.0.2.2']
    ]
  ],
  [
    'the last section turned round',
    sections => ({ ...sections, additional: [...sections.additional].reverse() }),
    [
      ['n1.deep.example.net', 'n2.deep.example.net', 'target=n3.deep.example.net'],
      ['n4.deep.example.net'],
      ['192.0.2.2', '192.0.2.1']
    ]
  ],
  [
    'the first section turned round, on which others lean',
    sections => ({ ...sections, answer: [...sections.answer].reverse() }),
    [
      ['target=n3.deep.example.net', 'n2.deep.example.net', 'n1.deep.example.net'],
      ['n4.deep.example.net'],
      ['192.0.2.1', '192.0.2.2']
    ]
  ],
  [
    'some left out at the end',
    sections => ({ ...sections, authority: [], additional: [] }),
    [['n1.deep.example.net', 'n2.deep.example.net', 'target=n3.deep.example.net'], [], []]
  ],
  [
    'the first left out, on which others lean',
    sections => ({ ...sections, answer: sections.answer.slice(1), additional: sections.additional.slice(1) }),
    [['n2.deep.example.net', 'target=n3.deep.example.net'], ['n4.deep.example.net'], ['192.0.2.2']]
  ],
  ['nothing left', () => ({ answer: [], authority: [], additional: [] }), [[], [], []]]
]

for (const [title, arrange, expected] of cases) {
  t.test(title, async t => {
    const answer = made()
    const sections = readSections(answer)!
    const arranged = arrange(sections)
    arrangeRecords(answer, arranged)
    // Owner, type, class, TTL and length; then a name, or an address, or an SRV record's numbers and a name.
    const name = 'n1.deep.example.net'.length + 2
    const plain = [...arranged.answer, ...arranged.authority, ...arranged.additional].reduce(
      (sum, { rtype }) =>
        sum + (rtype === 1 ? name + 10 + 4 : 'a.org'.length + 2 + 10 + name + (rtype === 33 ? 6 : 0)),
      12 + 7 + 4
    )
    t.equal(answer.plainLength, plain, 'the length without compression is known')
    t.same(texts(answer), expected)
  })
}

t.test('octets that are no records are left alone', async t => {
  const whole = made()
  t.equal(readSections(new Answer(whole.octets, whole.length - 3, 0, 0, 0)), undefined)
})

t.test('whatever is kept, in whatever order, it reads the same', async () => {
  const labels = ['n1', 'n2', 'a.org', 'deep.example.net', 'n1.deep.example.net', 'x.a.org']
  const record: fc.Arbitrary<PacketAnswer> = fc.oneof(
    fc.constantFrom(...labels).map(name => a(name, '192.0.2.1')),
    fc
      .tuple(fc.constantFrom(...labels), fc.constantFrom(...labels))
      .map(([name, data]): PacketAnswer => ({ type: 'CNAME', name, ttl: 60, data })),
    fc.constantFrom(...labels).map(srv),
    fc.constantFrom(...labels).map(ns)
  )
  const section = fc.array(record, { maxLength: 6 })
  fc.assert(
    fc.property(section, section, section, fc.infiniteStream(fc.nat(100)), (first, second, third, chance) => {
      const fields = { answers: first, authorities: second, additionals: third }
      const message = packet.encode({
        type: 'response',
        id: 1,
        questions: [{ type: 'NS', name: 'a.org' }],
        ...fields
      })
      const answer = foreignAnswer(query, message)!
      const before = texts(foreignAnswer(query, Buffer.from(message))!)
      const sections = readSections(answer)!
      /** Some of them, in any order. */
      const pick = (count: number) =>
        Array.from({ length: count }, (_, at) => ({ at, rank: chance.next().value as number }))
          .filter(({ rank }) => rank > 20)
          .sort((one, other) => one.rank - other.rank)
          .map(({ at }) => at)
      const picks = [pick(first.length), pick(second.length), pick(third.length)] as const
      arrangeRecords(answer, {
        answer: picks[0].map(at => sections.answer[at]!),
        authority: picks[1].map(at => sections.authority[at]!),
        additional: picks[2].map(at => sections.additional[at]!)
      })
      const expected = picks.map((each, at) => each.map(index => before[at]![index]))
      return JSON.stringify(texts(answer)) === JSON.stringify(expected)
    }),
    { numRuns: 300 }
  )
})
