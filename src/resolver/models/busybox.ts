// busybox nslookup (FEATURE_NSLOOKUP_BIG): all names at once, one socket, no walk. resolver-semantics.md §2.7.
import type { ResolverModel, Source, StepEnd } from '../model.ts'
import {
  absolute,
  countDots,
  inetAton,
  isIPv6,
  isWireName,
  plainAddress,
  reverseName,
  scopedAddress
} from '../names.ts'
import { processOf, type Finding, type Lookup } from '../process.ts'
import type { Grammar } from '../resolv-conf/grammar.ts'
import type { ResolverConfig } from '../resolv-conf/config.ts'
import type { Environment } from '../resolv-conf/environment.ts'
import { parseResolvConf } from '../resolv-conf/parse.ts'
import type { Reply } from '../network.ts'
import { Socket, type Arrival, type SentQuery, type Steps } from '../session.ts'
import { candidates, joinPlainly, noteStep, type Candidate, type WalkRules } from '../walk.ts'
import { glibcGrammar } from './glibc-conf.ts'
import type { ServerMemory } from './glibc-send.ts'
import { getaddrinfo } from './glibc.ts'

const SEPARATORS = ' \t\n\v\f\r'
const SERVFAIL = 2
const TIMEOUT_MS = 5000
const TRIES = 2

const grammar: Grammar = {
  defaults: { ndots: 1, timeoutMs: TIMEOUT_MS, attempts: TRIES },
  blanksBeforeKeyword: true,
  comments: { characters: '', place: 'column 0' },
  separators: SEPARATORS,
  lineOctets: { max: 512, beyond: 'next line' },
  search: { empty: 'nothing' },
  domain: { words: 'all', afterSearch: 'nothing' },
  withoutSearch: 'domain of the host name',
  servers: { read: readServer, none: ['127.0.0.1'] },
  options: (text, _draft, warn) => {
    if (text.trim() !== '') warn("options: not read, but for the C library's trust-ad")
  },
  environment: {}
}

interface BusyboxConfig extends ResolverConfig {
  /** What the C library makes of the same file: needed where a server is written as a name. */
  readonly library?: ResolverConfig
}

/** The questions are written by the C library, which reads the file for itself. */
const libraryGrammar = glibcGrammar({ strictError: false, negation: false })

function parse(text: string, environment?: Environment): BusyboxConfig {
  const config = parseResolvConf(text, grammar, environment)
  const library = parseResolvConf(text, libraryGrammar, environment)
  const switches = new Set([...library.switches].filter(one => one === 'trust-ad'))
  return { ...config, switches, library }
}

/** Any word is a server: one that is no address is looked up when its turn comes. */
function readServer(word: string): string {
  return inetAton(word) ?? (isIPv6(word) ? scopedAddress(word) : undefined) ?? word
}

const rules: WalkRules = { enoughDots: 'as-is', fewDots: 'the list', join: joinPlainly }

/** One question of the burst. */
interface Asked {
  readonly candidate: Candidate
  readonly type: string
  reply: Reply | undefined
}

function* nslookup(lookup: Lookup): Steps<Finding> {
  const { session, config, steps } = lookup
  const asked = questions(lookup)
  const firstQuery = session.queries.length
  const replies: Reply[] = []
  for (const written of config.servers) {
    const server = yield* addressOf(lookup, written)
    if (server === undefined) return { error: 'exit 1', exitCode: 1 }
    yield* ask(lookup, server, asked, replies)
    // One reply is enough for the other servers never to be asked.
    if (replies.length > 0) break
  }
  for (const { candidate, reply } of asked) noteStep(session, steps, candidate, endOf(reply), firstQuery)
  return finding(replies, asked)
}

/** A server's address; the C library is asked for a server that is written as a name. */
function* addressOf(lookup: Lookup, server: string): Steps<string | undefined> {
  if (inetAton(server) !== undefined || isIPv6(server)) return server
  const { library: config = lookup.config }: BusyboxConfig = lookup.config
  const memory: ServerMemory = { single: false, reopen: false, rotation: -1 }
  const request = { name: server, family: 'unspec' } as const
  const { addresses } = yield* getaddrinfo({ ...lookup, config, request }, memory)
  return addresses?.[0]
}

