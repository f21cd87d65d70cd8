// The trunk between a socket and the plugins (corefile-and-plugins.md §2.2, §5.1, §5.4).
import t from 'tap'
import type { Answer } from '../../src/dns/answer.ts'
import { AnswerWriter } from '../../src/dns/answer-writer.ts'
import type { Eventual, Handler } from '../../src/dns/plugin.ts'
import { LOOKUP_DEPTH_MAX, derivedQuery, type Query } from '../../src/dns/query.ts'
import { emptyAnswer } from '../../src/dns/response.ts'
import { Responder } from '../../src/server/respond.ts'
import { ZoneRouter } from '../../src/server/zone-router.ts'
import { encodeName } from '../../src/wire/name.ts'
import { Flag, Rcode, Rtype, rcodeName } from '../../src/wire/numbers.ts'
import { decodeText, makeQuery, queryWire, testListener, type QueryFields } from '../support/messages.ts'

const writer = new AnswerWriter()

/** One A record 10.0.0.`last`. */
function oneAddress(query: Query, last: number): Answer {
  writer.begin(query)
  writer.address(12, query.name.length, 5, Buffer.of(10, 0, 0, last), 0, 4)
  return writer.finish(Rcode.NOERROR, Flag.AA | query.copiedFlags)
}
const handler = (answer: (query: Query) => Eventual<Answer>): Handler => ({ answer })
const always = (last: number): Handler => handler(query => oneAddress(query, last))

class Setting {
  readonly dropped: string[] = []
  readonly failed: unknown[] = []
  readonly responder: Responder

  constructor(zones: Readonly<Record<string, Handler>>, anyClass = false) {
    this.responder = new Responder({
      router: new ZoneRouter(Object.entries(zones).map(([zone, each]) => [encodeName(zone), each] as const)),
      anyClass,
      dropped: (query, rcode) => this.dropped.push(`${query.questionText} ${rcodeName(rcode)}`),
      failed: (_, error) => this.failed.push(error)
    })
  }

  respond(wire: Buffer, transport: 'udp' | 'tcp' = 'udp') {
    return this.responder.respond(wire, transport, { address: '192.0.2.7', port: 40_000 }, testListener)
  }

  /** What comes back at once, in text; `nothing` when nothing is sent. */
  ask(name: string, type: string, fields: QueryFields = {}): string {
    const response = this.respond(queryWire(name, type, fields))
    if (response === undefined) return 'nothing'
    if (!Buffer.isBuffer(response)) throw new Error('not one message at once')
    const { rcode, flags, answer, edns } = decodeText(response)
    return [
      rcode,
      flags,
      ...answer.map(each => each.split(' ').at(-1)),
      ...(edns === undefined ? [] : [`opt=${edns.size}`])
    ].join(' ')
  }
}

t.test('the longest zone answers; none is REFUSED and counted', async t => {
  const setting = new Setting({ org: always(1), 'a.org': always(2) })
  t.equal(setting.ask('b.org', 'A'), 'NOERROR qr aa rd 10.0.0.1')
  t.equal(setting.ask('x.A.org', 'A'), 'NOERROR qr aa rd 10.0.0.2')
  t.same(setting.dropped, [])
  t.equal(setting.ask('a.com', 'A', { edns: 900 }), 'REFUSED qr rd opt=900')
  t.same(setting.dropped, ['a.com. A IN REFUSED'])
})

t.test('classes', async t => {
  const closed = new Setting({ '.': always(1) })
  const open = new Setting({ '.': always(1) }, true)
  for (const rclass of ['CH', 'HS', 'NONE', 'ANY', 'CLASS0', 'CLASS77']) {
    t.equal(closed.ask('a.org', 'A', { rclass }), 'REFUSED qr rd', rclass)
    t.equal(open.ask('a.org', 'A', { rclass }).slice(0, 16), 'NOERROR qr aa rd', `${rclass}, let in`)
  }
  t.equal(closed.dropped.length, 6)
  t.equal(closed.dropped[0], 'a.org. A CH REFUSED')
  t.same(open.dropped, [])
})

