// How glibc sends the one or two queries for one name (`res_send`): servers in turn, tries, the fall-backs for a lost half
// of a pair, TCP after truncation. resolver-semantics.md §2.1 "Sending one step".
import type { Outgoing, Reply } from '../network.ts'
import type { Lookup } from '../process.ts'
import { Socket, type Arrival, type Steps } from '../session.ts'

const SERVFAIL = 2
const NOTIMP = 4
const REFUSED = 5

/** Milliseconds until the kernel gives a connection up that nobody answers (6 retries of SYN). */
const TCP_GIVES_UP_MS = 127_000
const EDNS_OCTETS = 1200

/** What one process remembers of its servers. */
export interface ServerMemory {
  /** Pairs are sent one after the other, from the first lost half on. */
  single: boolean
  /** The second of a pair goes out on a new socket. */
  reopen: boolean
  /** Where `rotate` begins next; -1 before the first lookup. */
  rotation: number
}

export interface Sent {
  /** `undefined` when no server could be made to answer. */
  readonly replies: readonly Reply[] | undefined
  /** Nothing came back from anywhere, not even in time: all servers turned the message away. */
  readonly turnedAway: boolean
  /** The first reply of the last try that had one: what is left in the buffer when all has failed. */
  readonly lastReply: Reply | undefined
}

/** What became of the queries at one server. */
type AtServer = 'next server' | 'over TCP' | readonly Reply[]

interface Sending extends Asked {
  readonly lookup: Lookup
  readonly memory: ServerMemory
  readonly name: string
  readonly sockets: (Socket | undefined)[]
  gotSomewhere: boolean
  lastReply: Reply | undefined
}

/** What is asked for one name. */
export interface Asked {
  /** Together, as a pair, or one. */
  readonly types: readonly string[]
  /** Half of a pair is no answer (`strict-error`). */
  readonly strict: boolean
  /** Never with OPT. */
  readonly plain: boolean
}

export function* sendQueries(lookup: Lookup, memory: ServerMemory, name: string, asked: Asked): Steps<Sent> {
  const { servers, attempts, switches } = lookup.config
  const sending: Sending = {
    lookup,
    memory,
    name,
    ...asked,
    sockets: [],
    gotSomewhere: false,
    lastReply: undefined
  }
  const first = nextRotation(lookup, memory)
  let tcp = switches.has('use-vc')
  let replies: readonly Reply[] | undefined
  for (let attempt = 0; attempt < attempts && replies === undefined; attempt++) {
    for (let at = 0; at < servers.length && replies === undefined; at++) {
      const server = (at + first) % servers.length
      let ended: AtServer = tcp ? 'over TCP' : yield* overUdp(sending, server)
      if (ended === 'over TCP') {
        // One try a server from here on.
        tcp = true
        attempt = attempts
        ended = yield* overTcp(sending, server)
      }
      if (typeof ended !== 'string') replies = ended
    }
  }
  for (const socket of sending.sockets) socket?.close()
  return { replies, turnedAway: replies === undefined && !sending.gotSomewhere, lastReply: sending.lastReply }
}

function nextRotation({ config, chance }: Lookup, memory: ServerMemory): number {
  if (!config.switches.has('rotate')) return 0
  memory.rotation = memory.rotation < 0 ? chance.integer(config.servers.length) : memory.rotation + 1
  return memory.rotation % config.servers.length
}

function send(
  sending: Sending,
  server: number,
  type: string,
  transport: 'udp' | 'tcp',
  socket: Socket
): void {
  const { session, config } = sending.lookup
  const message: Outgoing = {
    name: sending.name,
    type,
    transport,
    server: config.servers[server] as string,
    edns: config.switches.has('edns0') && !sending.plain ? EDNS_OCTETS : undefined,
    ad: config.switches.has('trust-ad') ? true : undefined
  }
  session.send(message, socket)
}

/** `timeout << index` seconds, shared out between the servers from the second on, at least one (§2.1). */
function patienceMs({ config }: Lookup, server: number): number {
  const seconds = (config.timeoutMs / 1000) * 2 ** server
  return 1000 * Math.max(1, server === 0 ? seconds : Math.trunc(seconds / config.servers.length))
}

