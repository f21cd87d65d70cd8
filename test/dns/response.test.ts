// From an answer to octets: corefile-and-plugins.md §5.2, RFC 6891 §6, RFC 2181 §9.
import fc from 'fast-check'
import packet from 'dns-packet'
import t from 'tap'
import { Answer, type OptFields } from '../../src/dns/answer.ts'
import { AnswerWriter } from '../../src/dns/answer-writer.ts'
import type { Query } from '../../src/dns/query.ts'
import { badVersion, bareHeader, emptyAnswer, encodeResponse, optLength } from '../../src/dns/response.ts'
import { Flag, Rcode } from '../../src/wire/numbers.ts'
import { makeQuery, queryWire, responseText, type QueryFields } from '../support/messages.ts'

const writer = new AnswerWriter()

/** `counts` A records in each section. */
function answerOf(query: Query, counts: readonly number[], flags: number = Flag.AA, rcode = 0): Answer {
  const [answers = 0, authority = 0, additional = 0] = counts
  writer.begin(query)
  const write = (count: number) => {
    for (let i = 0; i < count; i++)
      writer.address(12, query.name.length, 5, Buffer.of(10, 0, i >> 8, i), 0, 4)
  }
  write(answers)
  writer.authority()
  write(authority)
  writer.additional()
  write(additional)
  return writer.finish(rcode, flags | query.copiedFlags)
}
const respond = (fields: QueryFields, counts: readonly number[] = [1], opt?: OptFields) => {
  const query = makeQuery('a.org', 'A', fields)
  const answer = answerOf(query, counts)
  answer.opt = opt
  return responseText(query, answer)
}

t.test('the OPT of a response', async t => {
  const own = (fields: Partial<OptFields> = {}): OptFields => ({
    size: 4096,
    dnssecOk: false,
    options: [],
    ...fields
  })
  const ede = { code: 15, data: Buffer.of(0, 15) }
  const cases: readonly (readonly [
    string,
    QueryFields,
    OptFields | undefined,
    ReturnType<typeof respond>['edns']
  ])[] = [
    ['none without EDNS', {}, undefined, undefined],
    ['the size of the client', { edns: 1232 }, undefined, { size: 1232, do: false, options: [] }],
    ['size 0 as it is', { edns: 0 }, undefined, { size: 0, do: false, options: [] }],
    ['DO is copied', { dnssecOk: true, edns: 4096 }, undefined, { size: 4096, do: true, options: [] }],
    [
      'five options are repeated in their order, others are not',
      {
        edns: 1232,
        options: [
          [100, 'abcd'],
          [12, '0000'],
          [3, ''],
          [8, '00010000'],
          [9, ''],
          [10, '0102030405060708'],
          [15, '0001'],
          [11, ''],
          [65001, 'ff']
        ]
      },
      undefined,
      { size: 1232, do: false, options: ['12:0000', '3:', '9:', '10:0102030405060708', '11:'] }
    ],
    [
      "a plugin's own takes the place of the echo, with the client's size and DO",
      { edns: 1232, dnssecOk: true, options: [[10, '0102030405060708']] },
      own({ options: [ede] }),
      { size: 1232, do: true, options: ['15:000f'] }
    ],
    ['and may set DO', { edns: 1232 }, own({ dnssecOk: true }), { size: 1232, do: true, options: [] }],
    [
      'and reaches clients without EDNS, with its own size',
      {},
      own({ dnssecOk: true, options: [ede] }),
      { size: 4096, do: true, options: ['15:000f'] }
    ]
  ]
  for (const [what, fields, opt, edns] of cases) {
    const seen = respond(fields, [1], opt)
    t.same(seen.edns, edns, what)
    t.same(seen.answer, ['a.org 5 A 10.0.0.0'], 'the records stay')
  }
})

t.test('the OPT has version 0 and no flag but DO, whatever the client set', async t => {
  const wire = queryWire('a.org', 'A', { edns: 1232 })
  wire.writeUInt32BE(0xff00_7fff, wire.length - 6) // extended rcode and Z bits
  const query = makeQuery('a.org', 'A', { edns: 1232 })
  wire.copy(query.wire)
  const response = encodeResponse(query, answerOf(query, []))
  t.equal(response.toString('hex', response.length - 11), '00' + '0029' + '04d0' + '00000000' + '0000')
})

