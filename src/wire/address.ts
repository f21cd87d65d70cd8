// IP addresses: text to octets and back, as Go's net package reads and RFC 5952 writes them. Written here because it runs
// for every address of every change; configuration uses ipaddr.js.

/** Where `parseAddress` leaves its octets: 4 or 16 of them. Valid until the next call. */
export const parsedAddress = new Uint8Array(16)

/**
 * Reads an IPv4 or IPv6 address into `parsedAddress`. Returns 4 or 16, or 0 when it is neither: IPv4 parts have no
 * leading zeros, IPv6 has no zone. IPv4-mapped IPv6 text counts as IPv4.
 */
export function parseAddress(text: string): 0 | 4 | 16 {
  if (!text.includes(':')) return parseIPv4(text, 0, text.length, 0) ? 4 : 0
  if (!parseIPv6(text)) return 0
  for (let at = 0; at < 10; at++) if (parsedAddress[at] !== 0) return 16
  if (parsedAddress[10] !== 0xff || parsedAddress[11] !== 0xff) return 16
  parsedAddress.copyWithin(0, 12, 16)
  return 4
}

/** `parseAddress` for what sockets and files give: a zone (`fe80::1%eth0`) is passed over. */
export function parseZonedAddress(text: string): 0 | 4 | 16 {
  const percent = text.indexOf('%')
  return parseAddress(percent < 0 ? text : text.slice(0, percent))
}

function parseIPv4(text: string, start: number, end: number, to: number): boolean {
  let part = 0
  let digits = 0
  let parts = 0
  for (let at = start; at <= end; at++) {
    const code = at === end ? 0x2e : text.charCodeAt(at)
    if (code === 0x2e) {
      if (digits === 0 || parts === 4) return false
      parsedAddress[to + parts++] = part
      part = digits = 0
    } else {
      if (code < 0x30 || code > 0x39 || (digits > 0 && part === 0)) return false
      part = part * 10 + code - 0x30
      if (++digits > 3 || part > 255) return false
    }
  }
  return parts === 4
}

function parseIPv6(text: string): boolean {
  const length = text.length
  let words = 0
  let gap = -1
  let at = 0
  if (text.startsWith('::')) {
    gap = 0
    at = 2
  }
  while (at < length) {
    if (words === 8) return false
    const start = at
    let word = 0
    for (; at < length; at++) {
      const digit = hexDigit(text.charCodeAt(at))
      if (digit < 0) break
      word = word * 16 + digit
      if (at - start > 3) return false
    }
    if (at < length && text.charCodeAt(at) === 0x2e) {
      // The rest is IPv4 in dotted form, in place of two words.
      if (words > 6 || (gap < 0 && words !== 6) || !parseIPv4(text, start, length, words * 2)) return false
      words += 2
      break
    }
    if (at === start) return false
    parsedAddress[words * 2] = word >> 8
    parsedAddress[words * 2 + 1] = word
    words++
    if (at === length) break
    if (text.charCodeAt(at) !== 0x3a || at + 1 === length) return false
    at++
    if (text.charCodeAt(at) === 0x3a) {
      if (gap >= 0) return false
      gap = words
      at++
    }
  }
  if (gap < 0) return words === 8
  if (words === 8) return false
  const tail = (words - gap) * 2
  parsedAddress.copyWithin(16 - tail, gap * 2, words * 2)
  parsedAddress.fill(0, gap * 2, 16 - tail)
  return true
}

function hexDigit(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30
  if (code >= 0x61 && code <= 0x66) return code - 0x57
  if (code >= 0x41 && code <= 0x46) return code - 0x37
  return -1
}

/** `10.96.0.1`, from four octets. */
export function formatIPv4(octets: Uint8Array, at = 0): string {
  return `${octets[at] as number}.${octets[at + 1] as number}.${octets[at + 2] as number}.${octets[at + 3] as number}`
}

/** `2001:db8::1`, from sixteen octets: the longest run of two or more zero words is left out (RFC 5952 §4). */
export function formatIPv6(octets: Uint8Array, at = 0): string {
  let bestAt = -1
  let best = 1
  const words: number[] = []
  for (let word = 0; word < 8; word++) {
    words.push(((octets[at + word * 2] as number) << 8) | (octets[at + word * 2 + 1] as number))
  }
  for (let from = 0; from < 8; from++) {
    let to = from
    while (to < 8 && words[to] === 0) to++
    if (to - from > best) {
      best = to - from
      bestAt = from
    }
    from = Math.max(from, to - 1)
  }
  const hex = (part: number[]) => part.map(word => word.toString(16)).join(':')
  return bestAt < 0 ? hex(words) : `${hex(words.slice(0, bestAt))}::${hex(words.slice(bestAt + best))}`
}

/** Text of an address of 4 or 16 octets. */
export function formatAddress(octets: Uint8Array, at: number, length: number): string {
  return length === 4 ? formatIPv4(octets, at) : formatIPv6(octets, at)
}
