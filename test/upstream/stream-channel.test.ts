// TLS to an upstream, over real sockets.
import { once } from 'node:events'
import type { AddressInfo, Socket } from 'node:net'
import tls from 'node:tls'
import packet from 'dns-packet'
import t from 'tap'
import { loadTls, type TlsSettings } from '../../src/upstream/tls-settings.ts'
import type { Network } from '../../src/upstream/upstream.ts'
import { UpstreamError } from '../../src/upstream/upstream-error.ts'
import { queryWire } from '../support/messages.ts'
import { ScriptedUpstream } from '../support/scripted-upstream.ts'
import { fixture, upstreamOn, type Test } from './support.ts'

const cert = fixture('cert.pem')
const key = fixture('key.pem')
const trusting = loadTls({ ca: cert })

/** A server that answers every query with its own octets, QR set. */
async function tlsServer(t: Test) {
  const sockets = new Set<Socket>()
  const server = tls.createServer({ cert, key }, socket => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.on('data', chunk => {
      const octets = Buffer.from(chunk)
      octets[4]! |= 0x80
      socket.write(octets)
    })
  })
  server.on('tlsClientError', () => undefined)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return { port: (server.address() as AddressInfo).port, sockets }
}

function upstreamAt(t: Test, port: number, settings: TlsSettings) {
  const { upstream, clock } = upstreamOn(t, 'tls', port, { tls: settings })
  const ask = async (network: Network = 'udp'): Promise<string> => {
    const wire = queryWire('a.org', 'A')
    try {
      const reply = packet.decode(await upstream.exchange(wire, wire.length, network, clock.now() + 5000))
      return `${reply.type} ${reply.questions![0]!.name}`
    } catch (error) {
      return error instanceof UpstreamError ? `${error.code}: ${error.message}` : String(error)
    }
  }
  return { upstream, clock, ask }
}

t.test('asks over TLS whatever the client came by, and keeps the connection', async t => {
  const server = await tlsServer(t)
  const { ask, upstream } = upstreamAt(t, server.port, { ...trusting, servername: 'dns.example' })
  t.equal(upstream.networkFor('udp'), 'tcp')
  t.equal(await ask('udp'), 'response a.org')
  t.equal(await ask('tcp'), 'response a.org')
  t.equal(server.sockets.size, 1)
})

t.test('a certificate with another name, or of nobody known, is refused', async t => {
  const server = await tlsServer(t)
  const wrong = upstreamAt(t, server.port, { ...trusting, servername: 'other.example' })
  t.match(await wrong.ask(), /^TLS: tls: Hostname\/IP does not match certificate's altnames/)
  const unnamed = upstreamAt(t, server.port, trusting)
  t.match(await unnamed.ask(), /^TLS: tls: Hostname\/IP does not match certificate's altnames/)
  const unknown = upstreamAt(t, server.port, { servername: 'dns.example' })
  t.match(await unknown.ask(), /^TLS: tls: self[- ]signed certificate/)
})

t.test('a server that speaks no TLS is given up in two seconds', async t => {
  const silent = await ScriptedUpstream.open(() => undefined)
  t.teardown(() => silent.close())
  const { ask, clock } = upstreamAt(t, silent.port, trusting)
  const asked = ask()
  while (silent.connections === 0) await new Promise(resolve => setTimeout(resolve, 1))
  clock.advance(2020)
  t.equal(await asked, `TIMEOUT: dial tcp ${silent.text}: i/o timeout`)
})
