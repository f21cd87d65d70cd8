// dig, host and nslookup of BIND 9.18: one walk of one type, and what each tool asks after it. resolver-semantics.md §2.6.
import type { ReplyKind } from '../network.ts'
import type { ResolverModel, Source, StepEnd } from '../model.ts'
import {
  absolute,
  countDots,
  inetAton,
  isWireName,
  plainAddress,
  reverseName,
  scopedAddress
} from '../names.ts'
import { processOf, type Finding, type Lookup } from '../process.ts'
import type { Draft, Grammar } from '../resolv-conf/grammar.ts'
import { parseResolvConf, shown, wordsOf } from '../resolv-conf/parse.ts'
import type { Steps } from '../session.ts'
import {
  candidates,
  joinRoot,
  noteStep,
  nothingFound,
  walk,
  type Candidate,
  type Outcome,
  type WalkRules
} from '../walk.ts'
import { exchange, type Exchanged, type ToolSettings } from './bind-exchange.ts'

const SEPARATORS = ' \t\v\f\r'
const NUMBER_MAX = 255

const grammar: Grammar = {
  defaults: { ndots: 1, timeoutMs: 5000, attempts: 3 },
  blanksBeforeKeyword: true,
  comments: { characters: '#;', place: 'any word' },
  separators: SEPARATORS,
  search: { domainsMax: 8, empty: 'refused' },
  domain: { words: 'one, or refused', afterSearch: 'replaces' },
  withoutSearch: 'nothing',
  servers: {
    max: 3,
    read: word => inetAton(word) ?? scopedAddress(word),
    junk: 'refused',
    none: ['::1', '127.0.0.1']
  },
  nul: 'ends a word',
  options: readOptions,
  environment: {}
}

/** A number that is none, or out of range, makes the tool refuse to run; so does a line without a word. */
function readOptions(text: string, draft: Draft, warn: (message: string) => void): void {
  const words = wordsOf(text, SEPARATORS)
  if (words.length === 0) draft.refusal = 'options: nothing on the line'
  for (const word of words) {
    const [, key = '', number = ''] = /^(ndots|timeout|attempts):(.*)$/s.exec(word) ?? []
    if (key === '') {
      if (word !== 'debug') warn(`unknown option ${shown([word])}`)
      continue
    }
    const value = /^[+-]?\d*$/.test(number) ? Number(number) : Number.NaN
    if (!(value >= 0 && value <= NUMBER_MAX))
      draft.refusal = `${shown([word])}: expected a number from 0 to ${NUMBER_MAX}`
    else if (key === 'ndots') draft.ndots = value
    else if (key === 'timeout') draft.timeoutMs = value * 1000
    else draft.attempts = value
  }
}

const rules: WalkRules = {
  enoughDots: 'as-is',
  fewDots: 'the list, then as-is',
  // A domain that makes the name too long is passed over; one that is no name ends the tool when its turn comes.
  join: (name, domain) => {
    const joined = joinRoot(name, domain)
    const tooLong = name !== '' && isWireName(name) && isWireName(domain) && !isWireName(joined)
    return tooLong ? undefined : joined
  }
}
const listOff: WalkRules = { ...rules, fewDots: 'the list, then as-is', join: () => undefined }

/** What the walk for one type came to, with the candidate that ended it. */
interface Walked {
  readonly candidate: Candidate | undefined
  readonly exchanged: Exchanged | undefined
  /** A name of the walk that the tool refuses to send, which ends it: with this exit code. */
  readonly refused?: number
}

/** Of a name that is no name as it was typed, and of one that a search domain makes. */
const EXIT_AS_IS = 10
const EXIT_JOINED = 1

/** Walks the list for one type. Only NXDOMAIN leads on. */
function* walkFor(lookup: Lookup, settings: ToolSettings, type: string): Steps<Walked> {
  const { config, request, session } = lookup
  const ndots = settings.ndots ?? config.ndots
  // Once a truncated answer has led to TCP, the walk stays there.
  let { tcp } = settings
  let last: Walked = { candidate: undefined, exchanged: undefined }
  yield* walk(
    session,
    lookup.steps,
    candidates(request.name, ndots, config.search, settings.search ? rules : listOff),
    function* (candidate): Steps<Outcome> {
      if (request.name === '' || !isWireName(candidate.name)) {
        const listed = settings.search && config.search.length > 0 && countDots(request.name) < ndots
        const refused = listed ? EXIT_JOINED : EXIT_AS_IS
        last = { candidate, exchanged: undefined, refused }
        return { end: 'not a name', addresses: nothingFound }
      }
      const exchanged = yield* exchange(lookup, { ...settings, tcp }, candidate.name, type)
      tcp = exchanged.tcp
      last = { candidate, exchanged }
      return { end: endOf(exchanged), addresses: exchanged.reply?.addresses ?? nothingFound }
    },
    outcome => (outcome.end === 'NXDOMAIN' ? 'next' : 'stop')
  )
  return last
}

