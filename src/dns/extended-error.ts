// Extended DNS errors (RFC 8914): why an answer is a failure, for clients that speak EDNS.
import { isEchoed } from '../wire/edns.ts'
import { OptionCode } from '../wire/numbers.ts'
import { read16, write16 } from '../wire/records.ts'
import type { Answer, EdnsOption } from './answer.ts'
import type { Query } from './query.ts'

/** Info codes (RFC 8914 §4). */
export const ExtendedError = {
  OTHER: 0,
  NOT_READY: 14,
  NO_REACHABLE_AUTHORITY: 22,
  NETWORK_ERROR: 23
} as const
export type ExtendedError = (typeof ExtendedError)[keyof typeof ExtendedError]

/** So that a response with it fits 512 octets with nearly every question. */
const TEXT_OCTETS_MAX = 160

/**
 * Adds the reason to an answer if the client sent EDNS; others can't read it (RFC 8914 §3). What a response echoes of the
 * client's options stays.
 */
export function explainFailure(answer: Answer, query: Query, code: ExtendedError, text: string): void {
  if (!query.hasEdns) return
  const words = Buffer.from(text).subarray(0, TEXT_OCTETS_MAX)
  const data = Buffer.allocUnsafe(2 + words.length)
  write16(data, 0, code)
  data.set(words, 2)
  const options = [...echoedOptions(query), { code: OptionCode.EDE, data }]
  answer.opt = { size: query.ednsSize, dnssecOk: false, options, isOwn: true }
}

function echoedOptions(query: Query): EdnsOption[] {
  const { wire } = query
  const options: EdnsOption[] = []
  for (let at = query.optionsStart, end = query.optionsEnd; at + 4 <= end;) {
    const next = at + 4 + read16(wire, at + 2)
    const code = read16(wire, at)
    if (isEchoed(code)) options.push({ code, data: wire.subarray(at + 4, next) })
    at = next
  }
  return options
}
