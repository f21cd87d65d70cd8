// `autopath [ZONES…] RESOLV-CONF | @PLUGIN` (corefile-and-plugins.md §8.15).
import { quoteText } from '../../corefile/values.ts'
import { zonesOrKeys } from '../../corefile/zones.ts'
import { ZoneTable } from '../../dns/zone.ts'
import type { Value } from '../../metrics/family.ts'
import { metricsOf } from '../../metrics/metrics.ts'
import type { Files } from '../../runtime/files.ts'
import { ROOT, type Name } from '../../wire/name.ts'
import { isClusterView, type ClusterView } from '../cluster-view.ts'
import type { PluginDefinition } from '../definition.ts'
import { Autopath } from './autopath.ts'
import { readSearchList } from './search-list.ts'

const OWN_RESOLV_CONF = '/etc/resolv.conf'
const RESOLV_CONF_OCTETS_MAX = 1 << 20

const SUCCEEDED = {
  name: 'coredns_autopath_success_total',
  help: 'Counter of requests that did autopath.',
  labels: ['server']
}

export const autopathPlugin: PluginDefinition = {
  name: 'autopath',
  setup(c, context) {
    const { files, log } = context.runtime
    let zones = new ZoneTable<true>([])
    let search: readonly Name[] = []
    let source = ''
    while (c.next()) {
      const words = c.remainingTokens()
      const last = words.at(-1)
      if (last === undefined)
        throw c.bareErr('no resolv-conf specified', 'name a resolv.conf file or write `@kubernetes`')
      const named = zonesOrKeys(
        words.slice(0, -1).map(word => word.text),
        context.keys
      )
      zones = new ZoneTable(named.flatMap(({ name }) => (name === undefined ? [] : [[name, true] as const])))
      if (last.text.startsWith('@')) source = last.text.slice(1)
      else {
        const text = readText(files, last.text)
        if (text instanceof Error)
          throw c.bareErr(`failed to parse ${quoteText(last.text)}: ${text.message}`, undefined, last)
        search = readSearchList(text)
      }
    }
    let view: ClusterView | undefined
    let more: readonly Name[] = [ROOT]
    if (source !== '') {
      const own = readText(files, OWN_RESOLV_CONF)
      more = [...(own instanceof Error ? [] : readSearchList(own)), ROOT]
      context.onStartup(() => {
        const plugin = context.plugin(source)
        if (isClusterView(plugin)) view = plugin
        if (view?.index.options.pods !== true) {
          log
            .own()
            .warn(
              `autopath @${source} changes no query: it needs the kubernetes plugin with 'pods verified' in the same server block`
            )
        }
      })
    }
    const succeeded = metricsOf(context).counter(SUCCEEDED)
    // Finding a series costs more than the walk; a block mostly has one listener.
    let counted: { readonly label: string; readonly value: Value } | undefined
    return new Autopath({
      zones,
      searchPath: source === '' ? () => search : query => view?.searchPath(query),
      more,
      succeeded: query => {
        const { label } = query.listener
        if (counted?.label !== label) counted = { label, value: succeeded.with(label) }
        return counted.value
      }
    })
  }
}

function readText(files: Files, path: string): string | Error {
  try {
    return files.read(path, RESOLV_CONF_OCTETS_MAX).toString('utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return new Error(`open ${path}: no such file or directory`)
    if (code === 'EISDIR') return new Error(`read ${path}: is a directory`)
    if (code === 'EACCES') return new Error(`open ${path}: permission denied`)
    return error instanceof Error ? error : new Error(String(error))
  }
}
