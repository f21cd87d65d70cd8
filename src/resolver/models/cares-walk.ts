// The look-ups of c-ares over a channel: ares_getaddrinfo and ares_search. From its own sources at 1.18.1 and 1.34.5
// (ares_getaddrinfo.c, ares_search.c), resolver-semantics.md §2.4, and the recordings.
import { absolute, countDots, isIPv6, plainAddress } from '../names.ts'
import type { Family } from '../model.ts'
import type { Finding, Lookup } from '../process.ts'
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
import type { Answered, Channel } from './cares-channel.ts'
import { endOf, type AresStatus } from './cares-status.ts'

/** What differs between versions. */
export interface AresWalkRules extends WalkRules {
  /** A literal address is the answer; 1.18 asks for an IPv4 one all the same unless IPv4 alone is wanted. */
  readonly literals: 'answered' | 'IPv4 alone answered'
  /** Whether a message can carry a name. */
  readonly isName: (name: string) => boolean
  /** Names that are the loopback addresses without a question. */
  readonly isLocalHost: (name: string) => boolean
  /** SERVFAIL and REFUSED for a name of one label don't end the walk (c-ares issue 852). */
  readonly forgivesSingleLabel: boolean
  /** An alias of HOSTALIASES is asked as it is; otherwise the walk begins with it. */
  readonly aliasEndsSearch: boolean
}

interface AresOutcome extends Outcome {
  readonly status: AresStatus
}

/** ares_getaddrinfo: the hosts file first, then A and AAAA of one name after the other. */
export function* getAddrInfo(lookup: Lookup, channel: Channel, rules: AresWalkRules): Steps<Finding> {
  const { name, family } = lookup.request
  if (/\.onion\.?$/i.test(name)) return { error: 'ARES_ENOTFOUND' }
  const literal = literalFor(name, family)
  const answered =
    literal !== undefined && (rules.literals === 'answered' || isIPv6(literal) || family === 'inet')
  if (answered) return { error: null, addresses: [literal] }
  const local = localAddresses(lookup, rules)
  if (local !== undefined) return { error: null, addresses: local }
  const types = family === 'unspec' ? ['A', 'AAAA'] : family === 'inet' ? ['A'] : ['AAAA']
  const ask = function* (candidate: Candidate): Steps<AresOutcome> {
    const outcome = hostOutcome(yield* channel.ask(candidate.name, types))
    return literal === undefined ? outcome : { ...outcome, addresses: [literal, ...outcome.addresses] }
  }
  return yield* walkNames(lookup, rules, ask, () => true)
}

/** ares_search: one type, no hosts file; any answer section is a success, and the addresses in it the caller's matter. */
export function* search(lookup: Lookup, channel: Channel, rules: AresWalkRules): Steps<Finding> {
  if (/\.onion\.?$/i.test(lookup.request.name)) return { error: 'ARES_ENOTFOUND' }
  // The message is made before the walk begins, and that it can't be made is called lack of memory.
  if (!rules.isName(lookup.request.name)) return { error: 'ARES_ENOMEM' }
  const types = [lookup.request.family === 'inet6' ? 'AAAA' : 'A']
  const ask = function* (candidate: Candidate): Steps<AresOutcome> {
    const [answered] = yield* channel.ask(candidate.name, types)
    return queryOutcome(answered)
  }
  const { error } = yield* walkNames(lookup, rules, ask, status => status === 'ARES_ENOTFOUND')
  return { error }
}

/** ares_query: the name as it is. */
export function* query(lookup: Lookup, channel: Channel): Steps<Finding> {
  const type = lookup.request.family === 'inet6' ? 'AAAA' : 'A'
  const asIs: Candidate = { name: absolute(lookup.request.name), origin: { kind: 'as-is' } }
  let error: AresStatus = 'ARES_ENODATA'
  const ask = function* (): Steps<AresOutcome> {
    const [answered] = yield* channel.ask(asIs.name, [type])
    return queryOutcome(answered)
  }
  const found = yield* walk(lookup.session, lookup.steps, [asIs], ask, ({ status }): Verdict => {
    error = status
    return status === 'ARES_SUCCESS' ? 'found' : 'stop'
  })
  if (found === undefined) return { error }
  return { error: null, addresses: found.addresses, canonicalName: canonical(found, lookup) }
}

