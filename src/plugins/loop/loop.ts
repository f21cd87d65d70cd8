// Finds out whether forwarded queries come back: sends one with a name that nobody can guess, and counts how often it
// passes (corefile-and-plugins.md §8.9).
import type { Answer } from '../../dns/answer.ts'
import type { Eventual, Handler, Plugin } from '../../dns/plugin.ts'
import { Query, type ListenerInfo } from '../../dns/query.ts'
import { emptyAnswer } from '../../dns/response.ts'
import type { Clock } from '../../runtime/clock.ts'
import type { Random } from '../../runtime/random.ts'
import { encodeName, formatName, sameName, type Name } from '../../wire/name.ts'
import { Flag, HEADER_OCTETS, Rcode, Rclass, Rtype } from '../../wire/numbers.ts'
import { write16 } from '../../wire/records.ts'

/** Seen more often than this, a probe goes round: once is our own sending, once may be a retry. */
const SEEN_MAX = 2
/** How long to go on trying where the answer takes longer than `SLOW_MS`, in milliseconds. */
const TRYING_MS = 30_000
const PAUSE_MS = 1000
const SLOW_MS = 2000
/** Upstreams that are found to loop one after the other, before the search is given up. */
const ROUNDS_MAX = 16

/** A probe that came back. */
export interface FoundLoop {
  /** `127.0.0.1:55953` */
  readonly source: string
  /** The listener's address: `:53`. */
  readonly listener: string
  /** The probe's name. */
  readonly name: string
  /** The upstream that it was sent to first, where forwarding told. */
  readonly upstream: string | undefined
}

export interface LoopParts {
  readonly clock: Clock
  readonly random: Random
  /** The zone that is probed, as a suffix of the probe's name. */
  readonly zone: Name
  /** A listener of the block, once there is one. */
  readonly listener: () => ListenerInfo | undefined
  /** Asks the server as a client would. */
  readonly lookup: (name: Name, qtype: number, query: Query) => Eventual<Answer>
  /** Called at most once for a probe. True: something was done about it, and others may be looked for. */
  readonly found: (loop: FoundLoop) => boolean
}

export class Loop implements Plugin {
  readonly name = 'loop'
  readonly #parts: LoopParts
  /** The name that is looked out for; undefined while no probe is under way. */
  #probe: Name | undefined
  #seen = 0
  /** The probe as it was sent out. */
  #sent: Query | undefined
  /** What `found` said of the probe under way. */
  #outcome: 'none' | 'handled' | 'given up' = 'none'

  constructor(parts: LoopParts) {
    this.#parts = parts
  }

  answer(query: Query, next: Handler): Eventual<Answer> {
    if (query.qtype !== Rtype.HINFO || this.#probe === undefined || !sameName(query.name, this.#probe))
      return next.answer(query)
    this.#seen++
    if (this.#seen > SEEN_MAX) {
      this.#find(query)
      return emptyAnswer(query, Rcode.SERVFAIL)
    }
    if (this.#seen === 1) {
      // Forwarding tells here whom it asks.
      query.metadata ??= new Map()
      this.#sent = query
    }
    return next.answer(query)
  }

  /** Probes until there is an answer that came in good time, and again after each loop that was mended. Never rejects. */
  async search(signal: AbortSignal): Promise<void> {
    const { clock } = this.#parts
    const until = clock.now() + TRYING_MS
    let rounds = 0
    while (!signal.aborted) {
      const startedAt = clock.now()
      const isAnswered = await this.#probeOnce()
      if (this.#outcome === 'given up' || (this.#outcome === 'handled' && ++rounds >= ROUNDS_MAX)) return
      if (this.#outcome === 'handled') continue
      if (isAnswered || clock.now() - startedAt < SLOW_MS || clock.now() > until) return
      try {
        await clock.sleep(PAUSE_MS, signal)
      } catch {
        return
      }
    }
  }

  /** Sends one probe; whether it was answered by anything but a failure. */
  async #probeOnce(): Promise<boolean> {
    const { random, zone, lookup, listener } = this.#parts
    this.#outcome = 'none'
    const from = listener()
    if (from === undefined) return true
    const name = probeName(random, zone)
    this.#probe = name
    this.#seen = 0
    this.#sent = undefined
    try {
      const answer = await lookup(name, Rtype.HINFO, ownQuery(random, name, from))
      return answer.rcode !== Rcode.SERVFAIL
    } catch {
      return false
    } finally {
      this.#probe = undefined
    }
  }

  #find(query: Query): void {
    if (this.#outcome !== 'none') return
    const { peer, listener } = query
    const host = peer.address.includes(':') ? `[${peer.address}]` : peer.address
    const isHandled = this.#parts.found({
      source: `${host}:${peer.port}`,
      listener: listener.label.replace(/^[a-z0-9]+:\/\//, ''),
      name: formatName(query.name),
      upstream: this.#sent?.metadata?.get('forward/upstream')
    })
    this.#outcome = isHandled ? 'handled' : 'given up'
  }
}

/** Two numbers of 62 random bits before the zone. */
function probeName(random: Random, zone: Name): Name {
  const number = (): string =>
    ((BigInt(random.integer(0x8000_0000)) << 31n) | BigInt(random.integer(0x8000_0000))).toString()
  const suffix = formatName(zone)
  return encodeName(`${number()}.${number()}.${suffix === '.' ? '' : suffix}`)
}

/** A query of the server's own. */
function ownQuery(random: Random, name: Name, listener: ListenerInfo): Query {
  const nameEnd = HEADER_OCTETS + name.length
  const wire = Buffer.alloc(nameEnd + 4)
  write16(wire, 0, random.integer(0x10000))
  write16(wire, 2, Flag.RD)
  write16(wire, 4, 1)
  wire.set(name, HEADER_OCTETS)
  write16(wire, nameEnd, Rtype.HINFO)
  write16(wire, nameEnd + 2, Rclass.IN)
  const isAnywhere = ['', '0.0.0.0', '::', '[::]'].includes(listener.address)
  const peer = { address: isAnywhere ? '127.0.0.1' : listener.address, port: listener.port }
  return new Query(wire, nameEnd, -1, 'udp', peer, listener)
}
