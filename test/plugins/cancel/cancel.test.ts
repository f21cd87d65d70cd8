import dgram from 'node:dgram'
import { once } from 'node:events'
import t from 'tap'
import { derivedQuery } from '../../../src/dns/query.ts'
import { emptyAnswer } from '../../../src/dns/response.ts'
import { Cancel } from '../../../src/plugins/cancel/cancel.ts'
import { encodeName } from '../../../src/wire/name.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { MemorySource } from '../../support/memory-source.ts'
import { decodeText, makeQuery, queryWire } from '../../support/messages.ts'
import { runApp } from '../../support/running-app.ts'
import { ScriptedUpstream } from '../../support/scripted-upstream.ts'

t.test('says when to give up, for what follows from the query too', async t => {
  const clock = new FakeClock(1000)
  const query = makeQuery('a.org', 'A')
  t.equal(query.answerBy, 0, 'nothing is said without it')
  const answer = emptyAnswer(query, 0)
  t.equal(new Cancel(300, clock).answer(query, { answer: () => answer }), answer)
  t.equal(query.answerBy, 1300)
  t.equal(derivedQuery(query, encodeName('b.org'), 1).answerBy, 1300)
  clock.advance(100)
  new Cancel(900, clock).answer(query, { answer: () => answer })
  t.equal(query.answerBy, 1300, 'a later moment changes nothing')
})

t.test('an upstream that stays silent is given up then', async t => {
  const silent = await ScriptedUpstream.open(() => undefined)
  t.teardown(() => silent.close())
  const corefile = `.:0 {\n cancel 100ms\n forward . 127.0.0.1:${silent.port}\n}\n`
  const running = await runApp(corefile, new MemorySource())
  t.teardown(() => running.stop())
  const socket = dgram.createSocket('udp4')
  t.teardown(() => void socket.close())
  const answered = once(socket, 'message')
  const start = performance.now()
  socket.send(queryWire('a.org', 'A'), running.port, '127.0.0.1')
  const [wire] = (await answered) as [Buffer]
  const waited = performance.now() - start
  t.equal(decodeText(wire).rcode, 'SERVFAIL')
  // Forwarding alone would wait for 2 s, twice.
  t.ok(waited >= 90 && waited < 1900, `after ${Math.round(waited)} ms`)
})
