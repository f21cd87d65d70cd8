// What plugins tell of a query while they answer it, for whoever asked to be told (*explain*, `labdns explain`). Without
// somebody to tell there is no trace, and plugins read one property to find that out.
import type { Name } from '../wire/name.ts'
import type { Fact } from './facts.ts'

/** The question that a note is about: the client's, or one that was asked on its behalf. */
export interface Asked {
  readonly name: Name
  readonly qtype: number
}

export interface Note {
  readonly asked: Asked
  /** Works the fact out from the state as it is now; to be called before that changes. */
  readonly fact: () => Fact
}

/** A query leads to a few lookups at most; what comes after so many notes is not told. */
const NOTES_MAX = 64

/** Belongs to a client's query and to all that is asked on its behalf. */
export class Trace {
  readonly #notes: Note[] = []

  /** In the order in which they were decided. */
  get notes(): readonly Note[] {
    return this.#notes
  }

  /** `asked` is the query that was answered; `fact` is called only if somebody wants to know. */
  note(asked: Asked, fact: () => Fact): void {
    if (this.#notes.length < NOTES_MAX) this.#notes.push({ asked, fact })
  }
}
