import packet, { type Answer as Record, type Packet } from 'dns-packet'
import t from 'tap'
import { foreignAnswer } from '../../../src/dns/foreign-answer.ts'
import type { Handler } from '../../../src/dns/plugin.ts'
import type { Query } from '../../../src/dns/query.ts'
import { emptyAnswer } from '../../../src/dns/response.ts'
import { logPlugin } from '../../../src/plugins/log/setup.ts'
import { LineWriter } from '../../../src/runtime/line-writer.ts'
import { processLog } from '../../../src/runtime/log.ts'
import { secondsText } from '../../../src/plugins/log/format.ts'
import { setupBlocks, testRuntime, testShared, type TestRuntime } from '../../support/blocks.ts'
import { formatName } from '../../../src/wire/name.ts'
import { makeQuery, type QueryFields } from '../../support/messages.ts'

const soa: Record = {
  type: 'SOA',
  name: 'org',
  ttl: 60,
  data: { mname: 'ns.org', rname: 'root.org', serial: 1, refresh: 2, retry: 3, expire: 4, minimum: 5 }
}

/** What an upstream says, by the first label of the name; QR, RD and RA are set. */
const upstream: Readonly<{ [label: string]: Partial<Packet> & { rcode?: number; flags?: number } }> = {
  ok: {},
  nx: { rcode: 3, answers: [], authorities: [soa] },
  nd: { answers: [], authorities: [soa] },
  empty: { answers: [] },
  sf: { rcode: 2, answers: [] },
  rf: { rcode: 5, answers: [] },
  ref: { flags: 0, answers: [], authorities: [{ type: 'NS', name: 'ref.org', ttl: 60, data: 'ns.ref.org' }] },
  nxa: { rcode: 3, answers: [{ type: 'CNAME', name: 'nxa.org', ttl: 60, data: 'x.org' }], authorities: [soa] }
}

const OPT = (dnssecOk: boolean) => Buffer.from(`00002904d00000${dnssecOk ? '8000' : '0000'}0000`, 'hex')

/** The upstream's message, uncompressed; an address for names that are not in the table. */
function message(query: Query): Buffer {
  const name = formatName(query.name)
  const fields = upstream[name.split('.')[0]!.toLowerCase()]
  const opt = query.hasEdns ? OPT(query.dnssecOk) : Buffer.alloc(0)
  let wire: Buffer
  if (fields === undefined || fields.answers === undefined) {
    // By hand, because names with escapes are no text for dns-packet.
    const record = Buffer.from('000100010000012c00040a000009', 'hex')
    wire = Buffer.concat([query.wire.subarray(0, query.questionEnd), query.name, record])
    wire.writeUInt16BE(1, 6)
    wire.writeUInt16BE(0x8000 | packet.RECURSION_AVAILABLE | query.copiedFlags, 2)
  } else {
    const { rcode = 0, flags = packet.RECURSION_AVAILABLE, ...rest } = fields
    const questions = [{ name, type: 'A' as const, class: 'IN' as const }]
    wire = packet.encode({
      type: 'response',
      id: 1,
      flags: flags | query.copiedFlags | rcode,
      questions,
      ...rest
    })
  }
  wire.writeUInt16BE(query.hasEdns ? 1 : 0, 10)
  wire = Buffer.concat([wire, opt])
  query.wire.copy(wire, 12, 12, query.questionEnd)
  return wire
}

const forwarding = (runtime: TestRuntime): Handler => ({
  answer(query: Query) {
    runtime.clock.advance(1.25)
    return foreignAnswer(query, message(query))!
  }
})

/** Asks a block with these `log` lines; what is logged. */
async function logged(
  directives: string,
  question: readonly [name: string, type: string],
  fields: QueryFields = {},
  last?: (runtime: TestRuntime) => Handler
): Promise<readonly string[]> {
  const runtime = testRuntime()
  const [block] = setupBlocks(
    `.:53 {\n${directives}\n}`,
    [logPlugin],
    testShared(runtime),
    (last ?? forwarding)(runtime)
  )
  await block!.chain.answer(makeQuery(...question, { from: '127.0.0.1', port: 1024, id: 7, ...fields }))
  return runtime.log.lines
}

