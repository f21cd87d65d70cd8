// c-ares 1.18.1 and 1.34.5: libcares as curl, gRPC and Envoy use it, with its default channel.
import type { Chance, ResolverModel, Source } from '../model.ts'
import { isWireName, octetsOf } from '../names.ts'
import { processOf, type Finding, type Lookup } from '../process.ts'
import type { ResolverConfig } from '../resolv-conf/config.ts'
import type { Environment } from '../resolv-conf/environment.ts'
import type { Steps } from '../session.ts'
import { joinPlainly, joinRoot } from '../walk.ts'
import { Channel, type ChannelRules } from './cares-channel.ts'
import { parse118, parse134 } from './cares-grammar.ts'
import { bestFirst, inTurn, type ServerChoice } from './cares-servers.ts'
import { getAddrInfo, search, type AresWalkRules } from './cares-walk.ts'

/** One version of the library. */
interface Version {
  readonly channel: ChannelRules
  readonly walk: AresWalkRules
  readonly servers: (config: ResolverConfig, chance: Chance) => ServerChoice
  readonly parse: (text: string, environment?: Environment) => ResolverConfig
}

const version118: Version = {
  channel: { hidesErrors: true, isName: isWireName },
  walk: {
    enoughDots: 'as-is, then the list',
    fewDots: 'the list, then as-is',
    join: joinPlainly,
    isName: isWireName,
    literals: 'IPv4 alone answered',
    isLocalHost: name => name === 'localhost',
    forgivesSingleLabel: false,
    aliasEndsSearch: false
  },
  servers: inTurn,
  parse: parse118
}

/** What 1.34 takes for a name: letters, digits and `-._/*`, labels of 1 to 63 octets, 255 in all without the last dot. */
export function isHostName(name: string): boolean {
  if (!/^[A-Za-z0-9\-._/*]*$/.test(name)) return false
  const text = name.endsWith('.') ? name.slice(0, -1) : name
  return (
    text === '' || (octetsOf(text) <= 255 && text.split('.').every(({ length }) => length > 0 && length < 64))
  )
}

export const channel134: ChannelRules = { lateErrorsCount: true, isName: isHostName }

const version134: Version = {
  channel: { ...channel134, edns: 1232, cache: true, addressEndsRetries: true },
  walk: {
    enoughDots: 'as-is, then the list',
    fewDots: 'the list, then as-is',
    join: joinRoot,
    isName: isHostName,
    literals: 'answered',
    isLocalHost: name => /^(.*\.)?localhost$/i.test(name),
    forgivesSingleLabel: true,
    aliasEndsSearch: true
  },
  servers: bestFirst,
  parse: parse134
}

type Call = (lookup: Lookup, channel: Channel, rules: AresWalkRules) => Steps<Finding>

function model(
  about: Pick<ResolverModel, 'name' | 'program' | 'sources'>,
  { channel, walk, servers, parse }: Version,
  call: Call
): ResolverModel {
  return {
    ...about,
    parse,
    start(config, chance) {
      const choice = servers(config, chance)
      return processOf(config, chance, lookup =>
        call(lookup, new Channel(config, channel, choice, lookup.session), walk)
      )
    }
  }
}

const sourcesOfBoth: readonly Source[] = [
  {
    behaviour: 'search walk: as-is first with enough dots, NXDOMAIN and NODATA go on',
    recorded: ['k8s-*', 'ndots1-*', 'ndots15-*', 'ndots20-15dots', 'trailing-*', 'stop-nodata-last-rest-nx'],
    rule: 'resolver-semantics.md §2.4'
  },
  {
    behaviour: 'an error or silence ends the walk',
    recorded: ['stop-servfail-first-rest-nx', 'stop-refused-first', 'stop-nodata-then-servfail']
  },
  { behaviour: 'a truncated reply is asked for again over TCP, of that type alone', recorded: ['tc-*'] },
  {
    behaviour: 'resolv.conf',
    recorded: ['search-*', 'domain-*', 'options-*', 'opt-*', 'res-options-*'],
    rule: 'resolver-semantics.md §1'
  }
]

const cares118: ResolverModel = model(
  {
    name: 'cares-1.18.1',
    program: 'c-ares 1.18.1, ares_getaddrinfo()',
    sources: [
      ...sourcesOfBoth,
      {
        behaviour: 'four tries, a wait of 5 s that doubles, errors reported as ARES_ECONNREFUSED',
        recorded: ['stop-servfail-first-rest-nx', 'ns2-first-timeout', 'ns1-port-closed'],
        rule: 'c-ares 1.18.1 ares_process.c'
      }
    ]
  },
  version118,
  getAddrInfo
)

const sources134: readonly Source[] = [
  ...sourcesOfBoth,
  {
    behaviour: 'three tries, waits from measured latency, best server first',
    recorded: ['k8s-ndots5-upstream-timeout', 'ns1-*', 'ns2-*', 'ns3-*'],
    rule: 'c-ares 1.34.5 ares_process.c, ares_metrics.c'
  },
  { behaviour: 'query cache', rule: 'c-ares 1.34.5 ares_qcache.c, resolver-semantics.md §1.1' }
]

const cares134: ResolverModel = model(
  { name: 'cares-1.34.5', program: 'c-ares 1.34.5, ares_getaddrinfo()', sources: sources134 },
  version134,
  getAddrInfo
)

const cares134Search: ResolverModel = model(
  { name: 'cares-1.34.5-search', program: 'c-ares 1.34.5, ares_search() of one type', sources: sources134 },
  version134,
  search
)

export const caresModels: readonly ResolverModel[] = [cares118, cares134, cares134Search]
