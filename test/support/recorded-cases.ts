// Replays what a running CoreDNS was seen to answer, log and count (test/fixtures/vectors/plugins, format in its README) with
// plugins in one process: the clock stands still, and the scripted upstreams are a plugin in the place of *forward*.
import { readFileSync } from 'node:fs'
import type { Test } from 'tap'
import type { EdnsOption } from '../../src/dns/answer.ts'
import type { Handler } from '../../src/dns/plugin.ts'
import { derivedQuery, type Query } from '../../src/dns/query.ts'
import { emptyAnswer, encodeResponse } from '../../src/dns/response.ts'
import { writeSections, type SectionRecord } from '../../src/dns/sections.ts'
import type { PluginDefinition } from '../../src/plugins/definition.ts'
import { directives, loadPlugins } from '../../src/plugins/order.ts'
import { formatName, isSubdomain } from '../../src/wire/name.ts'
import { Flag, Rcode, rclassName, rtypeName } from '../../src/wire/numbers.ts'
import { parseRecord } from '../../src/wire/rdata.ts'
import { read16 } from '../../src/wire/records.ts'
import { setupBlocks, testRuntime, testShared, type TestBlock, type TestRuntime } from './blocks.ts'
import { makeQuery } from './messages.ts'
import { parseMetrics } from './metrics-text.ts'
import { readReply, type ReplyText } from './reply-text.ts'

const definitions = [...(await loadPlugins(directives)).values()]

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
  readonly from?: string
  readonly edns?: number
  readonly do?: boolean
  readonly rd?: boolean
  readonly cd?: boolean
  readonly opts?: readonly (readonly [number, string])[]
  readonly wait?: number
  readonly write?: Readonly<Record<string, string>>
  readonly remove?: readonly string[]
  readonly http?: string
  readonly metrics?: string
  readonly looseValues?: string
  readonly times?: number
  readonly ordered?: boolean
  readonly log?: boolean
}

interface RecordedStep {
  readonly reply?: ReplyText | 'no reply'
  readonly upstream?: readonly string[]
  readonly stdout?: readonly string[]
  readonly counts?: Readonly<Record<string, number>>
  readonly metrics?: Readonly<
    Record<
      string,
      { readonly help: string; readonly type: string; readonly samples: Readonly<Record<string, string>> }
    >
  >
}

export interface RecordedCase {
  readonly id: string
  readonly corefile: string
  readonly files?: Readonly<Record<string, string>>
  readonly upstreams?: Readonly<Record<string, readonly Rule[]>>
  readonly steps: readonly Step[]
  readonly recorded: {
    readonly start: { readonly stdout?: readonly string[] }
    readonly steps: readonly RecordedStep[]
  }
}

const PORT = 1053
const HTTP = 9153
const FOLDER = '/case'

/** The cases of a set. */
export function recordedCases(set: string): readonly RecordedCase[] {
  const url = new URL(`../../../test/fixtures/vectors/plugins/${set}.json`, import.meta.url)
  return (JSON.parse(readFileSync(url, 'utf8')) as { readonly cases: readonly RecordedCase[] }).cases
}

/** The directives of a case's block. */
export function directivesOf({ corefile }: RecordedCase): readonly string[] {
  const [, indent = ''] = /^( +)[a-z]/m.exec(corefile) ?? []
  return corefile.split('\n').flatMap(line => {
    if (!line.startsWith(indent)) return []
    return /^[a-z]\w*/.exec(line.slice(indent.length))?.[0] ?? []
  })
}