t.test('the common format, as recorded from CoreDNS 1.14.7 (logging.json, log-common)', async t => {
  const line = (middle: string) => `[INFO] 127.0.0.1:1024 - 7 ${middle} 0.00125s`
  const cases: readonly (readonly [readonly [string, string], QueryFields, string])[] = [
    [['ok.org', 'A'], {}, '"A IN ok.org. udp 24 false 512" NOERROR qr,rd,ra 46'],
    [['nx.org', 'A'], {}, '"A IN nx.org. udp 24 false 512" NXDOMAIN qr,rd,ra 77'],
    [['nd.org', 'A'], {}, '"A IN nd.org. udp 24 false 512" NOERROR qr,rd,ra 77'],
    [['empty.org', 'A'], {}, '"A IN empty.org. udp 27 false 512" NOERROR qr,rd,ra 27'],
    [['sf.org', 'A'], {}, '"A IN sf.org. udp 24 false 512" SERVFAIL qr,rd,ra 24'],
    [['rf.org', 'A'], {}, '"A IN rf.org. udp 24 false 512" REFUSED qr,rd,ra 24'],
    [['ref.org', 'A'], {}, '"A IN ref.org. udp 25 false 512" NOERROR qr,rd 56'],
    [['nxa.org', 'A'], {}, '"A IN nxa.org. udp 25 false 512" NXDOMAIN qr,rd,ra 104'],
    [['Ok.ORG', 'A'], { edns: 4096, dnssecOk: true }, '"A IN ok.org. udp 35 true 4096" NOERROR qr,rd,ra 57'],
    [['ok.org', 'A'], { transport: 'tcp' }, '"A IN ok.org. tcp 24 false 65535" NOERROR qr,rd,ra 46'],
    [['ok.org', 'A'], { flags: 0x0030 }, '"A IN ok.org. udp 24 false 512" NOERROR qr,ra,cd 46'],
    [['ok.org', 'TYPE65280'], {}, '"TYPE65280 IN ok.org. udp 24 false 512" NOERROR qr,rd,ra 46'],
    [['a.org', 'A'], { rclass: 'CH' }, '"A CH a.org. udp 23 false 512" NOERROR qr,rd,ra 44'],
    [['a\\.b.org', 'A'], {}, '"A IN a\\.b.org. udp 25 false 512" NOERROR qr,rd,ra 48'],
    [['a\\032b.org', 'A'], {}, '"A IN a\\ b.org. udp 25 false 512" NOERROR qr,rd,ra 48'],
    // Not recorded: nothing in a name may end the quotes or the line.
    [['a\\"b\\010c.org', 'A'], {}, '"A IN a\\"b\\010c.org. udp 27 false 512" NOERROR qr,rd,ra 52'],
    [['.', 'A'], {}, '"A IN . udp 17 false 512" NOERROR qr,rd,ra 32'],
    [['ok.org', 'A'], { trailing: 'c0ffee' }, '"A IN ok.org. udp 24 false 512" NOERROR qr,rd,ra 46'],
    [['ok.org', 'A'], { edns: 100 }, '"A IN ok.org. udp 35 false 512" NOERROR qr,rd,ra 57']
  ]
  for (const [question, fields, middle] of cases) {
    t.same(await logged('log', question, fields), [line(middle)], middle)
  }
  t.same(await logged('log', ['ok.org', 'A'], { from: '::1' }), [
    '[INFO] [::1]:1024 - 7 "A IN ok.org. udp 24 false 512" NOERROR qr,rd,ra 46 0.00125s'
  ])
})

t.test('a format of one’s own', async t => {
  const format = async (text: string, fields?: QueryFields) =>
    (await logged(`log . "${text}"`, ['ok.org', 'A'], fields))[0]
  t.equal(
    await format('{common} extra {local} {>opcode} {nope} {>nope} {/nope}'),
    '[INFO] 127.0.0.1:1024 - 7 "A IN ok.org. udp 24 false 512" NOERROR qr,rd,ra 46 0.00125s extra [::] 0 {nope} {>nope} -'
  )
  t.match(await format('{combined}'), /0\.00125s "0"$/)
  t.equal(await format('{ {type} } {{name}} {type'), '[INFO] { A } {ok.org.} {type')
  t.equal(await format('{proto} {size} {rsize}', { transport: 'https' }), '[INFO] tcp 24 46')
})

t.test('a lone argument is a name, so a lone format logs nothing', async t => {
  t.same(await logged('log "{name}"', ['ok.org', 'A']), [])
  t.equal((await logged('log ORG', ['ok.org', 'A'])).length, 1)
  t.equal((await logged('log ok.org.', ['OK.org', 'A'])).length, 1)
  t.same(await logged('log k.org', ['ok.org', 'A']), [])
})

t.test('the first rule whose name matches decides', async t => {
  const rules = 'log ok.org "{name} first" {\n class denial\n }\n log . "{name} second"'
  t.same(await logged(rules, ['ok.org', 'A']), [])
  t.same(await logged(rules, ['nx.org', 'A']), ['[INFO] nx.org. second'])
})

t.test('classes, as recorded from CoreDNS 1.14.7 (logging.json, log-class-…)', async t => {
  const names = Object.keys(upstream)
  const logs = async (classes: string) => {
    const kept: string[] = []
    for (const name of names) {
      if ((await logged(`log . {\n class ${classes}\n }`, [`${name}.org`, 'A'])).length > 0) kept.push(name)
    }
    return kept
  }
  t.same(await logs('denial'), ['nx', 'nd'])
  t.same(await logs('error'), ['sf', 'rf', 'nxa'])
  t.same(await logs('success'), ['ok', 'empty', 'ref'])
  t.same(await logs('denial error'), ['nx', 'nd', 'sf', 'rf', 'nxa'])
  t.same(await logs('denial\n class success'), ['ok', 'nx', 'nd', 'empty', 'ref'])
  t.same(await logs('error all'), names)
})

