// Zone files: text to records (RFC 1035 §5, RFC 2308 §4, RFC 3597 §5). What is taken and what is said about the rest is
// CoreDNS's. Everything has a bound: octets, records, depth of $INCLUDE, lines of $GENERATE.
import type { MessageRecord } from '../wire/message.ts'
import { ROOT, type Name } from '../wire/name.ts'
import { Rclass } from '../wire/numbers.ts'
import { expandTemplate, parseRange, parseTemplate } from './generate.ts'
import { Lexer, type Token } from './lexer.ts'
import { absoluteName } from './names.ts'
import { RdataProblem, endOfRecord, readRdata } from './rdata-reader.ts'
import { parseTtl } from './ttl.ts'
import { ZoneFileError } from './zone-file-error.ts'

/** The most octets that one zone file may have. */
export const ZONE_FILE_OCTETS_MAX = 64 * 1024 * 1024
/** The most records that one zone file may have, those of $INCLUDE and $GENERATE counted. */
export const ZONE_FILE_RECORDS_MAX = 2_000_000
/** How deep $INCLUDE may nest. */
const INCLUDE_DEPTH_MAX = 7
/** Seconds that a record has where neither it nor the file says any: single records and $GENERATE only. */
const DEFAULT_TTL = 3600

/** The octets of a file named by $INCLUDE. Throws an Error that says why it can't be had. */
export type ReadInclude = (path: string) => Uint8Array

export interface ZoneFileOptions {
  /** For messages, and where relative $INCLUDE paths start; empty for text that comes from no file. */
  readonly file?: string
  /** Left out: $INCLUDE is an error. */
  readonly readInclude?: ReadInclude
  /** Seconds for records without a TTL before the first one is known; left out, such a record is an error. */
  readonly defaultTtl?: number
}

/**
 * The records of a zone file, one by one as they are read, so that a caller can stop or let others run between them.
 * Names are absolute; letter case is kept. Throws ZoneFileError.
 */
export function* readZoneFile(
  octets: Uint8Array,
  origin: Name,
  options: ZoneFileOptions = {}
): Generator<MessageRecord, undefined> {
  const { file = '', readInclude, defaultTtl } = options
  if (octets.length > ZONE_FILE_OCTETS_MAX) {
    throw new ZoneFileError({ file, line: 1, column: 0 }, `more than ${ZONE_FILE_OCTETS_MAX} octets`, '')
  }
  const budget = { octets: ZONE_FILE_OCTETS_MAX - octets.length, records: ZONE_FILE_RECORDS_MAX }
  const ttl = defaultTtl === undefined ? undefined : { seconds: defaultTtl, byDirective: false }
  const text = Buffer.from(octets.buffer, octets.byteOffset, octets.length).toString('latin1')
  yield* new ZoneFileReader({ text, origin, file, readInclude, budget, ttl, depth: 0 }).records()
}

/**
 * The first record in a text, as CoreDNS's plugins read the ones in their options: `web 60 IN A 10.0.0.1`. TTL and class
 * may be left out (3600, IN), names without a final dot end where `origin` begins. `undefined` when there is none.
 * Throws ZoneFileError.
 */
export function readRecord(text: string, origin: Name = ROOT): MessageRecord | undefined {
  const octets = Buffer.from(text, 'utf8').toString('latin1')
  const reader = new ZoneFileReader({
    text: octets,
    origin,
    file: '',
    readInclude: undefined,
    budget: { octets: 0, records: 1 },
    ttl: { seconds: DEFAULT_TTL, byDirective: false },
    depth: 0
  })
  const first = reader.records().next()
  return first.done === true ? undefined : first.value
}

/** What files that include each other may still use. */
interface Budget {
  octets: number
  records: number
}

interface DefaultTtl {
  readonly seconds: number
  /** Set by $TTL: a record's own TTL doesn't change it. */
  readonly byDirective: boolean
}

interface ReaderState {
  readonly text: string
  readonly origin: Name
  readonly file: string
  readonly readInclude: ReadInclude | undefined
  readonly budget: Budget
  readonly ttl: DefaultTtl | undefined
  readonly depth: number
  readonly line?: number
  /** Inside $GENERATE, which doesn't nest. */
  readonly isGenerated?: boolean
}

class ZoneFileReader {
  readonly #state: ReaderState
  readonly #lexer: Lexer
  #origin: Name
  #defaultTtl: DefaultTtl | undefined
  #owner: Name | undefined
  #ttl = 0

