// A cache in front of a scripted upstream, on a clock that stands still.
import packet, { type Answer as Resource } from 'dns-packet'
import type { Answer } from '../../../src/dns/answer.ts'
import { foreignAnswer } from '../../../src/dns/foreign-answer.ts'
import type { Eventual } from '../../../src/dns/plugin.ts'
import type { Query } from '../../../src/dns/query.ts'
import { emptyAnswer } from '../../../src/dns/response.ts'
import { metricsOf } from '../../../src/metrics/metrics.ts'
import { cachePlugin } from '../../../src/plugins/cache/setup.ts'
import { KeptValues } from '../../../src/plugins/kept-values.ts'
import type { PluginDefinition, Shared } from '../../../src/plugins/definition.ts'
import { formatName } from '../../../src/wire/name.ts'
import { rtypeName } from '../../../src/wire/numbers.ts'
import { askHandler } from '../../support/ask.ts'
import { setupBlocks, testRuntime, testShared, type TestBlock } from '../../support/blocks.ts'
import type { QueryFields, ResponseText } from '../../support/messages.ts'

/** What an upstream says; `undefined`: nothing, so that forwarding fails by itself. */
export interface Reply {
  readonly rcode?: number
  /** Header flags; RA unless given. */
  readonly flags?: number
  readonly answers?: readonly Resource[]
  readonly authorities?: readonly Resource[]
  readonly additionals?: readonly Resource[]
}

export type Script = (question: string, query: Query) => Eventual<Reply | undefined>

export const a = (name: string, ttl: number, data = '10.0.0.1'): Resource => ({ type: 'A', name, ttl, data })
export const soa = (name: string, ttl: number): Resource => ({
  type: 'SOA',
  name,
  ttl,
  data: { mname: `ns.${name}`, rname: `root.${name}`, serial: 1, refresh: 2, retry: 3, expire: 4, minimum: 5 }
})

export class CacheBench {
  readonly runtime = testRuntime()
  readonly shared: Shared
  /** What reached the upstream: `udp a.org A ad`. */
  readonly seen: string[] = []
  readonly blocks: readonly TestBlock[]
  script: Script

  constructor(
    corefile: string,
    script: Script,
    more: readonly PluginDefinition[] = [],
    kept = new KeptValues()
  ) {
    this.script = script
    this.shared = testShared(this.runtime, {
      keep: (key, make, drop) => kept.keep(key, make, drop)
    })
    this.blocks = setupBlocks(corefile, [cachePlugin, this.#upstream(), ...more], this.shared)
  }

  get block(): TestBlock {
    return this.blocks[0]!
  }

  ask(name: string, type = 'A', fields: QueryFields = {}): Promise<ResponseText> {
    return askHandler(this.block.chain, name, type, fields)
  }

  /** `RCODE flags: records`, without the fields that say nothing. */
  async line(name: string, type = 'A', fields: QueryFields = {}): Promise<string> {
    const { rcode, flags, answer, authority, additional } = await this.ask(name, type, fields)
    return [`${rcode} ${flags}`, ...answer, ...authority, ...additional].join(' | ')
  }

  /** What the upstream was asked since the last time. */
  asked(): string[] {
    return this.seen.splice(0)
  }

  /** `coredns_cache_hits_total{success}`: the value, by family and type. */
  metrics(): Record<string, number> {
    return Object.fromEntries(
      metricsOf(this.shared)
        .collect()
        .filter(({ name }) => name.includes('_cache_') && !name.includes('proxy'))
        .flatMap(({ name, samples }) =>
          samples.map(({ labels, value }) => [
            `${name.replace(/^coredns_cache_/, '')}${labels['type'] === undefined ? '' : ` ${labels['type']}`}`,
            value
          ])
        )
    )
  }

  #upstream(): PluginDefinition {
    return {
      name: 'forward',
      setup: c => {
        while (c.next()) c.remainingTokens()
        return { name: 'forward', answer: query => this.#answer(query) }
      }
    }
  }

  #answer(query: Query): Eventual<Answer> {
    const question = `${formatName(query.name).slice(0, -1)} ${rtypeName(query.qtype)}`
    this.seen.push(`${query.transport} ${question}${(query.flags & 0x20) === 0 ? '' : ' ad'}`)
    const reply = this.script(question, query)
    return reply instanceof Promise ? reply.then(value => answerOf(query, value)) : answerOf(query, reply)
  }
}

function answerOf(query: Query, reply: Reply | undefined): Answer {
  if (reply === undefined) return emptyAnswer(query, 2)
  const { rcode = 0, flags = 0x80, answers = [], authorities = [], additionals = [] } = reply
  const wire = packet.encode({
    type: 'response',
    flags: flags | rcode | (query.flags & 0x0110),
    questions: [],
    answers: [...answers],
    authorities: [...authorities],
    additionals: [...additionals]
  })
  // The question goes in as it stands in the query, whatever its type and class.
  const whole = Buffer.concat([
    wire.subarray(0, 12),
    query.wire.subarray(12, query.questionEnd),
    wire.subarray(12)
  ])
  whole.writeUInt16BE(1, 4)
  return foreignAnswer(query, whole)!
}
