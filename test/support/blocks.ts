// Server blocks as a test writes them: text in, plugins out, with everything they asked for at set-up.
import { blockFingerprint } from '../../src/corefile/fingerprint.ts'
import { interpretCorefile } from '../../src/corefile/load.ts'
import type { Dispenser } from '../../src/corefile/dispenser.ts'
import { CorefileError } from '../../src/corefile/position.ts'
import { ClusterStates } from '../../src/cluster/cluster-states.ts'
import { linkPlugins, type Handler, type Plugin } from '../../src/dns/plugin.ts'
import type { Query } from '../../src/dns/query.ts'
import { emptyAnswer } from '../../src/dns/response.ts'
import type {
  BlockServer,
  PluginDefinition,
  SetupContext,
  Shared,
  StreamLimits,
  TlsSettings
} from '../../src/plugins/definition.ts'
import { KeptValues } from '../../src/plugins/kept-values.ts'
import { directives } from '../../src/plugins/order.ts'
import { systemRandom } from '../../src/runtime/random.ts'
import type { Runtime } from '../../src/runtime/runtime.ts'
import { Rcode } from '../../src/wire/numbers.ts'
import { FakeClock } from './fake-clock.ts'
import { fakeFiles } from './fake-files.ts'
import { FakeHttp } from './fake-http.ts'
import { memoryLog, type MemoryLog } from './memory-log.ts'

/** A runtime in which nothing happens by itself. */
export interface TestRuntime extends Runtime {
  readonly clock: FakeClock
  readonly log: MemoryLog
  readonly http: FakeHttp
}

export function testRuntime(files: Readonly<Record<string, string>> = {}): TestRuntime {
  return {
    clock: new FakeClock(),
    random: systemRandom(),
    log: memoryLog(),
    files: fakeFiles(files),
    http: new FakeHttp(),
    network: { interfaces: () => [] },
    nextTurn: task => void setImmediate(task),
    environment: {}
  }
}

/** Shared values of one configuration. */
export function testShared(runtime: Runtime, more: Partial<Shared> = {}): Shared {
  const made = new Map<string, unknown>()
  const kept = new KeptValues()
  return {
    runtime,
    build: { version: '1.2.3', revision: 'abcdef0' },
    lookup: (_name, _qtype, query) => emptyAnswer(query, Rcode.SERVFAIL),
    clusters: new ClusterStates(runtime).lease(),
    clusterSource: () => {
      throw new Error('this test has no cluster')
    },
    httpBase: undefined,
    reloadEvery: () => undefined,
    once: <T>(key: string, make: () => T): T => {
      if (!made.has(key)) made.set(key, make())
      return made.get(key) as T
    },
    keep: (key, make, drop) => kept.keep(key, make, drop),
    hasAnswered: () => false,
    end: () => undefined,
    ...more
  }
}

/** The end of every chain in tests, which says so. */
export const lastHandler: Handler = {
  answer: query => {
    const answer = emptyAnswer(query, Rcode.SERVFAIL)
    answer.error = new Error('no next plugin found')
    return answer
  }
}

/** One server block that was set up. */
export interface TestBlock {
  readonly context: SetupContext
  /** In order. */
  readonly plugins: readonly Plugin[]
  /** The plugins linked, and the end of the chain. */
  readonly chain: Handler
  readonly boundTo: readonly string[]
  /** What `timeouts` asked for. */
  readonly streamLimits: readonly StreamLimits[]
  /** What `tls` gave. */
  readonly tls: TlsSettings | undefined
  /** Whether its view takes a query; true without one. */
  takes(query: Query): boolean
  start(): Promise<void>
  stop(): Promise<void>
}

/** The first block's cursor over a directive's words: `controllerOf('errors stdout')`. */
export function controllerOf(text: string): Dispenser {
  const name = text.trim().split(/\s/)[0]!
  const { blocks } = interpretCorefile(`. {\n${text}\n}\n`, 'Corefile', {
    files: fakeFiles(),
    environment: {},
    knownDirectives: [name]
  })
  return blocks[0]!.directives.get(name)!.dispenser()
}

/** Sets up the blocks of a Corefile with these definitions, in CoreDNS's order. Throws as the server would. */
export function setupBlocks(
  text: string,
  definitions: readonly PluginDefinition[],
  shared: Shared,
  last: Handler = lastHandler
): readonly TestBlock[] {
  const configuration = interpretCorefile(text, 'Corefile', {
    files: shared.runtime.files,
    environment: {},
    knownDirectives: directives
  })
  return configuration.blocks.map(block => {
    const byName = new Map<string, Plugin>()
    const checks = new Map<string, () => boolean>()
    const words = new Map<string, () => readonly string[]>()
    const startups: (() => Promise<void> | void)[] = []
    const serving: (() => void)[] = []
    const shutdowns: ((isFinal: boolean) => Promise<void> | void)[] = []
    let boundTo: readonly string[] = []
    let view: { readonly name: string; readonly filter: (query: Query) => boolean } | undefined
    const streamLimits: StreamLimits[] = []
    const names = directives.filter(name => block.directives.has(name))
    const servers = (): BlockServer[] =>
      (boundTo.length === 0 ? [''] : boundTo).flatMap(address =>
        block.keys.map(key => {
          const label = `${key.transport}://${address}:${key.port}`
          return { label, zone: key.zone, listener: { label, address, port: key.port } }
        })
      )
    let current = ''
    let root = ''
    let tls: TlsSettings | undefined
    const context: SetupContext = {
      ...shared,
      keys: block.keys,
      fingerprint: () => blockFingerprint(block),
      get root() {
        return root
      },
      rootAt: folder => void (root = folder),
      limitStreams: limits => void streamLimits.push(limits),
      speakTls: settings => void (tls = settings),
      viewAs: (name, filter) => void (view = { name, filter }),
      viewName: () => view?.name ?? '',
      directives: names,
      localAddresses: [],
      plugin: name => byName.get(name),
      onStartup: task => void startups.push(task),
      onServing: task => void serving.push(task),
      onShutdown: task => void shutdowns.push(task),
      readiness: (check, tell) => {
        checks.set(current, check)
        if (tell !== undefined) words.set(current, tell)
      },
      readinessChecks: checks,
      readinessWords: words,
      bindTo: addresses => void (boundTo = addresses),
      get boundTo() {
        return boundTo
      },
      servers
    }
    for (const name of names) {
      const definition = definitions.find(each => each.name === name)
      if (definition === undefined) throw new Error(`no definition of ${name}`)
      current = name
      const plugin = definition.setup(block.directives.get(name)!.dispenser(), context)
      if (plugin !== undefined) byName.set(name, plugin)
    }
    const plugins = names.flatMap(name => byName.get(name) ?? [])
    return {
      context,
      plugins,
      chain: linkPlugins(plugins, last),
      streamLimits,
      get tls() {
        return tls
      },
      get boundTo() {
        return boundTo
      },
      takes: query => view?.filter(query) ?? true,
      start: async () => {
        for (const task of startups) await task()
        for (const task of serving) task()
      },
      stop: async () => {
        for (const task of shutdowns) await task(true)
      }
    }
  })
}

/** The message that a mistake ends the start with, without `plugin/NAME: `; empty when there is none. */
export function setupMessage(
  directive: string,
  definition: PluginDefinition,
  runtime = testRuntime()
): string {
  const text = `.:1053 {\n    ${directive}\n}\n`
  try {
    setupBlocks(text, [definition], testShared(runtime))
    return ''
  } catch (error) {
    if (error instanceof CorefileError) return error.message
    throw error
  }
}
