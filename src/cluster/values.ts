// Judges addresses and names that someone wrote. Each function says what is wrong, or `undefined`.
import { shown } from './fields.ts'

const IPV4 = /^(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)){3}$/

/** The family that an address is written in, or `undefined` when it is no address (zones such as `%eth0` included). */
export function addressFamily(text: string): 'IPv4' | 'IPv6' | undefined {
  if (IPV4.test(text)) return 'IPv4'
  return isIPv6(text) ? 'IPv6' : undefined
}

/** What is wrong with an address: `"10.96.300.1" is not an IP address (300 is over 255)`. */
export function badAddress(text: string): string | undefined {
  if (addressFamily(text) !== undefined) return undefined
  const quotes = typographicQuotes(text)
  if (quotes !== undefined) return quotes
  return `${shown(text)} is not an IP address${addressReason(text)}`
}

/** What is wrong with a name that becomes a part of a domain name. */
export function badName(text: string, maxCharacters: number): string | undefined {
  if (text === '') return 'is empty; expected a name'
  const quotes = typographicQuotes(text)
  if (quotes !== undefined) return quotes
  if (!/^[!-.0-~]+$/.test(text))
    return `${shown(text)} is not a name; expected lower-case letters, digits and "-"`
  if (text.length > maxCharacters) {
    return `${shown(text)} has ${text.length} characters; expected at most ${maxCharacters}`
  }
  return undefined
}

/** Whether a name can be served but no API server would take it. */
export function oddName(text: string): boolean {
  return !/^[a-z0-9]([-.a-z0-9]*[a-z0-9])?$/.test(text)
}

/** What is wrong with a domain name in text; a trailing dot is fine, and so is an address. */
export function badHostName(text: string): string | undefined {
  const quotes = typographicQuotes(text)
  if (quotes !== undefined) return quotes
  if (addressFamily(text) !== undefined) return undefined
  const name = text.endsWith('.') ? text.slice(0, -1) : text
  if (name === '' || !/^[!-.0-~]+$/.test(name)) return `${shown(text)} is not a domain name`
  if (name.length > 253)
    return `${shown(text)} has ${name.length} characters, which is no domain name (at most 253)`
  for (const label of name.split('.')) {
    if (label === '') return `${shown(text)} has an empty label`
    if (label.length > 63) return `${shown(text)} has a label of ${label.length} characters (at most 63)`
  }
  return undefined
}

function typographicQuotes(text: string): string | undefined {
  if (!/[“”„‟‘’‚‛«»]/.test(text)) return undefined
  return `${shown(text)} has typographic quotes, as web pages have; type " or '`
}

function addressReason(text: string): string {
  if (text.includes('/')) return ' (no prefix length here)'
  if (text.includes('%')) return ' (no zone here)'
  const parts = text.split('.')
  if (parts.length !== 4 || !parts.every(part => /^\d{1,6}$/.test(part))) return ''
  const over = parts.find(part => Number(part) > 255)
  return over === undefined ? ' (a number begins with 0)' : ` (${over} is over 255)`
}

function isIPv6(text: string): boolean {
  if (text.length > 45 || !/^[0-9a-fA-F:.]+$/.test(text)) return false
  const halves = text.split('::')
  if (halves.length > 2) return false
  let groups = 0
  for (const [index, half] of halves.entries()) {
    if (half === '') continue
    const parts = half.split(':')
    for (const [at, part] of parts.entries()) {
      const last = index === halves.length - 1 && at === parts.length - 1
      if (last && part.includes('.')) {
        if (!IPV4.test(part)) return false
        groups += 2
      } else if (/^[0-9a-fA-F]{1,4}$/.test(part)) groups++
      else return false
    }
  }
  return halves.length === 2 ? groups < 8 : groups === 8
}
