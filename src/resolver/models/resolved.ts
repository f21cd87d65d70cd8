// systemd-resolved 252 with classic DNS alone: asked through nss-resolve (getaddrinfo) or its stub on 127.0.0.53.
// resolver-semantics.md §2.8; from systemd's own sources at 252 (src/resolve) and the recordings.
import type { ResolverModel, Source, StepEnd } from '../model.ts'
import { absolute, countDots, inetAton, isIPv6, isWireName, scopedAddress } from '../names.ts'
import { processOf, type Finding, type Lookup } from '../process.ts'
import type { Grammar } from '../resolv-conf/grammar.ts'
import type { ResolverConfig } from '../resolv-conf/config.ts'
import type { Environment } from '../resolv-conf/environment.ts'
import { parseResolvConf } from '../resolv-conf/parse.ts'
import type { Steps } from '../session.ts'
import {
  candidates,
  joinRoot,
  nothingFound,
  walk,
  type Candidate,
  type Outcome,
  type Verdict,
  type WalkRules
} from '../walk.ts'
import { bindToolModels } from './bind-tools.ts'
import { failureOf, ResolvedServers, Transactions } from './resolved-transactions.ts'

/** A query that takes longer fails as a whole. */
const QUERY_MAX_MS = 120_000
/** Aliases followed in one query. */
const ALIASES_MAX = 16
/** How long whoever asks the stub waits: `dig +tries=1 +time=20` of the recordings. */
const STUB_PATIENCE_MS = 20_000

const BLANKS = ' \t\r\v\f'
/** Search domains, and servers, that are kept. */
const LIST_MAX = 256

/** `domain` and `search` lines add up, in order; options are not read. */
const grammar: Grammar = {
  defaults: { ndots: 1, timeoutMs: 5000, attempts: 24 },
  blanksBeforeKeyword: true,
  comments: { characters: '#;', place: 'after blanks' },
  separators: BLANKS,
  search: { empty: 'nothing', addsUpTo: LIST_MAX },
  domain: { words: 'all', afterSearch: 'replaces' },
  withoutSearch: 'nothing',
  servers: { max: LIST_MAX, read: scopedAddress, separators: BLANKS, duplicates: 'once', none: [] },
  options: (_text, _draft, warn) => warn('options: not read'),
  environment: {}
}

/** Only names of one label are searched, and they are never asked as they are. */
const rules: WalkRules = { enoughDots: 'as-is', fewDots: 'the list', join: joinRoot }

interface ResolvedOutcome extends Outcome {
  /** Set where there is no reply to speak of. */
  readonly trouble: Trouble | undefined
}

/** `not asked`: no server may be asked for this name, or there is none. */
type Trouble = 'timed out' | 'not asked'

interface Resolved {
  readonly error: Trouble | StepEnd | undefined
  readonly addresses: readonly string[]
  readonly canonicalName?: string
}

/** One query: its candidates until one of them exists, then where its aliases lead. */
function* resolve(
  lookup: Lookup,
  servers: ResolvedServers,
  types: readonly string[],
  untilMs: number,
  names: Iterable<Candidate>
): Steps<Resolved> {
  const { session } = lookup
  let error: Trouble | StepEnd = 'not asked'
  const judge = ({ trouble, end }: ResolvedOutcome): Verdict => {
    error = trouble ?? end
    if (trouble === 'timed out') return 'stop'
    return end === 'answer' || end === 'NODATA' || end === 'alias only' ? 'found' : 'next'
  }
  const ask = ({ name }: Candidate) => askTypes(lookup, servers, name, types, untilMs)
  let asked = names
  for (let aliases = 0; aliases <= ALIASES_MAX; aliases++) {
    const found = yield* walk(session, lookup.steps, asked, ask, judge)
    if (found === undefined) return { error, addresses: nothingFound }
    const last = lookup.steps.at(-1)
    const canonicalName = (found.alias ?? last?.name ?? '').replace(/\.$/, '')
    // Below a search domain it doesn't see that the addresses of the alias came along, and asks for them.
    const overlooked = found.alias !== undefined && last?.origin.kind === 'search'
    if (found.addresses.length > 0 && !overlooked)
      return { error: undefined, addresses: found.addresses, canonicalName }
    if (found.alias === undefined) return { error: 'NODATA', addresses: nothingFound }
    asked = [{ name: absolute(found.alias), origin: { kind: 'alias' } }]
  }
  return { error: 'other', addresses: nothingFound }
}

