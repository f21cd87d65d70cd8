// A zone's result as an answer.
import { Answer } from '../dns/answer.ts'
import type { AnswerWriter } from '../dns/answer-writer.ts'
import { copyMessage } from '../dns/message-copier.ts'
import type { Query } from '../dns/query.ts'
import { emptyAnswer, optLength } from '../dns/response.ts'
import { Flag, Rcode } from '../wire/numbers.ts'
import type { ZoneOutcome, ZoneResult } from './zone-lookup.ts'

/** Above these a message over UDP is compressed, to stay in one packet (corefile-and-plugins.md §5.2). */
const UNFRAGMENTED_OCTETS_IPV4 = 1480
const UNFRAGMENTED_OCTETS_IPV6 = 1220

/** A failure without any record is the server's own SERVFAIL; one with the CNAMEs that led to it says both. */
export function answerOf(query: Query, result: ZoneResult, writer: AnswerWriter): Answer {
  const { outcome, answer, authority, additional } = result
  if (outcome === 'failure' && answer.length === 0) return emptyAnswer(query, Rcode.SERVFAIL)
  writer.begin(query)
  for (const record of answer) writer.record(record)
  writer.authority()
  for (const record of authority) writer.record(record)
  writer.additional()
  for (const record of additional) writer.record(record)
  // A referral is not authoritative; one behind an alias of ours is, as far as the alias goes.
  const flags = outcome === 'delegation' && answer.length === 0 ? 0 : Flag.AA
  const truncated = result.truncated === true ? Flag.TC : 0
  return compressed(query, writer.finish(rcodeOf(outcome), flags | truncated | query.copiedFlags))
}

function rcodeOf(outcome: ZoneOutcome): number {
  if (outcome === 'name error') return Rcode.NXDOMAIN
  return outcome === 'failure' ? Rcode.SERVFAIL : Rcode.NOERROR
}

/** The same answer with its names compressed, where it would not fit its packet otherwise. */
function compressed(query: Query, answer: Answer): Answer {
  if (query.transport !== 'udp') return answer
  const unfragmented = query.peer.address.includes(':') ? UNFRAGMENTED_OCTETS_IPV6 : UNFRAGMENTED_OCTETS_IPV4
  if (answer.length + optLength(query) <= Math.min(unfragmented, query.sizeMax)) return answer
  const copy = copyMessage(answer.octets.subarray(0, answer.length))
  return new Answer(copy.octets, copy.length, answer.rcode, answer.flags, answer.plainLength)
}
