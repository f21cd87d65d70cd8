// CPU per query of the server against the bare echo: the whole chain, without metrics, hits alone, name errors alone.
import { QUERY_FILE } from '../queries.ts'
import { atLeast, atMost, spreadText } from '../report.ts'
import { Rounds, cpuUs, type Contestant } from '../rounds.ts'
import type { Section } from '../section.ts'
import { rssMb } from '../machine.ts'
import { FULL_CHAIN } from '../corefile.ts'
import { startEcho, verifyAnswers, type Target } from '../targets.ts'

/** The acceptance: echo / server. */
const RATIO_LEAST = 0.7
const RATIO_TARGET = 0.8

export const speed: Section = {
  name: 'speed',
  needs: { load: true, server: true },
  async run({ workspace, rounds, seconds }) {
    const targets: Target[] = []
    try {
      const echo = await startEcho()
      targets.push(echo)
      const full = await workspace.startServer('whole chain', FULL_CHAIN, workspace.manifests)
      targets.push(full)
      const plain = FULL_CHAIN.filter(plugin => plugin !== 'prometheus')
      const unmeasured = await workspace.startServer('without prometheus', plain, workspace.manifests)
      targets.push(unmeasured)
      await verifyAnswers(full, QUERY_FILE)
      const rssAtRest = rssMb(full.child.pid)

      const hits = workspace.queries('address')
      const errors = workspace.queries('name error')
      const contestants: Contestant[] = [
        { name: echo.name, target: echo, load: { file: QUERY_FILE } },
        { name: full.name, target: full, load: { file: QUERY_FILE } },
        { name: unmeasured.name, target: unmeasured, load: { file: QUERY_FILE } },
        { name: 'whole chain, hits only', target: full, load: { file: hits } },
        { name: 'whole chain, name errors only', target: full, load: { file: errors } }
      ]
      const results = await Rounds.run(contestants, rounds, seconds)
      const ratio = results.ratio(echo.name, full.name, cpuUs)
      const metrics = results.ratio(full.name, unmeasured.name, cpuUs)
      const missing = results.ratio('whole chain, name errors only', 'whole chain, hits only', cpuUs)
      const rows = contestants.map(({ name }) => [
        name,
        spreadText(results.spread(name, cpuUs), 2),
        spreadText(results.ratio(echo.name, name, cpuUs), 2),
        results.spread(name, result => result.qps).median.toFixed(0),
        results.spread(name, result => result.p50).median.toFixed(0),
        results.spread(name, result => result.p99).median.toFixed(0),
        String(results.of(name).reduce((sum, result) => sum + result.lost, 0))
      ])
      const head = ['server', 'CPU µs a query', 'echo / it', 'queries/s', 'p50 µs', 'p99 µs', 'lost']
      return {
        title: 'Speed over UDP',
        method:
          `The committed query file, 256 questions open on 8 sockets, ${rounds} rounds of ${seconds} s; median (least–most). ` +
          'CPU is that of all threads of the server, from the scheduler.',
        tables: [{ head, rows }],
        bounds: [
          atLeast(`echo / server, target ${RATIO_TARGET.toFixed(2)}`, ratio.median, RATIO_LEAST, ''),
          atMost('a name error to a hit', missing.median, 1.1, ''),
          atMost('with metrics to without', metrics.median, 1.1, '')
        ],
        notes: [
          `Memory of the whole chain with 10,000 Services and slices: ${rssAtRest.toFixed(0)} MB before the rounds, ${rssMb(full.child.pid).toFixed(0)} MB after.`
        ],
        figures: { ratio, metrics, missing, rounds: Object.fromEntries(results.results) }
      }
    } finally {
      await Promise.all(targets.map(target => target.child.stop()))
    }
  }
}
