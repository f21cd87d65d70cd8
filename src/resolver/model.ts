// What a resolver model is: a program's reading of resolv.conf, and its lookup over an injected network in model time.
import type { Eventual, ResolverNetwork } from './network.ts'
import type { SentQuery } from './session.ts'
import type { ResolverConfig } from './resolv-conf/config.ts'
import type { Environment } from './resolv-conf/environment.ts'

/** Addresses wanted: A and AAAA, A alone, AAAA alone. */
export type Family = 'unspec' | 'inet' | 'inet6'

/** Flags of getaddrinfo that change what is asked; `null` is a call with NULL hints. Models without them ignore them. */
export type Hint = 'addrconfig' | 'canonname' | 'v4mapped' | 'null'

/** Which families the host has besides loopback addresses (link-local IPv6 counts: resolver-semantics.md §2.1). */
export interface HostFamilies {
  readonly inet: boolean
  readonly inet6: boolean
}

export interface LookupRequest {
  readonly name: string
  readonly family: Family
  readonly hints?: readonly Hint[]
  /** Both families when absent. */
  readonly host?: HostFamilies
  /** Model time of the network when the lookup begins; 0 when absent. */
  readonly startMs?: number
}

/** Where a name of the walk comes from. `position` counts from 1. */
export type Origin =
  | { readonly kind: 'as-is' }
  | { readonly kind: 'search'; readonly domain: string; readonly position: number }
  /** The name found first had an alias, and this is where it leads. */
  | { readonly kind: 'alias' }

/** How one name of the walk ended. */
export type StepEnd =
  | 'answer'
  | 'NODATA'
  | 'NXDOMAIN'
  | 'SERVFAIL'
  | 'REFUSED'
  | 'NOTIMP'
  | 'FORMERR'
  | 'timeout'
  /** No server could be reached at all. */
  | 'closed'
  /** An answer that is only an alias. */
  | 'alias only'
  /** A reply that promises nothing: neither authoritative nor recursive, and empty. */
  | 'lame'
  /** No message can carry this name; nothing was sent. */
  | 'not a name'
  | 'other'

/** One name of the walk, in order; for people, beside the queries. */
export interface WalkStep {
  /** Absolute, with trailing dot. */
  readonly name: string
  readonly origin: Origin
  readonly end: StepEnd
  /** Where its queries are in `LookupResult.queries`. Names that are asked all at once share their rows. */
  readonly firstQuery: number
  readonly queryCount: number
  /** The program stopped here: found, or not going on. */
  readonly last: boolean
}

export interface LookupResult {
  readonly ok: boolean
  /** The program's own word for what went wrong (`EAI_NONAME`, `ENOTFOUND`, `exit 9`); `null` when it found something. */
  readonly error: string | null
  readonly addresses: readonly string[]
  /** Absolute without trailing dot, where the program can tell it. */
  readonly canonicalName?: string
  /** Model time from call to return, in milliseconds. */
  readonly elapsedMs: number
  /** The tool's exit code; 0 and 2 for functions, as the recordings' probes give them. */
  readonly exitCode: number
  /** Every message sent, in order. */
  readonly queries: readonly SentQuery[]
  readonly steps: readonly WalkStep[]
  /** More messages than a lookup may send (`SENDS_MAX`): the rest of the walk was not simulated. */
  readonly cutShort?: true
}

/** Where a model's behaviour is known from. */
export interface Source {
  /** What it is about: `search walk`, `pairs of A and AAAA`, `retries`. */
  readonly behaviour: string
  /** Recorded scenarios of `test/fixtures/vectors/resolver-traces` that show it, a trailing `*` for a family of them. */
  readonly recorded?: readonly string[]
  /** A section of resolver-semantics.md, or a document, where no recording shows it. */
  readonly rule?: string
}

/** Chance, where a resolver uses it: where `rotate` starts, jitter. `integer` as `runtime/random.ts` has it. */
export interface Chance {
  /** A whole number from 0 to `limit` - 1. */
  integer(limit: number): number
}

/** A running program: what a resolver remembers from one lookup to the next (rotation, caches, give-ups) lives here. */
export interface ResolverProcess {
  /** Looks a name up. A promise only where the network gives promises. Never throws on account of the name. */
  lookup(request: LookupRequest, network: ResolverNetwork): Eventual<LookupResult>
}

export interface ResolverModel {
  /** As the recordings call it: `glibc-2.36`, `musl-1.2.5`, `dig-9.18`. */
  readonly name: string
  /** For people: the program, its version and the call. */
  readonly program: string
  readonly sources: readonly Source[]
  /** Reads a resolv.conf as this program does. Any text gives a configuration; what it makes of it is in the warnings. */
  parse(text: string, environment?: Environment): ResolverConfig
  start(config: ResolverConfig, chance: Chance): ResolverProcess
}
