// What a plugin's folder exports, and what it is given at set-up.
import { posix } from 'node:path'
import type { Dispenser } from '../corefile/dispenser.ts'
import type { ServerKey } from '../corefile/server-key.ts'
import type { ClusterLease, SourceRequest } from '../cluster/cluster-states.ts'
import type { ApiNeeds } from '../cluster/kube-api/api-source.ts'
import type { Position } from '../corefile/position.ts'
import type { Answer } from '../dns/answer.ts'
import type { KeptValues } from './kept-values.ts'
import type { Eventual, Plugin } from '../dns/plugin.ts'
import type { Name } from '../wire/name.ts'
import type { Runtime } from '../runtime/runtime.ts'
import type { ListenerInfo, Query } from '../dns/query.ts'

/** Asks the whole server as a client would (all server blocks and plugins), with the asking client's address and EDNS. */
export type InternalLookup = (name: Name, qtype: number, query: Query) => Eventual<Answer>

/** Where a `kubernetes` stanza says its state comes from; all empty: the command line's choice, else the API server. */
export interface StanzaSource {
  readonly manifests: readonly string[]
  readonly apps: readonly string[]
  readonly endpoint: string
  /** Certificate, key, CA: files. */
  readonly tls: readonly string[]
  /** File, and the context's name. */
  readonly kubeconfig: readonly string[]
  /** What of the cluster the stanza needs. */
  readonly needs: ApiNeeds
  readonly at: Position
  /** Somebody explains: Services are to have their selectors. */
  readonly explains?: boolean
}

/** What the program is, for `coredns_build_info`. */
export interface BuildInfo {
  readonly version: string
  /** The commit it was built from; empty when nobody knows. */
  readonly revision: string
}

/** One zone of a block on one of its addresses, as metrics name them. */
export interface BlockServer {
  /** `dns://:53`: the `label` of the listener's ListenerInfo. */
  readonly label: string
  readonly zone: string
  /** The UDP listener itself. */
  readonly listener: ListenerInfo
}

/** Time limits of a block's TCP connections and the like; what is left out stays as it is. */
export interface StreamLimits {
  /** For a message to be whole, in milliseconds. */
  readonly readMs?: number
  /** For a client to take some of an answer. */
  readonly writeMs?: number
  /** Between messages. */
  readonly idleMs?: number
  /** Questions that one connection may ask. */
  readonly questionsMax?: number
  /** Connections at once on a listener for HTTPS; 0: no bound but the server's own. */
  readonly connectionsMax?: number
}

/** How TLS is spoken on a block's `tls://` and `https://` keys. */
export interface TlsSettings {
  /** Contents of PEM files; the key is the certificate's. */
  readonly cert: Buffer
  readonly key: Buffer
  /** What clients' certificates are judged by; the usual roots without. */
  readonly ca: Buffer | undefined
  /** Whether clients show certificates, as the words of `client_auth` say it. */
  readonly clientAuth: ClientAuth
  /** Is given the secrets of each connection, a line in NSS key log format. */
  readonly keyLog: ((line: Buffer) => void) | undefined
}

export type ClientAuth = 'nocert' | 'request' | 'require' | 'verify_if_given' | 'require_and_verify'

/** How often the Corefile is looked at, in milliseconds. */
export interface ReloadTimes {
  readonly intervalMs: number
  /** Spread around the interval. */
  readonly jitterMs: number
}

/** What is shared by all server blocks of one configuration. */
export interface Shared {
  readonly runtime: Runtime
  readonly build: BuildInfo
  readonly lookup: InternalLookup
  /** Cluster state by source and options: two stanzas with equal options share one index. */
  readonly clusters: ClusterLease
  /** Which source a stanza's state comes from. Throws CorefileError when there is none. */
  clusterSource(stanza: StanzaSource): SourceRequest
  /** `--http-base PORT`: where health, ready and metrics go instead of their own ports (base, +1, +2); undefined without. */
  readonly httpBase: number | undefined
  /** Values by plugin name, for plugins that serve all blocks of a configuration (one list of what must be ready). */
  readonly once: <T>(key: string, make: () => T) => T
  /**
   * As `once`, for values that outlive a reload: the next configuration gets them if it asks for the same key (listeners,
   * counters, caches). They must not depend on the configuration but for what the key says (`fingerprint`).
   */
  readonly keep: KeptValues['keep']
  /** Has the Corefile looked at again and again. Called by `reload`. */
  reloadEvery(times: ReloadTimes): void
  /** Whether any client was answered since the process began, by whichever configuration. */
  readonly hasAnswered: () => boolean
  /** Ends the process with this status, once the log is written: for what nobody can go on from. */
  readonly end: (status: number) => void
  /** Somebody will ask why queries are answered as they are, whether the Corefile has *explain* or not. */
  readonly explains?: boolean
}

