// How systemd-resolved 252 gets one name asked: a transaction for each type, servers whose features are found out by
// failure, and timers on a coarse grid. From src/resolve/resolved-dns-transaction.c and resolved-dns-server.c at 252.
import type { Chance, StepEnd } from '../model.ts'
import { isIPv6 } from '../names.ts'
import type { Reply } from '../network.ts'
import type { ResolverConfig } from '../resolv-conf/config.ts'
import { Socket, type Arrival, type SentQuery, type Session, type Steps } from '../session.ts'

const UDP_WAIT_MS = 5000
const TCP_WAIT_MS = 10_000
const ATTEMPTS_MAX = 24
/** Lost packets in a row after which a server is believed to lack a feature. */
const LOST_MAX = 3
/** sd-event wakes up on multiples of this, moved by a phase that each boot draws; a timer fires up to that much late. */
const GRID_MS = 250
/** What a packet may take on Ethernet: the payload sizes announced to a server of either family. */
const EDNS_OCTETS_IPV4 = 1472
const EDNS_OCTETS_IPV6 = 1452
/** Once one type has been found, the others get this long: their first retry, and a second more. */
const PARTIAL_WAIT_MS = UDP_WAIT_MS + 1000

/** Feature levels, each holding those below it. */
const Level = { tcp: 0, udp: 1, edns: 2 } as const
type Level = (typeof Level)[keyof typeof Level]

/** How a transaction ended: with a reply, or why without. */
export type TransactionEnd = Reply | 'attempts' | 'closed' | 'truncated' | 'timed out' | 'not waited for'

/** What resolved believes of one server. */
class ServerFeatures {
  possible: Level = Level.edns
  #verified: Level | undefined
  #lostUdp = 0
  #lostTcp = 0
  #truncated = false

  lost(overTcp: boolean, level: Level): void {
    if (this.possible !== level) return
    if (overTcp) this.#lostTcp++
    else this.#lostUdp++
  }

