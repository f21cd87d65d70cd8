import fc from 'fast-check'
import t from 'tap'
import { parseAllDocuments, stringify } from 'yaml'
import { partsOf, textOf } from '../../../src/cluster/manifests/parts.ts'
import { readYaml } from '../../../src/cluster/manifests/yaml-document.ts'

interface Cut {
  readonly role: string
  readonly line: number
  readonly text: string
}

function cut(text: string, path = 'shop.yaml'): Cut[] {
  const octets = Buffer.from(text)
  const cuts: Cut[] = []
  for (const part of partsOf(octets, path)) {
    if (part !== undefined) cuts.push({ role: part.role, line: part.line, text: textOf(octets, part).text })
  }
  return cuts
}

const cases: readonly { name: string; text: string; path?: string; cuts: readonly Cut[] }[] = [
  { name: 'nothing', text: '', cuts: [] },
  { name: 'comments and markers', text: '# a\n---\n# b\n---   # c\n\n...\n', cuts: [] },
  { name: 'one document', text: 'a: 1\n', cuts: [{ role: 'document', line: 0, text: 'a: 1\n' }] },
  {
    name: 'documents, the first behind a comment',
    text: '# x\n---\na: 1\n--- # y\nb: 2',
    cuts: [
      { role: 'document', line: 1, text: '---\na: 1\n' },
      { role: 'document', line: 3, text: '--- # y\nb: 2' }
    ]
  },
  {
    name: 'content on the line of the marker',
    text: '--- {a: 1}\n',
    cuts: [{ role: 'document', line: 0, text: '--- {a: 1}\n' }]
  },
  {
    name: 'Windows line ends',
    text: 'a: 1\r\n---\r\nb: 2\r\n',
    cuts: [
      { role: 'document', line: 0, text: 'a: 1\r\n' },
      { role: 'document', line: 1, text: '---\r\nb: 2\r\n' }
    ]
  },
  {
    name: 'no marker: dashes that go on, dashes that are indented',
    text: 'a: |\n  ---\n  x\nb: 1\n----\n',
    cuts: [{ role: 'document', line: 0, text: 'a: |\n  ---\n  x\nb: 1\n----\n' }]
  },
  {
    name: 'a directive',
    text: '%YAML 1.2\n---\na: 1\n',
    cuts: [{ role: 'document', line: 1, text: '---\na: 1\n' }]
  },
  {
    name: 'a List as kubectl prints it',
    text: 'apiVersion: v1\nitems:\n- kind: A\n  x: |\n   - no item\n- kind: B\nkind: List\nmetadata: {}\n',
    cuts: [
      { role: 'list', line: 0, text: 'apiVersion: v1\nitems:\nkind: List\nmetadata: {}\n' },
      { role: 'item', line: 2, text: '  kind: A\n  x: |\n   - no item\n' },
      { role: 'item', line: 5, text: '  kind: B\n' }
    ]
  },
  {
    name: 'a List with indented items and lists in them',
    text: 'kind: "PodList"\napiVersion: v1\nitems:   # all\n  # first\n  - a:\n    - 1\n\n  - b: 2\n---\nc: 3\n',
    cuts: [
      { role: 'list', line: 0, text: 'kind: "PodList"\napiVersion: v1\nitems:   # all\n' },
      { role: 'item', line: 4, text: '    a:\n    - 1\n\n' },
      { role: 'item', line: 7, text: '    b: 2\n' },
      { role: 'document', line: 8, text: '---\nc: 3\n' }
    ]
  },
  {
    name: 'items of something that is no List',
    text: 'kind: Pod\nitems:\n- a: 1\n',
    cuts: [{ role: 'document', line: 0, text: 'kind: Pod\nitems:\n- a: 1\n' }]
  },
  {
    name: 'an empty List',
    text: 'kind: List\nitems: []\n',
    cuts: [{ role: 'document', line: 0, text: 'kind: List\nitems: []\n' }]
  },
  {
    name: 'JSON',
    path: 'a.json',
    text: ' {"a": "}{"}\n',
    cuts: [{ role: 'document', line: 0, text: '{"a": "}{"}' }]
  },
  {
    name: 'JSON values behind each other, whatever the ending of the file',
    text: '{"a": 1}\n{"b": [2]}',
    cuts: [
      { role: 'document', line: 0, text: '{"a": 1}' },
      { role: 'document', line: 1, text: '{"b": [2]}' }
    ]
  },
  {
    name: 'a List in JSON, the kind behind the items',
    path: 'a.json',
    text: '{"items": [\n{"a": "\\"]"},\n{"b": {"items": [1]}}\n], "kind": "List"}',
    cuts: [
      { role: 'list', line: 0, text: '{"items": [], "kind": "List"}' },
      { role: 'item', line: 1, text: '{"a": "\\"]"}' },
      { role: 'item', line: 2, text: '{"b": {"items": [1]}}\n' }
    ]
  },
  {
    name: 'JSON that is not closed',
    path: 'a.json',
    text: '{"a": [1',
    cuts: [{ role: 'document', line: 0, text: '{"a": [1' }]
  },
  {
    name: 'JSON and YAML in one file',
    text: '{"a": 1}\n---\nb: 2\n',
    cuts: [
      { role: 'document', line: 0, text: '{"a": 1}\n' },
      { role: 'document', line: 1, text: '---\nb: 2\n' }
    ]
  }
]

