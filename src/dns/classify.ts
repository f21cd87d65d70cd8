// What kind of answer an answer is, in CoreDNS's words (corefile-and-plugins.md §8.2).
import type { Answer } from './answer.ts'
import type { Query } from './query.ts'
import { Opcode, Rcode, Rtype } from '../wire/numbers.ts'
import { endOfName } from '../wire/name.ts'
import { endOfRecord, read16, read32 } from '../wire/records.ts'

export type AnswerType =
  'NOERROR' | 'NXDOMAIN' | 'NODATA' | 'SERVERERROR' | 'DELEGATION' | 'META' | 'UPDATE' | 'OTHERERROR'

export type AnswerClass = 'success' | 'denial' | 'error'

/** The type of an answer that is given at `wallMs` (milliseconds since 1970). */
export function answerType(query: Query, answer: Answer, wallMs: number): AnswerType {
  if (answer.dropped) return 'OTHERERROR'
  if (query.opcode === Opcode.UPDATE) return 'UPDATE'
  if (query.opcode === Opcode.NOTIFY) return 'META'
  if (query.qtype === Rtype.AXFR || query.qtype === Rtype.IXFR) return 'META'
  if (answer.opt?.dnssecOk === true && hasExpiredSignature(answer, wallMs)) return 'OTHERERROR'
  const { rcode } = answer
  if (answer.answerCount > 0) {
    if (rcode === Rcode.NOERROR) return 'NOERROR'
    if (rcode === Rcode.NXDOMAIN) return 'OTHERERROR'
  }
  if (rcode === Rcode.NOERROR) {
    if (answer.authorityCount === 0) return 'NOERROR'
    const types = authorityTypes(answer)
    if (types.includes(Rtype.SOA)) return 'NODATA'
    return types.includes(Rtype.NS) ? 'DELEGATION' : 'NOERROR'
  }
  if (rcode === Rcode.NXDOMAIN) return 'NXDOMAIN'
  return rcode === Rcode.SERVFAIL || rcode === Rcode.NOTIMP ? 'SERVERERROR' : 'OTHERERROR'
}

export function answerClass(type: AnswerType): AnswerClass {
  switch (type) {
    case 'NOERROR':
    case 'DELEGATION':
      return 'success'
    case 'NXDOMAIN':
    case 'NODATA':
      return 'denial'
    case 'SERVERERROR':
    case 'META':
    case 'UPDATE':
    case 'OTHERERROR':
      return 'error'
  }
}

function authorityTypes(answer: Answer): number[] {
  const { octets, length } = answer
  let at = answer.recordsAt
  const types: number[] = []
  const first = answer.answerCount
  const last = first + answer.authorityCount
  for (let record = 0; record < last; record++) {
    if (record >= first) types.push(read16(octets, endOfName(octets, at)))
    at = endOfRecord(octets, at, length)
    if (at < 0) break
  }
  return types
}

/** Whether a signature in it is not valid now, by its 32-bit serial times (RFC 4034 §3.1.5). */
function hasExpiredSignature(answer: Answer, wallMs: number): boolean {
  const { octets, length } = answer
  const now = Math.floor(wallMs / 1000) >>> 0
  let at = answer.recordsAt
  for (let left = answer.answerCount + answer.authorityCount + answer.additionalCount; left > 0; left--) {
    const end = endOfRecord(octets, at, length)
    if (end < 0) return false
    const fixed = endOfName(octets, at)
    if (read16(octets, fixed) === Rtype.RRSIG && end - fixed >= 28) {
      const expiration = read32(octets, fixed + 18)
      const inception = read32(octets, fixed + 22)
      if (isBefore(expiration, now) || isBefore(now, inception)) return true
    }
    at = end
  }
  return false
}

/** Serial number arithmetic (RFC 1982 §3.2). */
const isBefore = (a: number, b: number): boolean => a !== b && (b - a) >>> 0 < 0x8000_0000