const ends: Partial<Record<ReplyKind, StepEnd>> = {
  ANSWER: 'answer',
  CNAME: 'alias only',
  NODATA: 'NODATA',
  NXDOMAIN: 'NXDOMAIN',
  SERVFAIL: 'SERVFAIL',
  REFUSED: 'REFUSED',
  NOTIMP: 'NOTIMP',
  FORMERR: 'FORMERR',
  LAME: 'lame'
}

function endOf({ reply, failure }: Exchanged): StepEnd {
  if (reply === undefined) return failure === 'timed out' ? 'timeout' : 'closed'
  return ends[reply.kind] ?? 'other'
}

const rcodeNames = ['NOERROR', 'FORMERR', 'SERVFAIL', 'NXDOMAIN', 'NOTIMP', 'REFUSED']

function rcodeName(rcode: number): string {
  return rcodeNames[rcode] ?? `RESERVED${rcode}`
}

/** `dig NAME TYPE`: exit code 0 with any reply, 9 without one, 10 for a name that it refuses. */
function* dig(lookup: Lookup, settings: ToolSettings): Steps<Finding> {
  const type = lookup.request.family === 'inet6' ? 'AAAA' : 'A'
  const { exchanged, refused } = yield* walkFor(lookup, settings, type)
  if (refused !== undefined) return { error: `exit ${refused}`, exitCode: refused }
  const reply = exchanged?.reply
  if (reply === undefined) return { error: 'exit 9', exitCode: 9 }
  if (reply.rcode !== 0) return { error: rcodeName(reply.rcode), exitCode: 0 }
  if (reply.addresses.length === 0) return { error: 'NODATA', exitCode: 0 }
  return { error: null, addresses: reply.addresses }
}

/** The types that `host` and `nslookup` ask once the walk for A has ended at a name. */
interface Follower {
  readonly types: readonly string[]
  /** The tool's word when there was a name but no record at all. */
  readonly noData: string
  /** The exit code for a name as it was typed that is none. */
  readonly exitAsIs: number
}

function* askAll(lookup: Lookup, settings: ToolSettings, follower: Follower): Steps<Finding> {
  const literal = plainAddress(lookup.request.name)
  if (literal !== undefined) return yield* askReverse(lookup, settings, literal)
  const { candidate, exchanged, refused } = yield* walkFor(lookup, settings, 'A')
  const first = exchanged?.reply
  if (candidate === undefined || refused !== undefined) {
    const exitCode = refused === EXIT_AS_IS ? follower.exitAsIs : EXIT_JOINED
    return { error: `exit ${exitCode}`, exitCode }
  }
  if (first === undefined) return { error: exchanged?.failure ?? 'timed out', exitCode: 1 }
  if (first.rcode !== 0) return { error: rcodeName(first.rcode), exitCode: 1 }
  const addresses = [...first.addresses]
  // What is asked from here on is the name found, or where its alias leads; over TCP where that was needed for A.
  const name = first.alias ?? candidate.name
  const origin = first.alias === undefined ? candidate.origin : ({ kind: 'alias' } as const)
  const later = { ...settings, tcp: settings.tcp || exchanged?.tcp === true }
  let error: string | undefined
  let unanswered: string | undefined
  let anyRecord = first.answers > 0
  let exitCode = 0
  for (const type of follower.types) {
    let next: Exchanged = { reply: undefined, failure: undefined, tcp: false }
    for (const candidate of followed(lookup, settings, { name, origin })) {
      const firstQuery = lookup.session.queries.length
      next = yield* exchange(lookup, later, candidate.name, type)
      noteStep(lookup.session, lookup.steps, candidate, endOf(next), firstQuery)
      if (next.reply?.rcode !== NXDOMAIN) break
    }
    if (next.reply === undefined) {
      // Said on the screen, but not by the exit code.
      unanswered ??= next.failure
    } else if (next.reply.rcode !== 0) {
      error ??= rcodeName(next.reply.rcode)
      exitCode = 1
    } else {
      anyRecord ||= next.reply.answers > 0
      if (type === 'AAAA') addresses.push(...next.reply.addresses)
    }
  }
  if (addresses.length > 0) return { error: null, addresses, exitCode }
  return { error: error ?? unanswered ?? (anyRecord ? 'NODATA' : follower.noData), exitCode }
}

