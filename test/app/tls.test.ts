// Keys for TLS and HTTPS from the Corefile to the socket.
import { once } from 'node:events'
import t from 'tap'
import { MemorySource } from '../support/memory-source.ts'
import { queryWire } from '../support/messages.ts'
import { runApp } from '../support/running-app.ts'
import { framed } from '../server/transport/support.ts'
import { connectTls } from '../server/transport/tls-support.ts'

const folder = new URL('../../../test/fixtures/tls/', import.meta.url).pathname
const corefile = (name: string) =>
  `tls://.:0 https://.:0 {\n bind 127.0.0.1\n tls ${folder}${name}cert.pem ${folder}${name}key.pem\n whoami\n}\n`

t.test('a reload puts another certificate into service and closes nothing', async t => {
  const running = await runApp(corefile(''), new MemorySource())
  t.teardown(() => running.stop())
  const ports = Object.fromEntries(running.addresses.dns.map(each => [each.transport, each.port]))
  t.same(Object.keys(ports).sort(), ['https', 'tls'])
  const subject = async (transport: string) => {
    const socket = await connectTls(ports[transport]!)
    t.teardown(() => void socket.destroy())
    return { socket, name: socket.getPeerCertificate().subject.CN }
  }
  const before = await subject('tls')
  t.equal(before.name, 'dns.example')
  await running.reload(corefile('other-'))
  t.equal((await subject('tls')).name, 'other.example')
  t.equal((await subject('https')).name, 'other.example')
  before.socket.write(framed(queryWire('a.example', 'A')))
  const [reply] = (await once(before.socket, 'data')) as [Buffer]
  t.equal(reply.readUInt16BE(0), reply.length - 2, 'the old connection is answered')
  await t.rejects(running.reload(corefile('no-')), /could not load TLS cert: open .*no-cert\.pem/)
  t.equal((await subject('tls')).name, 'other.example', 'a certificate that is not there changes nothing')
})

t.test('transports that are not served are named with their key', async t => {
  for (const key of ['quic://.', 'grpc://example.org', 'https3://.:8443']) {
    await t.rejects(runApp(`.:0 ${key} {\n whoami\n}\n`, new MemorySource()), {
      message: `Corefile:1 - labdns does not serve '${key}': take out this key`
    })
  }
})
