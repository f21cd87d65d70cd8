// What a program makes of a resolv.conf file.

/** Switches of the `options` line, by the names glibc gives them. Which of them a program knows is its grammar's matter. */
export type Switch =
  | 'rotate'
  | 'use-vc'
  | 'edns0'
  | 'trust-ad'
  | 'no-aaaa'
  | 'single-request'
  | 'single-request-reopen'
  | 'no-tld-query'
  | 'no-reload'
  | 'strict-error'

/** Something in the file that the program takes otherwise than a reader may think. */
export interface ConfWarning {
  /** Counted from 1; 0 when it comes from the environment or the file as a whole. */
  readonly line: number
  readonly message: string
}

export interface ResolverConfig {
  /** Servers in the order and number that are used. Never empty, unless `refusal` is there. */
  readonly servers: readonly string[]
  /** The search list as the program keeps it, before it is joined to a name. */
  readonly search: readonly string[]
  readonly ndots: number
  /** What the program makes of `timeout`; what it means is the model's matter. */
  readonly timeoutMs: number
  readonly attempts: number
  readonly switches: ReadonlySet<Switch>
  readonly hosts: ReadonlyMap<string, readonly string[]>
  readonly hostAliases: Readonly<Record<string, string>>
  /** Why the program refuses to run with this file at all, in its own words or ours. */
  readonly refusal?: string
  readonly warnings: readonly ConfWarning[]
}
