// What several commands need before they do their own work: the runtime, the configuration, the source of state.
import type { CorefileNow } from '../app/reloader.ts'
import { chokidarWatching } from '../cluster/manifests/chokidar-watcher.ts'
import { ManifestSource } from '../cluster/manifests/manifest-source.ts'
import type { SourceRequest } from '../cluster/cluster-states.ts'
import type { ApiConnection } from '../cluster/kube-api/connection.ts'
import {
  interpretCorefile,
  loadCorefile,
  loadDefaultCorefile,
  readConfigured,
  unwrapped,
  type Configuration,
  type LoadOptions
} from '../corefile/load.ts'
import { parseCorefile } from '../corefile/parser.ts'
import { CorefileError } from '../corefile/position.ts'
import type { StanzaSource } from '../plugins/definition.ts'
import { directives } from '../plugins/order.ts'
import { systemClock } from '../runtime/clock.ts'
import { systemFiles } from '../runtime/files.ts'
import { systemHttp } from '../runtime/http.ts'
import { keepHeapSmall } from '../runtime/heap.ts'
import { processLog, type LogFormat, type ProcessLog } from '../runtime/log.ts'
import { systemNetwork } from '../runtime/network.ts'
import { systemRandom } from '../runtime/random.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { systemTurn } from '../runtime/turn.ts'
import { apiRequests } from './api-request.ts'
import type { ServeArguments } from './arguments.ts'
import { bareCorefile, embeddedCorefile } from './embedded-corefile.ts'
import { namesState } from './named-state.ts'
import { simulationOptions } from './simulation-options.ts'

/** The outside world as this machine has it, and its log, which must be closed at the end. */
export function systemRuntime(format: LogFormat = 'text'): {
  readonly runtime: Runtime
  readonly processLog: ProcessLog
} {
  keepHeapSmall()
  return runtimeWith(processLog({ format }))
}

/** The same for a command that ends at once, with a log of its own. */
export function runtimeWith(written: ProcessLog): {
  readonly runtime: Runtime
  readonly processLog: ProcessLog
} {
  const runtime: Runtime = {
    clock: systemClock,
    random: systemRandom(),
    log: written.log,
    showDebug: written.showDebug,
    linesDropped: () => written.dropped,
    files: systemFiles,
    http: systemHttp(),
    network: systemNetwork,
    nextTurn: systemTurn,
    environment: process.env
  }
  return { runtime, processLog: written }
}

/** Which configuration the arguments choose, and how it came about. */
export interface ChosenConfiguration {
  readonly configuration: Configuration
  readonly origin: 'file' | 'embedded' | 'bare'
  /** The text, where it is not in a file. */
  readonly text: string | undefined
}

/** Reads the Corefile that is asked for, `./Corefile`, or the embedded one. Throws CorefileError. */
export async function chooseConfiguration(
  args: ServeArguments,
  runtime: Runtime
): Promise<ChosenConfiguration> {
  const options = corefileOptions(args, runtime)
  const configuration = await (args.conf === undefined
    ? loadDefaultCorefile(options)
    : loadCorefile(args.conf, options))
  if (configuration.blocks.length > 0) return { configuration, origin: 'file', text: undefined }
  const isEmbedded = args.conf === undefined && namesState(args)
  const text = isEmbedded ? embeddedCorefile(runtime.files) : bareCorefile(args.port)
  const name = isEmbedded ? '(embedded Corefile)' : '(default Corefile)'
  return {
    configuration: interpretCorefile(text, name, options),
    origin: isEmbedded ? 'embedded' : 'bare',
    text
  }
}

/** Reads the Corefile of `serve` again; gives undefined while there is none that could be read again. */
export function corefileReader(
  args: ServeArguments,
  runtime: Runtime
): () => Promise<CorefileNow | undefined> {
  const options = corefileOptions(args, runtime)
  return async () => {
    if (args.conf === 'stdin') return undefined
    const path = args.conf ?? 'Corefile'
    if (runtime.files.kind(path) !== 'file') return undefined
    const { text, file } = readConfigured(path, options)
    const corefile = await unwrapped(text, file)
    const inFile = { ...options, ...corefile }
    return {
      outline: () => parseCorefile(corefile.text, file, { ...inFile, knownDirectives: undefined }),
      interpret: () => {
        const configuration = interpretCorefile(corefile.text, file, inFile)
        if (configuration.blocks.length > 0) return configuration
        throw new CorefileError(
          'SYNTAX',
          `${file}: no server block is left`,
          undefined,
          'is the file cut off?'
        )
      }
    }
  }
}

