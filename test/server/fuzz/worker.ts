// The part of the fuzz test that may hang, in a thread of its own: a server of several blocks over an odd cluster, and
// message after message. What is being asked stands in shared memory, so that the watchdog can tell.
import { parentPort, workerData } from 'node:worker_threads'
import packet from 'dns-packet'
import fc from 'fast-check'
import { accept } from '../../../src/dns/accept.ts'
import { foreignAnswer, isResponseTo } from '../../../src/dns/foreign-answer.ts'
import type { Handler } from '../../../src/dns/plugin.ts'
import { derivedQuery, type TransportKind } from '../../../src/dns/query.ts'
import { emptyAnswer } from '../../../src/dns/response.ts'
import { kubernetesPlugin } from '../../../src/plugins/kubernetes/setup.ts'
import { transferPlugin } from '../../../src/plugins/transfer/setup.ts'
import { Responder } from '../../../src/server/respond.ts'
import { ZoneRouter } from '../../../src/server/zone-router.ts'
import { encodeName } from '../../../src/wire/name.ts'
import { readMessage } from '../../../src/wire/message.ts'
import { endOfQuestion, endOfRecord, read16 } from '../../../src/wire/records.ts'
import { HEADER_OCTETS, Rcode } from '../../../src/wire/numbers.ts'
import { setupBlocks, testRuntime, testShared } from '../../support/blocks.ts'
import { MemorySource } from '../../support/memory-source.ts'
import { testListener } from '../../support/messages.ts'
import { ZONES, clientMessage, upstream, upstreamMessage, type Upstream } from './messages.ts'
import { oddCluster } from './odd-cluster.ts'

export interface FuzzRun {
  readonly seed: number
  readonly runs: number
  /** A call that takes longer, three times in a row, fails the test. */
  readonly callMsMax: number
  /** How many calls began, whether one is under way, its message's length, its message. */
  readonly shared: SharedArrayBuffer
}

export interface FuzzReport {
  /** Empty when every response was as it must be. */
  readonly failure: string
  /** How many responses had each rcode; messages of transfers counted one by one. */
  readonly rcodes: Readonly<Record<string, number>>
  readonly withRecords: number
  readonly longestMs: number
}

const COREFILE = `
.:53 {
  transfer {
    to *
  }
  kubernetes cluster.local clusterset.local in-addr.arpa ip6.arpa {
    pods insecure
    multicluster clusterset.local
    zonal
    fallthrough in-addr.arpa
  }
}
k8s:53 {
  transfer {
    to 192.0.2.7
  }
  kubernetes {
    pods verified
    endpoint_pod_names
    ignore empty_service
  }
}
${ZONES.at(-1)!}:53 {
  transfer {
    to *
  }
  kubernetes {
    pods insecure
  }
}
`

class Server {
  /** What the other server says next. */
  upstream: Upstream | undefined
  readonly failures: unknown[] = []
  readonly #responder: Responder

  private constructor(router: (last: Handler) => ZoneRouter) {
    this.#responder = new Responder({
      router: router({
        answer: query => {
          const wire = upstreamMessage(query.wire, query.questionEnd, this.upstream!)
          const answer = isResponseTo(query.wire, query.questionEnd, wire) && foreignAnswer(query, wire)
          return answer ? answer : emptyAnswer(query, Rcode.SERVFAIL)
        }
      }),
      anyClass: true,
      dropped: () => undefined,
      failed: (_, error) => this.failures.push(error)
    })
  }

  static async start(): Promise<Server> {
    const source = new MemorySource()
    for (const object of oddCluster()) source.put(object)
    const runtime = { ...testRuntime(), network: { interfaces: () => addresses } }
    const servers: Server[] = []
    const shared = testShared(runtime, {
      clusterSource: () => ({ key: 'test', make: () => source }),
      lookup: (name, qtype, query) => servers[0]!.#responder.lookup(derivedQuery(query, name, qtype))
    })
    const server = new Server(last => {
      const blocks = setupBlocks(COREFILE, [kubernetesPlugin, transferPlugin], shared, last)
      return new ZoneRouter(
        blocks.map(block => [encodeName(block.context.keys[0]!.zone), block.chain] as const)
      )
    })
    servers.push(server)
    await shared.clusters.start()
    return server
  }

  respond(wire: Buffer, transport: TransportKind) {
    return this.#responder.respond(wire, transport, { address: '192.0.2.7', port: 40_000 }, testListener)
  }
}

const addresses = ['10.0.0.1', 'fd00::1'].map(address => ({
  name: 'test0',
  address,
  internal: false,
  linkLocal: false
}))

class Fuzz {
  readonly #run: FuzzRun
  readonly #server: Server
  readonly #counters: Int32Array
  readonly #octets: Uint8Array
  readonly rcodes: Record<string, number> = {}
  withRecords = 0
  longestMs = 0

