// Which state `resolvconf` reads: the options', else that of the Corefile's kubernetes blocks, else that of the manifest
// itself.
import { App } from '../../app.ts'
import type { Log } from '../../runtime/log.ts'
import type { Runtime } from '../../runtime/runtime.ts'
import { formatName } from '../../wire/name.ts'
import type { ServeArguments } from '../arguments.ts'
import { NO_STANZA, OnceSources } from '../loaded-state.ts'
import { chooseConfiguration } from '../state.ts'
import { buildInfo } from '../version.ts'
import { ManifestPods } from './pod-source.ts'
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
  args: ServeArguments,
  runtime: Runtime,
  announce: (text: string) => void = () => undefined
): Promise<UsedState | undefined> {
  const isGiven = args.manifests.length > 0 || args.apps.length > 0
  const sources = new OnceSources(args, runtime, true)
  if (isGiven && args.conf === undefined) {
    const text = given(args)
    announce(text)
    await sources.request(NO_STANZA).make().start()
    return read(sources, text, undefined)
  }
  const { configuration, origin } = await chooseConfiguration(args, runtime)
  if (origin === 'bare') return undefined
  const conf = `Corefile ${args.conf ?? './Corefile'}`
  const text = isGiven ? `${given(args)}, ${conf}` : conf
  announce(text)
  const app = await App.create({
    ...{ blocks: configuration.blocks, runtime, build: buildInfo(), lenient: args.lenient },
    ...{ clusterSource: sources.request, offline: true }
  })
  try {
    const stanzas = await app.load()
    if (sources.all.length === 0) return undefined
    const [zone] = stanzas.map(({ plugin }) => withoutDot(formatName(plugin.options.primaryZone)))
    return read(sources, text, zone)
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
  const sources = new OnceSources({ ...args, manifests: [], apps: [file] }, listening, true)
  await sources.request(NO_STANZA).make().start()
  const leftOut = remarks.filter(remark => remark.includes('left out'))
  return { ...read(sources, text, undefined), leftOut }
}

function read(sources: OnceSources, text: string, zone: string | undefined): UsedState {
  const objects = sources.objects()
  const clusterDomain = zone === undefined || zone === '' ? 'cluster.local' : zone
  return { text, objects, pods: new ManifestPods(sources, objects), clusterDomain }
}

const given = ({ manifests, apps }: ServeArguments): string =>
  [...manifests.map(path => `--manifests ${path}`), ...apps.map(path => `--apps ${path}`)].join(' ')
