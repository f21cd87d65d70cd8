// Records by what may be done with their order (corefile-and-plugins.md §8.11).
import type { RecordSpan } from '../../dns/answer-sections.ts'
import { Rtype } from '../../wire/numbers.ts'

export interface Kinds {
  readonly cname: RecordSpan[]
  readonly address: RecordSpan[]
  readonly mx: RecordSpan[]
  readonly rest: RecordSpan[]
}

export function byKind(spans: readonly RecordSpan[]): Kinds {
  const kinds: Kinds = { cname: [], address: [], mx: [], rest: [] }
  for (const span of spans) {
    if (span.rtype === Rtype.CNAME) kinds.cname.push(span)
    else if (span.rtype === Rtype.A || span.rtype === Rtype.AAAA) kinds.address.push(span)
    else if (span.rtype === Rtype.MX) kinds.mx.push(span)
    else kinds.rest.push(span)
  }
  return kinds
}
