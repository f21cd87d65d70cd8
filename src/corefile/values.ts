// Words to values: durations, numbers, sizes. What is taken, and the text when it isn't, are those of Go's standard
// library, because people see them in CoreDNS's messages (corefile-and-plugins.md §7).

/** A value, or the text of what is wrong with the word. */
export type Parsed<T> = { readonly value: T; readonly error?: undefined } | { readonly error: string }

/** A text in quotation marks as Go's `%q` writes it. */
export function quoteText(text: string): string {
  let quoted = '"'
  for (const character of text) {
    const code = character.codePointAt(0) as number
    if (character === '"' || character === '\\') quoted += `\\${character}`
    else if (ESCAPES.has(character)) quoted += ESCAPES.get(character) as string
    else if (/[\p{L}\p{M}\p{N}\p{P}\p{S} ]/u.test(character)) quoted += character
    else if (code < 0x20 || code === 0x7f) quoted += `\\x${hex(code, 2)}`
    else if (code < 0x10000) quoted += `\\u${hex(code, 4)}`
    else quoted += `\\U${hex(code, 8)}`
  }
  return `${quoted}"`
}

const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['\x07', '\\a'],
  ['\b', '\\b'],
  ['\f', '\\f'],
  ['\n', '\\n'],
  ['\r', '\\r'],
  ['\t', '\\t'],
  ['\v', '\\v']
])

const hex = (code: number, digits: number): string => code.toString(16).padStart(digits, '0')

/** The largest duration there is: 2^63 - 1 nanoseconds, 292 years. */
const NANOSECONDS_MAX = 2n ** 63n - 1n

const NANOSECONDS: ReadonlyMap<string, bigint> = new Map([
  ['ns', 1n],
  ['us', 1_000n],
  ['µs', 1_000n], // U+00B5, the micro sign
  ['μs', 1_000n], // U+03BC, the Greek letter
  ['ms', 1_000_000n],
  ['s', 1_000_000_000n],
  ['m', 60_000_000_000n],
  ['h', 3_600_000_000_000n]
])

/**
 * A duration (`300ms`, `1.5h`, `2h45m`, `-1s`, `0`) in milliseconds, fractions included. Errors: `time: invalid duration
 * "x"`, `time: missing unit in duration "5"`, `time: unknown unit "d" in duration "1d"`.
 */
export function parseDuration(text: string): Parsed<number> {
  const invalid = { error: `time: invalid duration ${quoteDuration(text)}` }
  const negative = text.startsWith('-')
  let rest = negative || text.startsWith('+') ? text.slice(1) : text
  if (rest === '0') return { value: 0 }
  if (rest === '') return invalid
  let total = 0n
  while (rest !== '') {
    const [number, whole = '', fraction = ''] = /^0*(\d*)(?:\.(\d*))?/.exec(rest) as RegExpExecArray
    if (!/\d/.test(number) || whole.length > WHOLE_DIGITS_MAX) return invalid
    rest = rest.slice(number.length)
    const unit = /^[^.\d]*/.exec(rest)?.[0] as string
    if (unit === '') return { error: `time: missing unit in duration ${quoteDuration(text)}` }
    const nanoseconds = NANOSECONDS.get(unit)
    if (nanoseconds === undefined) {
      return { error: `time: unknown unit ${quoteDuration(unit)} in duration ${quoteDuration(text)}` }
    }
    rest = rest.slice(unit.length)
    total += BigInt(whole) * nanoseconds + fractionOf(fraction, nanoseconds)
    if (total > NANOSECONDS_MAX + 1n) return invalid
  }
  if (total > NANOSECONDS_MAX && !negative) return invalid
  return { value: (Number(total) / 1e6) * (negative && total > 0n ? -1 : 1) }
}

/** 2^63 has as many; more can only be too large, and reading a million digits takes long. */
const WHOLE_DIGITS_MAX = 19

/** Digits behind the point, those that tell anything, as whole nanoseconds. */
function fractionOf(digits: string, unit: bigint): bigint {
  const kept = digits.slice(0, 18)
  return kept === '' ? 0n : BigInt(Math.trunc(Number(kept) * (Number(unit) / 10 ** kept.length)))
}

/** As `quoteText`, but Go's time package writes every octet outside ASCII and every control character as `\x..`. */
function quoteDuration(text: string): string {
  let quoted = '"'
  for (const octet of Buffer.from(text)) {
    const character = String.fromCharCode(octet)
    if (octet < 0x20 || octet >= 0x80) quoted += `\\x${hex(octet, 2)}`
    else quoted += character === '"' || character === '\\' ? `\\${character}` : character
  }
  return `${quoted}"`
}

