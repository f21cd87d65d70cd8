// Forwarding to scripted upstreams on loopback, with a clock that only moves when told to.
import packet from 'dns-packet'
import t from 'tap'
import type { Answer } from '../../../src/dns/answer.ts'
import type { Query } from '../../../src/dns/query.ts'
import { FORWARD_HEALTHCHECK_BROKEN, FORWARD_REJECTS, PROXY_DURATION } from '../../../src/metrics/families.ts'
import { metricsOf, type Metrics } from '../../../src/metrics/metrics.ts'
import { errorsPlugin } from '../../../src/plugins/errors/setup.ts'
import { forwardPlugin, forwardWith } from '../../../src/plugins/forward/setup.ts'
import { UpstreamRuntime } from '../../../src/upstream/upstream.ts'
import { setupBlocks, testRuntime, testShared, type TestRuntime } from '../../support/blocks.ts'
import { makeQuery, responseText, type QueryFields, type ResponseText } from '../../support/messages.ts'
import {
  a,
  deadPort,
  reply,
  ScriptedUpstream,
  type Asked,
  type Script
} from '../../support/scripted-upstream.ts'
import { forwardingBlock, type Test } from './support.ts'

interface Bench {
  readonly runtime: TestRuntime
  readonly metrics: Metrics
  readonly servers: readonly ScriptedUpstream[]
  readonly stop: () => Promise<void>
  /** The plugin's own answer, not yet turned into a message. */
  readonly answer: (query: Query) => Answer | Promise<Answer>
  readonly ask: (name: string, type?: string, fields?: QueryFields) => Promise<ResponseText>
  /** `RCODE first-address` */
  readonly brief: (name: string, fields?: QueryFields) => Promise<string>
  /** Lines of *errors*, ephemeral ports taken out. */
  readonly errors: () => readonly string[]
}

/** A block whose `forward` lines name upstreams as `@0`, `@1`, …, with a script for each. */
async function bench(
  t: Test,
  lines: string,
  scripts: readonly Script[],
  inFlightMax?: number
): Promise<Bench> {
  const runtime = testRuntime()
  const shared = testShared(runtime)
  if (inFlightMax !== undefined) shared.keep('upstreams', () => new UpstreamRuntime(runtime, inFlightMax))
  const plugins = [errorsPlugin, forwardPlugin]
  const { block, servers } = await forwardingBlock(t, ` errors\n${lines}`, scripts, plugins, shared)
  const ask = async (name: string, type = 'A', fields: QueryFields = {}) => {
    const query = makeQuery(name, type, fields)
    return responseText(query, await block.chain.answer(query))
  }
  return {
    runtime,
    metrics: metricsOf(shared),
    servers,
    stop: () => block.stop(),
    answer: query => block.chain.answer(query),
    ask,
    brief: async (name, fields) => {
      const { rcode, answer } = await ask(name, 'A', fields)
      return `${rcode} ${answer[0]?.split(' ').at(-1) ?? ''}`.trim()
    },
    errors: () =>
      runtime.log.lines.map(line =>
        line.replace(/127\.0\.0\.1:\d+->/, 'US->').replaceAll(/127\.0\.0\.1:(\d+)/g, (whole, port) => {
          const at = servers.findIndex(server => server.port === Number(port))
          return at < 0 ? whole : `@${at}`
        })
      )
  }
}

const answers =
  (address: string): Script =>
  asked =>
    asked.send(reply(asked, [a(asked, address)]))
const says =
  (rcode: number): Script =>
  asked =>
    asked.send(reply(asked, [], { rcode }))
const silent: Script = () => undefined

/** Lets the clock pass in small steps until something has happened. */
async function passUntil<T>(
  runtime: TestRuntime,
  promise: Promise<T>
): Promise<{ readonly value: T; readonly ms: number }> {
  const start = runtime.clock.now()
  let value: { readonly value: T } | undefined
  void promise.then(settled => (value = { value: settled }))
  for (let steps = 0; steps < 2000; steps++) {
    await new Promise(resolve => setTimeout(resolve, 2))
    if (value !== undefined) return { ...value, ms: runtime.clock.now() - start }
    runtime.clock.advance(20)
  }
  throw new Error('it never happened')
}

