// Go 1.24, the pure Go resolver of package net (dnsclient_unix.go, dnsconfig_unix.go; resolver-semantics.md §2.3).
import type { ResolverModel, StepEnd } from '../model.ts'
import { isIPv6, isWireName, octetsOf, scopedAddress } from '../names.ts'
import type { Reply } from '../network.ts'
import { processOf, type Finding, type Lookup } from '../process.ts'
import type { ResolverConfig } from '../resolv-conf/config.ts'
import type { Draft, Grammar } from '../resolv-conf/grammar.ts'
import { parseResolvConf, shown, wordsOf } from '../resolv-conf/parse.ts'
import { digits } from '../resolv-conf/numbers.ts'
import { Socket, together, type Steps } from '../session.ts'
import {
  candidates,
  joinPlainly,
  nothingFound,
  walk,
  type Candidate,
  type Outcome,
  type WalkRules
} from '../walk.ts'

const BLANKS = ' \t\r'
/** The payload size that every query announces. */
const EDNS_OCTETS = 1232
/** Octets of a name with its trailing dot; longer ones are not asked. */
const NAME_OCTETS_MAX = 254

function readOptions(text: string, draft: Draft, warn: (message: string) => void): void {
  for (const word of wordsOf(text, BLANKS)) {
    const number = (option: string) => digits(word.slice(option.length)) ?? 0
    if (word.startsWith('ndots:')) draft.ndots = Math.min(15, number('ndots:'))
    else if (word.startsWith('timeout:')) draft.timeoutMs = Math.max(1, number('timeout:')) * 1000
    else if (word.startsWith('attempts:')) draft.attempts = Math.max(1, number('attempts:'))
    else if (word === 'rotate' || word === 'trust-ad' || word === 'no-reload') draft.switches.add(word)
    else if (word === 'single-request' || word === 'single-request-reopen')
      draft.switches.add('single-request')
    else if (word === 'use-vc' || word === 'usevc' || word === 'tcp') draft.switches.add('use-vc')
    else if (word !== 'edns0')
      warn(`options: ${shown([word])} is not known; a program with cgo asks libc instead`)
  }
}

const grammar: Grammar = {
  defaults: { ndots: 1, timeoutMs: 5000, attempts: 2 },
  blanksBeforeKeyword: true,
  comments: { characters: '#;', place: 'column 0' },
  separators: BLANKS,
  search: { empty: 'clears', keeps: domain => domain !== '.' },
  domain: { words: 'first', afterSearch: 'replaces' },
  withoutSearch: 'domain of the host name',
  servers: { max: 3, read: scopedAddress, none: ['127.0.0.1', '::1'] },
  options: readOptions,
  environment: {}
}

const rules: WalkRules = {
  enoughDots: 'as-is, then the list',
  fewDots: 'the list, then as-is',
  join: joinPlainly
}

/** How a question for one name and type failed; `kind` is the error's text, and `final` keeps other servers from being asked. */
interface Failure {
  readonly error: string
  readonly end: StepEnd
  readonly final?: true
}

type Answer = { readonly reply: Reply } | Failure

const noSuchHost = 'no such host'
const misbehaving = 'server misbehaving'

/** One message and what came back, over UDP and, where that was cut short, TCP. */
function* exchange(lookup: Lookup, server: string, name: string, type: string): Steps<Answer> {
  const { session, config } = lookup
  if (!isWireName(name)) return { error: 'cannot marshal DNS message', end: 'not a name' }
  const transports = config.switches.has('use-vc') ? (['tcp'] as const) : (['udp', 'tcp'] as const)
  for (const transport of transports) {
    const socket = new Socket()
    const ad = config.switches.has('trust-ad') ? ({ ad: true } as const) : {}
    const sent = session.send({ name, type, transport, server, edns: EDNS_OCTETS, ...ad }, socket)
    const arrival = yield { untilMs: session.nowMs + config.timeoutMs, on: socket }
    socket.close()
    const to = `${transport} *->${isIPv6(server) ? `[${server}]` : server}:53`
    if (arrival === undefined) return { error: `read ${to}: i/o timeout`, end: 'timeout' }
    if (arrival.reply === undefined)
      return { error: turnedAway(transport, server, sent.reply), end: 'closed' }
    if (!arrival.reply.truncated || transport === 'tcp') return { reply: arrival.reply }
  }
  return { error: 'no answer from DNS server', end: 'other' }
}

function turnedAway(transport: 'udp' | 'tcp', server: string, how: string): string {
  const to = `${isIPv6(server) ? `[${server}]` : server}:53`
  if (how === 'UNREACHABLE') return `dial ${transport} ${to}: connect: network is unreachable`
  if (transport === 'tcp') return `dial tcp ${to}: connect: connection refused`
  return `read udp *->${to}: read: connection refused`
}

/** What Go makes of a reply: only a name error and a reply without the type asked for are final. */
function judge(reply: Reply): Answer {
  if (reply.rcode === 3) return { error: noSuchHost, end: 'NXDOMAIN', final: true }
  const empty = reply.answers === 0
  if (
    reply.rcode === 0 &&
    empty &&
    !reply.authoritative &&
    !reply.recursionAvailable &&
    reply.additional === 0
  )
    return { error: 'lame referral', end: 'lame' }
  if (reply.rcode !== 0) return { error: misbehaving, end: errorEnds[reply.rcode] ?? 'other' }
  if (reply.addresses.length > 0) return { reply }
  return { error: noSuchHost, end: empty ? 'NODATA' : 'alias only', final: true }
}

const errorEnds: readonly (StepEnd | undefined)[] = [
  undefined,
  'FORMERR',
  'SERVFAIL',
  undefined,
  'NOTIMP',
  'REFUSED'
]

