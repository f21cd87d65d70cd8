// What a client is told when forwarding fails: the rcode for all, the cause for those with EDNS (RFC 8914).
import type { Answer } from '../../dns/answer.ts'
import { explainFailure, ExtendedError } from '../../dns/extended-error.ts'
import type { Query } from '../../dns/query.ts'
import { emptyAnswer } from '../../dns/response.ts'
import { UpstreamError, type UpstreamErrorCode } from '../../upstream/upstream-error.ts'
import { Rcode } from '../../wire/numbers.ts'

/** Why there is no answer, and the upstream that said so last (`192.0.2.1:53`), if it was one. */
export interface Failure {
  readonly error: Error
  readonly upstream: string | undefined
}

/** Whether there is no answer. */
export const isFailure = (outcome: object): outcome is Failure => 'error' in outcome && !('octets' in outcome)

const { OTHER, NO_REACHABLE_AUTHORITY, NETWORK_ERROR } = ExtendedError

const CAUSES: Readonly<Record<UpstreamErrorCode, readonly [ExtendedError, string]>> = {
  TIMEOUT: [NO_REACHABLE_AUTHORITY, 'timeout'],
  CONNECTION_REFUSED: [NETWORK_ERROR, 'connection refused'],
  CONNECTION_RESET: [NETWORK_ERROR, 'connection reset'],
  CLOSED: [NETWORK_ERROR, 'connection closed'],
  UNREACHABLE: [NETWORK_ERROR, 'unreachable'],
  BAD_ADDRESS: [NETWORK_ERROR, 'bad address'],
  UNREADABLE: [NETWORK_ERROR, 'unreadable answer'],
  TLS: [NETWORK_ERROR, 'TLS failed'],
  HTTP: [NETWORK_ERROR, 'HTTP failed'],
  STRAY_MESSAGES: [NETWORK_ERROR, 'answers that match no question'],
  LOOP: [OTHER, 'loop'],
  NO_HEALTHY: [NO_REACHABLE_AUTHORITY, 'no healthy upstream'],
  OVERLOAD: [OTHER, 'overload'],
  STOPPED: [OTHER, 'stopping'],
  SYSTEM: [NETWORK_ERROR, 'network error']
}

/** Why there is no answer, in a few words. */
export const causeOf = ({ error }: Failure): string =>
  (error instanceof UpstreamError ? CAUSES[error.code] : CAUSES.SYSTEM)[1]

/** SERVFAIL: no upstream gave an answer. */
export function failedAnswer(query: Query, { error, upstream }: Failure): Answer {
  const answer = emptyAnswer(query, Rcode.SERVFAIL)
  answer.error = error
  const [code, cause] = error instanceof UpstreamError ? CAUSES[error.code] : CAUSES.SYSTEM
  // The error itself has our own addresses in it; a loop's says all there is to say.
  const isLoop = error instanceof UpstreamError && error.code === 'LOOP'
  const words = upstream === undefined ? cause : `${cause}: ${upstream}`
  explainFailure(answer, query, code, isLoop ? error.message : words)
  return answer
}

/** REFUSED: a bound is reached. */
export function refusedAnswer(query: Query, error: UpstreamError): Answer {
  const answer = emptyAnswer(query, Rcode.REFUSED)
  answer.error = error
  explainFailure(answer, query, OTHER, `overload: ${error.message}`)
  return answer
}
