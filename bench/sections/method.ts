// Is the measure itself sound? The echo against a second echo must give 1.00.
import { QUERY_FILE } from '../queries.ts'
import { atMost, spreadText } from '../report.ts'
import { Rounds, cpuUs } from '../rounds.ts'
import type { Section } from '../section.ts'
import { startEcho } from '../targets.ts'

export const method: Section = {
  name: 'method',
  needs: { load: true, server: false },
  async run({ rounds, seconds }) {
    const first = await startEcho('echo')
    const second = await startEcho('the same again')
    try {
      const contestants = [first, second].map(target => ({
        name: target.name,
        target,
        load: { file: QUERY_FILE }
      }))
      const results = await Rounds.run(contestants, rounds, seconds)
      const ratio = results.ratio(first.name, second.name, cpuUs)
      const rows = contestants.map(({ name }) => [
        name,
        spreadText(results.spread(name, cpuUs), 2),
        results.spread(name, result => result.qps).median.toFixed(0),
        results.spread(name, result => result.p99).median.toFixed(0),
        String(results.of(name).reduce((sum, result) => sum + result.lost, 0))
      ])
      return {
        title: 'Method: the echo against itself',
        method: `Two equal processes, ${rounds} rounds of ${seconds} s each; their ratio must be 1.00.`,
        tables: [{ head: ['server', 'CPU µs a query', 'queries/s', 'p99 µs', 'lost'], rows }],
        bounds: [
          atMost(`ratio ${spreadText(ratio, 3)}, distance from 1`, Math.abs(ratio.median - 1), 0.02, '', 3)
        ],
        notes: [],
        figures: { ratio, rounds: Object.fromEntries(results.results) }
      }
    } finally {
      await Promise.all([first.child.stop(), second.child.stop()])
    }
  }
}