t.test('an extended rcode stands in header and OPT', async t => {
  const query = makeQuery('a.org', 'A', { edns: 1232 })
  const response = encodeResponse(query, answerOf(query, [], 0, Rcode.BADCOOKIE))
  t.equal((response[3] as number) & 0xf, 7)
  t.equal(response[response.length - 6], 1)
})

t.test('header', async t => {
  const query = makeQuery('A.oRg', 'A', {
    id: 0xbeef,
    flags: Flag.RD | Flag.CD | Flag.AD | Flag.Z | Flag.TC | 5
  })
  const text = responseText(query, answerOf(query, [1]))
  t.equal(text.flags, 'qr aa rd cd', 'only RD and CD come back')
  t.equal(text.rcode, 'NOERROR')
  t.equal(text.question, 'A.oRg A')
  const notify = makeQuery('a.org', 'SOA', { opcode: 4, flags: 0 })
  const response = encodeResponse(notify, emptyAnswer(notify, Rcode.REFUSED))
  t.equal(response.readUInt16BE(2), 0x8000 | (4 << 11) | 5)
  t.equal(encodeResponse(query, emptyAnswer(query, Rcode.SERVFAIL)).readUInt16BE(0), 0xbeef)
})

t.test('sizes', async t => {
  // 12 + 7 + 4 of head and question, 16 a record, 11 an OPT.
  const cases: readonly (readonly [string, QueryFields, readonly number[], readonly number[], boolean])[] = [
    ['fits in 512 exactly (23 + 30 × 16 = 503)', {}, [30], [30, 0, 0], false],
    ['one more does not', {}, [31], [30, 0, 0], true],
    ['an OPT takes its room', { edns: 512 }, [30], [29, 0, 0], true],
    ['sizes under 512 count as 512', { edns: 0 }, [29], [29, 0, 0], false],
    ['the size of the client', { edns: 600 }, [40], [35, 0, 0], true],
    ['all of it', { edns: 1232 }, [40], [40, 0, 0], false],
    ['65,535 over UDP', { edns: 65_535 }, [4000], [4000, 0, 0], false],
    ['TCP does not cut', { transport: 'tcp', edns: 512 }, [4000], [4000, 0, 0], false],
    ['additional goes first', {}, [10, 10, 11], [10, 10, 10], true],
    ['then authority', {}, [20, 20, 20], [20, 10, 0], true],
    ['then answers', {}, [40, 1, 1], [30, 0, 0], true]
  ]
  for (const [what, fields, counts, kept, truncated] of cases) {
    const seen = respond(fields, counts)
    t.same([seen.answer.length, seen.authority.length, seen.additional.length], kept, what)
    t.equal(seen.flags.includes('tc'), truncated, `${what}: TC`)
    t.equal(seen.edns !== undefined, fields.edns !== undefined, `${what}: OPT`)
  }
})

t.test('a small record behind a dropped one goes too', async t => {
  const query = makeQuery('a.org', 'AAAA')
  writer.begin(query)
  for (let i = 0; i < 16; i++) writer.address(12, 7, 5, Buffer.alloc(16, i), 0, 16)
  writer.address(12, 7, 5, Buffer.alloc(4), 0, 4)
  writer.authority()
  writer.address(12, 7, 5, Buffer.alloc(16), 0, 16)
  writer.additional()
  writer.address(12, 7, 5, Buffer.alloc(4), 0, 4)
  const text = responseText(query, writer.finish(Rcode.NOERROR, Flag.AA))
  // 23 + 16 × 28 + 16 = 487: the authority's 28 octets are too many, the additional record's 16 would not be.
  t.same([text.answer.length, text.authority.length, text.additional.length, text.size], [17, 0, 0, 487])
  t.match(text.flags, 'tc')
})

