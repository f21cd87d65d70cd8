// What an experiment varies: names × ndots × search lists × resolvers × autopath × upstreams.
import type { Family } from '../resolver/model.ts'

/** How the servers beyond the cluster answer. */
export interface UpstreamSetting {
  /** Milliseconds from a forwarded question to its answer. */
  readonly delayMs: number
  /** Share of forwarded questions that are lost on the way, 0 to 1. */
  readonly loss: number
}

export interface ExperimentSpec {
  readonly title: string
  readonly names: readonly string[]
  readonly ndots: readonly number[]
  /** By label. */
  readonly search: ReadonlyMap<string, readonly string[]>
  /** Names of models. */
  readonly resolvers: readonly string[]
  readonly family: Family
  readonly autopath: readonly boolean[]
  readonly upstreams: readonly UpstreamSetting[]
  /** Names that exist beyond the cluster; undefined: those names of the experiment that nothing in the cluster answers. */
  readonly exists: readonly string[] | undefined
  /** Milliseconds between a resolver and the server. */
  readonly networkMs: number
  /** A server that is asked instead of the state. */
  readonly server: string | undefined
  readonly assertions: readonly string[]
}

/** One combination of everything but the name. */
export interface Setting {
  readonly resolver: string
  readonly ndots: number
  readonly search: string
  readonly autopath: boolean
  readonly upstream: UpstreamSetting
}

/** Lookups of one experiment; beyond, somebody mistyped something, and the report could not be read anyway. */
export const LOOKUPS_MAX = 2_000_000
export const NAMES_MAX = 100_000

/** All combinations, resolver by resolver. */
export function settingsOf(spec: ExperimentSpec): readonly Setting[] {
  const settings: Setting[] = []
  for (const resolver of spec.resolvers) {
    for (const search of spec.search.keys()) {
      for (const upstream of spec.upstreams) {
        for (const autopath of spec.autopath) {
          for (const ndots of spec.ndots) settings.push({ resolver, ndots, search, autopath, upstream })
        }
      }
    }
  }
  return settings
}

/** `ndots 2 · glibc-2.36 · autopath` and the like: only what the experiment varies. */
export function settingText(setting: Setting, spec: ExperimentSpec): string {
  const parts = [setting.resolver, `ndots ${setting.ndots}`]
  if (spec.search.size > 1) parts.push(`search ${setting.search}`)
  if (spec.autopath.length > 1 || setting.autopath) parts.push(setting.autopath ? 'autopath' : 'no autopath')
  if (spec.upstreams.length > 1) parts.push(upstreamText(setting.upstream))
  return parts.join(', ')
}

export function upstreamText({ delayMs, loss }: UpstreamSetting): string {
  return `upstream ${delayMs} ms${loss === 0 ? '' : `, ${Number((loss * 100).toFixed(2))}% lost`}`
}
