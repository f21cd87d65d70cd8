// `resolver [NAMESPACE] { search …; ndots N; like PROGRAM; clients NETWORK… }`: labdns's own, CoreDNS has nothing like it.
import type { Dispenser } from '../../corefile/dispenser.ts'
import type { Token } from '../../corefile/position.ts'
import { parseInteger, quoteText } from '../../corefile/values.ts'
import { ZoneTable } from '../../dns/zone.ts'
import type { Value } from '../../metrics/family.ts'
import { metricsOf } from '../../metrics/metrics.ts'
import { NetworkSet } from '../../wire/network-set.ts'
import { joinLabels, lowerName, parseName, type Name } from '../../wire/name.ts'
import { isClusterView } from '../cluster-view.ts'
import type { PluginDefinition } from '../definition.ts'
import { readNetwork } from '../network-words.ts'
import { Resolver, type WalkEnd } from './resolver.ts'
import { walkRules, type WalkRules } from './walk-rules.ts'

const WALKS = {
  name: 'labdns_resolver_walks_total',
  help: 'Counter of search lists that were walked for a client.',
  labels: ['end']
}

/** As many as kubelet and glibc take. */
const ELEMENTS_MAX = 32
/** What kubelet writes for a Pod. */
const POD_NDOTS = 5
/** What resolv.conf means without `ndots` (resolv.conf(5)). */
const PLAIN_NDOTS = 1
/** Where glibc caps it. */
const NDOTS_MAX = 15

const PROPERTIES: readonly string[] = ['search', 'ndots', 'like', 'clients']

/** What a block says. */
interface Stanza {
  namespace: Token | undefined
  search: Name[]
  ndots: number | undefined
  rules: WalkRules
  clients: NetworkSet | undefined
}

export const resolverPlugin: PluginDefinition = {
  name: 'resolver',
  setup(c, context) {
    const stanza = readStanza(c)
    const { namespace, search, rules, clients } = stanza
    let list: readonly Name[] = search
    if (namespace !== undefined) {
      context.onStartup(() => {
        const view = context.plugin('kubernetes')
        if (!isClusterView(view)) {
          throw new Error(
            `plugin/resolver: resolver ${namespace.text} needs the kubernetes plugin in the same server block; without it name the list: search DOMAIN...`
          )
        }
        list = [...podSearch(namespace.text, view.options.primaryZone), ...search].slice(0, ELEMENTS_MAX)
      })
    }
    const walks = metricsOf(context).counter(WALKS)
    const ends = new Map<WalkEnd, Value>()
    return new Resolver({
      zones: new ZoneTable(
        context.keys.flatMap(({ name }) => (name === undefined ? [] : [[name, true] as const]))
      ),
      search: () => list,
      ndots: stanza.ndots ?? (namespace === undefined ? PLAIN_NDOTS : POD_NDOTS),
      rules,
      clients,
      walked: end => {
        let value = ends.get(end)
        if (value === undefined) ends.set(end, (value = walks.with(end)))
        return value
      }
    })
  }
}

function readStanza(c: Dispenser): Stanza {
  const rules = walkRules.get('glibc') as WalkRules
  const stanza: Stanza = { namespace: undefined, search: [], ndots: undefined, rules, clients: undefined }
  let seen = false
  while (c.next()) {
    if (seen) throw c.onceErr()
    seen = true
    const [namespace, ...rest] = c.remainingTokens()
    if (rest.length > 0) throw c.argErr('write one namespace, and other domains in a block: search DOMAIN...')
    if (namespace !== undefined && !/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(namespace.text)) {
      throw c.errf(
        `${quoteText(namespace.text)} is no namespace`,
        'a namespace is one label: small letters, digits and -',
        namespace
      )
    }
    stanza.namespace = namespace
    while (c.nextBlock()) readProperty(c, stanza)
    if (namespace === undefined && stanza.search.length === 0) {
      throw c.bareErr(
        'no search list: write `resolver NAMESPACE`, or `search DOMAIN...` in its block',
        'without a list there is nothing to walk'
      )
    }
  }
  return stanza
}

function readProperty(c: Dispenser, stanza: Stanza): void {
  const property = c.val()
  if (!PROPERTIES.includes(property)) throw c.unknownProperty(PROPERTIES)
  const words = c.remainingTokens()
  switch (property) {
    case 'search':
      if (words.length === 0) throw c.argErr('name the domains of the list')
      for (const word of words) stanza.search.push(readDomain(c, word))
      if (stanza.search.length > ELEMENTS_MAX) {
        throw c.errf(`${stanza.search.length} domains in the search list: at most ${ELEMENTS_MAX}`)
      }
      return
    case 'ndots':
      stanza.ndots = readNdots(c, words)
      return
    case 'like': {
      const rules = words.length === 1 ? walkRules.get((words[0] as Token).text) : undefined
      if (rules === undefined) {
        throw c.errf(
          `like ${words.map(word => word.text).join(' ')}: expected one of ${[...walkRules.keys()].join(', ')}`,
          undefined,
          words[0]
        )
      }
      stanza.rules = rules
      return
    }
    default:
      if (words.length === 0) throw c.argErr('name networks, as in 192.0.2.0/24')
      stanza.clients = new NetworkSet(words.map(word => readNetwork(c, word)))
  }
}

function readDomain(c: Dispenser, word: Token): Name {
  const name = parseName(word.text)
  if (name === undefined) throw c.errf(`${quoteText(word.text)} is no domain name`, undefined, word)
  return lowerName(name)
}

function readNdots(c: Dispenser, words: readonly Token[]): number {
  const [word] = words
  if (word === undefined || words.length > 1) throw c.argErr('write one number, as in ndots 5')
  const ndots = parseInteger(word.text)
  if (ndots.error !== undefined || ndots.value < 0 || ndots.value > NDOTS_MAX) {
    throw c.errf(`ndots ${word.text}: expected a number from 0 to ${NDOTS_MAX}`, undefined, word)
  }
  return ndots.value
}

/** `NS.svc.ZONE`, `svc.ZONE`, `ZONE`: how kubelet begins every Pod's list (resolver-semantics.md §3). */
function podSearch(namespace: string, zone: Name): readonly Name[] {
  const svc = Buffer.from('svc', 'latin1')
  const names = [joinLabels([Buffer.from(namespace, 'latin1'), svc], zone), joinLabels([svc], zone), zone]
  return names.flatMap(name => (name === undefined ? [] : [name as Uint8Array as Name]))
}
