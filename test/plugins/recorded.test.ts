// CoreDNS's recorded answers, log lines and metrics (test/fixtures/vectors/plugins, format in its README), asked of the same
// Corefiles in one process: the clock stands still, and upstreams are a plugin.
import { readFileSync } from 'node:fs'
import t, { type Test } from 'tap'
import { foreignAnswer } from '../../src/dns/foreign-answer.ts'
import type { Handler } from '../../src/dns/plugin.ts'
import type { Query } from '../../src/dns/query.ts'
import { emptyAnswer, encodeResponse } from '../../src/dns/response.ts'
import type { PluginDefinition } from '../../src/plugins/definition.ts'
import { directives, loadPlugins } from '../../src/plugins/order.ts'
import { formatName } from '../../src/wire/name.ts'
import { Rcode, rclassName, rcodeName, rtypeName } from '../../src/wire/numbers.ts'
import { parseRecord } from '../../src/wire/rdata.ts'
import { read16 } from '../../src/wire/records.ts'
import { setupBlocks, testRuntime, testShared, type TestBlock, type TestRuntime } from '../support/blocks.ts'
import { makeQuery } from '../support/messages.ts'
import { parseMetrics } from '../support/metrics-text.ts'
import type { ReplyText } from '../support/reply-text.ts'
import { messageText } from '../support/wire-text.ts'

const definitions = [...(await loadPlugins(directives)).values()]

interface Rule {
  readonly name?: string
  readonly type?: string
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
  readonly opts?: readonly (readonly [number, string])[]
  readonly wait?: number
  readonly write?: Readonly<Record<string, string>>
  readonly remove?: readonly string[]
  readonly http?: string
  readonly metrics?: string
  readonly looseValues?: string
  readonly times?: number
  readonly share?: number
  readonly ordered?: boolean
  readonly log?: boolean
}

interface Recorded {
  readonly reply?: string | ReplyText
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

interface Case {
  readonly id: string
  readonly corefile: string
  readonly files?: Readonly<Record<string, string>>
  readonly upstreams?: Readonly<Record<string, readonly Rule[]>>
  readonly steps: readonly Step[]
  readonly instead?: unknown
  readonly recorded: {
    readonly start: { readonly stdout?: readonly string[] }
    readonly steps: readonly Recorded[]
  }
}

/** What this test can set up; cases with anything else are asked of a whole server. */
const HERE = new Set([
  ...[
    'hosts',
    'loadbalance',
    'chaos',
    'nsid',
    'any',
    'acl',
    'minimal',
    'header',
    'local',
    'bufsize',
    'erratic'
  ],
  ...[
    'root',
    'cache',
    'cancel',
    'debug',
    'metadata',
    'timeouts',
    'forward',
    'whoami',
    'log',
    'errors',
    'prometheus'
  ]
])
const PORT = 1053
const HTTP = 9153
const FOLDER = '/case'

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
          return foreignAnswer(query, replyOf(query, rules))!
        }
      }
    }
  }
}

function queryText(query: Query): string {
  const words = ['a', 'udp', formatName(query.name), rclassName(query.qclass), rtypeName(query.qtype)]
  const flag = (bit: number, name: string) => ((query.flags & bit) === 0 ? [] : [name])
  words.push(...flag(0x100, 'rd'), ...flag(0x20, 'ad'), ...flag(0x10, 'cd'))
  if (query.hasEdns) words.push(`edns=${query.ednsSize}`)
  if (query.dnssecOk) words.push('do')
  const options = readOptions(query.wire.toString('hex', query.optionsStart, query.optionsEnd))
  if (options.length > 0) words.push(`opts=${options.map(([code, hex]) => `${code}:${hex}`).join(',')}`)
  return words.join(' ')
}

