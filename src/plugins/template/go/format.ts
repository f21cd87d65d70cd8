// How Go prints values: `print`, `printf` and the output of an action.
import { quoteText } from '../../../corefile/values.ts'

/** What templates compute with. Lists and maps hold values; `undefined` is a value that isn't there. */
export type Value =
  string | number | bigint | boolean | undefined | readonly Value[] | { readonly [key: string]: Value }

/** A Go struct: asking for a field that it doesn't have is an error; a map just doesn't have it. */
export class Struct {
  readonly [key: string]: Value

  constructor(fields: Readonly<Record<string, Value>>) {
    Object.assign(this, fields)
  }
}

/** Widths and precisions above this are cut: no name needs them. */
const WIDTH_MAX = 512

export const isMap = (value: Value): value is { readonly [key: string]: Value } =>
  typeof value === 'object' && !Array.isArray(value)

export const isNumber = (value: Value): value is number | bigint =>
  typeof value === 'number' || typeof value === 'bigint'

/** As an action prints it. */
export function valueText(value: Value): string {
  if (value === undefined) return '<no value>'
  if (Array.isArray(value)) return `[${(value as readonly Value[]).map(inner).join(' ')}]`
  if (isMap(value)) {
    const keys = Object.keys(value).sort()
    return `map[${keys.map(key => `${key}:${inner(value[key])}`).join(' ')}]`
  }
  return typeof value === 'string' ? value : `${value as number | bigint | boolean}`
}

const inner = (value: Value): string => (value === undefined ? '<nil>' : valueText(value))

/** `print`: a space between two operands that are no strings. */
export function print(values: readonly Value[]): string {
  let text = ''
  values.forEach((value, i) => {
    const before = values[i - 1]
    if (i > 0 && typeof value !== 'string' && typeof before !== 'string') text += ' '
    text += inner(value)
  })
  return text
}

/** `printf` with the verbs v s q d x X o b c t U and %, flags, width and precision. */
export function printf(format: string, values: readonly Value[]): string {
  let used = 0
  const text = format.replace(
    /%([-+# 0]*)(\d*)(?:\.(\d*))?([a-zA-Z%]|$)/g,
    (_, flags: string, width: string, precision: string | undefined, verb: string) => {
      if (verb === '%') return '%'
      if (verb === '') return '%!(NOVERB)'
      if (used >= values.length) return `%!${verb}(MISSING)`
      const value = values[used++]
      const most = precision === undefined ? undefined : Math.min(Number(precision), WIDTH_MAX)
      return pad(verbText(verb, value, flags, most), flags, Math.min(Number(width), WIDTH_MAX), value)
    }
  )
  if (used === values.length) return text
  const extra = values.slice(used).map(value => `${typeName(value)}=${inner(value)}`)
  return `${text}%!(EXTRA ${extra.join(', ')})`
}

function verbText(verb: string, value: Value, flags: string, precision: number | undefined): string {
  const bad = `%!${verb}(${typeName(value)}=${inner(value)})`
  switch (verb) {
    case 'v':
      return inner(value)
    case 's':
      if (typeof value === 'string')
        return precision === undefined ? value : Array.from(value).slice(0, precision).join('')
      return typeof value === 'object' ? inner(value) : bad
    case 'q':
      return typeof value === 'string' ? quoteText(value) : bad
    case 't':
      return typeof value === 'boolean' ? String(value) : bad
    case 'd':
      return isWhole(value) ? digits(value, 10, flags, precision) : bad
    case 'o':
      return isWhole(value) ? digits(value, 8, flags, precision) : bad
    case 'b':
      return isWhole(value) ? digits(value, 2, flags, precision) : bad
    case 'x':
    case 'X': {
      const text =
        typeof value === 'string'
          ? Buffer.from(value, 'utf8').toString('hex')
          : isWhole(value)
            ? digits(value, 16, flags, precision)
            : undefined
      if (text === undefined) return bad
      return verb === 'X' ? text.toUpperCase() : text
    }
    case 'c':
      return isWhole(value) && value >= 0 && value <= 0x10ffff ? String.fromCodePoint(Number(value)) : bad
    case 'f':
      return typeof value === 'number' && !Number.isInteger(value) ? value.toFixed(precision ?? 6) : bad
    default:
      return bad
  }
}

const isWhole = (value: Value): value is number | bigint =>
  typeof value === 'bigint' || (typeof value === 'number' && Number.isInteger(value))

function digits(value: number | bigint, base: number, flags: string, precision: number | undefined): string {
  const isNegative = value < 0
  const text = (isNegative ? -value : value).toString(base).padStart(precision ?? 0, '0')
  const prefix = flags.includes('#') ? ({ 16: '0x', 8: '0', 2: '0b' }[base] ?? '') : ''
  const sign = isNegative ? '-' : flags.includes('+') ? '+' : flags.includes(' ') ? ' ' : ''
  return sign + prefix + text
}

function pad(text: string, flags: string, width: number, value: Value): string {
  if (flags.includes('-')) return text.padEnd(width)
  if (!flags.includes('0')) return text.padStart(width)
  const sign = isNumber(value) ? (/^[-+ ]/.exec(text)?.[0] ?? '') : ''
  return sign + text.slice(sign.length).padStart(width - sign.length, '0')
}

/** The Go type that a value would have. */
export function typeName(value: Value): string {
  switch (typeof value) {
    case 'string':
      return 'string'
    case 'boolean':
      return 'bool'
    case 'bigint':
      return 'uint64'
    case 'number':
      return Number.isInteger(value) ? 'int' : 'float64'
    case 'undefined':
      return '<nil>'
    default:
      return Array.isArray(value) ? '[]string' : 'map[string]string'
  }
}
