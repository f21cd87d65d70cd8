// Which addresses words of a `bind` line stand for (corefile-and-plugins.md §8.16).
import { parseIp } from '../../corefile/addresses.ts'
import { quoteText, type Parsed } from '../../corefile/values.ts'
import type { Interfaces } from '../../runtime/network-interfaces.ts'

/** Addresses as written, interfaces as all of theirs. Error: `not a valid IP address or interface name: "x"`. */
export function bindAddresses(words: readonly string[], interfaces: Interfaces): Parsed<readonly string[]> {
  const addresses: string[] = []
  for (const word of words) {
    const ofInterface = interfaces.get(word)
    if (ofInterface !== undefined) addresses.push(...ofInterface)
    else if (parseIp(word) !== undefined) addresses.push(word)
    else return { error: `not a valid IP address or interface name: ${quoteText(word)}` }
  }
  return { value: addresses }
}
