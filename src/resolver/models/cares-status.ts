// The statuses of c-ares, and what it makes of a reply.
import type { Reply } from '../network.ts'
import type { StepEnd } from '../model.ts'

export type AresStatus =
  | 'ARES_SUCCESS'
  | 'ARES_ENODATA'
  | 'ARES_EFORMERR'
  | 'ARES_ESERVFAIL'
  | 'ARES_ENOTFOUND'
  | 'ARES_ENOTIMP'
  | 'ARES_EREFUSED'
  | 'ARES_EBADNAME'
  | 'ARES_EBADRESP'
  | 'ARES_ECONNREFUSED'
  | 'ARES_ETIMEOUT'

/** By reply code; 0 is for `statusOf` to judge. A code that c-ares has no status for leaves the success of the exchange. */
const byRcode: readonly (AresStatus | undefined)[] = [
  undefined,
  'ARES_EFORMERR',
  'ARES_ESERVFAIL',
  'ARES_ENOTFOUND',
  'ARES_ENOTIMP',
  'ARES_EREFUSED'
]

/** What a reply means to whoever asked: an answer section with anything in it is a success. */
export function statusOf(reply: Reply): AresStatus {
  if (reply.rcode !== 0) return byRcode[reply.rcode] ?? 'ARES_SUCCESS'
  return reply.answers > 0 ? 'ARES_SUCCESS' : 'ARES_ENODATA'
}

const ends: Readonly<Record<AresStatus, StepEnd>> = {
  ARES_SUCCESS: 'answer',
  ARES_ENODATA: 'NODATA',
  ARES_EFORMERR: 'FORMERR',
  ARES_ESERVFAIL: 'SERVFAIL',
  ARES_ENOTFOUND: 'NXDOMAIN',
  ARES_ENOTIMP: 'NOTIMP',
  ARES_EREFUSED: 'REFUSED',
  ARES_EBADNAME: 'not a name',
  ARES_EBADRESP: 'other',
  ARES_ECONNREFUSED: 'closed',
  ARES_ETIMEOUT: 'timeout'
}

export function endOf(status: AresStatus): StepEnd {
  return ends[status]
}
