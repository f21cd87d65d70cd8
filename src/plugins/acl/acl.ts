// Decides by a client's address and the question's type who is answered (corefile-and-plugins.md §8.20).
import type { Answer } from '../../dns/answer.ts'
import type { Eventual, Handler, Plugin } from '../../dns/plugin.ts'
import type { Query } from '../../dns/query.ts'
import { emptyAnswer } from '../../dns/response.ts'
import type { ZoneTable } from '../../dns/zone.ts'
import type { FamilySpec, Value } from '../../metrics/family.ts'
import type { Metrics } from '../../metrics/metrics.ts'
import type { Log } from '../../runtime/log.ts'
import { parsedAddress, parseZonedAddress } from '../../wire/address.ts'
import { HEADER_OCTETS, OptionCode, Rcode } from '../../wire/numbers.ts'
import type { NetworkSet } from '../../wire/network-set.ts'
import { write16 } from '../../wire/records.ts'

export type Action = 'allow' | 'block' | 'filter' | 'drop'

/** One line of a block. */
export interface AclPolicy {
  readonly action: Action
  /** Undefined: every type. */
  readonly types: ReadonlySet<number> | undefined
  /** Undefined: every address. */
  readonly networks: NetworkSet | undefined
}

/** One `acl` line: the text of the zone that matches is a label of its metrics. */
export interface AclRule {
  readonly zones: ZoneTable<string>
  readonly policies: readonly AclPolicy[]
}

/** Extended errors (RFC 8914 §4.16, §4.18). */
const EDE_BLOCKED = 15
const EDE_FILTERED = 17
/** What the OPT says to clients that sent none. */
const OPT_OCTETS = 4096

const counted = (what: string, labels: readonly string[]): FamilySpec => ({
  name: `coredns_acl_${what}_requests_total`,
  help: `Counter of DNS requests being ${what}.`,
  labels
})

const REFUSALS: Readonly<Record<Exclude<Action, 'allow'>, FamilySpec>> = {
  block: counted('blocked', ['server', 'zone', 'view']),
  filter: counted('filtered', ['server', 'zone', 'view']),
  drop: counted('dropped', ['server', 'zone', 'view'])
}
const ALLOWED = counted('allowed', ['server', 'view'])

export class Acl implements Plugin {
  readonly name = 'acl'
  readonly #rules: readonly (AclRule & { readonly judgesClients: boolean })[]
  readonly #metrics: Metrics
  readonly #log: Log
  /** How many were let through, by the server's label. */
  readonly #allowed = new Map<string, Value>()

  constructor(rules: readonly AclRule[], metrics: Metrics, log: Log) {
    this.#rules = rules.map(rule => ({
      ...rule,
      judgesClients: rule.policies.some(({ networks }) => networks !== undefined)
    }))
    this.#metrics = metrics
    this.#log = log
  }

  answer(query: Query, next: Handler): Eventual<Answer> {
    const length = parseZonedAddress(query.peer.address)
    for (const { zones, policies, judgesClients } of this.#rules) {
      const zone = zones.find(query.wire, HEADER_OCTETS, query.nameEnd)
      if (zone === undefined) continue
      if (judgesClients) query.judged = true
      const action = length === 0 ? this.#unreadable(query) : decide(policies, query.qtype, length)
      if (action === 'allow') break
      if (action !== undefined) return this.#refuse(query, action, zone)
    }
    this.#countAllowed(query.listener.label)
    return next.answer(query)
  }

  #refuse(query: Query, action: Exclude<Action, 'allow'>, zone: string): Answer {
    this.#metrics.counter(REFUSALS[action]).with(query.listener.label, zone, '').increment()
    const answer = emptyAnswer(query, action === 'block' ? Rcode.REFUSED : Rcode.NOERROR)
    answer.byServer = false
    if (action === 'drop') answer.dropped = true
    else {
      const data = new Uint8Array(2)
      write16(data, 0, action === 'block' ? EDE_BLOCKED : EDE_FILTERED)
      answer.opt = { size: OPT_OCTETS, dnssecOk: true, options: [{ code: OptionCode.EDE, data }] }
    }
    return answer
  }

  #unreadable(query: Query): Action {
    this.#log.error(`Blocking request. Unable to parse source address: ${query.peer.address}`)
    return 'block'
  }

  #countAllowed(label: string): void {
    let value = this.#allowed.get(label)
    if (value === undefined) {
      value = this.#metrics.counter(ALLOWED).with(label, '')
      this.#allowed.set(label, value)
    }
    value.increment()
  }
}

/** The action of the first line that fits; undefined where none does. The address is `parsedAddress`. */
function decide(policies: readonly AclPolicy[], qtype: number, length: number): Action | undefined {
  for (const { action, types, networks } of policies) {
    if (types !== undefined && !types.has(qtype)) continue
    if (networks === undefined || networks.has(parsedAddress, 0, length)) return action
  }
  return undefined
}
