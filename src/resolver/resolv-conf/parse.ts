// Reads resolv.conf by a grammar: one reader for all programs. Any text of any length gives a configuration, in time that
// grows with its length; octets that are no text are read as Latin-1 or UTF-8 by the caller, and pass through.
import type { ConfWarning, ResolverConfig } from './config.ts'
import { hostNameDomain, readHosts, usualHosts, type Environment } from './environment.ts'
import type { Draft, Grammar } from './grammar.ts'

/** Warnings kept of one file. */
const WARNINGS_MAX = 100
/** Characters of the file shown in a warning. */
const SHOWN_MAX = 60

/** What a program does not see of a word that it holds as a string of C. */
const NUL_IN_WORD = /\0[^ \t\v\f\r]*/g

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
  let skipped = 0
  for (const line of linesOf(text)) {
    number++
    if (draft.refusal !== undefined) break
    if (skipped > 0) {
      skipped--
      continue
    }
    const nul = grammar.nul === 'ends a word' ? -1 : line.indexOf('\0')
    if (nul >= 0 && grammar.nul !== undefined) {
      warnAt(number)('holds a NUL: passed over, and the next line with it')
      skipped = 1
      continue
    }
    const seen = grammar.nul === 'ends a word' ? line.replace(NUL_IN_WORD, '') : line
    const kept = withoutComment(nul < 0 ? seen : seen.slice(0, nul), grammar)
    for (const piece of piecesOf(kept, grammar, warnAt(number)))
      readLine(piece, grammar, draft, state, warnAt(number))
  }
  if (draft.search.length === 0 && grammar.withoutSearch === 'domain of the host name') {
    const domain = hostNameDomain(environment)
    if (domain !== undefined) draft.search = [domain]
  }
  if (grammar.servers.duplicates === 'once') draft.servers = [...new Set(draft.servers)]
  const resOptions = environment.variables?.['RES_OPTIONS']
  if (grammar.environment.resOptions === true && resOptions !== undefined)
    grammar.options(resOptions, draft, warnAt(0))
  if (draft.servers.length === 0) {
    draft.servers = [...grammar.servers.none]
    warnAt(0)(`no usable nameserver: ${draft.servers.join(' and ') || 'nobody'} is asked`)
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
  const words = wordsOf(value, grammar.search.separators ?? grammar.separators)
  if (grammar.environment.localDomain === 'first') return words.slice(0, 1)
  // What stands before the first blank is a domain even when nothing does: the root.
  const begins = value === '' || grammar.separators.includes(value.charAt(0))
  return begins ? ['', ...words] : words
}

/** Lines without their newline. */
function* linesOf(text: string): Generator<string> {
  let start = 0
  while (start < text.length) {
    const newline = text.indexOf('\n', start)
    const end = newline < 0 ? text.length : newline
    yield text.slice(start, end)
    start = end + 1
  }
}

/** A comment that may begin within a word ends the line; others are for the words' readers to see. */
function withoutComment(line: string, { comments }: Grammar): string {
  if (comments.place !== 'anywhere') return line
  let end = 0
  while (end < line.length && !comments.characters.includes(line.charAt(end))) end++
  return line.slice(0, end)
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
  if (isPassedOver(keyword, value, grammar, warn)) return
  if (keyword === 'search') readSearch(value, grammar, draft, state, warn)
  else if (keyword === 'domain') readDomain(value, grammar, draft, state, warn)
  else if (keyword === 'nameserver') readServer(value, grammar, draft, warn)
  else if (keyword === 'options') grammar.options(value, draft, warn)
}

function isPassedOver(keyword: string, value: string, grammar: Grammar, warn: Warn): boolean {
  const { valueOctetsMax, valuePrintable } = grammar
  if (valueOctetsMax === undefined && valuePrintable !== true) return false
  const trimmed = value.trim()
  if (valueOctetsMax !== undefined && trimmed.length > valueOctetsMax) {
    warn(`${shown([keyword])}: ${trimmed.length} octets, over ${valueOctetsMax}: the line is passed over`)
    return true
  }
  const printable = valuePrintable !== true || /^[\x20-\x7e]*$/.test(trimmed)
  if (!printable)
    warn(`${shown([keyword])}: a tab or another character that can't be printed: the line is passed over`)
  return !printable
}

function leadingBlanks(line: string, separators: string): number {
  let at = 0
  while (at < line.length && separators.includes(line.charAt(at))) at++
  return at
}

/** `value` up to the first word that begins with a comment character. */
function beforeComment(value: string, characters: string, separators: string): string {
  const found = new RegExp(`(?:^|[${separators}])[${characters}]`).exec(value)
  if (found === null) return value
  return value.slice(0, found.index + found[0].length - 1)
}