function replyOf(query: Query, rules: readonly Rule[]): Buffer {
  const name = formatName(query.name)
  const type = rtypeName(query.qtype)
  const rule = rules.find(
    each => (each.name ?? name) === name && (each.type === undefined || each.type.split(',').includes(type))
  )
  const denial = ['. 30 IN SOA ns.up. root.up. 1 7200 900 86400 30']
  const sections = rule === undefined ? [[], denial, []] : [rule.answer, rule.authority, rule.additional]
  const header = Buffer.from(query.wire.subarray(0, query.questionEnd))
  header.writeUInt16BE(0x8080 | query.copiedFlags | (rule === undefined ? 3 : 0), 2)
  const parts: Uint8Array[] = [header]
  for (const [at, lines = []] of sections.entries()) {
    header.writeUInt16BE(lines.length, 6 + at * 2)
    for (const line of lines) {
      const record = parseRecord(line.replaceAll('@NAME@', name))
      const fixed = Buffer.alloc(10)
      fixed.writeUInt16BE(record.rtype, 0)
      fixed.writeUInt16BE(record.rclass, 2)
      fixed.writeUInt32BE(record.ttl, 4)
      fixed.writeUInt16BE(record.rdata.length, 8)
      parts.push(record.name, fixed, record.rdata)
    }
  }
  if (query.hasEdns) {
    header.writeUInt16BE(header.readUInt16BE(10) + 1, 10)
    parts.push(Buffer.from('00002904d0000000000000', 'hex'))
  }
  return Buffer.concat(parts)
}

/** What a client sees, in the words of the recording. */
function replyText(query: Query, wire: Buffer): Exclude<Recorded['reply'], string | undefined> {
  const { rcode, flags, question, answer, ns, extra, opt } = messageText(wire)
  const [, size = '', dnssecOk = '', options = ''] =
    /^size=(\d+) version=0 do=(\d)(?: options=(\w+))?/.exec(opt) ?? []
  const asked = question[0]!
  const section = (name: string, lines: readonly string[]) => (lines.length === 0 ? {} : { [name]: lines })
  return {
    rcode: rcodeName(rcode),
    flags: ['qr', ...flags.split(' ').filter(Boolean)].join(' '),
    question: `${asked.name} ${rclassName(query.qclass)} ${rtypeName(asked.type)}`,
    ...section('answer', answer),
    ...section('authority', ns),
    ...section(
      'additional',
      extra.map(line => line.replace(/ SRV 0 0 \d+ \.$/, ' SRV 0 0 <port> .'))
    ),
    ...(opt === 'none'
      ? {}
      : {
          edns: {
            size: Number(size),
            do: dnssecOk === '1',
            ...(options === '' ? {} : { opts: readOptions(options) })
          }
        })
  }
}

function readOptions(hex: string): readonly (readonly [number, string])[] {
  const octets = Buffer.from(hex, 'hex')
  const options: [number, string][] = []
  for (let at = 0; at < octets.length; at += 4 + read16(octets, at + 2)) {
    options.push([read16(octets, at), octets.toString('hex', at + 4, at + 4 + read16(octets, at + 2))])
  }
  return options
}

async function askOnce(block: TestBlock, step: Step): Promise<Recorded['reply']> {
  const [name = '', type = '', rclass = 'IN'] = step.q!.split(' ')
  const query = makeQuery(name, type, {
    rclass,
    from: step.from ?? '127.0.0.1',
    ...(step.rd === false ? { flags: 0 } : {}),
    ...(step.edns === undefined ? {} : { edns: step.edns }),
    ...(step.do === true ? { dnssecOk: true } : {}),
    ...(step.opts === undefined ? {} : { options: step.opts }),
    listener: { label: `dns://:${PORT}`, address: '[::]', port: PORT }
  })
  const answer = await block.chain.answer(query)
  return answer.dropped ? 'no reply' : replyText(query, encodeResponse(query, answer))
}

const lines = (log: readonly string[]): readonly string[] =>
  log
    .filter(line => !/^\[\w+\] labdns: /.test(line))
    .map(line =>
      line
        .replace(/(\[INFO\] [\d.]+):\d+ - \d+ /, '$1:<eph> - <id> ')
        .replace(/ [\d.]+s$/, ' <dur>')
        .replaceAll(FOLDER, '@DIR@')
    )
    .sort()

