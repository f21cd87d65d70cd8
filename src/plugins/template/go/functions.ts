// The functions that templates can call: Go's own but `call`, and CoreDNS's `parseInt`.
import { quoteText } from '../../../corefile/values.ts'
import { isMap, isNumber, print, printf, typeName, type Value } from './format.ts'

/** Throws Error with Go's message. Only what was written is evaluated: `and` and `or` get thunks elsewhere. */
export type TemplateFunction = (args: readonly Value[]) => Value

/** Go's notion of empty. */
export function isTrue(value: Value): boolean {
  if (Array.isArray(value)) return value.length > 0
  if (isMap(value)) return Object.keys(value).length > 0
  return typeof value === 'string' ? value !== '' : Boolean(value)
}

/** Go's own names for `&`, `<` and so on. */
const HTML: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&#34;',
  "'": '&#39;',
  '\0': '\ufffd'
}

const JS: Readonly<Record<string, string>> = {
  '\\': '\\\\',
  "'": "\\'",
  '"': '\\"',
  '<': '\\u003C',
  '>': '\\u003E',
  '&': '\\u0026',
  '=': '\\u003D'
}

const compare = (a: Value, b: Value, name: string): number => {
  if (isNumber(a) && isNumber(b)) return a < b ? -1 : a > b ? 1 : 0
  if (typeof a === 'string' && typeof b === 'string') {
    const order = Buffer.compare(Buffer.from(a), Buffer.from(b))
    return order
  }
  throw new Error(`error calling ${name}: incompatible types for comparison`)
}

function equal(a: Value, b: Value, name: string): boolean {
  const areAlike = (isNumber(a) && isNumber(b)) || typeof a === typeof b
  if (!areAlike && a !== undefined && b !== undefined)
    throw new Error(`error calling ${name}: incompatible types for comparison`)
  if (typeof a === 'object' || typeof b === 'object')
    throw new Error(`error calling ${name}: non-comparable type ${typeName(a)}: ${typeName(b)}`)
  return isNumber(a) && isNumber(b) ? a == b : a === b
}

function atIndex(collection: Value, key: Value): Value {
  if (isMap(collection)) {
    if (typeof key !== 'string')
      throw new Error(`error calling index: value has type ${typeName(key)}; should be string`)
    return Object.hasOwn(collection, key) ? collection[key] : ''
  }
  if (collection === undefined) throw new Error('error calling index: index of untyped nil')
  if (typeof collection !== 'string' && !Array.isArray(collection))
    throw new Error(`error calling index: can't index item of type ${typeName(collection)}`)
  if (!isNumber(key))
    throw new Error(`error calling index: cannot index slice/array with type ${typeName(key)}`)
  const octets = typeof collection === 'string' ? Buffer.from(collection, 'utf8') : undefined
  const list: ArrayLike<Value> = octets ?? (collection as readonly Value[])
  const at = Number(key)
  if (at < 0 || at >= list.length) throw new Error(`error calling index: index out of range: ${at}`)
  return list[at]
}

function slice(args: readonly Value[]): Value {
  const [item, from = 0, to] = args
  const isText = typeof item === 'string'
  if (!isText && !Array.isArray(item))
    throw new Error(`error calling slice: can't slice item of type ${typeName(item)}`)
  const octets = isText ? Buffer.from(item, 'utf8') : undefined
  const length = octets?.length ?? (item as readonly Value[]).length
  const [start, end] = [Number(from), Number(to ?? length)]
  for (const bound of [start, end]) {
    if (!(bound >= 0 && bound <= length)) throw new Error(`error calling slice: index out of range: ${bound}`)
  }
  if (start > end) throw new Error(`error calling slice: invalid slice index: ${start} > ${end}`)
  return octets?.toString('utf8', start, end) ?? (item as readonly Value[]).slice(start, end)
}

function length(value: Value): number {
  if (typeof value === 'string') return Buffer.byteLength(value)
  if (Array.isArray(value)) return value.length
  if (isMap(value)) return Object.keys(value).length
  if (value === undefined) throw new Error('error calling len: len of nil pointer')
  throw new Error(`error calling len: len of type ${typeName(value)}`)
}

