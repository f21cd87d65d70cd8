// The state of the cluster that `serve` would have, read once: for commands that print it and end. Nothing is watched;
// what is wrong in files goes to standard error in the words that `serve` logs.
import { readFileSync } from 'node:fs'
import type { ManifestSource } from '../cluster/manifests/manifest-source.ts'
import type { WrittenPolicy } from '../cluster/manifests/network-policy-in.ts'
import type { ControlPlane } from '../cluster/apps/simulated.ts'
import { SERVICE_NAME_LABEL, type ClusterObject, type Pod } from '../cluster/objects.ts'
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
import { readPods, readPolicies, type OptionalList, type OptionalWants } from './optional-lists.ts'
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

const NO_WANTS: OptionalWants = { pods: false, policies: false }

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

/** What a command wants of its sources beside what the Corefile's answers need. */
export interface OnceOptions {
  /** Whether they will be asked what Pods' resolv.conf hangs on. */
  readonly podDns?: boolean
  /** Whether Pods are wanted of API servers too, answers or not. */
  readonly pods?: boolean
  /** What is read of API servers where it may be, for reasons. */
  readonly wants?: OptionalWants
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
  readonly #wants: OptionalWants
  /** Connections by the keys of requests. */
  readonly #asked = new Map<string, ApiConnection>()
  /** Keys of requests whose sources read Pods anyway. */
  readonly #withPods = new Set<string>()
  /** What API servers need not tell, by the connection's name: read once. */
  readonly #pods = new Map<string, Promise<OptionalList<Pod>>>()
  readonly #policyLists = new Map<string, Promise<OptionalList<WrittenPolicy>>>()
  readonly #policies: WrittenPolicy[] = []
  readonly #notes = new Set<string>()

  /** Throws CorefileError when an option can't be read. */
  constructor(
    args: ServeArguments,
    runtime: Runtime,
    { podDns = false, pods = false, wants = NO_WANTS }: OnceOptions = {}
  ) {
    this.#wants = wants
    const made: ManifestSource[] = []
    const servers: ApiConnection[] = []
    this.all = made
    this.servers = servers
    const choose = sourceChooser(args, runtime, {
      readStandardInput: () => readFileSync(0),
      made: source => void made.push(source),
      asked: (connection, key) => {
        this.#asked.set(key, connection)
        if (!servers.some(({ name }) => name === connection.name)) servers.push(connection)
      },
      isWatching: false,
      podDns
    })
    this.request = stanza => {
      const request = choose(pods ? { ...stanza, needs: { ...stanza.needs, pods } } : stanza)
      if (!request.key.startsWith(API_KEY)) return request
      if (pods || stanza.needs.pods) this.#withPods.add(request.key)
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

  /** NetworkPolicies of manifests and of API servers. */
  networkPolicies(): WrittenPolicy[] {
    return [...this.all.flatMap(source => [...source.networkPolicies()]), ...this.#policies]
  }

  /** What could not be read although it was wanted, as sentences. */
  get notes(): readonly string[] {
    return [...this.#notes]
  }

  #once(request: SourceRequest, runtime: Runtime): OnceApiSource {
    const { key } = request
    const besides = (signal: AbortSignal) => this.#besides(key, runtime, signal)
    const source = this.#fromApi.get(key) ?? new OnceApiSource(request, runtime.clock, besides)
    this.#fromApi.set(key, source)
    return source
  }

  /** Reads what is wanted and need not be there; settles with the Pods. */
  async #besides(key: string, runtime: Runtime, signal: AbortSignal): Promise<readonly ClusterObject[]> {
    const connection = this.#asked.get(key)
    if (connection === undefined) return []
    const { name } = connection
    const wantsPods = this.#wants.pods && !this.#withPods.has(key)
    if (wantsPods && !this.#pods.has(name)) this.#pods.set(name, readPods(connection, runtime, signal))
    if (this.#wants.policies && !this.#policyLists.has(name)) {
      const reading = readPolicies(connection, runtime, signal)
      this.#policyLists.set(
        name,
        reading.then(list => {
          this.#policies.push(...list.found)
          return list
        })
      )
    }
    const [pods, policies] = await Promise.all([
      wantsPods ? this.#pods.get(name) : undefined,
      this.#policyLists.get(name)
    ])
    for (const list of [pods, policies]) if (list?.note !== undefined) this.#notes.add(list.note)
    return pods?.found ?? []
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