  constructor(run: FuzzRun, server: Server) {
    this.#run = run
    this.#server = server
    this.#counters = new Int32Array(run.shared, 0, 3)
    this.#octets = new Uint8Array(run.shared, 12)
  }

  /** Throws what fast-check found, the smallest message that shows it included. */
  all(): void {
    const { seed, runs } = this.#run
    const transport = fc.constantFrom<TransportKind>('udp', 'tcp')
    fc.assert(
      fc.property(clientMessage, transport, upstream, (wire, kind, said) => this.#one(wire, kind, said)),
      { seed, numRuns: runs, interruptAfterTimeLimit: 600_000 }
    )
  }

  #one(wire: Buffer, transport: TransportKind, said: Upstream): void {
    this.#server.upstream = said
    let responses = this.#timed(wire, transport)
    for (let again = 0; again < 2 && responses.ms > this.#run.callMsMax; again++) {
      const second = this.#timed(wire, transport)
      if (second.ms < responses.ms) responses = second
    }
    this.longestMs = Math.max(this.longestMs, responses.ms)
    if (responses.ms > this.#run.callMsMax)
      throw new Error(`took ${responses.ms.toFixed()} ms: ${wire.toString('hex')}`)
    const error = this.#server.failures.pop()
    if (error !== undefined) throw new Error('a plugin threw', { cause: error })
    for (const response of responses.messages) this.#check(wire, transport, response)
  }

  #timed(wire: Buffer, transport: TransportKind): { messages: Buffer[]; ms: number } {
    const counters = this.#counters
    this.#octets.set(wire.subarray(0, this.#octets.length))
    Atomics.store(counters, 2, wire.length)
    Atomics.store(counters, 1, 1)
    Atomics.add(counters, 0, 1)
    const start = performance.now()
    const response = this.#server.respond(Buffer.from(wire), transport)
    const ms = performance.now() - start
    if (response instanceof Promise) throw new Error('nothing here waits')
    const messages: Buffer[] = []
    if (Buffer.isBuffer(response)) messages.push(response)
    else for (const message of response ?? []) messages.push(Buffer.from(message))
    Atomics.store(counters, 1, 0)
    return { messages, ms }
  }

  #check(wire: Buffer, transport: TransportKind, response: Buffer): void {
    const flags = read16(response, 2)
    const rcode = flags & 0xf
    this.rcodes[rcode] = (this.rcodes[rcode] ?? 0) + 1
    if (read16(response, 0) !== read16(wire, 0)) throw new Error('the id is another one')
    if (flags < 0x8000) throw new Error('QR is not set')
    if (((flags ^ read16(wire, 2)) & 0x7800) !== 0) throw new Error('the opcode is another one')
    const query = accept(wire, transport, { address: '192.0.2.7', port: 40_000 }, testListener)
    if (typeof query === 'string' && rcode !== Rcode.FORMERR && rcode !== Rcode.NOTIMP)
      throw new Error(`rcode ${rcode} for a message that is no query`)
    const sizeMax = typeof query === 'string' ? 512 : query.sizeMax
    if (response.length > sizeMax) throw new Error(`${response.length} octets where ${sizeMax} are allowed`)
    if (typeof query !== 'string') {
      const question = query.wire.subarray(HEADER_OCTETS, query.questionEnd)
      const echoed = response.subarray(HEADER_OCTETS, query.questionEnd)
      if (question.toString('latin1').toLowerCase() !== echoed.toString('latin1').toLowerCase())
        throw new Error('the question is another one')
    }
    if (endOfMessage(response) !== response.length)
      throw new Error(
        `records end at ${endOfMessage(response)} of ${response.length}: ${response.toString('hex')}`
      )
    const message = readMessage(response)
    if (message === undefined) throw new Error(`not readable: ${response.toString('hex')}`)
    // What was forwarded is passed on octet for octet, and the other decoder is stricter about pointers.
    const isOurs = (flags & 0x0400) !== 0
    if (message.answers.length > 0) this.withRecords++
    if (isOurs && read16(response, 4) === 1 && message.answers.length < 200) packet.decode(response)
  }
}

/** Offset after the last record that the counts promise; -1 when one of them isn't there. */
function endOfMessage(wire: Buffer): number {
  let at = HEADER_OCTETS
  for (let left = read16(wire, 4); left > 0 && at >= 0; left--) at = endOfQuestion(wire, at)
  for (let left = read16(wire, 6) + read16(wire, 8) + read16(wire, 10); left > 0 && at >= 0; left--) {
    at = endOfRecord(wire, at)
  }
  return at
}

const run = workerData as FuzzRun
const fuzz = new Fuzz(run, await Server.start())
let failure = ''
try {
  fuzz.all()
} catch (error) {
  failure = error instanceof Error ? `${error.message}\n${String(error.cause)}` : String(error)
}
const { rcodes, withRecords, longestMs } = fuzz
parentPort?.postMessage({ failure, rcodes, withRecords, longestMs } satisfies FuzzReport)
