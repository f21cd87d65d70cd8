// Questions over HTTP/2, to a real server of node:http2 on loopback.
import http2 from 'node:http2'
import tls from 'node:tls'
import type { AddressInfo } from 'node:net'
import { once } from 'node:events'
import packet from 'dns-packet'
import t from 'tap'
import type { UpstreamOptions } from '../../src/upstream/upstream.ts'
import { UpstreamError } from '../../src/upstream/upstream-error.ts'
import { HttpsUpstream, type HttpAsked, type HttpScript } from '../support/https-upstream.ts'
import { queryWire } from '../support/messages.ts'
import { ScriptedUpstream } from '../support/scripted-upstream.ts'
import { fixture, upstreamOn, type Test } from './support.ts'

const trust = (name: string) => tls.createSecureContext({ ca: fixture(name) })

function upstreamAt(t: Test, port: number, more: Partial<UpstreamOptions> = {}) {
  const trusting = { secureContext: trust('cert.pem'), servername: 'dns.example' }
  const { upstream, clock } = upstreamOn(t, 'https', port, { tls: trusting, ...more })
  /** The first address, or the error with its code; ports taken out. */
  const ask = async (name = 'a.org'): Promise<string> => {
    const wire = queryWire(name, 'A')
    try {
      const reply = packet.decode(await upstream.exchange(wire, wire.length, 'udp', clock.now() + 5000))
      const [first] = reply.answers ?? []
      return first?.type === 'A' ? first.data : 'no address'
    } catch (error) {
      if (!(error instanceof UpstreamError)) throw error
      return `${error.code}: ${error.message.replaceAll(/127\.0\.0\.1:\d+/g, 'IT')}`
    }
  }
  return { upstream, clock, ask }
}

async function bench(t: Test, script: HttpScript, more: Partial<UpstreamOptions> = {}, streamsMax = 1000) {
  const server = await HttpsUpstream.open(script, { streamsMax })
  const bench = upstreamAt(t, server.port, more)
  t.teardown(() => server.close())
  return { server, ...bench }
}

/** A reply with one address. */
function good({ wire }: HttpAsked, address = '10.0.0.1', id?: number): Buffer {
  const query = packet.decode(wire)
  const { name } = query.questions![0]!
  return packet.encode({
    type: 'response',
    id: id ?? query.id!,
    questions: query.questions!,
    answers: [{ type: 'A', name, ttl: 60, data: address }]
  })
}

async function until(what: () => boolean): Promise<void> {
  for (let turns = 0; turns < 2000; turns++) {
    if (what()) return
    await new Promise(resolve => setTimeout(resolve, 1))
  }
  throw new Error('it never was so')
}

t.test('POST and GET of /dns-query, over one connection', async t => {
  for (const httpMethod of ['POST', 'GET'] as const) {
    const { ask, server } = await bench(t, asked => asked.send(good(asked)), { httpMethod })
    t.same(await Promise.all([ask('a.org'), ask('b.org'), ask('c.org')]), Array(3).fill('10.0.0.1'))
    t.equal(await ask('d.org'), '10.0.0.1')
    t.equal(server.connections, 1)
    const { headers, wire } = server.asked[0]!
    t.has(headers, {
      ':method': httpMethod,
      ':scheme': 'https',
      ':authority': `dns.example:${server.port}`,
      accept: 'application/dns-message'
    })
    t.equal(headers[':path']!.split('?')[0], '/dns-query')
    t.equal(headers['content-type'], httpMethod === 'POST' ? 'application/dns-message' : undefined)
    t.equal(wire.readUInt16BE(0), 0, 'the id is 0')
    t.equal(packet.decode(wire).questions![0]!.name, 'a.org')
  }
})

t.test('what is no answer fails the attempt at once, and the connection goes on', async t => {
  const wrong = (asked: HttpAsked) => {
    const query = packet.decode(asked.wire)
    return packet.encode({
      type: 'response',
      id: 0,
      questions: [{ type: 'A', name: `x${query.questions![0]!.name}` }]
    })
  }
  const cases: Readonly<Record<string, readonly [HttpScript, string]>> = {
    's503.org': [asked => asked.send(Buffer.from('no'), 503, 'text/plain'), 'HTTP: doh: IT answered 503'],
    'html.org': [
      asked => asked.send(Buffer.from('<html>'), 200, 'text/html'),
      'HTTP: doh: IT sent no application/dns-message'
    ],
    'empty.org': [asked => asked.send(Buffer.alloc(0)), 'HTTP: doh: IT sent no message'],
    'long.org': [asked => asked.send(Buffer.alloc(65_536)), 'HTTP: doh: IT sent more than a message holds'],
    'wrong.org': [asked => asked.send(wrong(asked)), 'UNREADABLE: doh: IT answered another question'],
    'query.org': [asked => asked.send(asked.wire), 'UNREADABLE: doh: IT answered another question'],
    'reset.org': [
      asked => asked.stream.close(http2.constants.NGHTTP2_INTERNAL_ERROR),
      'HTTP: doh: IT: Stream closed with error code NGHTTP2_INTERNAL_ERROR'
    ]
  }
  const { ask, server } = await bench(t, asked => {
    const { name } = packet.decode(asked.wire).questions![0]!
    const script = cases[name]?.[0]
    if (script === undefined) asked.send(good(asked, '10.0.0.7', 99))
    else script(asked)
  })
  for (const [name, [, expected]] of Object.entries(cases)) t.equal(await ask(name), expected, name)
  t.equal(await ask('good.org'), '10.0.0.7', 'whatever the id of a reply')
  t.equal(server.connections, 1)
})

