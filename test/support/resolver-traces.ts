// Recorded lookups of real resolvers, and their comparison with the models: the rules of the recordings' own README.
import { readFileSync, readdirSync } from 'node:fs'
import path from 'node:path'
import type { Family, Hint, LookupResult } from '../../src/resolver/model.ts'
import type { Fate, Outgoing, Reply, ReplyKind, ResolverNetwork } from '../../src/resolver/network.ts'
import { silence } from '../../src/resolver/network.ts'
import { resolverModel } from '../../src/resolver/registry.ts'

/** Times are compared to about this much, and only those of retries. */
const TOLERANCE_MS = 50
/** A query of the same name and type at least this much later is a retry. */
const RETRY_AFTER_MS = 100

interface Rule {
  name: string
  type: string
  reply: ReplyKind | 'DROP'
  data?: string | string[]
  target?: string
  server?: string
  transport?: string
  delayMs?: number
}

interface RecordedQuery {
  name: string | null
  type: string | null
  transport: string
  server: string
  tMs: number
  sock: number
  reply: string
  edns?: number | undefined
  ad?: boolean | undefined
  rd?: boolean | undefined
}

interface RecordedRun {
  queries: RecordedQuery[]
  result: {
    ok: boolean
    error: string | null
    addresses: string[]
    canonname?: string
    elapsedMs?: number
    wallMs?: number
    exitCode?: number
  }
}

export interface Trace extends RecordedRun {
  id: string
  client: string
  order: string
  resolvConf: string
  env?: Record<string, string>
  hostname?: string
  hints?: string
  hostIPv6?: boolean | 'linklocal'
  zoneRules: Rule[]
  name: string
  family: Family
  stable: boolean
  otherRuns?: RecordedRun[]
}

/** The traces of every file of a folder, by file name. */
export function readTraces(folder: string): Map<string, Trace[]> {
  const files = new Map<string, Trace[]>()
  for (const file of readdirSync(folder).sort()) {
    if (!file.endsWith('.json') || file === 'index.json') continue
    files.set(file, JSON.parse(readFileSync(path.join(folder, file), 'utf8')) as Trace[])
  }
  return files
}

/** The one address of the recordings without a listener. */
const CLOSED = '10.96.0.99'

/** The recordings' responder: the first matching rule wins, no match is NXDOMAIN. */
export function rulesNetwork(trace: Pick<Trace, 'zoneRules' | 'hostIPv6'>): ResolverNetwork {
  return {
    send(message): Fate {
      if (message.server === CLOSED) return { kind: 'closed', afterMs: 0 }
      const beyond = message.server.includes(':') && message.server !== '::1'
      if (beyond && (trace.hostIPv6 ?? false) === false) return { kind: 'unreachable', afterMs: 0 }
      if (message.name === null) return { kind: 'reply', afterMs: 0, reply: replyOf(message, 'FORMERR') }
      const rule = trace.zoneRules.find(each => applies(each, message))
      if (rule?.reply === 'DROP') return silence
      return {
        kind: 'reply',
        afterMs: rule?.delayMs ?? 0,
        reply: replyOf(message, rule?.reply ?? 'NXDOMAIN', rule)
      }
    }
  }
}

function applies(rule: Rule, message: Outgoing): boolean {
  const name = (message.name ?? '').toLowerCase()
  const pattern = rule.name.toLowerCase()
  const named =
    pattern === '*' || pattern === name || (pattern.startsWith('*.') && name.endsWith(pattern.slice(1)))
  return (
    named &&
    (rule.type === '*' || rule.type === message.type) &&
    (rule.server === undefined || rule.server === message.server) &&
    (rule.transport === undefined || rule.transport === message.transport)
  )
}

const rcodes: Partial<Record<ReplyKind, number>> = {
  FORMERR: 1,
  SERVFAIL: 2,
  NXDOMAIN: 3,
  NOTIMP: 4,
  REFUSED: 5
}

function replyOf(message: Outgoing, kind: ReplyKind, rule?: Rule): Reply {
  const data = typeof rule?.data === 'string' ? [rule.data] : (rule?.data ?? [])
  const addresses = data.filter(
    address =>
      (kind === 'ANSWER' || kind === 'CNAME') &&
      (address.includes(':') ? message.type === 'AAAA' : message.type === 'A')
  )
  const alias = kind === 'CNAME' ? rule?.target : undefined
  return {
    kind,
    rcode: rcodes[kind] ?? 0,
    answers: addresses.length + (alias === undefined ? 0 : 1),
    addresses,
    ...(alias === undefined ? {} : { alias }),
    truncated: kind === 'TC',
    authoritative: kind !== 'LAME',
    recursionAvailable: kind !== 'LAME',
    additional: message.edns === undefined ? 0 : 1
  }
}

