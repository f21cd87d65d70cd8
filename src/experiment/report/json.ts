// The result as JSON. What isn't known is null, so that every object of a kind has the same keys.
import type { ExperimentResult } from '../result.ts'

/** Ends with a line end. */
export function jsonReport(result: ExperimentResult): string {
  const text = JSON.stringify(result, (_key, value: unknown) => (value === undefined ? null : value), 2)
  return `${text}\n`
}
