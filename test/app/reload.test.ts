// A configuration that takes another one's place while questions come in.
import dgram from 'node:dgram'
import { once } from 'node:events'
import net from 'node:net'
import packet from 'dns-packet'
import t from 'tap'
import { CorefileError } from '../../src/corefile/position.ts'
import { service } from '../cluster/index/support.ts'
import { MemorySource } from '../support/memory-source.ts'
import { queryWire } from '../support/messages.ts'
import { runApp, testRuntime } from '../support/running-app.ts'

const corefile = (ttl: number, more = '') =>
  `.:53 {\n  health :8080\n  ready\n  prometheus :9153\n  kubernetes cluster.local {\n    ttl ${ttl}\n  }\n${more}}\n`

const NAME = 'web.shop.svc.cluster.local'

function cluster(): MemorySource {
  const source = new MemorySource()
  source.put({ kind: 'Namespace', name: 'shop', labels: {} })
  source.put(service('shop', 'web', { clusterIPs: ['10.96.0.7'] }))
  return source
}

const ttlOf = (message: Buffer): number => {
  const [record] = packet.decode(message).answers ?? []
  return record?.type === 'A' && record.data === '10.96.0.7' ? (record.ttl ?? -1) : -1
}

/** Asks over UDP every half a millisecond or so, until told to stop; then says which TTLs came, and what was lost. */
function askAll(port: number) {
  const socket = dgram.createSocket('udp4')
  const ttls = new Map<number, number>()
  let asked = 0
  let answered = 0
  socket.on('message', message => {
    answered++
    ttls.set(ttlOf(message), (ttls.get(ttlOf(message)) ?? 0) + 1)
  })
  const timer = setInterval(() => {
    for (let n = 0; n < 2; n++) socket.send(queryWire(NAME, 'A', { id: asked++ & 0xffff }), port, '127.0.0.1')
  }, 1)
  return {
    async stop() {
      clearInterval(timer)
      for (let n = 0; n < 200 && answered < asked; n++) await new Promise(resolve => setTimeout(resolve, 10))
      socket.close()
      return { lost: asked - answered, asked, ttls }
    }
  }
}

/** Asks once on a connection that stays. */
async function askOn(socket: net.Socket): Promise<number> {
  const wire = queryWire(NAME, 'A')
  const frame = Buffer.concat([Buffer.of(wire.length >> 8, wire.length & 255), wire])
  socket.write(frame)
  const [chunk] = (await once(socket, 'data')) as [Buffer]
  return ttlOf(chunk.subarray(2))
}

t.test('no answer is lost or wrong; sockets, connections and cluster state stay', async t => {
  const source = cluster()
  let starts = 0
  let closes = 0
  const start = source.start.bind(source)
  source.start = () => {
    starts++
    return start()
  }
  source.close = () => {
    closes++
    return Promise.resolve()
  }
  const running = await runApp(corefile(5), source)
  t.teardown(() => running.stop())
  const socket = net.connect(running.port, '127.0.0.1')
  t.equal(await askOn(socket), 5)
  const asker = askAll(running.port)
  for (let round = 0; round < 20; round++) {
    const ttl = round % 2 === 0 ? 30 : 5
    await running.reload(corefile(ttl))
    t.equal(await askOn(socket), ttl, 'the same connection has the new answer at once')
  }
  const { lost, asked, ttls } = await asker.stop()
  t.equal(lost, 0)
  t.ok(asked > 20)
  t.strictSame([...ttls.keys()].sort(), [30, 5].sort())
  t.equal(starts, 1)
  t.equal(closes, 0)
  source.put(service('shop', 'late', { clusterIPs: ['10.96.0.8'] }))
  socket.destroy()
})

t.test('what fails leaves everything as it was', async t => {
  const taken = net.createServer().listen(0, '127.0.0.1')
  await once(taken, 'listening')
  const { port: takenPort } = taken.address() as net.AddressInfo
  const running = await runApp(corefile(5), cluster())
  t.teardown(async () => {
    await running.stop()
    taken.close()
  })
  const socket = net.connect(running.port, '127.0.0.1')
  const health = running.addresses.http['health']!
  const metrics = running.addresses.http['metrics']!
  const isWell = async () => {
    const replies = [
      await fetch(`http://127.0.0.1:${health.port}/health`),
      await fetch(`http://127.0.0.1:${metrics.port}/metrics`)
    ]
    const text = await replies[1]!.text()
    t.equal(text.match(/^coredns_build_info/gm)?.length, 1)
    return Math.max(...replies.map(reply => reply.status))
  }
  const failing: readonly (readonly [string, RegExp])[] = [
    [corefile(30, '  nonsense\n'), /Unknown directive 'nonsense'/],
    [corefile(30, '  errors {\n    nope\n  }\n'), /plugin\/errors: Corefile:\d+/],
    [corefile(30, '  import nowhere\n'), /nowhere/],
    [corefile(30) + `tls://.:${takenPort} {\n  bind nosuchinterface\n}\n`, /nosuchinterface/]
  ]
  for (const [text, reason] of failing) {
    await t.rejects(running.reload(text), reason)
    t.equal(await askOn(socket), 5)
    t.equal(await isWell(), 200)
  }
  await t.rejects(running.reload(corefile(30, '  nonsense\n')), CorefileError)
  await running.reload(corefile(30))
  t.equal(await askOn(socket), 30, 'and a good one is taken afterwards')
  await running.reload(corefile(5))
  t.equal(await isWell(), 200)
  socket.destroy()
})

t.test('listeners come and go; a port that is taken keeps the old ones', async t => {
  const taken = net.createServer().listen(0, '127.0.0.1')
  await once(taken, 'listening')
  const free = net.createServer().listen(0, '127.0.0.1')
  await once(free, 'listening')
  const ports = [taken, free].map(server => (server.address() as net.AddressInfo).port)
  free.close()
  await once(free, 'close')
  const block = (port: number, ttl: number) =>
    `cluster.local:${port} {\n  bind 127.0.0.1\n  kubernetes {\n    ttl ${ttl}\n  }\n}\n`
  const running = await runApp(block(0, 5), cluster(), testRuntime(), '.', null)
  t.teardown(async () => {
    await running.stop()
    taken.close()
  })
  const old = net.connect(running.port, '127.0.0.1')
  t.equal(await askOn(old), 5)
  await t.rejects(running.reload(block(0, 9) + block(ports[0]!, 9)), /in use/)
  t.equal(await askOn(old), 5)
  await running.reload(block(ports[1]!, 9))
  const fresh = net.connect(ports[1]!, '127.0.0.1')
  t.equal(await askOn(fresh), 9)
  t.strictSame(
    running.app.zoneLines.map(line => line.replace(/\d+ on/, 'PORT on')),
    ['cluster.local.:PORT on 127.0.0.1']
  )
  const gone = net.connect(running.port, '127.0.0.1')
  const [error] = (await once(gone, 'error')) as [NodeJS.ErrnoException]
  t.equal(error.code, 'ECONNREFUSED')
  fresh.destroy()
  old.destroy()
})

t.test('reloads one after another, and none once the server stops', async t => {
  const running = await runApp(corefile(5), cluster())
  const reloads = [7, 8, 9].map(ttl => running.reload(corefile(ttl)))
  await Promise.all(reloads)
  const socket = net.connect(running.port, '127.0.0.1')
  t.equal(await askOn(socket), 9)
  socket.destroy()
  const stopping = running.stop()
  await t.rejects(running.reload(corefile(6)), /stopping/)
  await stopping
})