  received(overTcp: boolean, level: Level): void {
    if (this.possible === level) {
      if (overTcp) this.#lostTcp = 0
      else this.#lostUdp = 0
    }
    const shown = overTcp ? Level.tcp : level
    if (this.#verified === undefined || shown > this.#verified) this.#verified = shown
  }

  truncated(level: Level): void {
    if (this.possible === level) this.#truncated = true
  }

  /** A good reply came after an error had lowered the level. */
  lowered(level: Level): void {
    if (this.possible > level) this.#become(level)
  }

  /** The level for the next packet. Three lost in a row lower it; three at the lowest bring UDP back. */
  next(): Level {
    if (this.#verified !== undefined && this.possible <= this.#verified) this.possible = this.#verified
    else if (this.possible === Level.tcp) {
      if (this.#lostTcp >= LOST_MAX) this.#become(Level.udp)
    } else {
      const truncatedToNothing = this.#lostTcp >= LOST_MAX && this.#truncated && this.possible > Level.udp
      if (this.#lostUdp >= LOST_MAX || truncatedToNothing)
        this.#become(this.possible === Level.edns ? Level.udp : Level.tcp)
    }
    return this.possible
  }

  #become(level: Level): void {
    this.possible = level
    this.#lostUdp = 0
    this.#lostTcp = 0
    this.#truncated = false
  }
}

/** The servers of one resolved, kept from query to query. */
export class ResolvedServers {
  readonly #config: ResolverConfig
  readonly #features: readonly ServerFeatures[]
  readonly #phaseMs: number
  current = 0

  constructor(config: ResolverConfig, chance: Chance) {
    this.#config = config
    this.#features = config.servers.map(() => new ServerFeatures())
    this.#phaseMs = chance.integer(GRID_MS)
  }

  get count(): number {
    return this.#config.servers.length
  }

  address(server: number): string {
    return this.#config.servers[server]!
  }

  /** The payload size that its OPT record announces. */
  payload(server: number): number {
    return isIPv6(this.address(server)) ? EDNS_OCTETS_IPV6 : EDNS_OCTETS_IPV4
  }

  features(server: number): ServerFeatures {
    return this.#features[server]!
  }

  /** Moves on from `server`, unless that has been done. */
  leave(server: number): void {
    if (this.current === server) this.current = (server + 1) % this.count
  }

  /** When a timer set for `atMs` fires. */
  fires(atMs: number): number {
    return (Math.floor((atMs - this.#phaseMs) / GRID_MS) + 1) * GRID_MS + this.#phaseMs
  }
}

/** One type of one name, over as many packets as it takes. */
interface Transaction {
  readonly type: string
  /** -1 before the first packet. */
  server: number
  level: Level
  /** The level that errors, and NXDOMAIN, have lowered this transaction to. */
  errorLevel: Level | undefined
  nameErrorLevel: Level | undefined
  picked: number
  attempts: number
  udp: Socket | undefined
  stream: Socket | undefined
  overTcp: boolean
  deadlineMs: number
}

export class Transactions {
  readonly #servers: ResolvedServers
  readonly #session: Session
  readonly #startMs: number
  readonly #name: string
  readonly #open = new Set<Transaction>()
  readonly #ends: TransactionEnd[] = []
  readonly #sentBy = new Map<SentQuery, Transaction>()
  readonly #streams = new Map<number, Socket>()
  /** When what is there will have to do. */
  #partialMs = Infinity

  constructor(servers: ResolvedServers, session: Session, startMs: number, name: string) {
    this.#servers = servers
    this.#session = session
    this.#startMs = startMs
    this.#name = name
  }

  /** Asks for all `types` at once; what is still open at `untilMs` has timed out. */
  *run(types: readonly string[], untilMs: number): Steps<readonly TransactionEnd[]> {
    for (const type of types) {
      const transaction: Transaction = {
        type,
        server: -1,
        level: Level.edns,
        errorLevel: undefined,
        nameErrorLevel: undefined,
        picked: 0,
        attempts: 0,
        udp: undefined,
        stream: undefined,
        overTcp: false,
        deadlineMs: Infinity
      }
      this.#open.add(transaction)
      this.#go(transaction)
    }
    while (this.#open.size > 0) {
      const deadlines = [...this.#open].map(({ deadlineMs }) => deadlineMs)
      const arrival = yield { untilMs: Math.min(untilMs, this.#partialMs, ...deadlines) }
      if (arrival !== undefined) this.#take(arrival)
      else if (this.#session.nowMs >= Math.min(untilMs, this.#partialMs)) break
      else this.#timeOut()
    }
    const late = this.#session.nowMs >= this.#partialMs ? 'not waited for' : 'timed out'
    return [...this.#ends, ...[...this.#open].map(() => late as TransactionEnd)]
  }

  #go(transaction: Transaction): void {
    if (transaction.attempts >= ATTEMPTS_MAX) return this.#end(transaction, 'attempts')
    transaction.attempts++
    this.#pickServer(transaction)
    this.#send(transaction, transaction.level === Level.tcp)
  }

  #pickServer(transaction: Transaction): void {
    const server = this.#servers.current
    if (server !== transaction.server) {
      transaction.server = server
      transaction.errorLevel = undefined
      transaction.nameErrorLevel = undefined
      transaction.picked++
      transaction.udp?.close()
      transaction.udp = undefined
    }
    const { errorLevel = Level.edns, nameErrorLevel = Level.edns } = transaction
    const possible = this.#servers.features(server).next()
    transaction.level = Math.min(possible, errorLevel, nameErrorLevel) as Level
  }

  /** A truncated reply is followed up over TCP with the timer of the UDP packet. */
  #send(transaction: Transaction, overTcp: boolean, timer: 'new' | 'running' = 'new'): void {
    const socket = overTcp ? this.#stream(transaction.server) : (transaction.udp ??= new Socket())
    const sent = this.#session.send(
      {
        name: this.#name,
        type: transaction.type,
        transport: overTcp ? 'tcp' : 'udp',
        server: this.#servers.address(transaction.server),
        ...(transaction.level === Level.edns ? { edns: this.#servers.payload(transaction.server) } : {})
      },
      socket
    )
    this.#sentBy.set(sent, transaction)
    transaction.overTcp = overTcp
    transaction.stream = overTcp ? socket : undefined
    if (timer === 'new') transaction.deadlineMs = this.#fires(overTcp ? TCP_WAIT_MS : UDP_WAIT_MS)
  }

  #fires(afterMs: number): number {
    return this.#servers.fires(this.#startMs + this.#session.nowMs + afterMs) - this.#startMs
  }

  /** Transactions with one server share a TCP connection. */
  #stream(server: number): Socket {
    const known = this.#streams.get(server)
    if (known !== undefined) return known
    const stream = new Socket()
    this.#streams.set(server, stream)
    return stream
  }

  /** A silent or broken connection is not used again; whoever comes next opens another. */
  #dropStream({ server, stream }: Transaction): void {
    if (stream !== undefined && this.#streams.get(server) === stream) this.#streams.delete(server)
  }

  #timeOut(): void {
    for (const transaction of [...this.#open]) {
      if (transaction.deadlineMs > this.#session.nowMs) continue
      this.#lost(transaction)
      this.#dropStream(transaction)
      this.#retry(transaction, 'next server')
    }
  }

  #lost(transaction: Transaction): void {
    this.#servers.features(transaction.server).lost(transaction.overTcp, transaction.level)
  }

  #retry(transaction: Transaction, where: 'same server' | 'next server'): void {
    if (where === 'next server') this.#servers.leave(transaction.server)
    this.#go(transaction)
  }

  #take({ query, reply, socket }: Arrival): void {
    const transaction = this.#sentBy.get(query)
    if (transaction === undefined || !this.#open.has(transaction)) return
    if (reply === undefined) {
      this.#turnedAway(transaction, socket)
      return
    }
    const { rcode } = reply
    const features = this.#servers.features(transaction.server)
    const triedAll = transaction.picked >= this.#servers.count
    if (rcode === 1 || rcode === 2 || rcode === 4) {
      if (transaction.level > Level.udp) return this.#tryLower(transaction, rcode)
      if (!triedAll) return this.#retry(transaction, 'next server')
    } else if (rcode === 5 && !triedAll) return this.#retry(transaction, 'next server')
    if (reply.truncated) {
      if (query.transport === 'tcp') return this.#end(transaction, 'truncated')
      features.truncated(transaction.level)
      this.#send(transaction, true, 'running')
      return
    }
    if (
      rcode === 3 &&
      transaction.level === Level.edns &&
      query.transport === 'udp' &&
      query.edns !== undefined
    ) {
      // Some captive portals answer NXDOMAIN to EDNS alone.
      transaction.nameErrorLevel = Level.udp
      return this.#retry(transaction, 'same server')
    }
    if ((rcode === 0 || rcode === 3) && transaction.errorLevel !== undefined)
      features.lowered(transaction.errorLevel)
    features.received(query.transport === 'tcp', transaction.level)
    this.#end(transaction, reply)
  }

  /** The first SERVFAIL is asked about once more as it was; other errors, and the second, without EDNS. */
  #tryLower(transaction: Transaction, rcode: number): void {
    const onceMore = rcode === 2 && transaction.errorLevel === undefined
    transaction.errorLevel = onceMore ? transaction.level : Level.udp
    this.#retry(transaction, 'same server')
  }

  #turnedAway(transaction: Transaction, socket: Socket): void {
    this.#lost(transaction)
    socket.close()
    transaction.udp = undefined
    this.#dropStream(transaction)
    if (transaction.picked < this.#servers.count) this.#retry(transaction, 'next server')
    else this.#end(transaction, 'closed')
  }

  #end(transaction: Transaction, end: TransactionEnd): void {
    this.#open.delete(transaction)
    this.#ends.push(end)
    const found = typeof end !== 'string' && end.rcode === 0
    if (found && this.#partialMs === Infinity) this.#partialMs = this.#fires(PARTIAL_WAIT_MS)
  }
}

const endsByRcode: readonly (StepEnd | undefined)[] = [
  undefined,
  'FORMERR',
  'SERVFAIL',
  'NXDOMAIN',
  'NOTIMP',
  'REFUSED'
]

/** How a name ended whose transactions all failed, by the first of them. */
export function failureOf(end: TransactionEnd | undefined): StepEnd {
  if (end === undefined) return 'other'
  if (end === 'closed') return 'closed'
  if (end === 'truncated') return 'other'
  if (typeof end === 'string') return 'timeout'
  return endsByRcode[end.rcode] ?? 'other'
}
