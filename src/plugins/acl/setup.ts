// The `acl` directive.
import type { Cidr } from '../../corefile/addresses.ts'
import type { Dispenser } from '../../corefile/dispenser.ts'
import type { Token } from '../../corefile/position.ts'
import { quoteText } from '../../corefile/values.ts'
import { zonesOrKeys } from '../../corefile/zones.ts'
import { ZoneTable } from '../../dns/zone.ts'
import { metricsOf } from '../../metrics/metrics.ts'
import { NetworkSet } from '../../wire/network-set.ts'
import { Rtype } from '../../wire/numbers.ts'
import { addClientRules } from '../client-rules.ts'
import type { PluginDefinition } from '../definition.ts'
import { readNetwork } from '../network-words.ts'
import { Acl, type AclPolicy, type AclRule, type Action } from './acl.ts'

const ACTIONS: readonly Action[] = ['allow', 'block', 'filter', 'drop']

export const aclPlugin: PluginDefinition = {
  name: 'acl',
  setup(c, context) {
    const rules: AclRule[] = []
    while (c.next()) {
      const zones = zonesOrKeys(c.remainingArgs(), context.keys)
      const policies: AclPolicy[] = []
      while (c.nextBlock()) policies.push(readPolicy(c))
      rules.push({
        zones: new ZoneTable(
          zones.flatMap(({ zone, name }) => (name === undefined ? [] : [[name, zone] as const]))
        ),
        policies
      })
    }
    addClientRules(context)
    return new Acl(rules, metricsOf(context), context.runtime.log.plugin('acl'))
  }
}

/** `block type A AAAA net 10.0.0.0/8`. */
function readPolicy(c: Dispenser): AclPolicy {
  const action = ACTIONS.find(each => each === c.val().toLowerCase())
  if (action === undefined) {
    throw c.errf(`unexpected token ${quoteText(c.val())}; expect 'allow', 'block', 'filter' or 'drop'`)
  }
  const words = c.remainingTokens()
  let types: Set<number> | undefined
  let networks: Cidr[] | undefined
  let everyType = true
  let everyNetwork = true
  for (let at = 0; at < words.length;) {
    const section = words[at++] as Token
    if (!isSection(section)) throw unexpected(c, section, "'type | net'")
    const from = at
    while (at < words.length && !isSection(words[at] as Token)) at++
    const tokens = words.slice(from, at)
    const name = section.text.toLowerCase()
    if (tokens.length === 0) {
      throw c.errf(`no token specified in ${quoteText(name)} section`, undefined, section)
    }
    // What stands behind a `*` is not looked at, as in CoreDNS.
    const star = tokens.findIndex(token => token.text === '*')
    const listed = star < 0 ? tokens : tokens.slice(0, star)
    if (name === 'type') {
      if (types === undefined) everyType = false
      types ??= new Set()
      for (const token of listed) types.add(readType(c, token))
      everyType ||= star >= 0
    } else {
      if (networks === undefined) everyNetwork = false
      networks ??= []
      for (const token of listed) networks.push(readNetwork(c, token))
      everyNetwork ||= star >= 0
    }
  }
  return {
    action,
    types: everyType ? undefined : types,
    networks: everyNetwork ? undefined : new NetworkSet(networks ?? [])
  }
}

const isSection = ({ text }: Token): boolean => /^(?:type|net)$/i.test(text)

const unexpected = (c: Dispenser, token: Token, expected: string) =>
  c.errf(`unexpected token ${quoteText(token.text)}; expect ${expected}`, undefined, token)

/** Types are written in capitals, and those without a name can't be. */
function readType(c: Dispenser, token: Token): number {
  const { text } = token
  if (Object.hasOwn(Rtype, text)) return Rtype[text as keyof typeof Rtype]
  throw unexpected(c, token, 'legal QTYPE')
}
