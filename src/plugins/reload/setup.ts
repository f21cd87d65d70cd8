// The `reload` directive. Nothing of it stands in the query's way.
import type { Dispenser } from '../../corefile/dispenser.ts'
import type { Token } from '../../corefile/position.ts'
import { parseDuration } from '../../corefile/values.ts'
import type { PluginDefinition, ReloadTimes } from '../definition.ts'

export const reloadPlugin: PluginDefinition = {
  name: 'reload',
  setup(c, context) {
    context.reloadEvery(readReload(c))
    return undefined
  }
}

/** corefile-and-plugins.md §8.10. */
const DEFAULTS: ReloadTimes = { intervalMs: 30_000, jitterMs: 15_000 }
const INTERVAL_MIN_MS = 2000
const JITTER_MIN_MS = 1000

/** `reload [INTERVAL [JITTER]]`. Of several lines the first counts, and the others are not even read, as in CoreDNS. */
export function readReload(c: Dispenser): ReloadTimes {
  c.next()
  const args = c.remainingTokens()
  if (args.length > 2) throw c.argErr()
  const [interval, jitter] = args
  const intervalMs = interval === undefined ? DEFAULTS.intervalMs : readDuration(c, interval)
  if (intervalMs < INTERVAL_MIN_MS) {
    throw c.bareErr('interval value must be greater or equal to 2s', undefined, interval)
  }
  const jitterMs = jitter === undefined ? DEFAULTS.jitterMs : readDuration(c, jitter)
  if (jitterMs !== 0 && jitterMs < JITTER_MIN_MS) {
    throw c.bareErr('jitter value must be 0 or greater or equal to 1s', undefined, jitter)
  }
  return { intervalMs, jitterMs: Math.min(jitterMs, intervalMs / 2) }
}

function readDuration(c: Dispenser, token: Token): number {
  const parsed = parseDuration(token.text)
  if (parsed.error !== undefined) throw c.bareErr(parsed.error, undefined, token)
  return parsed.value
}
