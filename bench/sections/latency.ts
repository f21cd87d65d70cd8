// Latency at 5,000 questions a second, asked whether answers come or not, beside the echo.
import { QUERY_FILE } from '../queries.ts'
import { atMost, spreadText } from '../report.ts'
import { Rounds, type Contestant } from '../rounds.ts'
import type { Section } from '../section.ts'
import { FULL_CHAIN } from '../corefile.ts'
import { startEcho, type Target } from '../targets.ts'

export const QUERIES_A_SECOND = 5000

export const latency: Section = {
  name: 'latency',
  needs: { load: true, server: true },
  async run({ workspace, rounds, seconds }) {
    const targets: Target[] = []
    try {
      const echo = await startEcho()
      targets.push(echo)
      const full = await workspace.startServer('whole chain', FULL_CHAIN, workspace.manifests)
      targets.push(full)
      const contestants: Contestant[] = targets.map(target => ({
        name: target.name,
        target,
        load: { file: QUERY_FILE, rate: QUERIES_A_SECOND }
      }))
      const results = await Rounds.runQuietly(contestants, rounds, seconds)
      const p99 = (name: string) => results.spread(name, result => result.p99).median
      return {
        title: `Latency at ${QUERIES_A_SECOND.toLocaleString('en')} queries/s`,
        method: `Open loop, ${rounds} rounds of ${seconds} s each; microseconds from the sending to the kernel's receipt of the reply.`,
        tables: [latencyTable(results, contestants)],
        bounds: [atMost('p99 over the echo’s', (p99(full.name) - p99(echo.name)) / 1000, 0.2, ' ms', 3)],
        notes: results.doubts,
        figures: Object.fromEntries(results.results)
      }
    } finally {
      await Promise.all(targets.map(target => target.child.stop()))
    }
  }
}

export function latencyTable(results: Rounds, contestants: readonly Contestant[]) {
  return {
    head: ['server', 'p50', 'p90', 'p99', 'p99.9', 'longest', 'lost', 'CPU µs a query'],
    rows: contestants.map(({ name }) => [
      name,
      spreadText(
        results.spread(name, result => result.p50),
        0
      ),
      spreadText(
        results.spread(name, result => result.p90),
        0
      ),
      spreadText(
        results.spread(name, result => result.p99),
        0
      ),
      spreadText(
        results.spread(name, result => result.p999),
        0
      ),
      results.spread(name, result => result.max).most.toFixed(0),
      String(results.of(name).reduce((sum, result) => sum + result.lost + result.shed, 0)),
      spreadText(
        results.spread(name, result => result.us),
        2
      )
    ])
  }
}
