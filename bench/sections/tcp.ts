// TCP with many questions a write against UDP, in queries per second of the server's CPU.
import { QUERY_FILE } from '../queries.ts'
import { atLeast, spreadText } from '../report.ts'
import { Rounds, cpuUs, type Contestant } from '../rounds.ts'
import type { Section } from '../section.ts'
import { FULL_CHAIN } from '../corefile.ts'

const CONNECTIONS = 16
const PER_WRITE = 32

export const tcp: Section = {
  name: 'tcp',
  needs: { load: true, server: true },
  async run({ workspace, rounds, seconds }) {
    const target = await workspace.startServer('whole chain', FULL_CHAIN, workspace.manifests)
    try {
      const contestants: Contestant[] = [
        { name: 'UDP', target, load: { file: QUERY_FILE } },
        {
          name: `TCP, ${CONNECTIONS} x ${PER_WRITE}`,
          target,
          load: { file: QUERY_FILE, sockets: CONNECTIONS, perWrite: PER_WRITE }
        },
        {
          name: `TCP, ${CONNECTIONS} x 1`,
          target,
          load: { file: QUERY_FILE, sockets: CONNECTIONS, perWrite: 1 }
        }
      ]
      const [udp, many] = contestants.map(({ name }) => name) as [string, string, string]
      const results = await Rounds.run(contestants, rounds, seconds)
      const ratio = results.ratio(udp, many, cpuUs)
      const rows = contestants.map(({ name }) => [
        name,
        spreadText(results.spread(name, cpuUs), 2),
        (1e6 / results.spread(name, cpuUs).median).toFixed(0),
        spreadText(results.ratio(udp, name, cpuUs), 2),
        results.spread(name, result => result.p99).median.toFixed(0)
      ])
      return {
        title: 'TCP',
        method: `The whole chain; connections times questions a write, the next write when all are answered; ${rounds} rounds of ${seconds} s.`,
        tables: [{ head: ['load', 'CPU µs a query', 'queries a CPU second', 'to UDP', 'p99 µs'], rows }],
        bounds: [atLeast('TCP queries a CPU second to UDP’s', ratio.median, 1.2, '')],
        notes: [],
        figures: { ratio, rounds: Object.fromEntries(results.results) }
      }
    } finally {
      await target.child.stop()
    }
  }
}
