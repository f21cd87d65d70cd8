// Identical questions in flight, bounds on queries in flight, and what clients are told when forwarding fails.
import t from 'tap'
import type { Answer } from '../../../src/dns/answer.ts'
import type { Query } from '../../../src/dns/query.ts'
import { encodeResponse } from '../../../src/dns/response.ts'
import { FORWARD_REFUSED, FORWARD_REJECTS, FORWARD_SHARED } from '../../../src/metrics/families.ts'
import { metricsOf } from '../../../src/metrics/metrics.ts'
import { forwardPlugin } from '../../../src/plugins/forward/setup.ts'
import { isForwarding } from '../../../src/upstream/forwarding.ts'
import { UpstreamRuntime } from '../../../src/upstream/upstream.ts'
import { testRuntime, testShared } from '../../support/blocks.ts'
import { decodeText, makeQuery, responseText, type QueryFields } from '../../support/messages.ts'
import { a, deadPort, reply, type Asked, type Script } from '../../support/scripted-upstream.ts'
import { forwardingBlock, type Test } from './support.ts'

interface Bounds {
  readonly all?: number
  readonly client?: number
}

async function bench(t: Test, lines: string, scripts: readonly Script[], bounds: Bounds = {}) {
  const runtime = testRuntime()
  const shared = testShared(runtime)
  const upstreams = shared.keep('upstreams', () => new UpstreamRuntime(runtime, bounds.all, bounds.client))
  const { block, servers } = await forwardingBlock(t, lines, scripts, [forwardPlugin], shared)
  const answer = async (query: Query): Promise<Answer> => block.chain.answer(query)
  return {
    runtime,
    servers,
    upstreams,
    answer,
    stop: () => block.stop(),
    forward: block.plugins[0]!,
    metrics: metricsOf(shared),
    ask: async (name: string, type = 'A', fields: QueryFields = {}) => {
      const query = makeQuery(name, type, fields)
      return responseText(query, await answer(query))
    }
  }
}

/** An upstream that answers when it is told to. */
function held(): { readonly script: Script; readonly asked: Asked[]; send(address?: string): void } {
  const asked: Asked[] = []
  return {
    script: each => void asked.push(each),
    asked,
    send: (address = '10.0.0.1') => {
      for (const each of asked.splice(0)) each.send(reply(each, [a(each, address)]))
    }
  }
}

async function until(what: () => boolean): Promise<void> {
  for (let turns = 0; turns < 2000; turns++) {
    if (what()) return
    await new Promise(resolve => setTimeout(resolve, 1))
  }
  throw new Error('it never was so')
}

const turns = () => new Promise(resolve => setTimeout(resolve, 20))

/** The info code and text of a response's extended error: `22 timeout: IT`. */
function extendedError(response: ReturnType<typeof responseText>): string | undefined {
  const hex = response.edns?.options.find(option => option.startsWith('15:'))?.slice(3)
  if (hex === undefined) return undefined
  const data = Buffer.from(hex, 'hex')
  return `${data.readUInt16BE(0)} ${data
    .subarray(2)
    .toString()
    .replace(/127\.0\.0\.1:\d+/, 'IT')}`
}

t.test('identical questions share one upstream query, and each gets an answer of its own', async t => {
  const upstream = held()
  const { ask, answer, servers, metrics, upstreams } = await bench(t, 'forward . @0', [upstream.script])
  const queries = ['10.0.0.1', '10.0.0.2', '10.0.0.2'].map((from, at) =>
    makeQuery('a.org', 'A', { id: at + 1, from, edns: 1232 })
  )
  const asked = queries.map(async each => encodeResponse(each, await answer(each)))
  const query = makeQuery('a.org', 'A', { edns: 1232 })
  query.metadata = new Map()
  const last = answer(query)
  await until(() => upstream.asked.length === 1)
  await turns()
  t.equal(upstreams.inFlight.count, 4)
  upstream.send()
  for (const [at, wire] of (await Promise.all(asked)).entries()) {
    t.equal(wire.readUInt16BE(0), at + 1)
    t.has(decodeText(wire), { rcode: 'NOERROR', answer: ['a.org 60 A 10.0.0.1'], edns: { size: 1232 } })
  }
  t.equal((await last).answerCount, 1)
  t.equal(query.metadata.get('forward/upstream'), servers[0]!.text)
  t.equal(servers[0]!.seen.length, 1)
  t.equal(metrics.counter(FORWARD_SHARED).with().value, 3)
  t.same([upstreams.inFlight.count, upstreams.inFlight.clients], [0, 0])

  const next = ask('a.org', 'A', { edns: 1232 })
  await until(() => upstream.asked.length === 1)
  upstream.send('10.0.0.2')
  t.same((await next).answer, ['a.org 60 A 10.0.0.2'], 'what comes later is asked anew')
})

