// Records as a zone file writes them (RFC 1035 §5.1), and RFC 3597 §5's `\# 2 abcd` for types and data without a form
// of their own. For people's tools, tests and configuration; the answer path never comes here.
import { formatIPv4, formatIPv6, parseAddress, parsedAddress } from './address.ts'
import type { MessageRecord } from './message.ts'
import { NAME_OCTETS_MAX, formatName, parseName, type Name } from './name.ts'
import { Rclass, Rtype, rclassName, rclassNumber, rtypeName, rtypeNumber } from './numbers.ts'
import { read16, read32 } from './records.ts'

/** `strings`, `hex`, `base64` and `value` (a quoted string without a length) take all that is left. */
type Field =
  'u8' | 'u16' | 'u32' | 'ipv4' | 'ipv6' | 'name' | 'string' | 'tag' | 'strings' | 'value' | 'hex' | 'base64'

const forms: ReadonlyMap<number, readonly Field[]> = new Map<number, readonly Field[]>([
  [Rtype.A, ['ipv4']],
  [Rtype.AAAA, ['ipv6']],
  [Rtype.NS, ['name']],
  [Rtype.CNAME, ['name']],
  [Rtype.PTR, ['name']],
  [Rtype.DNAME, ['name']],
  [Rtype.MX, ['u16', 'name']],
  [Rtype.TXT, ['strings']],
  [Rtype.SPF, ['strings']],
  [Rtype.SRV, ['u16', 'u16', 'u16', 'name']],
  [Rtype.SOA, ['name', 'name', 'u32', 'u32', 'u32', 'u32', 'u32']],
  [Rtype.HINFO, ['string', 'string']],
  [Rtype.CAA, ['u8', 'tag', 'value']],
  [Rtype.NAPTR, ['u16', 'u16', 'string', 'string', 'string', 'name']],
  [Rtype.DS, ['u16', 'u8', 'u8', 'hex']],
  [Rtype.DNSKEY, ['u16', 'u8', 'u8', 'base64']],
  [Rtype.TLSA, ['u8', 'u8', 'u8', 'hex']],
  [Rtype.SSHFP, ['u8', 'u8', 'hex']]
])

/** Seconds that a record has whose text gives none, as CoreDNS takes it. */
const DEFAULT_TTL = 3600

/** `web.org. 5 IN A 10.0.0.1`. */
export function formatRecord(record: MessageRecord): string {
  const { name, ttl, rclass, rtype, rdata } = record
  return `${formatName(name)} ${ttl} ${rclassName(rclass)} ${rtypeName(rtype)} ${formatRdata(rtype, rdata)}`
}

/** The data of a record; `\# …` when its type has no form here or the data doesn't have the type's form. */
export function formatRdata(rtype: number, rdata: Uint8Array): string {
  const form = forms.get(rtype)
  const texts = form === undefined ? undefined : formatFields(form, rdata)
  return texts?.join(' ') ?? `\\# ${rdata.length}${rdata.length === 0 ? '' : ` ${hexOf(rdata)}`}`
}

const hexOf = (octets: Uint8Array): string => Buffer.from(octets).toString('hex')
const isTag = (text: string): boolean => /^[A-Za-z0-9]+$/.test(text)

function formatFields(form: readonly Field[], rdata: Uint8Array): readonly string[] | undefined {
  const texts: string[] = []
  const length = rdata.length
  let at = 0
  for (const field of form) {
    const size = sizeOf(field, rdata, at)
    if (size < 0 || at + size > length) return undefined
    const octets = rdata.subarray(at, at + size)
    switch (field) {
      case 'u8':
        texts.push(String(octets[0]))
        break
      case 'u16':
        texts.push(String(read16(octets, 0)))
        break
      case 'u32':
        texts.push(String(read32(octets, 0)))
        break
      case 'ipv4':
        texts.push(formatIPv4(octets))
        break
      case 'ipv6':
        texts.push(formatIPv6(octets))
        break
      case 'name':
        texts.push(formatName(octets))
        break
      case 'string':
        texts.push(quote(octets.subarray(1)))
        break
      case 'tag': {
        const tag = Buffer.from(octets.subarray(1)).toString('latin1')
        if (!isTag(tag)) return undefined
        texts.push(tag)
        break
      }
      case 'strings':
        for (let from = 0; from < size;) {
          const end = from + 1 + (octets[from] as number)
          if (end > size) return undefined
          texts.push(quote(octets.subarray(from + 1, end)))
          from = end
        }
        if (size === 0) return undefined
        break
      case 'value':
        texts.push(quote(octets))
        break
      case 'hex':
        if (size === 0) return undefined
        texts.push(hexOf(octets).toUpperCase())
        break
      case 'base64':
        if (size === 0) return undefined
        texts.push(Buffer.from(octets).toString('base64'))
    }
    at += size
  }
  return at === length ? texts : undefined
}

