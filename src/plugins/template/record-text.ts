// The records that templates give, with the errors CoreDNS logs for them.
import type { SectionRecord } from '../../dns/sections.ts'
import { quoteText } from '../../corefile/values.ts'
import { parseRecord } from '../../wire/rdata.ts'

/** A record from a line of a zone file; `undefined` when there is nothing but space. Throws Error. */
export function recordOf(text: string): SectionRecord | undefined {
  if (text.trim() === '') return undefined
  try {
    const { name, rtype, rclass, ttl, rdata } = parseRecord(text)
    return { owner: name, rtype, rclass, ttl, rdata }
  } catch (error) {
    throw new Error(reason(text, error instanceof Error ? error.message : String(error)), { cause: error })
  }
}

/** `dns: garbage after rdata: "x" at line: 1:44`; other mistakes in words of our own. */
function reason(text: string, message: string): string {
  const [, word] = /^expected nothing more, found "(.*)" in: /s.exec(message) ?? []
  if (word === undefined) return `dns: ${message}`
  const end = Buffer.byteLength(text.slice(0, text.lastIndexOf(word) + word.length))
  return `dns: garbage after rdata: ${quoteText(word)} at line: 1:${end}`
}
