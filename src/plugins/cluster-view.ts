// What the *kubernetes* plugin shows to the plugins of its block that need the cluster (`context.plugin('kubernetes')`).
import type { ClusterIndex } from '../cluster/index/cluster-index.ts'
import type { Query } from '../dns/query.ts'
import type { Name } from '../wire/name.ts'
import type { Shared } from './definition.ts'

export interface ClusterView {
  readonly index: ClusterIndex
  /** Seconds: the stanza's `ttl`. */
  readonly ttl: number
  /** Whether the stanza's `namespaces`, where there are any, name this one; a number of `index.namespaces`. */
  isListed(namespace: number): boolean
  /**
   * What kubelet gives the asking Pod as its search path: `NS.svc.ZONE`, `svc.ZONE`, `ZONE`. `undefined` when the query is
   * outside the stanza's zones, Pods aren't watched (`pods verified`), or none has the client's address.
   */
  searchPath(query: Query): readonly Name[] | undefined
  /**
   * Full names of Services that somebody may have meant who wrote these labels (lower-cased, first one first) outside of the
   * stanza's zones: `backend`, `backend.default`, `backend.default.svc` with anything behind it. Of Services that are
   * served, three at most.
   */
  meant(labels: readonly string[]): readonly string[]
}

/** The clusters of a whole configuration. Complete from `onStartup` on. */
export const clusterViews = (shared: Shared): ClusterView[] => shared.once('cluster views', () => [])

/** Whether a plugin of the block shows a cluster. */
export function isClusterView(plugin: object | undefined): plugin is ClusterView {
  return plugin !== undefined && 'index' in plugin && 'searchPath' in plugin && 'isListed' in plugin
}
