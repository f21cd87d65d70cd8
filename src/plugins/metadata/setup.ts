// The `metadata` directive.
import { zonesOrKeys } from '../../corefile/zones.ts'
import { ZoneTable } from '../../dns/zone.ts'
import type { PluginDefinition } from '../definition.ts'
import { Metadata } from './metadata.ts'

export const metadataPlugin: PluginDefinition = {
  name: 'metadata',
  setup(c, context) {
    c.next()
    const zones = zonesOrKeys(c.remainingArgs(), context.keys)
    if (c.nextBlock() || c.next()) throw c.argErr('metadata takes zones and no block, once in a server block')
    const plugin = new Metadata(
      new ZoneTable(zones.flatMap(({ name }) => (name === undefined ? [] : [[name, true] as const])))
    )
    context.onStartup(() => {
      plugin.setPublishers(context.directives.flatMap(directive => context.plugin(directive) ?? []))
    })
    return plugin
  }
}