t.test('what makes a question another one', async t => {
  const upstream = held()
  const { ask } = await bench(t, 'forward org @0\nforward net @0', [upstream.script])
  const edns: QueryFields = { edns: 1232 }
  const others: readonly (readonly [string, string, QueryFields])[] = [
    ['a.org', 'A', {}],
    ['A.org', 'A', {}],
    ['b.org', 'A', {}],
    ['a.net', 'A', {}],
    ['a.org', 'AAAA', {}],
    ['a.org', 'A', { rclass: 'CH' }],
    ['a.org', 'A', { flags: 0 }],
    ['a.org', 'A', { flags: 0x0110 }],
    ['a.org', 'A', { flags: 0x0120 }],
    ['a.org', 'A', edns],
    ['a.org', 'A', { ...edns, dnssecOk: true }],
    ['a.org', 'A', { ...edns, options: [[65001, 'ab']] }],
    ['a.org', 'A', { ...edns, options: [[65001, 'cd']] }],
    ['a.org', 'A', { transport: 'tcp' }]
  ]
  const asked = others.map(([name, type, fields]) => ask(name, type, fields))
  await until(() => upstream.asked.length >= others.length)
  t.equal(upstream.asked.length, others.length)
  upstream.send()
  await Promise.all(asked)
})

t.test('who asks twice over one TCP connection gets it asked twice, as CoreDNS does', async t => {
  const upstream = held()
  const { ask } = await bench(t, 'forward . @0', [upstream.script])
  const fields = { transport: 'tcp', from: '10.0.0.1' } as const
  const asked = [
    ask('a.org', 'A', { ...fields, port: 5000 }),
    ask('a.org', 'A', { ...fields, port: 5000 }),
    ask('a.org', 'A', { ...fields, port: 5001 })
  ]
  await until(() => upstream.asked.length === 2)
  await turns()
  t.equal(upstream.asked.length, 2)
  upstream.send()
  t.equal((await Promise.all(asked)).length, 3)
})

t.test('the probes of loop are sent each time, so that a loop shows', async t => {
  const upstream = held()
  const { ask } = await bench(t, 'forward . @0', [upstream.script])
  const asked = [ask('1.2.org', 'HINFO'), ask('1.2.org', 'HINFO')]
  await until(() => upstream.asked.length === 2)
  upstream.send()
  t.equal((await Promise.all(asked)).length, 2)
})

t.test('whoever waits gets what the question came to in the end', async t => {
  const [one, two] = [held(), held()]
  const { ask, servers } = await bench(
    t,
    'forward . @0 @1 {\n policy sequential\n failover SERVFAIL\n max_fails 0\n }',
    [one.script, two.script]
  )
  const asked = [ask('a.org'), ask('a.org')]
  await until(() => one.asked.length === 1)
  one.asked[0]!.send(reply(one.asked[0]!, [], { rcode: 2 }))
  await until(() => two.asked.length === 1)
  asked.push(ask('a.org'))
  await turns()
  two.send('10.0.0.2')
  const answers = (await Promise.all(asked)).map(response => response.answer[0])
  t.same(answers, Array(3).fill('a.org 60 A 10.0.0.2'))
  t.same([servers[0]!.seen.length, servers[1]!.seen.length], [1, 1])

  const port = await deadPort()
  const failing = await bench(t, `forward . 127.0.0.1:${port}`, [])
  const answered = await Promise.all([1, 2, 3].map(() => failing.answer(makeQuery('a.org', 'A'))))
  for (const answer of answered) {
    t.equal(answer.rcode, 2)
    t.match(answer.error!.message, /connection refused$/)
  }
})

t.test('no one waits longer than its own time', async t => {
  const upstream = held()
  const { answer, runtime, upstreams } = await bench(t, 'forward . @0 {\n max_fails 0\n }', [upstream.script])
  const first = answer(makeQuery('a.org', 'A'))
  await until(() => upstream.asked.length === 1)
  const impatient = makeQuery('a.org', 'A')
  impatient.answerBy = runtime.clock.now() + 500
  const second = answer(impatient)
  runtime.clock.advance(540)
  const given = await second
  t.equal(given.rcode, 2)
  t.equal(given.error!.message, 'i/o timeout')
  t.equal(upstreams.inFlight.count, 1)
  upstream.send()
  t.equal((await first).rcode, 0)
})

t.test('one client can’t have all that may be in flight', async t => {
  const upstream = held()
  const { ask, metrics, answer } = await bench(t, 'forward . @0', [upstream.script], { all: 5, client: 2 })
  const from = '10.0.0.1'
  const asked = [ask('1.org', 'A', { from }), ask('2.org', 'A', { from })]
  const refused = await ask('3.org', 'A', { from, edns: 1232 })
  t.has(refused, { rcode: 'REFUSED', flags: 'qr rd', edns: { size: 1232 } })
  t.equal(extendedError(refused), '0 overload: forwarded queries in flight of one client exceeded maximum 2')
  const plain = await answer(makeQuery('3.org', 'A', { from }))
  t.same([plain.rcode, plain.opt], [5, undefined], 'who sends no EDNS gets none')
  for (const other of ['10.0.0.2', '10.0.0.3', '10.0.0.4']) asked.push(ask('4.org', 'A', { from: other }))
  const over = await ask('5.org', 'A', { from: '10.0.0.5', edns: 1232 })
  t.equal(extendedError(over), '0 overload: forwarded queries in flight exceeded maximum 5')
  const refusals = metrics.counter(FORWARD_REFUSED)
  t.same([refusals.with('client').value, refusals.with('in_flight').value], [2, 1])
  t.equal(metrics.counter(FORWARD_REJECTS).with().value, 3)
  await until(() => upstream.asked.length === 3)
  upstream.send()
  await Promise.all(asked)
  const again = ask('3.org', 'A', { from })
  await until(() => upstream.asked.length === 1)
  upstream.send()
  t.equal((await again).rcode, 'NOERROR', 'and there is room again')
})

