// A plain client: one query to a server on loopback, and the messages that come back.
import dgram from 'node:dgram'
import net from 'node:net'

/** One datagram there and one back; rejects when nothing came within two seconds. */
export function askUdp(port: number, wire: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const socket = dgram.createSocket('udp4')
    const end = (use: () => void) => {
      clearTimeout(timer)
      socket.close()
      use()
    }
    const timer = setTimeout(() => end(() => reject(new Error('no answer'))), 2000)
    socket.on('message', message => end(() => resolve(message)))
    socket.on('error', error => end(() => reject(error)))
    socket.send(wire, port, '127.0.0.1')
  })
}

/** Every message until `isLast` of one, or the server's end of the connection. */
export function askTcp(
  port: number,
  wire: Buffer,
  isLast: (message: Buffer) => boolean = () => true
): Promise<Buffer[]> {
  return new Promise((resolve, reject) => {
    const messages: Buffer[] = []
    let octets = Buffer.alloc(0)
    const socket = net.connect(port, '127.0.0.1')
    const timer = setTimeout(() => socket.destroy(new Error('no answer')), 2000)
    socket.on('data', chunk => {
      octets = Buffer.concat([octets, chunk])
      while (octets.length >= 2 && octets.length >= 2 + octets.readUInt16BE(0)) {
        const end = 2 + octets.readUInt16BE(0)
        const message = octets.subarray(2, end)
        octets = octets.subarray(end)
        messages.push(message)
        if (isLast(message)) socket.end()
      }
    })
    socket.on('error', reject)
    socket.on('close', () => {
      clearTimeout(timer)
      resolve(messages)
    })
    const length = Buffer.alloc(2)
    length.writeUInt16BE(wire.length)
    socket.write(Buffer.concat([length, wire]))
  })
}
