// A query in the words of CoreDNS's log lines (corefile-and-plugins.md §8.1, §8.2).
import { lowerOctet } from '../wire/name.ts'
import { HEADER_OCTETS } from '../wire/numbers.ts'
import { endOfRecord, read16 } from '../wire/records.ts'
import type { Query } from './query.ts'

/** The longest name of the wire (RFC 1035 §3.1). */
const NAME_OCTETS_MAX = 255
const DOT = 0x2e

/** Characters that stand behind a backslash: `.` and blank, `'` `@` `;` `(` `)` `"` and the backslash itself. */
const ESCAPED = new Set(Array.from('. \'@;()"\\', character => character.charCodeAt(0)))

/** Each octet of a label as it is written. */
const octetTexts: readonly string[] = Array.from({ length: 256 }, (_, octet) => {
  const lower = lowerOctet[octet] as number
  if (octet < 0x20 || octet > 0x7e) return `\\${String(octet).padStart(3, '0')}`
  return ESCAPED.has(octet) ? `\\${String.fromCharCode(octet)}` : String.fromCharCode(lower)
})

/** The octets that stand for themselves, lower-cased; 0 for all others. */
const plainOctets = Uint8Array.from(octetTexts, text => (text.length === 1 ? text.charCodeAt(0) : 0))
/** Used synchronously only. */
const scratch = Buffer.allocUnsafeSlow(NAME_OCTETS_MAX)

/** The name asked for: lower-cased, fully qualified, and nothing in it ends a word or a line of a log. */
export function queryNameText(query: Query): string {
  const { wire, nameEnd } = query
  if (nameEnd === HEADER_OCTETS + 1) return '.'
  // Nearly all names are plain text, which needs one string, not one for each octet.
  let length = 0
  for (let end = HEADER_OCTETS; end < nameEnd - 1;) {
    let at = end + 1
    end = at + (wire[end] as number)
    for (; at < end; at++) {
      const octet = plainOctets[wire[at] as number] as number
      if (octet === 0) return escapedText(query)
      scratch[length++] = octet
    }
    scratch[length++] = DOT
  }
  return scratch.toString('latin1', 0, length)
}

function escapedText({ wire, nameEnd }: Query): string {
  let text = ''
  let at = HEADER_OCTETS
  while (at < nameEnd - 1) {
    const end = at + 1 + (wire[at] as number)
    for (at++; at < end; at++) text += octetTexts[wire[at] as number] as string
    text += '.'
  }
  return text
}

/** Octets of the query without what may follow its last record. */
export function queryLength(query: Query): number {
  const { wire } = query
  let at = query.questionEnd
  for (let left = read16(wire, 6) + read16(wire, 8) + read16(wire, 10); left > 0; left--) {
    const end = endOfRecord(wire, at)
    if (end < 0) return at
    at = end
  }
  return at
}
