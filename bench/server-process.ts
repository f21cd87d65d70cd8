// The whole server with the in-process source: what a program does that hands in its own objects. Arguments: the
// cluster (`queried` or `large`), changes a second, seconds of rest. Prints a JSON line when it serves, and one after the
// rest.
import { App } from '../src/app.ts'
import { systemRuntime } from '../src/cli/state.ts'
import type { ClusterSink, ClusterSource } from '../src/cluster/source.ts'
import { interpretCorefile } from '../src/corefile/load.ts'
import { directives } from '../src/plugins/order.ts'
import { LARGE_CLUSTER, QUERIED_CLUSTER, ServiceFacts, clusterObjects, type ClusterSize } from './cluster.ts'
import { FULL_CHAIN, corefile } from './corefile.ts'
import { Stretch, cpuMs } from './stretch.ts'

/** Objects told between two turns of the event loop. */
const BATCH = 500
/** Changes come in small bursts, as watch events do. */
const BURST_MS = 5

class BenchSource implements ClusterSource {
  /** Of the batches. */
  readonly stretch = new Stretch()
  readonly #size: ClusterSize
  readonly #changesPerSecond: number
  readonly #sinks = new Set<ClusterSink>()
  #changing: NodeJS.Timeout | undefined

  constructor(size: ClusterSize, changesPerSecond: number) {
    this.#size = size
    this.#changesPerSecond = changesPerSecond
  }

  subscribe(sink: ClusterSink): () => void {
    this.#sinks.add(sink)
    return () => void this.#sinks.delete(sink)
  }

  async start(): Promise<void> {
    let inBatch = 0
    this.stretch.begin()
    for (const object of clusterObjects(this.#size)) {
      for (const sink of this.#sinks) sink.put(object)
      if (++inBatch < BATCH) continue
      this.stretch.end()
      await new Promise(resolve => setImmediate(resolve))
      this.stretch.begin()
      inBatch = 0
    }
    for (const sink of this.#sinks) sink.synced()
    if (this.#changesPerSecond > 0) this.#change()
  }

  close(): Promise<void> {
    clearInterval(this.#changing)
    return Promise.resolve()
  }

  /** Moves one endpoint of one Service after another to another address and back. */
  #change(): void {
    const start = performance.now()
    let made = 0
    this.#changing = setInterval(() => {
      const due = ((performance.now() - start) / 1000) * this.#changesPerSecond
      for (; made < due; made++) {
        const facts = new ServiceFacts((made * 7919) % this.#size.services, this.#size)
        const slice = facts.slice(1 + (Math.floor(made / this.#size.services) % 2))
        for (const sink of this.#sinks) sink.put(slice)
      }
    }, BURST_MS)
  }
}

const [sizeName, changesPerSecond, restSeconds] = process.argv.slice(2)
const source = new BenchSource(
  sizeName === 'large' ? LARGE_CLUSTER : QUERIED_CLUSTER,
  Number(changesPerSecond ?? 0)
)
const { runtime } = systemRuntime()
const { blocks } = interpretCorefile(corefile(FULL_CHAIN), 'Corefile', {
  files: runtime.files,
  environment: {},
  knownDirectives: directives
})
const app = await App.create({
  blocks,
  runtime,
  build: { version: 'bench', revision: '' },
  listen: { address: '127.0.0.1', port: 0 },
  httpBase: 0,
  clusterSource: () => ({ key: 'bench', make: () => source })
})
const { dns } = await app.start()
const port = dns.find(({ transport }) => transport === 'udp')?.port
const startedCpuMs = cpuMs()
print({ port, startedCpuMs, longestStretchMs: source.stretch.longestMs, ...memory() })
await new Promise(resolve => setTimeout(resolve, Number(restSeconds ?? 0) * 1000))
print(memory())

function memory() {
  const { rss, heapUsed, arrayBuffers } = process.memoryUsage()
  return { rssMb: rss / 1e6, heapUsedMb: heapUsed / 1e6, arrayBuffersMb: arrayBuffers / 1e6 }
}

function print(line: object): void {
  process.stdout.write(`${JSON.stringify(line)}\n`)
}
