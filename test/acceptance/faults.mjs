// Upstream faults: a labdns that forwards to servers which misbehave in one way each, and what a client gets and when.
// Scripted upstreams are raw sockets, so that anything can be sent; the good ones beside them are dns2's.
// Usage: node test/acceptance/faults.mjs [slow]   with `slow`, also the flood of slow answers (half a minute).
import dgram from 'node:dgram'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import http from 'node:http'
import http2 from 'node:http2'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import tls from 'node:tls'
import { setTimeout as sleep } from 'node:timers/promises'
import dns2 from 'dns2'
import packet from 'dns-packet'
import { start } from './serving.mjs'
import { check, end } from './tally.mjs'

const labdns = [process.execPath, ['build/src/cli/labdns.js', 'serve']]
const fixture = name => path.resolve('test/fixtures/tls', name)
const folder = mkdtempSync(path.join(os.tmpdir(), 'labdns-faults-'))
const toClose = []
// --- upstreams -------------------------------------------------------------------------------------------------------

/** The reply to a query, with fields of dns-packet put over it. */
function replyTo(wire, fields = {}) {
  const query = packet.decode(wire)
  const [question] = query.questions
  return packet.encode({
    type: 'response',
    id: query.id,
    flags: packet.RECURSION_AVAILABLE | (query.flags & packet.RECURSION_DESIRED) | (fields.rcode ?? 0),
    questions: query.questions,
    answers: [{ type: 'A', name: question.name, ttl: 60, data: '10.0.0.1' }],
    ...fields
  })
}

/** UDP and TCP on one port; `script({ network, wire, count, send, socket, from })` says what happens. */
async function upstream(script) {
  for (;;) {
    const tcp = net.createServer()
    tcp.listen(0, '127.0.0.1')
    await once(tcp, 'listening')
    const { port } = tcp.address()
    const udp = dgram.createSocket('udp4')
    const isBound = await new Promise(resolve => {
      udp.once('error', () => resolve(false))
      udp.bind(port, '127.0.0.1', () => resolve(true))
    })
    if (!isBound) {
      tcp.close()
      continue
    }
    const server = { port, text: `127.0.0.1:${port}`, seen: [], ports: new Set(), connections: 0, script }
    udp.on('message', (wire, from) => {
      const isProbe = packet.decode(wire).questions[0].type === 'NS'
      if (!isProbe) {
        server.seen.push('udp')
        server.ports.add(from.port)
      }
      const send = octets => udp.send(octets, from.port, from.address)
      server.script({ network: 'udp', wire, isProbe, count: server.seen.length, send, from })
    })
    tcp.on('connection', socket => {
      server.connections++
      socket.on('error', () => undefined)
      let octets = Buffer.alloc(0)
      socket.on('data', chunk => {
        octets = Buffer.concat([octets, chunk])
        while (octets.length >= 2 && octets.length >= 2 + octets.readUInt16BE(0)) {
          const wire = octets.subarray(2, 2 + octets.readUInt16BE(0))
          octets = octets.subarray(2 + wire.length)
          server.seen.push('tcp')
          const send = message => socket.write(framed(message))
          server.script({ network: 'tcp', wire, count: server.seen.length, send, socket })
        }
      })
      toClose.push(() => socket.destroy())
    })
    toClose.push(
      () => udp.close(),
      () => tcp.close()
    )
    return server
  }
}

function framed(message) {
  const length = Buffer.alloc(2)
  length.writeUInt16BE(message.length)
  return Buffer.concat([length, message])
}

const good = asked => asked.send(replyTo(asked.wire))
const silent = () => undefined

/** A good server of dns2's, over UDP and TCP, that answers 10.0.0.2. */
async function dns2Server() {
  const handle = (request, send) => {
    const response = dns2.Packet.createResponseFromRequest(request)
    const [{ name }] = request.questions
    response.answers.push({
      name,
      type: dns2.Packet.TYPE.A,
      class: dns2.Packet.CLASS.IN,
      ttl: 60,
      address: '10.0.0.2'
    })
    send(response)
  }
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 12_000)
    const server = dns2.createServer({ udp: true, tcp: true, handle })
    server.on('error', () => undefined)
    try {
      await server.listen({ udp: { port, address: '127.0.0.1' }, tcp: { port, address: '127.0.0.1' } })
    } catch {
      continue
    }
    toClose.push(() => server.close())
    return { text: `127.0.0.1:${port}` }
  }
}

