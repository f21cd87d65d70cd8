// The engine on a bare `node:dgram` socket, with changes from inside if asked for (argument: changes a second). Prints
// its port when it listens.
import { createSocket } from 'node:dgram'
import { QUERIED_CLUSTER, ServiceFacts } from './cluster.ts'
import { makeEngine } from './engine.ts'

/** Changes come in small bursts, as watch events do. */
const BURST_MS = 5

const changesPerSecond = Number(process.argv[2] ?? 0)
const { index, responder } = makeEngine(QUERIED_CLUSTER)
const listener = { label: 'dns://127.0.0.1:0', address: '127.0.0.1', port: 0 }
const socket = createSocket({
  type: 'udp4',
  recvBufferSize: 4 << 20,
  lookup: (host, _, done) => done(null, host, 4)
})
socket.on('message', (wire, peer) => {
  const response = responder.respond(wire, 'udp', peer, listener)
  if (response instanceof Buffer) socket.send(response, peer.port, peer.address)
})
socket.bind(0, '127.0.0.1', () => process.stdout.write(`${socket.address().port}\n`))

if (changesPerSecond > 0) {
  const start = performance.now()
  let made = 0
  setInterval(() => {
    const due = ((performance.now() - start) / 1000) * changesPerSecond
    for (; made < due; made++) {
      const facts = new ServiceFacts((made * 7919) % QUERIED_CLUSTER.services, QUERIED_CLUSTER)
      index.put(facts.slice(1 + (Math.floor(made / QUERIED_CLUSTER.services) % 2)))
    }
  }, BURST_MS)
}
