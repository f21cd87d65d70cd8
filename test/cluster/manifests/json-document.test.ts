import fc from 'fast-check'
import t from 'tap'
import { readJson } from '../../../src/cluster/manifests/json-document.ts'

t.test('reads what JSON.parse reads, and refuses what it refuses', async t => {
  const jsonish = fc.oneof(
    fc.json(),
    fc.string({ unit: fc.constantFrom(...Array.from('{}[],:"\\ \n0123.eE+-truefalsn')), maxLength: 30 }),
    fc.tuple(fc.json(), fc.nat(), fc.constantFrom('', ',', '}', '"', 'x')).map(([text, at, change]) => {
      const place = at % (text.length + 1)
      return text.slice(0, place) + change + text.slice(place + 1)
    })
  )
  fc.assert(
    fc.property(jsonish, text => {
      let value: unknown
      let reads = true
      try {
        value = JSON.parse(text)
      } catch {
        reads = false
      }
      const document = readJson(text)
      return reads
        ? document.flaw === undefined && JSON.stringify(document.value) === JSON.stringify(value)
        : document.flaw !== undefined && document.flaw.offset <= text.length
    }),
    { numRuns: 5000 }
  )
  t.pass()
})

const flaws: readonly (readonly [string, number, string])[] = [
  ['', 0, 'the file ends where JSON has a value'],
  ['{"a" 1}', 5, 'found "1" where JSON has ":"'],
  ['{"a": 1 "b": 2}', 8, 'found "\\"" where JSON has "," or "}"'],
  ['{a: 1}', 1, 'found "a" where JSON has a key in double quotes'],
  ['[1, 2', 5, 'the file ends where JSON has "," or "]"'],
  ['[1, ]', 4, 'found "]" where JSON has a value'],
  ['{} {}', 3, 'found "{" where JSON has the end of the object'],
  ['{"a": "b\n"}', 6, 'a string that is not closed on its line, or has a wrong escape'],
  ['"\\x"', 0, 'a string that is not closed on its line, or has a wrong escape'],
  ['['.repeat(300), 101, 'nested too deeply']
]
for (const [text, offset, says] of flaws) {
  const { flaw } = readJson(text)
  t.strictSame([flaw?.offset, flaw?.text], [offset, says], JSON.stringify(text.slice(0, 20)))
}

t.test('places and duplicates', async t => {
  const text = '{"a": {"b": [1, {"c": 2}]}, "d\\u0065": 3, "a": 4}'
  const document = readJson(text)
  t.equal(text.slice(document.locate(['de']), document.locate(['de']) + 1), '3')
  t.equal(text.slice(document.locate(['a']), document.locate(['a']) + 1), '4', 'the last of two equal keys')
  t.equal(readJson('{"a": {"b": [1, {"c": 2}]}}').locate(['a', 'b', 1, 'c']), 22)
  t.equal(
    readJson('{"a": {"b": [1, {"c": 2}]}}').locate(['a', 'b', 1, 'x']),
    16,
    'the nearest thing around it'
  )
  t.strictSame(document.duplicates, [{ key: 'a', offset: 42, firstOffset: 1, atTop: true }])
})