function* askTypes(
  lookup: Lookup,
  servers: ResolvedServers,
  name: string,
  types: readonly string[],
  untilMs: number
): Steps<ResolvedOutcome> {
  const addresses: string[] = []
  if (servers.count === 0 || !isAsked(name, lookup))
    return { end: isWireName(name) ? 'other' : 'not a name', addresses, trouble: 'not asked' }
  const { session, request } = lookup
  const transactions = new Transactions(servers, session, request.startMs ?? 0, name)
  const ends = yield* transactions.run(types, untilMs)
  if (ends.includes('timed out')) return { end: 'timeout', addresses, trouble: 'timed out' }
  let exists = false
  let alias: string | undefined
  for (const end of ends) {
    if (typeof end === 'string' || end.rcode !== 0) continue
    exists = true
    alias ??= end.alias
    addresses.push(...end.addresses)
  }
  if (!exists) return { end: failureOf(ends[0]), addresses, trouble: undefined }
  const end = addresses.length > 0 ? 'answer' : alias === undefined ? 'NODATA' : 'alias only'
  return { end, addresses, alias, trouble: undefined }
}

/**
 * Whether classic DNS is asked for a name, search domain and all: not for a single label, for `localhost` never, for
 * `local` only where a search domain covers it.
 */
function isAsked(name: string, { config }: Lookup): boolean {
  const plain = name.toLowerCase().replace(/\.$/, '')
  if (!isWireName(name) || countDots(plain) === 0) return false
  if (isBelow(plain, 'localhost')) return false
  const covered = config.search.some(domain => isBelow(plain, domain.toLowerCase().replace(/\.$/, '')))
  return covered || !isBelow(plain, 'local')
}

/** No label begins or ends with `-`, and nothing is escaped. */
function isHostName(name: string): boolean {
  return (
    !name.includes('\\') && name.split('.').every(label => !label.startsWith('-') && !label.endsWith('-'))
  )
}

function isBelow(name: string, zone: string): boolean {
  return zone === '' || name === zone || name.endsWith(`.${zone}`)
}

/**
 * What resolved answers by itself: /etc/hosts, the loopback addresses for `localhost` and names below it, nothing for
 * `invalid`. Also the host's own name, whose addresses no model knows.
 */
function ownAnswer({ request, config }: Lookup, types: readonly string[]): string[] | undefined {
  const name = request.name.toLowerCase().replace(/\.$/, '')
  const local = isBelow(name, 'localhost') ? ['127.0.0.1', '::1'] : undefined
  const known = config.hosts.get(name) ?? local ?? (isBelow(name, 'invalid') ? [] : undefined)
  return known?.filter(address => types.includes(isIPv6(address) ? 'AAAA' : 'A'))
}

/** getaddrinfo with nss-resolve alone: what resolved couldn't ask is EAI_AGAIN, everything else that fails EAI_NONAME. */
function* throughNss(lookup: Lookup, servers: ResolvedServers): Steps<Finding> {
  const { request, config, session } = lookup
  const literal = inetAton(request.name) ?? scopedAddress(request.name)
  const { family } = request
  if (literal !== undefined) {
    const fits = family === 'unspec' || isIPv6(literal) === (family === 'inet6')
    return fits ? { error: null, addresses: [literal] } : { error: 'EAI_ADDRFAMILY' }
  }
  const types = family === 'unspec' ? ['A', 'AAAA'] : family === 'inet' ? ['A'] : ['AAAA']
  const own = ownAnswer(lookup, types)
  if (own !== undefined) return own.length > 0 ? { error: null, addresses: own } : { error: 'EAI_NONAME' }
  if (!isWireName(request.name) || !isHostName(request.name)) return { error: 'EAI_NONAME' }
  const names = candidates(request.name, config.ndots, config.search, rules)
  const { error, ...found } = yield* resolve(lookup, servers, types, session.nowMs + QUERY_MAX_MS, names)
  if (error === undefined) return { error: null, ...found }
  return { error: error === 'timed out' || error === 'not asked' ? 'EAI_AGAIN' : 'EAI_NONAME' }
}