/** Takes every step of a case and compares what came back, what the upstream saw, what was logged and counted. */
export async function replay(t: Test, recorded: RecordedCase): Promise<void> {
  const { corefile, files = {}, upstreams = {}, steps } = recorded
  const texts: Record<string, string> = { [`${FOLDER}/Corefile`]: corefile }
  for (const [name, text] of Object.entries(files)) texts[`${FOLDER}/${name}`] = text
  const runtime = testRuntime(texts)
  const seen: string[] = []
  const forward = scripted(Object.values(upstreams)[0] ?? [], seen)
  const known = definitions.map(each => (each.name === 'forward' ? forward : each))
  const linked: { chain: Handler | undefined } = { chain: undefined }
  const shared = testShared(runtime, {
    lookup: (name, qtype, query) => linked.chain!.answer(derivedQuery(query, name, qtype))
  })
  const [block] = setupBlocks(substitute(corefile), known, shared, chainEnd(directivesOf(recorded)))
  const bench = { block: block!, runtime, seen }
  linked.chain = block!.chain
  await block!.start()
  const { stdout } = recorded.recorded.start
  if (stdout !== undefined) {
    const logged = stdout.filter(line => line.startsWith('['))
    t.same(logLines(runtime.log.lines), [...logged].sort(), 'what the start logs')
  }
  for (const [at, step] of steps.entries()) {
    for (const [name, text] of Object.entries(step.write ?? {})) texts[`${FOLDER}/${name}`] = text
    for (const name of step.remove ?? []) Reflect.deleteProperty(texts, `${FOLDER}/${name}`)
    const before = runtime.log.lines.length
    if (step.wait !== undefined) runtime.clock.advance(step.wait)
    const expected = recorded.recorded.steps[at]!
    if (step.times !== undefined) await askMany(t, bench, step, expected)
    else if (step.q !== undefined) await askOne(t, bench, step, expected)
    else if (step.http !== undefined) await readMetrics(t, bench, step, expected)
    if (step.log === true) {
      t.same(logLines(runtime.log.lines.slice(before)), [...(expected.stdout ?? [])].sort(), 'the log')
    }
  }
  await block!.stop()
}

interface Bench {
  readonly block: TestBlock
  readonly runtime: TestRuntime
  readonly seen: string[]
}

const substitute = (text: string): string =>
  text
    .replaceAll('@PORT@', String(PORT))
    .replaceAll('@HTTP@', String(HTTP))
    .replaceAll('@DIR@', FOLDER)
    .replace(/@UP_\w+@/g, '127.0.0.1:5300')

/** `forward`, answered by rules; notes each query in `seen`. */
function scripted(rules: readonly Rule[], seen: string[]): PluginDefinition {
  return {
    name: 'forward',
    setup(c) {
      while (c.next());
      return {
        name: 'forward',
        answer(query) {
          seen.push(queryText(query))
          return replyOf(query, rules)
        }
      }
    }
  }
}

function queryText(query: Query): string {
  const words = ['a', 'udp', formatName(query.name), rclassName(query.qclass), rtypeName(query.qtype)]
  const flag = (bit: number, name: string) => ((query.flags & bit) === 0 ? [] : [name])
  words.push(...flag(Flag.RD, 'rd'), ...flag(Flag.AD, 'ad'), ...flag(Flag.CD, 'cd'))
  if (query.hasEdns) words.push(`edns=${query.ednsSize}`)
  if (query.dnssecOk) words.push('do')
  const options = optionsOf(query).map(({ code, data }) => `${code}:${Buffer.from(data).toString('hex')}`)
  if (options.length > 0) words.push(`opts=${options.join(',')}`)
  return words.join(' ')
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

const DENIAL: Rule = { rcode: 'NXDOMAIN', authority: ['. 30 IN SOA ns.up. root.up. 1 7200 900 86400 30'] }

function replyOf(query: Query, rules: readonly Rule[]) {
  const name = formatName(query.name)
  const type = rtypeName(query.qtype)
  const rule =
    rules.find(
      each => (each.name ?? name) === name && (each.type === undefined || each.type.split(',').includes(type))
    ) ?? DENIAL
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
    const isEchoed = rule.edns === 'echo'
    answer.opt = {
      size: isEchoed ? query.ednsSize : 1232,
      dnssecOk: query.dnssecOk,
      options: isEchoed ? optionsOf(query) : []
    }
  }
  return answer
}

/** What the server says behind the last plugin of a chain. */
const chainEnd = (words: readonly string[]): Handler => ({
  answer: query => {
    const last = directives.filter(each => words.includes(each)).at(-1)
    const answer = emptyAnswer(query, Rcode.SERVFAIL)
    answer.error = new Error(`plugin/${last}: no next plugin found`)
    return answer
  }
})

