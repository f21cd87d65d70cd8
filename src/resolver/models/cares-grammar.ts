// How c-ares reads resolv.conf (ares_init.c at 1.18.1, ares_sysconfig_files.c at 1.34.5; resolver-semantics.md §1).
import { plainAddress, scopedAddress } from '../names.ts'
import type { ResolverConfig } from '../resolv-conf/config.ts'
import type { Environment } from '../resolv-conf/environment.ts'
import type { Draft, Grammar } from '../resolv-conf/grammar.ts'
import { atoi } from '../resolv-conf/numbers.ts'
import { parseResolvConf, shown, wordsOf } from '../resolv-conf/parse.ts'

const BLANKS = ' \t\r\v\f'
/** c-ares has no limit of its own; nobody means more, and a choice among them has to be quick. */
const SERVERS_MAX = 256
/** `search`, `nameserver`: between the words of what follows. */
const LIST_SEPARATORS = ', '

const common = {
  blanksBeforeKeyword: true,
  separators: BLANKS,
  withoutSearch: 'domain of the host name'
} as const

const list = { empty: 'nothing', separators: LIST_SEPARATORS, duplicates: 'once' } as const

/** The first value of an option counts, and one from RES_OPTIONS before all; so a grammar serves one file. */
function grammar118(environment: Environment): Grammar {
  const seen = new Set<string>()
  let first = environment.variables?.['RES_OPTIONS']
  const read = (text: string, draft: Draft) => {
    for (const { 0: word, index } of text.matchAll(/\S+/g)) {
      const value = (option: string) => {
        if (!word.startsWith(option) || seen.has(option)) return undefined
        seen.add(option)
        // The number may come after blanks, and has no sign bit.
        return atoi(text.slice(index + option.length)) & 0x7fff_ffff
      }
      draft.ndots = value('ndots:') ?? draft.ndots
      draft.timeoutMs = value('retrans:') ?? draft.timeoutMs
      draft.attempts = value('retry:') ?? draft.attempts
      if (word.startsWith('rotate')) draft.switches.add('rotate')
    }
  }
  return {
    ...common,
    defaults: { ndots: 1, timeoutMs: 5000, attempts: 4 },
    comments: { characters: '#;', place: 'anywhere' },
    search: list,
    domain: { words: 'first', afterSearch: 'replaces' },
    servers: {
      max: SERVERS_MAX,
      read: plainAddress,
      separators: BLANKS + LIST_SEPARATORS,
      none: ['127.0.0.1']
    },
    options(text, draft, warn) {
      if (first !== undefined) {
        read(first, draft)
        first = undefined
      }
      read(text, draft)
      const unknown = wordsOf(text, BLANKS).filter(word => /^(timeout|attempts):/.test(word))
      if (unknown.length > 0) warn(`options: ${shown(unknown)} not known: it is retrans: and retry: here`)
    },
    environment: { localDomain: 'all', resOptions: true }
  }
}

function readOptions134(text: string, draft: Draft, warn: (message: string) => void): void {
  for (const word of wordsOf(text, ' \t')) {
    const colon = word.indexOf(':')
    const key = colon < 0 ? word : word.slice(0, colon)
    const number = unsigned(colon < 0 ? '' : word.slice(colon + 1))
    if (key === 'ndots') draft.ndots = number
    else if (key === 'timeout' || key === 'retrans' || key === 'attempts' || key === 'retry') {
      if (number === 0) warn(`options: ${shown([word])} is passed over`)
      else if (key === 'timeout' || key === 'retrans') draft.timeoutMs = number * 1000
      else draft.attempts = number
    } else if (key === 'rotate') draft.switches.add('rotate')
    else if (key === 'use-vc' || key === 'usevc') draft.switches.add('use-vc')
  }
}

/** As strtoul in 32 bits: a negative number comes out huge. */
function unsigned(text: string): number {
  return atoi(text) >>> 0
}

/** 1.34. `use-vc` is forgotten again when the flags are filled in, unless the program has set flags of its own. */
const grammar134: Grammar = {
  ...common,
  defaults: { ndots: 1, timeoutMs: 2000, attempts: 3 },
  comments: { characters: '#;', place: 'after blanks' },
  valueOctetsMax: 511,
  valuePrintable: true,
  search: list,
  domain: { words: 'first', afterSearch: 'nothing' },
  servers: {
    max: SERVERS_MAX,
    read: readServer134,
    separators: LIST_SEPARATORS,
    duplicates: 'once',
    none: ['127.0.0.1']
  },
  options: readOptions134,
  environment: { localDomain: 'first', resOptions: true }
}

/** An address, with `%scope`; in brackets and with a port, which must be 53 as nothing else is modelled. */
function readServer134(word: string): string | undefined {
  const bracketed = /^\[([^\]]*)\](?::53)?(%\S+)?$/.exec(word)
  if (bracketed !== null) return scopedAddress((bracketed[1] ?? '') + (bracketed[2] ?? ''))
  return scopedAddress(word.includes('.') ? word.replace(/:53$/, '') : word)
}

/** 1.18. A LOCALDOMAIN without a domain is as if it weren't set. */
export function parse118(text: string, environment: Environment = {}): ResolverConfig {
  const { LOCALDOMAIN: localDomain = '', ...others } = environment.variables ?? {}
  const empty = wordsOf(localDomain, LIST_SEPARATORS).length === 0
  const variables = empty ? others : { ...others, LOCALDOMAIN: localDomain.trim() }
  const meant = { ...environment, variables }
  return parseResolvConf(text, grammar118(meant), meant)
}

/** 1.34. A LOCALDOMAIN without a domain makes it give up on the file as a whole, RES_OPTIONS included. */
export function parse134(text: string, environment: Environment = {}): ResolverConfig {
  const localDomain = environment.variables?.['LOCALDOMAIN']
  if (localDomain === undefined || wordsOf(localDomain, LIST_SEPARATORS).length > 0)
    return parseResolvConf(text, grammar134, environment)
  const defaults = parseResolvConf('', grammar134, { ...environment, variables: {} })
  const warning = { line: 0, message: 'LOCALDOMAIN is empty: the whole file is passed over' }
  return { ...defaults, warnings: [warning, ...defaults.warnings] }
}