/**
 * A query of dig to the stub: never searched. The error is the response's code; NOERROR without an address is NODATA. dig
 * reads resolv.conf too, and may refuse it.
 */
function* throughStub(lookup: Lookup, servers: ResolvedServers): Steps<Finding> {
  const { request, session, config } = lookup
  if (config.refusal !== undefined) return { error: 'exit 1', exitCode: 1 }
  if (request.name.startsWith('-')) return { error: 'exit 8', exitCode: 8 }
  if (!isWireName(request.name)) return { error: 'exit 10', exitCode: 10 }
  const types = [request.family === 'inet6' ? 'AAAA' : 'A']
  const own = ownAnswer(lookup, types)
  if (own !== undefined && own.length > 0) return { error: null, addresses: own }
  if (own !== undefined)
    return { error: isBelow(request.name, 'invalid') ? 'NXDOMAIN' : 'NODATA', exitCode: 0 }
  const asIs: Candidate = { name: absolute(request.name), origin: { kind: 'as-is' } }
  const { error, ...found } = yield* resolve(lookup, servers, types, session.nowMs + STUB_PATIENCE_MS, [asIs])
  if (error === undefined) return { error: null, ...found }
  if (error === 'timed out') return { error: 'exit 9', exitCode: 9 }
  return { error: stubErrors[error] ?? error, exitCode: 0 }
}

const stubErrors: Readonly<Record<string, string>> = {
  'not asked': 'REFUSED',
  timeout: 'SERVFAIL',
  closed: 'SERVFAIL',
  other: 'SERVFAIL'
}

const sources: readonly Source[] = [
  {
    behaviour: 'search walk: one label below each domain in order, never as it is; ndots is not known',
    recorded: ['k8s-*', 'trailing-*', 'stop-*'],
    rule: 'resolver-semantics.md §2.8'
  },
  {
    behaviour: 'NXDOMAIN is asked again without EDNS, SERVFAIL twice more',
    recorded: ['k8s-ndots5-nosuch.example.com', 'stop-servfail-first-rest-nx']
  },
  {
    behaviour: 'silence: UDP with EDNS, without, TCP, UDP …, for 120 s',
    recorded: ['k8s-ndots5-upstream-timeout']
  },
  {
    behaviour:
      'once one type is found, the other gets six seconds; an alias below a search domain is asked for again',
    rule: 'systemd 252 src/resolve/resolved-dns-query.c, and 252.39 run against such replies'
  },
  {
    behaviour: 'feature levels and the change of servers',
    rule: 'systemd 252 src/resolve/resolved-dns-server.c'
  }
]

function parse(text: string, environment?: Environment): ResolverConfig {
  return parseResolvConf(text, grammar, environment)
}

function parseWithDig(text: string, environment?: Environment): ResolverConfig {
  const refusal = dig?.parse(text, environment).refusal
  return { ...parse(text, environment), ...(refusal === undefined ? {} : { refusal }) }
}

const dig = bindToolModels.find(({ name }) => name === 'dig-9.18')

function model(
  about: Pick<ResolverModel, 'name' | 'program' | 'parse'>,
  steps: (lookup: Lookup, servers: ResolvedServers) => Steps<Finding>
): ResolverModel {
  return {
    ...about,
    sources,
    start(config, chance) {
      const servers = new ResolvedServers(config, chance)
      return processOf(config, chance, lookup => steps(lookup, servers))
    }
  }
}

export const resolvedModels: readonly ResolverModel[] = [
  model(
    {
      name: 'systemd-resolved-252-nss',
      program: 'systemd-resolved 252, getaddrinfo() through nss-resolve',
      parse
    },
    throughNss
  ),
  model(
    {
      name: 'systemd-resolved-252-stub',
      program: 'systemd-resolved 252, dig at its stub 127.0.0.53',
      parse: parseWithDig
    },
    throughStub
  )
]