t.test('passes query and answer on, over the transport of the client', async t => {
  const { ask, servers } = await bench(t, 'forward . @0', [answers('10.0.0.1')])
  const response = await ask('A.oRg', 'A', {
    flags: 0x0130,
    edns: 4096,
    dnssecOk: true,
    options: [[65001, 'abcd']]
  })
  t.has(response, {
    rcode: 'NOERROR',
    question: 'A.oRg A',
    answer: ['A.oRg 60 A 10.0.0.1'],
    edns: { size: 4096, do: true, options: [] }
  })
  t.equal((await ask('a.org', 'A', { transport: 'tcp', trailing: 'c0ffee' })).answer.length, 1)
  t.equal((await ask('a.org', 'A', { transport: 'tls' })).answer.length, 1)
  t.same(servers[0]!.seen, ['udp A.oRg A', 'tcp a.org A', 'tcp a.org A'])
  const [udp, tcp] = servers[0]!.asked.map(each => each.wire)
  t.equal(
    udp!.subarray(2).toString('hex'),
    makeQuery('A.oRg', 'A', { flags: 0x0130, edns: 4096, dnssecOk: true, options: [[65001, 'abcd']] })
      .wire.subarray(2)
      .toString('hex')
  )
  t.equal(tcp!.length, 23, 'without what follows the message')
})

t.test('force_tcp and prefer_udp', async t => {
  const script: Script = asked => {
    const cut = asked.network === 'udp' && asked.question.startsWith('cut')
    const flags = cut ? packet.TRUNCATED_RESPONSE : 0
    asked.send(reply(asked, cut ? [] : [a(asked, '10.0.0.1')], { flags: flags | packet.RECURSION_AVAILABLE }))
  }
  const forced = await bench(t, 'forward . @0 {\n force_tcp\n prefer_udp\n }', [script])
  await forced.brief('a.org')
  t.same(forced.servers[0]!.seen, ['tcp a.org A'])

  const preferred = await bench(t, 'forward . @0 {\n prefer_udp\n }', [script])
  t.equal(await preferred.brief('a.org', { transport: 'tcp' }), 'NOERROR 10.0.0.1')
  t.equal(await preferred.brief('cut.org'), 'NOERROR 10.0.0.1')
  t.same(preferred.servers[0]!.seen, ['udp a.org A', 'udp cut.org A', 'tcp cut.org A'])

  const plain = await bench(t, 'forward . @0', [script])
  t.match((await plain.ask('cut.org')).flags, /tc/, 'without it the client is told')
  t.same(plain.servers[0]!.seen, ['udp cut.org A'])
})

t.test('which queries are its own', async t => {
  const lines = 'forward sub.org @0\nforward org @1 {\n except ex.org Other.Org\n }\nforward 10.0.0.0/8 @2'
  const { brief, errors } = await bench(t, lines, [
    answers('10.0.0.1'),
    answers('10.0.0.2'),
    answers('10.0.0.3')
  ])
  const cases: readonly (readonly [string, string])[] = [
    ['x.sub.org', 'NOERROR 10.0.0.1'],
    ['SUB.org', 'NOERROR 10.0.0.1'],
    ['xsub.org', 'NOERROR 10.0.0.2'],
    ['org', 'NOERROR 10.0.0.2'],
    ['ex.org', 'SERVFAIL'],
    ['x.other.ORG', 'SERVFAIL'],
    ['1.0.0.10.in-addr.arpa', 'NOERROR 10.0.0.3'],
    ['1.0.0.11.in-addr.arpa', 'SERVFAIL'],
    ['com', 'SERVFAIL']
  ]
  for (const [name, expected] of cases) t.equal(await brief(name), expected, name)
  t.equal(errors().length, 4, 'the end of the chain says why')
})

t.test('an excepted name that is the base zone is forwarded all the same', async t => {
  const { brief } = await bench(t, 'forward org @0 {\n except org sub.org\n }', [answers('10.0.0.1')])
  t.equal(await brief('org'), 'NOERROR 10.0.0.1')
  t.equal(await brief('a.org'), 'SERVFAIL')
})

