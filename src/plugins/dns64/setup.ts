// `dns64 [PREFIX] { prefix PREFIX; translate_all; allow_ipv4 }` (corefile-and-plugins.md §8.27).
import { parseCidr, type Cidr } from '../../corefile/addresses.ts'
import type { Dispenser } from '../../corefile/dispenser.ts'
import type { Token } from '../../corefile/position.ts'
import { quoteText } from '../../corefile/values.ts'
import { metricsOf } from '../../metrics/metrics.ts'
import type { PluginDefinition } from '../definition.ts'
import { Dns64 } from './dns64.ts'

const DEFAULT_PREFIX = '64:ff9b::/96'
const PROPERTIES = ['prefix', 'translate_all', 'allow_ipv4']

const TRANSLATED = {
  name: 'coredns_dns64_requests_translated_total',
  help: 'Counter of DNS requests translated by dns64.',
  labels: ['server']
}

export const dns64Plugin: PluginDefinition = {
  name: 'dns64',
  setup(c, context) {
    let prefix = parseCidr(DEFAULT_PREFIX) as Cidr
    let translateAll = false
    let allowIpv4 = false
    while (c.next()) {
      const args = c.remainingTokens()
      if (args.length > 1) throw c.argErr()
      if (c.val() === '{') {
        context.runtime.log
          .own()
          .warn('dns64 PREFIX { … } leaves its block unread: write the prefix into the block')
      }
      if (args[0] !== undefined) {
        prefix = readPrefix(c, args[0])
        continue
      }
      while (c.nextBlock()) {
        switch (c.val()) {
          case 'prefix':
            if (!c.nextArg()) throw c.argErr()
            prefix = readPrefix(c, c.token())
            break
          case 'translate_all':
            translateAll = true
            break
          case 'allow_ipv4':
            allowIpv4 = true
            break
          default:
            throw c.unknownProperty(PROPERTIES)
        }
      }
    }
    const translated = metricsOf(context).counter(TRANSLATED)
    return new Dns64(
      {
        prefix: Uint8Array.from(prefix.octets),
        prefixBits: prefix.bits,
        translateAll,
        allowIpv4,
        translated: query => translated.with(query.listener.label)
      },
      context.lookup
    )
  }
}

function readPrefix(c: Dispenser, word: Token): Cidr {
  const cidr = parseCidr(word.text)
  if (cidr === undefined)
    throw c.bareErr(`invalid CIDR address: ${word.text}`, `as in ${DEFAULT_PREFIX}`, word)
  if (cidr.octets.length !== 16)
    throw c.errf(`invalid netmask 32 IPv6 address: ${quoteText(word.text)}`, undefined, word)
  const { bits } = cidr
  if (bits % 8 !== 0 || bits < 32 || bits > 96) {
    throw c.errf(
      `invalid prefix length ${quoteText(word.text)}`,
      'a prefix has 32 to 96 bits, in steps of 8',
      word
    )
  }
  return cidr
}
