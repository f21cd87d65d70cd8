// The data of one record, from the tokens behind its type.
import { parseAddress, parsedAddress } from '../wire/address.ts'
import type { Name } from '../wire/name.ts'
import { rtypeName, rtypeNumber } from '../wire/numbers.ts'
import { write16, write32 } from '../wire/records.ts'
import { characterStrings, unescapeText } from './character-strings.ts'
import type { Lexer, Token } from './lexer.ts'
import { absoluteName } from './names.ts'
import { ALGORITHMS, rdataForms, type Field, type FieldKind } from './rdata-forms.ts'
import { encodeServiceParameters } from './service-parameters.ts'
import { parseTtl } from './ttl.ts'
import { encodeTypeBitmap } from './type-bitmap.ts'

/** What is wrong, and at which token. */
export class RdataProblem extends Error {
  readonly token: Token

  constructor(problem: string, token: Token) {
    super(problem)
    this.token = token
  }
}

/** The most octets a record's data may have. */
const RDATA_OCTETS_MAX = 0xffff

/** Kinds that take what is left of the record; nothing may follow any other one that is last. */
const TAKES_REST: ReadonlySet<FieldKind> = new Set([
  'strings',
  'two-strings',
  'value',
  'hex',
  'base64',
  'types',
  'parameters'
])

/** Reads one record's data and the end of its line. Throws RdataProblem. */
export function readRdata(lexer: Lexer, rtype: number, origin: Name): Uint8Array {
  const first = lexer.next()
  if (first.kind !== 'blank' && first.kind !== 'quote') throw new RdataProblem('unexpected newline', first)
  const start = lexer.peek()
  if (start.kind === 'newline' || start.kind === 'end') throw new RdataProblem('unexpected newline', start)
  if (start.text === '\\#' && start.kind === 'string') return readGeneric(lexer)
  const form = rdataForms.get(rtype)
  if (form === undefined)
    throw new RdataProblem(`${rtypeName(rtype)} data must be written as \\# LENGTH HEX`, start)
  const parts: Uint8Array[] = []
  const last = form.length - 1
  form.forEach((field, i) => {
    if (TAKES_REST.has(field[0])) parts.push(readRest(lexer, field, rtype))
    else {
      parts.push(readField(lexer, field, rtype, origin))
      if (i === last) endOfRecord(lexer)
      else if (!TAKES_REST.has((form[i + 1] as Field)[0])) skipBlank(lexer)
    }
  })
  const rdata = Buffer.concat(parts)
  if (rdata.length > RDATA_OCTETS_MAX) throw new RdataProblem('record data over 65535 octets', start)
  return rdata
}

function skipBlank(lexer: Lexer): void {
  if (lexer.peek().kind === 'blank') lexer.next()
}

/** Nothing but white space until the line ends. Throws RdataProblem. */
export function endOfRecord(lexer: Lexer): void {
  skipBlank(lexer)
  const token = lexer.next()
  if (token.kind !== 'newline' && token.kind !== 'end') throw new RdataProblem('garbage after rdata', token)
}

/** RFC 3597 §5: `\# LENGTH HEX`. */
function readGeneric(lexer: Lexer): Uint8Array {
  lexer.next()
  skipBlank(lexer)
  const lengthToken = lexer.next()
  const length = unsigned(lengthToken.text, 0xffff)
  if (length === undefined) throw new RdataProblem('bad RFC3597 Rdata ', lengthToken)
  const octets = hexOf(rest(lexer, 'bad RFC3597 Rdata'))
  if (octets?.length !== length) throw new RdataProblem('bad RFC3597 Rdata', lengthToken)
  return octets
}

function readField(lexer: Lexer, field: Field, rtype: number, origin: Name): Uint8Array {
  const [kind, label] = field
  const token = lexer.next()
  const octets =
    kind === 'quoted'
      ? readQuoted(lexer, token)
      : token.kind === 'error' || token.kind === 'end'
        ? undefined
        : encodeWord(kind, token.text, origin)
  if (octets === undefined) throw new RdataProblem(`bad ${rtypeName(rtype)} ${label}`, token)
  return octets
}

