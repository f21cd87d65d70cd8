// What is put under load: the echo, and the server as people start it.
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { QUERIED_CLUSTER, writeManifests } from './cluster.ts'
import { Child, built } from './child.ts'
import { corefile } from './corefile.ts'
import { load } from './load.ts'
import { CORES } from './machine.ts'
import { makeQueries, queryText, type BenchQuery, type Expected } from './queries.ts'

/** The compiled entry. */
export const ENTRY = 'src/cli/labdns.js'
/** Reading ten thousand Services and slices may take this long. */
const READY_MS = 120_000

export interface Target {
  readonly name: string
  readonly port: number
  readonly child: Child
  /** Where its metrics are read, if it has any. */
  readonly metricsUrl?: string
}

/** Whether this build has the server. */
export const hasServer = () => existsSync(built(ENTRY))

export async function startEcho(name = 'dgram echo'): Promise<Target> {
  const child = Child.node('bench/echo.js', [], CORES?.server)
  return { name, port: Number(await child.line(10_000)), child }
}

/** Starts what forwarded questions are answered by, where the load runs: it must not take the server's time. */
export async function startUpstream(): Promise<Target> {
  const child = Child.node('bench/upstream.js', [], CORES?.load)
  return { name: 'upstream', port: Number(await child.line(10_000)), child }
}

/** Starts bench/server-process.ts on the queried cluster: the whole chain, told its objects by a program. */
export async function startInProcess(name: string, changesPerSecond: number): Promise<Target> {
  const child = Child.node('bench/server-process.js', ['queried', String(changesPerSecond)], CORES?.server)
  const { port } = JSON.parse(await child.line(READY_MS)) as { port: number }
  return { name, port, child }
}

/** Files of one run: gone when it ends. */
export class Workspace {
  readonly folder = mkdtempSync(join(tmpdir(), 'labdns-bench-'))
  #files = 0

  path(name: string): string {
    return join(this.folder, name)
  }

  write(name: string, text: string): string {
    const path = this.path(`${this.#files++}-${name}`)
    writeFileSync(path, text)
    return path
  }

  /** The manifests of the queried cluster, written on first use. */
  get manifests(): string {
    const path = this.path('cluster.json')
    if (!existsSync(path)) writeManifests(path, QUERIED_CLUSTER)
    return path
  }

  /** The questions with some expected answers only, in the order of the committed file. */
  queries(...expected: Expected[]): string {
    const chosen = makeQueries().filter(query => expected.includes(query.expected))
    return this.write('queries.txt', queryText(chosen))
  }

  /** Starts `labdns serve` with these plugins in one block and waits until it is ready. */
  startServer(name: string, plugins: readonly string[], ...manifests: readonly string[]): Promise<Target> {
    return this.startConfigured(name, corefile(plugins), ...manifests)
  }

  /** Starts `labdns serve` with the text of a Corefile and waits until it is ready. */
  async startConfigured(name: string, text: string, ...manifests: readonly string[]): Promise<Target> {
    const ready = this.path(`${this.#files++}-ready.json`)
    const child = Child.node(
      ENTRY,
      [
        ...['serve', '-conf', this.write('Corefile', text)],
        ...manifests.flatMap(path => ['--manifests', path]),
        ...['--listen', '127.0.0.1:0', '--http-base', '0', '--ready-file', ready]
      ],
      CORES?.server
    )
    return { name, ...(await readyPorts(child, ready)), child }
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true })
  }
}

/** Where a server listens, from its ready file. Rejects when it ends first, or takes too long. */
async function readyPorts(child: Child, file: string): Promise<Pick<Target, 'port' | 'metricsUrl'>> {
  const until = performance.now() + READY_MS
  while (!existsSync(file)) {
    if (!child.isRunning) throw new Error(`the server ended before it was ready: ${child.said}`)
    if (performance.now() > until)
      throw new Error(`the server was not ready within ${READY_MS} ms: ${child.said}`)
    await new Promise(resolve => setTimeout(resolve, 20))
  }
  const ready = JSON.parse(readFileSync(file, 'utf8')) as {
    readonly dns: readonly { readonly port: number; readonly transport: string }[]
    readonly http: { readonly metrics?: { readonly address: string; readonly port: number } }
  }
  const listener = ready.dns.find(({ transport }) => transport === 'udp')
  if (listener === undefined) throw new Error(`${file} names no UDP listener`)
  const { metrics } = ready.http
  if (metrics === undefined) return { port: listener.port }
  return { port: listener.port, metricsUrl: `http://127.0.0.1:${metrics.port}/metrics` }
}

/** A metric of a server, summed over its series with this text among their labels. */
export async function readMetric(target: Target, family: string, labels = ''): Promise<number> {
  if (target.metricsUrl === undefined) throw new Error(`${target.name} has no metrics`)
  const text = await (await fetch(target.metricsUrl)).text()
  return text
    .split('\n')
    .filter(line => (line.startsWith(`${family}{`) || line.startsWith(`${family} `)) && line.includes(labels))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0)
}

/** Asks every question of the file once and counts: a fast server that answers wrongly is not fast. */
export async function verifyAnswers(target: Target, file: string): Promise<void> {
  const queries = makeQueries()
  const count = (wanted: (query: BenchQuery) => boolean) => queries.filter(wanted).length
  const result = await load({ port: target.port, file, seconds: 30, count: queries.length })
  const expected = {
    NOERROR: count(({ expected: answer }) => answer !== 'name error'),
    NXDOMAIN: count(({ expected: answer }) => answer === 'name error'),
    empty: count(({ expected: answer }) => answer === 'no data')
  }
  const found = {
    NOERROR: result.rcodes['NOERROR'],
    NXDOMAIN: result.rcodes['NXDOMAIN'],
    empty: result.empty
  }
  if (result.lost === 0 && JSON.stringify(found) === JSON.stringify(expected)) return
  throw new Error(
    `${target.name} answers the query file with ${JSON.stringify(found)} and ${result.lost} lost, expected ${JSON.stringify(expected)}`
  )
}