/** Octets of the field at `at`; -1 when it isn't there. */
function sizeOf(field: Field, rdata: Uint8Array, at: number): number {
  switch (field) {
    case 'u8':
      return 1
    case 'u16':
      return 2
    case 'u32':
    case 'ipv4':
      return 4
    case 'ipv6':
      return 16
    case 'string':
    case 'tag':
      return at < rdata.length ? 1 + (rdata[at] as number) : -1
    case 'name':
      return sizeOfName(rdata, at)
    default:
      return rdata.length - at
  }
}

function sizeOfName(rdata: Uint8Array, start: number): number {
  for (let at = start; at < rdata.length && at - start < NAME_OCTETS_MAX;) {
    const label = rdata[at] as number
    if (label === 0) return at + 1 - start
    if (label >= 0x40) return -1
    at += label + 1
  }
  return -1
}

/** A quoted string: `"` and `\` escaped, octets outside 32–126 as `\DDD`. */
function quote(octets: Uint8Array): string {
  let text = '"'
  for (const octet of octets) {
    if (octet < 0x20 || octet > 0x7e) text += `\\${String(octet).padStart(3, '0')}`
    else
      text +=
        octet === 0x22 || octet === 0x5c ? `\\${String.fromCharCode(octet)}` : String.fromCharCode(octet)
  }
  return `${text}"`
}

/**
 * The record that a line of a zone file says: owner, then TTL and class in either order or left out (3600, IN), type,
 * data. Names are absolute, with or without final dot. Throws RangeError that says what was found and what was expected.
 */
export function parseRecord(text: string): MessageRecord {
  const words = new Words(text)
  const name = words.name('an owner name')
  let ttl: number | undefined
  let rclass: number | undefined
  for (;;) {
    const word = words.next('a type')
    const seconds = ttl === undefined ? parseTtl(word) : undefined
    const classNumber = rclass === undefined ? rclassNumber(word) : undefined
    // ANY is a class and a type; in a zone file it is neither.
    if (seconds !== undefined) ttl = seconds
    else if (classNumber !== undefined) rclass = classNumber
    else {
      const rtype = rtypeNumber(word)
      if (rtype === undefined) throw words.wrong('a type such as A or TYPE65280', word)
      const rdata = parseData(words, rtype)
      return { name, ttl: ttl ?? DEFAULT_TTL, rclass: rclass ?? Rclass.IN, rtype, rdata }
    }
  }
}

const UNIT_SECONDS: Readonly<Record<string, number>> = { '': 1, s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 }

/** `300`, `1h30m`; `undefined` when it is no TTL of 32 bits. */
function parseTtl(text: string): number | undefined {
  if (!/^(\d{1,10}[smhdw])*(\d{1,10})?$/i.test(text) || text === '') return undefined
  let total = 0
  for (const [, count = '', unit = ''] of text.matchAll(/(\d+)([smhdw]?)/gi)) {
    total += Number(count) * (UNIT_SECONDS[unit.toLowerCase()] ?? 1)
  }
  return total <= 0xffffffff ? total : undefined
}

function parseData(words: Words, rtype: number): Uint8Array {
  const form = forms.get(rtype)
  if (words.peek() === '\\#') return parseGeneric(words)
  if (form === undefined)
    throw words.wrong(`\\# and hex digits, as ${rtypeName(rtype)} has no form of its own`, words.peek())
  const parts = form.map(field => parseField(words, field))
  words.end()
  const rdata = Buffer.concat(parts)
  if (rdata.length > 0xffff) throw new RangeError(`data of 65535 octets at most, not ${rdata.length}`)
  return rdata
}

/** RFC 3597 §5. */
function parseGeneric(words: Words): Uint8Array {
  words.next('\\#')
  const length = words.number('a length', 0xffff)
  const rdata = words.hex()
  if (rdata.length !== length) throw words.wrong(`${length} octets in hex`, `${rdata.length}`)
  return rdata
}

