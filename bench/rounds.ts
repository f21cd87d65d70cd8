// Several servers loaded in turn, round after round, so that what the machine does meanwhile hits all of them alike; and
// compared within each round.
import { runningNs } from './child.ts'
import { load, type LoadOptions, type LoadResult } from './load.ts'
import { Quiet, cpuNs } from './machine.ts'
import { spread, type Spread } from './report.ts'
import type { Target } from './targets.ts'

/** A target with the load it gets. */
export interface Contestant {
  readonly name: string
  readonly target: Target
  readonly load: Omit<LoadOptions, 'port' | 'seconds'>
}

export interface RoundResult extends LoadResult {
  /** Microseconds of the target's CPU for each answer. */
  readonly us: number
  /** What other programs used meanwhile, in cores. */
  readonly others: number
}

const WARM_UP_SECONDS = 1
/** While V8 still compiles, its threads take the server's core for milliseconds: at 5,000 questions a second, ten seconds long. */
const QUIET_WARM_UP_SECONDS = 10
/** Other programs that use less than this, in cores, hardly show in a 99th percentile. */
const OTHERS_MAX = 0.02
/** How long the machine must have been quiet before a measurement begins. */
const QUIET_MS = 300
/** How long all waiting for a quiet machine may take. */
const WAITING_MAX_MS = 300_000

export class Rounds {
  readonly results = new Map<string, RoundResult[]>()
  /** Measurements that were thrown away because other programs ran. */
  repeated = 0

  /** Warms every contestant up, then measures all of them `rounds` times; each round begins with another one. */
  static async run(contestants: readonly Contestant[], rounds: number, seconds: number): Promise<Rounds> {
    return new Rounds().#run(contestants, rounds, WARM_UP_SECONDS, contestant => measure(contestant, seconds))
  }

  /**
   * As `run`, but while other programs run it waits, and measures again what they disturbed: latencies can't be told
   * apart from waiting for a core. When that takes too long it takes what it gets; `others` says so.
   */
  static async runQuietly(
    contestants: readonly Contestant[],
    rounds: number,
    seconds: number
  ): Promise<Rounds> {
    const all = new Rounds()
    const patienceEnds = performance.now() + WAITING_MAX_MS
    return all.#run(contestants, rounds, QUIET_WARM_UP_SECONDS, async contestant => {
      for (;;) {
        while (performance.now() < patienceEnds && (await othersNow()) > OTHERS_MAX);
        const result = await measure(contestant, seconds)
        if (result.others <= OTHERS_MAX || performance.now() > patienceEnds) return result
        all.repeated++
      }
    })
  }

  async #run(
    contestants: readonly Contestant[],
    rounds: number,
    warmUpSeconds: number,
    measureOne: (contestant: Contestant) => Promise<RoundResult>
  ): Promise<this> {
    for (const contestant of contestants) await measure(contestant, warmUpSeconds)
    for (let round = 0; round < rounds; round++) {
      for (let turn = 0; turn < contestants.length; turn++) {
        const contestant = contestants[(round + turn) % contestants.length]!
        const result = await measureOne(contestant)
        const results = this.results.get(contestant.name)
        if (results === undefined) this.results.set(contestant.name, [result])
        else results.push(result)
      }
    }
    return this
  }

  of(name: string): readonly RoundResult[] {
    return this.results.get(name) ?? []
  }

  /** A figure of one contestant over the rounds. */
  spread(name: string, figure: (result: RoundResult) => number): Spread {
    return spread(this.of(name).map(figure))
  }

  /** What one contestant's figure is to another's, round by round. */
  ratio(name: string, to: string, figure: (result: RoundResult) => number): Spread {
    const others = this.of(to)
    return spread(this.of(name).map((result, round) => figure(result) / figure(others[round]!)))
  }

  /** Sentences about measurements that were repeated, or were disturbed and kept. */
  get doubts(): string[] {
    const kept = [...this.results.values()].flat().filter(({ others }) => others > OTHERS_MAX).length
    const doubts: string[] = []
    if (this.repeated > 0)
      doubts.push(`${this.repeated} measurements were repeated because other programs ran.`)
    if (kept > 0)
      doubts.push(`In ${kept} measurements other programs ran: these latencies include waiting for a core.`)
    return doubts
  }
}

export const cpuUs = (result: RoundResult): number => result.us

async function measure({ target, load: options }: Contestant, seconds: number): Promise<RoundResult> {
  const quiet = new Quiet(runningNs)
  const from = cpuNs(target.child.pid)
  const result = await load({ ...options, port: target.port, seconds })
  const us = (cpuNs(target.child.pid) - from) / 1000 / result.done
  return { ...result, us, others: quiet.othersShare() }
}

/** What other programs use, in cores. */
async function othersNow(): Promise<number> {
  const quiet = new Quiet(runningNs)
  await new Promise(resolve => setTimeout(resolve, QUIET_MS))
  return quiet.othersShare()
}
