// Who answers what a resolver model sends: the configuration with its state, in this process; or a server, as it is.
import type { Telling } from '../../app/listeners.ts'
import { decisiveFacts, explanation, type Meant } from '../../explain/explanation.ts'
import type { Fact } from '../../dns/facts.ts'
import { whenReady } from '../../dns/plugin.ts'
import {
  silence,
  type Eventual,
  type Fate,
  type Outgoing,
  type ResolverNetwork
} from '../../resolver/network.ts'
import type { Clock } from '../../runtime/clock.ts'
import type { Random } from '../../runtime/random.ts'
import { askOverTcp, askOverUdp, type DirectTarget } from '../../upstream/direct.ts'
import { UpstreamError } from '../../upstream/upstream-error.ts'
import { readMessage } from '../../wire/message.ts'
import { OptionCode } from '../../wire/numbers.ts'
import { read16 } from '../../wire/records.ts'
import { INNER_ID } from '../unserved.ts'
import { queryOctets, replyOf } from './reply.ts'

/** What is known of an answer besides the answer. */
export interface Account {
  /** The plugin that answered; undefined: another server, or none. */
  readonly plugin: string | undefined
  /** Of the server block. */
  readonly zone: string | undefined
  readonly upstream: string | undefined
  /** How long that took, in milliseconds. */
  readonly upstreamMs: number | undefined
  readonly facts: readonly Fact[]
  /** In sentences. */
  readonly why: readonly string[]
}

const NOBODY: Account = {
  ...{ plugin: undefined, zone: undefined, upstream: undefined, upstreamMs: undefined },
  ...{ facts: [], why: [] }
}

export interface StateNetworkOptions {
  readonly tell: Telling
  readonly meant: Meant
  readonly clock: Clock
  /** Who asks: the Pod's address. */
  readonly client: string
  /** Addresses that stand for this configuration; undefined: all. */
  readonly servers: ReadonlySet<string> | undefined
}

/** The configuration, asked in this process. Other servers that a resolver asks stay silent: what they say isn't known. */
export class StateNetwork implements ResolverNetwork {
  readonly #options: StateNetworkOptions

  constructor(options: StateNetworkOptions) {
    this.#options = options
  }

  send(message: Outgoing): Eventual<Fate> {
    const { tell, meant, clock, client, servers } = this.#options
    if (servers?.has(message.server) === false) return silence
    const wire = queryOctets(message, INNER_ID, message.edns)
    if (wire === undefined) return silence
    const start = clock.now()
    return whenReady(tell(wire, message.transport, { address: client, port: 40_000 }), told => {
      if (told?.response === undefined) return silence
      const facts = decisiveFacts(told.query, told.notes, told.rcode, meant)
      const account = accountOf(facts, told.zone)
      const reply = replyOf(told.response, account)
      if (reply === undefined) return silence
      // What is answered from memory takes no model time.
      const afterMs = account.upstream === undefined ? 0 : Math.max(0, Math.round(clock.now() - start))
      return { kind: 'reply', afterMs, reply }
    })
  }
}

/** Who answered: whoever noted something last, apart from what was only tried or guessed. */
function accountOf(facts: readonly Fact[], zone: string): Account {
  const decided = facts.filter(({ rule }) => rule !== 'in-cluster' && rule !== 'not-taken')
  const last = decided.at(-1)
  const forwarded = last?.plugin === 'forward' && last.rule !== 'answered' ? last : undefined
  return {
    plugin: last?.plugin,
    zone,
    upstream: forwarded !== undefined && 'upstream' in forwarded ? forwarded.upstream : undefined,
    upstreamMs: forwarded !== undefined && 'milliseconds' in forwarded ? forwarded.milliseconds : undefined,
    facts,
    why: explanation(facts, true)
  }
}

/** What the OPT offers that is added so that a server can say why. */
const EDNS_SIZE = 1232

/** A server that is really there; reasons are what its extended errors say. */
export class ServerNetwork implements ResolverNetwork {
  readonly #target: DirectTarget
  readonly #clock: Clock
  readonly #random: Random

  constructor(target: DirectTarget, clock: Clock, random: Random) {
    this.#target = target
    this.#clock = clock
    this.#random = random
  }

  async send(message: Outgoing): Promise<Fate> {
    const wire = queryOctets(message, this.#random.integer(0x1_0000), message.edns ?? EDNS_SIZE)
    if (wire === undefined) return silence
    const start = this.#clock.now()
    const spent = () => Math.max(0, Math.round(this.#clock.now() - start))
    try {
      const octets = await this.#ask(message.transport, wire)
      const why = extendedErrors(octets)
      const reply = replyOf(octets, { ...NOBODY, why })
      return reply === undefined ? silence : { kind: 'reply', afterMs: spent(), reply }
    } catch (error) {
      const isClosed = error instanceof UpstreamError && error.code === 'CONNECTION_REFUSED'
      return isClosed ? { kind: 'closed', afterMs: spent() } : silence
    }
  }

  async #ask(transport: Outgoing['transport'], wire: Buffer): Promise<Buffer> {
    if (transport === 'udp') return askOverUdp(this.#target, wire, this.#clock)
    const signal = AbortSignal.timeout(LIMIT_MS)
    for await (const octets of askOverTcp(this.#target, wire, this.#clock, signal)) return octets
    throw new UpstreamError('CLOSED', 'EOF')
  }
}

/** Longer no resolver waits for one answer. */
const LIMIT_MS = 5000

/** The texts of a reply's extended errors (RFC 8914); the number where there is no text. */
function extendedErrors(octets: Buffer): string[] {
  return (readMessage(octets)?.opt?.options ?? []).flatMap(({ code, data }) => {
    if (code !== OptionCode.EDE || data.length < 2) return []
    const text = Buffer.from(data.subarray(2)).toString('utf8').replace(/\0+$/, '')
    return [text === '' ? `extended error ${read16(data, 0)}` : text]
  })
}