/**
 * What the model of the trace's client does with it; `undefined` when there is no such model. `drawn` is where in its
 * range every number is that the model leaves to chance, from 0 to below 1.
 */
export function replay(
  trace: Trace,
  drawn = 0,
  network: ResolverNetwork = rulesNetwork(trace)
): LookupResult | undefined {
  const model = resolverModel(trace.client)
  if (model === undefined) return undefined
  const config = model.parse(trace.resolvConf, {
    variables: trace.env ?? {},
    hostName: trace.hostname ?? 'pod-1'
  })
  const hints = (trace.hints ?? '').split(/[\s,|]+/).filter(word => word !== '' && word !== 'none') as Hint[]
  const process = model.start(config, { integer: limit => Math.floor(limit * drawn) })
  const result = process.lookup(
    {
      name: trace.name,
      family: trace.family,
      hints,
      host: { inet: true, inet6: (trace.hostIPv6 ?? false) !== false }
    },
    network
  )
  if (result instanceof Promise) throw new Error('rules answer at once, and so does a model asked by them')
  return result
}

/** What chance draws, one after the other, until a run is matched: the phase of systemd's timers. */
const DRAWS = [0, 0.2, 0.4, 0.6, 0.8]
/** Clients of c-ares 1.34, whose every retry comes at random between what draws of 0 and of almost 1 give. */
const JITTERY = /^(cares-1\.34|node-20-resolve)/
const DRAWN_SHORTEST = 1 - 2 ** -16

/**
 * What differs between a trace and its model; empty when nothing does. Any of the recorded runs may be matched, and any
 * luck may do it.
 */
export function differences(trace: Trace): string[] {
  const shortest = JITTERY.test(trace.client) ? replay(trace, DRAWN_SHORTEST) : undefined
  let fewest: string[] | undefined
  for (const drawn of DRAWS) {
    const result = replay(trace, drawn)
    if (result === undefined) return [`no model ${trace.client}`]
    for (const run of [trace, ...(trace.otherRuns ?? [])]) {
      const found = compare(trace, run, result, shortest ?? result)
      if (fewest === undefined || found.length < fewest.length) fewest = found
    }
    if (fewest?.length === 0 || shortest !== undefined) break
  }
  return fewest ?? []
}

function compare(trace: Trace, run: RecordedRun, result: LookupResult, shortest: LookupResult): string[] {
  const found = compareResults(run.result, result)
  const asked = queriesSeen(result)
  const soonest = queriesSeen(shortest)
  if (trace.id === 'ns2-rotate') {
    if (asked.length !== run.queries.length)
      found.push(`${asked.length} queries, recorded ${run.queries.length}`)
    return found
  }
  const jittery = trace.client.startsWith('cares-1.34') && trace.id.startsWith('ns')
  if (jittery) return [...found, ...compareCounts(run.queries, asked)]
  if (trace.order.startsWith('exact per server')) {
    const servers = new Set([...run.queries, ...asked].map(query => query.server))
    for (const server of servers) {
      const of = (queries: RecordedQuery[]) => queries.filter(query => query.server === server)
      found.push(...compareSequences(of(run.queries), of(asked), of(soonest)))
    }
  } else if (trace.order.startsWith('exact')) found.push(...compareSequences(run.queries, asked, soonest))
  else found.push(...compareSequences(inRounds(run.queries), inRounds(asked), inRounds(soonest)))
  return found
}

/** What the responder saw of a lookup; times count from its first query. */
function queriesSeen(result: LookupResult): RecordedQuery[] {
  const seen: RecordedQuery[] = result.queries
    .filter(({ reply }) => reply !== 'CLOSED' && reply !== 'UNREACHABLE')
    .map(({ socket, ...query }) => ({ ...query, sock: socket }))
  const first = seen[0]?.tMs ?? 0
  for (const query of seen) query.tMs -= first
  return seen
}

const TIMING_FREE_ERRORS = /^read (udp|tcp)/