/** One try at one server over UDP. */
function* overUdp(sending: Sending, server: number): Steps<AtServer> {
  const { lookup, memory, types } = sending
  const { session, config } = lookup
  const pair = types.length === 2
  // The reply that came first, as long as it can be used.
  let usable: Reply | undefined
  for (;;) {
    const single = pair && (memory.single || memory.reopen || config.switches.has('single-request'))
    const reopening = pair && (memory.reopen || config.switches.has('single-request-reopen'))
    const oneByOne = single || reopening
    let socket = (sending.sockets[server] ??= new Socket())
    const untilMs = session.nowMs + patienceMs(lookup, server)
    const got = new Set<string>()
    let sent = 1
    send(sending, server, types[0] as string, 'udp', socket)
    if (pair && !oneByOne) {
      send(sending, server, types[1] as string, 'udp', socket)
      sent = 2
    }
    const replies: Reply[] = []
    let arrival: Arrival | undefined
    while ((arrival = yield { untilMs, on: socket }) !== undefined) {
      const { query, reply } = arrival
      if (reply === undefined) {
        close(sending, server)
        return 'next server'
      }
      if (query.type === null || got.has(query.type)) continue
      sending.gotSomewhere = true
      if (got.size === 0) sending.lastReply = reply
      if (isFailure(reply)) {
        if (got.size > 0 && !sending.strict) return usable === undefined ? 'next server' : [usable]
        if (!pair || got.size > 0 || sent === 1) {
          close(sending, server)
          return 'next server'
        }
        // The other half may still be good.
        usable = undefined
        got.add(query.type)
        continue
      }
      if (reply.truncated) {
        close(sending, server)
        return 'over TCP'
      }
      got.add(query.type)
      replies.push(reply)
      usable ??= reply
      if (got.size === types.length) {
        if (sending.strict && replies.length < types.length) return 'next server'
        return replies
      }
      if (sent === 1) {
        if (reopening) {
          close(sending, server)
          socket = sending.sockets[server] = new Socket()
        }
        send(sending, server, types[1] as string, 'udp', socket)
        sent = 2
      }
    }
    // Time is over. Half of a pair is there: ask again one by one, then on a new socket, then make do with it.
    sending.gotSomewhere = true
    if (usable === undefined || replies.length === 0) return 'next server'
    if (!oneByOne) memory.single = true
    else if (!reopening) {
      memory.reopen = true
      close(sending, server)
    } else return [usable]
  }
}

function close(sending: Sending, server: number): void {
  sending.sockets[server]?.close()
  sending.sockets[server] = undefined
}

/** An answer that sends glibc to the next server: failures, and replies that promise nothing ("lame"). */
function isFailure(reply: Reply): boolean {
  if (reply.rcode === SERVFAIL || reply.rcode === NOTIMP || reply.rcode === REFUSED) return true
  return (
    reply.rcode === 0 &&
    reply.answers === 0 &&
    !reply.authoritative &&
    !reply.recursionAvailable &&
    reply.additional === 0 &&
    !reply.truncated
  )
}

/** The whole of the queries again over one connection, pipelined. Reply codes are not judged here, and nothing times out. */
function* overTcp(sending: Sending, server: number): Steps<AtServer> {
  const { session } = sending.lookup
  const socket = new Socket()
  for (const type of sending.types) send(sending, server, type, 'tcp', socket)
  const untilMs = session.nowMs + TCP_GIVES_UP_MS
  const replies: Reply[] = []
  while (replies.length < sending.types.length) {
    const arrival: Arrival | undefined = yield { untilMs, on: socket }
    if (arrival?.reply === undefined) {
      if (arrival !== undefined) break
      sending.gotSomewhere = true
      break
    }
    sending.gotSomewhere = true
    if (replies.length === 0) sending.lastReply = arrival.reply
    replies.push(arrival.reply)
  }
  socket.close()
  return replies.length === sending.types.length ? replies : 'next server'
}