t.test('a silent upstream costs its read limit, then the next one answers', async t => {
  const { runtime, brief, servers } = await bench(t, 'forward . @0 @1 {\n policy sequential\n }', [
    silent,
    answers('10.0.0.2')
  ])
  const { value, ms } = await passUntil(runtime, brief('d.org'))
  t.equal(value, 'NOERROR 10.0.0.2')
  t.ok(ms >= 2000 && ms <= 2100, `${ms} ms`)
  t.same(servers[0]!.seen.slice(0, 2), ['udp d.org A', 'udp . NS'], 'and is probed')
})

t.test('a refused one costs nothing', async t => {
  const port = await deadPort()
  const { brief, runtime } = await bench(t, `forward . 127.0.0.1:${port} @0 {\n policy sequential\n }`, [
    answers('10.0.0.2')
  ])
  const start = runtime.clock.now()
  t.equal(await brief('d.org'), 'NOERROR 10.0.0.2')
  t.equal(await brief('d.org', { transport: 'tcp' }), 'NOERROR 10.0.0.2')
  t.equal(runtime.clock.now(), start)
})

t.test('attempts, in the order of the list, and what they end with', async t => {
  const block = (rest: string) =>
    `forward . @0 @1 {\n policy sequential\n read_timeout 100ms\n max_fails 0\n ${rest}\n }`
  const cases: readonly (readonly [string, string])[] = [
    ['', '0101'],
    ['max_connect_attempts 1', '0'],
    ['max_connect_attempts 3', '010']
  ]
  for (const [rest, order] of cases) {
    const seen: string[] = []
    const note =
      (at: string): Script =>
      () =>
        void seen.push(at)
    const { runtime, ask, errors } = await bench(t, block(rest), [note('0'), note('1')])
    const { value } = await passUntil(runtime, ask('d.org'))
    t.has(value, { rcode: 'SERVFAIL', flags: 'qr rd' })
    t.equal(seen.join(''), order, rest)
    t.same(errors(), [`[ERROR] plugin/errors: 2 d.org. A: read udp US->@${order.at(-1)!}: i/o timeout`])
  }
})

t.test('no query waits longer than five seconds from its arrival', async t => {
  const { runtime, ask, answer } = await bench(
    t,
    'forward . @0 {\n read_timeout 4s\n max_connect_attempts 0\n }',
    [silent]
  )
  const first = await passUntil(runtime, ask('d.org'))
  t.equal(first.value.rcode, 'SERVFAIL')
  t.ok(first.ms >= 4900 && first.ms <= 5000, `${first.ms} ms`)
  const query = makeQuery('d.org', 'A')
  query.receivedAt = runtime.clock.now() - 3000
  const late = await passUntil(runtime, Promise.resolve(answer(query)))
  t.ok(late.ms >= 1900 && late.ms <= 2000, `${late.ms} ms when it arrived three seconds ago`)
})

t.test('max_connect_attempts 0 does not hammer an upstream that refuses', async t => {
  const port = await deadPort()
  const { ask, errors } = await bench(t, `forward . 127.0.0.1:${port} {\n max_connect_attempts 0\n }`, [])
  t.equal((await ask('d.org')).rcode, 'SERVFAIL')
  t.match(errors()[0], /read: connection refused$/)
})

