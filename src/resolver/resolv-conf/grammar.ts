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
  /** Characters that begin a comment, and where: in column 0, after blanks, before any word of a line, or within words too. */
  readonly comments: {
    readonly characters: string
    readonly place: 'column 0' | 'after blanks' | 'any word' | 'anywhere'
  }
  /** Characters between the words of a line. */
  readonly separators: string
  /** Octets of a line, its newline among them; a longer one is passed over whole, or read as several lines. */
  readonly lineOctets?: { readonly max: number; readonly beyond: 'passed over' | 'next line' }
  /** A NUL octet ends the line, as it ends a string of C, when absent. */
  readonly nul?: 'passes over its line and the next' | 'ends a word'
  /** Octets of what follows the keyword, without blanks around it; a line with more is passed over. */
  readonly valueOctetsMax?: number
  /** A line is passed over when a tab or another control character is within what follows its keyword. */
  readonly valuePrintable?: boolean
  readonly search: {
    /** Domains kept; further ones are passed over. */
    readonly domainsMax?: number
    /** What a `search` line without a domain does to an earlier list. */
    readonly empty: 'nothing' | 'clears' | 'refused'
    /** Separators of its domains where they are others than `separators`. */
    readonly separators?: string
    /** Says whether the program keeps a domain; all, when absent. */
    readonly keeps?: (domain: string) => boolean
    /** A domain that is there already, whatever its letters' case, is not kept again. */
    readonly duplicates?: 'once'
    /** A further list is added to an earlier one, up to so many domains, instead of taking its place. No duplicates. */
    readonly addsUpTo?: number
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
    /** Separators of several servers on one line; only the first word counts when absent. */
    readonly separators?: string
    /** A server that is there already is not used again. */
    readonly duplicates?: 'once'
    /** Anything but spaces and tabs behind the address, or a word that is none. */
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