function readQuoted(lexer: Lexer, quote: Token): Uint8Array | undefined {
  if (quote.kind !== 'quote') return undefined
  let octets: Buffer = Buffer.alloc(0)
  if (lexer.peek().kind === 'string') octets = unescapeText(lexer.next().text)
  if (lexer.next().kind !== 'quote' || octets.length > 255) return undefined
  return characterStrings(octets)[0]
}

function encodeWord(kind: FieldKind, word: string, origin: Name): Uint8Array | undefined {
  switch (kind) {
    case 'u8':
      return number(unsigned(word, 0xff), 1)
    case 'u16':
      return number(unsigned(word, 0xffff), 2)
    case 'u32':
      return number(unsigned(word, 0xffffffff), 4)
    case 'seconds':
      return number(word === '' ? undefined : parseTtl(word), 4)
    case 'ipv4':
      return !word.includes(':') && parseAddress(word) === 4 ? parsedAddress.slice(0, 4) : undefined
    case 'ipv6':
      return ipv6(word)
    case 'name':
      return absoluteName(word, origin)
    case 'word': {
      const octets = unescapeText(word)
      return octets.length === 0 || octets.length > 255 ? undefined : characterStrings(octets)[0]
    }
    case 'type':
      return number(rtypeNumber(word), 2)
    case 'algorithm':
      return number(unsigned(word, 0xff) ?? ALGORITHMS.get(word.toUpperCase()), 1)
    case 'time':
      return number(time(word), 4)
    case 'salt': {
      const octets = word === '-' ? Buffer.alloc(0) : hexOf(word)
      return octets === undefined || octets.length > 255 ? undefined : characterStrings(octets)[0]
    }
    case 'base32': {
      const octets = base32(word)
      return octets === undefined || octets.length > 255 ? undefined : characterStrings(octets)[0]
    }
    default:
      return undefined
  }
}

function readRest(lexer: Lexer, field: Field, rtype: number): Uint8Array {
  const [kind, label] = field
  const problem = `bad ${rtypeName(rtype)} ${label}`
  const start = lexer.peek()
  const octets = encodeRest(lexer, kind, problem)
  if (octets === undefined) throw new RdataProblem(problem, start)
  if (typeof octets === 'string') throw new RdataProblem(octets, start)
  return octets
}

function encodeRest(lexer: Lexer, kind: FieldKind, problem: string): Uint8Array | string | undefined {
  switch (kind) {
    case 'strings': {
      const strings = readStrings(lexer, problem)
      return strings.length === 0 ? undefined : Buffer.concat(strings.flatMap(characterStrings))
    }
    case 'two-strings': {
      const strings = readStrings(lexer, problem)
      const words = strings.length === 1 ? splitWords(strings[0] as Buffer) : strings
      const [first, ...others] = words
      if (first === undefined) return undefined
      const second = Buffer.from(others.map(each => each.toString('latin1')).join(' '), 'latin1')
      if (first.length > 255 || second.length > 255) return undefined
      return Buffer.concat([...characterStrings(first), ...characterStrings(second)])
    }
    case 'value': {
      const strings = readStrings(lexer, problem)
      return strings.length === 1 ? strings[0] : undefined
    }
    case 'hex': {
      const text = rest(lexer, problem)
      return text === '' ? undefined : hexOf(text)
    }
    case 'base64': {
      const text = rest(lexer, problem)
      const octets = Buffer.from(text, 'base64')
      return text !== '' && octets.toString('base64').replace(/=+$/, '') === text.replace(/=+$/, '')
        ? octets
        : undefined
    }
    case 'types': {
      const types = rest(lexer, problem, ' ').split(' ').filter(Boolean).map(rtypeNumber)
      return types.includes(undefined) ? undefined : encodeTypeBitmap(types as number[])
    }
    default:
      return encodeServiceParameters(readParameters(lexer, problem))
  }
}

const splitWords = (octets: Buffer): Buffer[] =>
  octets
    .toString('latin1')
    .split(/\s+/)
    .filter(Boolean)
    .map(word => Buffer.from(word, 'latin1'))