/**
 * The names that a further type is asked for until one exists. Where the walk for A began with the name as it was typed,
 * an alias with fewer dots than `ndots` is looked for below the search list, too: the tool has not forgotten that it may.
 */
function* followed(
  { config, request }: Lookup,
  settings: ToolSettings,
  found: Candidate
): Generator<Candidate> {
  yield found
  const ndots = settings.ndots ?? config.ndots
  const target = found.name.slice(0, -1)
  const goesOn = found.origin.kind === 'alias' && countDots(request.name) >= ndots
  if (!goesOn || countDots(target) >= ndots) return
  if (config.search.length === 0) yield found
  for (const candidate of candidates(target, ndots, config.search, rules))
    if (candidate.origin.kind === 'search') yield candidate
}

const NXDOMAIN = 3

function* askReverse(lookup: Lookup, settings: ToolSettings, address: string): Steps<Finding> {
  const name = reverseName(address) ?? absolute(address)
  const { reply, failure } = yield* exchange(lookup, settings, name, 'PTR')
  if (reply === undefined) return { error: failure ?? 'timed out', exitCode: 1 }
  return reply.rcode === 0 && reply.answers > 0
    ? { error: null }
    : { error: rcodeName(reply.rcode), exitCode: 1 }
}

interface Tool extends ToolSettings {
  readonly name: string
  readonly program: string
  readonly run: (lookup: Lookup, settings: ToolSettings) => Steps<Finding>
}

/** A tool of BIND 9.18 with its arguments; the recordings' own are in `bindToolModels`. */
export function bindTool({ name, program, run, ...settings }: Tool): ResolverModel {
  return {
    name,
    program,
    sources,
    parse: (text, environment) => parseResolvConf(text, grammar, environment),
    start: (config, chance) =>
      processOf(config, chance, function* (lookup) {
        if (config.refusal !== undefined) return { error: 'exit 1', exitCode: 1 }
        return yield* run(lookup, { ...settings })
      })
  }
}

const host: Follower = { types: ['AAAA', 'MX'], noData: 'NODATA', exitAsIs: 1 }
const nslookup: Follower = { types: ['AAAA'], noData: 'No answer', exitAsIs: 10 }

const digSettings = {
  search: true,
  tries: 1,
  timeoutMs: 1000,
  edns: 1232,
  ad: true,
  nextOnFailure: false,
  tcp: false,
  run: dig
}

const sources: readonly Source[] = [
  {
    behaviour: 'grammar and limits of resolv.conf',
    recorded: ['search-*', 'domain-*', 'options-*', 'opt-*']
  },
  { behaviour: 'search walk', recorded: ['k8s-*', 'ndots*', 'trailing-*'] },
  { behaviour: 'what ends a walk', recorded: ['stop-*'] },
  { behaviour: 'servers and retries', recorded: ['ns*'] },
  { behaviour: 'truncation', recorded: ['tc-*'] }
]

export const bindToolModels: readonly ResolverModel[] = [
  bindTool({ ...digSettings, name: 'dig-9.18', program: 'dig +search +tries=1 +time=1 (BIND 9.18)' }),
  bindTool({
    ...digSettings,
    name: 'dig-9.18-nosearch',
    program: 'dig +tries=1 +time=1 (BIND 9.18)',
    search: false
  }),
  bindTool({
    ...digSettings,
    name: 'dig-9.18-search-ndots',
    program: 'dig +search +ndots=2 +tries=1 +time=1 (BIND 9.18)',
    ndots: 2
  }),
  bindTool({
    name: 'host-9.18',
    program: 'host -W 1 -R 1 (BIND 9.18)',
    search: true,
    tries: 2,
    timeoutMs: 1000,
    nextOnFailure: true,
    tcp: false,
    run: (lookup, settings) => askAll(lookup, settings, host)
  }),
  bindTool({
    name: 'nslookup-9.18',
    program: 'nslookup -timeout=1 -retry=0 (BIND 9.18)',
    search: true,
    tries: 1,
    timeoutMs: 1000,
    nextOnFailure: true,
    tcp: false,
    run: (lookup, settings) => askAll(lookup, settings, nslookup)
  })
]
