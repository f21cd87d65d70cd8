// Character strings of a zone file as octets (RFC 1035 §5.1, §3.3).

const isDigit = (code: number): boolean => code >= 0x30 && code <= 0x39

/** The octets of a word (octets as latin-1): `\DDD` is a number, a backslash before anything else goes. */
export function unescapeText(text: string): Buffer {
  const octets = Buffer.from(text, 'latin1')
  if (!text.includes('\\')) return octets
  let to = 0
  for (let at = 0; at < octets.length; at++) {
    let octet = octets[at] as number
    if (octet === 0x5c && at + 1 < octets.length) {
      octet = octets[++at] as number
      const [second = 0, third = 0] = [octets[at + 1], octets[at + 2]]
      if (isDigit(octet) && isDigit(second) && isDigit(third)) {
        const number = (octet - 0x30) * 100 + (second - 0x30) * 10 + third - 0x30
        octet = number & 0xff
        at += 2
      }
    }
    octets[to++] = octet
  }
  return octets.subarray(0, to)
}

/** Character strings of at most 255 octets, each with its length in front: one, or several where the text is longer. */
export function characterStrings(octets: Uint8Array): Buffer[] {
  const strings: Buffer[] = []
  for (let at = 0; at === 0 || at < octets.length; at += 255) {
    const piece = octets.subarray(at, at + 255)
    strings.push(Buffer.concat([Buffer.of(piece.length), piece]))
  }
  return strings
}
