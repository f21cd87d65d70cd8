// The resolver of the GNU C library: getaddrinfo, and what getent and res_search make of it. resolver-semantics.md §2.1.
import type { Reply } from '../network.ts'
import type { LookupRequest, ResolverModel, Source, StepEnd } from '../model.ts'
import {
  absolute,
  countDots,
  inetAton,
  isIPv6,
  isWireName,
  octetsOf,
  plainAddress,
  reverseName,
  scopedAddress
} from '../names.ts'
import { processOf, type Finding, type Lookup } from '../process.ts'
import { parseResolvConf } from '../resolv-conf/parse.ts'
import type { Steps } from '../session.ts'
import {
  candidates,
  nothingFound,
  walk,
  type Candidate,
  type Outcome,
  type Verdict,
  type WalkRules
} from '../walk.ts'
import { FIRST_ROOM, roomForOne, roomForPair } from './glibc-buffer.ts'
import { glibcGrammar } from './glibc-conf.ts'
import { sendQueries, type Sent, type ServerMemory } from './glibc-send.ts'

/** Octets of name, dot and domain together, over which a step fails. */
const JOINED_OCTETS_MAX = 1024

/** As `h_errno` has them. */
type HostError = 'HOST_NOT_FOUND' | 'TRY_AGAIN' | 'NO_RECOVERY' | 'NO_DATA'

interface GlibcOutcome extends Outcome {
  /** `undefined` when something was found. */
  readonly error: HostError | undefined
  /** Of the last query alone, where a walk reports an earlier one's error. */
  readonly lastError?: HostError | undefined
  readonly sent: Sent
  /** Octets that it takes to store what was found (`glibc-buffer.ts`). */
  readonly room: number
}

const rules: WalkRules = {
  enoughDots: 'as-is, then the list',
  fewDots: 'the list, then as-is',
  // One leading dot goes; what is empty then is the root.
  join: (name, domain) => {
    const stripped = domain.startsWith('.') ? domain.slice(1) : domain
    return absolute(stripped === '' ? name : `${name}.${stripped}`)
  }
}

/** How much there is to put what was found; a process may keep it from one call to the next. */
interface Room {
  octets: number
}

/** Walks the list again, from its beginning, as long as what was found doesn't fit. */
function* searchWithRoom(
  lookup: Lookup,
  memory: ServerMemory,
  types: readonly string[],
  room: Room = { octets: FIRST_ROOM }
): Steps<GlibcOutcome> {
  for (;;) {
    const outcome = yield* search(lookup, memory, types)
    if (outcome.error !== undefined || outcome.room <= room.octets) return outcome
    room.octets *= 2
  }
}

/** One walk of the search list for one query type, or for A and AAAA together (`__res_context_search`). */
function* search(lookup: Lookup, memory: ServerMemory, types: readonly string[]): Steps<GlibcOutcome> {
  const { session, config, request } = lookup
  const { name } = request
  const dots = countDots(name)
  const asIsFirst = dots >= config.ndots || name.endsWith('.')
  const noTldQuery = dots === 0 && config.search.length > 0 && config.switches.has('no-tld-query')
  let savedError: HostError | undefined
  let last = notAName
  const got = { noData: false, servfail: false }
  let rootAsked = false
  const names = function* (): Generator<Candidate> {
    const alias = dots === 0 ? config.hostAliases[name.toLowerCase()] : undefined
    if (alias !== undefined) {
      yield { name: absolute(alias), origin: { kind: 'as-is' } }
      return
    }
    for (const candidate of candidates(name, config.ndots, config.search, rules)) {
      const lastResort = candidate.origin.kind === 'as-is' && !asIsFirst
      if (lastResort && (rootAsked || noTldQuery)) return
      yield candidate
    }
  }
  const judge = (outcome: GlibcOutcome, candidate: Candidate): Verdict => {
    last = outcome
    if (outcome.error === undefined) return 'found'
    if (candidate.origin.kind === 'as-is') {
      if (asIsFirst) savedError = outcome.error
      return 'next'
    }
    if (candidate.name === absolute(name)) rootAsked = true
    if (outcome.sent.turnedAway) {
      savedError = 'TRY_AGAIN'
      return 'stop'
    }
    if (outcome.error === 'NO_DATA') got.noData = true
    if (outcome.error === 'NO_DATA' || outcome.error === 'HOST_NOT_FOUND') return 'next'
    if (outcome.error !== 'TRY_AGAIN' || outcome.sent.lastReply?.rcode !== SERVFAIL) return 'end of list'
    got.servfail = true
    return 'next'
  }
  const ask = (candidate: Candidate) => askFor(lookup, memory, candidate.name, types)
  const found = yield* walk(session, lookup.steps, names(), ask, judge)
  if (found !== undefined) return found
  const remembered = got.noData ? 'NO_DATA' : got.servfail ? 'TRY_AGAIN' : last.error
  return { ...last, error: savedError ?? remembered, lastError: last.error }
}

