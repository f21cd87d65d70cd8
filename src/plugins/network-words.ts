// Networks as words of a Corefile.
import { parseCidr, type Cidr } from '../corefile/addresses.ts'
import type { Dispenser } from '../corefile/dispenser.ts'
import type { Token } from '../corefile/position.ts'
import { quoteText } from '../corefile/values.ts'

/** `10.0.0.0/8`, `2001:db8::/32`, or one address. Throws CoreDNS's words for anything else (`acl`). */
export function readNetwork(c: Dispenser, token: Token): Cidr {
  const text = token.text.includes('/') ? token.text : `${token.text}/${token.text.includes(':') ? 128 : 32}`
  const cidr = parseCidr(text)
  if (cidr === undefined) throw c.errf(`illegal CIDR notation ${quoteText(text)}`, undefined, token)
  return cidr
}