t.test('a cut response is readable, within its size, and has what was kept in order', async () => {
  const counts = fc.array(fc.integer({ min: 0, max: 60 }), { minLength: 3, maxLength: 3 })
  fc.assert(
    fc.property(
      counts,
      fc.option(fc.integer({ min: 0, max: 2000 })),
      fc.integer({ min: 0, max: 300 }),
      (counts, size, padding) => {
        const fields: QueryFields = size === null ? {} : { edns: size, options: [[12, '00'.repeat(padding)]] }
        const query = makeQuery('a.org', 'A', fields)
        const response = encodeResponse(query, answerOf(query, counts))
        if (response.length > query.sizeMax) throw new Error(`${response.length} octets for ${query.sizeMax}`)
        const message = packet.decode(response)
        if (packet.encodingLength(message) < 0) throw new Error('unreachable')
        const additional = message.additionals ?? []
        const kept = [
          message.answers,
          message.authorities,
          additional.filter(each => each.type !== 'OPT')
        ].map(each => each?.length ?? 0)
        const opts = additional.filter(each => each.type === 'OPT').length
        if (opts !== (size === null ? 0 : 1)) throw new Error(`${opts} OPTs`)
        const total = (list: readonly number[]) => list.reduce((sum, each) => sum + each, 0)
        const cut = total(kept) < total(counts)
        if (message.flag_tc !== cut) throw new Error(`TC ${message.flag_tc}`)
        // Dropped from the end: where a section lost something, those behind it are empty.
        kept.forEach((count, at) => {
          if (count < (counts[at] as number) && total(kept.slice(at + 1)) > 0)
            throw new Error(`kept ${String(kept)} of ${String(counts)}`)
          if (count > (counts[at] as number)) throw new Error('more than there was')
        })
        // And not more than needed: the first one dropped would not have fitted.
        if (cut && response.length + 16 <= query.sizeMax)
          throw new Error(`room for one more in ${response.length}`)
      }
    ),
    { numRuns: 300 }
  )
})

t.test('options that leave no room for the question are left out', async t => {
  const long = Array(127).fill('a').join('.')
  const padding = (octets: number) => [[12, '00'.repeat(octets)]] as const
  for (const [transport, name, octets] of [
    ['udp', 'a.org', 600],
    ['udp', long, 300],
    ['tcp', 'a.org', 65_500]
  ] as const) {
    const query = makeQuery(name, 'A', { transport, edns: 512, options: padding(octets) })
    const response = encodeResponse(query, answerOf(query, [1]))
    t.ok(response.length <= query.sizeMax, `${response.length} octets over ${transport}`)
    const message = packet.decode(response)
    t.same([message.flag_tc, message.answers?.length, message.additionals?.length], [true, 0, 1])
  }
  const query = makeQuery('a.org', 'A', { edns: 512 })
  const answer = answerOf(query, [1])
  answer.opt = { size: 4096, dnssecOk: false, options: [{ code: 15, data: Buffer.alloc(600) }] }
  t.match(responseText(query, answer), { answer: [], edns: { size: 512, options: [] }, size: 34 })
})

t.test('an answer without room for the OPT gets it all the same', async t => {
  const query = makeQuery('a.org', 'A', { edns: 1232 })
  const made = answerOf(query, [1])
  const tight = Buffer.from(made.octets.subarray(0, made.length))
  const text = responseText(query, new Answer(tight, tight.length, 0, Flag.AA, tight.length))
  t.equal(text.edns?.size, 1232)
  t.same(text.answer, ['a.org 5 A 10.0.0.0'])
})

t.test('optLength is what is written', async t => {
  for (const fields of [
    {},
    { edns: 1232 },
    {
      edns: 1232,
      options: [
        [3, ''],
        [100, 'abcd'],
        [10, '0102']
      ]
    }
  ] as QueryFields[]) {
    const query = makeQuery('a.org', 'A', fields)
    const answer = answerOf(query, [1])
    const length = answer.length
    t.equal(encodeResponse(query, answer).length, length + optLength(query))
  }
})

t.test('answers that the server itself gives', async t => {
  const query = makeQuery('A.org', 'AAAA', { edns: 1232, flags: Flag.RD | Flag.AD })
  const refused = responseText(query, emptyAnswer(query, Rcode.REFUSED))
  t.match(refused, {
    rcode: 'REFUSED',
    flags: 'qr rd',
    question: 'A.org AAAA',
    answer: [],
    edns: { size: 1232 }
  })

  const wire = queryWire('a.org', 'A', { id: 0x0102, flags: 0x07f5, opcode: 4 })
  t.equal(
    bareHeader(wire, Rcode.FORMERR).toString('hex'),
    '0102' + 'a111' + '0000'.repeat(4),
    'QR, opcode, RD, CD'
  )
  t.equal(bareHeader(queryWire('a', 'A', { opcode: 2, flags: 0 }), Rcode.NOTIMP).readUInt16BE(2), 0x9004)

  const bad = badVersion(makeQuery('A.org', 'A', { edns: 1232, dnssecOk: true, options: [[3, '']] }))
  t.equal(
    bad.toString('hex', 12),
    '01410' + '36f726700' + '0001' + '0001' + '00' + '0029' + '0000' + '01000000' + '0000'
  )
  t.equal(bad.toString('hex', 2, 12), '8100' + '0001' + '0000' + '0000' + '0001')
})
