// A whole server in the test's own process: a Corefile's text, objects in memory, free ports on loopback.
import { App, type Addresses, type AppOptions } from '../../src/app.ts'
import { interpretCorefile } from '../../src/corefile/load.ts'
import type { Engine } from '../../src/embed/engine.ts'
import type { ClusterSource } from '../../src/cluster/source.ts'
import { directives } from '../../src/plugins/order.ts'
import { systemClock } from '../../src/runtime/clock.ts'
import { systemFiles } from '../../src/runtime/files.ts'
import { systemHttp } from '../../src/runtime/http.ts'
import type { Log } from '../../src/runtime/log.ts'
import { systemRandom } from '../../src/runtime/random.ts'
import type { Runtime } from '../../src/runtime/runtime.ts'
import { systemTurn } from '../../src/runtime/turn.ts'

export const silent: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  fatal: () => undefined,
  plugin: () => silent,
  own: () => silent
}

export interface RunningApp {
  readonly app: App
  readonly addresses: Addresses
  /** Of UDP and TCP alike. */
  readonly port: number
  /** Puts another Corefile's text in its place. */
  reload(corefile: string): Promise<void>
  stop(): Promise<void>
}

/** The machine as the test wants it: its own log unless one is given, and no addresses but `localAddresses`. */
export function testRuntime(
  changes: Partial<Runtime> & { readonly localAddresses?: readonly string[] } = {}
): Runtime {
  const { localAddresses = [], ...parts } = changes
  const addresses = localAddresses.map(address => ({
    name: 'test0',
    address,
    internal: false,
    linkLocal: false
  }))
  return {
    clock: systemClock,
    random: systemRandom(),
    log: silent,
    files: systemFiles,
    http: systemHttp(),
    network: { interfaces: () => addresses },
    nextTurn: systemTurn,
    environment: {},
    ...parts
  }
}

/** Starts the server; a `kubernetes` stanza's state is `source`. With `listen` null it listens where the text says. */
export async function runApp(
  corefile: string,
  source: ClusterSource,
  runtime: Runtime = testRuntime(),
  folder = '.',
  listen: { readonly address: string; readonly port: number } | null = { address: '127.0.0.1', port: 0 },
  more: Partial<AppOptions> = {}
): Promise<RunningApp> {
  const { app, options } = await makeApp(corefile, source, runtime, folder, {
    listen: listen ?? undefined,
    ...more
  })
  const addresses = await app.start()
  const reload = async (text: string) => app.reload(interpretCorefile(text, 'Corefile', options).blocks)
  return { app, addresses, port: addresses.dns[0]?.port ?? 0, reload, stop: () => app.stop() }
}

/** A server that opens no DNS listener: what comes in is handed to `respond`. */
export async function engineOf(
  corefile: string,
  source: ClusterSource,
  runtime: Runtime = testRuntime(),
  folder = '.',
  more: Partial<AppOptions> = {}
): Promise<Engine> {
  const { app } = await makeApp(corefile, source, runtime, folder, more)
  return { respond: await app.startWithin(), close: () => app.stop() }
}

async function makeApp(
  corefile: string,
  source: ClusterSource,
  runtime: Runtime,
  folder: string,
  more: Partial<AppOptions>
) {
  const options = { files: runtime.files, environment: {}, knownDirectives: directives, folder }
  const { blocks } = interpretCorefile(corefile, 'Corefile', options)
  const app = await App.create({
    blocks,
    runtime,
    build: { version: 'test', revision: '' },
    httpBase: 0,
    clusterSource: () => ({ key: 'test', make: () => source }),
    ...more
  })
  return { app, options }
}