async function tlsServer(cert, onConnection) {
  const server = tls.createServer({
    cert: readFileSync(fixture(cert)),
    key: readFileSync(fixture('key.pem'))
  })
  server.on('secureConnection', socket => {
    socket.on('error', () => undefined)
    socket.on('data', chunk =>
      onConnection({ wire: chunk.subarray(2), send: message => socket.write(framed(message)) })
    )
    toClose.push(() => socket.destroy())
  })
  server.on('tlsClientError', () => undefined)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  toClose.push(() => server.close())
  return `127.0.0.1:${server.address().port}`
}

async function httpsServer(cert) {
  const server = http2.createSecureServer({
    cert: readFileSync(fixture(cert)),
    key: readFileSync(fixture('key.pem'))
  })
  server.on('sessionError', () => undefined)
  server.on('stream', (stream, headers) => {
    const parts = []
    stream.on('error', () => undefined)
    stream.on('data', part => parts.push(part))
    stream.on('end', () => {
      stream.respond({ ':status': 200, 'content-type': 'application/dns-message' })
      const inUrl = headers[':path'].split('?dns=')[1]
      stream.end(replyTo(inUrl === undefined ? Buffer.concat(parts) : Buffer.from(inUrl, 'base64url')))
    })
  })
  server.on('session', session => {
    session.on('error', () => undefined)
    toClose.push(() => session.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  toClose.push(() => server.close())
  return `127.0.0.1:${server.address().port}`
}

async function deadAddress() {
  const server = net.createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address()
  await new Promise(resolve => server.close(resolve))
  return `127.0.0.1:${port}`
}

// --- clients ---------------------------------------------------------------------------------------------------------

function queryFor(name, fields = {}) {
  return packet.encode({
    type: 'query',
    id: Math.floor(Math.random() * 65_536),
    flags: packet.RECURSION_DESIRED,
    questions: [{ type: fields.type ?? 'A', name }],
    additionals:
      fields.edns === false
        ? []
        : [{ type: 'OPT', name: '.', udpPayloadSize: fields.size ?? 1232, flags: 0, options: [] }]
  })
}

/** Asks; `{ rcode, address, tc, answers, ede, ms, octets }`, or undefined when nothing came in 7 s. */
async function ask(port, name, { network = 'udp', ...fields } = {}) {
  const query = queryFor(name, fields)
  const begin = performance.now()
  const wire = await (network === 'udp' ? overUdp(port, query) : overTcp(port, query))
  const ms = performance.now() - begin
  if (wire === undefined) return undefined
  const reply = packet.decode(wire)
  const ede = reply.additionals.find(each => each.type === 'OPT')?.options.find(option => option.code === 15)
  return {
    rcode: reply.rcode,
    address: reply.answers.find(each => each.type === 'A')?.data ?? '',
    answers: reply.answers.length,
    tc: reply.flag_tc,
    ede: ede === undefined ? '' : `${ede.data.readUInt16BE(0)} ${ede.data.subarray(2)}`,
    octets: wire.length,
    ms
  }
}

function overUdp(port, query) {
  return new Promise(resolve => {
    const socket = dgram.createSocket('udp4')
    const done = wire => {
      clearTimeout(timer)
      socket.close()
      resolve(wire)
    }
    const timer = setTimeout(done, 7000)
    socket.on('message', wire => done(wire))
    socket.send(query, port, '127.0.0.1')
  })
}

function overTcp(port, query) {
  return new Promise(resolve => {
    const socket = net.connect(port, '127.0.0.1', () => socket.write(framed(query)))
    let octets = Buffer.alloc(0)
    const done = wire => {
      clearTimeout(timer)
      socket.destroy()
      resolve(wire)
    }
    const timer = setTimeout(done, 7000)
    socket.on('error', () => done(undefined))
    socket.on('data', chunk => {
      octets = Buffer.concat([octets, chunk])
      if (octets.length >= 2 && octets.length >= 2 + octets.readUInt16BE(0)) done(octets.subarray(2))
    })
  })
}

const shown = reply =>
  reply === undefined
    ? 'no reply'
    : `${reply.rcode} ${reply.address} ${reply.tc ? 'tc ' : ''}${reply.ede === '' ? '' : `[${reply.ede}] `}${reply.ms.toFixed(0)} ms`

// --- the faults ------------------------------------------------------------------------------------------------------

const patched = (wire, change) => {
  const octets = Buffer.from(replyTo(wire))
  change(octets)
  return octets
}
const times = (count, make) => asked => {
  for (let at = 0; at < count; at++) asked.send(make(asked))
  good(asked)
}
const wrongId = asked => patched(asked.wire, octets => octets.writeUInt16BE(octets.readUInt16BE(0) ^ 1, 0))
const isFirst = asked => asked.count === 1

const GOOD = { rcode: 'NOERROR', address: '10.0.0.1' }
const SECOND = { rcode: 'NOERROR', address: '10.0.0.2' }

/** Whom a zone's one line asks: scripts, then perhaps a good server; and what a client gets. */
const faults = [
  { zone: 'id63', script: times(63, wrongId), expect: GOOD, ms: 500, seen: 1 },
  { zone: 'id63-tcp', script: times(63, wrongId), network: 'tcp', expect: GOOD, ms: 500, seen: 1 },
  {
    zone: 'question',
    script: times(1, asked =>
      replyTo(asked.wire, { questions: [{ type: 'A', name: 'other.test' }], answers: [] })
    ),
    expect: GOOD,
    ms: 500
  },
  {
    zone: 'type',
    script: times(1, asked =>
      replyTo(asked.wire, {
        questions: [{ ...packet.decode(asked.wire).questions[0], type: 'MX' }],
        answers: []
      })
    ),
    expect: GOOD,
    ms: 500
  },
  {
    zone: 'class',
    script: times(1, asked =>
      replyTo(asked.wire, {
        questions: [{ ...packet.decode(asked.wire).questions[0], class: 'CH' }],
        answers: []
      })
    ),
    expect: GOOD,
    ms: 500
  },
  {
    zone: 'no-question',
    script: times(1, asked => replyTo(asked.wire, { questions: [], answers: [] })),
    expect: GOOD,
    ms: 500
  },
  { zone: 'a-query', script: times(1, asked => asked.wire), expect: GOOD, ms: 500 },
  { zone: 'short', script: times(1, asked => asked.wire.subarray(0, 11)), expect: GOOD, ms: 500 },
  {
    zone: 'garbage',
    script: times(3, asked => Buffer.concat([asked.wire.subarray(0, 2), Buffer.alloc(60, 0xff)])),
    expect: GOOD,
    ms: 500
  },
  {
    zone: 'letter-case',
    script: asked => {
      const [question] = packet.decode(asked.wire).questions
      asked.send(replyTo(asked.wire, { questions: [{ ...question, name: question.name.toUpperCase() }] }))
    },
    expect: GOOD,
    ms: 500
  },
  {
    zone: 'source',
    script: asked => {
      const other = dgram.createSocket('udp4')
      const poison = replyTo(asked.wire, {
        answers: [{ type: 'A', name: packet.decode(asked.wire).questions[0].name, ttl: 60, data: '10.6.6.6' }]
      })
      other.send(poison, asked.from.port, asked.from.address, () => {
        other.close()
        setTimeout(() => good(asked), 50)
      })
    },
    expect: GOOD,
    ms: 500
  },
  {
    zone: 'strays100',
    script: asked =>
      isFirst(asked)
        ? times(
            99,
            wrongId
          )({ ...asked, send: octets => asked.send(octets === undefined ? octets : wrongId(asked)) })
        : good(asked),
    expect: GOOD,
    ms: 500,
    seen: 2,
    ports: 2
  },
  {
    zone: 'strays-only',
    script: asked => {
      for (let at = 0; at < 100; at++) asked.send(wrongId(asked))
    },
    second: true,
    expect: SECOND,
    ms: 1000
  },
  {
    zone: 'tc',
    script: asked => asked.send(replyTo(asked.wire, { answers: [], flags: packet.TRUNCATED_RESPONSE })),
    expect: { rcode: 'NOERROR', tc: true, answers: 0 },
    ms: 500
  },
  {
    zone: 'tc-prefer',
    options: 'prefer_udp',
    script: asked =>
      asked.network === 'tcp'
        ? good(asked)
        : asked.send(replyTo(asked.wire, { answers: [], flags: packet.TRUNCATED_RESPONSE })),
    expect: { ...GOOD, tc: false },
    ms: 500
  },
  {
    zone: 'cut',
    script: asked => asked.send(replyTo(asked.wire).subarray(0, -3)),
    expect: { rcode: 'NOERROR', tc: true, answers: 0 },
    ms: 500
  },
  {
    zone: 'cut-tcp',
    network: 'tcp',
    script: asked => asked.send(replyTo(asked.wire).subarray(0, -3)),
    second: true,
    expect: SECOND,
    ms: 500
  },
  {
    zone: 'whole64k',
    network: 'tcp',
    script: asked => asked.send(largest(asked.wire)),
    expect: { rcode: 'NOERROR', tc: false, octets: 65_535 },
    ms: 1500,
    edns: false
  },
  {
    zone: 'whole64k-udp',
    options: 'force_tcp',
    script: asked => asked.send(largest(asked.wire)),
    expect: { rcode: 'NOERROR', tc: true },
    ms: 1500
  },
  {
    zone: 'rcode',
    script: asked => asked.send(replyTo(asked.wire, { rcode: 5, answers: [] })),
    expect: { rcode: 'REFUSED', ede: '' },
    ms: 500
  },
  {
    zone: 'rst',
    network: 'tcp',
    script: asked => asked.socket.resetAndDestroy(),
    second: true,
    expect: SECOND,
    ms: 500
  },
  {
    zone: 'rst-alone',
    network: 'tcp',
    script: asked => asked.socket.resetAndDestroy(),
    expect: { rcode: 'SERVFAIL' },
    ede: /^23 connection reset: 127/,
    ms: 500
  },
  {
    zone: 'half',
    network: 'tcp',
    script: asked => asked.socket.write(framed(replyTo(asked.wire)).subarray(0, 20)),
    second: true,
    expect: SECOND,
    ms: 2150
  },
  {
    zone: 'half-alone',
    network: 'tcp',
    script: asked => asked.socket.write(Buffer.from([0])),
    expect: { rcode: 'SERVFAIL' },
    ede: /^22 timeout: 127/,
    ms: 4200
  },
  { zone: 'silent', script: silent, second: true, expect: SECOND, ms: 2150 },
  { zone: 'silent-alone', script: silent, expect: { rcode: 'SERVFAIL' }, ede: /^22 timeout: 127/, ms: 4200 },
  {
    zone: 'silent-long',
    options: 'read_timeout 30s',
    script: silent,
    expect: { rcode: 'SERVFAIL' },
    ede: /^22 timeout: 127/,
    ms: 5000
  },
  {
    zone: 'silent-no-cap',
    options: 'max_connect_attempts 0',
    script: silent,
    expect: { rcode: 'SERVFAIL' },
    ede: /^22 timeout: 127/,
    ms: 5000
  },
  { zone: 'silent-tls', tls: 'plain', script: silent, second: true, expect: SECOND, ms: 2150 },
  {
    zone: 'silent-tls-alone',
    tls: 'plain',
    script: silent,
    expect: { rcode: 'SERVFAIL' },
    ede: /^22 timeout: 127/,
    ms: 4200
  }
]

/** 65,535 octets: as many addresses as fit, and one text to fill. */
function largest(wire) {
  const { questions } = packet.decode(wire)
  const [{ name }] = questions
  const make = filling =>
    replyTo(wire, {
      answers: Array.from({ length: 250 }, () => ({ type: 'TXT', name, ttl: 60, data: ['x'.repeat(200)] })),
      additionals: [{ type: 'TXT', name, ttl: 60, data: filling }]
    })
  const base = make(['']).length
  const missing = 65_535 - base
  const strings = []
  for (let left = missing + 1; left > 0; left -= 256) strings.push('y'.repeat(Math.min(left, 256) - 1))
  return make(strings)
}

async function main() {
  const second = await dns2Server()
  for (const fault of faults) fault.server = await upstream(fault.script)
  const dead = await deadAddress()
  const certificates = {
    expired: await tlsServer('expired.pem', good),
    name: await tlsServer('cert.pem', good),
    trusted: await tlsServer('cert.pem', good)
  }
  const doh = { good: await httpsServer('cert.pem'), expired: await httpsServer('expired.pem') }
  const pooled = await upstream(asked => {
    good(asked)
    // Closed behind the answer, so that it is found closed when it is used again.
    if (asked.network === 'tcp') asked.socket.end()
  })
  const closing = await upstream(asked => (asked.count === 2 ? asked.socket.destroy() : good(asked)))
  const shared = await upstream(asked => setTimeout(() => good(asked), 300))
  let isUp = true
  const flapping = await upstream(asked => (isUp ? good(asked) : undefined))
  const ca = fixture('cert.pem')
  const resolvConf = path.join(folder, 'resolv.conf')
  writeFileSync(resolvConf, 'nameserver 127.0.0.1\n')

  const lines = [
    ...faults.map(({ zone, server, second: withSecond, options = '', tls: isTls }) => {
      const first = isTls === undefined ? server.text : `tls://${server.text}`
      return `forward ${zone}.test ${first} ${withSecond ? second.text : ''} {\n policy sequential\n max_fails 0\n ${options}\n}`
    }),
    `forward refused.test ${dead} ${second.text} {\n policy sequential\n}`,
    `forward refused-alone.test ${dead}`,
    `forward pooled.test ${pooled.text} {\n force_tcp\n}`,
    `forward closing.test ${closing.text} {\n force_tcp\n}`,
    `forward shared.test ${shared.text}`,
    `forward flapping.test ${flapping.text} ${second.text} {\n policy sequential\n read_timeout 200ms\n health_check 100ms\n max_fails 1\n}`,
    `forward tls-good.test tls://${certificates.trusted} {\n tls ${ca}\n tls_servername dns.example\n}`,
    `forward tls-name.test tls://${certificates.name} {\n tls ${ca}\n tls_servername other.example\n}`,
    `forward tls-expired.test tls://${certificates.expired} ${second.text} {\n policy sequential\n tls ${fixture('expired.pem')}\n tls_servername dns.example\n}`,
    `forward tls-expired-alone.test tls://${certificates.expired} {\n tls ${fixture('expired.pem')}\n tls_servername dns.example\n}`,
    `forward doh.test https://${doh.good} {\n tls ${ca}\n tls_servername dns.example\n}`,
    `forward doh-get.test https://${doh.good} {\n tls ${ca}\n tls_servername dns.example\n doh_method GET\n}`,
    `forward doh-expired.test https://${doh.expired} {\n tls ${fixture('expired.pem')}\n tls_servername dns.example\n}`,
    `forward down.test ${dead} {\n health_check 20ms\n max_fails 1\n failfast_all_unhealthy_upstreams\n}`,
    `forward file.test ${resolvConf}`,
    `forward warm.test ${second.text}`
  ]
  const corefile = path.join(folder, 'Corefile')
  writeFileSync(corefile, `.:53 {\n errors\n ${lines.join('\n ')}\n}\n`)
  const server = await start(labdns[0], [...labdns[1], '-conf', corefile, '--listen', '127.0.0.1:0'])
  toClose.push(() => server.stop())
  const { port } = server

  // What the first queries of a process cost anybody is not what is measured here.
  for (let at = 0; at < 300; at++)
    await ask(port, `${at}.warm.test`, { network: at % 2 === 0 ? 'udp' : 'tcp' })
  await Promise.all(
    faults.map(async (fault, at) => {
      await sleep(at * 20)
      const { zone, network, expect, ede, ms, seen, ports, edns } = fault
      const reply = await ask(port, `a.${zone}.test`, { network, edns })
      const isSo =
        reply !== undefined &&
        Object.entries(expect).every(([field, value]) => reply[field] === value) &&
        (ede === undefined || ede.test(reply.ede)) &&
        reply.ms <= ms &&
        (seen === undefined || fault.server.seen.length === seen) &&
        (ports === undefined || fault.server.ports.size === ports)
      check(zone, isSo, `${shown(reply)}, asked ${fault.server.seen.length} times`)
    })
  )

  const refusals = []
  for (let at = 0; at < 9; at++) refusals.push(await ask(port, `${at}.refused.test`))
  const median = refusals.map(reply => reply.ms).sort((a, b) => a - b)[4]
  check(
    'refused, then another: 10 ms',
    refusals.every(reply => reply.address === '10.0.0.2') && median < 10,
    `${median.toFixed(1)} ms`
  )
  const alone = await ask(port, 'a.refused-alone.test')
  check(
    'refused alone',
    alone?.rcode === 'SERVFAIL' && alone.ede.startsWith('23 connection refused') && alone.ms < 50,
    shown(alone)
  )

  for (const [zone, upstreamServer, asked] of [
    ['pooled', pooled, 3],
    ['closing', closing, 4]
  ]) {
    const replies = []
    for (let at = 0; at < 3; at++) {
      replies.push(await ask(port, `${at}.${zone}.test`))
      await sleep(30)
    }
    check(
      `${zone}: a connection that was closed while pooled`,
      replies.every(reply => reply?.address === '10.0.0.1' && reply.ms < 500) &&
        upstreamServer.seen.length === asked,
      replies.map(shown).join('; ')
    )
  }

  const many = await Promise.all(Array.from({ length: 200 }, () => ask(port, 'a.shared.test')))
  check(
    '200 identical questions, one upstream query',
    many.every(reply => reply?.address === '10.0.0.1') && shared.seen.length === 1,
    `asked ${shared.seen.length} times`
  )

  for (const zone of ['tls-good', 'doh', 'doh-get']) {
    const replies = [await ask(port, `a.${zone}.test`), await ask(port, `b.${zone}.test`, { network: 'tcp' })]
    check(
      zone,
      replies.every(reply => reply?.address === '10.0.0.1' && reply.ms < 1000),
      replies.map(shown).join('; ')
    )
  }
  for (const zone of ['tls-name', 'tls-expired-alone', 'doh-expired']) {
    const reply = await ask(port, `a.${zone}.test`)
    check(
      zone,
      reply?.rcode === 'SERVFAIL' && reply.ede.startsWith('23 TLS failed') && reply.ms < 1000,
      shown(reply)
    )
  }
  const untrusted = await ask(port, 'a.tls-expired.test')
  check(
    'tls-expired, then another',
    untrusted?.address === '10.0.0.2' && untrusted.ms < 1000,
    shown(untrusted)
  )

  await ask(port, 'a.down.test')
  await sleep(500)
  const down = await ask(port, 'b.down.test')
  check(
    'all down',
    down?.rcode === 'SERVFAIL' && down.ede === '22 no healthy upstream' && down.ms < 100,
    shown(down)
  )

  const timer = setInterval(() => (isUp = !isUp), 700)
  const replies = []
  for (let at = 0; at < 120; at++) {
    replies.push(ask(port, `${at}.flapping.test`))
    await sleep(50)
  }
  clearInterval(timer)
  const all = await Promise.all(replies)
  const first = all.filter(reply => reply?.address === '10.0.0.1').length
  const slowest = Math.max(...all.map(reply => reply?.ms ?? Infinity))
  check(
    'flapping: every query is answered, by the first when it is up',
    all.every(reply => reply?.rcode === 'NOERROR') && first > 20 && first < 110 && slowest < 1000,
    `${first} of 120 by the first, slowest ${slowest.toFixed(0)} ms`
  )

  writeFileSync(resolvConf, 'nameserver 127.0.0.2\n')
  await sleep(1500)
  check(
    'a changed resolv.conf takes effect',
    server.output().includes('forwarding to 127.0.0.2:53 instead of 127.0.0.1:53')
  )

  if (process.argv[2] === 'slow') await slowAnswers()
}

// --- many slow answers -----------------------------------------------------------------------------------------------

async function slowAnswers() {
  const slow = await upstream(asked => void setTimeout(() => good(asked), 1900))
  const corefile = path.join(folder, 'Corefile.slow')
  writeFileSync(
    corefile,
    `.:53 {\n errors\n prometheus :9153\n forward . ${slow.text} {\n max_fails 0\n}\n}\n`
  )
  const server = await start(labdns[0], [
    ...labdns[1],
    '-conf',
    corefile,
    '--listen',
    '127.0.0.1:0',
    '--http-base',
    '0'
  ])
  toClose.push(() => server.stop())
  const metricsPort = server.ready.http.metrics.port
  const pid = server.ready.pid
  await flood(server.port, ['127.0.0.9'], 500, 1000, 'warm')
  await sleep(2500)
  const before = residentMb(pid)

  const one = await measured(metricsPort, pid, () => flood(server.port, ['127.0.0.1'], 2000, 10_000, 'one'))
  check(
    'slow 1.9 s at 2,000 q/s from one client: 2,000 in flight, the others refused at once',
    one.most <= 2000 &&
      one.most >= 1900 &&
      one.counts.NOERROR > 5000 &&
      one.counts.REFUSED > 5000 &&
      one.counts.lost < 200,
    told(one)
  )
  const some = await measured(metricsPort, pid, () =>
    flood(server.port, ['127.0.0.2', '127.0.0.3', '127.0.0.4'], 2000, 10_000, 'some')
  )
  check(
    'slow 1.9 s at 2,000 q/s from three clients: all in flight, all answered',
    some.most > 3000 && some.most <= 6000 && some.counts.NOERROR > 19_800 && some.counts.REFUSED === 0,
    told(some)
  )
  const clients = Array.from({ length: 8 }, (_, at) => `127.0.1.${at + 1}`)
  const all = await measured(metricsPort, pid, () => flood(server.port, clients, 8000, 5000, 'all'))
  check(
    'more than 10,000 in flight: the others refused',
    all.most <= 10_000 && all.counts.REFUSED > 0,
    told(all)
  )
  for (const [reason, count] of reasonsIn(server.output())) console.log(`      ${count} × ${reason}`)
  const grown = Math.max(one.mb, some.mb) - before
  check(
    'memory at 2,000 q/s',
    grown <= 40,
    `${before.toFixed(0)} MB before, ${grown.toFixed(0)} MB more at most`
  )
  check(
    'memory with 10,000 in flight',
    all.mb - before <= 80,
    `${(all.mb - before).toFixed(0)} MB more at most`
  )
}

/** The reasons that *errors* wrote, with ports left out. */
function reasonsIn(log) {
  const counts = new Map()
  for (const [, reason] of log.matchAll(/plugin\/errors: \d \S+ \S+ (.*)/g)) {
    const text = reason.replaceAll(/127\.0\.0\.1:\d+/g, 'IT')
    counts.set(text, (counts.get(text) ?? 0) + 1)
  }
  return counts
}

const told = ({ most, counts, mb }) =>
  `in flight ${most} at most; ${Object.entries(counts)
    .map(([what, count]) => `${what} ${count}`)
    .join(', ')}; ${mb.toFixed(0)} MB at most`

function residentMb(pid) {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1024
}

/** The most that was in flight, and the most memory, while `run` ran. */
async function measured(metricsPort, pid, run) {
  let most = 0
  let mb = 0
  const timer = setInterval(async () => {
    mb = Math.max(mb, residentMb(pid))
    most = Math.max(most, await inFlight(metricsPort))
  }, 200)
  const counts = await run()
  clearInterval(timer)
  return { most, mb, counts }
}

function inFlight(port) {
  return new Promise(resolve => {
    http
      .get({ port, host: '127.0.0.1', path: '/metrics' }, response => {
        let text = ''
        response.on('data', part => (text += part))
        response.on('end', () => resolve(Number(/^labdns_forward_in_flight (\d+)/m.exec(text)?.[1] ?? -1)))
      })
      .on('error', () => resolve(-1))
  })
}

/** Different names at a rate from some client addresses; how many of each rcode came back. */
async function flood(port, clients, rate, ms, label) {
  const counts = { NOERROR: 0, REFUSED: 0, SERVFAIL: 0, lost: 0 }
  const sockets = await Promise.all(
    clients.map(async address => {
      const socket = dgram.createSocket({ type: 'udp4', recvBufferSize: 4 << 20 })
      socket.on('message', wire => counts[packet.decode(wire).rcode]++)
      socket.bind(0, address)
      await once(socket, 'listening')
      return socket
    })
  )
  let sent = 0
  const begin = performance.now()
  while (performance.now() - begin < ms) {
    const due = Math.min(((performance.now() - begin) * rate) / 1000, (ms * rate) / 1000)
    while (sent < due) {
      sockets[sent % sockets.length].send(queryFor(`${label}${sent}.test`), port, '127.0.0.1')
      sent++
    }
    await sleep(2)
  }
  await sleep(3000)
  for (const socket of sockets) socket.close()
  counts.lost = sent - counts.NOERROR - counts.REFUSED - counts.SERVFAIL
  return counts
}

try {
  await main()
} finally {
  for (const close of toClose.reverse()) await close()
  rmSync(folder, { recursive: true, force: true })
}
end()
