// What differs between programs in how they read resolv.conf, as data (resolver-semantics.md §1).
import type { ConfWarning, Switch } from './config.ts'

/** A configuration while it is being read. */
export interface Draft {
  servers: string[]
  search: string[]
  ndots: number
  timeoutMs: number
  attempts: number
  switches: Set<Switch>
  refusal?: string
  readonly warnings: ConfWarning[]
}

export interface Grammar {
  /** What an untouched configuration holds. */
  readonly defaults: { readonly ndots: number; readonly timeoutMs: number; readonly attempts: number }
  /** A keyword may follow blanks; otherwise such a line is passed over. */
  readonly blanksBeforeKeyword: boolean
  /** Characters that begin a comment, and where they do: in column 0, after blanks, or before any word of a line. */
  readonly comments: {
    readonly characters: string
    readonly place: 'column 0' | 'after blanks' | 'any word'
  }
  /** Characters between the words of a line. */
  readonly separators: string
  /** Octets of a line, its newline among them; a longer one is passed over whole, or read as several lines. */
  readonly lineOctets?: { readonly max: number; readonly beyond: 'passed over' | 'next line' }
  /** Octets of what follows the keyword; a line with more is passed over. */
  readonly valueOctetsMax?: number
  readonly search: {
    /** Domains kept; further ones are passed over. */
    readonly domainsMax?: number
    /** What a `search` line without a domain does to an earlier list. */
    readonly empty: 'nothing' | 'clears' | 'refused'
    /** Separators of its domains where they are others than `separators`. */
    readonly separators?: string
    /** Says whether the program keeps a domain; all, when absent. */
    readonly keeps?: (domain: string) => boolean
  }
  readonly domain: {
    readonly words: 'first' | 'all' | 'one, or refused'
    /** `domain` after `search` takes the list's place; otherwise a list once given stays. `search` always takes its place. */
    readonly afterSearch: 'replaces' | 'nothing'
    /** A file with `domain` lines is read as if they were not there. */
    readonly ignored?: boolean
  }
  /** What stands for a missing list. */
  readonly withoutSearch: 'domain of the host name' | 'nothing'
  readonly servers: {
    readonly max?: number
    /** The server's address in the form the program uses, `undefined` when it passes the word over. */
    readonly read: (word: string) => string | undefined
    /** A further word on the line. */
    readonly junk?: 'refused'
    /** Where there is no usable line. */
    readonly none: readonly string[]
  }
  /** Reads what follows `options`. */
  readonly options: (text: string, draft: Draft, warn: (message: string) => void) => void
  readonly environment: {
    /** Words of LOCALDOMAIN that take the place of the list (`search` and `domain` lines are then passed over). */
    readonly localDomain?: 'all' | 'first'
    /** RES_OPTIONS is read after the file. */
    readonly resOptions?: true
  }
}
