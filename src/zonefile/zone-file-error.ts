// The error of a zone file: where, what stands there, and what is wrong with it.

/** A place in a zone file; line and column count from 1, columns in octets. */
export interface ZoneFilePlace {
  /** Empty for text that comes from no file. */
  readonly file: string
  readonly line: number
  readonly column: number
}

/**
 * A mistake in a zone file. `message` is CoreDNS's text for it, octet for octet where one is recorded:
 * `/etc/db: dns: not a TTL: "garbage" at line: 1:7`.
 */
export class ZoneFileError extends Error {
  readonly place: ZoneFilePlace
  /** What is wrong, without place: `not a TTL`. */
  readonly problem: string
  /** What stands there. */
  readonly found: string

  constructor(place: ZoneFilePlace, problem: string, found: string) {
    const { file, line, column } = place
    super(`${file === '' ? '' : `${file}: `}dns: ${problem}: ${quoteAscii(found)} at line: ${line}:${column}`)
    this.name = 'ZoneFileError'
    this.place = place
    this.problem = problem
    this.found = found
  }
}

const ESCAPES: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\x07': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v'
}

/** Octets (as latin-1) in quotation marks, nothing but printable ASCII between them. */
function quoteAscii(octets: string): string {
  let quoted = '"'
  for (const character of Buffer.from(octets, 'latin1').toString('utf8')) {
    const code = character.codePointAt(0) as number
    if (Object.hasOwn(ESCAPES, character)) quoted += ESCAPES[character] as string
    else if (code >= 0x20 && code < 0x7f) quoted += character
    else if (code < 0x80) quoted += `\\x${code.toString(16).padStart(2, '0')}`
    else if (code < 0x10000) quoted += `\\u${code.toString(16).padStart(4, '0')}`
    else quoted += `\\U${code.toString(16).padStart(8, '0')}`
  }
  return `${quoted}"`
}
