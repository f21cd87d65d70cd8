// How glibc reads resolv.conf, LOCALDOMAIN and RES_OPTIONS (resolver-semantics.md §1).
import type { Switch } from '../resolv-conf/config.ts'
import type { Draft, Grammar } from '../resolv-conf/grammar.ts'
import { atoi } from '../resolv-conf/numbers.ts'
import { shown, wordsOf } from '../resolv-conf/parse.ts'
import { inetAton, isIPv6, scopedAddress } from '../names.ts'

const NDOTS_MAX = 15
const TIMEOUT_SECONDS_MAX = 30
const ATTEMPTS_MAX = 5
const SEPARATORS = ' \t'

/** In the order in which they are tried; matched by prefix, so that `rotatexyz` sets `rotate`. */
const switches: readonly (readonly [prefix: string, meaning: Switch])[] = [
  ['rotate', 'rotate'],
  ['edns0', 'edns0'],
  ['single-request-reopen', 'single-request-reopen'],
  ['single-request', 'single-request'],
  ['no_tld_query', 'no-tld-query'],
  ['no-tld-query', 'no-tld-query'],
  ['no-reload', 'no-reload'],
  ['use-vc', 'use-vc'],
  ['trust-ad', 'trust-ad'],
  ['no-aaaa', 'no-aaaa']
]

/** Options that were removed, or never do anything outside a debug build; no word about them. */
const idle = ['debug', 'inet6', 'ip6-bytestring', 'ip6-dotint', 'no-ip6-dotint']

/** glibc 2.41 knows `strict-error`, and a leading `-` that takes a switch back. */
export interface GlibcOptions {
  readonly strictError: boolean
  readonly negation: boolean
}

export function glibcGrammar(known: GlibcOptions): Grammar {
  return {
    defaults: { ndots: 1, timeoutMs: 5000, attempts: 2 },
    blanksBeforeKeyword: false,
    comments: { characters: '#;', place: 'column 0' },
    separators: SEPARATORS,
    search: { empty: 'nothing' },
    domain: { words: 'first', afterSearch: 'replaces' },
    withoutSearch: 'domain of the host name',
    servers: { max: 3, read: readServer, none: ['127.0.0.1'] },
    options: (text, draft, warn) => {
      for (const word of wordsOf(text, SEPARATORS)) readOption(word, known, draft, warn)
    },
    environment: { localDomain: 'all', resOptions: true }
  }
}

function readServer(word: string): string | undefined {
  const address = inetAton(word) ?? scopedAddress(word)
  return address === undefined || isIPv6(address) ? address : inetAton(address)
}

function readOption(word: string, known: GlibcOptions, draft: Draft, warn: (message: string) => void): void {
  const colon = word.indexOf(':')
  const number = colon < 0 ? 0 : atoi(word.slice(colon + 1))
  if (word.startsWith('ndots:')) {
    if (number > NDOTS_MAX) warn(`ndots:${number} is over ${NDOTS_MAX}: ${NDOTS_MAX} is used`)
    if (number < 0) warn(`${shown([word])} is no count: ${number & NDOTS_MAX} is used`)
    // Four bits hold it.
    draft.ndots = number > NDOTS_MAX ? NDOTS_MAX : number & NDOTS_MAX
  } else if (word.startsWith('timeout:')) {
    if (number > TIMEOUT_SECONDS_MAX) warn(`timeout:${number} is over ${TIMEOUT_SECONDS_MAX} seconds`)
    draft.timeoutMs = Math.min(number, TIMEOUT_SECONDS_MAX) * 1000
  } else if (word.startsWith('attempts:')) {
    if (number > ATTEMPTS_MAX) warn(`attempts:${number} is over ${ATTEMPTS_MAX}`)
    if (number <= 0) warn('attempts:0: no query is ever sent')
    draft.attempts = Math.min(number, ATTEMPTS_MAX)
  } else readSwitch(word, known, draft, warn)
}

function readSwitch(word: string, known: GlibcOptions, draft: Draft, warn: (message: string) => void): void {
  const off = known.negation && word.startsWith('-')
  const name = off ? word.slice(1) : word
  let found = switches.find(([prefix]) => name.startsWith(prefix))?.[1]
  if (known.strictError && name.startsWith('strict-error')) found = 'strict-error'
  if (found === undefined) {
    if (!idle.some(prefix => name.startsWith(prefix))) warn(`unknown option ${shown([word])}`)
  } else if (off) draft.switches.delete(found)
  else draft.switches.add(found)
}
