// What labdns counts beyond CoreDNS's families: read from where it happens, when somebody asks.
import type { ClusterStates } from '../cluster/cluster-states.ts'
import type { SourceStatus } from '../cluster/source.ts'
import {
  CLUSTER_DEGRADED,
  CLUSTER_SYNCED,
  DROPS,
  INDEX_OBJECTS,
  INDEX_OCTETS,
  SNAPSHOT_AGE,
  SNAPSHOT_SERVED,
  SNAPSHOT_WRITES,
  TCP_CONNECTIONS,
  WATCH_AGE
} from '../metrics/families.ts'
import { readSamples, type FamilySpec } from '../metrics/family.ts'
import type { Metrics } from '../metrics/metrics.ts'
import type { Runtime } from '../runtime/runtime.ts'
import type { Listeners } from './listeners.ts'

/** Adds the gauges of a process. Without a source of cluster state there are none of the index. */
export function addOwnGauges(
  metrics: Metrics,
  clusters: Pick<ClusterStates, 'survey'>,
  listeners: Pick<Listeners, 'connections' | 'drops'>,
  runtime: Pick<Runtime, 'linesDropped'>
): void {
  metrics.addCollector(() => readSamples(TCP_CONNECTIONS, 'gauge', [[[], listeners.connections]]))
  metrics.addCollector(() => {
    const drops = { ...listeners.drops(), log_line: runtime.linesDropped?.() ?? 0 }
    const values = Object.entries(drops).map(([reason, count]) => [[reason], count] as const)
    return readSamples(DROPS, 'counter', values)
  })
  metrics.addCollector(() => {
    const { objects } = clusters.survey()
    const values = [...objects].map(([kind, count]) => [[kind], count] as const)
    return readSamples(INDEX_OBJECTS, 'gauge', values)
  })
  metrics.addCollector(() => {
    const { objects, octets } = clusters.survey()
    return readSamples(INDEX_OCTETS, 'gauge', objects.size === 0 ? [] : [[[], octets]])
  })
  metrics.addCollector(() => {
    const { ageMs } = clusters.survey()
    return readSamples(WATCH_AGE, 'gauge', ageMs === undefined ? [] : [[[], ageMs / 1000]])
  })
  const stateGauge = (spec: FamilySpec, holds: (statuses: readonly SourceStatus[]) => boolean) => {
    metrics.addCollector(() => {
      const { statuses } = clusters.survey()
      return readSamples(spec, 'gauge', statuses.length === 0 ? [] : [[[], holds(statuses) ? 1 : 0]])
    })
  }
  metrics.addCollector(() => {
    const { snapshot } = clusters.survey()
    return readSamples(SNAPSHOT_SERVED, 'gauge', snapshot ? [[[], snapshot.isServed ? 1 : 0]] : [])
  })
  metrics.addCollector(() => {
    const ageMs = clusters.survey().snapshot?.ageMs
    return readSamples(SNAPSHOT_AGE, 'gauge', ageMs === undefined ? [] : [[[], ageMs / 1000]])
  })
  metrics.addCollector(() => {
    const writes = Object.entries(clusters.survey().snapshot?.writes ?? {})
    return readSamples(
      SNAPSHOT_WRITES,
      'counter',
      writes.map(([result, count]) => [[result], count] as const)
    )
  })
  stateGauge(CLUSTER_SYNCED, statuses => statuses.every(({ isSynced }) => isSynced))
  stateGauge(CLUSTER_DEGRADED, statuses => statuses.some(({ problems }) => problems.length > 0))
}