export interface SetupContext extends Shared {
  /** The block's keys, CIDR keys expanded: the zones a plugin takes when its line names none. */
  readonly keys: readonly ServerKey[]
  /** Tells a block from every other text that a block may have, its place in the file aside: a key for `kept`. */
  fingerprint(): string
  /** Folder that relative paths in the Corefile start from (`root`); empty: the working folder. See `pathIn`. */
  readonly root: string
  /** Makes relative paths of this block start in a folder. Called by `root` alone, which is set up before all others. */
  rootAt(folder: string): void
  /**
   * Sets limits for every listener of the block's keys; of several blocks there the last one's count. Called by `timeouts`
   * and `https`.
   */
  limitStreams(limits: StreamLimits): void
  /** Gives the block's `tls://` and `https://` keys a certificate. Called by `tls` alone. */
  speakTls(settings: TlsSettings): void
  /** Lets only some queries into the block. Called by `view` alone. */
  viewAs(name: string, filter: (query: Query) => boolean): void
  /** The name of the block's view, empty without one. Known from `onStartup` on. */
  viewName(): string
  /** The machine's own addresses, loopback left out; none in a block with `bind`, as in CoreDNS. */
  readonly localAddresses: readonly string[]
  /** Another plugin of this block, once all are set up (call it in `onStartup`), or undefined. */
  plugin(name: string): Plugin | undefined
  /** Names of all directives in this block, in plugin order. */
  readonly directives: readonly string[]
  /** Runs before listeners open; a rejection ends the start with its message. In plugin order. */
  onStartup(task: () => Promise<void> | void): void
  /** Runs once the listeners are open; nobody waits for it, and it must not throw. */
  onServing(task: () => void): void
  /**
   * Runs when the configuration goes, in plugin order; the next waits for it. `isFinal`: the server goes too, and answers
   * until then (health's lameduck); otherwise another configuration answers already.
   */
  onShutdown(task: (isFinal: boolean) => Promise<void> | void): void
  /** Holds /ready back until `check` returns true. `tell` says in sentences what is missing or wrong, ready or not. */
  readiness(check: () => boolean, tell?: () => readonly string[]): void
  /** What the block's plugins gave to `readiness`, by directive. Complete from `onStartup` on. */
  readonly readinessChecks: ReadonlyMap<string, () => boolean>
  /** How those plugins that say it do, by directive. */
  readonly readinessWords: ReadonlyMap<string, () => readonly string[]>
  /** Opens the block's listeners on these addresses instead of on all. Called by `bind` alone, with all it found. */
  bindTo(addresses: readonly string[]): void
  /** What `bindTo` was given; empty without `bind`, which is set up before every plugin that answers. */
  readonly boundTo: readonly string[]
  /** The block's zones on its addresses. Complete, ports included, once the listeners are open. */
  servers(): readonly BlockServer[]
}

export interface PluginDefinition {
  /** The directive, letter for letter; also the folder. */
  readonly name: string
  /**
   * Reads every occurrence of the directive in one block and makes the plugin; `undefined` when it has no place in the
   * query chain (health, ready, bind). Throws CorefileError.
   */
  setup(controller: Dispenser, context: SetupContext): Plugin | undefined
}

/** A path from a Corefile as files are opened: relative ones start in the block's `root`. */
export function pathIn({ root }: Pick<SetupContext, 'root'>, path: string): string {
  return root === '' || posix.isAbsolute(path) ? path : posix.join(root, path)
}
