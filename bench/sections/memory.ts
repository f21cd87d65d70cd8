// 100,000 Services with 100,000 slices handed in by a program: the whole server's memory, and what the index itself takes
// to build, to find and to change.
import { Child } from '../child.ts'
import { CORES } from '../machine.ts'
import { atMost, type Bound, type Table } from '../report.ts'
import type { Section } from '../section.ts'
import { hasServer } from '../targets.ts'

interface Memory {
  readonly rssMb: number
  readonly heapUsedMb: number
  readonly arrayBuffersMb: number
}

interface Served extends Memory {
  readonly startedCpuMs: number
  readonly longestStretchMs: number
}

interface Built extends Memory {
  readonly services: number
  readonly slices: number
  readonly indexMb: number
  readonly emptyRssMb: number
  readonly buildCpuMs: number
  readonly buildOwnCpuMs: number
  readonly longestStretchMs: number
}

interface Measured {
  readonly findUs: { readonly hit: number; readonly miss: number }
  readonly changes: readonly {
    readonly endpoints: number
    readonly us: number
    readonly p99Us: number
    readonly longestUs: number
  }[]
}

const BUILD_MS = 120_000

export const memory: Section = {
  name: 'memory',
  needs: { load: false, server: false },
  async run({ restSeconds }) {
    const index = await measureIndex(restSeconds)
    const server = hasServer() ? await measureServer(restSeconds) : undefined
    const { built, rested, measured } = index
    const later = `${restSeconds} s later`
    const rows = [memoryRow('index alone, built', built), memoryRow(`index alone, ${later}`, rested)]
    if (server !== undefined) {
      rows.push(memoryRow('server, as it opens', server.served), memoryRow(`server, ${later}`, server.rested))
    }
    const bounds: Bound[] = [
      atMost('finding a name that is there', measured.findUs.hit, 1, ' µs'),
      atMost('finding a name that is not there', measured.findUs.miss, 1, ' µs'),
      atMost('CPU to build, making the objects included', built.buildCpuMs / 1000, 5, ' s'),
      atMost('longest stretch, 500 objects a turn', built.longestStretchMs, 50, ' ms', 1),
      ...measured.changes.map(({ endpoints, us }) => {
        return atMost(`one change, slice of ${endpoints}`, us / 1000, 1, ' ms', 3)
      })
    ]
    if (server !== undefined) {
      const { rested: later, served } = server
      bounds.unshift(
        atMost('resident memory of the server after the rest', later.rssMb, 120, ' MB', 1),
        atMost('longest stretch in the server', served.longestStretchMs, 50, ' ms', 1)
      )
    }
    return {
      title: 'Memory and the index',
      method: `${built.services} Services and ${built.slices} EndpointSlices of 3 endpoints, handed in one by one, 500 a turn of the event loop. “Index alone”: nothing else in the process. “Server”: errors, health, ready, kubernetes, prometheus.`,
      tables: [
        { head: ['', 'resident MB', 'JavaScript heap MB', 'array buffers MB'], rows },
        changesTable(measured)
      ],
      bounds,
      notes: [
        `The index counts ${built.indexMb.toFixed(1)} MB as its own; a process with nothing in it has ${built.emptyRssMb.toFixed(1)} MB. Building took ${(built.buildOwnCpuMs / 1000).toFixed(2)} s of CPU, the making of the objects taken off.`
      ],
      figures: { index, server }
    }
  }
}

async function measureIndex(restSeconds: number) {
  const child = Child.node('bench/index-process.js', [String(restSeconds)], CORES?.server)
  try {
    const built = JSON.parse(await child.line(BUILD_MS)) as Built
    const rested = JSON.parse(await child.line(restSeconds * 1000 + BUILD_MS)) as Memory
    const measured = JSON.parse(await child.line(BUILD_MS)) as Measured
    return { built, rested, measured }
  } finally {
    await child.stop()
  }
}

async function measureServer(restSeconds: number) {
  const child = Child.node('bench/server-process.js', ['large', '0', String(restSeconds)], CORES?.server)
  try {
    const served = JSON.parse(await child.line(BUILD_MS)) as Served
    const rested = JSON.parse(await child.line(restSeconds * 1000 + BUILD_MS)) as Memory
    return { served, rested }
  } finally {
    await child.stop()
  }
}

function memoryRow(name: string, { rssMb, heapUsedMb, arrayBuffersMb }: Memory): string[] {
  return [name, ...[rssMb, heapUsedMb, arrayBuffersMb].map(figure => figure.toFixed(1))]
}

function changesTable(measured: Measured): Table {
  return {
    head: ['change of a slice with', 'CPU µs', 'p99 µs', 'longest µs'],
    rows: measured.changes.map(({ endpoints, us, p99Us, longestUs }) => {
      return [`${endpoints} endpoints`, ...[us, p99Us, longestUs].map(figure => figure.toFixed(1))]
    })
  }
}