function readSearch(value: string, grammar: Grammar, draft: Draft, state: State, warn: Warn): void {
  if (state.fixedSearch) return warn('search: LOCALDOMAIN is set, the line is passed over')
  const { domainsMax, empty, keeps } = grammar.search
  const ownSeparators = grammar.search.separators
  const domains = wordsOf(
    ownSeparators === undefined ? value : value.trim(),
    ownSeparators ?? grammar.separators
  )
  if (domains.length === 0) {
    if (empty === 'refused') draft.refusal = 'search: no domain on the line'
    if (empty === 'clears') draft.search = []
    return warn(
      empty === 'clears' ? 'search without a domain: the list is empty now' : 'search without a domain'
    )
  }
  state.listGiven = true
  const { addsUpTo } = grammar.search
  if (addsUpTo !== undefined) return addDomains(domains, addsUpTo, draft, warn)
  if (draft.search.length > 0) warn('search: takes the place of an earlier list')
  if (domainsMax !== undefined && domains.length > domainsMax)
    warn(
      `search: ${domains.length} domains, over ${domainsMax}: ${shown(domains.slice(domainsMax))} not used`
    )
  const kept = domainsMax === undefined ? domains : domains.slice(0, domainsMax)
  const list = keeps === undefined ? kept : kept.filter(keeps)
  draft.search = grammar.search.duplicates === 'once' ? eachOnce(list) : list
}

function addDomains(domains: readonly string[], most: number, draft: Draft, warn: Warn): void {
  const known = new Set(draft.search.map(domain => domain.toLowerCase()))
  for (const domain of domains) {
    if (known.has(domain.toLowerCase())) continue
    if (known.size >= most)
      return warn(`search: ${shown([domain])} and others not used, over ${most} domains`)
    known.add(domain.toLowerCase())
    draft.search.push(domain)
  }
}

/** Without those that are there already, but for the case of letters. */
function eachOnce(domains: readonly string[]): string[] {
  const byKey = new Map<string, string>()
  for (const domain of domains) {
    const key = domain.toLowerCase()
    if (!byKey.has(key)) byKey.set(key, domain)
  }
  return [...byKey.values()]
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
  if (words === 'one, or refused' && !isOneWord(value, domains))
    draft.refusal = `domain: ${shown(domains)} on the line, expected one word`
  const first = domains[0]
  if (first === undefined) return
  if (domains.length > 1) warn(`domain: ${shown(domains.slice(1))} not used`)
  if (draft.search.length > 0 && afterSearch === 'nothing')
    return warn('domain: passed over, there is a list already')
  if (draft.search.length > 0) warn('domain: takes the place of an earlier list')
  draft.search = grammar.search.keeps?.(first) === false ? [] : [first]
}

function readServer(value: string, grammar: Grammar, draft: Draft, warn: Warn): void {
  const { junk, separators } = grammar.servers
  const [word, ...more] = wordsOf(
    separators === undefined ? value : value.trim(),
    separators ?? grammar.separators
  )
  const whole = word === undefined ? [] : [word, ...more]
  if (junk === 'refused' && (!isOneWord(value, whole) || grammar.servers.read(word ?? '') === undefined)) {
    draft.refusal = `nameserver: ${shown(whole)} on the line, expected one address`
    return
  }
  if (word === undefined) return warn('nameserver: no address on the line')
  for (const one of separators === undefined ? [word] : whole) addServer(one, grammar, draft, warn)
}

function addServer(word: string, grammar: Grammar, draft: Draft, warn: Warn): void {
  const { max, read } = grammar.servers
  const server = read(word)
  if (server === undefined) return warn(`nameserver: ${shown([word])} is no address, the line is passed over`)
  if (max !== undefined && draft.servers.length >= max)
    return warn(`nameserver: ${shown([word])} is not used, only the first ${max} are`)
  draft.servers.push(server)
}

/** One word, with nothing but spaces and tabs behind it. */
function isOneWord(value: string, words: readonly string[]): boolean {
  return (
    words.length === 1 &&
    /^[ \t]*$/.test(value.slice(value.lastIndexOf(words[0] as string)).slice(words[0]?.length))
  )
}

/** The words of `text` between any of `separators`. */
export function wordsOf(text: string, separators: string): string[] {
  return text.split(new RegExp(`[${separators}]+`)).filter(word => word !== '')
}

/** Words for a warning: not all of a long list, nothing that a terminal would obey. */
export function shown(words: readonly string[]): string {
  const text = words.slice(0, 10).join(' ')
  const cut = text.length > SHOWN_MAX || words.length > 10 ? `${text.slice(0, SHOWN_MAX)}…` : text
  return Array.from(cut, c => (c < ' ' || (c >= '\x7f' && c < '\xa0') ? '?' : c)).join('')
}