t.test('a message of 65,535 octets', async t => {
  const { upstream, clock } = await bench(t, asked => {
    asked.send(Buffer.concat([good(asked), Buffer.alloc(65_535 - good(asked).length)]))
  })
  const wire = queryWire('a.org', 'A')
  t.equal((await upstream.exchange(wire, wire.length, 'tcp', clock.now() + 5000)).length, 65_535)
})

t.test('a silent request is taken back; only a silent connection is left', async t => {
  const cancelled: number[] = []
  const { ask, server, clock } = await bench(t, asked => {
    const { name } = packet.decode(asked.wire).questions![0]!
    if (!name.startsWith('silent')) return asked.send(good(asked))
    asked.stream.on('close', () => cancelled.push(asked.stream.rstCode))
  })
  const silent = ask('silent1.org')
  await until(() => server.asked.length === 1)
  clock.advance(1000)
  t.equal(await ask(), '10.0.0.1')
  clock.advance(1020)
  t.match(await silent, /^TIMEOUT: read tcp .*: i\/o timeout$/)
  await until(() => cancelled.length === 1)
  t.same(cancelled, [http2.constants.NGHTTP2_CANCEL])
  t.equal(await ask(), '10.0.0.1')
  t.equal(server.connections, 1, 'it said something meanwhile')
  const again = ask('silent2.org')
  await until(() => server.asked.length === 4)
  clock.advance(2020)
  t.match(await again, /^TIMEOUT/)
  t.equal(await ask(), '10.0.0.1')
  t.equal(server.connections, 2, 'it said nothing')
})

t.test('a connection that goes away takes no question with it', async t => {
  const { ask, server } = await bench(t, asked => {
    if (server.asked.length === 2) asked.session.destroy()
    else asked.send(good(asked))
  })
  t.equal(await ask(), '10.0.0.1')
  t.equal(await ask(), '10.0.0.1')
  t.equal(server.connections, 2)
  t.equal(server.asked.length, 3)

  const polite = await bench(t, asked => {
    asked.session.goaway()
    setTimeout(() => asked.send(good(asked)), 20)
  })
  t.equal(await polite.ask(), '10.0.0.1', 'what was asked before a GOAWAY is answered')
  t.equal(await polite.ask(), '10.0.0.1')
  t.equal(polite.server.connections, 2)

  const refusing = await bench(t, asked => {
    if (refusing.server.asked.length === 2) asked.stream.close(http2.constants.NGHTTP2_REFUSED_STREAM)
    else asked.send(good(asked))
  })
  t.equal(await refusing.ask(), '10.0.0.1')
  t.equal(await refusing.ask(), '10.0.0.1', 'a refused stream is asked again')
})

t.test('no more requests at once than the server takes', async t => {
  const held: (() => void)[] = []
  let most = 0
  let open = 0
  const { ask, server } = await bench(
    t,
    asked => {
      most = Math.max(most, ++open)
      held.push(() => {
        open--
        asked.send(good(asked))
      })
    },
    {},
    3
  )
  const first = ask()
  await until(() => held.length === 1)
  const rest = Array.from({ length: 7 }, () => ask())
  for (let answered = 0; answered < 8; answered++) {
    await until(() => held.length > 0)
    held.shift()!()
  }
  t.same(await Promise.all([first, ...rest]), Array(8).fill('10.0.0.1'))
  t.ok(most <= 3 * server.connections, `${most} at once over ${server.connections} connections`)
})

t.test('whom not to talk to', async t => {
  const server = await HttpsUpstream.open(asked => asked.send(good(asked)))
  t.teardown(() => server.close())
  const other = { secureContext: trust('cert.pem'), servername: 'other.example' }
  t.match(await upstreamAt(t, server.port, { tls: other }).ask(), /^TLS: tls: Hostname\/IP does not match/)
  t.match(await upstreamAt(t, server.port, { tls: {} }).ask(), /^TLS: tls: self[- ]signed certificate/)

  const expired = await HttpsUpstream.open(asked => asked.send(good(asked)), { cert: 'expired.pem' })
  t.teardown(() => expired.close())
  const settings = { secureContext: trust('expired.pem'), servername: 'dns.example' }
  t.equal(await upstreamAt(t, expired.port, { tls: settings }).ask(), 'TLS: tls: certificate has expired')

  const old = tls.createServer({
    cert: fixture('cert.pem'),
    key: fixture('key.pem'),
    ALPNProtocols: ['http/1.1']
  })
  old.on('tlsClientError', () => undefined)
  old.listen(0, '127.0.0.1')
  await once(old, 'listening')
  t.teardown(() => old.close())
  t.match(await upstreamAt(t, (old.address() as AddressInfo).port).ask(), /^(TLS|HTTP|CONNECTION_RESET)/)
})

t.test('a server that speaks no TLS is given up in two seconds', async t => {
  const silent = await ScriptedUpstream.open(() => undefined)
  t.teardown(() => silent.close())
  const { ask, clock } = upstreamAt(t, silent.port)
  const asked = ask()
  await until(() => silent.connections === 1)
  clock.advance(2020)
  t.equal(await asked, 'TIMEOUT: dial tcp IT: i/o timeout')
})

t.test('an unused connection is closed after a while, and a probe has one of its own', async t => {
  const { ask, server, clock, upstream } = await bench(t, asked => asked.send(good(asked)))
  t.equal(await ask(), '10.0.0.1')
  upstream.suspect()
  await until(() => server.asked.length === 2)
  t.equal(server.connections, 2)
  clock.advance(11_100)
  t.equal(await ask(), '10.0.0.1')
  t.equal(server.connections, 3)
})