const notAName: GlibcOutcome = {
  end: 'not a name',
  addresses: nothingFound,
  error: 'NO_RECOVERY',
  sent: { replies: undefined, turnedAway: false, lastReply: undefined },
  room: 0
}

/** Asks for one name and judges the replies together (`__res_context_query`). */
function* askFor(
  lookup: Lookup,
  memory: ServerMemory,
  name: string,
  types: readonly string[]
): Steps<GlibcOutcome> {
  const typed = lookup.request.name
  if (typed === '' || octetsOf(name) > JOINED_OCTETS_MAX || !isWireName(name)) return notAName
  const { switches } = lookup.config
  const noAaaa = switches.has('no-aaaa') && types.includes('AAAA')
  // An AAAA query alone goes out as A, without OPT, and nothing that comes of it is data.
  const replaced = noAaaa && types.length === 1
  const asked = { types: noAaaa ? ['A'] : types, strict: switches.has('strict-error'), plain: replaced }
  const sent = yield* sendQueries(lookup, memory, name, asked)
  if (sent.replies === undefined) {
    if (replaced && sent.lastReply === undefined && !sent.turnedAway)
      return { end: 'timeout', addresses: nothingFound, error: 'NO_DATA', sent, room: 0 }
    const end = sent.turnedAway ? 'closed' : endOfFailure(sent.lastReply)
    return { end, addresses: nothingFound, error: 'TRY_AGAIN', sent, room: 0 }
  }
  const replies = replaced ? sent.replies.map(withoutData) : sent.replies
  const [first, second = first] = replies as [Reply, Reply?]
  if (replies.some(reply => reply.rcode === 0 && reply.answers > 0)) {
    const found = replies.filter(reply => reply.rcode === 0)
    const addresses = found.flatMap(reply => reply.addresses)
    const alias = replies.find(reply => reply.alias !== undefined)?.alias
    const end = addresses.length > 0 ? 'answer' : 'alias only'
    const records = found.reduce((sum, reply) => sum + reply.answers, 0)
    const stored = { addresses, aliases: records - addresses.length, asked: name, canonical: alias ?? name }
    const room = types.length > 1 ? roomForPair(stored) : roomForOne(stored)
    return { end, addresses, alias: alias ?? name, error: undefined, sent, room }
  }
  const rcode = first.rcode === 0 ? second.rcode : first.rcode
  const [end, error] = errors[rcode] ?? (['other', 'NO_RECOVERY'] as const)
  return { end, addresses: nothingFound, error, sent, room: 0 }
}

const SERVFAIL = 2

const errors: Readonly<Record<number, readonly [StepEnd, HostError]>> = {
  0: ['NODATA', 'NO_DATA'],
  1: ['FORMERR', 'NO_RECOVERY'],
  2: ['SERVFAIL', 'TRY_AGAIN'],
  3: ['NXDOMAIN', 'HOST_NOT_FOUND'],
  4: ['NOTIMP', 'NO_RECOVERY'],
  5: ['REFUSED', 'NO_RECOVERY']
}

function endOfFailure(reply: Reply | undefined): StepEnd {
  if (reply === undefined) return 'timeout'
  return reply.rcode === 0 ? 'lame' : (errors[reply.rcode]?.[0] ?? 'other')
}

/** What `no-aaaa` makes of the answer to the A query that it sends in place of AAAA. */
function withoutData(reply: Reply): Reply {
  return reply.rcode === 0 ? { ...reply, answers: 0, addresses: [] } : reply
}

