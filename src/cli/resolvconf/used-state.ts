// Which state `resolvconf` reads: the options', else that of the Corefile's kubernetes blocks, else that of the manifest
// itself.
import { App } from '../../app.ts'
import type { Log } from '../../runtime/log.ts'
import type { Runtime } from '../../runtime/runtime.ts'
import { formatName } from '../../wire/name.ts'
import type { ServeArguments } from '../arguments.ts'
import { NO_STANZA, OnceSources } from '../loaded-state.ts'
import { stateText, withCurrentContext } from '../named-state.ts'
import { chooseConfiguration } from '../state.ts'
import { buildInfo } from '../version.ts'
import { podsOf } from './api-pods.ts'
import type { PodDnsState } from './pod-dns-of.ts'
import { withoutDot } from './wanted.ts'

export interface UsedState extends PodDnsState {
  /** For the first line: `--apps config/apps`. */
  readonly text: string
  /** Files that were passed over, and why. */
  readonly leftOut?: readonly string[]
}

/**
 * Undefined: nothing names one. `announce` is told of it before anything is read. Rejects with CorefileError, or an error
 * of reading.
 */
export async function usedState(
  given: ServeArguments,
  runtime: Runtime,
  announce: (text: string) => void = () => undefined
): Promise<UsedState | undefined> {
  const { args } = withCurrentContext(given, runtime)
  const sources = new OnceSources(args, runtime, { podDns: true })
  const named = stateText(args, runtime)
  if (named !== undefined && args.conf === undefined) {
    announce(named)
    // Whom a Pod asks depends on no endpoint.
    const needs = { ...NO_STANZA.needs, endpoints: false }
    await sources
      .request({ ...NO_STANZA, needs })
      .make()
      .start()
    return read(sources, named, undefined, runtime)
  }
  const { configuration, origin } = await chooseConfiguration(args, runtime)
  if (origin === 'bare') return undefined
  const conf = `Corefile ${args.conf ?? './Corefile'}`
  const text = named === undefined ? conf : `${named}, ${conf}`
  announce(text)
  const app = await App.create({
    ...{ blocks: configuration.blocks, runtime, build: buildInfo(), lenient: args.lenient },
    ...{ clusterSource: sources.request, offline: true }
  })
  try {
    const stanzas = await app.load()
    if (sources.isEmpty) return undefined
    const [zone] = stanzas.map(({ plugin }) => withoutDot(formatName(plugin.options.primaryZone)))
    return read(sources, text, zone, runtime)
  } finally {
    await app.discard()
  }
}

/** The cluster that is simulated around a manifest. */
export async function stateOfManifest(
  file: string,
  args: ServeArguments,
  runtime: Runtime,
  announce: (text: string) => void
): Promise<UsedState> {
  const text = `simulated for ${file}`
  announce(text)
  const remarks: string[] = []
  const own: Log = { ...runtime.log.own(), info: message => void remarks.push(message) }
  const listening: Runtime = { ...runtime, log: { ...runtime.log, own: () => own } }
  const sources = new OnceSources(
    { ...args, manifests: [], apps: [file], kubeconfig: undefined, context: undefined },
    listening,
    { podDns: true }
  )
  await sources.request(NO_STANZA).make().start()
  const leftOut = remarks.filter(remark => remark.includes('left out'))
  return { ...read(sources, text, undefined, runtime), leftOut }
}

function read(sources: OnceSources, text: string, zone: string | undefined, runtime: Runtime): UsedState {
  const objects = sources.objects()
  const clusterDomain = zone === undefined || zone === '' ? 'cluster.local' : zone
  return { text, objects, pods: podsOf(sources, objects, runtime), clusterDomain }
}
