// What an experiment came to: everything that its table, JSON, CSV and HTML show.
import type { FigureName } from './assertions.ts'
import type { ExperimentSpec, Setting } from './spec.ts'

/** One query of a walk, short, for pictures. */
export interface WalkQuery {
  readonly name: string
  readonly type: string
  /** `ANSWER`, `NXDOMAIN`, `DROP` and so on (`resolver/session.ts`). */
  readonly reply: string
  /** It reached a server beyond the cluster. */
  readonly upstream: boolean
  /** Milliseconds of model time since the lookup began. */
  readonly atMs: number
}

/** A walk, and the settings (numbers of `settings`) in which a lookup of the name went this way. */
export interface Walk {
  readonly settings: readonly number[]
  readonly ok: boolean
  readonly error: string | null
  readonly elapsedMs: number
  readonly queries: readonly WalkQuery[]
}

export interface NameWalks {
  readonly name: string
  readonly walks: readonly Walk[]
}

/** Figures of one setting. */
export interface SettingResult {
  readonly setting: Setting
  /** `modelled`, or `measured` where the real program was run. */
  readonly origin: 'modelled' | 'measured'
  readonly lookups: number
  readonly found: number
  readonly queries: number
  readonly nxdomain: number
  /** Queries that reached a server beyond the cluster. */
  readonly upstream: number
  readonly figures: Readonly<Record<FigureName, number>>
  /** Names that aren't found here, but are with another `ndots` and everything else equal. */
  readonly broken: readonly string[]
}

/** The least ndots that breaks no name, with everything else equal. */
export interface LeastNdots {
  readonly resolver: string
  readonly search: string
  readonly autopath: boolean
  readonly upstream: Setting['upstream']
  /** Undefined: each ndots of the experiment breaks one. */
  readonly ndots: number | undefined
  readonly queriesPerLookup: number | undefined
}

export interface AssertionResult {
  readonly text: string
  readonly holds: boolean
  /** Settings in which it doesn't, as text with the figure; some of them. */
  readonly failures: readonly string[]
}

export interface ExperimentResult {
  readonly title: string
  /** `labdns 0.1.0`. */
  readonly madeBy: string
  /** The state or the server that was asked. */
  readonly state: string
  readonly spec: Omit<ExperimentSpec, 'search'> & {
    readonly search: Readonly<Record<string, readonly string[]>>
  }
  readonly settings: readonly SettingResult[]
  readonly least: readonly LeastNdots[]
  /** Walks of the first names. */
  readonly walks: readonly NameWalks[]
  /** Names found in no setting. */
  readonly nowhere: readonly string[]
  readonly assertions: readonly AssertionResult[]
  /** For people: what was left out or assumed. */
  readonly notes: readonly string[]
}