/** A for every name, then AAAA for every name. A name with a dot is asked as it is; so is any name without a list. */
function questions({ config, request }: Lookup): Asked[] {
  const { name, family } = request
  const literal = plainAddress(name)
  if (literal !== undefined) {
    const reverse = reverseName(literal) ?? absolute(name)
    return [{ candidate: { name: reverse, origin: { kind: 'as-is' } }, type: 'PTR', reply: undefined }]
  }
  const list = config.search.length === 1 && config.search[0] === '.' ? [] : config.search
  const asIs = countDots(name) > 0 || list.length === 0
  const names: Candidate[] = asIs
    ? [{ name: absolute(name), origin: { kind: 'as-is' } }]
    : [...candidates(name, 1, list, rules)]
  const types = family === 'unspec' ? ['A', 'AAAA'] : family === 'inet' ? ['A'] : ['AAAA']
  return types.flatMap(type => names.map(candidate => ({ candidate, type, reply: undefined })))
}

/** Sends all that has no answer, again every 2.5 s. Replies are noted as they come. */
function* ask(
  { session, config }: Lookup,
  server: string,
  asked: readonly Asked[],
  replies: Reply[]
): Steps<void> {
  const socket = new Socket()
  const questionOf = new Map<SentQuery, Asked>()
  const ad = config.switches.has('trust-ad') ? { ad: true as const } : {}
  let open = asked.length
  const send = (question: Asked) => {
    const query = session.send(
      { name: question.candidate.name, type: question.type, transport: 'udp', server, ...ad },
      socket
    )
    questionOf.set(query, question)
  }
  for (let round = 1; round <= TRIES; round++) {
    for (const question of asked) {
      if (question.reply !== undefined) continue
      // A name that no message can carry makes the write fail, and with it the server is given up.
      if (!isWireName(question.candidate.name)) return
      send(question)
    }
    let servfailRetries = 2 * asked.length
    const untilMs = session.nowMs + TIMEOUT_MS / TRIES
    let arrival: Arrival | undefined
    while ((arrival = yield { untilMs, on: socket }) !== undefined) {
      const question = questionOf.get(arrival.query)
      if (arrival.reply === undefined) return
      if (question === undefined || question.reply !== undefined) continue
      if (arrival.reply.rcode === SERVFAIL && servfailRetries > 0) {
        servfailRetries--
        send(question)
        continue
      }
      question.reply = arrival.reply
      replies.push(arrival.reply)
      if (--open > 0) continue
      socket.close()
      return
    }
  }
  socket.close()
}

const rcodeNames = ['NOERROR', 'FORMERR', 'SERVFAIL', 'NXDOMAIN', 'NOTIMP', 'REFUSED']

function endOf(reply: Reply | undefined): StepEnd {
  if (reply === undefined) return 'timeout'
  if (reply.addresses.length > 0) return 'answer'
  if (reply.rcode === 0) return reply.alias === undefined ? 'NODATA' : 'alias only'
  return (rcodeNames[reply.rcode] as StepEnd | undefined) ?? 'other'
}

/** Any failed question makes the exit code 1, also where an address was printed; the first one printed is the error. */
function finding(replies: readonly Reply[], asked: readonly Asked[]): Finding {
  if (replies.length === 0) return { error: 'timed out', exitCode: 1 }
  const addresses = replies.flatMap(({ rcode, addresses }) => (rcode === 0 ? addresses : []))
  const failure = replies.find(({ rcode }) => rcode !== 0)
  const exitCode = failure === undefined ? 0 : 1
  if (addresses.length > 0) return { error: null, addresses, exitCode }
  const noData = asked.some(({ reply }) => reply === undefined) ? 'No answer' : 'NODATA'
  const error = failure === undefined ? noData : (rcodeNames[failure.rcode] ?? `rcode ${failure.rcode}`)
  return { error, exitCode }
}

const sources: readonly Source[] = [
  { behaviour: 'grammar of resolv.conf', recorded: ['search-*', 'domain-*'] },
  { behaviour: 'which names are asked', recorded: ['k8s-*', 'ndots*', 'trailing-*'] },
  { behaviour: 'retries and servers', recorded: ['stop-*', 'ns*'] },
  { behaviour: 'no TCP', recorded: ['tc-*'] }
]

export const busyboxModels: readonly ResolverModel[] = ['1.35', '1.37'].map(version => ({
  name: `busybox-${version}-nslookup`,
  program: `busybox ${version} nslookup`,
  sources,
  parse,
  start: (config, chance) => processOf(config, chance, nslookup)
}))