/** The words of getaddrinfo for the end of a walk. */
const gaiErrors: Readonly<Record<HostError, string>> = {
  HOST_NOT_FOUND: 'EAI_NONAME',
  NO_RECOVERY: 'EAI_NONAME',
  NO_DATA: 'EAI_NODATA',
  TRY_AGAIN: 'EAI_AGAIN'
}

/** `getaddrinfo`, files before dns. Also what other programs on glibc call. */
export function* getaddrinfo(lookup: Lookup, memory: ServerMemory): Steps<Finding> {
  const { request } = lookup
  const { name } = request
  const families = wantedFamilies(request)
  if (families.length === 0 || name === '' || name === '*') return { error: 'EAI_NONAME' }
  const literal = literalAddress(name)
  if (literal !== undefined) {
    const fits = families.includes(isIPv6(literal) ? 'AAAA' : 'A')
    return fits ? { error: null, addresses: [literal] } : { error: 'EAI_ADDRFAMILY' }
  }
  // IPv4 alone goes through other functions: with a canonical name any text is a name; without one an alias without
  // address is NODATA, and a failure counts only where it came last.
  const ipv4Alone = families.length === 1 && families[0] === 'A'
  const canonical = request.hints?.includes('canonname') === true
  if (!isHostName(name) && !(ipv4Alone && canonical)) return { error: 'EAI_NONAME' }
  const known = hostsAddresses(lookup, families)
  if (known.length > 0) return { error: null, addresses: known, canonicalName: name }
  const outcome = yield* searchWithRoom(lookup, memory, families)
  if (outcome.error === 'TRY_AGAIN' && ipv4Alone && !canonical)
    return { error: gaiErrors[outcome.lastError ?? outcome.error] }
  if (outcome.error !== undefined) return { error: gaiErrors[outcome.error] }
  if (outcome.addresses.length === 0) return { error: ipv4Alone && !canonical ? 'EAI_NODATA' : 'EAI_NONAME' }
  return { error: null, addresses: outcome.addresses, canonicalName: withoutDot(outcome.alias ?? name) }
}

/** Names that are looked up at all: letters, digits, `-`, `_` and dots, no `-` in front (`res_hnok`). */
function isHostName(name: string): boolean {
  return /^[A-Za-z0-9_.][A-Za-z0-9_.-]*$/.test(name)
}

/** `AI_ADDRCONFIG`, which NULL hints mean too: only families of which the host has an address. */
function wantedFamilies({ family, hints = [], host }: LookupRequest): readonly string[] {
  const wanted = family === 'unspec' ? ['A', 'AAAA'] : family === 'inet' ? ['A'] : ['AAAA']
  if (host === undefined || !(hints.includes('addrconfig') || hints.includes('null'))) return wanted
  return wanted.filter(type => (type === 'A' ? host.inet : host.inet6))
}

function hostsAddresses({ config, request }: Lookup, types: readonly string[]): readonly string[] {
  const known = config.hosts.get(request.name.toLowerCase()) ?? nothingFound
  return known.filter(address => types.includes(isIPv6(address) ? 'AAAA' : 'A'))
}

function literalAddress(name: string): string | undefined {
  return inetAton(name) ?? (isIPv6(name) ? scopedAddress(name) : undefined)
}

function withoutDot(name: string): string {
  return name.endsWith('.') ? name.slice(0, -1) : name
}

/** `getent ahosts` and its like: getaddrinfo with AI_V4MAPPED, AI_ADDRCONFIG and AI_CANONNAME. */
function* getentAhosts(lookup: Lookup, memory: ServerMemory): Steps<Finding> {
  // It asks for IDNA, too, which fails without libidn2.
  if (octetsOf(lookup.request.name) > lookup.request.name.length) return { error: 'exit 2' }
  const request: LookupRequest = { ...lookup.request, hints: ['addrconfig', 'canonname', 'v4mapped'] }
  const finding = yield* getaddrinfo({ ...lookup, request }, memory)
  return finding.error === null ? finding : { error: 'exit 2' }
}

