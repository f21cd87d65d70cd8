// What every model's lookup has around it: the session, the walk's steps, and the result.
import type { Chance, LookupRequest, LookupResult, ResolverProcess, WalkStep } from './model.ts'
import type { ResolverConfig } from './resolv-conf/config.ts'
import { perform, Session, type Steps } from './session.ts'

/** One lookup under way. */
export interface Lookup {
  readonly session: Session
  readonly config: ResolverConfig
  readonly request: LookupRequest
  readonly chance: Chance
  readonly steps: WalkStep[]
}

/** What a lookup came to, as the program tells it. */
export interface Finding {
  readonly error: string | null
  readonly addresses?: readonly string[]
  readonly canonicalName?: string | undefined
  /** 0 when something was found and 2 when not, where absent. */
  readonly exitCode?: number
}

/** A process whose lookups run `steps`, one at a time; what it remembers is the closure's matter. */
export function processOf(
  config: ResolverConfig,
  chance: Chance,
  steps: (lookup: Lookup) => Steps<Finding>
): ResolverProcess {
  return {
    lookup(request, network) {
      const session = new Session(network, request.startMs ?? 0)
      const lookup: Lookup = { session, config, request, chance, steps: [] }
      let cutShort = false
      const finding = perform(session, steps(lookup), () => {
        cutShort = true
        return { error: 'too many queries' }
      })
      if (finding instanceof Promise) return finding.then(found => result(lookup, found, cutShort))
      return result(lookup, finding, cutShort)
    }
  }
}

function result(lookup: Lookup, finding: Finding, cutShort: boolean): LookupResult {
  const ok = finding.error === null
  return {
    ok,
    error: finding.error,
    addresses: finding.addresses ?? [],
    ...(finding.canonicalName === undefined ? {} : { canonicalName: finding.canonicalName }),
    elapsedMs: lookup.session.nowMs,
    exitCode: finding.exitCode ?? (ok ? 0 : 2),
    queries: lookup.session.queries,
    steps: lookup.steps,
    ...(cutShort ? { cutShort } : {})
  }
}
