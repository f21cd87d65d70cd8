// The plain reader gives the full parser's value or none. Texts come from the recorded manifests, with mistakes put in.
import { readdirSync, readFileSync } from 'node:fs'
import fc from 'fast-check'
import t from 'tap'
import { partsOf, textOf } from '../../../src/cluster/manifests/parts.ts'
import { readPlainYaml } from '../../../src/cluster/manifests/plain-yaml.ts'
import { readYaml } from '../../../src/cluster/manifests/yaml-document.ts'

const folder = new URL('../../../../test/fixtures/manifests/recorded/', import.meta.url)
const documents = new Set<string>()
for (const name of readdirSync(folder)) {
  const octets = readFileSync(new URL(name, folder))
  for (const part of partsOf(octets, name)) if (part !== undefined) documents.add(textOf(octets, part).text)
}

/** Whether both readers agree: the same value at the same place, or no plain value. */
function agrees(text: string): boolean {
  const plain = readPlainYaml(text)
  if (plain === undefined) return true
  const full = readYaml(text)
  return (
    full.flaw === undefined &&
    full.duplicates.length === 0 &&
    JSON.stringify(full.value) === JSON.stringify(plain.value) &&
    full.locate([]) === plain.offset
  )
}

t.test('recorded manifests are plain, nearly all', async t => {
  let plain = 0
  for (const text of documents) {
    if (readPlainYaml(text) !== undefined) plain++
    if (!agrees(text)) t.fail(text)
  }
  t.ok(plain >= 0.95 * documents.size, `${plain} of ${documents.size}`)
})

const read: readonly (readonly [string, string, unknown])[] = [
  [
    'maps and lists',
    'a:\n  b: 1\n  c:\n  - x\n  -   y: z\n      q: r\n  -\n    s: t\nd:\n  - 1\n',
    { a: { b: 1, c: ['x', { y: 'z', q: 'r' }, { s: 't' }] }, d: [1] }
  ],
  ['nothing behind a key or dash', 'a:\nb:\n- \n-\nc: # nothing\n', { a: null, b: [null, null], c: null }],
  [
    'quotes and comments',
    `"a b": "c: d" # e\n'f': 'g # h'\ni: j#k # l\n`,
    { 'a b': 'c: d', f: 'g # h', i: 'j#k' }
  ],
  ['empty collections', 'a: {}\nb: []\n', { a: {}, b: [] }],
  [
    'literal blocks',
    'a: |\n  x\n    y\n\n  # z\nb: |-\n  1\n\nc: 2\n',
    { a: 'x\n  y\n\n# z\n', b: '1', c: 2 }
  ],
  ['Windows line ends', 'a: b\r\nc: |\r\n  d\r\n  e\r\n', { a: 'b', c: 'd\ne\n' }],
  ['a marker and comments', '--- # x\n# y\n\na: b\n', { a: 'b' }],
  ['an indented map', '  a: b\n  c:\n    d: e\n', { a: 'b', c: { d: 'e' } }]
]
for (const [name, text, value] of read) {
  t.strictSame(readPlainYaml(text)?.value, value, name)
  t.ok(agrees(text), `${name}: as the full parser`)
}

const left = [
  ...[
    '',
    '# a\n',
    '- a\n',
    'a\n',
    'a: {b: c}\n',
    'a: [1]\n',
    'a: &x 1\n',
    'a: *x\n',
    'a: !t 1\n',
    'a: "\\n"\n',
    "a: 'it''s'\n"
  ],
  ...[
    'a: b\n  c\n',
    'a: b: c\n',
    'a: 1\na: 2\n',
    'a:\n  b: 1\n c: 2\n',
    'a:\tb\n',
    'a: é\n',
    'a: >\n  b\n',
    '? a\n: b\n',
    '<<: 1\n'
  ],
  ...[
    'a: |2\n  b\n',
    '- - a\n',
    'a: - b\n',
    '--- {a: 1}\n',
    '__proto__: 1\n',
    'a: "b\n',
    'a: @b\n',
    'a: b:\n',
    'a:\n- b\n  c: d\n',
    'a: b\r'
  ]
]
for (const text of left)
  t.equal(readPlainYaml(text), undefined, `left to the full parser: ${JSON.stringify(text)}`)

t.test('no change of a document makes the readers differ', async t => {
  const all = [...documents]
  const piece = fc.constantFrom(
    ...[
      '\n  ',
      '\n',
      ': ',
      '- ',
      ' #',
      '|\n',
      '  ',
      '---\n',
      '\n\n',
      'key: v\n',
      '- a: b\n',
      ' |-',
      ' >',
      '"',
      "'",
      '...\n'
    ],
    ...[
      '{',
      '}',
      '[',
      ']',
      '&a ',
      '*a',
      '!',
      '%',
      '@',
      '`',
      '?',
      '~',
      ',',
      '1',
      '.',
      '\r',
      '\t',
      '\\',
      ':',
      '-',
      '#'
    ]
  )
  const change = fc.tuple(
    fc.double({ min: 0, max: 1, noNaN: true }),
    fc.nat(6),
    fc.oneof(piece, fc.constant(''))
  )
  fc.assert(
    fc.property(
      fc.nat(all.length - 1),
      fc.array(change, { minLength: 1, maxLength: 3 }),
      (index, changes) => {
        let text = all[index] ?? ''
        for (const [place, length, insert] of changes) {
          const at = Math.floor(place * text.length)
          text = text.slice(0, at) + insert + text.slice(insert === '' ? at + length : at)
        }
        return agrees(text)
      }
    ),
    { numRuns: 4000 }
  )
  t.pass()
})
