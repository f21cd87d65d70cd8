// The answering part alone on the echo's socket: what is left for listeners, logging and metrics of the speed bound.
import { Child } from '../child.ts'
import { CORES } from '../machine.ts'
import { QUERY_FILE } from '../queries.ts'
import { spreadText } from '../report.ts'
import { Rounds, cpuUs, type Contestant } from '../rounds.ts'
import type { Section } from '../section.ts'
import { startEcho, verifyAnswers, type Target } from '../targets.ts'

const BUILD_MS = 60_000

export const engine: Section = {
  name: 'engine',
  needs: { load: true, server: false },
  async run({ rounds, seconds, workspace }) {
    const targets: Target[] = []
    try {
      const echo = await startEcho()
      targets.push(echo)
      const child = Child.node('bench/engine-process.js', [], CORES?.server)
      const alone = { name: 'engine alone', port: Number(await child.line(BUILD_MS)), child }
      targets.push(alone)
      await verifyAnswers(alone, QUERY_FILE)
      const contestants: Contestant[] = [
        { name: echo.name, target: echo, load: { file: QUERY_FILE } },
        { name: alone.name, target: alone, load: { file: QUERY_FILE } },
        { name: 'hits only', target: alone, load: { file: workspace.queries('address') } },
        { name: 'name errors only', target: alone, load: { file: workspace.queries('name error') } }
      ]
      const results = await Rounds.run(contestants, rounds, seconds)
      const ratio = results.ratio(echo.name, alone.name, cpuUs)
      return {
        title: 'The engine alone',
        method: `The kubernetes plugin and the wire code on a bare node:dgram socket, ${rounds} rounds of ${seconds} s.`,
        tables: [
          {
            head: ['server', 'CPU µs a query', 'echo / it', 'queries/s', 'p99 µs'],
            rows: contestants.map(({ name }) => [
              name,
              spreadText(results.spread(name, cpuUs), 2),
              spreadText(results.ratio(echo.name, name, cpuUs), 2),
              results.spread(name, result => result.qps).median.toFixed(0),
              results.spread(name, result => result.p99).median.toFixed(0)
            ])
          }
        ],
        bounds: [],
        notes: [],
        figures: { ratio, rounds: Object.fromEntries(results.results) }
      }
    } finally {
      await Promise.all(targets.map(target => target.child.stop()))
    }
  }
}
