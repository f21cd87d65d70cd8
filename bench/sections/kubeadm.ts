// The whole Corefile that kubeadm writes, beside the echo in one run: cluster names, kept forwarded names, with a line
// logged for each query; and latency at a rate that a cluster may have.
import { kubeadmCorefile } from '../corefile.ts'
import { load } from '../load.ts'
import { QUERY_FILE, makeForwardedQueries, queryText } from '../queries.ts'
import { atLeast, atMost, spreadText } from '../report.ts'
import { Rounds, cpuUs, type Contestant } from '../rounds.ts'
import type { Section } from '../section.ts'
import { readMetric, startEcho, startUpstream, verifyAnswers, type Target } from '../targets.ts'
import { QUERIES_A_SECOND, latencyTable } from './latency.ts'

/** Few enough that asking for them again when their 30 s are over hardly shows. */
const FORWARDED_NAMES = 1000

const RATIO_LEAST = 0.65
const LOGGED_RATIO_LEAST = 0.45
const FORWARDED_MOST = 1.15
const P99_OVER_MOST_MS = 0.3

export const kubeadm: Section = {
  name: 'kubeadm',
  needs: { load: true, server: true },
  async run({ workspace, rounds, seconds }) {
    const targets: Target[] = []
    const started = async (target: Promise<Target>): Promise<Target> => {
      targets.push(await target)
      return target
    }
    try {
      const echo = await started(startEcho())
      const { port: upstreamPort } = await started(startUpstream())
      const start = (name: string, options: { readonly log?: boolean; readonly older?: boolean }) =>
        started(
          workspace.startConfigured(name, kubeadmCorefile({ upstreamPort, ...options }), workspace.manifests)
        )
      const full = await start('kubeadm', {})
      const older = await start('older kubeadm', { older: true })
      const logged = await start('kubeadm with log', { log: true })
      logged.child.discardLines()

      const forwardedQueries = makeForwardedQueries(FORWARDED_NAMES)
      const forwarded = workspace.write('forwarded.txt', queryText(forwardedQueries))
      await verifyAnswers(full, QUERY_FILE)
      await verifyForwarded(full, forwarded, forwardedQueries.length)
      const hits = workspace.queries('address')
      const names = {
        all: 'cluster names',
        hits: 'cluster names with an address',
        forwarded: 'kept forwarded names',
        older: 'cluster names, older kubeadm',
        logged: 'cluster names, with log'
      }
      const contestants: Contestant[] = [
        { name: echo.name, target: echo, load: { file: QUERY_FILE } },
        { name: names.all, target: full, load: { file: QUERY_FILE } },
        { name: names.hits, target: full, load: { file: hits } },
        { name: names.forwarded, target: full, load: { file: forwarded } },
        { name: names.older, target: older, load: { file: QUERY_FILE } },
        { name: names.logged, target: logged, load: { file: QUERY_FILE } }
      ]
      const results = await Rounds.run(contestants, rounds, seconds)
      const ratio = results.ratio(echo.name, names.all, cpuUs)
      const loggedRatio = results.ratio(echo.name, names.logged, cpuUs)
      const forwardedCost = results.ratio(names.forwarded, names.all, cpuUs)
      const rows = contestants.map(({ name }) => [
        name,
        spreadText(results.spread(name, cpuUs), 2),
        spreadText(results.ratio(echo.name, name, cpuUs), 2),
        results.spread(name, result => result.qps).median.toFixed(0),
        results.spread(name, result => result.p99).median.toFixed(0),
        String(results.of(name).reduce((sum, result) => sum + result.lost, 0))
      ])
      const linesLost = await readMetric(logged, 'labdns_drops_total', 'log_line')

      const still: Contestant[] = [echo, full].map(target => ({
        name: target.name,
        target,
        load: { file: QUERY_FILE, rate: QUERIES_A_SECOND }
      }))
      const latencies = await Rounds.runQuietly(still, rounds, seconds)
      const p99 = (name: string) => latencies.spread(name, result => result.p99).median
      return {
        title: 'The whole kubeadm Corefile',
        method:
          'errors, health, ready, kubernetes, prometheus, forward, cache, loop, reload and loadbalance as kubeadm writes them, ' +
          `the upstream a program beside it. As the section “speed”, ${rounds} rounds of ${seconds} s; then latency as in ` +
          `the section of that name, at ${QUERIES_A_SECOND.toLocaleString('en')} queries/s. Forwarded: ${FORWARDED_NAMES} ` +
          'names, half of them aliases with two addresses, each asked for as people write it and in mixed letter case.',
        tables: [
          { head: ['load', 'CPU µs a query', 'echo / it', 'queries/s', 'p99 µs', 'lost'], rows },
          latencyTable(latencies, still)
        ],
        bounds: [
          atLeast('echo / server, cluster names', ratio.median, RATIO_LEAST, ''),
          atMost('a kept forwarded name to a cluster name', forwardedCost.median, FORWARDED_MOST, ''),
          atLeast('echo / server, with log', loggedRatio.median, LOGGED_RATIO_LEAST, ''),
          atMost('p99 over the echo’s', (p99(full.name) - p99(echo.name)) / 1000, P99_OVER_MOST_MS, ' ms', 3)
        ],
        notes: [
          `Lines of the log that were dropped because they were not read in time: ${linesLost}.`,
          ...latencies.doubts
        ],
        figures: {
          ratio,
          loggedRatio,
          forwardedCost,
          linesLost,
          rounds: Object.fromEntries(results.results),
          latencies: Object.fromEntries(latencies.results)
        }
      }
    } finally {
      await Promise.all(targets.map(target => target.child.stop()))
    }
  }
}

/** Asks all forwarded questions twice: all must have addresses, and be kept. */
async function verifyForwarded(target: Target, file: string, count: number): Promise<void> {
  for (let turn = 0; turn < 2; turn++) {
    const { lost, empty, rcodes } = await load({ port: target.port, file, seconds: 10, count })
    if (lost === 0 && empty === 0 && rcodes['NOERROR'] === count) continue
    throw new Error(
      `${target.name} answers forwarded names with ${JSON.stringify(rcodes)}, ${empty} empty and ${lost} lost`
    )
  }
  const hits = await readMetric(target, 'coredns_cache_hits_total', 'type="success"')
  if (hits < count) throw new Error(`${target.name} gave ${hits} kept answers to ${count} questions`)
}
