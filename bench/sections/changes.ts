// Latency while the cluster changes, against a still one.
import { QUERY_FILE } from '../queries.ts'
import { atMost } from '../report.ts'
import { Rounds, type Contestant } from '../rounds.ts'
import type { Section } from '../section.ts'
import { startEcho, startInProcess, type Target } from '../targets.ts'
import { QUERIES_A_SECOND, latencyTable } from './latency.ts'

const CHANGES_A_SECOND = 2000

export const changes: Section = {
  name: 'changes',
  needs: { load: true, server: true },
  async run({ rounds, seconds }) {
    const targets: Target[] = []
    try {
      const still = 'still index'
      const changing = `${CHANGES_A_SECOND.toLocaleString('en')} changes/s`
      targets.push(await startEcho())
      targets.push(await startInProcess(still, 0))
      targets.push(await startInProcess(changing, CHANGES_A_SECOND))
      const contestants: Contestant[] = targets.map(target => {
        return { name: target.name, target, load: { file: QUERY_FILE, rate: QUERIES_A_SECOND } }
      })
      const results = await Rounds.runQuietly(contestants, rounds, seconds)
      const p99 = (name: string) => results.spread(name, result => result.p99).median
      return {
        title: `Latency with ${changing}`,
        method: `The whole chain with 10,000 Services and slices handed in by a program; a change moves an endpoint. Open loop, ${QUERIES_A_SECOND.toLocaleString('en')} queries/s, ${rounds} rounds of ${seconds} s; microseconds.`,
        tables: [latencyTable(results, contestants)],
        bounds: [atMost('p99 to that of a still index', p99(changing) / p99(still), 2, '')],
        notes: results.doubts,
        figures: Object.fromEntries(results.results)
      }
    } finally {
      await Promise.all(targets.map(target => target.child.stop()))
    }
  }
}
