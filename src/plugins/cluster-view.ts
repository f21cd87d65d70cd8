// What the *kubernetes* plugin shows to the plugins of its block that need the cluster (`context.plugin('kubernetes')`).
import type { ClusterIndex } from '../cluster/index/cluster-index.ts'
import type { Answer } from '../dns/answer.ts'
import type { Eventual } from '../dns/plugin.ts'
import type { Query } from '../dns/query.ts'
import type { Name } from '../wire/name.ts'

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
   * While the start waits for the state of the cluster: answers once that is over. Undefined when nobody waits, and when
   * too many questions do.
   */
  hold(answer: () => Eventual<Answer>): Promise<Answer> | undefined
}

/** Whether a plugin of the block shows a cluster. */
export function isClusterView(plugin: object | undefined): plugin is ClusterView {
  return plugin !== undefined && 'index' in plugin && 'searchPath' in plugin && 'isListed' in plugin
}
