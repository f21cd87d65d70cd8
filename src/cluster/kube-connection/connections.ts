// Which API server a kubernetes block's state comes from, in CoreDNS's order: its kubeconfig, its endpoint, the cluster
// that the process runs in.
import path from 'node:path'
import type { Clock } from '../../runtime/clock.ts'
import type { ApiConnection } from '../kube-api/connection.ts'
import { endpointConnection } from './endpoint.ts'
import { inClusterConnection, type PodRuntime } from './in-cluster.ts'
import { kubeconfigConnection } from './kubeconfig-connection.ts'

export interface ConnectionChoice {
  /** `endpoint`; empty: none. */
  readonly endpoint: string
  /** Certificate, key, CA: files; none or three. */
  readonly tls: readonly string[]
  /** File, and the context's name; empty: none. */
  readonly kubeconfig: readonly string[]
}

/**
 * Throws ConnectionError when what is named can't be used. Where nothing is named, `KUBECONFIG` counts before the service
 * account: nobody sets it in a Pod by accident.
 */
export function connectionOf(
  choice: ConnectionChoice,
  runtime: PodRuntime & { readonly clock: Clock }
): ApiConnection {
  const [file, context] = choice.kubeconfig
  if (file !== undefined) return kubeconfigConnection([file], context, runtime)
  if (choice.endpoint !== '') return endpointConnection(choice.endpoint, choice.tls, runtime.files)
  const named = namedPaths(runtime)
  if (named.length > 0) return kubeconfigConnection(named, undefined, runtime)
  return inClusterConnection(runtime)
}

/** The kubeconfig that a person's kubectl would read: `KUBECONFIG`, else the one in the home folder; empty without. */
export function kubeconfigPaths(runtime: PodRuntime): readonly string[] {
  const named = namedPaths(runtime)
  if (named.length > 0) return named
  const home = runtime.environment['HOME'] ?? ''
  const file = path.join(home, '.kube', 'config')
  return home !== '' && runtime.files.kind(file) === 'file' ? [file] : []
}

function namedPaths({ environment }: Pick<PodRuntime, 'environment'>): string[] {
  return (environment['KUBECONFIG'] ?? '').split(path.delimiter).filter(each => each !== '')
}