function compareResults(recorded: RecordedRun['result'], result: LookupResult): string[] {
  const found: string[] = []
  if (recorded.ok !== result.ok) found.push(`ok: ${result.ok}, recorded ${recorded.ok}`)
  if (recorded.error !== result.error && !TIMING_FREE_ERRORS.test(recorded.error ?? ''))
    found.push(`error: ${result.error ?? 'none'}, recorded ${recorded.error ?? 'none'}`)
  const text = (addresses: readonly string[]) => [...new Set(addresses)].sort().join(' ')
  if (text(recorded.addresses) !== text(result.addresses))
    found.push(`addresses: ${text(result.addresses)}, recorded ${text(recorded.addresses)}`)
  if (recorded.canonname !== undefined && recorded.canonname !== result.canonicalName)
    found.push(`canonical name: ${result.canonicalName ?? 'none'}, recorded ${recorded.canonname}`)
  if (recorded.exitCode !== undefined && recorded.exitCode !== result.exitCode)
    found.push(`exit code: ${result.exitCode}, recorded ${recorded.exitCode}`)
  return found
}

const label = (query: RecordedQuery) =>
  `${query.name ?? 'malformed'} ${query.type ?? '-'} ${query.transport} ${query.server}` +
  `${query.edns === undefined ? '' : ` edns ${query.edns}`}${query.ad === true ? ' ad' : ''}${query.rd === false ? ' -rd' : ''}`

/** `soonest` has the earliest times at which the queries of `asked` may come, where chance decides. */
function compareSequences(
  recorded: RecordedQuery[],
  asked: RecordedQuery[],
  soonest: RecordedQuery[]
): string[] {
  const found: string[] = []
  for (let at = 0; at < Math.max(recorded.length, asked.length); at++) {
    const theirs = recorded[at]
    const ours = asked[at]
    if (theirs === undefined || ours === undefined || label(theirs) !== label(ours)) {
      const text = (query: RecordedQuery | undefined) => (query === undefined ? 'nothing' : label(query))
      return [`query ${at + 1}: ${text(ours)}, recorded ${text(theirs)}`]
    }
    const earlier = recorded.slice(0, at).findLast(query => sameQuestion(query, theirs))
    const retry = earlier !== undefined && theirs.tMs - earlier.tMs >= RETRY_AFTER_MS
    const earliestMs = Math.min(ours.tMs, soonest[at]?.tMs ?? ours.tMs)
    const off = Math.max(earliestMs - theirs.tMs, theirs.tMs - ours.tMs)
    const late = earliestMs < ours.tMs ? TIMERS_LATE * theirs.tMs : 0
    if ((retry || earliestMs - theirs.tMs > TOLERANCE_MS) && off > tolerance(at) + late)
      found.push(`query ${at + 1} ${label(ours)}: at ${ours.tMs} ms, recorded ${theirs.tMs} ms`)
  }
  return found
}

/** Where times are random, by how much of its length a wait may be late too: Node's comes from ticks that add up. */
const TIMERS_LATE = 0.01

/** The same question again, whichever server it goes to and how. */
function sameQuestion(a: RecordedQuery, b: RecordedQuery): boolean {
  return a.name === b.name && a.type === b.type
}

/** Waits add up, and so do the milliseconds by which each was late. */
function tolerance(at: number): number {
  return TOLERANCE_MS + 2 * at
}

/** A and AAAA of one name are asked independently of each other: for each name, all of one type, then all of the other. */
function inRounds(queries: RecordedQuery[]): RecordedQuery[] {
  const sorted: RecordedQuery[] = []
  let round: RecordedQuery[] = []
  const end = () => {
    sorted.push(...round.sort((a, b) => ((a.type ?? '') < (b.type ?? '') ? -1 : a.type === b.type ? 0 : 1)))
    round = []
  }
  for (const query of queries) {
    if (round[0]?.name !== query.name) end()
    round.push(query)
  }
  end()
  return sorted
}

function compareCounts(recorded: RecordedQuery[], asked: RecordedQuery[]): string[] {
  const counts = (queries: RecordedQuery[]) => {
    const byType = new Map<string, number>()
    for (const { name, type } of queries) {
      const key = `${name ?? ''} ${type ?? ''}`
      byType.set(key, (byType.get(key) ?? 0) + 1)
    }
    return [...byType]
      .map(([key, count]) => `${key} ×${count}`)
      .sort()
      .join(', ')
  }
  const ours = counts(asked)
  const theirs = counts(recorded)
  return ours === theirs ? [] : [`queries: ${ours}; recorded ${theirs}`]
}