t.test('replies that are not the reply, and replies that cannot be read', async t => {
  const bad: Readonly<Record<string, (asked: Asked) => Buffer>> = {
    'id.org': asked =>
      reply({ ...asked, query: { ...asked.query, id: asked.query.id! ^ 1 } }, [a(asked, '10.6.6.6')]),
    'name.org': asked => reply(asked, [], { questions: [{ name: 'wrong.org', type: 'A', class: 'IN' }] }),
    'garbage.org': asked =>
      Buffer.concat([asked.wire.subarray(0, 2), Buffer.from('8180ffffffffffffffffdeadbeef', 'hex')]),
    'query.org': asked => asked.wire
  }
  const script: Script = asked => {
    const { name } = asked.query.questions![0]!
    const good = reply(asked, [a(asked, '10.0.0.7')])
    if (name === 'cut.org') return asked.send(good.subarray(0, good.length - 3))
    const wrong = bad[name]
    if (wrong !== undefined) asked.send(wrong(asked))
    asked.send(good)
  }
  const { brief, ask, errors } = await bench(t, 'forward . @0 {\n max_fails 0\n }', [script])
  for (const name of Object.keys(bad)) {
    t.equal(await brief(name), 'NOERROR 10.0.0.7', name)
    t.equal(await brief(name, { transport: 'tcp' }), 'NOERROR 10.0.0.7', `${name} over TCP`)
  }
  t.has(
    await ask('cut.org'),
    { rcode: 'NOERROR', flags: 'qr tc rd ra', answer: [] },
    'cut over UDP: come by TCP'
  )
  t.has(await ask('cut.org', 'A', { transport: 'tcp' }), { rcode: 'SERVFAIL', flags: 'qr rd' })
  t.same(errors(), ['[ERROR] plugin/errors: 2 cut.org. A: dns: buffer size too small'])
})

t.test('a datagram longer than the client takes becomes an empty one with TC', async t => {
  const script: Script = asked =>
    asked.send(
      reply(
        asked,
        Array.from({ length: 40 }, (_, at) => a(asked, `10.0.0.${at}`))
      )
    )
  const { ask } = await bench(t, 'forward . @0', [script])
  t.has(await ask('b40.org'), { flags: 'qr tc rd ra', answer: [], size: 25 })
  const whole = await ask('b40.org', 'A', { edns: 1232 })
  t.same([whole.answer.length, whole.flags, whole.size], [40, 'qr rd ra', 956])
  t.equal((await ask('b40.org', 'A', { transport: 'tcp' })).answer.length, 40)
})

t.test('any rcode is passed on, and is no error', async t => {
  const { ask, errors } = await bench(t, 'forward . @0', [
    asked => says(Number(asked.question.split('.')[0]))(asked)
  ])
  for (const [rcode, name] of [
    [2, 'SERVFAIL'],
    [3, 'NXDOMAIN'],
    [4, 'NOTIMP'],
    [5, 'REFUSED'],
    [6, 'YXDOMAIN'],
    [9, 'NOTAUTH']
  ] as const) {
    t.has(await ask(`${rcode}.org`), { rcode: name, flags: 'qr rd ra' })
  }
  t.same(errors(), [])
})

t.test('policies', async t => {
  const three = [answers('10.0.0.1'), answers('10.0.0.2'), answers('10.0.0.3')]
  const counts = async (policy: string) => {
    const { brief } = await bench(t, `forward . @0 @1 @2 {\n policy ${policy}\n }`, three)
    const order: string[] = []
    for (let count = 0; count < 12; count++) order.push((await brief('x.org')).at(-1)!)
    return order.join('')
  }
  t.equal(await counts('sequential'), '111111111111')
  t.equal(await counts('round_robin'), '231231231231')
  t.match(await counts('random'), /^(?!(.)\1*$)[123]+$/)
})

t.test('an upstream whose probes fail too often is left out until one succeeds', async t => {
  let alive = false
  const first: Script = asked => {
    if (alive) answers('10.0.0.1')(asked)
  }
  const block = 'policy sequential\n read_timeout 200ms\n health_check 100ms\n max_fails 1'
  const { runtime, brief, servers } = await bench(t, `forward . @0 @1 {\n ${block}\n }`, [
    first,
    answers('10.0.0.2')
  ])
  t.equal((await passUntil(runtime, brief('1.org'))).value, 'NOERROR 10.0.0.2')
  const probes = () => servers[0]!.seen.filter(each => each === 'udp . NS').length
  for (let steps = 0; probes() < 3 && steps < 1000; steps++) {
    runtime.clock.advance(20)
    await new Promise(resolve => setTimeout(resolve, 2))
  }
  const seen = servers[0]!.seen.length
  t.equal(await brief('2.org'), 'NOERROR 10.0.0.2')
  t.equal(servers[0]!.seen.length, seen, 'it was not asked')
  alive = true
  for (let steps = 0; steps < 100; steps++) {
    runtime.clock.advance(20)
    await new Promise(resolve => setTimeout(resolve, 2))
  }
  t.equal(await brief('3.org'), 'NOERROR 10.0.0.1')
})

