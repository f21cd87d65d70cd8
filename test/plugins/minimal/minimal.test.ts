import t from 'tap'
import { foreignAnswer } from '../../../src/dns/foreign-answer.ts'
import type { Answer } from '../../../src/dns/answer.ts'
import { Minimal } from '../../../src/plugins/minimal/minimal.ts'
import packet, { type Packet } from 'dns-packet'
import { FakeClock } from '../../support/fake-clock.ts'
import { makeQuery, responseText } from '../../support/messages.ts'

const a = (name: string, data = '192.0.2.1') => ({ type: 'A', name, ttl: 60, data }) as const
const ns = { type: 'NS', name: 'example.org', ttl: 60, data: 'ns.example.org' } as const
const soa = {
  type: 'SOA',
  name: 'org',
  ttl: 60,
  data: { mname: 'ns.org', rname: 'root.org', serial: 1, refresh: 2, retry: 3, expire: 4, minimum: 5 }
} as const

/** A compressed message from an upstream, as an answer. */
function upstreamAnswer(fields: Partial<Packet> & { readonly rcode?: number }): {
  answer: Answer
  query: ReturnType<typeof makeQuery>
} {
  const query = makeQuery('www.example.org', 'A', { edns: 1232 })
  const { rcode = 0, ...rest } = fields
  const wire = packet.encode({
    type: 'response',
    id: 0x1234,
    flags: packet.RECURSION_DESIRED | rcode,
    questions: [{ type: 'A', name: 'www.example.org' }],
    ...rest
  })
  return { answer: foreignAnswer(query, wire)!, query }
}

const cases: readonly (readonly [
  title: string,
  fields: Partial<Packet> & { readonly rcode?: number },
  counts: readonly [number, number, number]
])[] = [
  [
    'an answer loses what goes with it',
    { answers: [a('www.example.org')], authorities: [ns], additionals: [a('ns.example.org')] },
    [1, 0, 0]
  ],
  ['an answer without an SOA or a record is complete too', { additionals: [a('ns.example.org')] }, [0, 0, 0]],
  ['a referral stays', { authorities: [ns], additionals: [a('ns.example.org')] }, [0, 1, 1]],
  ['no data stays', { authorities: [soa] }, [0, 1, 0]],
  ['no such name stays', { rcode: 3, authorities: [soa] }, [0, 1, 0]],
  ['a failure stays', { rcode: 2, authorities: [soa] }, [0, 1, 0]]
]

for (const [title, fields, counts] of cases) {
  t.test(title, async t => {
    const { answer, query } = upstreamAnswer(fields)
    const minimal = new Minimal(new FakeClock())
    for (const given of [answer, Promise.resolve(upstreamAnswer(fields).answer)]) {
      const made = await minimal.answer(query, { answer: () => given })
      const length = made.plainLength
      const text = responseText(query, made)
      t.same([text.answer.length, text.authority.length, text.additional.length], counts)
      const complete = counts[1] + counts[2] === 0
      if (complete)
        t.equal(
          length,
          12 + 21 + counts[0] * (17 + 10 + 4),
          'the length without compression is that of what is left'
        )
      t.equal(text.edns?.size, 1232)
    }
  })
}
