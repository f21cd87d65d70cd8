// `k8s_external [ZONES…] { apex LABEL; ttl N; headless; fallthrough [ZONES] }` (corefile-and-plugins.md §8.30).
import type { Dispenser } from '../../corefile/dispenser.ts'
import { parseInteger } from '../../corefile/values.ts'
import { fallthroughZones, makeZone, zonesOrKeys, type Zone } from '../../corefile/zones.ts'
import { ZoneTable } from '../../dns/zone.ts'
import { ROOT, joinNames, type Name } from '../../wire/name.ts'
import { isClusterView } from '../cluster-view.ts'
import type { PluginDefinition } from '../definition.ts'
import { K8sExternal } from './k8s-external.ts'
import { externalZone } from './name-servers.ts'

/** Seconds. */
const TTL_DEFAULT = 5
const TTL_MAX = 3600
const PROPERTIES = ['apex', 'ttl', 'headless', 'fallthrough']

export const k8sExternalPlugin: PluginDefinition = {
  name: 'k8s_external',
  setup(c, context) {
    let zones: readonly Zone[] = []
    let apex = makeZone('dns').name as Name
    let ttl = TTL_DEFAULT
    let headless = false
    let fallthrough: ZoneTable<true> | undefined
    while (c.next()) {
      zones = zonesOrKeys(c.remainingArgs(), context.keys)
      while (c.nextBlock()) {
        switch (c.val()) {
          case 'ttl':
            ttl = readTtl(c)
            break
          case 'apex':
            apex = readApex(c)
            break
          case 'headless':
            headless = true
            break
          case 'fallthrough':
            fallthrough = new ZoneTable(
              names(fallthroughZones(c.remainingArgs())).map(name => [name, true] as const)
            )
            break
          default:
            throw c.unknownProperty(PROPERTIES)
        }
      }
    }
    if (!context.directives.includes('kubernetes')) {
      throw c.bareErr(
        'kubernetes plugin not loaded',
        'k8s_external shows Services of the kubernetes plugin in the same server block: add one there'
      )
    }
    const served = names(zones).flatMap(name => {
      const below = joinNames(apex, name)
      const zone = below === undefined ? undefined : externalZone(name, below)
      return zone === undefined ? [] : [zone]
    })
    const plugin = new K8sExternal(
      {
        zones: new ZoneTable(served.map(zone => [zone.name, zone] as const)),
        firstZone: served[0]?.name ?? ROOT,
        ttl,
        headless,
        fallthrough,
        localAddresses: context.localAddresses
      },
      context.lookup
    )
    context.onStartup(() => {
      const kubernetes = context.plugin('kubernetes')
      if (isClusterView(kubernetes)) plugin.attach(kubernetes)
    })
    return plugin
  }
}

const names = (zones: readonly Zone[]): Name[] =>
  zones.flatMap(({ name }) => (name === undefined ? [] : [name]))

function readTtl(c: Dispenser): number {
  const [text] = c.remainingArgs()
  if (text === undefined) throw c.argErr()
  const ttl = parseInteger(text)
  if (ttl.error !== undefined) throw c.bareErr(ttl.error)
  if (ttl.value < 0 || ttl.value > TTL_MAX) throw c.errf(`ttl must be in range [0, ${TTL_MAX}]: ${ttl.value}`)
  return ttl.value
}

function readApex(c: Dispenser): Name {
  const [text] = c.remainingArgs()
  if (text === undefined) throw c.argErr()
  const { name } = makeZone(text)
  if (name === undefined) throw c.errf(`not a label: ${text}`, 'write one label such as dns')
  return name
}
