import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import t from 'tap'
import { portHolder } from '../../src/server/port-holder.ts'

/** What can be known: the kernel's tables are Linux's. */
const hasTables = existsSync('/proc/net/tcp')
const ourselves = hasTables
  ? { pid: process.pid, name: readFileSync('/proc/self/comm', 'utf8').trim() }
  : undefined

for (const host of ['127.0.0.1', '0.0.0.0']) {
  t.test(`a TCP listener on ${host}`, async t => {
    const server = createServer().listen(0, host)
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    t.same(portHolder(port), ourselves)
    const closed = once(server, 'close')
    server.close()
    await closed
    t.equal(portHolder(port), undefined, 'free again')
  })

  t.test(`a UDP socket on ${host}`, async t => {
    const socket = createSocket('udp4').bind(0, host)
    await once(socket, 'listening')
    const { port } = socket.address()
    t.same(portHolder(port), ourselves)
    const closed = once(socket, 'close')
    socket.close()
    await closed
    t.equal(portHolder(port), undefined, 'free again')
  })
}

t.test('a port that cannot be', t => {
  t.equal(portHolder(70_000), undefined)
  t.end()
})
