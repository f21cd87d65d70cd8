// Names in a zone file: relative ones end where the origin begins, `@` is the origin (RFC 1035 §5.1).
import { NAME_OCTETS_MAX, parseName, type Name } from '../wire/name.ts'

/** The absolute name of a word (octets as latin-1); `undefined` when it is no name, or too long with its origin. */
export function absoluteName(word: string, origin: Name): Name | undefined {
  if (word === '@') return origin
  if (word === '' || word === '\n') return undefined
  const name = parseName(escapeHigh(word))
  if (name === undefined || isAbsolute(word)) return name
  const length = name.length - 1 + origin.length
  if (length > NAME_OCTETS_MAX) return undefined
  const joined = new Uint8Array(length)
  joined.set(name)
  joined.set(origin, name.length - 1)
  return joined as Name
}

/** Whether the word ends in a dot that no backslash stands before. */
function isAbsolute(word: string): boolean {
  if (!word.endsWith('.')) return false
  let backslashes = 0
  while (word.charCodeAt(word.length - 2 - backslashes) === 0x5c) backslashes++
  return backslashes % 2 === 0
}

/** Octets beyond ASCII as `\DDD`, which names are read from without becoming UTF-8 once more. */
function escapeHigh(word: string): string {
  return /[\x80-\xff]/.test(word)
    ? word.replace(/[\x80-\xff]/g, octet => `\\${String(octet.charCodeAt(0)).padStart(3, '0')}`)
    : word
}