/** Go's strconv.ParseUint(text, base, bits). */
function parseInteger(args: readonly Value[]): Value {
  const [text, base, bits] = args
  if (typeof text !== 'string')
    throw new Error(`wrong type for value; expected string; got ${typeName(text)}`)
  if (!isNumber(base) || !isNumber(bits))
    throw new Error(`wrong type for value; expected int; got ${typeName(isNumber(base) ? bits : base)}`)
  const fail = (why: string) =>
    new Error(`error calling parseInt: strconv.ParseUint: parsing ${quoteText(text)}: ${why}`)
  const [radix, digits] = radixOf(text, Number(base))
  if (!(radix >= 2 && radix <= 36)) throw fail(`invalid base ${base}`)
  if (digits === '' || digits.length > 128) throw fail('invalid syntax')
  let value = 0n
  for (const character of digits.toLowerCase()) {
    const digit = /^[\da-z]$/.test(character) ? parseInt(character, 36) : radix
    if (digit >= radix) throw fail('invalid syntax')
    value = value * BigInt(radix) + BigInt(digit)
  }
  const size = Number(bits) === 0 ? 64 : Number(bits)
  if (!(size > 0 && size <= 64)) throw fail(`invalid bit size ${bits}`)
  if (value >= 1n << BigInt(size)) throw fail('value out of range')
  return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value
}

function radixOf(text: string, base: number): [number, string] {
  if (base !== 0) return [base, text]
  const prefix = /^0([xob])/i.exec(text)?.[1]?.toLowerCase()
  if (prefix === 'x') return [16, text.slice(2)]
  if (prefix === 'o') return [8, text.slice(2)]
  if (prefix === 'b') return [2, text.slice(2)]
  return text.length > 1 && text.startsWith('0') ? [8, text.slice(1)] : [10, text]
}

/** How many arguments a function takes at least, and at most. */
interface Declared {
  readonly least: number
  readonly most: number
  readonly call: TemplateFunction
}

const declare = (least: number, most: number, call: TemplateFunction): Declared => ({ least, most, call })
const MANY = Number.POSITIVE_INFINITY

export const functions: ReadonlyMap<string, Declared> = new Map([
  ['parseInt', declare(3, 3, parseInteger)],
  ['and', declare(1, MANY, args => args.find(arg => !isTrue(arg)) ?? args.at(-1))],
  ['or', declare(1, MANY, args => args.find(isTrue) ?? args.at(-1))],
  ['not', declare(1, 1, ([value]) => !isTrue(value))],
  ['len', declare(1, 1, ([value]) => length(value))],
  [
    'index',
    declare(1, MANY, ([first, ...keys]) => keys.reduce<Value>((value, key) => atIndex(value, key), first))
  ],
  ['slice', declare(1, 3, slice)],
  ['print', declare(0, MANY, print)],
  ['println', declare(0, MANY, args => `${args.map(arg => print([arg])).join(' ')}\n`)],
  [
    'printf',
    declare(1, MANY, ([format, ...args]) => {
      if (typeof format !== 'string')
        throw new Error(`wrong type for value; expected string; got ${typeName(format)}`)
      return printf(format, args)
    })
  ],
  ['html', declare(0, MANY, args => print(args).replace(/[&<>"'\0]/g, c => HTML[c] ?? c))],
  ['js', declare(0, MANY, args => print(args).replace(/[\\'"<>&=]/g, c => JS[c] ?? c))],
  [
    'urlquery',
    declare(0, MANY, args =>
      Array.from(Buffer.from(print(args), 'utf8'), octet => {
        const character = String.fromCharCode(octet)
        if (/[\w.~-]/.test(character)) return character
        return character === ' ' ? '+' : `%${octet.toString(16).toUpperCase().padStart(2, '0')}`
      }).join('')
    )
  ],
  ['eq', declare(1, MANY, ([first, ...others]) => equalToAny(first, others))],
  ['ne', declare(2, 2, ([a, b]) => !equal(a, b, 'ne'))],
  ['lt', declare(2, 2, ([a, b]) => compare(a, b, 'lt') < 0)],
  ['le', declare(2, 2, ([a, b]) => compare(a, b, 'le') <= 0)],
  ['gt', declare(2, 2, ([a, b]) => compare(a, b, 'gt') > 0)],
  ['ge', declare(2, 2, ([a, b]) => compare(a, b, 'ge') >= 0)]
])

function equalToAny(first: Value, others: readonly Value[]): boolean {
  if (others.length === 0) throw new Error('error calling eq: missing argument for comparison')
  return others.some(other => equal(first, other, 'eq'))
}
