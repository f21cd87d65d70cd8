// `autopath [ZONES…] RESOLV-CONF | @PLUGIN` (corefile-and-plugins.md §8.15), and `@name`, which CoreDNS doesn't have.
import { quoteText } from '../../corefile/values.ts'
import { zonesOrKeys } from '../../corefile/zones.ts'
import { ZoneTable } from '../../dns/zone.ts'
import type { Value } from '../../metrics/family.ts'
import { metricsOf } from '../../metrics/metrics.ts'
import type { Files } from '../../runtime/files.ts'
import { ROOT, type Name } from '../../wire/name.ts'
import { isClusterView, type ClusterView } from '../cluster-view.ts'
import type { PluginDefinition } from '../definition.ts'
import { Autopath, type NotTaken, type WalkOutcome } from './autopath.ts'
import type { Query } from '../../dns/query.ts'
import { readSearchList } from './search-list.ts'

const OWN_RESOLV_CONF = '/etc/resolv.conf'
const RESOLV_CONF_OCTETS_MAX = 1 << 20

const SUCCEEDED = {
  name: 'coredns_autopath_success_total',
  help: 'Counter of requests that did autopath.',
  labels: ['server']
}

const QUERIES = {
  name: 'labdns_autopath_queries_total',
  help: 'Counter of what autopath did with queries in its zones.',
  labels: ['server', 'outcome']
}

/** The namespace is read from the name that is asked for. */
const BY_NAME = 'name'

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
        // Whatever the plugin is called: there is one that shows a cluster.
        const plugin = context.plugin(source === BY_NAME ? 'kubernetes' : source)
        if (isClusterView(plugin)) view = plugin
        const missing = source === BY_NAME ? needsCluster(view) : needsPods(view)
        if (missing !== undefined) log.own().warn(`autopath @${source} changes no query: it needs ${missing}`)
      })
    }
    const metrics = metricsOf(context)
    const succeeded = metrics.counter(SUCCEEDED)
    const queries = metrics.counter(QUERIES)
    // Finding a series costs more than the walk; a block mostly has one listener.
    let found:
      | { readonly label: string; readonly value: Value; readonly outcomes: Map<WalkOutcome, Value> }
      | undefined
    const seriesOf = ({ listener: { label } }: Query) =>
      found?.label === label
        ? found
        : (found = { label, value: succeeded.with(label), outcomes: new Map<WalkOutcome, Value>() })
    return new Autopath({
      zones,
      searchPath: query => {
        if (source === '') return search
        if (source === BY_NAME) return view?.searchPathByName(query) ?? NO_PATH
        return view?.searchPath(query) ?? NO_PATH
      },
      more,
      succeeded: query => seriesOf(query).value,
      counted: (query, outcome) => {
        const { label, outcomes } = seriesOf(query)
        let value = outcomes.get(outcome)
        if (value === undefined) outcomes.set(outcome, (value = queries.with(label, outcome)))
        return value
      }
    })
  }
}

const NO_PATH: NotTaken = 'unknown-client'

function needsPods(view: ClusterView | undefined): string | undefined {
  if (view?.index.options.pods === true) return undefined
  return "the kubernetes plugin with 'pods verified' in the same server block"
}

function needsCluster(view: ClusterView | undefined): string | undefined {
  return view === undefined ? 'the kubernetes plugin in the same server block' : undefined
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
