// How often a changed Corefile would be looked for (corefile-and-plugins.md §8.10).

export interface ReloadOptions {
  readonly intervalMs: number
  /** Spread around the interval. */
  readonly jitterMs: number
}

export const RELOAD_DEFAULTS: ReloadOptions = { intervalMs: 30_000, jitterMs: 15_000 }

export const INTERVAL_MIN_MS = 2000
export const JITTER_MIN_MS = 1000