async function askOnce(block: TestBlock, step: Step): Promise<RecordedStep['reply']> {
  const [name = '', type = '', rclass = 'IN'] = step.q!.split(' ')
  const query = makeQuery(name, type, {
    rclass,
    from: step.from ?? '127.0.0.1',
    flags: (step.rd === false ? 0 : Flag.RD) | (step.cd === true ? Flag.CD : 0),
    ...(step.edns === undefined ? {} : { edns: step.edns }),
    ...(step.do === true ? { dnssecOk: true } : {}),
    ...(step.opts === undefined ? {} : { options: step.opts }),
    listener: { label: `dns://:${PORT}`, address: '[::]', port: PORT }
  })
  // Other names are the server's to refuse.
  const isOurs = block.context.keys.some(key => key.name !== undefined && isSubdomain(query.name, key.name))
  const answer = isOurs ? await block.chain.answer(query) : emptyAnswer(query, Rcode.REFUSED)
  return answer.dropped ? 'no reply' : readReply(encodeResponse(query, answer))
}

async function askOne(t: Test, { block, seen }: Bench, step: Step, expected: RecordedStep): Promise<void> {
  const reply = await askOnce(block, step)
  t.same(sorted(reply, step.ordered), sorted(expected.reply, step.ordered), step.q!)
  t.same(seen.splice(0), expected.upstream ?? [], 'upstreams were asked')
}

async function askMany(t: Test, { block, seen }: Bench, step: Step, expected: RecordedStep): Promise<void> {
  const times = step.times!
  const counts: Record<string, number> = {}
  for (let left = times; left > 0; left--) {
    const reply = await askOnce(block, step)
    if (typeof reply !== 'object') throw new Error('no reply')
    const text = `${reply.rcode} ${reply.answer?.[0]?.split(' ').slice(3).join(' ') ?? ''}`
    counts[text] = (counts[text] ?? 0) + 1
  }
  seen.length = 0
  t.same(Object.keys(counts).sort(), Object.keys(expected.counts!).sort(), 'what comes first')
  for (const [text, count] of Object.entries(expected.counts!)) {
    // Wider than recorded: five times the standard deviation, since nobody looks at a test that fails by chance.
    t.ok(Math.abs(counts[text]! - count) <= times * 0.35, `share of ${text}: ${counts[text]}`)
  }
}

async function readMetrics(t: Test, { runtime }: Bench, step: Step, expected: RecordedStep): Promise<void> {
  const body = await runtime.http.ask(`127.0.0.1:${HTTP}`, '/metrics')
  const families = parseMetrics(body.slice(4))
  for (const [name, { help, type, samples }] of Object.entries(expected.metrics!)) {
    const family = families.get(name)
    t.same({ help: family?.help, type: family?.type }, { help, type }, name)
    const label = (text: string) => text.replaceAll('@DIR@', FOLDER).replaceAll('@PORT@', String(PORT))
    const wanted = Object.entries(samples).map(([key, value]) => [label(key), Number(value)] as const)
    if (step.looseValues !== undefined && new RegExp(step.looseValues).test(name)) {
      t.same(
        Object.keys(family?.samples ?? {}),
        wanted.map(([key]) => key)
      )
    } else t.same(family?.samples, Object.fromEntries(wanted), name)
  }
}

const logLines = (log: readonly string[]): readonly string[] =>
  log
    .filter(line => !/^\[\w+\] labdns: /.test(line))
    .map(line =>
      line
        .replace(/(\[INFO\] [\d.]+):\d+ - \d+ /, '$1:<eph> - <id> ')
        .replace(/ [\d.]+s$/, ' <dur>')
        .replaceAll(FOLDER, '@DIR@')
    )
    .sort()

function sorted(reply: RecordedStep['reply'], isOrdered: boolean | undefined): RecordedStep['reply'] {
  if (typeof reply !== 'object') return reply
  const section = (name: 'answer' | 'authority' | 'additional') =>
    reply[name] === undefined
      ? {}
      : { [name]: reply[name].map(line => line.replace(/ SRV 0 0 \d+ \.$/, ' SRV 0 0 <port> .')).sort() }
  return {
    ...reply,
    ...(isOrdered === true ? {} : section('answer')),
    ...section('authority'),
    ...section('additional')
  }
}