t.test('what the chain leaves to the server, and what is dropped', async t => {
  const refused = () => ({ answer: (query: Query) => emptyAnswer(query, 2) })
  t.match(await logged('log', ['a.org', 'A'], {}, refused), [
    /"A IN a\.org\. udp 23 false 512" SERVFAIL qr,rd 23 0s$/
  ])
  const dropped = () => ({
    answer: (query: Query) => Object.assign(emptyAnswer(query, 0), { dropped: true })
  })
  t.match(await logged('log', ['a.org', 'A'], {}, dropped), [/"A IN a\.org\. udp 23 false 512" - - 0 0s$/])
  t.equal((await logged('log . {\n class error\n }', ['a.org', 'A'], {}, dropped)).length, 1)
})

t.test('an answer that comes later is logged when it comes', async t => {
  const late = (runtime: TestRuntime): Handler => ({
    answer: async query => {
      await Promise.resolve()
      runtime.clock.advance(2500)
      return emptyAnswer(query, 3)
    }
  })
  t.match(await logged('log', ['a.org', 'A'], {}, late), [/NXDOMAIN qr,rd 23 2\.5s$/])
})

t.test('metadata is read and published', async t => {
  const runtime = testRuntime()
  const text = '.:53 {\n log . "{/kubernetes/namespace} {/none}"\n}'
  const [block] = setupBlocks(text, [logPlugin], testShared(runtime), forwarding(runtime))
  const query = makeQuery('nd.org', 'A')
  query.metadata = new Map([['kubernetes/namespace', 'shop']])
  await block!.chain.answer(query)
  t.same(runtime.log.lines, ['[INFO] shop -'])
  t.equal(query.metadata.get('log/type'), 'NODATA')
  t.equal(query.metadata.get('log/class'), 'denial')
})

t.test('a synchronous chain stays synchronous, and what it does not log costs nothing', async t => {
  const runtime = testRuntime()
  const [block] = setupBlocks('.:53 {\n log a.org\n}', [logPlugin], testShared(runtime), forwarding(runtime))
  t.notOk(block!.chain.answer(makeQuery('a.org', 'A')) instanceof Promise)
  const reads = runtime.clock.reads
  t.notOk(block!.chain.answer(makeQuery('b.org', 'A')) instanceof Promise)
  t.equal(runtime.clock.reads, reads)
})

t.test('durations in seconds, in their shortest form', async t => {
  const cases: readonly (readonly [number, string])[] = [
    [0, '0'],
    [37.990251, '0.037990251'],
    [0.0005, '0.0000005'],
    [0.0000001, '0'],
    [1000, '1'],
    [2500, '2.5'],
    [123_456_789.123456, '123456.789123456'],
    [-1, '0']
  ]
  for (const [ms, expected] of cases) t.equal(secondsText(ms), expected)
})

t.test('json: the values of a line are fields, whatever its format', async t => {
  const lines: string[] = []
  const writer = new LineWriter((octets, done) => {
    lines.push(...octets.toString().trimEnd().split('\n'))
    queueMicrotask(() => done(null, octets.length))
  })
  const runtime = testRuntime()
  const json = { ...runtime, log: processLog({ writer, format: 'json' }).log }
  const [block] = setupBlocks(
    '.:53 {\nlog . "{rcode} {name}" {\nclass success denial\n}\n}',
    [logPlugin],
    testShared(json),
    forwarding(runtime)
  )
  const ask = (name: string, fields: QueryFields) =>
    block!.chain.answer(makeQuery(name, 'A', { from: '2001:db8::7', port: 1024, id: 7, ...fields }))
  await ask('Ok.org', { edns: 4096, dnssecOk: true })
  await ask('sf.org', {})
  await ask('nx.org', { transport: 'tcp' })
  const common = {
    level: 'info',
    plugin: 'log',
    client: '2001:db8::7',
    port: 1024,
    id: 7,
    type: 'A',
    class: 'IN'
  }
  t.same(
    lines.map(line => {
      const { time, ...fields } = JSON.parse(line) as { time: unknown }
      t.type(time, 'string')
      return fields
    }),
    [
      {
        ...common,
        name: 'ok.org.',
        proto: 'udp',
        opcode: 0,
        size: 35,
        do: true,
        bufsize: 4096,
        rcode: 'NOERROR',
        rflags: 'qr,rd,ra',
        rsize: 57,
        duration: 0.00125,
        server: 'dns://:53',
        msg: 'NOERROR ok.org.'
      },
      {
        ...common,
        name: 'nx.org.',
        proto: 'tcp',
        opcode: 0,
        size: 24,
        do: false,
        bufsize: 65535,
        rcode: 'NXDOMAIN',
        rflags: 'qr,rd,ra',
        rsize: 77,
        duration: 0.00125,
        server: 'dns://:53',
        msg: 'NXDOMAIN nx.org.'
      }
    ]
  )
})
