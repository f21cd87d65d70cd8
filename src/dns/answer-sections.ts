// The records of an answer by section, and putting them in another order or leaving some out.
import { endOfName } from '../wire/name.ts'
import { expandRecord } from '../wire/expand.ts'
import { rdataShape, startOfNames } from '../wire/rdata-names.ts'
import { endOfRecord, read16, write16 } from '../wire/records.ts'
import type { Answer } from './answer.ts'
import { copyMessage } from './message-copier.ts'

/** Where a record stands in an answer's octets. */
export interface RecordSpan {
  readonly start: number
  /** Its type stands there, behind the owner. */
  readonly fixedAt: number
  readonly end: number
  readonly rtype: number
}

export interface Sections {
  readonly answer: readonly RecordSpan[]
  readonly authority: readonly RecordSpan[]
  readonly additional: readonly RecordSpan[]
}

/** Octets of a record between its owner and its data. */
const FIXED_OCTETS = 10

/** The records of an answer; `undefined` when they can't be told apart. */
export function readSections(answer: Answer): Sections | undefined {
  const { octets, length } = answer
  let at = answer.recordsAt
  const take = (count: number): RecordSpan[] | undefined => {
    const spans: RecordSpan[] = []
    for (let left = count; left > 0; left--) {
      const end = endOfRecord(octets, at, length)
      if (end < 0) return undefined
      const fixedAt = endOfName(octets, at)
      spans.push({ start: at, fixedAt, end, rtype: read16(octets, fixedAt) })
      at = end
    }
    return spans
  }
  const first = take(answer.answerCount)
  const second = first && take(answer.authorityCount)
  const third = second && take(answer.additionalCount)
  return third && { answer: first, authority: second, additional: third }
}

/** Offset of a record's data. */
export const rdataAt = (span: RecordSpan): number => span.fixedAt + FIXED_OCTETS

/**
 * Makes `sections` the answer's records, which are some of its own, each once at most. Records move as they stand where
 * no name in them leans on one that moves; otherwise names are written out and compressed anew.
 */
export function arrangeRecords(answer: Answer, sections: Sections): void {
  const { answer: first, authority: second, additional: third } = sections
  const { octets, length } = answer
  const kept = [...first, ...second, ...third]
  const before = answer.answerCount + answer.authorityCount + answer.additionalCount
  if (kept.length < before) answer.plainLength -= plainLengthWithout(answer, kept)

  let movedFrom = answer.recordsAt
  let inPlace = 0
  while (inPlace < kept.length && kept[inPlace]?.start === movedFrom) movedFrom = kept[inPlace++]?.end ?? 0
  if (kept.every(span => staysBelow(octets, span, movedFrom))) {
    if (inPlace < kept.length) {
      const moved = Buffer.allocUnsafe(octets.length)
      octets.copy(moved, 0, 0, movedFrom)
      let at = movedFrom
      for (const span of kept.slice(inPlace)) at += octets.copy(moved, at, span.start, span.end)
      answer.octets = moved
      answer.length = at
    } else answer.length = movedFrom
  } else {
    const records = kept.map(span => expandRecord(octets, span.start, length) ?? new Uint8Array(0))
    const whole = Buffer.concat([octets.subarray(0, answer.recordsAt), ...records])
    writeCounts(whole, sections)
    const copied = copyMessage(whole)
    answer.octets = copied.octets
    answer.length = copied.length
  }
  writeCounts(answer.octets, sections)
}

function writeCounts(octets: Uint8Array, { answer, authority, additional }: Sections): void {
  write16(octets, 6, answer.length)
  write16(octets, 8, authority.length)
  write16(octets, 10, additional.length)
}

/** Octets, names written out, of the records that aren't kept. */
function plainLengthWithout(answer: Answer, kept: readonly RecordSpan[]): number {
  const starts = new Set(kept.map(span => span.start))
  const { octets, length } = answer
  let total = 0
  for (let at = answer.recordsAt; at < length;) {
    if (!starts.has(at)) total += expandRecord(octets, at, length)?.length ?? 0
    const end = endOfRecord(octets, at, length)
    if (end < 0) break
    at = end
  }
  return total
}

/** Whether every compression pointer in a record leads to before `limit`. */
function staysBelow(octets: Uint8Array, span: RecordSpan, limit: number): boolean {
  if (pointerOf(octets, span.start) >= limit) return false
  const shape = rdataShape(span.rtype)
  if (shape === undefined) return true
  let at = startOfNames(shape, octets, rdataAt(span), span.end)
  for (let left = shape.names; left > 0 && at >= 0 && at < span.end; left--) {
    if (pointerOf(octets, at) >= limit) return false
    at = endOfName(octets, at)
  }
  return true
}

/** Where the pointer at the end of a name leads; -1 without one. */
function pointerOf(octets: Uint8Array, start: number): number {
  let at = start
  for (;;) {
    const label = octets[at] as number
    if (label >= 0xc0) return ((label & 0x3f) << 8) | (octets[at + 1] as number)
    if (label === 0 || at >= octets.length) return -1
    at += label + 1
  }
}
