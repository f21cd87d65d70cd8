// What forwarded questions are answered by: a server that gives each name of the second query file what public names
// have. Prints its port when it listens, and on SIGTERM how often it was asked.
import { createSocket } from 'node:dgram'

/** Longer than any cache of the benchmark keeps an answer. */
const TTL = '00000e10'
/** Small, as the name's own pointer. */
const OWNER = 'c00c'
const ALIASED = 'w'.charCodeAt(0)
const AAAA = 28

let asked = 0
const socket = createSocket({
  type: 'udp4',
  recvBufferSize: 4 << 20,
  lookup: (host, _, done) => done(null, host, 4)
})
socket.on('message', (wire, peer) => {
  asked++
  let end = 12
  while (wire[end] !== 0) end += (wire[end] as number) + 1
  end += 5
  const records = recordsFor(wire, end)
  const reply = Buffer.concat([wire.subarray(0, end), ...records])
  reply.writeUInt16BE(0x8180, 2)
  reply.writeUInt16BE(records.length, 6)
  reply.fill(0, 8, 12)
  socket.send(reply, peer.port, peer.address)
})
socket.bind(0, '127.0.0.1', () => process.stdout.write(`${socket.address().port}\n`))
process.once('SIGTERM', () => {
  process.stdout.write(`${asked}\n`)
  socket.close()
})

/** `www` names are aliases with two addresses, all others have one. */
function recordsFor(wire: Buffer, questionEnd: number): Buffer[] {
  const isAaaa = wire[questionEnd - 3] === AAAA
  const address = (owner: string, last: string) =>
    Buffer.from(
      isAaaa
        ? `${owner}001c0001${TTL}001020010db800000000000000000000000${last}`
        : `${owner}00010001${TTL}0004c633640${last}`,
      'hex'
    )
  if (((wire[13] as number) | 0x20) !== ALIASED) return [address(OWNER, '1')]
  // `edge` before the name itself.
  const target = (0xc000 | (questionEnd + 12)).toString(16)
  const alias = Buffer.from(`${OWNER}00050001${TTL}00070465646765${OWNER}`, 'hex')
  return [alias, address(target, '1'), address(target, '2')]
}
