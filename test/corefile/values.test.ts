import t, { type Test } from 'tap'
import {
  formatDuration,
  parseDuration,
  parseFloatingPoint,
  parseInteger,
  parseSize,
  parseUnsigned,
  quoteText,
  type Parsed
} from '../../src/corefile/values.ts'
import { recorded } from './support.ts'

/** One recorded word; which fields there are depends on the kind. */
interface Case {
  readonly kind: string
  readonly text: string
  readonly error?: string
  /** Nanoseconds, and the duration as text. */
  readonly ns: string
  readonly n: string | number
  readonly quoted: string
}

const cases = recorded<Case & { readonly text: string }>('values.json')
const ofKind = (kind: string): readonly Case[] => cases.filter(each => each.kind === kind)

/** Compares an error text, or says that the value is still to be compared. */
function hasValue<T>(t: Test, each: Case, parsed: Parsed<T>): parsed is { readonly value: T } {
  t.equal(parsed.error, each.error, `${each.kind} ${JSON.stringify(each.text)}`)
  return parsed.error === undefined
}

t.test('durations', t => {
  for (const each of ofKind('duration')) {
    const parsed = parseDuration(each.text)
    if (!hasValue(t, each, parsed)) continue
    t.equal(parsed.value, Number(BigInt(each.ns)) / 1e6, each.text)
  }
  t.same(parseDuration(`${'9'.repeat(1_000_000)}s`), {
    error: `time: invalid duration "${'9'.repeat(1_000_000)}s"`
  })
  t.end()
})

t.test('durations as Go prints them', t => {
  const texts: readonly (readonly [ms: number, text: string])[] = [
    [0, '0s'],
    [5000, '5s'],
    [60_000, '1m0s'],
    [9_900_000, '2h45m0s'],
    [1500, '1.5s'],
    [300, '300ms'],
    [1.5, '1.5ms'],
    [0.001, '1µs'],
    [0.0015, '1.5µs'],
    [0.000001, '1ns'],
    [-1000, '-1s'],
    [3_600_000.0001, '1h0m0.0000001s']
  ]
  for (const [ms, text] of texts) t.equal(formatDuration(ms), text)
  t.end()
})

t.test('whole numbers', t => {
  for (const each of ofKind('atoi')) {
    const parsed = parseInteger(each.text)
    if (hasValue(t, each, parsed)) t.equal(parsed.value, Number(each.n), each.text)
  }
  for (const each of ofKind('uint32')) {
    const parsed = parseUnsigned(each.text, 32)
    if (hasValue(t, each, parsed)) t.equal(parsed.value, Number(each.n), each.text)
  }
  t.end()
})

t.test('numbers with fractions', t => {
  const special: Readonly<Record<string, number>> = { '+Inf': Infinity, '-Inf': -Infinity, NaN }
  for (const each of ofKind('float')) {
    const parsed = parseFloatingPoint(each.text)
    if (!hasValue(t, each, parsed)) continue
    t.ok(
      Object.is(parsed.value, typeof each.n === 'string' ? special[each.n] : each.n),
      `${each.text} is ${parsed.value}`
    )
  }
  t.end()
})

t.test('quoted texts', t => {
  for (const each of ofKind('quote')) t.equal(quoteText(each.text), each.quoted)
  t.end()
})

t.test('sizes', t => {
  const sizes: readonly (readonly [text: string, octets: number])[] = [
    ['0', 0],
    ['4096', 4096],
    ['4096B', 4096],
    ['1k', 1024],
    ['1KiB', 1024],
    ['1kB', 1000],
    ['32MiB', 33_554_432],
    ['1.5m', 1_572_864],
    ['2GiB', 2_147_483_648],
    ['1gb', 1_000_000_000]
  ]
  for (const [text, octets] of sizes) t.same(parseSize(text), { value: octets }, text)
  for (const text of ['', 'x', '-1', '1 KiB', '1TiB', '1e3', '.5m', '1.k', '1,5m']) {
    t.match(parseSize(text), { error: /^invalid size ".*": expected a number of octets/ }, text)
  }
  t.match(parseSize('999999999999999GiB'), { error: /too large$/ })
  t.end()
})
