// How programs go through a search list (resolver-semantics.md §0), as far as one question of a client can show it. What
// `src/resolver` has as models stands here in short, for plugins know nothing of those; a test holds the two together.

/** Where a walk goes on. */
export type Onward = 'next' | 'the name itself' | 'stop'

export interface WalkRules {
  /** Whether the list follows the name itself where that has dots enough. */
  readonly listAfterName: boolean
  /** Whether a name without data of this type lets the walk go on; data of the other address family ends it all the same. */
  readonly passesNodata: boolean
  /** After a name that can't be had: SERVFAIL. */
  readonly afterFailure: Onward
  /** After a name that the server refuses to look up: REFUSED, NOTIMP, FORMERR. */
  readonly afterRefusal: Onward
}

/** By the word in the Corefile. */
export const walkRules: ReadonlyMap<string, WalkRules> = new Map([
  ['glibc', rules(true, true, 'next', 'the name itself')],
  ['musl', rules(false, false, 'stop', 'stop')],
  ['go', rules(true, true, 'next', 'next')],
  ['c-ares', rules(true, true, 'stop', 'stop')],
  ['dig', rules(false, false, 'stop', 'stop')]
])

function rules(
  listAfterName: boolean,
  passesNodata: boolean,
  afterFailure: Onward,
  afterRefusal: Onward
): WalkRules {
  return { listAfterName, passesNodata, afterFailure, afterRefusal }
}