  constructor(state: ReaderState) {
    this.#state = state
    this.#lexer = new Lexer(state.text, state.line)
    this.#origin = state.origin
    this.#defaultTtl = state.ttl
  }

  *records(): Generator<MessageRecord, undefined> {
    for (;;) {
      const token = this.#next()
      switch (token.kind) {
        case 'end':
          return undefined
        case 'newline':
          break
        case 'directive':
          yield* this.#directive(token)
          break
        case 'blank':
          if (this.#lexer.peek().kind === 'newline' || this.#lexer.peek().kind === 'end') break
          yield this.#record(this.#next())
          break
        default:
          yield this.#record(token)
      }
    }
  }

  /** `first` is the record's first word: its owner, or what follows where the owner is left out. */
  #record(first: Token): MessageRecord {
    if (this.#defaultTtl !== undefined) this.#ttl = this.#defaultTtl.seconds
    let token = first
    if (first.kind === 'owner') {
      this.#owner = absoluteName(first.text, this.#origin)
      if (this.#owner === undefined) throw this.#error('bad owner name', first)
      this.#expectBlank('no blank after owner')
      token = this.#next()
    }
    let rclass: number | undefined
    let hasTtl = false
    for (; token.kind !== 'type'; token = this.#next()) {
      if (token.kind === 'class' && rclass === undefined) {
        rclass = token.number
        this.#expectBlank(hasTtl ? 'no blank before RR type' : 'no blank before class')
      } else if (token.kind === 'string' && !hasTtl) {
        this.#setTtl(token)
        hasTtl = true
        this.#expectBlank(rclass === undefined ? 'no blank before TTL' : 'no blank before RR type')
      } else throw this.#error(unexpected(first.kind === 'owner', hasTtl, rclass !== undefined), token)
    }
    // Where the class is written, CoreDNS takes 0 for a TTL that nothing says.
    if (first.kind === 'owner' && !hasTtl && rclass === undefined && this.#defaultTtl === undefined) {
      throw this.#error('missing TTL with no previous value', token)
    }
    return this.#data(token, rclass ?? Rclass.IN)
  }

  #setTtl(token: Token): void {
    const seconds = parseTtl(token.text)
    if (seconds === undefined) throw this.#error('not a TTL', token)
    this.#ttl = seconds
    if (this.#defaultTtl?.byDirective !== true) this.#defaultTtl = { seconds, byDirective: false }
  }

  #data(type: Token, rclass: number): MessageRecord {
    const { budget } = this.#state
    if (this.#owner === undefined) throw this.#error('bad owner name', type)
    if (--budget.records < 0) throw this.#error(`more than ${ZONE_FILE_RECORDS_MAX} records`, type)
    try {
      const rdata = readRdata(this.#lexer, type.number, this.#origin)
      return { name: this.#owner, rtype: type.number, rclass, ttl: this.#ttl, rdata }
    } catch (error) {
      throw this.#located(error)
    }
  }

  *#directive(directive: Token): Generator<MessageRecord, undefined> {
    const name = directive.text.toUpperCase()
    this.#expectBlank(`no blank after ${name}-directive`)
    const word = this.#next()
    if (name === '$GENERATE' && this.#state.isGenerated === true) {
      throw this.#error('nested $GENERATE directive not allowed', word)
    }
    if (!isWord(word)) throw this.#error(`expecting ${name} value, not this...`, word)
    switch (name) {
      case '$TTL': {
        this.#endOfLine()
        const seconds = parseTtl(word.text)
        if (seconds === undefined) throw this.#error('expecting $TTL value, not this...', word)
        this.#defaultTtl = { seconds, byDirective: true }
        return undefined
      }
      case '$ORIGIN': {
        this.#endOfLine()
        const origin = absoluteName(word.text, this.#origin)
        if (origin === undefined) throw this.#error('bad origin name', word)
        this.#origin = origin
        return undefined
      }
      case '$INCLUDE':
        return yield* this.#include(word)
      default:
        return yield* this.#generate(word)
    }
  }

  /** `$INCLUDE file [origin]`; the origin counts inside that file only. */
  *#include(word: Token): Generator<MessageRecord, undefined> {
    let origin = this.#origin
    const after = this.#next()
    if (after.kind === 'blank') {
      const originWord = this.#lexer.peek()
      if (isWord(originWord)) {
        this.#lexer.next()
        const name = absoluteName(originWord.text, this.#origin)
        if (name === undefined) throw this.#error('bad origin name', originWord)
        origin = name
      }
    } else if (after.kind !== 'newline' && after.kind !== 'end') {
      throw this.#error('garbage after $INCLUDE', after)
    }
    const { readInclude, depth, budget, file } = this.#state
    if (readInclude === undefined) throw this.#error('$INCLUDE directive not allowed', word)
    if (depth >= INCLUDE_DEPTH_MAX) throw this.#error('too deeply nested $INCLUDE', word)
    const path = isAbsolutePath(word.text) ? word.text : joinPath(folderOf(file), word.text)
    let octets: Uint8Array
    try {
      octets = readInclude(path)
    } catch (error) {
      const as = path === word.text ? '' : ` as \`${path}'`
      const why = error instanceof Error ? error.message : String(error)
      throw this.#error(`failed to open \`${word.text}'${as}: ${why}`, word)
    }
    budget.octets -= octets.length
    if (budget.octets < 0)
      throw this.#error(`more than ${ZONE_FILE_OCTETS_MAX} octets with what it includes`, word)
    yield* new ZoneFileReader({
      text: Buffer.from(octets.buffer, octets.byteOffset, octets.length).toString('latin1'),
      origin,
      file: path,
      readInclude,
      budget,
      ttl: this.#defaultTtl,
      depth: depth + 1
    }).records()
    return undefined
  }

  /** `$GENERATE range line`, RFC-less but everybody's: the line once for each number. */
  *#generate(word: Token): Generator<MessageRecord, undefined> {
    const range = parseRange(word.text)
    if (typeof range === 'string') throw this.#error(range, word)
    if (this.#next().kind !== 'blank') throw this.#error('garbage after $GENERATE range', word)
    let text = ''
    for (;;) {
      const token = this.#lexer.next()
      if (token.kind === 'error') throw this.#error('bad data in $GENERATE directive', token)
      if (token.kind === 'newline' || token.kind === 'end') break
      text += token.text
    }
    const pieces = parseTemplate(text, range)
    if (typeof pieces === 'string') throw this.#error(pieces, word)
    const { start, stop, step } = range
    for (let number = start; number <= stop; number += step) {
      yield* new ZoneFileReader({
        ...this.#state,
        text: expandTemplate(pieces, number),
        origin: this.#origin,
        ttl: { seconds: DEFAULT_TTL, byDirective: false },
        line: word.line,
        isGenerated: true
      }).records()
    }
    return undefined
  }

  #endOfLine(): void {
    try {
      endOfRecord(this.#lexer)
    } catch (error) {
      throw this.#located(error)
    }
  }

  #next(): Token {
    const token = this.#lexer.next()
    if (token.kind === 'error') throw this.#error(token.text, token)
    return token
  }

  #expectBlank(problem: string): void {
    const token = this.#next()
    if (token.kind !== 'blank') throw this.#error(problem, token)
  }

  #located(error: unknown): unknown {
    return error instanceof RdataProblem ? this.#error(error.message, error.token) : error
  }

  #error(problem: string, token: Token): ZoneFileError {
    const { line, column } = token
    return new ZoneFileError({ file: this.#state.file, line, column }, problem, token.text)
  }
}

/** Any word; what a directive is given may look like a type or a class. */
const isWord = ({ kind }: Token): boolean => kind === 'string' || kind === 'type' || kind === 'class'

function unexpected(hasOwner: boolean, hasTtl: boolean, hasClass: boolean): string {
  if (hasTtl && hasClass) return 'unknown RR type'
  if (hasTtl) return 'expecting RR type or class, not this...'
  if (hasClass) return 'expecting RR type or TTL, not this...'
  return hasOwner ? 'expecting RR type, TTL or class, not this...' : 'syntax error at beginning'
}

const isAbsolutePath = (path: string): boolean => path.startsWith('/')

function folderOf(path: string): string {
  const slash = path.lastIndexOf('/')
  return slash < 0 ? '.' : slash === 0 ? '/' : path.slice(0, slash)
}

/** The path without `.` and `..` where they can go, as CoreDNS's messages show it. */
function joinPath(folder: string, file: string): string {
  const parts: string[] = []
  for (const part of `${folder}/${file}`.split('/')) {
    if (part === '' || part === '.') continue
    if (part === '..' && parts.length > 0 && parts.at(-1) !== '..') parts.pop()
    else if (part !== '..' || !folder.startsWith('/')) parts.push(part)
  }
  return `${folder.startsWith('/') ? '/' : ''}${parts.join('/')}`
}