/** All servers in order, `attempts` times over, until one has said something final. */
function* askServers(lookup: Lookup, offset: number, name: string, type: string): Steps<Answer> {
  const { servers, attempts } = lookup.config
  let last: Answer = { error: noSuchHost, end: 'other' }
  for (let round = 0; round < attempts; round++)
    for (let at = 0; at < servers.length; at++) {
      const server = servers[(offset + at) % servers.length]!
      const answer = yield* exchange(lookup, server, name, type)
      last = 'reply' in answer ? judge(answer.reply) : answer
      if ('reply' in last || last.final === true || last.end === 'not a name') return last
    }
  return last
}

interface GoOutcome extends Outcome {
  /** Errors of this name, in the order in which its questions ended. */
  readonly errors: readonly Failure[]
}

/** A and AAAA at once on sockets of their own, or one after the other. */
function* askTypes(lookup: Lookup, nextOffset: () => number, name: string): Steps<GoOutcome> {
  const { session, config, request } = lookup
  const types = request.family === 'unspec' ? ['A', 'AAAA'] : request.family === 'inet' ? ['A'] : ['AAAA']
  const ended: Answer[] = []
  const pieces = types.map(type => noteEnd(askServers(lookup, nextOffset(), name, type), ended))
  if (config.switches.has('single-request')) for (const piece of pieces) yield* piece
  else yield* together(session, pieces)
  const addresses = ended.flatMap(answer => ('reply' in answer ? answer.reply.addresses : nothingFound))
  const errors = ended.filter((answer): answer is Failure => !('reply' in answer))
  const alias = ended
    .map(answer => ('reply' in answer ? answer.reply.alias : undefined))
    .find(name => name !== undefined)
  return { addresses, errors, alias, end: addresses.length > 0 ? 'answer' : (errors[0]?.end ?? 'NODATA') }
}

function* noteEnd(piece: Steps<Answer>, ended: Answer[]): Steps<void> {
  ended.push(yield* piece)
}

function* lookUp(lookup: Lookup, nextOffset: () => number): Steps<Finding> {
  const { session, steps, request, config } = lookup
  const { name } = request
  const literal = scopedAddress(name)
  if (literal !== undefined) return ofFamily([literal], lookup)
  // A name without dots is taken as it is, any other with or without its last dot.
  const inFile = config.hosts.get(name.replace(/(\..*)\.$/, '$1').toLowerCase())
  if (inFile !== undefined) return ofFamily(inFile, lookup)
  if (!isDomainName(name)) return { error: noSuchHost }
  let error: string | undefined
  const names = nameList(name, config)
  const found = yield* walk(
    session,
    steps,
    names,
    candidate => askTypes(lookup, nextOffset, candidate.name),
    (outcome, candidate) => {
      // The first error is reported, but rather one of the name as it was typed.
      const typed = candidate.name === `${name}.`
      for (const failure of outcome.errors) if (error === undefined || typed) error = failure.error
      return outcome.addresses.length > 0 ? 'found' : 'next'
    }
  )
  if (found === undefined) return error === undefined ? ofFamily([], lookup) : { error }
  return { error: null, addresses: found.addresses }
}

/** The walk without names of `.onion` and names that are too long. */
function* nameList(name: string, { ndots, search }: ResolverConfig): Generator<Candidate> {
  for (const candidate of candidates(name, ndots, search, rules)) {
    const onion = /\.onion\.?$/i.test(candidate.name)
    if (!onion && octetsOf(candidate.name) <= NAME_OCTETS_MAX) yield candidate
  }
}

/** What Go looks up at all: letters, digits, `-` and `_`, no `-` at either end of a label, not digits alone. */
function isDomainName(name: string): boolean {
  if (name === '.') return true
  if (name === '' || name.length > NAME_OCTETS_MAX || !/[A-Za-z_-]/.test(name)) return false
  const text = name.endsWith('.') ? name.slice(0, -1) : name
  return (
    text.length < NAME_OCTETS_MAX && text.split('.').every(label => /^(?!-)[\w-]{1,63}(?<!-)$/.test(label))
  )
}

function ofFamily(addresses: readonly string[], { request }: Lookup): Finding {
  const { family } = request
  const fitting = addresses.filter(address => family === 'unspec' || isIPv6(address) === (family === 'inet6'))
  if (fitting.length > 0) return { error: null, addresses: fitting }
  return { error: `address ${request.name}: no suitable address found` }
}

export const go124: ResolverModel = {
  name: 'go-1.24',
  program: 'Go 1.24 net.Resolver.LookupIP, pure Go (CGO_ENABLED=0)',
  sources: [
    {
      behaviour:
        'search walk: every error goes on to the next name, and one for the name as typed is reported',
      recorded: ['k8s-*', 'stop-*', 'ndots*', 'trailing-*', 'family-*'],
      rule: 'resolver-semantics.md §2.3'
    },
    { behaviour: 'A and AAAA at once on two sockets, either is enough', recorded: ['mix-*'] },
    { behaviour: 'servers in order, attempts times over, each with the whole timeout', recorded: ['ns*'] },
    { behaviour: 'rotate moves on by one server with every question', recorded: ['ns2-rotate'] },
    { behaviour: 'a truncated reply is asked for again over TCP', recorded: ['tc-*'] },
    {
      behaviour: 'resolv.conf',
      recorded: ['search-*', 'domain-*', 'options-*', 'opt-*', 'res-options-*'],
      rule: 'resolver-semantics.md §1'
    }
  ],
  parse: (text, environment) => parseResolvConf(text, grammar, environment),
  start(config, chance) {
    let questions = 0
    const nextOffset = () => (config.switches.has('rotate') ? questions++ % config.servers.length : 0)
    return processOf(config, chance, lookup => lookUp(lookup, nextOffset))
  }
}
