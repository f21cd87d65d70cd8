// Reads resolv.conf by a grammar: one reader for all programs. Any text of any length gives a configuration, in time that
// grows with its length; octets that are no text are read as Latin-1 or UTF-8 by the caller, and pass through.
import type { ConfWarning, ResolverConfig } from './config.ts'
import { hostNameDomain, readHosts, usualHosts, type Environment } from './environment.ts'
import type { Draft, Grammar } from './grammar.ts'

/** Warnings kept of one file. */
const WARNINGS_MAX = 100
/** Characters of the file shown in a warning. */
const SHOWN_MAX = 60

type Warn = (message: string) => void

export function parseResolvConf(
  text: string,
  grammar: Grammar,
  environment: Environment = {}
): ResolverConfig {
  const warnings: ConfWarning[] = []
  const warnAt = (line: number) => (message: string) => {
    if (warnings.length < WARNINGS_MAX) warnings.push({ line, message })
  }
  const draft: Draft = { ...grammar.defaults, servers: [], search: [], switches: new Set(), warnings }
  const fixed = localDomain(grammar, environment)
  if (fixed !== undefined) draft.search = fixed
  const state = { fixedSearch: fixed !== undefined, listGiven: false }
  let number = 0
  for (const line of linesOf(text)) {
    number++
    if (draft.refusal !== undefined) break
    for (const piece of piecesOf(line, grammar, warnAt(number)))
      readLine(piece, grammar, draft, state, warnAt(number))
  }
  if (draft.search.length === 0 && grammar.withoutSearch === 'domain of the host name') {
    const domain = hostNameDomain(environment)
    if (domain !== undefined) draft.search = [domain]
  }
  const resOptions = environment.variables?.['RES_OPTIONS']
  if (grammar.environment.resOptions === true && resOptions !== undefined)
    grammar.options(resOptions, draft, warnAt(0))
  if (draft.servers.length === 0) {
    draft.servers = [...grammar.servers.none]
    warnAt(0)(`no usable nameserver: ${draft.servers.join(' and ')} is asked`)
  }
  return {
    ...draft,
    hosts: readHosts(environment.hosts ?? usualHosts),
    hostAliases: environment.hostAliases ?? {}
  }
}

function localDomain(grammar: Grammar, environment: Environment): string[] | undefined {
  const value = environment.variables?.['LOCALDOMAIN']
  if (grammar.environment.localDomain === undefined || value === undefined) return undefined
  const words = wordsOf(value, grammar.separators)
  return grammar.environment.localDomain === 'first' ? words.slice(0, 1) : words
}

/** Lines without their newline; a NUL ends a line early, as it ends a string of C. */
function* linesOf(text: string): Generator<string> {
  let start = 0
  while (start < text.length) {
    const newline = text.indexOf('\n', start)
    const line = text.slice(start, newline < 0 ? text.length : newline)
    const nul = line.indexOf('\0')
    yield nul < 0 ? line : line.slice(0, nul)
    start += line.length + 1
  }
}

function* piecesOf(line: string, grammar: Grammar, warn: Warn): Generator<string> {
  const limit = grammar.lineOctets
  if (limit === undefined || line.length < limit.max) {
    yield line
    return
  }
  if (limit.beyond === 'passed over') {
    warn(`a line of ${line.length} octets, over ${limit.max - 1}: the whole line is passed over`)
    return
  }
  warn(`a line of ${line.length} octets, over ${limit.max - 1}: the rest is read as a line of its own`)
  for (let start = 0; start < line.length; start += limit.max - 1)
    yield line.slice(start, start + limit.max - 1)
}

interface State {
  /** The list comes from the environment: no line changes it. */
  readonly fixedSearch: boolean
  /** A `search` line has given a list. */
  listGiven: boolean
}

function readLine(line: string, grammar: Grammar, draft: Draft, state: State, warn: Warn): void {
  const { separators, comments } = grammar
  const blanks = leadingBlanks(line, separators)
  const commented = comments.characters.includes(line.charAt(comments.place === 'column 0' ? 0 : blanks))
  if (line.length === blanks || commented) return
  const start = grammar.blanksBeforeKeyword ? blanks : 0
  if (start < blanks) {
    if (/^\s+(search|domain|nameserver|options)\s/.test(line)) warn('begins with a blank: passed over')
    return
  }
  let end = start
  while (end < line.length && !separators.includes(line.charAt(end))) end++
  const keyword = line.slice(start, end)
  let value = line.slice(end)
  if (comments.place === 'any word') value = beforeComment(value, comments.characters, separators)
  if (grammar.valueOctetsMax !== undefined && value.length > grammar.valueOctetsMax) {
    warn(`${keyword}: ${value.length} octets, over ${grammar.valueOctetsMax}: the line is passed over`)
    return
  }
  if (keyword === 'search') readSearch(value, grammar, draft, state, warn)
  else if (keyword === 'domain') readDomain(value, grammar, draft, state, warn)
  else if (keyword === 'nameserver') readServer(value, grammar, draft, warn)
  else if (keyword === 'options') grammar.options(value, draft, warn)
}

