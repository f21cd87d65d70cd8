// How programs go through a search list (resolver-semantics.md §0), as far as one question of a client can show it.

export interface WalkRules {
  /** Whether the list follows the name itself where that has dots enough. */
  readonly listAfterName: boolean
  /** Whether a name without data of this type lets the walk go on; data of the other address family ends it all the same. */
  readonly passesNodata: boolean
  /** Whether a name that can't be had (SERVFAIL, REFUSED) lets the walk go on. */
  readonly passesFailure: boolean
}

/** By the word in the Corefile. */
export const walkRules: ReadonlyMap<string, WalkRules> = new Map([
  ['glibc', { listAfterName: true, passesNodata: true, passesFailure: true }],
  ['musl', { listAfterName: false, passesNodata: false, passesFailure: false }],
  ['go', { listAfterName: true, passesNodata: true, passesFailure: true }],
  ['c-ares', { listAfterName: true, passesNodata: true, passesFailure: false }],
  ['dig', { listAfterName: false, passesNodata: false, passesFailure: false }]
])
