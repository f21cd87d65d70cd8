// Counts lookups of one setting; figures come out of it at the end.
import type { LookupResult } from '../resolver/model.ts'
import type { FigureName } from './assertions.ts'
import type { Reached } from './network.ts'
import type { SettingResult } from './result.ts'
import type { Setting } from './spec.ts'

export class Tally {
  lookups = 0
  found = 0
  queries = 0
  nxdomain = 0
  upstream = 0
  /** Names that weren't found, in order. */
  readonly missing: string[] = []
  readonly foundNames = new Set<string>()
  readonly #times: number[] = []

  add(name: string, result: LookupResult): void {
    this.lookups++
    if (result.ok) {
      this.found++
      this.foundNames.add(name)
    } else this.missing.push(name)
    this.queries += result.queries.length
    for (const { reply, answer } of result.queries) {
      if (reply === 'NXDOMAIN') this.nxdomain++
      if (reachedBeyond(answer?.detail)) this.upstream++
    }
    this.#times.push(result.elapsedMs)
  }

  result(setting: Setting, origin: SettingResult['origin'], broken: readonly string[]): SettingResult {
    const { lookups, found, queries, nxdomain, upstream } = this
    const times = this.#times.sort((a, b) => a - b)
    const at = (share: number) => times[Math.min(times.length - 1, Math.ceil(share * times.length) - 1)] ?? 0
    const each = (count: number) => (lookups === 0 ? 0 : count / lookups)
    const figures: Record<FigureName, number> = {
      queries_per_lookup: each(queries),
      nxdomain_share: queries === 0 ? 0 : nxdomain / queries,
      upstream_per_lookup: each(upstream),
      failures: lookups - found,
      broken_names: broken.length,
      p50_ms: at(0.5),
      p90_ms: at(0.9),
      p99_ms: at(0.99)
    }
    return { setting, origin, lookups, found, queries, nxdomain, upstream, figures, broken }
  }
}

/** Whether an answer needed a server beyond the cluster. */
export const reachedBeyond = (detail: unknown): boolean => ((detail as Reached | undefined)?.beyond ?? 0) > 0
