import t from 'tap'
import { systemTurn } from '../../../src/runtime/turn.ts'
import { ConnectionTable } from '../../../src/server/transport/connection-table.ts'
import { listenPair } from '../../../src/server/transport/listen-pair.ts'
import { TcpTransport } from '../../../src/server/transport/tcp.ts'
import type { Transport } from '../../../src/server/transport/transport.ts'
import { UdpTransport } from '../../../src/server/transport/udp.ts'
import { options } from './support.ts'

const base = options(wire => wire)
const table = new ConnectionTable({ clock: base.clock, nextTurn: systemTurn, connectionsMax: 10 })
const makeTcp = (port: number) => new TcpTransport({ ...base, port, table })
const makeUdp = (port: number) => new UdpTransport({ ...base, port })

t.test('port 0: the same free port for both', async t => {
  const { tcp, udp } = await listenPair(0, makeTcp, makeUdp)
  t.ok(tcp.info.port > 0)
  t.equal(udp.info.port, tcp.info.port)
  await tcp.close()
  await udp.close()
})

t.test('UDP is taken on the port asked for: an error, and TCP is free again', async t => {
  const holder = makeUdp(0)
  await holder.listen()
  const { port } = holder.info
  await t.rejects(listenPair(port, makeTcp, makeUdp), { code: 'EADDRINUSE', syscall: 'bind' })
  const tcp = makeTcp(port)
  await tcp.listen()
  await tcp.close()
  await holder.close()
})

t.test('TCP is taken on the port asked for: UDP is not touched', async t => {
  const holder = makeTcp(0)
  await holder.listen()
  const { port } = holder.info
  const made: number[] = []
  const countedUdp = (actual: number) => {
    made.push(actual)
    return makeUdp(actual)
  }
  await t.rejects(listenPair(port, makeTcp, countedUdp), { code: 'EADDRINUSE', syscall: 'listen' })
  t.same(made, [])
  await holder.close()
})

/** A transport that listens or not as it is told, and remembers whether it is open. */
function pretended(kind: 'tcp' | 'udp', port: number, failure?: string) {
  const transport: Transport & { isOpen: boolean } = {
    kind,
    info: { label: '', address: '', port },
    isOpen: false,
    async listen() {
      if (failure !== undefined) throw Object.assign(new Error(failure), { code: failure })
      this.isOpen = true
    },
    stopReceiving: async () => undefined,
    async close() {
      this.isOpen = false
    }
  }
  return transport
}

const attempts: readonly {
  readonly name: string
  readonly port: number
  /** What UDP meets, one attempt after another; then it listens. */
  readonly failures: readonly string[]
  readonly rejects: boolean
  readonly tried: number
}[] = [
  { name: 'another free port is tried', port: 0, failures: ['EADDRINUSE'], rejects: false, tried: 2 },
  {
    name: 'and up to 16',
    port: 0,
    failures: Array(15).fill('EADDRINUSE') as string[],
    rejects: false,
    tried: 16
  },
  {
    name: 'and no more',
    port: 0,
    failures: Array(16).fill('EADDRINUSE') as string[],
    rejects: true,
    tried: 16
  },
  { name: 'not after another error', port: 0, failures: ['EACCES'], rejects: true, tried: 1 },
  { name: 'not for a port that is asked for', port: 53, failures: ['EADDRINUSE'], rejects: true, tried: 1 }
]

for (const { name, port, failures, rejects, tried } of attempts) {
  t.test(`UDP fails: ${name}`, async t => {
    const made: { isOpen: boolean }[] = []
    let nextPort = 1000
    const tcp = () => {
      const one = pretended('tcp', port === 0 ? nextPort++ : port)
      made.push(one)
      return one
    }
    const asked: number[] = []
    const udp = (actual: number) => {
      const one = pretended('udp', actual, failures[asked.length])
      asked.push(actual)
      made.push(one)
      return one
    }
    const pair = listenPair(port, tcp, udp)
    if (rejects) await t.rejects(pair, { code: failures.at(-1)! })
    else t.equal((await pair).udp.info.port, (await pair).tcp.info.port)
    t.equal(asked.length, tried)
    t.equal(made.filter(one => one.isOpen).length, rejects ? 0 : 2, 'nothing else is left open')
  })
}
