// The index of 100,000 Services with 100,000 slices in a fresh process: memory, building, finding, changing.
import { Child } from '../child.ts'
import { CORES } from '../machine.ts'
import { atMost } from '../report.ts'
import type { Section } from '../section.ts'

interface Memory {
  readonly rssMb: number
  readonly heapUsedMb: number
  readonly heapTotalMb: number
  readonly arrayBuffersMb: number
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
    const child = Child.node('bench/index-process.js', [String(restSeconds)], CORES?.server)
    try {
      const built = JSON.parse(await child.line(BUILD_MS)) as Built
      const rested = JSON.parse(await child.line(restSeconds * 1000 + 10_000)) as Memory
      const measured = JSON.parse(await child.line(BUILD_MS)) as Measured
      const memoryRow = (name: string, of: Memory) => [
        name,
        ...[of.rssMb, of.heapUsedMb, of.arrayBuffersMb].map(figure => figure.toFixed(1))
      ]
      return {
        title: 'Memory and the index',
        method: `${built.services} Services and ${built.slices} EndpointSlices of 3 endpoints, handed to the index one by one; nothing else in the process.`,
        tables: [
          {
            head: ['', 'resident MB', 'JavaScript heap MB', 'array buffers MB'],
            rows: [memoryRow('built', built), memoryRow(`${restSeconds} s later`, rested)]
          },
          {
            head: ['change of a slice with', 'CPU µs', 'p99 µs', 'longest µs'],
            rows: measured.changes.map(change => [
              `${change.endpoints} endpoints`,
              ...[change.us, change.p99Us, change.longestUs].map(figure => figure.toFixed(1))
            ])
          }
        ],
        bounds: [
          atMost('resident memory after the rest', rested.rssMb, 120, ' MB', 1),
          atMost('finding a name that is there', measured.findUs.hit, 1, ' µs'),
          atMost('finding a name that is not there', measured.findUs.miss, 1, ' µs'),
          atMost('CPU to build (making the objects included)', built.buildCpuMs / 1000, 5, ' s'),
          atMost(
            'longest stretch without yielding, 500 objects a turn',
            built.longestStretchMs,
            50,
            ' ms',
            1
          ),
          ...measured.changes.map(change =>
            atMost(`one change, ${change.endpoints} endpoints`, change.us / 1000, 1, ' ms', 3)
          )
        ],
        notes: [
          `The index counts ${built.indexMb.toFixed(1)} MB as its own; an empty process has ${built.emptyRssMb.toFixed(1)} MB. Building took ${(built.buildOwnCpuMs / 1000).toFixed(2)} s of CPU, the making of the objects taken off.`
        ],
        figures: { built, rested, measured }
      }
    } finally {
      await child.stop()
    }
  }
}
