// DNS over HTTPS (RFC 8484) as octets and status codes: what a request asks, and what a response looks like in HTTP. Status
// codes are CoreDNS's (corefile-and-plugins.md §8.29). Knows no server, so HTTP/2 and HTTP/1.1 use it alike.
import { HEADER_OCTETS, Rcode, Rtype } from '../../wire/numbers.ts'
import { endOfQuestion, endOfRecord, read16, read32 } from '../../wire/records.ts'
import { endOfName } from '../../wire/name.ts'
import { MESSAGE_OCTETS_MAX } from './framing.ts'

export const DOH_PATH = '/dns-query'

/** Octets of a request's body. */
export const BODY_OCTETS_MAX = MESSAGE_OCTETS_MAX

export interface HttpReply {
  readonly status: number
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | number>>
  readonly body: Buffer
}

export const NOT_FOUND = textReply(404, '')
export const BAD_REQUEST = textReply(400, 'invalid request')
export const NO_RESPONSE = textReply(500, 'No response')

/** What a request asks, as far as its head tells: a message, a message that its body brings, or nothing. */
export function readRequest(
  method: string,
  target: string,
  contentLength: string | undefined
): Buffer | 'body' | HttpReply {
  const queryAt = target.indexOf('?')
  if ((queryAt < 0 ? target : target.slice(0, queryAt)) !== DOH_PATH) return NOT_FOUND
  if (method === 'POST') {
    // What is too long is told so before it is sent.
    return contentLength !== undefined && Number(contentLength) > BODY_OCTETS_MAX ? BAD_REQUEST : 'body'
  }
  if (method !== 'GET') return BAD_REQUEST
  const value = queryAt < 0 ? undefined : valueOfDns(target.slice(queryAt + 1))
  return (value !== undefined && decodeBase64Url(value)) || BAD_REQUEST
}

/** What stands behind `dns=` in a query string; undefined unless it is there once. */
function valueOfDns(query: string): string | undefined {
  // Decoding costs as much as the rest of a request, and nobody needs it whose characters stand for themselves.
  if (/[%+]/.test(query)) {
    const values = new URLSearchParams(query).getAll('dns')
    return values.length === 1 ? values[0] : undefined
  }
  let value: string | undefined
  for (let at = 0; at <= query.length;) {
    const next = query.indexOf('&', at)
    const end = next < 0 ? query.length : next
    const isIt = query.startsWith('dns', at) && (at + 3 === end || query[at + 3] === '=')
    if (isIt && value !== undefined) return undefined
    if (isIt) value = query.slice(at + 4, end)
    at = end + 1
  }
  return value
}

/** A response in HTTP: fresh as long as its shortest-lived record (RFC 8484 §5.1). */
export function messageReply(message: Buffer): HttpReply {
  return {
    status: 200,
    headers: {
      'content-type': 'application/dns-message',
      'cache-control': `max-age=${freshSeconds(message)}`,
      'content-length': message.length
    },
    body: message
  }
}

function textReply(status: number, text: string): HttpReply {
  const body = Buffer.from(`${text}\n`)
  return {
    status,
    headers: {
      'content-type': 'text/plain; charset=utf-8',
      'x-content-type-options': 'nosniff',
      'content-length': body.length
    },
    body
  }
}

/** Without padding, as RFC 8484 §6 has it; `undefined` for anything else. */
function decodeBase64Url(text: string): Buffer | undefined {
  return text.length % 4 === 1 || !/^[\w-]*$/.test(text) ? undefined : Buffer.from(text, 'base64url')
}

/** For responses that have no lifetime of their own, in seconds. */
const FRESH_DEFAULT = 5
const FRESH_MAX = 3600

/**
 * The smallest TTL of a response's records, OPT left out, at most an hour; 5 s for errors, referrals, transfers and
 * responses without records, as CoreDNS has it. Of octets that can't be read, 5 s too.
 */
export function freshSeconds(message: Uint8Array): number {
  if (message.length < HEADER_OCTETS) return FRESH_DEFAULT
  const rcode = (message[3] as number) & 15
  const answers = read16(message, 6)
  const authority = read16(message, 8)
  const counts = answers + authority + read16(message, 10)
  let at = HEADER_OCTETS
  for (let questions = read16(message, 4); questions > 0; questions--) {
    at = endOfQuestion(message, at)
    if (at < 0 || isTransfer(read16(message, at - 4))) return FRESH_DEFAULT
  }
  let least = FRESH_MAX
  let records = 0
  let hasSoa = false
  let hasNs = false
  for (let index = 0; index < counts; index++) {
    const end = endOfRecord(message, at)
    if (end < 0) return FRESH_DEFAULT
    const fixed = endOfName(message, at)
    const rtype = read16(message, fixed)
    if (rtype !== Rtype.OPT) {
      records++
      least = Math.min(least, read32(message, fixed + 4))
    }
    if (index >= answers && index < answers + authority) {
      hasSoa ||= rtype === Rtype.SOA
      hasNs ||= rtype === Rtype.NS
    }
    at = end
  }
  const lives =
    rcode === Rcode.NXDOMAIN ? answers === 0 : rcode === Rcode.NOERROR && (answers > 0 || hasSoa || !hasNs)
  return lives && records > 0 ? least : FRESH_DEFAULT
}

const isTransfer = (qtype: number): boolean => qtype === Rtype.AXFR || qtype === Rtype.IXFR