t.test('when all are down one is tried anyway, or none with failfast', async t => {
  for (const failfast of [false, true]) {
    const block = `policy sequential\n read_timeout 100ms\n health_check 10ms\n max_fails 1\n max_connect_attempts 1`
    const rest = failfast ? '\n failfast_all_unhealthy_upstreams' : ''
    const { runtime, ask, errors, servers, metrics } = await bench(
      t,
      `forward . @0 {\n ${block}${rest}\n }`,
      [silent]
    )
    await passUntil(runtime, ask('1.org'))
    for (let steps = 0; steps < 300; steps++) {
      runtime.clock.advance(20)
      if (steps % 10 === 0) await new Promise(resolve => setTimeout(resolve, 2))
    }
    await passUntil(runtime, ask('2.org'))
    t.equal(servers[0]!.seen.includes('udp 2.org A'), !failfast)
    t.equal(
      errors()[1],
      `[ERROR] plugin/errors: 2 2.org. A: ${failfast ? 'no healthy proxies' : 'read udp US->@0: i/o timeout'}`
    )
    t.equal(metrics.counter(FORWARD_HEALTHCHECK_BROKEN).with().value, 1)
  }
})

t.test(
  'next and next_on_nodata hand over to the line behind, which answers if it takes the name',
  async t => {
    const first: Script = asked => {
      const { name } = asked.query.questions![0]!
      if (name === 'drop.org') return
      const rcode = ({ 'nx.org': 3, 'sf.org': 2, 'rf.org': 5, 'nx.net': 3 } as Record<string, number>)[name]
      if (rcode !== undefined) return says(rcode)(asked)
      asked.send(reply(asked, name === 'nodata.org' ? [] : [a(asked, '10.0.0.1')]))
    }
    const lines =
      'forward . @0 {\n next NXDOMAIN servfail\n read_timeout 100ms\n max_fails 0\n }\nforward org @1'
    const { brief, runtime } = await bench(t, lines, [first, answers('10.0.0.2')])
    t.equal(await brief('nx.org'), 'NOERROR 10.0.0.2')
    t.equal(await brief('sf.org'), 'NOERROR 10.0.0.2')
    t.equal(await brief('rf.org'), 'REFUSED')
    t.equal(await brief('nodata.org'), 'NOERROR')
    t.equal(await brief('ok.org'), 'NOERROR 10.0.0.1')
    t.equal(await brief('nx.net'), 'SERVFAIL', 'nobody behind it takes the name')
    t.equal((await passUntil(runtime, brief('drop.org'))).value, 'SERVFAIL', 'no reply is not SERVFAIL')

    const nodata = await bench(t, 'forward . @0 {\n next_on_nodata\n }\nforward . @1', [
      first,
      answers('10.0.0.2')
    ])
    t.equal(await nodata.brief('nodata.org'), 'NOERROR 10.0.0.2')
    t.equal(await nodata.brief('nx.org'), 'NXDOMAIN')

    const last = await bench(t, 'forward . @0 {\n next NXDOMAIN\n }', [first])
    t.equal(await last.brief('nx.org'), 'NXDOMAIN', 'the last line has nobody behind it')
  }
)

t.test('failover asks the next upstream, and the last answer counts', async t => {
  const first: Script = asked => {
    const rcode = ({ 'sf.org': 2, 'rf.org': 5, 'nx.org': 3, 'both.org': 2 } as Record<string, number>)[
      asked.query.questions![0]!.name
    ]
    says(rcode!)(asked)
  }
  const second: Script = asked => {
    if (asked.query.questions![0]!.name === 'both.org') says(5)(asked)
    else answers('10.0.0.2')(asked)
  }
  const { brief, servers } = await bench(
    t,
    'forward . @0 @1 {\n policy sequential\n failover SERVFAIL REFUSED\n }',
    [first, second]
  )
  t.equal(await brief('sf.org'), 'NOERROR 10.0.0.2')
  t.equal(await brief('rf.org'), 'NOERROR 10.0.0.2')
  t.equal(await brief('nx.org'), 'NXDOMAIN')
  t.equal(await brief('both.org'), 'REFUSED')
  t.equal(servers[1]!.seen.length, 3)
})