/** `getent hosts`: gethostbyname2 for IPv6, then for IPv4. */
function* getentHosts(lookup: Lookup, memory: ServerMemory): Steps<Finding> {
  const { name } = lookup.request
  const literal = plainAddress(name)
  if (literal !== undefined) return yield* reverse(lookup, memory, literal)
  // Digits and dots are an address in one of its other forms, or nothing.
  const digits = /^[0-9][0-9.]*$/.test(name) && !name.endsWith('.')
  const address = digits ? inetAton(name) : undefined
  if (address !== undefined) return { error: null, addresses: [address] }
  if (digits || !isHostName(name)) return { error: 'exit 2' }
  const room = { octets: FIRST_ROOM }
  for (const types of [['AAAA'], ['A']]) {
    const known = hostsAddresses(lookup, types)
    if (known.length > 0) return { error: null, addresses: known }
    const outcome = yield* searchWithRoom(lookup, memory, types, room)
    if (outcome.error === undefined && outcome.addresses.length > 0)
      return { error: null, addresses: outcome.addresses }
  }
  return { error: 'exit 2' }
}

/** gethostbyaddr: the name of an address. */
function* reverse(lookup: Lookup, memory: ServerMemory, address: string): Steps<Finding> {
  const known = [...lookup.config.hosts.values()].some(addresses => addresses.includes(address))
  if (known) return { error: null, addresses: [address] }
  const outcome = yield* askFor(lookup, memory, reverseName(address) ?? absolute(address), ['PTR'])
  return outcome.error === undefined ? { error: null, addresses: [address] } : { error: 'exit 2' }
}

/** `res_search`: gives the message, so the addresses in it are the caller's matter. No /etc/hosts. */
function* resSearch(lookup: Lookup, memory: ServerMemory): Steps<Finding> {
  const types = lookup.request.family === 'inet6' ? ['AAAA'] : ['A']
  const outcome = yield* search(lookup, memory, types)
  return { error: outcome.error ?? null }
}

type Call = (lookup: Lookup, memory: ServerMemory) => Steps<Finding>

/** A program on glibc: its name, and the call that it makes. Programs in other languages bring a call of their own. */
export function glibcProgram(options: {
  readonly name: string
  readonly program: string
  readonly version: '2.36' | '2.41'
  readonly call?: Call
  readonly sources?: readonly Source[]
}): ResolverModel {
  const later = options.version === '2.41'
  const grammar = glibcGrammar({ strictError: later, negation: later })
  const call = options.call ?? getaddrinfo
  return {
    name: options.name,
    program: options.program,
    sources: [...sources, ...(options.sources ?? [])],
    parse: (text, environment) => parseResolvConf(text, grammar, environment),
    start(config, chance) {
      const memory: ServerMemory = { single: false, reopen: false, rotation: -1 }
      return processOf(config, chance, lookup => call(lookup, memory))
    }
  }
}

const sources: readonly Source[] = [
  {
    behaviour: 'grammar and limits of resolv.conf',
    recorded: ['search-*', 'domain-*', 'options-*', 'opt-*']
  },
  { behaviour: 'search walk', recorded: ['k8s-*', 'ndots*', 'trailing-*'] },
  { behaviour: 'what ends a walk, and the error', recorded: ['stop-*'] },
  { behaviour: 'pairs of A and AAAA', recorded: ['mix-*', 'family-*'] },
  { behaviour: 'servers and retries', recorded: ['ns*'] },
  { behaviour: 'truncation', recorded: ['tc-*'] },
  { behaviour: 'AI_ADDRCONFIG', recorded: ['hints-*'] },
  { behaviour: 'asks again for more room', rule: 'docs/experiment-real.md, measured with 2.36 and 2.41' },
  { behaviour: 'lengths of joined names', rule: 'resolver-semantics.md §1.5' },
  { behaviour: 'HOSTALIASES', rule: 'resolver-semantics.md §1.3' }
]

export const glibcModels: readonly ResolverModel[] = [
  glibcProgram({ name: 'glibc-2.36', program: 'GNU C library 2.36, getaddrinfo', version: '2.36' }),
  glibcProgram({ name: 'glibc-2.41', program: 'GNU C library 2.41, getaddrinfo', version: '2.41' }),
  glibcProgram({
    name: 'glibc-2.36-getent-ahosts',
    program: 'getent ahosts (glibc 2.36)',
    version: '2.36',
    call: getentAhosts
  }),
  glibcProgram({
    name: 'glibc-2.36-getent-hosts',
    program: 'getent hosts (glibc 2.36)',
    version: '2.36',
    call: getentHosts
  }),
  glibcProgram({
    name: 'glibc-2.36-res_search',
    program: 'res_search (glibc 2.36)',
    version: '2.36',
    call: resSearch
  })
]
