import net from 'node:net'
import { once } from 'node:events'
import t from 'tap'
import { timeoutsPlugin } from '../../../src/plugins/timeouts/setup.ts'
import { setupBlocks, testRuntime, testShared } from '../../support/blocks.ts'
import { MemorySource } from '../../support/memory-source.ts'
import { queryWire } from '../../support/messages.ts'
import { runApp } from '../../support/running-app.ts'

t.test('hands its limits on', async t => {
  const text =
    '.:53 {\n timeouts {\n  read 1s\n  write 5\n  idle 1m\n  maxtcpqueries 3\n }\n timeouts {\n  maxtcpqueries -1\n }\n}\n'
  const [block] = setupBlocks(text, [timeoutsPlugin], testShared(testRuntime()))
  t.same(Object.assign({}, ...block!.streamLimits), {
    readMs: 1000,
    writeMs: 5000,
    idleMs: 60_000,
    questionsMax: Infinity
  })
})

t.test('the listeners keep to them', async t => {
  // Of the two blocks on one listener, the last one that names a limit counts.
  const corefile =
    'a.org {\n timeouts {\n  maxtcpqueries 9\n  read 2s\n }\n whoami\n}\nb.org {\n timeouts {\n  maxtcpqueries 2\n }\n whoami\n}\n'
  const running = await runApp(corefile, new MemorySource())
  const { port } = running
  t.teardown(() => running.stop())
  const socket = net.connect(port, '127.0.0.1')
  await once(socket, 'connect')
  const wire = queryWire('a.org', 'A')
  const framed = Buffer.concat([Buffer.from([0, wire.length]), wire])
  socket.write(Buffer.concat([framed, framed, framed]))
  const chunks: Buffer[] = []
  for await (const chunk of socket) chunks.push(chunk as Buffer)
  const octets = Buffer.concat(chunks)
  let answers = 0
  for (let at = 0; at < octets.length; at += 2 + octets.readUInt16BE(at)) answers++
  t.equal(answers, 2, 'the third question is not answered, and the connection ends')
})
