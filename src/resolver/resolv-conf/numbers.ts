// Numbers in options, as the functions of C read them.

/** As atoi: leading blanks, a sign, digits; anything else ends it, nothing gives 0. Clamped to 32 bits. */
export function atoi(text: string): number {
  const found = /^[ \t\n\v\f\r]*([+-]?\d+)/.exec(text)
  return found === null ? 0 : clamp(Number(found[1]), -0x8000_0000, 0x7fff_ffff)
}

/** The digits that `text` begins with; `undefined` when it begins with none. Clamped to 32 bits. */
export function digits(text: string): number | undefined {
  const found = /^\d+/.exec(text)
  return found === null ? undefined : clamp(Number(found[0]), 0, 0xffff_ffff)
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(most, Math.max(least, value))
}
