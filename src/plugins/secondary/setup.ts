// `secondary [ZONES…] { transfer from ADDRESS…; fallthrough [ZONES] }` (corefile-and-plugins.md §8.34).
import { parseAddressPort, withoutZone } from '../../corefile/addresses.ts'
import type { Dispenser } from '../../corefile/dispenser.ts'
import { fallthroughZones, zonesOrKeys, type Zone } from '../../corefile/zones.ts'
import { isNotifier } from '../../dns/transfer.ts'
import { ZoneTable } from '../../dns/zone.ts'
import { placeText } from '../../upstream/address.ts'
import type { DirectTarget } from '../../upstream/direct.ts'
import { ServedZone } from '../../zones/served-zone.ts'
import { ZoneServer } from '../../zones/zone-server.ts'
import type { PluginDefinition, SetupContext } from '../definition.ts'
import { SecondaryZone } from './secondary-zone.ts'
import { Secondary } from './secondary.ts'

const NAME = 'secondary'
const DNS_PORT = 53

export const secondaryPlugin: PluginDefinition = {
  name: NAME,
  setup(c, context) {
    const zones: SecondaryZone[] = []
    let fallthrough: ZoneTable<true> | undefined
    const notifier = () => {
      const plugin = context.plugin('transfer')
      return isNotifier(plugin) ? plugin : undefined
    }
    while (c.next()) {
      const names = zonesOrKeys(c.remainingArgs(), context.keys)
      const primaries: DirectTarget[] = []
      while (c.nextBlock()) {
        switch (c.val()) {
          case 'transfer':
            primaries.push(...readPrimaries(c))
            break
          case 'fallthrough':
            fallthrough = tableOf(fallthroughZones(c.remainingArgs()))
            break
          case 'catalog':
            throw c.errf(
              'labdns does not have catalog zones',
              'take the line out, and name the zones themselves'
            )
          default:
            throw c.unknownProperty(['transfer', 'fallthrough'])
        }
      }
      if (primaries.length === 0)
        throw c.errf(
          'secondary zones require a transfer from property',
          'write `transfer from ADDRESS` in its block'
        )
      for (const { zone, name } of names) {
        if (name === undefined) continue
        // A reload goes on with what was copied.
        const key = [NAME, zone, ...primaries.map(each => placeText(each.host, each.port))].join(' ')
        const served = context.keep(key, () => new ServedZone(zone, name))
        zones.push(new SecondaryZone(served, primaries, context.runtime, notifier))
      }
    }
    return serve(zones, fallthrough, context)
  }
}

function readPrimaries(c: Dispenser): DirectTarget[] {
  if (!c.nextArg()) throw c.argErr()
  if (c.val() !== 'from') throw c.errf(`unknown property ${c.val()}`, 'write `transfer from ADDRESS`')
  const args = c.remainingTokens()
  if (args.length === 0) throw c.argErr()
  return args.map(arg => {
    if (arg.text === '*') throw c.bareErr("can't use '*' in transfer from", undefined, arg)
    const parsed = parseAddressPort(arg.text, DNS_PORT)
    if (parsed.error !== undefined) throw c.bareErr(parsed.error, undefined, arg)
    const { host, port } = parsed.value
    const number = /^\d{1,5}$/.test(port) ? Number(port) : 0x10000
    if (number > 0xffff) throw c.bareErr(`invalid port in \`${arg.text}'`, 'a number up to 65535', arg)
    return { host: withoutZone(host) === host ? host.toLowerCase() : host, port: number }
  })
}

function serve(
  zones: readonly SecondaryZone[],
  fallthrough: ZoneTable<true> | undefined,
  context: SetupContext
): Secondary {
  const log = context.runtime.log.plugin('file')
  // Of two lines for one zone the later one counts.
  const served = zones.map(each => each.zone).reverse()
  const server = new ZoneServer(served, {
    lookup: context.lookup,
    fallthrough,
    expired: zone => log.error(`Zone ${zone.text} is expired`)
  })
  context.onStartup(() => {
    const { directives } = context
    const after = directives.slice(directives.indexOf(NAME) + 1)
    server.isLast = after.every(name => context.plugin(name) === undefined)
    for (const zone of zones) void zone.run()
  })
  context.onShutdown(() => {
    for (const zone of zones) zone.stop()
  })
  return new Secondary(server, zones, log)
}

const tableOf = (zones: readonly Zone[]): ZoneTable<true> =>
  new ZoneTable(zones.flatMap(({ name }) => (name === undefined ? [] : [[name, true as const]])))
