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

/** Octets of an OPT record without options, and of an extended error before its text. */
const OPT_OCTETS = 11
const TEXT_AT = 6

/** So that a response with it fits 512 octets with nearly every question. */
const TEXT_OCTETS_MAX = 160

/**
 * Adds the reason to an answer if the client sent EDNS; others can't read it (RFC 8914 §3). What a response echoes of the
 * client's options stays.
 */
export function explainFailure(answer: Answer, query: Query, code: ExtendedError, text: string): void {
  if (!query.hasEdns) return
  const options = [
    ...echoedOptions(query),
    extendedError(code, Buffer.from(text).subarray(0, TEXT_OCTETS_MAX))
  ]
  answer.opt = { size: query.ednsSize, dnssecOk: false, options, isOwn: true }
}

function extendedError(code: ExtendedError, words: Uint8Array): EdnsOption {
  const data = Buffer.allocUnsafe(2 + words.length)
  write16(data, 0, code)
  data.set(words, 2)
  return { code: OptionCode.EDE, data }
}

/** Whether an answer says already why it is as it is. */
export const hasExtendedError = (answer: Answer): boolean =>
  answer.opt?.options.some(({ code }) => code === OptionCode.EDE) === true

/** Octets that an extended error's text may have, so that the response is cut no more than without it; below 0: none fits. */
export function roomForText(answer: Answer, query: Query): number {
  const options = answer.opt?.options ?? echoedOptions(query)
  const others = options.reduce((total, { data }) => total + 4 + data.length, OPT_OCTETS)
  return query.sizeMax - answer.length - others - TEXT_AT
}

/** Adds a reason to whatever else the answer's OPT says. The client must have sent EDNS, and there must be room. */
export function addReason(answer: Answer, query: Query, code: ExtendedError, text: Uint8Array): void {
  const { opt } = answer
  const options = [...(opt?.options ?? echoedOptions(query)), extendedError(code, text)]
  answer.opt = { size: opt?.size ?? query.ednsSize, dnssecOk: opt?.dnssecOk ?? false, options }
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
