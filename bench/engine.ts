// The answering part of the server without sockets, log or configuration: a Responder with the kubernetes plugin alone,
// over an index that is handed its objects. What the rest of the server costs is the difference to `labdns serve`.
import { ClusterIndex, PLAIN_INDEX } from '../src/cluster/index/cluster-index.ts'
import { linkPlugins, type Handler } from '../src/dns/plugin.ts'
import { emptyAnswer } from '../src/dns/response.ts'
import { Kubernetes } from '../src/plugins/kubernetes/kubernetes.ts'
import type { Zone } from '../src/plugins/kubernetes/options.ts'
import { systemClock } from '../src/runtime/clock.ts'
import { systemRandom } from '../src/runtime/random.ts'
import { Responder } from '../src/server/respond.ts'
import { ZoneRouter } from '../src/server/zone-router.ts'
import { ROOT, encodeName } from '../src/wire/name.ts'
import { Rcode } from '../src/wire/numbers.ts'
import { clusterObjects, type ClusterSize } from './cluster.ts'

const refuse: Handler = { answer: query => emptyAnswer(query, Rcode.REFUSED) }

/** An index with the objects of a cluster, and what answers from it. */
export function makeEngine(size: ClusterSize): {
  readonly index: ClusterIndex
  readonly plugin: Kubernetes
  readonly responder: Responder
} {
  const index = new ClusterIndex(PLAIN_INDEX, { clock: systemClock, random: systemRandom() })
  for (const object of clusterObjects(size)) index.put(object)
  index.synced()
  const zone = (text: string): Zone => {
    return { name: encodeName(text), isMulticluster: false, isReverse: text.endsWith('.arpa.') }
  }
  const plugin = new Kubernetes(
    index,
    {
      zones: [zone('cluster.local.'), zone('in-addr.arpa.'), zone('ip6.arpa.')],
      ttl: 5,
      pods: 'disabled',
      namespaces: [],
      ignoreEmptyService: false,
      zonal: false,
      fallthrough: undefined,
      primaryZone: encodeName('cluster.local.'),
      localAddresses: []
    },
    (_name, _qtype, query) => emptyAnswer(query, Rcode.SERVFAIL)
  )
  const responder = new Responder({
    router: new ZoneRouter([[ROOT, linkPlugins([plugin], refuse)]]),
    anyClass: false,
    dropped: () => undefined,
    failed: (_query, error) => {
      throw error
    }
  })
  return { index, plugin, responder }
}