function sorted(reply: Recorded['reply'], isOrdered: boolean | undefined): Recorded['reply'] {
  if (typeof reply !== 'object') return reply
  const section = (name: 'answer' | 'authority' | 'additional') =>
    reply[name] === undefined ? {} : { [name]: [...reply[name]].sort() }
  return {
    ...reply,
    ...(isOrdered === true ? {} : section('answer')),
    ...section('authority'),
    ...section('additional')
  }
}

async function runStep(
  t: Test,
  { block, runtime, seen }: Bench,
  step: Step,
  expected: Recorded
): Promise<void> {
  if (step.times !== undefined) {
    const counts: Record<string, number> = {}
    for (let left = step.times; left > 0; left--) {
      const reply = await askOnce(block, step)
      if (typeof reply !== 'object') throw new Error('no reply')
      const text = `${reply.rcode} ${reply.answer?.[0]?.split(' ').slice(3).join(' ') ?? ''}`
      counts[text] = (counts[text] ?? 0) + 1
    }
    seen.length = 0
    t.same(Object.keys(counts).sort(), Object.keys(expected.counts!).sort(), 'what comes first')
    for (const [text, count] of Object.entries(expected.counts!)) {
      // Wider than recorded: five times the standard deviation, since nobody looks at a test that fails by chance.
      t.ok(Math.abs(counts[text]! - count) <= step.times * 0.35, `share of ${text}: ${counts[text]}`)
    }
  } else if (step.q !== undefined) {
    const reply = await askOnce(block, step)
    t.same(sorted(reply, step.ordered), sorted(expected.reply, step.ordered), step.q)
    t.same(seen.splice(0), expected.upstream ?? [], 'upstreams were asked')
  } else if (step.http !== undefined) {
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

interface Bench {
  readonly block: TestBlock
  readonly runtime: TestRuntime
  readonly seen: string[]
}

const SETS = ['hosts', 'small-plugins']
for (const set of SETS) {
  const file = new URL(`../../../test/fixtures/vectors/plugins/${set}.json`, import.meta.url)
  const { cases } = JSON.parse(readFileSync(file, 'utf8')) as { cases: readonly Case[] }
  for (const { id, corefile, files = {}, upstreams = {}, steps, recorded } of cases) {
    const words = corefile.split('\n').flatMap(line => /^ {4}([a-z]\w*)/.exec(line)?.[1] ?? [])
    if (!words.every(word => HERE.has(word))) continue
    t.test(`${set}/${id}`, async t => {
      const texts: Record<string, string> = { [`${FOLDER}/Corefile`]: corefile }
      for (const [name, text] of Object.entries(files)) texts[`${FOLDER}/${name}`] = text
      const runtime = testRuntime(texts)
      const seen: string[] = []
      const forward = scripted(Object.values(upstreams)[0] ?? [], seen)
      const known = definitions.map(each => (each.name === 'forward' ? forward : each))
      const [block] = setupBlocks(substitute(corefile), known, testShared(runtime), chainEnd(words))
      await block!.start()
      const { stdout } = recorded.start
      if (stdout !== undefined) {
        const logged = stdout.filter(line => line.startsWith('['))
        t.same(lines(runtime.log.lines), [...logged].sort(), 'what the start logs')
      }
      for (const [at, step] of steps.entries()) {
        for (const [name, text] of Object.entries(step.write ?? {})) texts[`${FOLDER}/${name}`] = text
        for (const name of step.remove ?? []) Reflect.deleteProperty(texts, `${FOLDER}/${name}`)
        const before = runtime.log.lines.length
        if (step.wait !== undefined) runtime.clock.advance(step.wait)
        const expected = recorded.steps[at]!
        await runStep(t, { block: block!, runtime, seen }, step, expected)
        if (step.log === true) {
          t.same(lines(runtime.log.lines.slice(before)), [...(expected.stdout ?? [])].sort(), 'the log')
        }
      }
      await block!.stop()
    })
  }
}
