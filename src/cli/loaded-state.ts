// The state of the cluster that `serve` would have, read once: for commands that print it and end. Nothing is watched;
// what is wrong in files goes to standard error in the words that `serve` logs.
import { readFileSync } from 'node:fs'
import type { ManifestSource } from '../cluster/manifests/manifest-source.ts'
import type { ControlPlane } from '../cluster/apps/simulated.ts'
import { SERVICE_NAME_LABEL, type ClusterObject } from '../cluster/objects.ts'
import type { SourceRequest } from '../cluster/cluster-states.ts'
import type { ApiConnection } from '../cluster/kube-api/connection.ts'
import { PLAIN_INDEX } from '../cluster/index/cluster-index.ts'
import { LineWriter, writeTo } from '../runtime/line-writer.ts'
import { processLog, type Log } from '../runtime/log.ts'
import type { Runtime } from '../runtime/runtime.ts'
import type { StanzaSource } from '../plugins/definition.ts'
import type { ServeArguments } from './arguments.ts'
import { API_KEY } from './api-request.ts'
import { stateText, withCurrentContext } from './named-state.ts'
import { OnceApiSource } from './once-api-source.ts'
import { runtimeWith, sourceChooser } from './state.ts'

/** How long the last lines on standard error may take to be read, in milliseconds. */
const FLUSH_MS = 1000

/** A runtime whose log tells of warnings and errors alone, on standard error. */
export interface PrintingRuntime {
  readonly runtime: Runtime
  /** Writes what is left; to be awaited before the process ends. */
  readonly flush: () => Promise<void>
}

export function printingRuntime(): PrintingRuntime {
  const log = processLog({ writer: new LineWriter(writeTo(2)) })
  const { runtime } = runtimeWith(log)
  return { runtime: { ...runtime, log: troublesOnly(log.log) }, flush: () => log.flush(FLUSH_MS) }
}

function troublesOnly(log: Log): Log {
  return {
    debug: () => undefined,
    info: () => undefined,
    warn: message => {
      log.warn(message)
    },
    error: message => {
      log.error(message)
    },
    fatal: message => {
      log.fatal(message)
    },
    plugin: name => troublesOnly(log.plugin(name)),
    own: () => troublesOnly(log.own())
  }
}

/**
 * As `withCurrentContext`, and a context that nobody named is told on standard error: what is printed may not be what was
 * meant. Throws CorefileError.
 */
export function withAnnouncedContext(given: ServeArguments, runtime: Runtime): ServeArguments {
  const { args, isAssumed } = withCurrentContext(given, runtime)
  if (isAssumed) process.stderr.write(`state: ${stateText(args, runtime) ?? ''}\n`)
  return args
}

/** Where an object comes from. */
export interface Origin {
  /** As messages show it; undefined: no file, it is always there. */
  readonly file: string | undefined
  /** From 1. */
  readonly line: number | undefined
  /** What stands there: `Service`, `StatefulSet`. */
  readonly kind: string
  readonly namespace: string
  readonly name: string
}

/** Makes sources that don't watch, and remembers them. */
export class OnceSources {
  /** The source of a stanza. Throws CorefileError when it names none. */
  readonly request: (stanza: StanzaSource) => SourceRequest
  /** Those that were made. */
  readonly all: readonly ManifestSource[]
  /** API servers that were asked. */
  readonly servers: readonly ApiConnection[]
  /** By what they were asked for: read once, whoever asks. */
  readonly #fromApi = new Map<string, OnceApiSource>()

  /** `podDns`: whether the sources will be asked for it; `pods`: Pods are wanted of API servers too, answers or not. Throws CorefileError when an option can't be read. */
  constructor(args: ServeArguments, runtime: Runtime, podDns = false, pods = false) {
    const made: ManifestSource[] = []
    const servers: ApiConnection[] = []
    this.all = made
    this.servers = servers
    const choose = sourceChooser(args, runtime, {
      readStandardInput: () => readFileSync(0),
      made: source => void made.push(source),
      asked: connection => {
        if (!servers.some(({ name }) => name === connection.name)) servers.push(connection)
      },
      isWatching: false,
      podDns
    })
    this.request = stanza => {
      const request = choose(pods ? { ...stanza, needs: { ...stanza.needs, pods } } : stanza)
      if (!request.key.startsWith(API_KEY)) return request
      return { key: request.key, make: () => this.#once(request, runtime) }
    }
  }

  /** Whether nothing was read. */
  get isEmpty(): boolean {
    return this.all.length === 0 && this.#fromApi.size === 0
  }

  /** What simulates control planes for them. */
  get controlPlanes(): readonly ControlPlane[] {
    return this.all.flatMap(source => source.controlPlane ?? [])
  }

  /** What they hold; an object that two of them have counts once, as the first has it. */
  objects(): ClusterObject[] {
    const objects = new Map<string, ClusterObject>()
    for (const source of [...this.all, ...this.#fromApi.values()]) {
      for (const object of source.objects()) {
        const key = `${object.kind}/${object.kind === 'Namespace' ? '' : object.namespace}/${object.name}`
        if (!objects.has(key)) objects.set(key, object)
      }
    }
    return [...objects.values()]
  }

  #once(request: SourceRequest, { clock }: Runtime): OnceApiSource {
    const source = this.#fromApi.get(request.key) ?? new OnceApiSource(request, clock)
    this.#fromApi.set(request.key, source)
    return source
  }

  /** What an object was read from, or made from: slices that mirror Endpoints come from those. */
  originOf(object: ClusterObject): Origin {
    const { kind, name } = object
    const subject = { kind, namespace: object.kind === 'Namespace' ? '' : object.namespace, name }
    const service = object.kind === 'EndpointSlice' ? object.labels[SERVICE_NAME_LABEL] : undefined
    const subjects =
      service === undefined ? [subject] : [subject, { ...subject, kind: 'Endpoints', name: service }]
    for (const source of this.all) {
      for (const each of subjects) {
        const place = source.origin(each.kind, each.namespace, each.name)
        if (place === undefined) continue
        const made = each === subject ? source.controlPlane?.madeFrom(object) : undefined
        return { ...(made ?? each), ...place }
      }
    }
    return { ...subject, file: undefined, line: undefined }
  }
}

/** What a stanza says that names no source: the command line's choice is taken. */
export const NO_STANZA: StanzaSource = {
  manifests: [],
  apps: [],
  endpoint: '',
  tls: [],
  kubeconfig: [],
  needs: PLAIN_INDEX,
  at: { file: '', line: 0, column: 0 }
}
