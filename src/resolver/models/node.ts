// Node.js 20: dns.lookup, which is getaddrinfo of the C library, and dns.resolve4 and resolve6, which are c-ares 1.34.6
// with settings of its own (resolver-semantics.md §2.5).
import { domainToASCII } from 'node:url'
import type { ResolverModel } from '../model.ts'
import { scopedAddress } from '../names.ts'
import { processOf, type Finding, type Lookup } from '../process.ts'
import type { Steps } from '../session.ts'
import { Channel, type ChannelRules } from './cares-channel.ts'
import { channel134 } from './cares.ts'
import { parse134 } from './cares-grammar.ts'
import { bestFirst } from './cares-servers.ts'
import { query } from './cares-walk.ts'
import { getaddrinfo, glibcProgram } from './glibc.ts'

/**
 * Node looks at c-ares' deadlines once a second. It counts from when the loop last read its clock: a program that was busy
 * until it called may see its first retry up to a second later than here.
 */
const TICK_MS = 1000
/** `attempts` of resolv.conf doesn't change it. */
const TRIES = 4

const channelRules: ChannelRules = { ...channel134, errorsPass: true, useVc: true, tickMs: TICK_MS }

/** Names go to either library in lower case, and in Punycode where they aren't ASCII. */
function inAscii(lookup: Lookup): Lookup {
  const { request } = lookup
  const ascii = (label: string) =>
    /^[\0-\x7f]*$/.test(label) ? label.toLowerCase() : domainToASCII(label) || label
  return { ...lookup, request: { ...request, name: request.name.split('.').map(ascii).join('.') } }
}

function* resolve(lookup: Lookup, channel: Channel): Steps<Finding> {
  const found = yield* query(inAscii(lookup), channel)
  // An answer without an address of the type asked is no success to resolve4.
  if (found.error === null && found.addresses?.length === 0) return { error: 'ENODATA' }
  return { ...found, error: found.error?.replace('ARES_', '') ?? null }
}

const node20Resolve: ResolverModel = {
  name: 'node-20-resolve',
  program: 'Node.js 20 dns.resolve4() and dns.resolve6()',
  sources: [
    {
      behaviour: 'the name as it is, one type, no search list, no hosts file',
      recorded: ['k8s-*', 'search-*', 'stop-*'],
      rule: 'resolver-semantics.md §2.5'
    },
    {
      behaviour: 'four tries of timeout, then up to twice, four and eight times that, on whole seconds',
      recorded: ['k8s-ndots5-upstream-timeout', 'ndots1-asis-timeout', 'ns2-first-timeout']
    },
    { behaviour: 'SERVFAIL and REFUSED are reported at once', recorded: ['ndots1-asis-servfail'] }
  ],
  parse: parse134,
  start(config, chance) {
    const settings = { ...config, attempts: TRIES }
    const servers = bestFirst(settings, chance)
    return processOf(settings, chance, lookup =>
      resolve(lookup, new Channel(settings, channelRules, servers, lookup.session))
    )
  }
}

/** Errors of getaddrinfo as Node words them; others keep their name. */
const lookupErrors: Readonly<Record<string, string>> = { EAI_NONAME: 'ENOTFOUND', EAI_NODATA: 'ENOTFOUND' }

const node20Lookup: ResolverModel = glibcProgram({
  name: 'node-20-lookup',
  program: 'Node.js 20 dns.lookup(), all addresses, on glibc 2.36',
  version: '2.36',
  sources: [
    {
      behaviour: 'getaddrinfo of the C library; EAI_NONAME and EAI_NODATA are both ENOTFOUND',
      recorded: ['k8s-*'],
      rule: 'resolver-semantics.md §2.5'
    }
  ],
  *call(lookup, memory) {
    // An address is its own answer, whatever family was asked for.
    const literal = scopedAddress(lookup.request.name)
    if (literal !== undefined) return { error: null, addresses: [literal] }
    const found = yield* getaddrinfo(inAscii(lookup), memory)
    return found.error === null ? found : { error: lookupErrors[found.error] ?? found.error }
  }
})

export const nodeModels: readonly ResolverModel[] = [node20Lookup, node20Resolve]