t.test('max_concurrent refuses at once, with a reason and a count', async t => {
  const held: (() => void)[] = []
  const { ask, errors, metrics, answer } = await bench(t, 'forward . @0 {\n max_concurrent 2\n }', [
    asked => void held.push(() => answers('10.0.0.1')(asked))
  ])
  const waiting = [ask('1.org'), ask('2.org')]
  while (held.length < 2) await new Promise(setImmediate)
  t.notOk(answer(makeQuery('3.org', 'A')) instanceof Promise)
  t.has(await ask('4.org'), { rcode: 'REFUSED', flags: 'qr rd' })
  t.equal(errors()[1], '[ERROR] plugin/errors: 5 4.org. A: concurrent queries exceeded maximum 2')
  t.equal(metrics.counter(FORWARD_REJECTS).with().value, 2)
  for (const send of held.splice(0)) send()
  await Promise.all(waiting)
  const again = ask('5.org')
  while (held.length < 1) await new Promise(setImmediate)
  held[0]!()
  t.equal((await again).rcode, 'NOERROR', 'and goes on when there is room again')
})

t.test('so do all lines together, when too many queries are forwarded', async t => {
  const held: (() => void)[] = []
  const script: Script = asked => void held.push(() => answers('10.0.0.1')(asked))
  const { ask, errors } = await bench(t, 'forward org @0\nforward . @1', [script, script], 2)
  const waiting = [ask('1.org'), ask('1.net')]
  while (held.length < 2) await new Promise(setImmediate)
  t.equal((await ask('2.org')).rcode, 'REFUSED')
  t.equal(errors()[0], '[ERROR] plugin/errors: 5 2.org. A: forwarded queries in flight exceeded maximum 2')
  for (const send of held) send()
  await Promise.all(waiting)
})

t.test('counts answered attempts by upstream and rcode, and publishes the upstream', async t => {
  const { ask, metrics, servers, answer } = await bench(t, 'forward . @0', [
    asked => says(asked.question.startsWith('nx') ? 3 : 2841 & 0xf)(asked)
  ])
  await ask('nx.org')
  await ask('nx.net')
  await ask('ok.org')
  const to = servers[0]!.text
  const count = (rcode: string) =>
    metrics
      .histogram(PROXY_DURATION)
      .with('forward', to, rcode)
      .counts.reduce((x, y) => x + y)
  t.same([count('NXDOMAIN'), count('NOTAUTH')], [2, 1])
  const query = makeQuery('ok.org', 'A')
  query.metadata = new Map()
  await answer(query)
  t.equal(query.metadata.get('forward/upstream'), to)
})

t.test('after the server was told to stop, queries that still come are answered', async t => {
  const { brief, stop, servers } = await bench(t, 'forward . @0', [answers('10.0.0.1')])
  await brief('1.org', { transport: 'tcp' })
  await stop()
  t.equal(await brief('2.org', { transport: 'tcp' }), 'NOERROR 10.0.0.1')
  t.equal(servers[0]!.connections, 2, 'over a connection that is not kept')
})

t.test('upstreams that are named are looked up when the server starts', async t => {
  const server = await ScriptedUpstream.open(answers('10.0.0.1'))
  const runtime = testRuntime()
  const forward = forwardWith(() => ({ resolve: () => Promise.resolve(['127.0.0.1']) }))
  const [block] = setupBlocks(
    `.:53 {\n forward . dns.example:${server.port} {\n max_fails 0\n }\n}`,
    [forward],
    testShared(runtime)
  )
  t.teardown(async () => {
    await block!.stop()
    await server.close()
  })
  await block!.start()
  const query = makeQuery('a.org', 'A')
  t.has(responseText(query, await block!.chain.answer(query)), { answer: ['a.org 60 A 10.0.0.1'] })
})
