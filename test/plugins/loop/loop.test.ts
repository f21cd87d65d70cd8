import t, { type Test } from 'tap'
import type { Answer } from '../../../src/dns/answer.ts'
import type { Handler, Plugin } from '../../../src/dns/plugin.ts'
import { derivedQuery, type Query } from '../../../src/dns/query.ts'
import type { PluginDefinition } from '../../../src/plugins/definition.ts'
import type { Forwarding } from '../../../src/upstream/forwarding.ts'
import { loopPlugin } from '../../../src/plugins/loop/setup.ts'
import { askUdp, exchangeUdp } from '../../support/ask-udp.ts'
import { setupBlocks, testRuntime as stillRuntime, testShared } from '../../support/blocks.ts'
import { memoryLog } from '../../support/memory-log.ts'
import { MemorySource } from '../../support/memory-source.ts'
import { runApp, testRuntime } from '../../support/running-app.ts'
import { a, reply, ScriptedUpstream } from '../../support/scripted-upstream.ts'
import { emptyAnswer } from '../../../src/dns/response.ts'
import { Rcode } from '../../../src/wire/numbers.ts'

const LOOP =
  /^\[(FATAL|ERROR)\] plugin\/loop: Loop \(127\.0\.0\.1:\d+ -> 127\.0\.0\.1:\d+\) detected for zone "\.", see https:\/\/coredns\.io\/plugins\/loop#troubleshooting\. Query: "HINFO \d{1,19}\.\d{1,19}\."$/

/** A server whose upstream sends everything back to it, once `loops` is called. */
async function start(t: Test) {
  const upstream = await ScriptedUpstream.open(asked => asked.send(reply(asked, [a(asked, '198.51.100.1')])))
  const log = memoryLog()
  let ended: (status: number) => void = () => undefined
  const end = new Promise<number>(resolve => (ended = resolve))
  const corefile = `.:53 {\n loop\n forward . ${upstream.text}\n}\n`
  let open: (port: number) => void = () => undefined
  const opened = new Promise<number>(resolve => (open = resolve))
  let isClosed = false
  const loops = () => {
    upstream.script = asked =>
      void opened
        .then(port => exchangeUdp(port, asked.wire))
        .then(
          response => (isClosed ? undefined : asked.send(response)),
          () => undefined
        )
  }
  const serve = async () => {
    const runtime = testRuntime({ log })
    const server = await runApp(corefile, new MemorySource(), runtime, '.', undefined, { end: ended })
    t.teardown(async () => {
      await server.stop()
      isClosed = true
      await upstream.close()
    })
    open(server.port)
    return server
  }
  return { upstream, log, end, corefile, loops, serve }
}

t.test('before anybody was answered a loop ends the process', async t => {
  const { upstream, log, end, loops, serve } = await start(t)
  loops()
  await serve()
  t.equal(await end, 1)
  t.match(log.lines[0], LOOP)
  t.match(log.lines[0], /^\[FATAL\]/)
  t.equal(
    log.lines[1],
    `[ERROR] labdns: upstream ${upstream.text} (Corefile:3:12: ${upstream.text}) sends queries back to this server; name a server in its place that does not ask this one`
  )
  t.equal(log.lines.length, 2)
})

t.test('later it ends the forwarding to that upstream only', async t => {
  const { upstream, log, end, corefile, loops, serve } = await start(t)
  const server = await serve()
  t.equal((await askUdp(server.port, 'example.org')).rcode, 'NOERROR')
  loops()
  await server.reload(corefile)
  void end.then(() => t.fail('ended'))
  while (log.lines.length < 2) await new Promise(resolve => setTimeout(resolve, 5))
  t.match(log.lines[0], LOOP)
  t.match(log.lines[0], /^\[ERROR\]/)
  t.match(log.lines[1], `[ERROR] labdns: upstream ${upstream.text} (Corefile:3:12`)
  t.match(log.lines[1], /Until the configuration is read again, nothing is forwarded there$/)
  const before = upstream.seen.length
  const { rcode, edns } = await askUdp(server.port, 'example.org', 'A', { edns: 1232 })
  t.equal(rcode, 'SERVFAIL')
  const text = `forwarding loop: ${upstream.text} sends queries back to this server`
  t.same(edns!.options, [`15:0000${Buffer.from(text).toString('hex')}`])
  t.equal((await askUdp(server.port, 'example.org')).edns, undefined)
  t.equal(upstream.seen.length, before, 'it is asked no more')
})

t.test('an upstream from resolv.conf is named with its line and the mend', async t => {
  const file = '/etc/resolv.conf'
  const runtime = stillRuntime()
  const statuses: number[] = []
  const chains: Handler[] = []
  const back = (query: Query): Answer => chains[0]!.answer(query) as Answer
  const forward: PluginDefinition = {
    name: 'forward',
    setup: c => {
      while (c.next()) c.remainingTokens()
      const origin = { word: file, place: 'Corefile:3:12', fileLine: `${file}:2` }
      const plugin: Plugin & Forwarding = {
        name: 'forward',
        answer: query => {
          query.metadata?.set('forward/upstream', '127.0.0.53:53')
          return back(query)
        },
        originOf: () => origin,
        stopForwarding: () => undefined
      }
      return plugin
    }
  }
  const shared = testShared(runtime, {
    end: status => void statuses.push(status),
    lookup: (name, type, query) => back(derivedQuery(query, name, type))
  })
  const [block] = setupBlocks(`.:53 {\n loop\n forward . ${file}\n}\n`, [loopPlugin, forward], shared)
  chains.push(block!.chain)
  await block!.start()
  await new Promise(setImmediate)
  t.same(statuses, [1])
  t.equal(
    runtime.log.lines[1],
    `[ERROR] labdns: upstream 127.0.0.53:53 (Corefile:3:12: ${file}, ${file}:2) sends queries back to this server; ${file} names a resolver of this machine: forward to what that one asks, mostly to be found in /run/systemd/resolve/resolv.conf`
  )
})

t.test('without a loop nothing is said, and no other query is looked at', async t => {
  const log = memoryLog()
  const upstream = await ScriptedUpstream.open(asked => asked.send(reply(asked, [a(asked, '198.51.100.1')])))
  const server = await runApp(
    `.:53 {\n loop\n forward . ${upstream.text}\n}\n`,
    new MemorySource(),
    testRuntime({ log })
  )
  t.teardown(async () => {
    await server.stop()
    await upstream.close()
  })
  await upstream.received(1)
  t.match(upstream.seen[0], /^udp \d{1,19}\.\d{1,19} HINFO$/)
  t.same((await askUdp(server.port, 'example.org')).answer, ['example.org 60 A 198.51.100.1'])
  await askUdp(server.port, 'example.org', 'HINFO')
  t.same(upstream.seen.slice(1), ['udp example.org A', 'udp example.org HINFO'])
  t.same(log.lines, [])
})

t.test('a slow upstream is probed again, with another name, for half a minute', async t => {
  const runtime = stillRuntime()
  const names: string[] = []
  const [block] = setupBlocks(
    '.:53 {\n loop\n}\n',
    [loopPlugin],
    testShared(runtime, {
      lookup: (name, _type, query) => {
        names.push(Buffer.from(name).toString('latin1'))
        runtime.clock.advance(5000)
        return emptyAnswer(query, Rcode.SERVFAIL)
      }
    })
  )
  await block!.start()
  for (let i = 0; i < 100; i++) {
    await new Promise(setImmediate)
    runtime.clock.advance(1000)
  }
  t.equal(names.length, 6)
  t.equal(new Set(names).size, 6)
  await block!.stop()
})
