// Secondaries are told of new serials: file, transfer and a listener that takes notes.
import dgram from 'node:dgram'
import { once } from 'node:events'
import t from 'tap'
import { filePlugin } from '../../../src/plugins/file/setup.ts'
import { transferPlugin } from '../../../src/plugins/transfer/setup.ts'
import { notifyAll } from '../../../src/plugins/transfer/notify.ts'
import { systemClock } from '../../../src/runtime/clock.ts'
import { encodeName } from '../../../src/wire/name.ts'
import { readMessage } from '../../../src/wire/message.ts'
import { formatName } from '../../../src/wire/name.ts'
import { setupBlocks, testRuntime, testShared } from '../../support/blocks.ts'

const zone = (serial: number) => `@ 60 SOA ns root ${serial} 2 3 4 5\n`

/** Listens, and answers each message with an rcode, or not at all. */
async function listen(rcode: number | undefined) {
  const heard: string[] = []
  const socket = dgram.createSocket('udp4')
  socket.on('message', (wire, peer) => {
    const message = readMessage(wire)
    const [question] = message!.questions
    heard.push(`${(message!.flags >> 11) & 0xf} ${formatName(question!.name)} ${question!.qtype}`)
    if (rcode === undefined) return
    const reply = Buffer.from(wire)
    reply[2] = reply[2]! | 0x80
    reply[3] = rcode
    socket.send(reply, peer.port, peer.address)
  })
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  return { heard, port: socket.address().port, close: () => socket.close() }
}

async function until(holds: () => boolean): Promise<void> {
  for (let left = 200; left > 0 && !holds(); left--) await new Promise(resolve => setTimeout(resolve, 5))
}

t.test('at the start, and when the serial has changed', async t => {
  const secondary = await listen(0)
  const files: Record<string, string> = { '/db': zone(1) }
  const runtime = testRuntime(files)
  const [block] = setupBlocks(
    `example.org {\n file /db {\n reload 1s\n }\n transfer {\n to 127.0.0.1:${secondary.port} *\n source 127.0.0.1\n }\n}\n`,
    [transferPlugin, filePlugin],
    testShared(runtime)
  )
  await block!.start()
  await until(() => secondary.heard.length === 1)
  t.strictSame(secondary.heard, ['4 example.org. 6'])
  runtime.clock.advance(1000)
  await new Promise(resolve => setTimeout(resolve, 20))
  t.equal(secondary.heard.length, 1, 'nothing is new')
  files['/db'] = zone(2)
  runtime.clock.advance(1000)
  await until(() => secondary.heard.length === 2)
  t.equal(secondary.heard.length, 2)
  await until(() => runtime.clock.pending === 1)
  await block!.stop()
  secondary.close()
})

t.test('three times, then the log says who did not accept it', async t => {
  const refusing = await listen(5)
  const awake = await listen(0) // sockets of the program keep no process alive
  const zoneName = encodeName('example.org')
  const random = { integer: (limit: number) => limit >> 1 }
  const target = { host: '127.0.0.1', port: refusing.port }
  await t.rejects(notifyAll(zoneName, [target], systemClock, random), {
    message: `notify for zone "example.org." was not accepted by "127.0.0.1:${refusing.port}": rcode was "REFUSED"`
  })
  t.equal(refusing.heard.length, 3)
  refusing.close()
  await t.rejects(
    notifyAll(zoneName, [target], systemClock, random),
    /^notify for zone "example\.org\." was not accepted by "127\.0\.0\.1:\d+": "read udp .*: connection refused"$/
  )
  await notifyAll(zoneName, [], systemClock, random)
  awake.close()
})