/** A walk to its end reports NODATA if it ever met one; what that hides of the last error is the caller's matter. */
function* walkNames(
  lookup: Lookup,
  rules: AresWalkRules,
  ask: (candidate: Candidate) => Steps<AresOutcome>,
  noDataHides: (status: AresStatus) => boolean
): Steps<Finding> {
  const { session, steps } = lookup
  let noData = false
  let error: AresStatus = 'ARES_ECONNREFUSED'
  const judge = (outcome: AresOutcome, candidate: Candidate): Verdict => {
    const { status, addresses } = outcome
    error = status
    if (addresses.length > 0 || status === 'ARES_SUCCESS') return 'found'
    const single = candidate.origin.kind === 'as-is' && countDots(lookup.request.name) === 0
    const forgiven = status === 'ARES_ESERVFAIL' || status === 'ARES_EREFUSED'
    const goesOn = status === 'ARES_ENOTFOUND' || status === 'ARES_ENODATA'
    if (!goesOn && !(rules.forgivesSingleLabel && single && forgiven)) return 'stop'
    if (status === 'ARES_ENODATA') noData = true
    if (noData && noDataHides(status)) error = 'ARES_ENODATA'
    return 'next'
  }
  const found = yield* walk(session, steps, namesOf(lookup, rules), ask, judge)
  if (found === undefined) return { error }
  return { error: null, addresses: found.addresses, canonicalName: canonical(found, lookup) }
}

function namesOf({ request, config }: Lookup, rules: AresWalkRules): Iterable<Candidate> {
  const key = request.name.toLowerCase()
  const known = countDots(key) === 0 && Object.hasOwn(config.hostAliases, key)
  const alias = known ? config.hostAliases[key] : undefined
  if (alias !== undefined && rules.aliasEndsSearch)
    return [{ name: absolute(alias), origin: { kind: 'as-is' } }]
  return candidates(alias ?? request.name, config.ndots, config.search, rules)
}

/** The addresses of every type count; beyond them, the type that ended last speaks for the name. */
function hostOutcome(answered: readonly Answered[]): AresOutcome {
  const last = answered.at(-1)
  const addresses = answered.flatMap(({ reply }) => reply?.addresses ?? nothingFound)
  const alias = answered.map(({ reply }) => reply?.alias).find(found => found !== undefined)
  if (addresses.length > 0) return { end: 'answer', status: 'ARES_SUCCESS', addresses, alias }
  const status = last?.status ?? 'ARES_ENODATA'
  if (status !== 'ARES_SUCCESS') return { end: endOf(status), status, addresses }
  return { end: alias === undefined ? 'NODATA' : 'alias only', status: 'ARES_ENODATA', addresses, alias }
}

function queryOutcome(answered: Answered | undefined): AresOutcome {
  const status = answered?.status ?? 'ARES_ENODATA'
  const addresses = answered?.reply?.addresses ?? nothingFound
  const aliasOnly = status === 'ARES_SUCCESS' && addresses.length === 0
  return { end: aliasOnly ? 'alias only' : endOf(status), status, addresses, alias: answered?.reply?.alias }
}

function canonical({ alias }: AresOutcome, { steps }: Lookup): string | undefined {
  const name = alias ?? steps.at(-1)?.name
  return name?.replace(/\.$/, '')
}

/** A literal IPv4 address answers for every family, an IPv6 one not where IPv4 alone is wanted. */
function literalFor(name: string, family: Family): string | undefined {
  const address = plainAddress(name)
  return address !== undefined && isIPv6(address) && family === 'inet' ? undefined : address
}

function localAddresses({ request, config }: Lookup, rules: AresWalkRules): string[] | undefined {
  const ofFamily = (address: string) =>
    request.family === 'unspec' || isIPv6(address) === (request.family === 'inet6')
  const inFile = config.hosts.get(request.name.toLowerCase())?.filter(ofFamily) ?? []
  if (inFile.length > 0) return inFile
  return rules.isLocalHost(request.name) ? ['127.0.0.1', '::1'].filter(ofFamily) : undefined
}
