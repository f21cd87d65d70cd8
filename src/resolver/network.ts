// What a resolver model sends, and what becomes of it: the one thing that a model knows of the world outside. A table of
// rules, a simulated network, labdns's own plugins and a live server can all stand behind it.

/** A value now, or later where a message really travels. Simulations answer at once, and then no promise is made. */
export type Eventual<T> = T | Promise<T>

/** One message as a resolver puts it on the wire. */
export interface Outgoing {
  /** The name asked, absolute, with its trailing dot; `null` when the question can't be read (`malformed`). */
  readonly name: string | null
  /** `A`, `AAAA`, `MX`, `PTR`; `null` when the question can't be read. */
  readonly type: string | null
  readonly transport: 'udp' | 'tcp'
  /** The server's address as resolv.conf gives it, with `%scope` where it has one. */
  readonly server: string
  /** The payload size of the OPT record, where there is one. */
  readonly edns?: number | undefined
  /** The AD bit is set. */
  readonly ad?: true | undefined
  /** The RD bit is clear. */
  readonly rd?: false | undefined
  /** The question in hexadecimal when it can't be read. */
  readonly malformed?: string | undefined
}

/** What kind of reply it was, in the words of the recordings; `DROP` and `CLOSED` are no replies. */
export type ReplyKind =
  | 'ANSWER'
  | 'CNAME'
  | 'NODATA'
  | 'NXDOMAIN'
  | 'SERVFAIL'
  | 'REFUSED'
  | 'NOTIMP'
  | 'FORMERR'
  | 'TC'
  | 'LAME'
  | 'OTHER'

/** The parts of a reply that stub resolvers look at. */
export interface Reply {
  readonly kind: ReplyKind
  /** RFC 1035 §4.1.1, without the extension of EDNS. */
  readonly rcode: number
  /** Records in the answer section, aliases included. */
  readonly answers: number
  /** Addresses of the type asked, in the order of the answer. */
  readonly addresses: readonly string[]
  /** Where the aliases of the answer end, absolute with trailing dot; absent without an alias. */
  readonly alias?: string
  readonly truncated: boolean
  readonly authoritative: boolean
  readonly recursionAvailable: boolean
  /** Records in the additional section, OPT included. */
  readonly additional: number
  /** What the network wants to hand to whoever reads the result: a reason, the message itself. No model looks at it. */
  readonly detail?: unknown
}

/** What becomes of a message. */
export type Fate =
  | { readonly kind: 'reply'; readonly afterMs: number; readonly reply: Reply }
  /** Nothing listens there: ICMP port unreachable over UDP, a reset over TCP. */
  | { readonly kind: 'closed'; readonly afterMs: number }
  /** No route, or no address of that family on this host: the send itself fails. */
  | { readonly kind: 'unreachable'; readonly afterMs: number }
  /** Nothing ever comes back. */
  | { readonly kind: 'silence' }

export const silence: Fate = { kind: 'silence' }

/** Where a model's messages go. */
export interface ResolverNetwork {
  /**
   * What becomes of `message`, sent at `atMs` of model time. A promise must settle within the network's own patience
   * (`silence` when that is over): model time does not move while it is awaited, the reply takes `afterMs` of it.
   */
  send(message: Outgoing, atMs: number): Eventual<Fate>
}

/** Names of the reply codes that a model can meet, by number (RFC 1035, RFC 2136). */
const rcodeKinds: readonly (ReplyKind | undefined)[] = [
  undefined,
  'FORMERR',
  'SERVFAIL',
  'NXDOMAIN',
  'NOTIMP',
  'REFUSED'
]

/** Says of what kind a reply is, from its parts; for networks whose replies are real messages. */
export function replyKind(reply: Omit<Reply, 'kind'>): ReplyKind {
  if (reply.rcode !== 0) return rcodeKinds[reply.rcode] ?? 'OTHER'
  if (reply.truncated) return 'TC'
  if (reply.addresses.length > 0) return 'ANSWER'
  if (reply.answers > 0) return reply.alias === undefined ? 'ANSWER' : 'CNAME'
  const lame = !reply.authoritative && !reply.recursionAvailable && reply.additional === 0
  return lame ? 'LAME' : 'NODATA'
}
