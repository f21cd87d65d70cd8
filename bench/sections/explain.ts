// What it costs to say why (the plugin *explain*): CPU per query with it and without, of clients that send EDNS.
import { FULL_CHAIN } from '../corefile.ts'
import { atMost, spreadText } from '../report.ts'
import { Rounds, cpuUs, type Contestant } from '../rounds.ts'
import type { Section } from '../section.ts'
import { startEcho, type Target } from '../targets.ts'

const EDNS_OCTETS = 1232

export const explain: Section = {
  name: 'explain',
  needs: { load: true, server: true },
  async run({ workspace, rounds, seconds }) {
    const targets: Target[] = []
    try {
      const echo = await startEcho()
      const off = await workspace.startServer('off', FULL_CHAIN, workspace.manifests)
      targets.push(echo, off)
      const on = await workspace.startServer('on', [...FULL_CHAIN, 'explain'], workspace.manifests)
      targets.push(on)
      const hits = { file: workspace.queries('address'), edns: EDNS_OCTETS }
      const errors = { file: workspace.queries('name error', 'no data'), edns: EDNS_OCTETS }
      const contestants: Contestant[] = [
        { name: echo.name, target: echo, load: hits },
        { name: 'off, answers', target: off, load: hits },
        { name: 'on, answers', target: on, load: hits },
        { name: 'off, negative answers', target: off, load: errors },
        { name: 'on, negative answers', target: on, load: errors }
      ]
      const results = await Rounds.run(contestants, rounds, seconds)
      const cost = results.ratio('on, answers', 'off, answers', cpuUs)
      return {
        title: 'What explaining costs',
        method: `Every question with EDNS, otherwise as the section “speed”, ${rounds} rounds of ${seconds} s; median (least–most).`,
        tables: [
          {
            head: ['explain', 'CPU µs a query', 'echo / it', 'queries/s', 'lost'],
            rows: contestants.map(({ name }) => [
              name,
              spreadText(results.spread(name, cpuUs), 2),
              spreadText(results.ratio(echo.name, name, cpuUs), 2),
              results.spread(name, result => result.qps).median.toFixed(0),
              String(results.of(name).reduce((sum, result) => sum + result.lost, 0))
            ])
          }
        ],
        bounds: [atMost('an answer with explain to one without', cost.median, 1.05, '')],
        notes: [],
        figures: { cost, rounds: Object.fromEntries(results.results) }
      }
    } finally {
      await Promise.all(targets.map(target => target.child.stop()))
    }
  }
}
