// `transfer [ZONES…] { to ADDR…|*; source IP }` (corefile-and-plugins.md §8.33).
import { CorefileError } from '../../corefile/position.ts'
import { zonesOrKeys } from '../../corefile/zones.ts'
import { isTransferer, type Transferer } from '../../dns/transfer.ts'
import { ZoneTable } from '../../dns/zone.ts'
import { formatAddress, parseAddress, parsedAddress } from '../../wire/address.ts'
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
      while (c.nextBlock()) {
        switch (c.val()) {
          case 'to': {
            const args = c.remainingArgs()
            if (args.length === 0) throw c.argErr()
            for (const arg of args) allowed.add(arg === '*' ? arg : hostOf(arg, c.position()))
            break
          }
          case 'source':
            // The address that NOTIFY messages come from; none are sent yet.
            if (c.remainingArgs().length !== 1) throw c.argErr()
            break
          default:
            throw doubled(c.errf(`unknown property "${c.val()}"`))
        }
      }
      if (allowed.size === 0)
        throw doubled(c.errf("'to' is required", 'write `to *` to let everybody transfer'))
      const rule = { allows: (address: string) => allowed.has('*') || allowed.has(address) }
      for (const { name } of zones) if (name !== undefined) rules.push([name, rule])
    }
    const transferers = (): Transferer[] =>
      TRANSFERERS.map(name => context.plugin(name)).flatMap(plugin => (isTransferer(plugin) ? [plugin] : []))
    return new Transfer(new ZoneTable(rules), transferers)
  }
}

/** CoreDNS says the plugin's name twice in this plugin's errors; the first time is added by the caller of `setup`. */
function doubled(error: CorefileError): CorefileError {
  return new CorefileError(error.code, `plugin/transfer: ${error.message}`, error.at, error.hint)
}

/** The address of `ADDR` or `ADDR:PORT`, written as clients' addresses are. */
function hostOf(text: string, at: ConstructorParameters<typeof CorefileError>[2]): string {
  const bracketed = /^\[([^\]]+)\](?::\d+)?$/.exec(text)?.[1]
  const host = bracketed ?? (/^[^:]+:\d+$/.test(text) ? text.slice(0, text.lastIndexOf(':')) : text)
  const family = parseAddress(host)
  if (family === 0) {
    throw new CorefileError('BAD_VALUE', `must specify an IP address: \`${text}'`, at)
  }
  return formatAddress(parsedAddress, 0, family)
}