/** What is left of the record without its blanks. */
function rest(lexer: Lexer, problem: string, between = ''): string {
  let text = ''
  for (;;) {
    const token = lexer.next()
    if (token.kind === 'newline' || token.kind === 'end') return text
    if (token.kind === 'blank') text += between
    else if (token.kind === 'string') text += token.text
    else throw new RdataProblem(problem, token)
  }
}

/** Words and quoted strings up to the end of the record. */
function readStrings(lexer: Lexer, problem: string): Buffer[] {
  const strings: Buffer[] = []
  for (;;) {
    const token = lexer.next()
    switch (token.kind) {
      case 'newline':
      case 'end':
        return strings
      case 'blank':
        break
      case 'string':
        strings.push(unescapeText(token.text))
        break
      case 'quote': {
        const text = lexer.peek().kind === 'string' ? lexer.next().text : ''
        const close = lexer.next()
        if (close.kind !== 'quote') throw new RdataProblem(problem, close)
        strings.push(unescapeText(text))
        break
      }
      default:
        throw new RdataProblem(problem, token)
    }
  }
}

/** `key`, `key=value` and `key="value"`. */
function readParameters(lexer: Lexer, problem: string): (readonly [string, string | undefined])[] {
  const parameters: (readonly [string, string | undefined])[] = []
  for (;;) {
    const token = lexer.next()
    if (token.kind === 'newline' || token.kind === 'end') return parameters
    if (token.kind === 'blank') continue
    if (token.kind !== 'string') throw new RdataProblem(problem, token)
    const equals = token.text.indexOf('=')
    if (equals < 0) parameters.push([token.text, undefined])
    else if (equals < token.text.length - 1 || lexer.peek().kind !== 'quote') {
      parameters.push([token.text.slice(0, equals), token.text.slice(equals + 1)])
    } else {
      lexer.next()
      const text = lexer.peek().kind === 'string' ? lexer.next().text : ''
      const close = lexer.next()
      if (close.kind !== 'quote') throw new RdataProblem(problem, close)
      parameters.push([token.text.slice(0, equals), text])
    }
  }
}

function unsigned(text: string, max: number): number | undefined {
  const value = /^\d{1,20}$/.test(text) ? Number(text) : max + 1
  return value <= max ? value : undefined
}

function number(value: number | undefined, octets: 1 | 2 | 4): Uint8Array | undefined {
  if (value === undefined) return undefined
  const encoded = new Uint8Array(octets)
  if (octets === 1) encoded[0] = value
  else if (octets === 2) write16(encoded, 0, value)
  else write32(encoded, 0, value)
  return encoded
}

function ipv6(word: string): Uint8Array | undefined {
  const octets = word.includes(':') ? parseAddress(word) : 0
  if (octets === 16) return parsedAddress.slice(0, 16)
  if (octets !== 4) return undefined
  return Buffer.concat([Buffer.alloc(10), Buffer.of(0xff, 0xff), parsedAddress.subarray(0, 4)])
}

/** Seconds since 1970, modulo 2^32 (RFC 4034 §3.1.5). */
function time(word: string): number | undefined {
  if (!/^\d{14}$/.test(word)) return unsigned(word, 0xffffffff)
  const [year = '', month = '', day = '', hour = '', minute = '', second = ''] =
    /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)$/.exec(word)?.slice(1) ?? []
  const ms = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`)
  return Number.isNaN(ms) ? undefined : (ms / 1000) % 2 ** 32
}

function hexOf(text: string): Buffer | undefined {
  return /^(?:[0-9a-f]{2})*$/i.test(text) ? Buffer.from(text, 'hex') : undefined
}

const BASE32 = '0123456789ABCDEFGHIJKLMNOPQRSTUV'

/** Base 32 with the extended hex alphabet, without padding (RFC 5155 §3.3). */
function base32(text: string): Buffer | undefined {
  const octets: number[] = []
  let bits = 0
  let value = 0
  for (const character of text.toUpperCase()) {
    const digit = BASE32.indexOf(character)
    if (digit < 0) return undefined
    value = ((value << 5) | digit) & 0xfff
    bits += 5
    if (bits >= 8) {
      bits -= 8
      octets.push((value >> bits) & 0xff)
    }
  }
  return Buffer.from(octets)
}
