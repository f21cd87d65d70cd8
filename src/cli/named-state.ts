// Which state a command that ends at once reads where nobody names one, and what a state is called.
import { ConnectionError } from '../cluster/kube-connection/connection-error.ts'
import { kubeconfigPaths } from '../cluster/kube-connection/connections.ts'
import { readKubeconfig, type KubeContext } from '../cluster/kube-connection/kubeconfig.ts'
import { CorefileError } from '../corefile/position.ts'
import type { Runtime } from '../runtime/runtime.ts'
import type { ServeArguments } from './arguments.ts'

/** What to do where there is no state. */
export const NAME_STATE = 'name it with --manifests PATH, --apps PATH, --kubeconfig FILE or -conf FILE'

/** Whether an option names a state, the Corefile aside. */
export const namesState = ({ manifests, apps, kubeconfig, context }: ServeArguments): boolean =>
  manifests.length > 0 || apps.length > 0 || kubeconfig !== undefined || context !== undefined

/**
 * The arguments, with the current context of the person's kubeconfig where neither they nor a `./Corefile` name a state,
 * and there is one. `isAssumed`: so it is. Throws CorefileError when the kubeconfig can't be used.
 */
export function withCurrentContext(
  args: ServeArguments,
  runtime: Runtime
): { readonly args: ServeArguments; readonly isAssumed: boolean } {
  const isNamed = namesState(args) || args.conf !== undefined || runtime.files.kind('Corefile') !== undefined
  if (isNamed || kubeconfigPaths(runtime).length === 0) return { args, isAssumed: false }
  const { name } = contextOf(args, runtime)
  return { args: { ...args, context: name }, isAssumed: true }
}

/**
 * `--apps config/apps`, `kubeconfig ~/.kube/config, context kind-lab`; undefined where only the Corefile names a state.
 * Throws CorefileError when the kubeconfig can't be used.
 */
export function stateText(args: ServeArguments, runtime: Runtime): string | undefined {
  const { manifests, apps, kubeconfig, context } = args
  const given = [...manifests.map(path => `--manifests ${path}`), ...apps.map(path => `--apps ${path}`)]
  if (given.length > 0) return given.join(' ')
  if (kubeconfig === undefined && context === undefined) return undefined
  const { file, name } = contextOf(args, runtime)
  return `kubeconfig ${atHome(file, runtime)}, context ${name}`
}

/** The same with the Corefile: `--apps config/apps, the embedded Corefile`. */
export function stateAndCorefile(
  args: ServeArguments,
  origin: 'file' | 'embedded' | 'bare',
  runtime: Runtime
): string {
  const conf = origin === 'embedded' ? 'the embedded Corefile' : `Corefile ${args.conf ?? './Corefile'}`
  const text = stateText(args, runtime)
  return text === undefined ? conf : `${text}, ${conf}`
}

function contextOf({ kubeconfig, context }: ServeArguments, runtime: Runtime): KubeContext {
  try {
    const paths = kubeconfig === undefined ? kubeconfigPaths(runtime) : [kubeconfig]
    if (paths.length > 0) return readKubeconfig(paths, context, runtime.files)
    throw new ConnectionError(
      '--context names a context of no kubeconfig',
      'there is no ~/.kube/config and KUBECONFIG is not set; name the file with --kubeconfig'
    )
  } catch (error) {
    if (!(error instanceof ConnectionError)) throw error
    throw new CorefileError('BAD_VALUE', error.message, undefined, error.hint)
  }
}

/** `~/.kube/config`. */
function atHome(file: string, { environment }: Runtime): string {
  const home = environment['HOME'] ?? ''
  return home.length > 1 && file.startsWith(`${home}/`) ? `~${file.slice(home.length)}` : file
}
