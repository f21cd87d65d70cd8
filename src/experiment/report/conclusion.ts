// What an experiment comes to, in sentences: the least ndots that breaks no name, and what lowering it saves or costs.
import type { ExperimentResult, LeastNdots } from '../result.ts'
import {
  circumstances,
  circumstancesKey,
  counted,
  figure,
  firstOf,
  grouped,
  listed,
  numbered,
  percent,
  variedBy,
  type NumberedSetting
} from './figures.ts'

export interface Conclusion {
  /** Resolvers of which it is true. */
  readonly resolvers: readonly string[]
  /** What else is so: `search shop, autopath on`; empty when the experiment varies nothing else. */
  readonly circumstances: string
  readonly origin: string
  /** The least ndots; undefined when every one breaks a name. */
  readonly ndots: number | undefined
  readonly sentences: readonly string[]
}

/** ndots that kubelet writes (kubernetes.io "DNS for Services and Pods"): what others are compared with. */
const KUBELETS = 5
const NAMED = 3

/** One conclusion for all resolvers of which the same is true. */
export function conclusions(result: ExperimentResult): readonly Conclusion[] {
  const varied = variedBy(result)
  const rows = grouped(numbered(result), ({ setting }) => kindOf(setting))
  const found = new Map<string, { resolvers: string[]; conclusion: Omit<Conclusion, 'resolvers'> }>()
  for (const least of result.least) {
    const own = sortedOf(rows.get(kindOf(least)) ?? [])
    const conclusion = {
      circumstances: circumstances(least, varied),
      origin: own[0]?.origin ?? 'modelled',
      ndots: least.ndots,
      sentences: sentencesOf(least, own)
    }
    const key = JSON.stringify(conclusion)
    const same = found.get(key)
    if (same === undefined) found.set(key, { resolvers: [least.resolver], conclusion })
    else if (!same.resolvers.includes(least.resolver)) same.resolvers.push(least.resolver)
  }
  return [...found.values()].map(({ resolvers, conclusion }) => ({ resolvers, ...conclusion }))
}

/** What is true of all of them together; undefined where there is one alone, which says it itself. */
export function overall({ settings, least }: ExperimentResult): string | undefined {
  if (least.length < 2) return undefined
  const breaking = new Set(
    settings.filter(({ broken }) => broken.length > 0).map(({ setting }) => setting.ndots)
  )
  const safe = settings.reduce(
    (best, { setting: { ndots } }) => (breaking.has(ndots) ? best : Math.min(best, ndots)),
    Infinity
  )
  return safe === Infinity
    ? 'No ndots of this experiment keeps every name in every setting.'
    : `ndots ${safe} is the least that breaks no name in any setting.`
}

/** `glibc-2.36 and musl-1.2.5 (modelled), autopath on: `. */
export function subject({ resolvers, circumstances: others, origin }: Conclusion): string {
  return `${listed(resolvers)} (${origin})${others === '' ? '' : `, ${others}`}`
}

const kindOf = (setting: Omit<NumberedSetting['setting'], 'ndots'>): string =>
  `${setting.resolver} ${circumstancesKey(setting)}`

/** Rows that differ in ndots alone, by ndots; of one origin, modelled ones first. */
function sortedOf(own: readonly NumberedSetting[]): readonly NumberedSetting[] {
  const modelled = own.filter(({ origin }) => origin === 'modelled')
  return (modelled.length > 0 ? modelled : own).toSorted((a, b) => a.setting.ndots - b.setting.ndots)
}

function sentencesOf({ ndots }: LeastNdots, rows: readonly NumberedSetting[]): string[] {
  if (rows.length === 0) return []
  if (ndots === undefined) {
    const fewest = rows.reduce((best, row) => (row.broken.length < best.broken.length ? row : best))
    return [
      `Each ndots of this experiment breaks a name; the fewest with ndots ${fewest.setting.ndots}: ${counted(fewest.broken.length, 'name')}, ${firstOf(fewest.broken, NAMED)}.`
    ]
  }
  const here = rows.find(({ setting }) => setting.ndots === ndots)
  if (here === undefined) return []
  const sentences = [
    `ndots ${ndots} is the least that breaks no name: ${figure(costOf(here))} queries a lookup${comparison(here, rows)}.`
  ]
  const lower = rows.findLast(({ setting }) => setting.ndots < ndots)
  if (lower !== undefined) {
    const verb = costOf(lower) < costOf(here) - 0.005 ? 'would save more' : 'would save nothing'
    sentences.push(
      `ndots ${lower.setting.ndots} ${verb} (${figure(costOf(lower))} a lookup) and break ${counted(lower.broken.length, 'name')}: ${firstOf(lower.broken, NAMED)}.`
    )
  }
  const safe = rows.filter(({ broken }) => broken.length === 0)
  const cheapest = safe.reduce((best, row) => (costOf(row) < costOf(best) - 0.005 ? row : best), here)
  if (cheapest !== here) {
    sentences.push(
      `The fewest queries without breaking a name: ndots ${cheapest.setting.ndots}, ${figure(costOf(cheapest))} a lookup.`
    )
  }
  return sentences
}

const costOf = ({ figures }: NumberedSetting): number => figures.queries_per_lookup

/** `, 55% fewer than with ndots 5 (5.1); 0.4 of them leak upstream instead of 1.1`. */
function comparison(here: NumberedSetting, rows: readonly NumberedSetting[]): string {
  const other = rows.find(({ setting }) => setting.ndots === KUBELETS) ?? rows.at(-1)
  if (other === undefined || other === here) return ''
  const than = `ndots ${other.setting.ndots}`
  const [cost, before] = [costOf(here), costOf(other)]
  const change = before === 0 ? 0 : (cost - before) / before
  const queries =
    Math.abs(change) < 0.0005
      ? `, as many as with ${than}`
      : `, ${percent(Math.abs(change))} ${change < 0 ? 'fewer' : 'more'} than with ${than} (${figure(before)})`
  const [leak, leakBefore] = [here.figures.upstream_per_lookup, other.figures.upstream_per_lookup]
  const leaks =
    figure(leak) === figure(leakBefore)
      ? `; ${figure(leak)} leak upstream with both`
      : `; ${figure(leak)} leak upstream instead of ${figure(leakBefore)}`
  return queries + leaks
}
