// `transfer [ZONES…] { to ADDR…|*; source IP }` (corefile-and-plugins.md §8.33).
import { CorefileError } from '../../corefile/position.ts'
import { parseIp } from '../../corefile/addresses.ts'
import { quoteText } from '../../corefile/values.ts'
import { zonesOrKeys } from '../../corefile/zones.ts'
import { isTransferer, type Transferer } from '../../dns/transfer.ts'
import { ZoneTable } from '../../dns/zone.ts'
import { formatAddress, parseAddress, parsedAddress } from '../../wire/address.ts'
import type { DirectTarget } from '../../upstream/direct.ts'
import type { Name } from '../../wire/name.ts'
import type { PluginDefinition } from '../definition.ts'
import { Transfer, type TransferRule } from './transfer.ts'

/** Plugins whose zones can be transferred, in the order they are asked. */
const TRANSFERERS = ['k8s_external', 'kubernetes', 'file', 'auto', 'secondary']

export const transferPlugin: PluginDefinition = {
  name: 'transfer',
  setup(c, context) {
    const rules: [Name, TransferRule][] = []
    while (c.next()) {
      const zones = zonesOrKeys(c.remainingArgs(), context.keys)
      const allowed = new Set<string>()
      const targets: DirectTarget[] = []
      let source: string | undefined
      while (c.nextBlock()) {
        switch (c.val()) {
          case 'to': {
            const args = c.remainingArgs()
            if (args.length === 0) throw c.argErr()
            for (const arg of args) {
              const target = arg === '*' ? undefined : targetOf(arg, c.position())
              if (target !== undefined) targets.push(target)
              allowed.add(target?.host ?? arg)
            }
            break
          }
          case 'source': {
            const [text, ...more] = c.remainingArgs()
            if (text === undefined || more.length > 0) throw c.argErr()
            if (source !== undefined) throw doubled(c.errf('source already specified'))
            source = parseIp(text)?.text
            if (source === undefined) throw doubled(c.errf(`invalid source address ${quoteText(text)}`))
            break
          }
          default:
            throw doubled(c.errf(`unknown property "${c.val()}"`))
        }
      }
      if (allowed.size === 0)
        throw doubled(c.errf("'to' is required", 'write `to *` to let everybody transfer'))
      const rule = {
        allows: (address: string) => allowed.has('*') || allowed.has(address),
        targets: targets.map(target => ({ ...target, source }))
      }
      for (const { name } of zones) if (name !== undefined) rules.push([name, rule])
    }
    const transferers = (): Transferer[] =>
      TRANSFERERS.map(name => context.plugin(name)).flatMap(plugin => (isTransferer(plugin) ? [plugin] : []))
    return new Transfer(new ZoneTable(rules), transferers, context.runtime)
  }
}

/** CoreDNS says the plugin's name twice in this plugin's errors; the first time is added by the caller of `setup`. */
function doubled(error: CorefileError): CorefileError {
  return new CorefileError(error.code, `plugin/transfer: ${error.message}`, error.at, error.hint)
}

/** The address of `ADDR` or `ADDR:PORT`, written as clients' addresses are, and the port, 53 when none is named. */
function targetOf(text: string, at: ConstructorParameters<typeof CorefileError>[2]): DirectTarget {
  const [, bracketed, portBehind = ''] = /^\[([^\]]+)\](?::(\d{1,5}))?$/.exec(text) ?? []
  const [, plain, port = portBehind] = /^([^:]+):(\d{1,5})$/.exec(text) ?? []
  const host = bracketed ?? plain ?? text
  const family = parseAddress(host)
  if (family === 0 || Number(port) > 0xffff) {
    throw new CorefileError('BAD_VALUE', `must specify an IP address: \`${text}'`, at)
  }
  return { host: formatAddress(parsedAddress, 0, family), port: port === '' ? DNS_PORT : Number(port) }
}

const DNS_PORT = 53
