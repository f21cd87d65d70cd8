// One question as it came in, readable without a copy. Everything a plugin may ask of a query is here; `accept` makes it.
import { formatName, nameKey, type Name, type NameKey } from '../wire/name.ts'
import { Flag, HEADER_OCTETS, Opcode, Rclass, rclassName, rtypeName } from '../wire/numbers.ts'
import { write16 } from '../wire/records.ts'
import type { Trace } from './trace.ts'

export type TransportKind = 'udp' | 'tcp' | 'tls' | 'https'

/** Who asks. IPv6 addresses without brackets, with their zone (`fe80::1%eth0`) where there is one. */
export interface Peer {
  readonly address: string
  readonly port: number
}

/** Where a query arrived: one listener of the server. */
export interface ListenerInfo {
  /** As CoreDNS's `server` label: `dns://:53`, `tls://127.0.0.1:853`. */
  readonly label: string
  /** The local address, as `{local}` in log lines: `[::]` on a wildcard listener. */
  readonly address: string
  readonly port: number
}

/**
 * No query waits longer on the network, from its arrival, in milliseconds: the five seconds after which resolvers and dig
 * stop listening, less what timers and the way back take.
 */
export const QUERY_LIMIT_MS = 4900

/** What the answer to a query has to do with state that changes under way: whether, and how long, it may be kept. */
export const LiveUse = {
  /** Nothing. */
  NONE: 0,
  /** Live state has nothing for the name now, and somebody behind it answered. */
  PASSED: 1,
  /** Some of the answer comes from live state: nobody may keep it. */
  ANSWERED: 2
} as const
export type LiveUse = (typeof LiveUse)[keyof typeof LiveUse]

/** Internal lookups (CNAME targets and the like) may nest this deep; a loop between plugins ends here. */
export const LOOKUP_DEPTH_MAX = 12

/**
 * A query whose question stands uncompressed at octet 12 of `wire`. Never pooled: a plugin that waits on the network
 * holds it, and a pooled one would then show another client's question.
 */
export class Query {
  /** The message. Its question is uncompressed; sections after it are as received. */
  readonly wire: Buffer
  /** Offset after the question's name: the type stands there, then the class. */
  readonly nameEnd: number
  readonly transport: TransportKind
  readonly peer: Peer
  readonly listener: ListenerInfo
  readonly qtype: number
  readonly qclass: number
  /** Offset of the OPT record in `wire`, -1 without EDNS. Its owner is the root: the type is at `optAt + 1`. */
  readonly optAt: number
  /** How many internal lookups led here; 0 for a client's query. */
  readonly depth: number
  /** When it arrived, in milliseconds of the runtime's clock; 0 where nobody asked for it. */
  receivedAt = 0
  /** Set by plugins that answer from live state (*kubernetes*), and for lookups made on behalf of this query. */
  liveUse: LiveUse = LiveUse.NONE
  /** Whether *acl* has looked at the address that asks: another client may be answered otherwise. */
  judged = false
  /**
   * Whether a lookup that *acl* judged by its client was made on behalf of this query: what came of it is for this client
   * alone, and nobody may keep it for others.
   */
  restsOnJudged = false
  /** When whoever waits on the network gives up, in milliseconds of the runtime's clock (`cancel`); 0: nobody said. */
  answerBy = 0
  /**
   * Values that plugins publish for others, by label (`kubernetes/namespace`, `forward/upstream`). Made by *metadata*
   * alone: without it there is no map, and nobody publishes anything. What is known of the question is put there by
   * `Plugin.publish` before the chain is asked; what shows later, by the plugin itself (`query.metadata?.set(…)`). A
   * plugin that asks on with another Query hands the map on.
   */
  metadata: Map<string, string> | undefined = undefined
  /** Where plugins note why they answer as they do; undefined: nobody wants to know. */
  trace: Trace | undefined = undefined

  constructor(
    wire: Buffer,
    nameEnd: number,
    optAt: number,
    transport: TransportKind,
    peer: Peer,
    listener: ListenerInfo,
    depth = 0
  ) {
    this.wire = wire
    this.nameEnd = nameEnd
    this.qtype = ((wire[nameEnd] as number) << 8) | (wire[nameEnd + 1] as number)
    this.qclass = ((wire[nameEnd + 2] as number) << 8) | (wire[nameEnd + 3] as number)
    this.optAt = optAt
    this.transport = transport
    this.peer = peer
    this.listener = listener
    this.depth = depth
  }

  get id(): number {
    return ((this.wire[0] as number) << 8) | (this.wire[1] as number)
  }

  /** The header's flag word, opcode and rcode bits included. */
  get flags(): number {
    return ((this.wire[2] as number) << 8) | (this.wire[3] as number)
  }

  get opcode(): number {
    return ((this.wire[2] as number) >> 3) & 0xf
  }

  /** RD and CD as the client set them: what a response copies. */
  get copiedFlags(): number {
    return this.flags & (Flag.RD | Flag.CD)
  }

  /** Offset after the question. */
  get questionEnd(): number {
    return this.nameEnd + 4
  }