/** How a Corefile is read under these arguments. */
export function corefileOptions(args: ServeArguments, runtime: Runtime): LoadOptions {
  return {
    files: runtime.files,
    environment: runtime.environment,
    knownDirectives: directives,
    dnsPort: portNumber(args.port)
  }
}

/** `-dns.port` as CoreDNS takes it: any number now, out of range when it comes to listening. */
function portNumber(text: string): number {
  return /^-?\d+$/.test(text) ? Number(text) : 53
}

/** How sources are made, and who is told of them. */
export interface SourceMaking {
  /** For `-` as a path; called once at most. */
  readonly readStandardInput: () => Uint8Array
  /** Told of each source of manifests. */
  readonly made?: (source: ManifestSource) => void
  /** Told of each API server that is asked, with the key of the request. */
  readonly asked?: (connection: ApiConnection, key: string) => void
  /** Whether changes of files are followed; they are unless this is false. */
  readonly isWatching?: boolean
  /** Whether sources of manifests will be asked what Pods' resolv.conf hangs on. */
  readonly podDns?: boolean
}

/**
 * Makes the sources that stanzas ask for; `--manifests`, `--apps` and `--kubeconfig` take the place of all of them. Throws
 * CorefileError when an option makes no sense.
 */
export function sourceChooser(
  args: ServeArguments,
  runtime: Runtime,
  { readStandardInput, made, asked = () => undefined, isWatching = true, podDns = false }: SourceMaking
): (stanza: StanzaSource) => SourceRequest {
  const simulation = simulationOptions(args)
  const fromApi = apiRequests(args, runtime, asked)
  refuseStandardInputTwice([...args.manifests, ...args.apps])
  const isGiven = args.manifests.length > 0 || args.apps.length > 0
  return stanza => {
    const isApi = args.kubeconfig !== undefined || args.context !== undefined
    const { manifests: paths, apps } = isGiven || isApi ? args : stanza
    if (paths.length > 0 || apps.length > 0) {
      return {
        key: `manifests ${JSON.stringify({ paths, apps, selectors: stanza.explains === true || undefined, simulation: apps.length > 0 ? simulation : undefined })}`,
        make: () => {
          const source = new ManifestSource({
            paths,
            apps,
            simulation,
            runtime,
            podDns,
            selectors: stanza.explains === true,
            ...(isWatching ? { watch: chokidarWatching(runtime.clock) } : {}),
            ...([...paths, ...apps].includes('-') ? { standardInput: readStandardInput() } : {})
          })
          made?.(source)
          return source
        }
      }
    }
    return fromApi(stanza)
  }
}

function refuseStandardInputTwice(paths: readonly string[]): void {
  if (paths.filter(path => path === '-').length < 2) return
  throw new CorefileError(
    'BAD_VALUE',
    'standard input (-) can be read only once: name it in one --manifests or --apps'
  )
}

/** `127.0.0.1:1053`, `[::1]:0`, `:1053`. Throws CorefileError. */
export function readListen(text: string): { readonly address: string; readonly port: number } {
  const found = /^(?:\[([^\]]+)\]|([^:]*)):(\d{1,5})$/.exec(text)
  const port = Number(found?.[3] ?? -1)
  if (found === null || port > 65_535) {
    throw new CorefileError(
      'BAD_VALUE',
      `--listen ${text}: expected ADDRESS:PORT, as in 127.0.0.1:1053 or [::1]:1053`
    )
  }
  return { address: found[1] ?? found[2] ?? '', port }
}

/** `--http-base`. Throws CorefileError. */
export function readPort(option: string, text: string): number {
  if (!/^\d{1,5}$/.test(text) || Number(text) > 65_535) {
    throw new CorefileError('BAD_VALUE', `${option} ${text}: expected a port number from 0 to 65535`)
  }
  return Number(text)
}

/** The text of a file for showing a line of it; undefined when it can't be read. */
export const fileText =
  (runtime: Runtime) =>
  (path: string): string | undefined => {
    try {
      return runtime.files.read(path).toString('utf8')
    } catch {
      return undefined
    }
  }
