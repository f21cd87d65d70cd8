// What a plugin gives back: the octets of a response without its OPT, and what other plugins need to know about it.
import { HEADER_OCTETS, type Rcode } from '../wire/numbers.ts'
import type { Fact } from './facts.ts'
import type { Query } from './query.ts'

/** An EDNS option that a response carries. */
export interface EdnsOption {
  readonly code: number
  readonly data: Uint8Array
}

/**
 * The OPT record of a response, where a plugin or an upstream asked for one of its own. Clients without EDNS get it too,
 * as CoreDNS sends it (corefile-and-plugins.md §5.2).
 */
export interface OptFields {
  /** Sent to a client without EDNS; others see their own size. */
  readonly size: number
  /** DO=1 whatever the client sent; otherwise the client's own DO is copied. */
  readonly dnssecOk: boolean
  readonly options: readonly EdnsOption[]
  /** Whether this server wrote it, not an upstream: it goes to the client of this one query, past a cache. */
  readonly isOwn?: boolean
}

/** Why an answer is what it is: a constant of the plugin, so that carrying it costs nothing until somebody asks. */
export interface Reason {
  /** The plugin that decided. */
  readonly plugin: string
  /** The rule, as a short stable word: `service`, `no-such-service`. */
  readonly rule: string
  /** The same with the objects that decided, as they are now. `query` is the one that the plugin answered. */
  explain(query: Query): Fact
}

/** Lookups led to lookups until the bound on them was reached: names that lead in a circle. */
export class LookupDepthError extends Error {}

/** A value of `Rcode`, or another number that an upstream sent. */
export type RcodeNumber = (typeof Rcode)[keyof typeof Rcode] | (number & {})

/**
 * A response under way. It belongs to the one query it was made for: plugins on the way back may change it in place.
 * `octets` holds a whole message: 12 octets of header of which only the counts matter here, the client's question,
 * and the records; never an OPT. `length` octets of it are used; the rest is room for the OPT.
 */
export class Answer {
  octets: Buffer
  length: number
  rcode: RcodeNumber
  /** Header flags to send (`Flag.AA | Flag.RD …`); QR and the opcode are added when it is sent. */
  flags: number
  /** Octets the message would take without compression, as CoreDNS counts sizes in logs and metrics. */
  plainLength: number
  opt: OptFields | undefined = undefined
  reason: Reason | undefined = undefined
  /** What went wrong, for the *errors* plugin. */
  error: Error | undefined = undefined
  /** Whether the server itself made it, no plugin having an answer: AA=0, and metrics name no plugin. */
  byServer = false
  /** Nothing is sent (acl's `drop`). */
  dropped = false
  /** Messages that follow this one on the same connection (zone transfer). */
  more: Iterable<Answer> | undefined = undefined

  constructor(octets: Buffer, length: number, rcode: RcodeNumber, flags: number, plainLength: number) {
    this.octets = octets
    this.length = length
    this.rcode = rcode
    this.flags = flags
    this.plainLength = plainLength
  }

  get answerCount(): number {
    return this.octets.readUInt16BE(6)
  }

  get authorityCount(): number {
    return this.octets.readUInt16BE(8)
  }

  get additionalCount(): number {
    return this.octets.readUInt16BE(10)
  }

  /** Offset of the first record. The question is the client's own, so it holds no pointer. */
  get recordsAt(): number {
    let at = HEADER_OCTETS
    while (this.octets[at] !== 0) at += (this.octets[at] as number) + 1
    return at + 5
  }
}
