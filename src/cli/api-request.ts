// The state of a cluster from its API server: what the command line and a kubernetes block say of it.
import { ApiSource, needsKey } from '../cluster/kube-api/api-source.ts'
import { NOBODY } from '../cluster/kube-api/observer.ts'
import type { ApiConnection } from '../cluster/kube-api/connection.ts'
import type { SourceRequest } from '../cluster/cluster-states.ts'
import { ConnectionError } from '../cluster/kube-connection/connection-error.ts'
import { connectionOf, kubeconfigPaths } from '../cluster/kube-connection/connections.ts'
import { kubeconfigConnection } from '../cluster/kube-connection/kubeconfig-connection.ts'
import { CorefileError } from '../corefile/position.ts'
import { parseDuration } from '../corefile/values.ts'
import type { StanzaSource } from '../plugins/definition.ts'
import { systemGets } from '../runtime/http-gets.ts'
import type { Runtime } from '../runtime/runtime.ts'
import type { ServeArguments } from './arguments.ts'
import { buildInfo } from './version.ts'

/** How keys of requests for API servers begin. */
export const API_KEY = 'api '

/** The shortest time between two comparisons: each lists everything. */
const RELIST_MIN_MS = 10_000

/**
 * Makes requests for sources that ask API servers; `asked` is told of each that is made, with its key. Throws CorefileError
 * when an option makes no sense.
 */
export function apiRequests(
  args: Pick<ServeArguments, 'kubeconfig' | 'context' | 'relistInterval' | 'manifests' | 'apps'>,
  runtime: Runtime,
  asked: (connection: ApiConnection, key: string) => void = () => undefined
): (stanza: StanzaSource) => SourceRequest {
  const consistencyMs = readRelistInterval(args.relistInterval)
  const isNamed = args.kubeconfig !== undefined || args.context !== undefined
  if (isNamed && (args.manifests.length > 0 || args.apps.length > 0)) {
    throw new CorefileError(
      'BAD_VALUE',
      `${args.kubeconfig === undefined ? '--context' : '--kubeconfig'} and ${args.manifests.length > 0 ? '--manifests' : '--apps'} name two sources of cluster state: keep one of them`
    )
  }
  const chosen = isNamed ? () => chosenConnection(args, runtime) : undefined
  return stanza => {
    const connection = refusing(stanza, () => chosen?.() ?? connectionOf(stanza, runtime))
    const { needs } = stanza
    const key = `${API_KEY}${connection.name} ${needsKey(needs)} ${consistencyMs ?? ''}`
    return {
      key,
      make: (observer = NOBODY) => {
        asked(connection, key)
        return new ApiSource({
          connection,
          needs,
          observer,
          version: buildInfo().version,
          runtime: { ...runtime, gets: systemGets() },
          ...(consistencyMs === undefined ? {} : { consistencyMs })
        })
      }
    }
  }
}

function chosenConnection(
  { kubeconfig, context }: Pick<ServeArguments, 'kubeconfig' | 'context'>,
  runtime: Runtime
): ApiConnection {
  const paths = kubeconfig === undefined ? kubeconfigPaths(runtime) : [kubeconfig]
  if (paths.length === 0) {
    throw new ConnectionError(
      '--context names a context of no kubeconfig',
      'there is no ~/.kube/config and KUBECONFIG is not set; name the file with --kubeconfig'
    )
  }
  return kubeconfigConnection(paths, context, runtime)
}

/** What can't be used is a mistake of the stanza's, as in CoreDNS. */
function refusing<T>(stanza: StanzaSource, act: () => T): T {
  try {
    return act()
  } catch (error) {
    if (!(error instanceof ConnectionError)) throw error
    throw new CorefileError('BAD_VALUE', error.message, stanza.at, error.hint)
  }
}

/** Milliseconds; undefined: as built in; 0: never. Throws CorefileError. */
function readRelistInterval(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const parsed = parseDuration(text)
  const ms = parsed.error === undefined ? parsed.value : -1
  if (ms === 0 || ms >= RELIST_MIN_MS) return ms
  throw new CorefileError(
    'BAD_VALUE',
    `--relist-interval ${text}: expected a duration such as 10m, ${RELIST_MIN_MS / 1000}s at least, or 0 for never`
  )
}