t.test('DS belongs to the parent', async t => {
  const setting = new Setting({ '.': always(0), org: always(1), 'a.org': always(2), 'b.a.org': always(3) })
  t.equal(setting.ask('x.b.a.org', 'A'), 'NOERROR qr aa rd 10.0.0.3')
  t.equal(setting.ask('b.a.org', 'DS'), 'NOERROR qr aa rd 10.0.0.1', 'the shortest zone but the root')
  t.equal(setting.ask('a.com', 'DS'), 'NOERROR qr aa rd 10.0.0.0', 'the root, where nothing else matches')
  t.equal(
    new Setting({ 'a.org': always(2) }).ask('a.org', 'DS'),
    'NOERROR qr aa rd 10.0.0.2',
    'the zone itself, alone'
  )
  t.equal(new Setting({ org: always(1) }).ask('a.com', 'DS'), 'REFUSED qr rd')
})

t.test('EDNS version, opcode, and messages that are no query', async t => {
  let asked = 0
  const setting = new Setting({
    '.': handler(query => {
      asked++
      return oneAddress(query, 1)
    })
  })
  const version1 = queryWire('a.org', 'A', { edns: 1232 })
  version1[version1.length - 5] = 1
  const badVersion = setting.respond(version1) as Buffer
  t.match(decodeText(badVersion), {
    rcode: 'BADVERS',
    flags: 'qr rd',
    question: 'a.org A',
    answer: [],
    edns: { size: 0 }
  })

  t.equal(setting.ask('a.org', 'SOA', { opcode: 4 }), 'REFUSED qr rd', 'NOTIFY')
  t.same(setting.dropped, ['a.org. SOA IN REFUSED'], 'BADVERS is counted nowhere')
  t.equal(
    (setting.respond(queryWire('a.org', 'A', { opcode: 5, id: 9 })) as Buffer).toString('hex'),
    '0009' + 'a904' + '0000'.repeat(4)
  )
  t.equal(
    (setting.respond(Buffer.from('000901000001' + '0000'.repeat(3), 'hex')) as Buffer).toString('hex'),
    '0009' + '8101' + '0000'.repeat(4)
  )
  t.equal(setting.respond(Buffer.alloc(11)), undefined)
  t.equal(setting.respond(queryWire('a.org', 'A', { flags: 0x8100 })), undefined, 'a response')
  const twoOpts = Buffer.concat([
    queryWire('A.org', 'A', { edns: 1232 }),
    Buffer.from('0000290400' + '000000000000', 'hex')
  ])
  twoOpts.writeUInt16BE(2, 10)
  const formerr = setting.respond(twoOpts) as Buffer
  t.match(decodeText(formerr), { rcode: 'FORMERR', flags: 'qr rd', question: 'A.org A', edns: undefined })
  t.equal(asked, 0, 'no plugin saw any of them')
})

t.test('a plugin that throws or rejects', async t => {
  const error = new Error('out of order')
  const setting = new Setting({
    'throws.org': handler(() => {
      throw error
    }),
    'rejects.org': handler(() => Promise.reject(error))
  })
  t.equal(setting.ask('throws.org', 'A', { edns: 1232 }), 'SERVFAIL qr rd opt=1232')
  t.same(setting.failed, [error])
  const response = await setting.respond(queryWire('rejects.org', 'A'))
  t.match(decodeText(response as Buffer), { rcode: 'SERVFAIL', question: 'rejects.org A' })
  t.same(setting.failed, [error, error])
  t.same(setting.dropped, [])
})

t.test('a promise only when a plugin waits', async t => {
  const setting = new Setting({
    org: always(1),
    com: handler(query => Promise.resolve(oneAddress(query, 2)))
  })
  t.ok(Buffer.isBuffer(setting.respond(queryWire('a.org', 'A'))))
  const later = setting.respond(queryWire('a.com', 'A'))
  t.ok(later instanceof Promise)
  t.same(decodeText((await later) as Buffer).answer, ['a.com 5 A 10.0.0.2'])
})