function leadingBlanks(line: string, separators: string): number {
  let at = 0
  while (at < line.length && separators.includes(line.charAt(at))) at++
  return at
}

/** `value` up to the first word that begins with a comment character. */
function beforeComment(value: string, characters: string, separators: string): string {
  for (let at = 0; at < value.length; at++) {
    const begins = at === 0 || separators.includes(value.charAt(at - 1))
    if (begins && characters.includes(value.charAt(at))) return value.slice(0, at)
  }
  return value
}

function readSearch(value: string, grammar: Grammar, draft: Draft, state: State, warn: Warn): void {
  if (state.fixedSearch) return warn('search: LOCALDOMAIN is set, the line is passed over')
  const { domainsMax, empty, keeps } = grammar.search
  const domains = wordsOf(value, grammar.search.separators ?? grammar.separators)
  if (domains.length === 0) {
    if (empty === 'refused') draft.refusal = 'search: no domain on the line'
    if (empty === 'clears') draft.search = []
    return warn(
      empty === 'clears' ? 'search without a domain: the list is empty now' : 'search without a domain'
    )
  }
  state.listGiven = true
  if (draft.search.length > 0) warn('search: takes the place of an earlier list')
  if (domainsMax !== undefined && domains.length > domainsMax)
    warn(
      `search: ${domains.length} domains, over ${domainsMax}: ${shown(domains.slice(domainsMax))} not used`
    )
  const kept = domainsMax === undefined ? domains : domains.slice(0, domainsMax)
  draft.search = keeps === undefined ? kept : kept.filter(keeps)
}

function readDomain(value: string, grammar: Grammar, draft: Draft, state: State, warn: Warn): void {
  const { words, afterSearch, ignored } = grammar.domain
  if (ignored === true) return warn('domain: not a keyword here')
  if (state.fixedSearch) return warn('domain: LOCALDOMAIN is set, the line is passed over')
  if (words === 'all') {
    if (state.listGiven && afterSearch === 'nothing')
      return warn('domain: passed over, there is a search list')
    const given = state.listGiven
    readSearch(value, grammar, draft, state, warn)
    state.listGiven = given
    return
  }
  const domains = wordsOf(value, grammar.separators)
  if (words === 'one, or refused' && domains.length !== 1)
    draft.refusal = `domain: ${domains.length} words on the line, expected one`
  const first = domains[0]
  if (first === undefined) return
  if (domains.length > 1) warn(`domain: ${shown(domains.slice(1))} not used`)
  if (state.listGiven && afterSearch === 'nothing') return warn('domain: passed over, there is a search list')
  if (draft.search.length > 0) warn('domain: takes the place of an earlier list')
  draft.search = grammar.search.keeps?.(first) === false ? [] : [first]
}

function readServer(value: string, grammar: Grammar, draft: Draft, warn: Warn): void {
  const { max, read, junk } = grammar.servers
  const [word, ...more] = wordsOf(value, grammar.separators)
  if (junk === 'refused' && (word === undefined || more.length > 0)) {
    draft.refusal = `nameserver: ${more.length + (word === undefined ? 0 : 1)} words on the line, expected one`
    return
  }
  if (word === undefined) return warn('nameserver: no address on the line')
  const server = read(word)
  if (server === undefined) return warn(`nameserver: ${shown([word])} is no address, the line is passed over`)
  if (max !== undefined && draft.servers.length >= max)
    return warn(`nameserver: ${shown([word])} is not used, only the first ${max} are`)
  draft.servers.push(server)
}

/** The words of `text` between any of `separators`. */
export function wordsOf(text: string, separators: string): string[] {
  const words: string[] = []
  let start = -1
  for (let at = 0; at <= text.length; at++) {
    if (at < text.length && !separators.includes(text.charAt(at))) {
      if (start < 0) start = at
    } else if (start >= 0) {
      words.push(text.slice(start, at))
      start = -1
    }
  }
  return words
}

/** Words for a warning: not all of a long list, nothing that a terminal would obey. */
export function shown(words: readonly string[]): string {
  const text = words.slice(0, 10).join(' ')
  const cut = text.length > SHOWN_MAX || words.length > 10 ? `${text.slice(0, SHOWN_MAX)}…` : text
  return [...cut].map(c => (c < ' ' || (c >= '\x7f' && c < '\xa0') ? '?' : c)).join('')
}
