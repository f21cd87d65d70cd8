// What `node:dgram` costs and nothing else: every datagram goes back with QR set. The measure that a server on the same
// sockets is held against. Prints its port when it listens.
import { createSocket } from 'node:dgram'

const socket = createSocket({
  type: 'udp4',
  recvBufferSize: 4 << 20,
  // The peer's address is numeric: asking the resolver for it costs a microsecond and a turn of the event loop.
  lookup: (host, _, done) => done(null, host, 4)
})
socket.on('message', (wire, peer) => {
  if (wire.length < 3) return
  wire[2] = (wire[2] as number) | 0x80
  socket.send(wire, peer.port, peer.address)
})
socket.bind(0, '127.0.0.1', () => process.stdout.write(`${socket.address().port}\n`))
