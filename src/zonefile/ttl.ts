// Times in a zone file: seconds, or numbers with units.

const UNIT_SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 }

/** `300`, `1h30m`, `2W` in seconds; `undefined` when it is no number of 32 bits. */
export function parseTtl(text: string): number | undefined {
  let total = 0
  let number = 0
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code >= 0x30 && code <= 0x39) {
      number = number * 10 + code - 0x30
      if (number > 0xffffffff) return undefined
    } else {
      const unit = UNIT_SECONDS[text.charAt(at).toLowerCase()]
      if (unit === undefined) return undefined
      total += number * unit
      number = 0
      if (total > 0xffffffff) return undefined
    }
  }
  return total + number <= 0xffffffff ? total + number : undefined
}