function parseField(words: Words, field: Field): Uint8Array {
  switch (field) {
    case 'u8':
      return Buffer.of(words.number('a number', 0xff))
    case 'u16': {
      const octets = Buffer.alloc(2)
      octets.writeUInt16BE(words.number('a number', 0xffff))
      return octets
    }
    case 'u32': {
      const octets = Buffer.alloc(4)
      octets.writeUInt32BE(words.number('a number', 0xffffffff))
      return octets
    }
    case 'ipv4': {
      const word = words.next('an IPv4 address')
      if (word.includes(':') || parseAddress(word) !== 4) throw words.wrong('an IPv4 address', word)
      return parsedAddress.slice(0, 4)
    }
    case 'ipv6': {
      const word = words.next('an IPv6 address')
      const octets = word.includes(':') ? parseAddress(word) : 0
      if (octets === 0) throw words.wrong('an IPv6 address', word)
      if (octets === 16) return parsedAddress.slice(0, 16)
      return Buffer.concat([Buffer.alloc(10), Buffer.of(0xff, 0xff), parsedAddress.subarray(0, 4)])
    }
    case 'name':
      return words.name('a name')
    case 'string':
      return words.string()
    case 'tag': {
      const word = words.next('a tag')
      if (!isTag(word) || word.length > 255) throw words.wrong('a tag of letters and digits', word)
      return Buffer.concat([Buffer.of(word.length), Buffer.from(word)])
    }
    case 'strings': {
      const strings = [words.string()]
      while (words.peek() !== undefined) strings.push(words.string())
      return Buffer.concat(strings)
    }
    case 'value':
      return unescape(words.next('a value'))
    case 'hex':
      return words.hex(1)
    case 'base64': {
      const text = words.rest().join('')
      if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(text) || text === '') {
        throw words.wrong('base64', text)
      }
      return Buffer.from(text, 'base64')
    }
  }
}

/** `\"` and `\DDD` to octets; other characters to UTF-8. A number over 255 is no octet: its first digit is escaped. */
function unescape(text: string): Buffer {
  const octets = Buffer.from(text, 'utf8')
  let to = 0
  for (let at = 0; at < octets.length; at++) {
    let octet = octets[at] as number
    if (octet === 0x5c) {
      const digits = octets.toString('latin1', at + 1, at + 4)
      if (/^\d{3}$/.test(digits) && Number(digits) < 256) {
        octet = Number(digits)
        at += 3
      } else if (at + 1 < octets.length) octet = octets[++at] as number
    }
    octets[to++] = octet
  }
  return octets.subarray(0, to)
}

/** The words of a line: quotes hold spaces, `;` starts a comment, parentheses are spaces (RFC 1035 §5.1). */
class Words {
  readonly #text: string
  readonly #words: readonly string[]
  #at = 0

  constructor(text: string) {
    this.#text = text
    this.#words = Array.from(
      text.matchAll(/;[^\n]*|"((?:[^"\\]|\\[^])*)"|((?:[^\s"();\\]|\\[^])+)|(["\\])/g),
      ([all, quoted, word, stray]) => {
        if (stray !== undefined) throw new RangeError(`a quote or backslash without its end in: ${text}`)
        return all.startsWith(';') ? undefined : (quoted ?? word ?? '')
      }
    ).filter(word => word !== undefined)
  }

  peek(): string | undefined {
    return this.#words[this.#at]
  }

  next(expected: string): string {
    const word = this.#words[this.#at++]
    if (word === undefined) throw this.wrong(expected, undefined)
    return word
  }

  rest(): readonly string[] {
    const rest = this.#words.slice(this.#at)
    this.#at = this.#words.length
    return rest
  }

  end(): void {
    const word = this.peek()
    if (word !== undefined) throw this.wrong('nothing more', word)
  }

  name(expected: string): Name {
    const word = this.next(expected)
    const name = parseName(word)
    if (name === undefined) throw this.wrong(expected, word)
    return name
  }

  number(expected: string, max: number): number {
    const word = this.next(expected)
    const number = /^\d{1,10}$/.test(word) ? Number(word) : max + 1
    if (number > max) throw this.wrong(`${expected} up to ${max}`, word)
    return number
  }

  /** A character string with its length in front (RFC 1035 §3.3). */
  string(): Buffer {
    const octets = unescape(this.next('a string'))
    if (octets.length > 255) throw this.wrong('a string of 255 octets at most', `${octets.length} octets`)
    return Buffer.concat([Buffer.of(octets.length), octets])
  }

  /** All that is left, as octets. */
  hex(octetsMin = 0): Buffer {
    const text = this.rest().join('')
    if (!/^(?:[0-9a-f]{2})*$/i.test(text) || text.length / 2 < octetsMin)
      throw this.wrong('pairs of hex digits', text)
    return Buffer.from(text, 'hex')
  }

  wrong(expected: string, found: string | undefined): RangeError {
    return new RangeError(
      `expected ${expected}, found ${found === undefined ? 'the end' : `"${found}"`} in: ${this.#text}`
    )
  }
}
