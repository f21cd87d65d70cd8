// What the *kubernetes* plugin shows to the plugins of its block that need the cluster (`context.plugin('kubernetes')`).
import type { ClusterIndex } from '../cluster/index/cluster-index.ts'
import type { Answer } from '../dns/answer.ts'
import type { Eventual } from '../dns/plugin.ts'
import type { Query } from '../dns/query.ts'
import type { Name } from '../wire/name.ts'
import type { Shared } from './definition.ts'

/** Why nobody can tell a search path from a name that is asked for. */
export type NoSearchPath =
  /** It is not `BASE.NS.svc.ZONE` for a zone of the stanza. */
  | 'outside-path'
  | 'unknown-namespace'
  /** A name of the cluster may have this shape, so the client may mean just this one. */
  | 'may-be-meant'

export interface ClusterView {
  readonly index: ClusterIndex
  /** The zone of the stanza that names of Services are made in. */
  readonly options: { readonly primaryZone: Name }
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
   * While the start waits for the state of the cluster: answers once that is over. Undefined when nobody waits, and when
   * too many questions do.
   */
  hold(answer: () => Eventual<Answer>): Promise<Answer> | undefined
  /**
   * Full names of Services that somebody may have meant who wrote these labels (lower-cased, first one first) outside of the
   * stanza's zones: `backend`, `backend.default`, `backend.default.svc` with anything behind it. Of Services that are
   * served, three at most.
   */
  meant(labels: readonly string[]): readonly string[]
  /** The same from the name that is asked for, as the first element of a search path makes it (`BASE.NS.svc.ZONE`). */
  searchPathByName(query: Query): readonly Name[] | NoSearchPath
}

/** The clusters of a whole configuration. Complete from `onStartup` on. */
export const clusterViews = (shared: Shared): ClusterView[] => shared.once('cluster views', () => [])

/** Whether a plugin of the block shows a cluster. */
export function isClusterView(plugin: object | undefined): plugin is ClusterView {
  return plugin !== undefined && 'index' in plugin && 'searchPath' in plugin && 'isListed' in plugin
}
