// How the numbers of a report are written: the same in the terminal, in sentences and on the page.
import type { ExperimentResult, SettingResult } from '../result.ts'
import { upstreamText, type Setting } from '../spec.ts'

/** `2.5`, `0.03`, `12`. */
export const figure = (value: number): string => String(Number(value.toFixed(2)))

/** A share of 0 to 1 as `37.5%`. */
export const percent = (share: number): string => `${Number((share * 100).toFixed(1))}%`

/** Milliseconds: two decimals below ten, one below a hundred, none above. */
export const milliseconds = (value: number): string =>
  String(Number(value.toFixed(value < 10 ? 2 : value < 100 ? 1 : 0)))

/** `1 name`, `3 names`. */
export const counted = (count: number, one: string, many = `${one}s`): string =>
  `${count.toLocaleString('en-US')} ${count === 1 ? one : many}`

/** `a, b and c`. */
export function listed(words: readonly string[]): string {
  if (words.length < 2) return words[0] ?? ''
  return `${words.slice(0, -1).join(', ')} and ${words.at(-1) ?? ''}`
}

/** The first names of a list, and how many more there are. */
export function firstOf(names: readonly string[], most: number): string {
  if (names.length <= most + 1) return listed(names)
  return `${names.slice(0, most).join(', ')} and ${counted(names.length - most, 'more', 'more')}`
}

export const isBeyond = ({ delayMs, loss }: Setting['upstream']): string =>
  upstreamText({ delayMs, loss }).replace(/^upstream /, '')

/** What the experiment varies besides resolver and ndots. */
export interface Varied {
  readonly search: boolean
  readonly autopath: boolean
  readonly upstream: boolean
  /** Rows of both origins stand side by side. */
  readonly origin: boolean
}

export function variedBy({ spec, settings }: ExperimentResult): Varied {
  return {
    search: Object.keys(spec.search).length > 1,
    autopath: spec.autopath.length > 1,
    upstream: spec.upstreams.length > 1,
    origin: new Set(settings.map(({ origin }) => origin)).size > 1
  }
}

/** What is equal in all settings that are compared over ndots: `search shop, autopath on`; empty when nothing else varies. */
export function circumstances(
  setting: Pick<Setting, 'search' | 'autopath' | 'upstream'>,
  varied: Varied
): string {
  const parts: string[] = []
  if (varied.search) parts.push(`search ${setting.search}`)
  if (varied.autopath) parts.push(setting.autopath ? 'autopath on' : 'autopath off')
  if (varied.upstream) parts.push(upstreamText(setting.upstream))
  return parts.join(', ')
}

/** Equal for settings that differ in resolver and ndots alone. */
export const circumstancesKey = ({ search, autopath, upstream }: Omit<Setting, 'resolver' | 'ndots'>) =>
  JSON.stringify([search, autopath, upstream.delayMs, upstream.loss])

/** Settings with their numbers, which walks refer to. */
export interface NumberedSetting extends SettingResult {
  readonly number: number
}

export const numbered = ({ settings }: ExperimentResult): readonly NumberedSetting[] =>
  settings.map((setting, number) => ({ ...setting, number }))

/** Tells settings that are the least ndots that breaks no name, of their kind. */
export function leastOf({ least }: ExperimentResult): (row: SettingResult) => boolean {
  const keyOf = (each: Omit<Setting, 'ndots'>, ndots: number) =>
    `${each.resolver} ${ndots} ${circumstancesKey(each)}`
  const keys = new Set(least.flatMap(each => (each.ndots === undefined ? [] : keyOf(each, each.ndots))))
  return ({ setting }) => keys.has(keyOf(setting, setting.ndots))
}

/** Items by a key, in the order of each key's first. */
export function grouped<T>(items: Iterable<T>, keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>()
  for (const item of items) {
    const key = keyOf(item)
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [item])
    else group.push(item)
  }
  return groups
}

/**
 * Settings in few words: `glibc-2.36 and python-3.11: ndots 1, 2; musl-1.2.5: ndots 1`, after what else is so where that
 * makes a difference; `all settings` where it is all.
 */
export function settingsText(rows: readonly NumberedSetting[], result: ExperimentResult): string {
  if (rows.length === result.settings.length) return 'all settings'
  const varied = variedBy(result)
  const nameOf = ({ setting, origin }: NumberedSetting) =>
    varied.origin ? `${setting.resolver} (${origin})` : setting.resolver
  const byText = new Map<string, string[]>()
  const all = new Set(result.settings.map(({ setting }) => circumstances(setting, varied)))
  for (const [where, own] of grouped(rows, ({ setting }) => circumstances(setting, varied))) {
    const resolvers = new Map<string, string[]>()
    for (const [name, each] of grouped(own, nameOf)) {
      const ndots = [...new Set(each.map(({ setting }) => setting.ndots))].sort((a, b) => a - b).join(', ')
      const same = resolvers.get(ndots)
      if (same === undefined) resolvers.set(ndots, [name])
      else same.push(name)
    }
    const text = [...resolvers].map(([ndots, names]) => `${listed(names)}: ndots ${ndots}`).join('; ')
    const same = byText.get(text)
    if (same === undefined) byText.set(text, [where])
    else same.push(where)
  }
  return [...byText]
    .map(([text, wheres]) => (wheres.length === all.size ? text : `${anyOf(wheres)}: ${text}`))
    .join('. ')
}

const ANY_MAX = 6
const anyOf = (words: readonly string[]): string =>
  words.length <= ANY_MAX + 1
    ? words.join(' or ')
    : `${words.slice(0, ANY_MAX).join(' or ')} or ${words.length - ANY_MAX} more`

/** `modelled`, `measured`, or both. */
export const originsOf = (rows: readonly NumberedSetting[]): string =>
  [...new Set(rows.map(({ origin }) => origin))].sort().reverse().join(' and ')