/** A duration as Go prints it: `5s`, `1m0s`, `2h45m0s`, `1.5s`, `300ms`, `0s`. From milliseconds. */
export function formatDuration(ms: number): string {
  const nanoseconds = Math.round(Math.abs(ms) * 1e6)
  const sign = ms < 0 ? '-' : ''
  if (nanoseconds === 0) return '0s'
  if (nanoseconds < 1e3) return `${sign}${nanoseconds}ns`
  if (nanoseconds < 1e6) return `${sign}${nanoseconds / 1e3}µs`
  if (nanoseconds < 1e9) return `${sign}${nanoseconds / 1e6}ms`
  const minutes = Math.floor(nanoseconds / 60e9)
  const seconds = `${((nanoseconds % 60e9) / 1e9).toFixed(9).replace(/\.?0+$/, '')}s`
  if (minutes === 0) return sign + seconds
  const hours = Math.floor(minutes / 60)
  return hours === 0 ? `${sign}${minutes}m${seconds}` : `${sign}${hours}h${minutes % 60}m${seconds}`
}

/** A whole number of 64 bits. Errors: `strconv.Atoi: parsing "x": invalid syntax`, `… value out of range`. */
export function parseInteger(text: string): Parsed<number> {
  return integer('Atoi', text, /^[+-]?\d+$/, -(2n ** 63n), 2n ** 63n - 1n)
}

/** A whole number of 0 or more in `bits` bits. Errors: `strconv.ParseUint: parsing "-1": invalid syntax`, … */
export function parseUnsigned(text: string, bits = 64): Parsed<number> {
  return integer('ParseUint', text, /^\d+$/, 0n, 2n ** BigInt(bits) - 1n)
}

function integer(call: string, text: string, form: RegExp, least: bigint, most: bigint): Parsed<number> {
  const outOfRange = { error: `strconv.${call}: parsing ${quoteText(text)}: value out of range` }
  // Go reads from the left: too many digits are noticed before what comes behind them.
  const digits = (/^[+-]?0*(\d*)/.exec(text) as RegExpExecArray)[1] as string
  const unsigned = digits.length > 20 ? UNSIGNED_MAX + 1n : BigInt(digits)
  const canBeRead = form.test(text)
  const startsAsNumber = canBeRead || least < 0n || !/^[+-]/.test(text)
  if (startsAsNumber && unsigned > (least < 0n ? UNSIGNED_MAX : most)) return outOfRange
  if (!canBeRead) return { error: `strconv.${call}: parsing ${quoteText(text)}: invalid syntax` }
  const value = text.startsWith('-') ? -unsigned : unsigned
  return value < least || value > most ? outOfRange : { value: Number(value) }
}

const UNSIGNED_MAX = 2n ** 64n - 1n

/** A number with fractions. Errors: `strconv.ParseFloat: parsing "x": invalid syntax`, `… value out of range`. */
export function parseFloatingPoint(text: string): Parsed<number> {
  if (/^[+-]?inf(inity)?$/i.test(text)) return { value: text.startsWith('-') ? -Infinity : Infinity }
  if (/^nan$/i.test(text)) return { value: NaN }
  if (!/^[+-]?(\d[\d_]*\.?[\d_]*|\.[\d_]+)(e[+-]?[\d_]+)?$/i.test(text) || /_(?!\d)|(?<!\d)_/.test(text)) {
    return { error: `strconv.ParseFloat: parsing ${quoteText(text)}: invalid syntax` }
  }
  const value = Number(text.replaceAll('_', ''))
  if (Number.isFinite(value)) return { value }
  return { error: `strconv.ParseFloat: parsing ${quoteText(text)}: value out of range` }
}

const UNIT_OCTETS: ReadonlyMap<string, number> = new Map([
  ['', 1],
  ['b', 1],
  ['k', 1024],
  ['kib', 1024],
  ['kb', 1000],
  ['m', 1024 ** 2],
  ['mib', 1024 ** 2],
  ['mb', 1000 ** 2],
  ['g', 1024 ** 3],
  ['gib', 1024 ** 3],
  ['gb', 1000 ** 3]
])

/** A size in octets, for options that CoreDNS doesn't have: `4096`, `512KiB`, `32MiB`, `1.5GB`; letter case aside. */
export function parseSize(text: string): Parsed<number> {
  const parts = /^(\d{1,15}(?:\.\d{1,6})?)([a-z]*)$/i.exec(text)
  const unit = parts === null ? undefined : UNIT_OCTETS.get((parts[2] as string).toLowerCase())
  if (parts === null || unit === undefined) {
    return {
      error: `invalid size ${quoteText(text)}: expected a number of octets with KiB, MiB or GiB, such as 32MiB`
    }
  }
  const octets = Math.floor(Number(parts[1]) * unit)
  if (Number.isSafeInteger(octets)) return { value: octets }
  return { error: `invalid size ${quoteText(text)}: too large` }
}