  /** The name asked for, in the client's letter case: a view, not a copy. */
  get name(): Name {
    return this.wire.subarray(HEADER_OCTETS, this.nameEnd) as Uint8Array as Name
  }

  get key(): NameKey {
    return nameKey(this.wire, HEADER_OCTETS, this.nameEnd)
  }

  get hasEdns(): boolean {
    return this.optAt >= 0
  }

  /** The size the client advertises in its OPT, as it stands there; 0 without EDNS. */
  get ednsSize(): number {
    return this.optAt < 0
      ? 0
      : ((this.wire[this.optAt + 3] as number) << 8) | (this.wire[this.optAt + 4] as number)
  }

  get dnssecOk(): boolean {
    return this.optAt >= 0 && ((this.wire[this.optAt + 7] as number) & 0x80) !== 0
  }

  /** The options of the OPT record: offsets into `wire`, start included, end excluded; both 0 without EDNS. */
  get optionsStart(): number {
    return this.optAt < 0 ? 0 : this.optAt + 11
  }

  get optionsEnd(): number {
    if (this.optAt < 0) return 0
    return (
      this.optAt +
      11 +
      (((this.wire[this.optAt + 9] as number) << 8) | (this.wire[this.optAt + 10] as number))
    )
  }

  /** The most octets a response may have: the client's size over UDP (512 at least), 65,535 elsewhere. */
  get sizeMax(): number {
    if (this.transport !== 'udp') return 0xffff
    return Math.max(512, this.ednsSize)
  }

  /** `www.example.org. A IN` for messages. */
  get questionText(): string {
    return `${formatName(this.name)} ${rtypeName(this.qtype)} ${rclassName(this.qclass)}`
  }
}

/** A query that nobody sent: RD set, class IN, without EDNS, as if it came over TCP from this machine. */
export function newQuery(name: Name, qtype: number, listener: ListenerInfo): Query {
  const nameEnd = HEADER_OCTETS + name.length
  const wire = Buffer.alloc(nameEnd + 4)
  write16(wire, 2, Flag.RD)
  write16(wire, 4, 1)
  wire.set(name, HEADER_OCTETS)
  write16(wire, nameEnd, qtype)
  write16(wire, nameEnd + 2, Rclass.IN)
  return new Query(wire, nameEnd, -1, 'tcp', { address: '127.0.0.1', port: 0 }, listener)
}

/**
 * The query that asks for something else on behalf of `parent`: same client, flags and EDNS, class IN, one level deeper.
 */
export function derivedQuery(parent: Query, name: Name, qtype: number): Query {
  const questionEnd = HEADER_OCTETS + name.length + 4
  const optOctets = parent.optAt < 0 ? 0 : parent.optionsEnd - parent.optAt
  const wire = Buffer.alloc(questionEnd + optOctets)
  parent.wire.copy(wire, 0, 0, 4)
  wire[2] = ((wire[2] as number) & 0x87) | (Opcode.QUERY << 3)
  write16(wire, 4, 1)
  wire.set(name, HEADER_OCTETS)
  write16(wire, questionEnd - 4, qtype)
  write16(wire, questionEnd - 2, Rclass.IN)
  if (optOctets > 0) {
    write16(wire, 10, 1)
    parent.wire.copy(wire, questionEnd, parent.optAt, parent.optAt + optOctets)
  }
  const optAt = optOctets > 0 ? questionEnd : -1
  const { transport, peer, listener, depth } = parent
  return inherit(new Query(wire, questionEnd - 4, optAt, transport, peer, listener, depth + 1), parent)
}

/** What a query that stands for another one has of it. */
function inherit(query: Query, parent: Query): Query {
  query.receivedAt = parent.receivedAt
  query.metadata = parent.metadata
  query.trace = parent.trace
  query.answerBy = parent.answerBy
  return query
}

/** What showed of `stand`, which was asked in place of `query`, holds for `query`: whoever asked for that wants to know. */
export function takeOver(query: Query, stand: Query): void {
  if (stand.liveUse > query.liveUse) query.liveUse = stand.liveUse
  query.judged ||= stand.judged
  query.restsOnJudged ||= stand.restsOnJudged
}

/**
 * The query as a client would have sent it with another question or another OPT record (a whole one, root owner
 * included; none when left out). Records that the query carried besides are left out.
 */
export function rewrittenQuery(
  parent: Query,
  name: Uint8Array,
  qtype: number,
  qclass: number,
  opt: Uint8Array | undefined
): Query {
  const questionEnd = HEADER_OCTETS + name.length + 4
  const wire = Buffer.alloc(questionEnd + (opt?.length ?? 0))
  parent.wire.copy(wire, 0, 0, 4)
  write16(wire, 4, 1)
  wire.set(name, HEADER_OCTETS)
  write16(wire, questionEnd - 4, qtype)
  write16(wire, questionEnd - 2, qclass)
  if (opt !== undefined) {
    write16(wire, 10, 1)
    wire.set(opt, questionEnd)
  }
  const { transport, peer, listener, depth } = parent
  const optAt = opt === undefined ? -1 : questionEnd
  return inherit(new Query(wire, questionEnd - 4, optAt, transport, peer, listener, depth), parent)
}
