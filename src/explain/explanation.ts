// From what plugins noted of a query to why it was answered as it was: which facts count, and as how much text.
import type { Asked, Note } from '../dns/trace.ts'
import type { Fact } from '../dns/facts.ts'
import { sameName } from '../wire/name.ts'
import { Rcode } from '../wire/numbers.ts'
import { inCluster } from './in-cluster.ts'
import { sentencesOf } from './words.ts'

/** Finds full names of Services by the lower-cased labels of a name that was asked outside of the cluster's zones. */
export type Meant = (labels: readonly string[]) => readonly string[]

/**
 * The facts that decided, the most telling one last: those about the question itself, or where something else was asked in
 * its place (*rewrite*) all there are. A name that has no answer and none of the cluster's zones was asked for may be
 * one of the cluster's.
 */
export function decisiveFacts(asked: Asked, notes: readonly Note[], rcode: number, meant: Meant): Fact[] {
  const own = notes.filter(note => note.asked.qtype === asked.qtype && sameName(note.asked.name, asked.name))
  const facts = (own.length === 0 ? notes : own).map(note => note.fact())
  if (rcode === Rcode.NOERROR || facts.some(({ plugin }) => plugin === 'kubernetes')) return facts
  const found = inCluster(asked.name, meant)
  return found === undefined ? facts : [...facts, found]
}

/**
 * Why a query was answered as it was, in sentences: the reason first, then what may have been meant. `isLong` tells what
 * had no part in it too: why *autopath* was not taken.
 */
export function explanation(facts: readonly Fact[], isLong = false): string[] {
  const decided = facts.filter(fact => fact.rule !== 'not-taken')
  const left = facts.filter(fact => fact.rule === 'not-taken' && fact.because !== 'other-zone')
  const telling = isLong ? [...decided, ...left] : decided
  const sentences: string[] = []
  // What another server said comes after why it was asked; what somebody may have meant is worth most of all.
  const first = telling.filter(fact => fact.rule === 'in-cluster')
  for (const fact of [...first, ...telling.filter(fact => fact.rule !== 'in-cluster')])
    for (const sentence of sentencesOf(fact)) if (!sentences.includes(sentence)) sentences.push(sentence)
  return sentences
}

/** What stands between sentences where they make one text. */
export const BETWEEN = '; '

/** As many whole sentences as fit `octets`; the first one cut if it doesn't. Empty when hardly a word fits. */
export function fitted(sentences: readonly string[], octets: number): Buffer {
  let text = ''
  for (const sentence of sentences) {
    const longer = text === '' ? sentence : `${text}${BETWEEN}${sentence}`
    if (Buffer.byteLength(longer) <= octets) text = longer
    else if (text === '') return cut(sentence, octets)
  }
  return Buffer.from(text)
}

/** Fewer octets say nothing. */
const OCTETS_MIN = 24

function cut(sentence: string, octets: number): Buffer {
  if (octets < OCTETS_MIN) return Buffer.alloc(0)
  const mark = '...'
  const whole = Buffer.from(sentence)
  let end = octets - Buffer.byteLength(mark)
  while (((whole[end] as number) & 0xc0) === 0x80) end--
  return Buffer.concat([whole.subarray(0, end), Buffer.from(mark)])
}
