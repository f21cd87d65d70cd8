// Replays what a running CoreDNS was seen to do (test/fixtures/vectors/plugins, format in its README) with plugins in
// memory: the scripted upstream stands where *forward* would.
import { readFileSync } from 'node:fs'
import type { Test } from 'tap'
import type { EdnsOption } from '../../src/dns/answer.ts'
import { derivedQuery, type Query } from '../../src/dns/query.ts'
import type { Handler } from '../../src/dns/plugin.ts'
import { encodeResponse } from '../../src/dns/response.ts'
import { writeSections, type SectionRecord } from '../../src/dns/sections.ts'
import { errorsPlugin } from '../../src/plugins/errors/setup.ts'
import type { PluginDefinition } from '../../src/plugins/definition.ts'
import { formatName } from '../../src/wire/name.ts'
import { Flag, Rcode, rclassName, rtypeName } from '../../src/wire/numbers.ts'
import { parseRecord } from '../../src/wire/rdata.ts'
import { read16 } from '../../src/wire/records.ts'
import { setupBlocks, testRuntime, testShared } from './blocks.ts'
import { makeQuery } from './messages.ts'
import { readReply, type ReplyText } from './reply-text.ts'

interface Rule {
  readonly name?: string
  readonly type?: string
  readonly rcode?: string
  readonly edns?: 'echo'
  readonly answer?: readonly string[]
  readonly authority?: readonly string[]
  readonly additional?: readonly string[]
}

interface Step {
  readonly q?: string
  readonly edns?: number
  readonly do?: boolean
  readonly cd?: boolean
  readonly opts?: readonly (readonly [number, string])[]
  readonly log?: boolean
}

interface RecordedStep {
  readonly reply?: ReplyText
  readonly upstream?: readonly string[]
  readonly stdout?: readonly string[]
}

export interface RecordedCase {
  readonly id: string
  readonly corefile: string
  readonly upstreams?: Readonly<Record<string, readonly Rule[]>>
  readonly steps: readonly Step[]
  readonly recorded: { readonly steps: readonly RecordedStep[] }
}

export function recordedCases(file: string): readonly RecordedCase[] {
  const url = new URL(`../../../test/fixtures/vectors/plugins/${file}`, import.meta.url)
  return (JSON.parse(readFileSync(url, 'utf8')) as { readonly cases: readonly RecordedCase[] }).cases
}

const text = (octets: Uint8Array): string => Buffer.from(octets).toString('hex')

/** The rules of an upstream, answering in place of a server. */
function upstream(rules: readonly Rule[], seen: string[]): Handler {
  return {
    answer(query) {
      const name = formatName(query.name)
      const type = rtypeName(query.qtype)
      seen.push(`a udp ${name} ${rclassName(query.qclass)} ${type}${flagsText(query)}${optText(query)}`)
      const rule = rules.find(each => {
        if (each.name !== undefined && each.name !== name) return false
        return each.type === undefined || each.type.split(',').includes(type)
      }) ?? {
        rcode: 'NXDOMAIN',
        authority: ['. 30 IN SOA ns.up. root.up. 1 7200 900 86400 30']
      }
      const records = (lines: readonly string[] = []): SectionRecord[] =>
        lines.map(line => {
          const record = parseRecord(line.replaceAll('@NAME@', name))
          return { ...record, owner: record.name }
        })
      const sections = {
        answer: records(rule.answer),
        authority: records(rule.authority),
        additional: records(rule.additional)
      }
      const rcode = Rcode[(rule.rcode ?? 'NOERROR') as keyof typeof Rcode]
      const answer = writeSections(query, sections, rcode, Flag.RA | query.copiedFlags)
      if (query.hasEdns) {
        const options = rule.edns === 'echo' ? optionsOf(query) : []
        answer.opt = { size: query.ednsSize, dnssecOk: false, options }
      }
      return answer
    }
  }
}

function optionsOf(query: Query): EdnsOption[] {
  const options: EdnsOption[] = []
  for (let at = query.optionsStart; at < query.optionsEnd;) {
    const next = at + 4 + read16(query.wire, at + 2)
    options.push({ code: read16(query.wire, at), data: query.wire.subarray(at + 4, next) })
    at = next
  }
  return options
}

const flagsText = (query: Query): string =>
  `${(query.flags & Flag.RD) === 0 ? '' : ' rd'}${(query.flags & Flag.CD) === 0 ? '' : ' cd'}`

function optText(query: Query): string {
  if (!query.hasEdns) return ''
  const options = optionsOf(query).map(({ code, data }) => `${code}:${text(data)}`)
  const list = options.length === 0 ? '' : ` opts=${options.join(',')}`
  return ` edns=${query.ednsSize}${query.dnssecOk ? ' do' : ''}${list}`
}

/** Asks every question of a case and compares what came back, what the upstream saw, and what was logged. */
export async function replay(
  t: Test,
  recorded: RecordedCase,
  definitions: readonly PluginDefinition[]
): Promise<void> {
  const seen: string[] = []
  const runtime = testRuntime()
  const last = upstream(recorded.upstreams?.['a'] ?? [], seen)
  const corefile = recorded.corefile
    .replaceAll(/@PORT@/g, '1053')
    .replaceAll(/^\s*(?:forward|prometheus|log)\b.*$/gm, '')
  const linked: { chain: Handler } = { chain: last }
  const shared = testShared(runtime, {
    lookup: (name, qtype, query) => linked.chain.answer(derivedQuery(query, name, qtype))
  })
  const [block] = setupBlocks(corefile, [errorsPlugin, ...definitions], shared, {
    answer: query => {
      if (recorded.upstreams !== undefined) return last.answer(query)
      throw new Error('nothing behind the plugins')
    }
  })
  const { chain } = block!
  linked.chain = chain
  for (const [at, step] of recorded.steps.entries()) {
    const expected = recorded.recorded.steps[at]
    if (step.q === undefined || expected?.reply === undefined) continue
    const [name = '', type = '', rclass = 'IN'] = step.q.split(' ')
    if (expected.reply.rcode === 'REFUSED' && !name.endsWith('.rf')) continue // the server's, not a plugin's
    if (recorded.upstreams === undefined && name.endsWith('.nx') && type === 'AAAA') continue // nothing behind
    const edns = step.edns ?? (step.do === true ? 1232 : undefined)
    const query = makeQuery(name, type, {
      from: '127.0.0.1',
      rclass,
      flags: 0x0100 | (step.cd === true ? 0x10 : 0),
      ...(edns === undefined ? {} : { edns }),
      ...(step.do === undefined ? {} : { dnssecOk: step.do }),
      ...(step.opts === undefined ? {} : { options: step.opts })
    })
    seen.length = 0
    runtime.log.lines.length = 0
    const reply = readReply(encodeResponse(query, await chain.answer(query)))
    t.same(reply, sorted(expected.reply), `${step.q}: the reply`)
    t.same([...seen].sort(), [...(expected.upstream ?? [])].sort(), `${step.q}: what was asked`)
    if (step.log === true) {
      const errors = (expected.stdout ?? []).filter(line => line.startsWith('[ERROR]'))
      t.same(runtime.log.lines, errors, `${step.q}: the log`)
    }
  }
}

const sorted = (reply: ReplyText): ReplyText => ({
  ...reply,
  ...(reply.answer === undefined ? {} : { answer: [...reply.answer].sort() }),
  ...(reply.additional === undefined ? {} : { additional: [...reply.additional].sort() })
})
