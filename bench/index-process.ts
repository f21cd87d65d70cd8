// A process that does nothing but hold the index of the large cluster, so that what it takes is the index's own (and
// Node's). Started by the `memory` section; prints a JSON line when it is built, one after the rest
// (its argument, in seconds), and one with what it measured then.
import { ClusterIndex, PLAIN_INDEX } from '../src/cluster/index/cluster-index.ts'
import type { ServiceTable } from '../src/cluster/index/service-table.ts'
import type { EndpointSlice } from '../src/cluster/objects.ts'
import { systemClock } from '../src/runtime/clock.ts'
import { systemRandom } from '../src/runtime/random.ts'
import { LARGE_CLUSTER, ServiceFacts, clusterObjects } from './cluster.ts'
import { percentile } from './report.ts'
import { Stretch, cpuMs } from './stretch.ts'

/** Objects handed to the index between two turns of the event loop. */
const BATCH = 500
const OBJECTS_AT_ONCE = 100

const restSeconds = Number(process.argv[2] ?? 60)
const nextTurn = () => new Promise<void>(resolve => setImmediate(resolve))
const rssMb = () => process.memoryUsage.rss() / 1e6

const emptyRssMb = rssMb()
const index = new ClusterIndex(PLAIN_INDEX, { clock: systemClock, random: systemRandom() })

// What making the objects costs is measured alone first, and taken off. It also warms the generator up.
const makingFrom = cpuMs()
let made = 0
for (const object of clusterObjects(LARGE_CLUSTER)) {
  made += object.name.length
  if (made % 4096 === 0) await nextTurn()
}
const makingMs = cpuMs() - makingFrom
const rssBeforeMb = rssMb()

const buildFrom = cpuMs()
const stretch = new Stretch()
stretch.begin()
let inBatch = 0
for (const object of clusterObjects(LARGE_CLUSTER)) {
  index.put(object)
  if (++inBatch < BATCH) continue
  stretch.end()
  await nextTurn()
  stretch.begin()
  inBatch = 0
}
index.synced()
const buildMs = cpuMs() - buildFrom

print({
  services: index.services.serviceCount,
  slices: index.services.sliceObjectCount,
  indexMb: index.octets / 1e6,
  emptyRssMb,
  rssBeforeMb,
  ...memory(),
  buildCpuMs: buildMs,
  buildOwnCpuMs: buildMs - makingMs,
  longestStretchMs: stretch.longestMs
})
await new Promise(resolve => setTimeout(resolve, restSeconds * 1000))
print(memory())
// Measuring comes last: the objects it makes would count as the index's memory.
print({ findUs: measureFind(index.services), changes: measureChanges() })

function memory() {
  const { rss, heapUsed, heapTotal, arrayBuffers } = process.memoryUsage()
  return {
    rssMb: rss / 1e6,
    heapUsedMb: heapUsed / 1e6,
    heapTotalMb: heapTotal / 1e6,
    arrayBuffersMb: arrayBuffers / 1e6
  }
}

/** Microseconds to find a random existing name, and a name that isn't there. The names are made before the clock runs. */
function measureFind(table: ServiceTable): { hit: number; miss: number } {
  const count = 200_000
  const labels: Buffer[] = []
  const spaces: Buffer[] = []
  let seed = 1
  for (let i = 0; i < count; i++) {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0
    const facts = new ServiceFacts(seed % LARGE_CLUSTER.services, LARGE_CLUSTER)
    labels.push(Buffer.from(facts.name))
    spaces.push(Buffer.from(facts.namespace))
  }
  const missing = labels.map(label => Buffer.from(`${label.toString()}-x`))
  const time = (names: readonly Buffer[], expected: number) => {
    let best = Infinity
    for (let round = 0; round < 5; round++) {
      let found = 0
      const start = performance.now()
      for (let i = 0; i < count; i++) {
        const space = spaces[i] as Buffer
        const label = names[i] as Buffer
        const namespace = index.namespaces.find(space, 0, space.length)
        if (table.find(namespace, label, 0, label.length) >= 0) found++
      }
      best = Math.min(best, ((performance.now() - start) * 1000) / count)
      if (found !== expected) throw new Error(`found ${found} names, expected ${expected}`)
    }
    return best
  }
  return { hit: time(labels, count), miss: time(missing, 0) }
}

/** One change each for slices of several sizes: mean CPU, and the time of the slow ones, in microseconds. */
function measureChanges() {
  const sizes = [
    [1, 20_000],
    [3, 20_000],
    [100, 2000],
    [1000, 300]
  ] as const
  return sizes.map(([endpoints, count]) => {
    const make = (i: number) => {
      return endpoints === 3
        ? new ServiceFacts((i * 7919) % LARGE_CLUSTER.services, LARGE_CLUSTER).slice(1)
        : largeSlice(endpoints, i + 1)
    }
    if (endpoints !== 3) index.put(largeSlice(endpoints, 0))
    const times: number[] = []
    let cpu = 0
    for (let i = 0; i < count; i += OBJECTS_AT_ONCE) {
      // The objects are made before the clock runs, a few at a time: what is measured is the index's part.
      const objects = Array.from({ length: OBJECTS_AT_ONCE }, (_, j) => make(i + j))
      const cpuFrom = cpuMs()
      for (const object of objects) {
        const start = performance.now()
        index.put(object)
        times.push((performance.now() - start) * 1000)
      }
      cpu += cpuMs() - cpuFrom
    }
    const us = (cpu * 1000) / times.length
    if (endpoints !== 3) index.remove('EndpointSlice', 'default', `large-${endpoints}`)
    return { endpoints, us, p99Us: percentile(times, 0.99), longestUs: Math.max(...times) }
  })
}

/** A slice with many endpoints, of which one moves from generation to generation. */
function largeSlice(endpoints: number, generation: number): EndpointSlice {
  const slice = new ServiceFacts(0, LARGE_CLUSTER).slice()
  return {
    ...slice,
    name: `large-${endpoints}`,
    endpoints: Array.from({ length: endpoints }, (_, i) => ({
      ...slice.endpoints[0]!,
      addresses: [i === 0 ? address(200, generation) : address(201, i)],
      targetName: `large-${endpoints}-${i}`
    }))
  }
}

function address(second: number, number: number): string {
  return `10.${second}.${number >> 8}.${number & 0xff}`
}

function print(line: object): void {
  process.stdout.write(`${JSON.stringify(line)}\n`)
}
