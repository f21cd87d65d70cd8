// The engine on a bare `node:dgram` socket. Prints its port when it listens.
import { createSocket } from 'node:dgram'
import { QUERIED_CLUSTER } from './cluster.ts'
import { makeEngine } from './engine.ts'

const { responder } = makeEngine(QUERIED_CLUSTER)
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
