// Several servers loaded in turn, round after round, so that what the machine does meanwhile hits all of them alike; and
// compared within each round.
import { load, type LoadOptions, type LoadResult } from './load.ts'
import { cpuNs } from './machine.ts'
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
}

const WARM_UP_SECONDS = 1

export class Rounds {
  readonly results = new Map<string, RoundResult[]>()

  /** Warms every contestant up, then measures all of them `rounds` times; each round begins with another one. */
  static async run(contestants: readonly Contestant[], rounds: number, seconds: number): Promise<Rounds> {
    const all = new Rounds()
    for (const contestant of contestants) await measure(contestant, WARM_UP_SECONDS)
    for (let round = 0; round < rounds; round++) {
      for (let turn = 0; turn < contestants.length; turn++) {
        const contestant = contestants[(round + turn) % contestants.length]!
        const result = await measure(contestant, seconds)
        const results = all.results.get(contestant.name)
        if (results === undefined) all.results.set(contestant.name, [result])
        else results.push(result)
      }
    }
    return all
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
}

export const cpuUs = (result: RoundResult): number => result.us

async function measure({ target, load: options }: Contestant, seconds: number): Promise<RoundResult> {
  const from = cpuNs(target.child.pid)
  const result = await load({ ...options, port: target.port, seconds })
  return { ...result, us: (cpuNs(target.child.pid) - from) / 1000 / result.done }
}