t.test('why forwarding failed, for clients with EDNS', async t => {
  const port = await deadPort()
  const fields: QueryFields = { edns: 1232, options: [[10, '0102030405060708']] }
  const refused = await bench(t, `forward . 127.0.0.1:${port}`, [])
  const response = await refused.ask('a.org', 'A', fields)
  t.equal(extendedError(response), '23 connection refused: IT')
  t.ok(response.edns!.options.includes('10:0102030405060708'), 'what is echoed besides is')
  t.equal((await refused.ask('a.org')).edns, undefined)

  const silent = await bench(t, 'forward . @0 {\n max_connect_attempts 1\n max_fails 0\n }', [
    () => undefined
  ])
  const late = silent.ask('a.org', 'A', fields)
  await silent.servers[0]!.received(1)
  silent.runtime.clock.advance(2020)
  t.equal(extendedError(await late), '22 timeout: IT')

  const closing = await bench(t, 'forward . @0', [asked => asked.close()])
  t.equal(
    extendedError(await closing.ask('a.org', 'A', { ...fields, transport: 'tcp' })),
    '23 connection closed: IT'
  )

  const cut = await bench(t, 'forward . @0', [
    asked => asked.send(reply(asked, [a(asked, '10.0.0.1')]).subarray(0, -2))
  ])
  t.equal(
    extendedError(await cut.ask('a.org', 'A', { ...fields, transport: 'tcp' })),
    '23 unreadable answer: IT'
  )

  const plain = await bench(t, 'forward . tls://@0', [asked => asked.close()])
  const untrusted = plain.ask('a.org', 'A', fields)
  await until(() => plain.servers[0]!.connections === 1)
  plain.runtime.clock.advance(2020)
  await until(() => plain.servers[0]!.connections === 2)
  plain.runtime.clock.advance(2020)
  t.equal(extendedError(await untrusted), '22 timeout: IT', 'who accepts and says nothing')

  const good = await bench(t, 'forward . @0', [asked => asked.send(reply(asked, [], { rcode: 2 }))])
  const passed = await good.ask('a.org', 'A', fields)
  t.same([passed.rcode, extendedError(passed)], ['SERVFAIL', undefined], 'not where an upstream said so')
})

t.test('an upstream that is asked no more, and what is said when none is left', async t => {
  const answers =
    (address: string): Script =>
    asked =>
      asked.send(reply(asked, [a(asked, address)]))
  const { ask, forward, servers } = await bench(t, 'forward . @0 @1 {\n policy sequential\n }', [
    answers('10.0.0.1'),
    answers('10.0.0.2')
  ])
  if (!isForwarding(forward)) throw new Error('it forwards')
  t.same(forward.originOf(servers[0]!.text), {
    word: servers[0]!.text,
    place: 'Corefile:2:11',
    fileLine: undefined
  })
  t.equal(forward.originOf('192.0.2.1:53'), undefined)
  forward.stopForwarding(servers[0]!.text, 'queries come back')
  t.same((await ask('a.org')).answer, ['a.org 60 A 10.0.0.2'])
  forward.stopForwarding(servers[1]!.text, 'these too')
  const response = await ask('a.org', 'A', { edns: 1232 })
  t.equal(response.rcode, 'SERVFAIL')
  t.equal(extendedError(response), '0 queries come back')
  t.equal(servers[0]!.seen.length, 0)
})

t.test(
  'a configuration that goes answers what it was asked, also by retrying and for all who wait',
  async t => {
    const [one, two] = [held(), held()]
    const { ask, stop, servers, upstreams, runtime } = await bench(
      t,
      'forward . @0 @1 {\n policy sequential\n read_timeout 500ms\n }',
      [one.script, two.script]
    )
    const asked = [ask('a.org'), ask('a.org'), ask('b.org', 'A', { transport: 'tcp' })]
    await until(() => one.asked.length === 2)
    await stop()
    // The first upstream stays silent: the second is asked, though nothing is kept any more.
    for (let step = 0; step < 30 && two.asked.length < 2; step++) {
      await turns()
      runtime.clock.advance(100)
    }
    asked.push(ask('a.org'))
    await turns()
    two.send('10.0.0.2')
    for (const response of await Promise.all(asked)) t.match(response.answer[0], /A 10\.0\.0\.2$/)
    t.notOk(servers[0]!.seen.includes('udp . NS'), 'nobody is probed any more')
    t.equal(upstreams.wheel.size, 0, 'and no timer is left')
  }
)
