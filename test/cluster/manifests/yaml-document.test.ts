import fc from 'fast-check'
import t from 'tap'
import { stringify } from 'yaml'
import { readYaml } from '../../../src/cluster/manifests/yaml-document.ts'

const values: readonly (readonly [string, string, unknown])[] = [
  ['plain scalars mean what they mean to kubectl', 'a: yes\nb: 010\nc: 1.10', { a: true, b: 8, c: 1.1 }],
  ['quoted scalars are text', `a: "yes"\nb: '010'`, { a: 'yes', b: '010' }],
  ['block scalars are text', 'a: |\n  80\nb: >-\n  x\n  y', { a: '80\n', b: 'x y' }],
  ['tags', 'a: !!str 80\nb: !!int "80"\nc: !custom x', { a: '80', b: 80, c: 'x' }],
  ['keys are text', '80: a\ntrue: b\n"c": d', { 80: 'a', true: 'b', c: 'd' }],
  ['the last of two equal keys counts', 'a: 1\nb: 2\na: 3', { a: 3, b: 2 }],
  ['anchors and aliases', 'a: &x {b: 1}\nc: *x', { a: { b: 1 }, c: { b: 1 } }],
  [
    'merges fill gaps only',
    'a: &x {b: 1, c: 2}\nd:\n  c: 3\n  <<: *x',
    { a: { b: 1, c: 2 }, d: { b: 1, c: 3 } }
  ],
  [
    'a list of merges',
    'a: &x {b: 1}\nc: &y {b: 2, d: 3}\ne: {<<: [*x, *y]}',
    { a: { b: 1 }, c: { b: 2, d: 3 }, e: { b: 1, d: 3 } }
  ],
  ['a quoted << is a key', '"<<": {a: 1}', { '<<': { a: 1 } }],
  ['nothing', '# only a comment\n', null],
  ['a marker and nothing', '---\n', null],
  ['flow collections', '{a: [1, {b: c}], d: }', { a: [1, { b: 'c' }], d: null }],
  ['JSON', '{"a": [1, true, null, "x"]}', { a: [1, true, null, 'x'] }]
]
for (const [name, text, value] of values) {
  t.test(name, async t => {
    const document = readYaml(text)
    t.equal(document.flaw, undefined)
    t.strictSame(document.value, value)
  })
}

t.test('special keys are ordinary keys', async t => {
  const { value } = readYaml('__proto__: {a: 1}\nconstructor: 2')
  t.strictSame(Object.keys(value as object), ['__proto__', 'constructor'])
  t.equal(({} as Record<string, unknown>)['a'], undefined)
})

t.test('duplicates say where', async t => {
  const { duplicates } = readYaml('kind: a\nb: {c: 1, c: 2}\nkind: d\n')
  t.strictSame(duplicates, [
    { key: 'c', offset: 18, firstOffset: 12, atTop: false },
    { key: 'kind', offset: 24, firstOffset: 0, atTop: true }
  ])
})

t.test('places', async t => {
  const text = 'a:\n  b:\n  - c: 1\n    d:\n  - x\nb: &q 2\na2: 3\n'
  const document = readYaml(text)
  const at = (...path: (string | number)[]) => text.slice(document.locate(path)).split('\n')[0]
  t.equal(at('a', 'b', 0, 'c'), '1')
  t.equal(at('a', 'b', 0, 'd'), 'd:', 'an empty value is where its key is')
  t.equal(at('a', 'b', 1), 'x')
  t.equal(at('a', 'b', 7), '- c: 1', 'what is not there is where it would be')
  t.equal(at('a', 'z'), 'b:')
  t.equal(at('b'), '2')
  t.equal(at(), 'a:')
})

t.test('aliases of aliases stay small', async t => {
  let text = 'a0: &a0 [x, x]\n'
  for (let level = 1; level < 60; level++) text += `a${level}: &a${level} [*a${level - 1}, *a${level - 1}]\n`
  const { value, flaw } = readYaml(text)
  t.equal(flaw, undefined)
  t.equal((value as Record<string, unknown[]>)['a59']?.length, 2)
})

t.test('an anchor inside of itself is no endless walk', async t => {
  const { value } = readYaml('a: &x {b: *x}\n')
  t.ok((value as { a: { b: unknown } }).a.b === (value as { a: unknown }).a)
})

for (const text of ['[', '{'].map(bracket => bracket.repeat(50_000))) {
  t.equal(readYaml(text).flaw?.code, 'TOO_DEEP', `${text.length} brackets`)
}

t.test('what another writer writes is read back', async t => {
  const leaf = fc.oneof(
    fc.string(),
    fc.boolean(),
    fc.integer(),
    fc.constant(null),
    fc.constantFrom('yes', '010', '1e3', '~', '12:30')
  )
  const value = fc.letrec(tie => ({
    value: fc.oneof(
      { depthSize: 'small' },
      leaf,
      fc.array(tie('value'), { maxLength: 4 }),
      fc.dictionary(fc.string(), tie('value'), { maxKeys: 4 })
    )
  })).value
  fc.assert(
    fc.property(value, value => {
      // Quoted strings mean the same everywhere; numbers and words as they are.
      const document = readYaml(
        stringify(value, { defaultStringType: 'QUOTE_DOUBLE', defaultKeyType: 'QUOTE_DOUBLE' })
      )
      return document.flaw === undefined && JSON.stringify(document.value) === JSON.stringify(value)
    })
  )
  t.pass()
})

t.test('no text throws', async t => {
  const yamlish = fc.string({
    unit: fc.constantFrom(...Array.from('ab:- \n\t{}[],&*!|>\'"%@`#?~0\u00a0\ufeff\r')),
    maxLength: 60
  })
  fc.assert(
    fc.property(yamlish, text => {
      const document = readYaml(text)
      return document.locate(['a', 0, 'b']) >= 0
    }),
    { numRuns: 3000 }
  )
  t.pass()
})
