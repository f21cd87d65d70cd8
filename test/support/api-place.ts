// A place with an API server of real sockets, a kubeconfig and what it names in a folder, and a server of ours that reads
// its state there. Time passes as the test says.
import { readFileSync, writeFileSync } from 'node:fs'
import type https from 'node:https'
import type { Test } from 'tap'
import { apiRequests } from '../../src/cli/api-request.ts'
import type { Runtime } from '../../src/runtime/runtime.ts'
import { askUdp } from './ask-udp.ts'
import { FakeClock } from './fake-clock.ts'
import { memoryLog } from './memory-log.ts'
import { MemorySource } from './memory-source.ts'
import type { ResponseText } from './messages.ts'
import { parseMetrics, type FamilyText } from './metrics-text.ts'
import { runApp, testRuntime, type RunningApp } from './running-app.ts'
import { WireApi } from './wire-api.ts'

/** A file of test/fixtures/tls. */
export const pem = (name: string): string =>
  readFileSync(new URL(`../../../test/fixtures/tls/${name}.pem`, import.meta.url), 'utf8')

export const GOOD: https.ServerOptions = { cert: pem('cert'), key: pem('key') }

/** Time as a test wants it, but today's date: certificates are judged by it. */
class DatedClock extends FakeClock {
  override wallMs(): number {
    return Date.now()
  }
}

export interface Place {
  readonly api: WireApi
  readonly folder: string
  /** `127.0.0.1:PORT` */
  readonly at: string
  readonly write: (file: string, text: string) => void
}

export interface KubeconfigParts {
  readonly scheme?: string
  readonly cluster?: string
  readonly user?: string
}

const TRUSTED = 'certificate-authority: ca.pem, tls-server-name: dns.example'

/** In real time: how long something may take that ends well. */
const PATIENCE_MS = 15_000

/** One whose context `dev` asks the server at `at`, trusting `ca.pem`, with the token `right`. */
export function kubeconfig(at: string, parts: KubeconfigParts = {}): string {
  const { scheme = 'https', cluster = TRUSTED, user = 'token: right' } = parts
  return `current-context: dev
clusters: [{name: c, cluster: {server: "${scheme}://${at}", ${cluster}}}]
users: [{name: u, user: {${user}}}]
contexts: [{name: dev, context: {cluster: c, user: u}}]
`
}

/** A server that `ca.pem` trusts, and `config` beside it. */
export async function placeFor(t: Test, tls = GOOD): Promise<Place> {
  const folder = t.testdir({ 'ca.pem': pem('cert') })
  const api = new WireApi()
  await api.open(tls)
  t.teardown(() => api.close())
  const write = (file: string, text: string) => writeFileSync(`${folder}/${file}`, text)
  const at = `127.0.0.1:${api.port}`
  write('config', kubeconfig(at))
  return { api, folder, at, write }
}

/** Of a server whose `kubernetes` block holds `source`. */
export const corefileOf = (source: string): string => `.:53 {
  ready
  prometheus
  kubernetes cluster.local {
    ${source}
  }
  whoami
}
`

const NO_OPTIONS = {
  kubeconfig: undefined,
  context: undefined,
  relistInterval: undefined,
  manifests: [],
  apps: []
}

export interface ApiServed {
  readonly running: RunningApp
  readonly clock: FakeClock
  /** Status and body of /ready, without times. */
  readonly ready: () => Promise<string>
  readonly metrics: () => Promise<Map<string, FamilyText>>
  /** All of it, so far. */
  readonly log: () => string[]
  /** What labdns says of itself. */
  readonly lines: () => string[]
  readonly ask: (name: string) => Promise<ResponseText>
  /** Lets time pass until it is so, `stepMs` at a time, far beyond every wait. */
  readonly until: (isSo: () => boolean | Promise<boolean>, what: string, stepMs?: number) => Promise<void>
}

/** Starts a server with `corefileOf(source)`. */
export async function start(t: Test, source: string, machine: Partial<Runtime> = {}): Promise<ApiServed> {
  const clock = new DatedClock()
  const log = memoryLog()
  const runtime = testRuntime({ clock, log, ...machine })
  const running = await runApp(corefileOf(source), new MemorySource(), runtime, '.', undefined, {
    clusterSource: apiRequests(NO_OPTIONS, runtime)
  })
  t.teardown(() => running.stop())
  const http = (name: 'ready' | 'metrics') => {
    const { port } = running.addresses.http[name]!
    return fetch(`http://127.0.0.1:${port}/${name}`)
  }
  return {
    running,
    clock,
    ready: async () => {
      const reply = await http('ready')
      return `${reply.status} ${(await reply.text()).replace(/ \(for \d+ s\)/g, '')}`
    },
    metrics: async () => parseMetrics(await (await http('metrics')).text()),
    log: () => [...log.lines],
    lines: () => log.lines.filter(line => line.includes('labdns: ')),
    ask: name => askUdp(running.port, name, 'A', { edns: 1232 }),
    until: async (isSo, what, stepMs = 100) => {
      const since = performance.now()
      // On a machine that is busy much takes longer, of which the clock knows nothing.
      for (let step = 0; step < 800 || performance.now() - since < PATIENCE_MS; step++) {
        if (await isSo()) return
        clock.advance(stepMs)
        await new Promise(resolve => setTimeout(resolve, 1))
      }
      throw new Error(`it never came to this: ${what}\n${log.lines.join('\n')}`)
    }
  }
}