for (const { name, text, path, cuts } of cases) t.strictSame(cut(text, path), cuts, name)

const value = fc.letrec(tie => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.string({ unit: fc.constantFrom(...Array.from('ab-: \n#"\'{[|>')), maxLength: 20 }),
    fc.integer(),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(
      fc.string({ unit: fc.constantFrom(...Array.from('ab-: ')), minLength: 1, maxLength: 4 }),
      tie('value'),
      { maxKeys: 3 }
    )
  )
})).value
const map = fc.dictionary(fc.constantFrom('a', 'b', 'items', 'spec'), value, { minKeys: 1 })

t.test('cut documents read as the whole stream does', async t => {
  fc.assert(
    fc.property(fc.array(map, { minLength: 1, maxLength: 4 }), maps => {
      const text = maps.map(each => stringify(each)).join('---\n')
      const whole = parseAllDocuments(text, { version: '1.1' })
      const cuts = cut(text)
      return (
        cuts.length === maps.length &&
        whole.length === maps.length &&
        cuts.every(each => readYaml(each.text).flaw === undefined)
      )
    })
  )
  t.pass()
})

t.test('items that are cut out of a List are the items', async t => {
  fc.assert(
    fc.property(fc.array(map, { minLength: 1, maxLength: 4 }), fc.boolean(), (items, indented) => {
      const text = stringify({ apiVersion: 'v1', items, kind: 'List' }, { indentSeq: indented, lineWidth: 0 })
      const whole = readYaml(text).value as { items: unknown[] }
      const cuts = cut(text).filter(each => each.role === 'item')
      const read = cuts.map(each => readYaml(each.text).value)
      return JSON.stringify(read) === JSON.stringify(whole.items)
    }),
    { numRuns: 500 }
  )
  t.pass()
})

t.test('items that are cut out of a JSON List are the items', async t => {
  fc.assert(
    fc.property(fc.array(fc.jsonValue()), fc.nat(3), (items, indent) => {
      const text = JSON.stringify({ apiVersion: 'v1', items, kind: 'List' }, undefined, indent)
      const cuts = cut(text, 'a.json').filter(each => each.role === 'item')
      return JSON.stringify(cuts.map(each => JSON.parse(each.text) as unknown)) === JSON.stringify(items)
    }),
    { numRuns: 500 }
  )
  t.pass()
})

t.test('no octets throw', async t => {
  const octets = fc.oneof(
    fc.uint8Array({ maxLength: 80 }),
    fc
      .string({ unit: fc.constantFrom(...Array.from('-.\n ai:{}[]",\\k')), maxLength: 80 })
      .map(text => Buffer.from(text))
  )
  fc.assert(
    fc.property(octets, fc.constantFrom('a.yaml', 'a.json'), (octets, path) => {
      const buffer = Buffer.from(octets)
      let end = 0
      for (const part of partsOf(buffer, path)) {
        if (part === undefined || part.role === 'list') continue
        if (part.start < end || part.end < part.start) return false
        end = part.end
        textOf(buffer, part)
      }
      return true
    }),
    { numRuns: 3000 }
  )
  t.pass()
})