t.test('nothing, or several messages', async t => {
  const setting = new Setting({
    org: handler(query => {
      const answer = emptyAnswer(query, Rcode.NOERROR)
      answer.dropped = true
      return answer
    }),
    com: handler(query => {
      const answer = oneAddress(query, 1)
      answer.more = [oneAddress(query, 2), oneAddress(query, 3)]
      return answer
    })
  })
  t.equal(setting.ask('a.org', 'A'), 'nothing')
  const messages = [...(setting.respond(queryWire('a.com', 'AXFR', { id: 7 }), 'tcp') as Iterable<Buffer>)]
  t.same(
    messages.map(each => [each.readUInt16BE(0), decodeText(each).answer[0]]),
    [1, 2, 3].map(last => [7, `a.com 5 A 10.0.0.${last}`])
  )
})

t.test('lookups into each other end', async t => {
  let asked = 0
  const setting: Setting = new Setting({
    '.': handler(query => {
      asked++
      return setting.responder.lookup(derivedQuery(query, encodeName('loop.org'), Rtype.A))
    })
  })
  t.equal(setting.ask('a.org', 'A'), 'SERVFAIL qr rd')
  t.equal(asked, LOOKUP_DEPTH_MAX + 1, 'the client and as many lookups as may nest')
})

t.test('a lookup asks as its client', async t => {
  const seen: string[] = []
  const setting = new Setting({
    '.': handler(query => {
      const { opcode, copiedFlags, ednsSize, dnssecOk, depth } = query
      seen.push(
        [query.questionText, opcode, copiedFlags, ednsSize, dnssecOk, depth, query.peer.address].join(' ')
      )
      return oneAddress(query, 1)
    })
  })
  const parent = makeQuery('a.org', 'SRV', {
    rclass: 'CH',
    edns: 900,
    dnssecOk: true,
    flags: Flag.RD | Flag.CD,
    opcode: 4,
    from: '192.0.2.9'
  })
  const child = derivedQuery(parent, encodeName('B.org'), Rtype.AAAA)
  const answer = setting.responder.lookup(child) as Answer
  t.same(seen, ['B.org. AAAA IN 0 272 900 true 1 192.0.2.9'])
  t.equal(answer.answerCount, 1)
})

t.test('a compressed question whose records are unsound', async t => {
  const setting = new Setting({ '.': always(1) })
  // The question's name is a pointer to a name behind it; the record that ARCOUNT promises isn't there.
  const wire = Buffer.from('000701000001' + '000000000001' + 'c01200010001' + '0161026f7200', 'hex')
  const rejected = decodeText(setting.respond(wire) as Buffer)
  t.match(rejected, { rcode: 'FORMERR', flags: 'qr rd', question: 'a.or A', edns: undefined })
  t.equal(rejected.size, 12 + 6 + 4, 'the name written out')
  t.equal(setting.respond(wire, 'tcp') instanceof Buffer, true)
})

t.test('whatever stands behind a readable header is answered or refused', async t => {
  const setting = new Setting({ '.': always(1), 'a.org': always(2) }, true)
  const names = ['c012', 'c00c', 'c000', '01610000', '0161c014', '0161036f726700', '00', 'c0', '41', '3f61']
  const records = [
    '',
    '0000290400000000000000',
    '0000290400010000000000',
    'c00c00010001000000050004',
    'c00c0001000100000005000401020304',
    '00002904000000000000040003ffff',
    '0161036f726700'
  ]
  let answered = 0
  for (const name of names) {
    for (const record of records) {
      for (const [answers, authority, additional] of [
        [0, 0, 0],
        [0, 0, 1],
        [1, 0, 1],
        [0, 1, 2],
        [0, 0, 2]
      ]) {
        const counts = Buffer.of(0, 1, 0, answers!, 0, authority!, 0, additional!)
        const body = Buffer.from(`${name}00010001${record}${record}`, 'hex')
        const response = setting.respond(
          Buffer.concat([Buffer.from('00070100', 'hex'), counts, body])
        ) as Buffer
        t.ok(
          response.length >= 12 && response.length <= 1024,
          `${name} ${record} ${answers}${authority}${additional}`
        )
        t.equal(response.readUInt16BE(0), 7)
        if ((response[3]! & 0xf) === Rcode.NOERROR) answered++
      }
    }
  }
  t.ok(answered > 20)
  t.same(setting.failed, [])
})
