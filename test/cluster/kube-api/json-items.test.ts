// Whatever the borders of chunks, what is found is what JSON.parse of the whole finds.
import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import {
  BadJson,
  ItemsSplitter,
  LineSplitter,
  VALUE_OCTETS_MAX
} from '../../../src/cluster/kube-api/json-items.ts'

/** Cuts text into chunks at the given places, anywhere in its octets. */
function cut(text: string, places: readonly number[]): Buffer[] {
  const octets = Buffer.from(text)
  const at = [...new Set(places.map(place => place % (octets.length + 1)))].sort((a, b) => a - b)
  return [0, ...at].map((from, index) => octets.subarray(from, at[index] ?? octets.length))
}

function readItems(chunks: readonly Buffer[]): { head: unknown; items: unknown[]; shell: unknown } {
  const items: unknown[] = []
  let head: unknown
  const splitter = new ItemsSplitter({ head: value => (head = value), item: value => items.push(value) })
  for (const chunk of chunks) splitter.write(chunk)
  return { head, items, shell: splitter.end() }
}

const without = (map: Readonly<Record<string, unknown>>, key: string): Record<string, unknown> =>
  Object.fromEntries(Object.entries(map).filter(([name]) => name !== key))

function thrownBy(task: () => void): unknown {
  try {
    task()
  } catch (error) {
    return error
  }
  return undefined
}

const odd = ['"', '\\', '\\"', '{', '}', '[', ']', ',', ':', '\n', 'items', '"items":[', 'é', '😀', '\u0000']
const text = fc.array(fc.oneof(fc.constantFrom(...odd), fc.string())).map(parts => parts.join(''))
const value = fc.letrec(tie => ({
  value: fc.oneof(
    { depthSize: 'small' },
    text,
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(text, tie('value'), { maxKeys: 4 })
  )
})).value
const space = fc.constantFrom(undefined, 1, '\t')
const places = fc.array(fc.nat(5000), { maxLength: 30 })

t.test('finds the items of any list, cut anywhere, and what stands around them', async () => {
  fc.assert(
    fc.property(
      fc.dictionary(text, value, { maxKeys: 3 }),
      fc.array(value, { maxLength: 6 }),
      fc.dictionary(text, value, { maxKeys: 3 }),
      space,
      places,
      (before, items, after, indent, at) => {
        const head = without(before, 'items')
        const tail = without(after, 'items')
        const whole = JSON.stringify(Object.assign({ ...head, items }, tail), null, indent)
        const read = readItems(cut(whole, at))
        assert.deepEqual(read.items, (JSON.parse(whole) as { items: unknown }).items)
        assert.deepEqual(read.shell, { ...(JSON.parse(whole) as object), items: [] })
      }
    ),
    { numRuns: 300 }
  )
})

t.test('finds the lines of any stream, cut anywhere', async () => {
  fc.assert(
    fc.property(fc.array(value, { maxLength: 8 }), places, (values, at) => {
      const read: unknown[] = []
      const splitter = new LineSplitter(line => read.push(line))
      for (const chunk of cut(values.map(one => `${JSON.stringify(one)}\n`).join(''), at))
        splitter.write(chunk)
      assert.deepEqual(read, JSON.parse(JSON.stringify(values)))
      assert.equal(splitter.isInLine, false)
    }),
    { numRuns: 200 }
  )
})

t.test('never takes for a list what JSON.parse does not take, whatever the octets', async t => {
  const tokens = [
    '{',
    '}',
    '[',
    ']',
    ',',
    ':',
    '"items"',
    '"a"',
    '1',
    'null',
    ' ',
    '"',
    '\\',
    '{"items":[',
    ']}',
    'x'
  ]
  let taken = 0
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...tokens), { maxLength: 14 }), places, (parts, at) => {
      const whole = parts.join('')
      let read: ReturnType<typeof readItems> | undefined
      try {
        read = readItems(cut(whole, at))
      } catch (error) {
        assert.ok(error instanceof BadJson, 'nothing else is thrown')
      }
      if (read === undefined) return
      taken++
      JSON.parse(whole)
    }),
    { numRuns: 3000 }
  )
  t.ok(taken > 10)
})

const lists: readonly [name: string, text: string, items: readonly unknown[]][] = [
  ['empty items', '{"kind":"L","items":[]}', []],
  ['spaced empty items', '{"items":[ \n ]}', []],
  ['null items', '{"items":null,"a":[1,2]}', []],
  ['no items', '{"kind":"Status","details":{"items":[1]}}', []],
  [
    'items deeper down are not the items',
    '{"metadata":{"items":[1]},"items":[{"items":[2]}]}',
    [{ items: [2] }]
  ],
  ['a text called items', '{"a":"items","items":[3]}', [3]],
  ['a name that begins so', '{"itemsX":[1],"item":[2],"items":[3]}', [3]],
  ['brackets in texts', '{"items":["]","}",{"a":"[{"}]}', [']', '}', { a: '[{' }]]
]
for (const [name, text, items] of lists) {
  t.test(name, async t => {
    for (let size = 1; size <= text.length; size++) {
      const chunks = text.match(new RegExp(`[^]{1,${size}}`, 'g')) ?? []
      t.same(readItems(chunks.map(chunk => Buffer.from(chunk))).items, items)
    }
  })
}

t.test('tells the head before the first item', async t => {
  const told: string[] = []
  const splitter = new ItemsSplitter({
    head: value => told.push(JSON.stringify(value)),
    item: value => told.push(JSON.stringify(value))
  })
  splitter.write(Buffer.from('{"kind":"L","metadata":{"resourceVersion":"7"},"items":[{"a":1}'))
  t.same(told, ['{"kind":"L","metadata":{"resourceVersion":"7"},"items":[]}'], 'the item may not be over yet')
  splitter.write(Buffer.from(']}'))
  t.equal(told[1], '{"a":1}')
})

for (const bad of [
  '',
  '{',
  '{"items":[',
  '{"items":[1',
  '{"items":[1]',
  '{"items":[1,]}',
  '{"items":[,1]}',
  '{"items":[{]}]}',
  '{"items":[1 2]}',
  '{"items":[1]}}',
  '{"items":[1]} x',
  '<html>'
]) {
  t.test(`refuses ${JSON.stringify(bad)}`, async t => {
    t.type(
      thrownBy(() => readItems([Buffer.from(bad)])),
      BadJson
    )
  })
}

t.test('holds no value that is larger than any object', async t => {
  const chunk = Buffer.alloc(1 << 20, 'x')
  const list = new ItemsSplitter({ head: () => undefined, item: () => undefined })
  list.write(Buffer.from('{"items":["'))
  const lines = new LineSplitter(() => undefined)
  const fill = (splitter: { write(chunk: Buffer): void }) => {
    for (let octets = 0; octets <= VALUE_OCTETS_MAX; octets += chunk.length) splitter.write(chunk)
  }
  for (const splitter of [list, lines]) {
    t.match(
      thrownBy(() => fill(splitter)),
      { isTooLarge: true }
    )
  }
})
