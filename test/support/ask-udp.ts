// One question to a server on loopback, over UDP.
import dgram from 'node:dgram'
import { decodeText, queryWire, type QueryFields, type ResponseText } from './messages.ts'

/** What came back; rejects when nothing comes within 3 seconds. */
export function askUdp(
  port: number,
  name: string,
  type = 'A',
  fields: QueryFields = {}
): Promise<ResponseText> {
  return exchangeUdp(port, queryWire(name, type, fields)).then(decodeText)
}

/** As `askUdp`, in octets. */
export function exchangeUdp(port: number, wire: Uint8Array): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const socket = dgram.createSocket('udp4')
    const handle = setTimeout(() => {
      socket.close()
      reject(new Error('no response'))
    }, 3000)
    socket.once('message', response => {
      clearTimeout(handle)
      socket.close()
      resolve(response)
    })
    socket.send(wire, port, '127.0.0.1')
  })
}
